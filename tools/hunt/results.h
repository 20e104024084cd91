// Results: the file that campaigns leave behind. An SQLite database, in WAL mode while it is written, so that anybody
// may look into it meanwhile; its tables are described in schema.h.
//
// Invariants: what is added at once is there wholly or not at all, whatever happens to the process; a run is in it once
// at most; a file that is damaged, of another program, or of a newer heir is never written to.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "tools/hunt/corpus.h"
#include "tools/hunt/database.h"
#include "tools/hunt/record.h"
#include "tools/hunt/seeds.h"

namespace heir::tools {

/// A scenario of a campaign.
struct Target {
  std::string path;  ///< As it was named.
  std::string text;  ///< Canonical, with what was overridden.
  scenarios::Scenario scenario;
};

struct CampaignSettings {
  std::string heir;                    ///< The version that ran it.
  std::vector<std::string> overrides;  ///< --set
  WantedSeeds seeds;
  std::optional<std::int64_t> seconds;  ///< --for
  std::uint64_t stop_on = 0;            ///< Failed runs; 0: never.
  bool guided = false;                  ///< Runs follow what earlier ones reached (corpus.h).
};

/// How a campaign ended; nothing: it is under way, or was killed.
enum class CampaignEnd { complete, stopped, interrupted, out_of_space, canary_lived };
const char* to_string(CampaignEnd end);

struct Campaign {
  std::int64_t id = 0;
  CampaignSettings settings;
  std::vector<Target> targets;
  std::vector<std::int64_t> target_ids;  ///< By target: the row of table scenarios.
  std::optional<CampaignEnd> end;
  std::int64_t began = 0;     ///< Seconds since 1970.
  double active_seconds = 0;  ///< Time that it has run.
};

/// One more run, of a target.
struct NewRun {
  std::size_t target = 0;
  RunRecord record;
  Lesson lesson = {};  ///< Of guided search.
};

/// A failure that results have, with all that its run was made of.
struct FailedRun {
  std::string path;  ///< Of the scenario, as it was named.
  std::string text;  ///< Of the scenario.
  Recipe recipe;
  std::string heir;
  std::uint64_t trace_hash = 0;
  RunFailure failure;
};

/// One more trial of a mutant.
struct MutantTrial {
  std::string_view mutant;
  std::string_view strategy;
  std::uint64_t number = 1;
  std::uint64_t seeds = 0;           ///< That were run.
  std::optional<std::string> found;  ///< The kind of failure.
};

class Results {
 public:
  /// What is to be found at a path.
  enum class Open {
    add,       ///< Results, or nothing: then they are begun. Nobody else may be adding to them.
    existing,  ///< Results, to be added to.
    look,      ///< Results, to be read only; somebody may be adding to them.
    begin,     ///< Nothing at all.
  };
  /// Error: what was found, what was expected, and what to do.
  static Result<Results> open(const std::string& path, Open how);
  /// Whether somebody is adding to the file now.
  static bool is_written(const std::string& path);
  /// Without a file: gone with the process.
  static Result<Results> temporary();
  Results(Results&&) noexcept = default;

  Result<Campaign> begin_campaign(const CampaignSettings& settings, std::vector<Target> targets);
  /// All of them, oldest first.
  Result<std::vector<Campaign>> campaigns();
  /// By target.
  Result<std::vector<SeedSet>> seeds_of(const Campaign& campaign);
  /// Real time that runs of each target took, by target.
  Result<std::vector<std::int64_t>> time_of(const Campaign& campaign);

  /// What guided search has kept of a target.
  Result<> load_corpus(const Campaign& campaign, std::size_t target, Corpus& corpus);
  /// By the number of the failure: its row of table failures.
  Result<FailedRun> failed_run(std::int64_t failure);

  Result<> add(const Campaign& campaign, const std::vector<NewRun>& runs);
  Result<> add(const Campaign& campaign, const MutantTrial& trial);
  Result<> set_end(const Campaign& campaign, std::optional<CampaignEnd> end, const std::string& canary);

  Database& database() { return database_; }
  const std::string& path() const { return path_; }

 private:
  struct Lock;
  Results(std::string path, std::shared_ptr<Lock> lock, Database database)
      : path_(std::move(path)), lock_(std::move(lock)), database_(std::move(database)) {}
  std::string path_;
  // Closing any descriptor of the file drops SQLite's locks on it, so this one is closed last.
  std::shared_ptr<Lock> lock_;
  Database database_;
};

}  // namespace heir::tools
