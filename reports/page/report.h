// Report: everything that a page says of one run, or of a history alone; as JSON (report.json), of which src/report.ts
// describes every key, and inside the page (page.h).
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "reports/check/verdict/verdict.h"
#include "reports/history/history.h"
#include "reports/timeline/timeline.h"

namespace heir::reports {

/// Of a run: how to do it again.
struct ReportedRun {
  std::string scenario;  ///< The file, as it was named.
  std::string about;     ///< What the file says of itself; may be empty.
  std::string toml;      ///< The scenario as it was run.
  std::uint64_t seed = 0;
  std::uint64_t trace_hash = 0;
  std::uint64_t events = 0;
  std::string replay;
};

/// What was asked, and what came out.
struct Claim {
  std::string claim;
  Outcome outcome = Outcome::unknown;
  std::string detail;
};

struct ReportedLine {
  HistoryTime at;
  std::string kind;  ///< "fault", "heal", "state", "role", "gate", "command", "note".
  std::string who;
  std::string what;
};

/// A file that lies beside the page.
struct ReportedFile {
  std::string name;
  std::string what;
};

struct Report {
  std::string heir;  ///< Its version.
  std::string title;
  Outcome verdict = Outcome::unknown;
  std::string summary;  ///< One sentence.
  HistoryTime end;
  std::optional<ReportedRun> run;
  std::vector<Claim> claims;
  std::vector<std::string> not_tested;
  std::vector<Failure> failures;
  std::size_t more_failures = 0;
  std::vector<std::string> undecided;
  std::vector<ReportedLine> story;
  std::vector<std::pair<std::string, std::string>> numbers;  ///< Name and value.
  std::vector<std::pair<HistoryTime, HistoryTime>> unavailable;
  std::vector<ReportedFile> files;
  /// Messages are listed between these; nothing: none are.
  std::optional<std::pair<HistoryTime, HistoryTime>> messages;
  std::vector<Failover> failovers;
  /// Places of operations in an order that explains their answers (check.h: linearization); empty: none was found.
  std::vector<std::uint32_t> order;
  const History* history = nullptr;    ///< Outlives it.
  const Timeline* timeline = nullptr;  ///< Null: of a history alone.
};

/// report.json: one object, with a newline behind it. No '<' is in it, so that it can stand in a page.
std::string report_json(const Report& report);

}  // namespace heir::reports
