#include "reports/check/commit_log.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string>

#include "reports/check/verdict/verdict.h"

namespace heir::reports {

namespace {

bool writes(Function f) {
  return f == Function::write || f == Function::append || f == Function::add;
}

std::string text_of(const History& history, Function function, KeyId key, Value value) {
  return fmt::format("{} of {} to key {}", to_string(function), history.value_text(value), history.key_text(key));
}

/// The writes of an operation as texts, which are the same in every history: "write of 5 to key "x"".
std::vector<std::string> writes_of(const History& history, const Operation& op) {
  std::vector<std::string> all;
  if (writes(op.function)) all.push_back(text_of(history, op.function, op.key, op.argument));
  if (op.argument.kind() != ValueKind::micro_ops) return all;
  for (const MicroOp& micro : history.micro_ops(op.argument)) {
    if (writes(micro.function)) all.push_back(text_of(history, micro.function, micro.key, micro.value));
  }
  return all;
}

}  // namespace

Result<std::vector<std::uint32_t>> match_commits(const History& history, const History& log) {
  constexpr std::uint32_t several = UINT32_MAX;
  std::map<std::string, std::uint32_t> asked;
  const std::span<const Operation> operations = history.operations();
  for (std::uint32_t i = 0; i < operations.size(); ++i) {
    for (std::string& write : writes_of(history, operations[i])) {
      const auto [at, added] = asked.try_emplace(std::move(write), i);
      if (!added && at->second != i) at->second = several;
    }
  }
  std::vector<std::uint32_t> order;
  std::vector<bool> committed(operations.size(), false);
  for (std::uint32_t number = 0; number < log.operations().size(); ++number) {
    const Operation& commit = log.operations()[number];
    if (commit.failed()) continue;
    std::optional<std::uint32_t> which;
    for (const std::string& write : writes_of(log, commit)) {
      const auto refuse = [&](const char* why) {
        return Error{ErrorCode::invalid, fmt::format("commit {}, {}, {}", number + 1, write, why)};
      };
      const auto at = asked.find(write);
      if (at == asked.end()) return refuse("is no operation of the history");
      if (at->second == several) return refuse("is more than one operation of the history, and nothing tells which");
      if (which && *which != at->second) return refuse("is another operation than what it writes besides");
      if (!which && committed[at->second]) return refuse("was committed before");
      which = at->second;
    }
    if (!which) continue;
    committed[*which] = true;
    order.push_back(*which);
  }
  return order;
}

}  // namespace heir::reports
