// Several registers, read and written together by transactions that take effect at one time.
#pragma once

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "reports/check/search/value_numbers.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

/// The state: by key (in order of appearance) the number of its value.
class MultiRegisterModel {
 public:
  using State = std::vector<std::uint32_t>;

  explicit MultiRegisterModel(const Object& object) : history_(object.history), values_(*object.history) {
    for (std::size_t i = 0; i < object.size(); ++i) {
      for (const MicroOp& micro : parts_of(object.operation(i))) {
        keys_.number(micro.key.value());
        if (micro.function == Function::read) values_.of(micro.value);
      }
    }
    read_ = values_.size();
  }

  bool observes(const Operation& op) const { return transaction(op).writes.empty(); }
  /// The argument is the number of what it reads and writes.
  std::optional<Operation> prepare(const Operation& op) {
    Transaction seen;
    for (const MicroOp& micro : parts_of(op)) {
      const std::uint32_t key = keys_.number(micro.key.value());
      const std::uint32_t value = std::min(values_.of(micro.value), read_);
      const Access access{key, value};
      const auto own = std::ranges::find(seen.writes, key, &Access::first);
      if (micro.function != Function::read) {
        if (own == seen.writes.end()) {
          seen.writes.push_back(access);
        } else {
          *own = access;
        }
      } else if (op.ok() && own == seen.writes.end()) {
        seen.reads.push_back(access);
      } else if (op.ok() && *own != access) {
        seen.contradicts_itself = true;
      }
    }
    std::ranges::sort(seen.reads);
    std::ranges::sort(seen.writes);
    return plain(Function::transaction, transactions_.number(std::move(seen)));
  }

  State initial() const { return State(keys_.size(), 0); }
  bool apply(State& state, const Operation& op) const {
    const Transaction& t = transaction(op);
    if (!shows(state, t)) return false;
    for (const auto& [key, value] : t.writes) state[key] = value;
    return true;
  }

  bool lost(const State& state, const Operation& observation) const { return !shows(state, transaction(observation)); }
  bool helps(const Operation& op, const Operation& observation) const {
    const Transaction& read = transaction(observation);
    return std::ranges::any_of(transaction(op).writes, [&](const Access& write) {
      return std::ranges::find(read.reads, write) != read.reads.end();
    });
  }

 private:
  using Access = std::pair<std::uint32_t, std::uint32_t>;  ///< Key and value.
  struct Transaction {
    std::vector<Access> reads;   ///< Of what it did not write itself before.
    std::vector<Access> writes;  ///< The last to each key.
    bool contradicts_itself = false;
    bool operator==(const Transaction&) const = default;
    std::uint64_t hash() const { return state_hash(std::tuple(reads, writes, contradicts_itself)); }
  };

  const Transaction& transaction(const Operation& op) const {
    return transactions_[static_cast<std::uint32_t>(op.argument.number())];
  }
  static bool shows(const State& state, const Transaction& t) {
    return !t.contradicts_itself &&
           std::ranges::all_of(t.reads, [&](const Access& read) { return state[read.first] == read.second; });
  }
  /// As the answer has them, or the invocation if that is all there is.
  std::vector<MicroOp> parts_of(const Operation& op) const {
    if (op.function != Function::transaction) return {MicroOp{op.function, op.key, op.value()}};
    const Value parts = op.ok() && !op.result.is_nil() ? op.result : op.argument;
    const auto micro_ops = history_->micro_ops(parts);
    return {micro_ops.begin(), micro_ops.end()};
  }

  const History* history_;
  ValueNumbers values_;
  StateTable<std::uint32_t> keys_;
  std::uint32_t read_ = 0;  ///< Smaller numbers are values that somebody read; this one is all others.
  StateTable<Transaction> transactions_;
};

}  // namespace heir::reports
