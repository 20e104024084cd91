// Short words for what was read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reports/history/format.h"
#include "reports/history/json_lines.h"

namespace heir::reports::test {

/// As JSONL, which says all that a history holds.
inline std::string as_json_lines(const History& history) {
  std::string text;
  for (std::size_t i = 0; i < history.size(); ++i) append_json_line(text, history, history.event(i));
  return text;
}

/// "0 write \"x\" 5 -> ok null": process, function, key if any, argument, outcome, result.
inline std::string describe(const History& history, const Operation& op) {
  std::string text = std::to_string(op.process.value()) + " " + to_string(op.function) + " ";
  if (op.key != no_key) text += history.key_text(op.key) + " ";
  return text + history.value_text(op.argument) + " -> " + to_string(op.outcome) + " " + history.value_text(op.result);
}

using Lines = std::vector<std::string>;

inline Lines operations(const History& history) {
  Lines all;
  for (const Operation& op : history.operations()) all.push_back(describe(history, op));
  return all;
}

/// The operations of a text, or what is wrong with it.
inline Lines read_as(Format format, std::string_view text, ReadOptions options = {}) {
  options.format = format;
  const auto history = read_history_text(text, "h", options);
  return history ? operations(*history) : Lines{history.error().message};
}

inline Lines edn(std::string_view text, ReadOptions options = {}) {
  return read_as(Format::edn, text, options);
}

/// What is wrong with a text; "none" if nothing is.
inline std::string problem(Format format, std::string_view text) {
  ReadOptions options;
  options.format = format;
  const auto history = read_history_text(text, "h", options);
  return history ? "none" : history.error().message;
}

}  // namespace heir::reports::test
