#include "reports/check/transactions/proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace heir::reports {

namespace {

/// Steps of a cycle that are put in words; its operations are all listed.
constexpr std::size_t most_steps = 12;

class Words {
 public:
  Words(const Transactions& transactions, const ProofStep& step)
      : transactions_(transactions),
        history_(transactions.history()),
        step_(step),
        from_(transactions.name(step.from)),
        to_(transactions.name(step.to)),
        key_(history_.key_text(step.key)) {}

  std::string say() const {
    switch (step_.kind) {
      case DependencyKind::ww:
        return fmt::format("{} {} after {}'s {}", to_, change(step_.to), from_, value(step_.from_value));
      case DependencyKind::wwp:
        return fmt::format("{} {} after {}'s {}, found by a predicate", to_, change(step_.to), from_,
                           value(step_.from_value));
      case DependencyKind::wr:
        if (step_.from_value.is_nil()) return fmt::format("{} saw that {} removed key {}", to_, from_, key_);
        return fmt::format("{} read {} from key {}, which {} {}", to_, value(step_.from_value), key_, from_,
                           appended(step_.from, step_.from_value) ? "appended" : "wrote");
      case DependencyKind::wrp:
        return fmt::format("{}'s read by predicate {} saw key {} as {} left it", to_, predicate(step_.to_value), key_,
                           from_);
      case DependencyKind::rw: return overwritten();
      case DependencyKind::rwp:
        return fmt::format("{}'s read by predicate {} saw key {} as it was before {} {}", from_,
                           predicate(step_.from_value), key_, to_, change(step_.to));
      case DependencyKind::process:
        return fmt::format("process {} had its answer to {} before it asked for {}",
                           transactions_.operation(step_.from).process.value(), from_, to_);
      case DependencyKind::real_time:
        return fmt::format("{} was answered at {}, before {} began at {}", from_,
                           moment(history_, transactions_.operation(step_.from).completed), to_,
                           moment(history_, transactions_.operation(step_.to).invoked));
      case DependencyKind::relay: break;
    }
    return {};
  }

 private:
  std::string value(Value v) const { return history_.value_text(v); }
  std::string predicate(Value v) const { return history_.key_text(KeyId(static_cast<std::uint32_t>(v.number()))); }

  bool appended(TransactionIndex t, Value v) const {
    return std::ranges::any_of(transactions_[t].micro_ops, [&](const MicroOp& op) {
      return op.function == Function::append && op.key == step_.key && op.value == v;
    });
  }

  /// "appended 5 to key 3"
  std::string change(TransactionIndex t) const {
    if (step_.to_value.is_nil()) return fmt::format("removed key {}", key_);
    return fmt::format("{} {} to key {}{}", appended(t, step_.to_value) ? "appended" : "wrote", value(step_.to_value),
                       key_, step_.unread ? " (which the longest read of it does not show)" : "");
  }

  std::string overwritten() const {
    if (step_.from_value.is_nil()) {
      return fmt::format("{} read key {} with nothing in it, before {} {}", from_, key_, to_, change(step_.to));
    }
    const bool list = appended(step_.to, step_.to_value);
    return fmt::format("{} read key {} {} {}, before {} {}", from_, key_, list ? "up to" : "when it was",
                       value(step_.from_value), to_, change(step_.to));
  }

  const Transactions& transactions_;
  const History& history_;
  const ProofStep& step_;
  const std::string from_;
  const std::string to_;
  const std::string& key_;
};

}  // namespace

std::string explain(const Transactions& transactions, const ProofStep& step) {
  return Words(transactions, step).say();
}

Failure explain_cycle(const Transactions& transactions, FailureKind kind, std::span<const ProofStep> cycle) {
  Failure failure;
  failure.kind = kind;
  std::vector<std::string> names;
  std::vector<std::string> reasons;
  for (const ProofStep& step : cycle) {
    const Operation& op = transactions.operation(step.from);
    failure.ops.push_back(op);
    if (op.end != Operation::never) failure.at = std::max(failure.at, op.completed);
    std::string reason = explain(transactions, step);
    failure.cycle.push_back({op, transactions.operation(step.to), to_string(step.kind), reason});
    if (names.size() == most_steps) continue;
    names.push_back(transactions.name(step.from));
    reasons.push_back(std::move(reason));
  }
  if (cycle.size() == 1) {
    failure.message = fmt::format("{} must come before itself: {}", names[0], reasons[0]);
    return failure;
  }
  if (cycle.size() == 2) {
    failure.message =
        fmt::format("{} and {} must each come before the other: {}; {}", names[0], names[1], reasons[0], reasons[1]);
    return failure;
  }
  const std::string more =
      cycle.size() > most_steps ? fmt::format(" and {} more", cycle.size() - most_steps) : std::string();
  failure.message = fmt::format("{}{} must each come before the next, and the last before the first: {}{}",
                                fmt::join(names, ", "), more, fmt::join(reasons, "; "), more);
  return failure;
}

}  // namespace heir::reports
