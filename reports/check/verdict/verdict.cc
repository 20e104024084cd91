#include "reports/check/verdict/verdict.h"

#include <fmt/format.h>

#include <array>

namespace heir::reports {

const char* to_string(FailureKind kind) {
  static constexpr std::array names{
      "copy-destroyed",
      "split-brain",
      "lost-write",
      "diverged",
      "two-primaries",
      "generation-regressed",
      "dirty-read",
      "stale-read",
      "not-linearizable",
      "not-writable",
      "stuck",
      "assertion",
      "garbage-read",
      "duplicate",
      "wrong-order",
      "two-holders",
      "token-regressed",
      "out-of-bounds",
      "lost",
      "never-read",
      "stale",
      "wrong-total",
      "negative-value",
      "nil-balance",
      "unexpected-key",
      "long-fork",
      "read-your-writes",
      "monotonic-reads",
      "monotonic-writes",
      "writes-follow-reads",
      "not-causal",
      "lost-append",
      "internal",
      "G1a",
      "G1b",
      "dirty-update",
      "lost-update",
      "future-read",
      "duplicate-elements",
      "incompatible-order",
      "cyclic-versions",
      "predicate-read-miss",
      "G0",
      "G0-process",
      "G0-realtime",
      "G1c",
      "G1c-process",
      "G1c-realtime",
      "G-single",
      "G-single-process",
      "G-single-realtime",
      "G-single-item",
      "G-single-item-process",
      "G-single-item-realtime",
      "G-nonadjacent",
      "G-nonadjacent-process",
      "G-nonadjacent-realtime",
      "G-nonadjacent-item",
      "G-nonadjacent-item-process",
      "G-nonadjacent-item-realtime",
      "G2",
      "G2-process",
      "G2-realtime",
      "G2-item",
      "G2-item-process",
      "G2-item-realtime",
  };
  static_assert(names.size() == static_cast<std::size_t>(FailureKind::last_kind) + 1);
  return names[static_cast<std::size_t>(kind)];
}

const char* to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass: return "pass";
    case Outcome::fail: return "fail";
    case Outcome::unknown: return "unknown";
  }
  return "?";
}

std::string describe(const History& history, const Operation& op) {
  // "write of 5 to key 1", but "dequeue of key 1": what has no argument names none.
  const bool gives = !is_read(op.function) && (!op.argument.is_nil() || op.function == Function::write);
  std::string of;
  if (gives) of = " of " + history.value_text(op.argument);
  if (op.key != no_key) of += fmt::format(" {} key {}", gives ? "to" : "of", history.key_text(op.key));
  return fmt::format("{}{} by process {}", to_string(op.function), of, op.process.value());
}

std::string seconds(HistoryTime time) {
  const std::int64_t us = time.ns() / 1000;
  if (time.ns() % 1'000'000 == 0) return fmt::format("{}.{:03}s", us / 1'000'000, us / 1000 % 1000);
  return fmt::format("{}.{:06}s", us / 1'000'000, us % 1'000'000);
}

std::string moment(const History& history, HistoryTime time) {
  return history.timed() ? seconds(time) : fmt::format("event {}", time.ns());
}

}  // namespace heir::reports
