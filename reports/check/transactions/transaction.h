// Transactions: a history seen as transactions over many keys, as the dependency checkers see it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/base/result.h"

#include "reports/history/history.h"

namespace heir::reports {

/// Number of a transaction in a Transactions; "T12" in sentences.
using TransactionIndex = std::uint32_t;

struct Transaction {
  std::uint32_t operation = 0;  ///< Index into history().operations().
  EventType outcome = EventType::info;
  /// What it did, in its order: with what was read if it is `ok`, otherwise as asked, so that reads are nil. Whoever
  /// looks at the reads of a transaction that is not `ok` learns nothing.
  std::span<const MicroOp> micro_ops;

  bool ok() const { return outcome == EventType::ok; }
  bool failed() const { return outcome == EventType::fail; }
  /// It happened, or may have: everything but `failed`.
  bool possible() const { return !failed(); }
};

/// In order of invocation. The history must outlive it and not grow meanwhile.
class Transactions {
 public:
  /// Those of the operations given, by ascending index. An operation on a single key (read, write, append, add) counts
  /// as a transaction of one micro-operation. `invalid`, naming the operation, if there is any other.
  static Result<Transactions> of(const History& history, std::span<const std::uint32_t> operations);
  /// Of all operations.
  static Result<Transactions> of(const History& history);

  const History& history() const { return *history_; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(transactions_.size()); }
  const Transaction& operator[](TransactionIndex t) const { return transactions_[t]; }
  const Operation& operation(TransactionIndex t) const { return history_->operations()[transactions_[t].operation]; }
  auto begin() const { return transactions_.begin(); }
  auto end() const { return transactions_.end(); }

  /// "T12": the number of its operation in the history, counted from 0.
  std::string name(TransactionIndex t) const;
  /// "T12 (process 3, answered at 12.104s)".
  std::string introduce(TransactionIndex t) const;

 private:
  const History* history_ = nullptr;
  std::vector<Transaction> transactions_;
  std::vector<MicroOp> singles_;  ///< The micro-operations of operations that are no transactions.
};

}  // namespace heir::reports
