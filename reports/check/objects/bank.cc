#include "reports/check/objects/bank.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <utility>

#include "reports/check/objects/sentences.h"

namespace heir::reports {

namespace {

constexpr std::size_t most_failures = 100;

class Bank {
 public:
  Bank(const Object& object, const BankOptions& options)
      : object_(object),
        history_(*object.history),
        accounts_(options.accounts.begin(), options.accounts.end()),
        total_(options.total),
        negative_balances_(options.negative_balances) {}

  Judgement judge() {
    bool first = true;
    for (std::size_t i = 0; i < object_.size() && judgement_.reason.empty(); ++i) {
      const Operation& op = object_.operation(i);
      if (op.function != Function::read || !op.ok()) continue;
      const bool shows_balances = op.result.kind() == ValueKind::micro_ops;
      const Balances balances = shows_balances ? history_.micro_ops(op.result) : Balances();
      if (!(shows_balances || op.result.is_nil()) || !std::ranges::all_of(balances, is_balance)) {
        judgement_.reason = read(op) + " something else than balances";
      } else if (std::exchange(first, false) && !learn(balances)) {
        judgement_.reason = read(op) + " no total, and none was given";
      } else if (judgement_.failures.size() < most_failures) {
        judge(op, balances);
      }
    }
    judgement_.answer = !judgement_.failures.empty() ? Judgement::Answer::invalid
                        : !judgement_.reason.empty() ? Judgement::Answer::unknown
                                                     : Judgement::Answer::valid;
    return std::move(judgement_);
  }

 private:
  using Balances = std::span<const MicroOp>;

  static bool is_balance(const MicroOp& op) {
    return op.function == Function::read && (op.value.is_nil() || op.value.kind() == ValueKind::integer);
  }
  static bool is_nil(const MicroOp& balance) { return balance.value.is_nil(); }
  static bool is_negative(const MicroOp& balance) { return balance.value.number() < 0; }
  bool is_stranger(const MicroOp& balance) const { return !accounts_.contains(history_.key_text(balance.key)); }

  /// What the options leave open is what the first read shows.
  bool learn(Balances balances) {
    if (accounts_.empty()) {
      for (const MicroOp& balance : balances) accounts_.insert(history_.key_text(balance.key));
    }
    if (!total_ && std::ranges::none_of(balances, is_nil)) total_ = sum(balances);
    return total_.has_value();
  }

  /// None if it is larger than any total.
  static std::optional<std::int64_t> sum(Balances balances) {
    std::int64_t total = 0;
    for (const MicroOp& balance : balances) {
      if (__builtin_add_overflow(total, balance.value.number(), &total)) return std::nullopt;
    }
    return total;
  }

  void judge(const Operation& op, Balances balances) {
    const auto named = [&](auto which) {
      std::vector<std::string> accounts;
      for (const MicroOp& balance : balances) {
        if (which(balance)) accounts.push_back(history_.key_text(balance.key));
      }
      return accounts;
    };
    if (const auto strangers = named([&](const MicroOp& b) { return is_stranger(b); }); !strangers.empty()) {
      report(op, FailureKind::unexpected_key,
             fmt::format("{} {}, which the bank does not have", read(op), list(strangers)));
    } else if (const auto nils = named(is_nil); !nils.empty()) {
      report(op, FailureKind::nil_balance, fmt::format("{} nil in {}", read(op), list(nils)));
    } else if (const std::optional<std::int64_t> total = sum(balances); total != total_) {
      report(op, FailureKind::wrong_total,
             total ? fmt::format("{} {} in all, not {}", read(op), *total, *total_)
                   : fmt::format("{} more than any total, not {}", read(op), *total_));
    } else if (const auto negative = named(is_negative); !negative.empty() && !negative_balances_) {
      report(op, FailureKind::negative_value, fmt::format("{} less than nothing in {}", read(op), list(negative)));
    }
  }

  static std::string list(const std::vector<std::string>& accounts) {
    return fmt::format("account{} {}", accounts.size() == 1 ? "" : "s", fmt::join(accounts, ", "));
  }

  /// "read by process 3 at 1.000s shows"
  std::string read(const Operation& op) const {
    return fmt::format("{} at {} shows", describe(history_, op), objects::when(object_, op.completed));
  }

  void report(const Operation& op, FailureKind kind, std::string message) {
    judgement_.failures.push_back({kind, std::move(message), op.completed, {op}});
  }

  const Object& object_;
  const History& history_;
  std::set<std::string> accounts_;
  std::optional<std::int64_t> total_;
  bool negative_balances_ = false;
  Judgement judgement_;
};

}  // namespace

Judgement judge_bank(const Object& object, const BankOptions& options) {
  return Bank(object, options).judge();
}

}  // namespace heir::reports
