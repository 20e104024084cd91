// What `heir check` says of one history: to people, and as JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "reports/check/check.h"
#include "reports/check/sessions/availability.h"
#include "reports/check/sessions/sessions.h"
#include "reports/check/sessions/statistics.h"
#include "reports/history/history.h"
#include "tools/command/text.h"

namespace heir::tools {

/// `--statistics`.
struct Statistics {
  std::vector<reports::FunctionStatistics> functions;
  Duration at_least;  ///< Of a window of unavailability.
  reports::Availability availability;
  std::vector<reports::Recovery> recoveries;
};

/// A history that was read and judged.
struct Checked {
  std::string path;
  reports::History history;
  reports::Verdict verdict;                        ///< With the sessions' failures, if they were asked for.
  std::optional<reports::SessionReport> sessions;  ///< `--sessions`.
  std::optional<Statistics> statistics;
  double parse_seconds = 0;
  double seconds = 0;  ///< Of judging.
  std::uint64_t peak_bytes = 0;
  std::vector<reports::Proof> proofs;  ///< If they are to be told or written.
};

/// "valid", "invalid" or "unknown".
const char* verdict_word(reports::Outcome outcome);

/// One line: "h.jsonl: valid (register, 24,010 operations)".
std::string check_line(const Checked& checked, const Style& style);
/// All of it; the verdict first. `explain`: every operation of every failure, with a picture of when it was.
std::string check_text(const Checked& checked, bool explain, const Style& style);

/// One object in one line, without newline.
std::string check_json(const Checked& checked);
/// Its keys with their meaning, for --help and README.md.
extern const char* const check_json_help;

/// A picture of when operations were, one line each, earlier beginnings first; columns are events, not seconds.
std::string timeline(const reports::History& history, std::vector<reports::Operation> operations);

}  // namespace heir::tools
