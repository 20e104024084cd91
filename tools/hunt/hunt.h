// hunt(): runs a campaign in worker processes until it is complete, stopped or interrupted, and keeps every result.
//
// Which scenario comes next is decided by time: the one whose runs have taken the least so far. So a short scenario
// gets more seeds than a long one, and none waits for another.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "tools/hunt/results.h"
#include "tools/workers/pool.h"

namespace heir::tools {

/// A known-bad scenario of the library, as text.
extern const char* const canary_text;

/// A scenario that must fail, or nothing that the hunt says is worth anything.
struct Canary {
  std::string name;
  scenarios::Scenario scenario;
  /// The kind of failure that must be found; empty: any.
  std::string wanted;

  /// A known-bad scenario is made to fail: what it expects is taken out of it, and is what must be found.
  static Canary of(std::string name, scenarios::Scenario scenario);
};

/// Seeds with which the canary may live on; with the next one it must have failed.
inline constexpr std::uint64_t canary_seeds = 20;

using RunFunction =
    std::function<std::optional<RunRecord>(const scenarios::Scenario&, std::uint64_t seed, const TellProgress&)>;

struct HuntOptions {
  unsigned workers = 1;
  Duration patience = Duration::seconds(60);  ///< With a run that gets nowhere; then it is `stuck`.
  unsigned runs_per_process = 1000;
  std::uint64_t most_memory = 150 << 20;  ///< Bytes, of a worker between two runs.
  std::optional<Canary> canary;
  RunFunction run = run_and_judge;
};

struct HuntProgress {
  std::uint64_t runs = 0;  ///< Of the campaign, with those of earlier sessions.
  std::optional<std::uint64_t> wanted;
  std::uint64_t failed = 0;
  std::uint64_t unknown = 0;
  std::map<std::string, std::uint64_t> failed_by_kind;  ///< By the first failure of each run.
  std::size_t probes = 0, probes_hit = 0;
  double runs_per_second = 0;  ///< In this session.
  std::optional<double> seconds_left;
};

/// Is told what happens.
class HuntListener {
 public:
  virtual ~HuntListener() = default;
  /// A run that failed, or has no verdict; its record is kept already.
  virtual void on_bad_run(const Target& target, const RunRecord& record) = 0;
  /// Some times a second.
  virtual void on_progress(const HuntProgress& progress) = 0;
};

struct HuntEnd {
  CampaignEnd end = CampaignEnd::complete;
  int signal = 0;                    ///< That interrupted it.
  std::optional<Error> not_written;  ///< Why results could not be kept: those since then were dropped, to be run again.
  std::string canary;                ///< What became of it, in words.
  std::uint64_t peak_memory_bytes = 0;  ///< Of a worker.
};

/// Error: it could not begin.
Result<HuntEnd> hunt(Results& results, Campaign& campaign, const HuntOptions& options, HuntListener& listener);

}  // namespace heir::tools
