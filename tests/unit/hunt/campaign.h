// Campaigns of scenarios that are not simulated: their runs are functions of the test.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "scenarios/load.h"
#include "tools/hunt/hunt.h"

namespace heir::tools {

/// A folder that is gone at the end.
class Folder {
 public:
  Folder() {
    path_ = (std::filesystem::temp_directory_path() / "heir-hunt-XXXXXX").string();
    if (!::mkdtemp(path_.data())) std::abort();
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline Target target(const std::string& path) {
  const std::string text = "title = \"" + path + "\"\nduration = \"10s\"\n";
  return {path, text, *scenarios::load_text(path, text).scenario};
}

inline RunRecord passed(std::uint64_t seed) {
  RunRecord record;
  record.seed = seed;
  record.verdict = reports::Outcome::pass;
  record.trace_hash = seed * 0x9e3779b97f4a7c15u;
  record.events = 10;
  record.virtual_ns = 10'000'000'000;
  record.wall_ns = 1'000'000;
  record.probes = {{"common", false, seed}, {"never", true, 0}};
  return record;
}

inline RunRecord failed(std::uint64_t seed, const std::string& kind) {
  RunRecord record = passed(seed);
  record.verdict = reports::Outcome::fail;
  record.reason = "it failed.";
  record.failures = {{kind, "what was seen", 5'000'000'000}};
  return record;
}

/// Keeps what it is told.
class Told final : public HuntListener {
 public:
  void on_bad_run(const Target& of, const RunRecord& record) override { bad.push_back({of.path, record}); }
  void on_progress(const HuntProgress& progress) override { last = progress; }
  std::vector<std::pair<std::string, RunRecord>> bad;
  HuntProgress last;
};

inline CampaignSettings settings(std::uint64_t first, std::uint64_t last, Shard shard = {}) {
  CampaignSettings made;
  made.heir = "test";
  made.seeds = {first, last, shard};
  return made;
}

inline HuntOptions options(RunFunction run) {
  HuntOptions made;
  made.workers = 2;
  made.run = std::move(run);
  return made;
}

/// Every run of the database: "path seed verdict hash".
inline std::string all_runs(Results& results) {
  return *results.database().value(
      "SELECT group_concat(line, char(10)) FROM (SELECT path || ' ' || seed || ' ' || verdict || ' ' || trace_hash AS "
      "line FROM runs JOIN scenarios ON scenarios.id = runs.scenario ORDER BY path, seed)");
}

}  // namespace heir::tools
