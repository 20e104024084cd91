#include "reports/check/transactions/commit_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "reports/check/transactions/failure.h"
#include "reports/check/transactions/list_versions.h"

namespace heir::reports {
namespace {

constexpr std::uint32_t nothing = UINT32_MAX;
/// Of a value that no commit wrote.
constexpr std::uint32_t no_number = UINT32_MAX - 1;

/// States of the database are numbered by how many transactions had been committed.
struct States {
  std::uint32_t first = 0;
  std::uint32_t last = nothing;  ///< Inclusive.
  bool empty() const { return first > last; }
  bool contains(std::uint32_t state) const { return first <= state && state <= last; }
};

class Comparison {
 public:
  Comparison(const Transactions& transactions, std::span<const TransactionIndex> order, std::size_t most)
      : transactions_(transactions),
        history_(transactions.history()),
        order_(order),
        most_(most),
        place_(transactions.size(), nothing),
        written_(history_.key_count()),
        number_of_value_(order.size()) {}

  CommitComparison run() {
    replay();
    compare_with_real_time();
    for (TransactionIndex t = 0; t < transactions_.size(); ++t) {
      if (place_[t] == nothing && transactions_[t].ok() && writes(t)) lose(t);
      if (place_[t] != nothing && transactions_[t].failed()) {
        note(fmt::format("{} was committed, although its client was told that it failed", transactions_.introduce(t)));
      }
      if (transactions_[t].ok()) compare(t);
    }
    summarise();
    return std::move(result_);
  }

 private:
  /// What commits made of a key: values of a register, elements of a list.
  struct Written {
    std::vector<Value> values;
    std::vector<std::uint32_t> places;  ///< By value: the place of its commit.
  };

  bool writes(TransactionIndex t) const {
    return std::ranges::any_of(transactions_[t].micro_ops,
                               [](const MicroOp& op) { return op.function != Function::read; });
  }

  void replay() {
    for (std::uint32_t i = 0; i < order_.size(); ++i) {
      const TransactionIndex t = order_[i];
      place_[t] = i;
      for (const MicroOp& op : transactions_[t].micro_ops) {
        Written& written = written_[op.key.value()];
        const bool again = op.function == Function::write && !written.places.empty() && written.places.back() == i;
        if (op.function == Function::read) continue;
        if (again) {
          written.values.back() = op.value;
        } else {
          written.values.push_back(op.value);
          written.places.push_back(i);
        }
        const auto last = static_cast<std::uint32_t>(written.values.size() - 1);
        number_of_value_.find_or_add(op.key.value(), static_cast<std::uint64_t>(op.value.bits()), last);
      }
    }
  }

  /// Who was answered before another was asked for must have been committed before it.
  void compare_with_real_time() {
    if (!history_.real_time()) return;
    std::uint32_t first_end = Operation::never;  // of those committed later
    TransactionIndex first = 0;
    for (std::size_t i = order_.size(); i-- > 0;) {
      const Operation& op = transactions_.operation(order_[i]);
      if (first_end < op.begin) {
        note(fmt::format("{} was committed before {}, which had been answered before it was asked for",
                         transactions_.introduce(order_[i]), transactions_.introduce(first)));
      }
      if (op.ok() && op.end < first_end) {
        first_end = op.end;
        first = order_[i];
      }
    }
  }

  // ---- Reads

  /// In which states a read could have been; none if there was no such state.
  States states_of(const MicroOp& read) {
    const Written& written = written_[read.key.value()];
    std::size_t length = 0;  // of what was read, in commits' values
    if (read.value.kind() == ValueKind::list) {
      history_.elements(read.value.list(), elements_);
      length = elements_.size();
      if (length > written.values.size()) return {1, 0};
      if (!std::equal(elements_.begin(), elements_.end(), written.values.begin())) return {1, 0};
    } else if (!read.value.is_nil()) {
      const std::uint32_t number =
          number_of_value_.find_or_add(read.key.value(), static_cast<std::uint64_t>(read.value.bits()), no_number);
      if (number >= written.values.size() || written.values[number] != read.value) return {1, 0};
      length = std::size_t{number} + 1;
    }
    States states;
    if (length > 0) states.first = written.places[length - 1] + 1;
    if (length < written.places.size()) states.last = written.places[length];
    return states;
  }

  /// Calls visit(read) for the reads that show the work of others: the first of each key, unless it was written before.
  template <class Visit>
  void for_each_external_read(TransactionIndex t, Visit visit) {
    touched_.clear();
    for (const MicroOp& op : transactions_[t].micro_ops) {
      const bool first = std::ranges::find(touched_, op.key) == touched_.end();
      if (first) touched_.push_back(op.key);
      if (first && op.function == Function::read) visit(op);
    }
  }

  void compare(TransactionIndex t) {
    States common;
    std::optional<MicroOp> narrowed;  // the read that left the states that it did
    bool agrees = true;
    for_each_external_read(t, [&](const MicroOp& read) {
      if (!agrees) return;
      const States states = states_of(read);
      const States before = common;
      common = {std::max(common.first, states.first), std::min(common.last, states.last)};
      if (states.empty()) {
        note(fmt::format("{} read {} from key {}: no commit left it so", transactions_.introduce(t),
                         history_.value_text(read.value), key_text(read)));
        agrees = false;
      } else if (place_[t] != nothing && !states.contains(place_[t])) {
        note(fmt::format("{}, commit {} of {}, read key {} as it was {}", transactions_.introduce(t), place_[t] + 1,
                         order_.size(), key_text(read), when(states, place_[t])));
        agrees = false;
      } else if (common.empty() && narrowed) {
        note(fmt::format("{} read keys {} and {} as they never were at the same time: {} and {}",
                         transactions_.introduce(t), key_text(*narrowed), key_text(read), span(before), span(states)));
        agrees = false;
      }
      narrowed = read;
    });
    ++(agrees ? agreeing_ : parting_);
  }

  static std::string span(States states) {
    if (states.last == 0) return "before any commit";
    if (states.last == nothing) return fmt::format("from commit {} on", states.first);
    if (states.first == states.last) return fmt::format("just after commit {}", states.first);
    return fmt::format("from commit {} to commit {}", states.first, states.last);
  }
  static std::string when(States states, std::uint32_t place) {
    if (states.first > place) return span(states) + ", too late";
    const std::uint32_t early = place - states.last;
    return fmt::format("{}, {} commit{} too early", span(states), early, early == 1 ? "" : "s");
  }

  // ---- Results

  void lose(TransactionIndex t) {
    if (result_.lost.size() >= most_) {
      ++result_.more_lost;
      return;
    }
    result_.lost.push_back(failure_of(
        transactions_, FailureKind::lost_write, std::array{t},
        fmt::format("{} wrote something and was acknowledged, but never committed", transactions_.introduce(t))));
  }

  void note(std::string text) {
    if (notes_++ < most_) result_.notes.push_back("by the order of commits: " + std::move(text));
  }

  void summarise() {
    const std::string what =
        parting_ == 0 && result_.lost.empty()
            ? fmt::format("all {} acknowledged transactions read the state at their place in it", agreeing_)
            : fmt::format(
                  "{} of {} acknowledged transactions read another state than that at their "
                  "place in it",
                  parting_, agreeing_ + parting_);
    result_.notes.push_back("by the order of commits: " + what);
  }

  const std::string& key_text(const MicroOp& op) const { return history_.key_text(op.key); }

  const Transactions& transactions_;
  const History& history_;
  std::span<const TransactionIndex> order_;
  std::size_t most_;
  std::vector<std::uint32_t> place_;  ///< By transaction.
  std::vector<Written> written_;      ///< By key.
  PairTable number_of_value_;         ///< (key, value of a register) to its place in Written.
  std::vector<Value> elements_;
  std::vector<KeyId> touched_;
  std::size_t agreeing_ = 0;
  std::size_t parting_ = 0;
  std::size_t notes_ = 0;
  CommitComparison result_;
};

}  // namespace

CommitComparison compare_with_commits(const Transactions& transactions, std::span<const TransactionIndex> order,
                                      std::size_t most_of_a_kind) {
  return Comparison(transactions, order, most_of_a_kind).run();
}

}  // namespace heir::reports
