// The JSON of `heir run`, and parts of it that `heir check` shares: keys always there and always in this order.
#pragma once

#include <span>
#include <string>

#include "tools/command/job.h"

namespace heir::tools {

/// The keys of a run's object with their meaning, for --help and README.md.
extern const char* const run_json_help;

/// One object in one line, without newline.
std::string json_of(const Finished& run);

// ---- Parts that commands share.
/// A string of a text that may come from anywhere, such as a path: with U+FFFD for every byte that is no UTF-8.
std::string json_string(std::string_view text);
/// `write` makes the text of one item.
template <class Range, class Write>
std::string json_array(const Range& items, Write write) {
  std::string text = "[";
  for (const auto& item : items) {
    if (text.size() > 1) text += ",";
    text += write(item);
  }
  return text + "]";
}
std::string json_strings(const std::vector<std::string>& texts);
/// {kind, message, at_ns, ops}
std::string anomaly_json(const reports::History& history, const reports::Failure& failure);
std::string anomalies_json(const reports::History& history, const std::vector<reports::Failure>& failures);
/// {ok, fail, unknown}
std::string counts_json(const reports::Verdict::Counts& counts);

/// 16 hexadecimal digits.
std::string hash_text(std::uint64_t hash);

}  // namespace heir::tools
