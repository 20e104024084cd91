#include "reports/check/transactions/closed_predicate.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "reports/check/transactions/failure.h"

namespace heir::reports {
namespace {

constexpr TransactionIndex nobody = UINT32_MAX;

// ---- Predicates

struct Everything {};
struct Equal {
  std::string text;  ///< As values are shown.
};
struct Remainder {
  std::int64_t modulus = 1;
  std::int64_t remainder = 0;
};
using Predicate = std::variant<Everything, Equal, Remainder>;

std::optional<Predicate> predicate_from(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  if (text == "true") return Everything{};
  if (text.starts_with("= ")) return Equal{std::string(text.substr(2))};
  if (!text.starts_with("mod ")) return std::nullopt;
  Remainder predicate;
  const char* const end = text.data() + text.size();
  const auto [space, first] = std::from_chars(text.data() + 4, end, predicate.modulus);
  if (first != std::errc() || space == end || *space != ' ' || predicate.modulus <= 0) return std::nullopt;
  const auto [rest, second] = std::from_chars(space + 1, end, predicate.remainder);
  if (second != std::errc() || rest != end) return std::nullopt;
  return predicate;
}

// ---- Rows

/// What a row was at a time: unborn and dead rows match no predicate and are read as nil.
struct RowVersion {
  enum class State : std::uint8_t { unborn, value, dead };
  State state = State::unborn;
  Value value;
  TransactionIndex writer = nobody;
  bool operator==(const RowVersion&) const = default;
};

struct Row {
  KeyId key;
  RowVersion first;                  ///< Unborn, or as the universe began.
  std::optional<RowVersion> second;  ///< After its one change.
};

class ClosedPredicate {
 public:
  ClosedPredicate(const Transactions& transactions, const ClosedPredicateOptions& options)
      : transactions_(transactions),
        history_(transactions.history()),
        rows_(history_.key_count()),
        exists_(history_.key_count(), false),
        predicates_(history_.key_count()),
        is_over_(options.is_over),
        inference_{Dependencies(transactions.size()), Findings(options.most_of_a_kind)} {}

  Result<Inference> infer() {
    if (auto error = collect_rows()) return *error;
    for (TransactionIndex t = 0; t < transactions_.size(); ++t) {
      if (!transactions_[t].ok() || is_initialize(t)) continue;
      if (is_over_ && is_over_())
        return {ErrorCode::timed_out, "undecided: the time was over while the reads were looked at"};
      for (const MicroOp& op : transactions_[t].micro_ops) {
        if (op.function == Function::read) depend_on_read(t, op);
        if (op.function == Function::predicate_read) depend_on_predicate_read(t, op);
      }
    }
    for (const KeyId key : universe_) {
      const Row& row = row_of(key);
      if (!row.second) continue;
      depend(DependencyKind::ww, row.first.writer, row.second->writer, key, row.first.value, row.second->value);
    }
    return std::move(inference_);
  }

 private:
  bool is_initialize(TransactionIndex t) const { return transactions_.operation(t).function == Function::initialize; }
  const Row& row_of(KeyId key) const { return rows_[key.value()]; }

  // ---- The universe

  std::optional<Error> collect_rows() {
    for (TransactionIndex t = 0; t < transactions_.size(); ++t) {
      if (!is_initialize(t) || !transactions_[t].possible()) continue;
      for (const MicroOp& op : transactions_[t].micro_ops) {
        Row& row = add_row(op.key);
        if (row.first.writer != nobody) return refuse(t, op.key, "begins twice");
        row.first = {RowVersion::State::value, op.value, t};
      }
    }
    for (TransactionIndex t = 0; t < transactions_.size(); ++t) {
      for (const MicroOp& op : transactions_[t].micro_ops) {
        if (auto error = collect(t, op)) return error;
      }
    }
    return std::nullopt;
  }

  std::optional<Error> collect(TransactionIndex t, const MicroOp& op) {
    switch (op.function) {
      case Function::read: return std::nullopt;
      case Function::predicate_read: return collect_predicate(t, op.key);
      case Function::write:
        if (is_initialize(t)) return std::nullopt;
        return change(t, op.key, {RowVersion::State::value, op.value, t});
      case Function::remove: return change(t, op.key, {RowVersion::State::dead, Value::nil(), t});
      default: break;
    }
    return Error{ErrorCode::invalid, fmt::format("{} has a micro-operation \"{}\": rows are read, written and removed",
                                                 transactions_.introduce(t), to_string(op.function))};
  }

  std::optional<Error> collect_predicate(TransactionIndex t, KeyId key) {
    std::optional<Predicate>& predicate = predicates_[key.value()];
    if (!predicate) predicate = predicate_from(history_.key_text(key));
    if (predicate) return std::nullopt;
    return Error{ErrorCode::invalid,
                 fmt::format("{} reads by predicate {}, which is none of \"true\", \"= v\", \"mod n r\"",
                             transactions_.introduce(t), history_.key_text(key))};
  }

  std::optional<Error> change(TransactionIndex t, KeyId key, const RowVersion& to) {
    if (!transactions_[t].possible()) return std::nullopt;
    Row& row = add_row(key);
    if (row.second) return refuse(t, key, "changes a second time, so that the order of its versions is not known");
    if (row.first.state == to.state && row.first.value == to.value) return refuse(t, key, "is set to what it was");
    row.second = to;
    return std::nullopt;
  }

  Row& add_row(KeyId key) {
    if (!exists_[key.value()]) {
      exists_[key.value()] = true;
      universe_.push_back(key);
      rows_[key.value()].key = key;
    }
    return rows_[key.value()];
  }

  Error refuse(TransactionIndex t, KeyId key, std::string_view what) const {
    return {ErrorCode::invalid,
            fmt::format("row {} {}, in {}", history_.key_text(key), what, transactions_.introduce(t))};
  }

  // ---- Reads

  /// Which version a read of one row saw, if that can be told. nil is an unborn or a dead row.
  static std::optional<RowVersion> seen(const Row& row, Value value) {
    if (value.is_nil()) {
      const bool unborn = row.first.state == RowVersion::State::unborn;
      const bool dead = row.second && row.second->state == RowVersion::State::dead;
      if (unborn && dead) return std::nullopt;
      return dead ? *row.second : RowVersion{};
    }
    if (row.first.value == value) return row.first;
    if (row.second && row.second->value == value) return *row.second;
    return std::nullopt;
  }

  void depend_on_read(TransactionIndex t, const MicroOp& read) {
    if (!exists_[read.key.value()]) return;
    const Row& row = row_of(read.key);
    const std::optional<RowVersion> version = seen(row, read.value);
    if (!version) return;
    depend(DependencyKind::wr, version->writer, t, read.key, version->value, version->value);
    const RowVersion* const next = next_version(row, *version);
    if (next != nullptr) depend(DependencyKind::rw, t, next->writer, read.key, version->value, next->value);
  }

  /// Who saw a row unborn that the universe began with read before it began.
  static const RowVersion* next_version(const Row& row, const RowVersion& version) {
    if (version.state == RowVersion::State::unborn && row.first.state != RowVersion::State::unborn) return &row.first;
    return row.second && version == row.first ? &*row.second : nullptr;
  }

  void depend_on_predicate_read(TransactionIndex t, const MicroOp& read) {
    shown_.assign(history_.key_count(), nullptr);
    for (const MicroOp& match : history_.micro_ops(read.value)) shown_[match.key.value()] = &match;
    for (const KeyId key : universe_) {
      const Row& row = row_of(key);
      const std::optional<RowVersion> version =
          shown_[key.value()] != nullptr ? seen(row, shown_[key.value()]->value) : not_matching(t, read.key, row);
      if (!version) continue;
      // In the evidence a predicate is the number of the key that names it.
      const Value predicate = Value::integer(read.key.value());
      depend(DependencyKind::wrp, version->writer, t, key, version->value, predicate);
      if (row.second && *version == row.first && matches(read.key, *version) != matches(read.key, *row.second)) {
        depend(DependencyKind::rwp, t, row.second->writer, key, predicate, row.second->value);
      }
    }
  }

  /// The version that a predicate read saw which does not show the row, if only one comes in question.
  std::optional<RowVersion> not_matching(TransactionIndex t, KeyId predicate, const Row& row) {
    const bool first = !matches(predicate, row.first);
    const bool second = row.second && !matches(predicate, *row.second);
    if (first && second) return std::nullopt;
    if (first) return row.first;
    if (second) return *row.second;
    if (inference_.findings.count(FailureKind::predicate_read_miss)) {
      inference_.findings.add(failure_of(
          transactions_, FailureKind::predicate_read_miss, std::array{t},
          fmt::format("{} read by predicate {} and was not shown row {}, of which the predicate matches every version",
                      transactions_.introduce(t), history_.key_text(predicate), history_.key_text(row.key))));
    }
    return std::nullopt;
  }

  bool matches(KeyId predicate, const RowVersion& version) const {
    if (version.state != RowVersion::State::value) return false;
    const Predicate& test = *predicates_[predicate.value()];
    if (const auto* equal = std::get_if<Equal>(&test)) return history_.value_text(version.value) == equal->text;
    if (const auto* remainder = std::get_if<Remainder>(&test)) {
      if (version.value.kind() != ValueKind::integer) return false;
      const std::int64_t r = version.value.number() % remainder->modulus;
      return (r < 0 ? r + remainder->modulus : r) == remainder->remainder;
    }
    return true;
  }

  // ---- Dependencies

  void depend(DependencyKind kind, TransactionIndex from, TransactionIndex to, KeyId key, Value from_value,
              Value to_value) {
    if (from == nobody || to == nobody || from == to) return;
    inference_.dependencies.add({from, to, kind, false, key, from_value, to_value});
  }

  const Transactions& transactions_;
  const History& history_;
  std::vector<Row> rows_;  ///< By key, as the following.
  std::vector<bool> exists_;
  std::vector<std::optional<Predicate>> predicates_;
  std::vector<const MicroOp*> shown_;
  std::vector<KeyId> universe_;
  const OutOfTime& is_over_;
  Inference inference_;
};

}  // namespace

Result<Inference> infer_closed_predicate(const Transactions& transactions, const ClosedPredicateOptions& options) {
  return ClosedPredicate(transactions, options).infer();
}

}  // namespace heir::reports
