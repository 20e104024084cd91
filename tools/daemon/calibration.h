// How long things take on this host, with its disk and its PostgreSQL: what a scenario's numbers should be like.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace heir::tools {

struct Measurement {
  std::string_view name;
  std::string_view what;          ///< What was measured, in words.
  std::string_view table;         ///< Of a scenario, which says it: "server"; empty if none does.
  std::string_view key;           ///< There.
  std::vector<Duration> samples;  ///< Ascending; at least one.
  /// REQUIRES 0 <= percent <= 100.
  Duration quantile(int percent) const;
};

struct CalibrationOptions {
  std::string folder;  ///< On the disk to measure; the new user's own, and empty.
  std::string binaries;
  int rounds = 5;
  std::function<void(std::string_view doing)> progress;
};

/// Runs two servers on 127.0.0.1, and makes one the primary of the other by turns. Takes some seconds a round. The
/// servers are stopped at the end, also if it fails; the folder is left as it is then.
Result<std::vector<Measurement>> calibrate(const CalibrationOptions& options);

/// Tables of a scenario: from the 10th to the 90th percentile of each.
std::string scenario_fragment(const std::vector<Measurement>& measurements);
/// What such tables stand for as overrides: "server.promote=\"73.5ms..139ms\"". Error: "LINE: what it is not".
Result<std::vector<std::string>> fragment_overrides(std::string_view text);

}  // namespace heir::tools
