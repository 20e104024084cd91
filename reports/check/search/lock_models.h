// A mutex, and a lease with fencing tokens.
#pragma once

#include <algorithm>
#include <array>
#include <optional>

#include "reports/check/search/value_numbers.h"
#include "reports/check/verdict/object.h"

namespace heir::reports {

/// Anybody may release it. Begins free.
class MutexModel {
 public:
  using State = std::uint32_t;
  std::optional<Operation> prepare(const Operation& op) const { return plain(op.function); }
  State initial() const { return 0; }
  bool apply(State& held, const Operation& op) const {
    const State needed = op.function == Function::acquire ? 0 : 1;
    if (held != needed) return false;
    held = 1 - needed;
    return true;
  }
};

/// At most one holder; each token is greater than all before it. It is released with the holder's token, or, if none is
/// named, by the process that holds it. It does not run out by itself.
class LeaseModel {
 public:
  /// Held?, by which process, with which token (`unknown` if nobody saw it), the greatest token so far at least.
  using State = std::array<std::int64_t, 4>;

  std::optional<Operation> prepare(const Operation& op) const {
    const Value token = op.function == Function::acquire ? (op.ok() ? op.result : Value::nil()) : op.argument;
    Operation seen = plain(op.function, token.is_nil() ? unknown : token.number());
    // A release with a token may come from anybody.
    if (op.function == Function::acquire || token.is_nil()) seen.process = op.process;
    return seen;
  }
  State initial() const { return {0, 0, unknown, 0}; }
  bool apply(State& state, const Operation& op) const {
    auto& [held, holder, token, greatest] = state;
    const std::int64_t given = op.argument.number();
    if (op.function == Function::acquire) {
      if (held == 1 || (given != unknown && given <= greatest)) return false;
      // A token that nobody saw is at least the next one.
      state = {1, op.process.value(), given, given == unknown ? greatest + 1 : given};
      return true;
    }
    if (held == 0) return false;
    if (given == unknown) {
      if (holder != op.process.value()) return false;
    } else if (token == unknown) {
      if (given < greatest) return false;
      greatest = given;
    } else if (token != given) {
      return false;
    }
    state = {0, 0, unknown, greatest};
    return true;
  }

 private:
  static constexpr std::int64_t unknown = Value::least;
};

}  // namespace heir::reports
