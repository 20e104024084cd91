#include "reports/check/transactions/transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "reports/check/verdict/verdict.h"

namespace heir::reports {

namespace {

constexpr bool is_single(Function f) {
  return f == Function::read || f == Function::write || f == Function::append || f == Function::add;
}

}  // namespace

Result<Transactions> Transactions::of(const History& history, std::span<const std::uint32_t> operations) {
  Transactions all;
  all.history_ = &history;
  all.transactions_.reserve(operations.size());
  const auto operation = [&](std::uint32_t i) -> const Operation& { return history.operations()[i]; };
  const auto singles = std::ranges::count_if(
      operations, [&](std::uint32_t i) { return operation(i).function != Function::transaction; });
  all.singles_.reserve(static_cast<std::size_t>(singles));  // spans into it stay valid
  for (const std::uint32_t i : operations) {
    const Operation& op = operation(i);
    Transaction t;
    t.operation = i;
    t.outcome = op.outcome;
    if (op.function == Function::transaction || op.function == Function::initialize) {
      const Value done = op.ok() && op.result.kind() == ValueKind::micro_ops ? op.result : op.argument;
      if (done.kind() != ValueKind::micro_ops) {
        return {ErrorCode::invalid, fmt::format("operation {} is a transaction without micro-operations", i)};
      }
      t.micro_ops = history.micro_ops(done);
    } else if (is_single(op.function)) {
      all.singles_.push_back({op.function, op.key, op.value()});
      t.micro_ops = std::span(all.singles_).last(1);
    } else {
      return {ErrorCode::invalid, fmt::format("operation {}, {}, is no transaction", i, describe(history, op))};
    }
    all.transactions_.push_back(t);
  }
  return all;
}

Result<Transactions> Transactions::of(const History& history) {
  std::vector<std::uint32_t> every(history.operations().size());
  std::iota(every.begin(), every.end(), 0U);
  return of(history, every);
}

std::string Transactions::name(TransactionIndex t) const {
  return fmt::format("T{}", transactions_[t].operation);
}

std::string Transactions::introduce(TransactionIndex t) const {
  const Operation& op = operation(t);
  const std::string when = op.end == Operation::never ? "never answered"
                                                      : fmt::format("{} at {}",
                                                                    op.ok()       ? "answered"
                                                                    : op.failed() ? "failed"
                                                                                  : "given up",
                                                                    moment(*history_, op.completed));
  return fmt::format("{} (process {}, {})", name(t), op.process.value(), when);
}

}  // namespace heir::reports
