// Plan: which runs a command line asks for, in their order: every scenario with every seed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/scenario.h"

namespace heir::tools {

struct ScenarioFile {
  std::string path;
  scenarios::Scenario scenario;
};

struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  std::uint64_t size() const { return last - first + 1; }
};

enum class RunsOn { simulator, hosts };

/// One run.
struct Job {
  std::size_t index = 0;
  const ScenarioFile* file = nullptr;
  std::uint64_t seed = 1;
};

class Plan {
 public:
  static constexpr std::uint64_t most_runs = 1'000'000'000;

  /// A folder stands for its *.toml, by name. All that is wrong with any of the files goes to `problems`.
  static Plan make(const std::vector<std::string>& paths, SeedRange seeds, std::vector<std::string> overrides,
                   std::vector<std::string>& problems, RunsOn on = RunsOn::simulator);

  /// Of scenarios that need be in no file.
  static Plan of(std::vector<ScenarioFile> files, SeedRange seeds);

  /// Its runs are on real hosts, with these further options: replay() says so.
  void set_on_hosts(std::string options) {
    on_hosts_ = true;
    hosts_options_ = std::move(options);
  }

  std::size_t size() const { return files_.size() * static_cast<std::size_t>(seeds_.size()); }
  Job job(std::size_t index) const;
  const std::vector<ScenarioFile>& files() const { return files_; }

  /// The command that does this run again, alone, and tells all about it.
  std::string replay(const Job& job) const;

  /// The name of a run's output file: {seed} and {scenario} in the pattern replaced.
  std::string output_name(const std::string& pattern, const Job& job) const;
  /// What is wrong with a pattern: several runs must not write one file. Empty if all is well.
  std::string check_pattern(const std::string& option, const std::string& pattern) const;

 private:
  std::vector<ScenarioFile> files_;
  SeedRange seeds_;
  std::vector<std::string> overrides_;
  bool on_hosts_ = false;
  std::string hosts_options_;
};

/// "17" or "1..200"; false if it is neither, or ends before it begins.
bool parse_seeds(const std::string& text, SeedRange& seeds);

}  // namespace heir::tools
