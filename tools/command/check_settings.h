// What a command line of `heir check` asks for, and the judging itself.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "reports/check/check.h"
#include "reports/history/format.h"
#include "tools/command/check_report.h"
#include "tools/command/watch.h"

namespace heir::tools {

class CheckSettings {
 public:
  void add_options(CLI::App& command);
  /// Names to what they mean, once the line was parsed. `invalid`: what is wrong with which option.
  Result<> understand();

  Deadline deadline() const;
  /// Fills in everything but what reading did. `invalid` if the history cannot be judged at all: no model fits, say.
  Result<> judge(Checked& checked, const Deadline& deadline) const;

  std::vector<std::string> histories;
  std::string minimal;  ///< --emit-minimal
  bool json = false;
  bool quiet = false;
  bool explain = false;
  bool follow = false;
  reports::ReadOptions reading;
  reports::CheckOptions checking;  ///< Without a deadline.

 private:
  void add_options_of_models(CLI::App& command);
  Result<> understand_names();
  Result<> read_commit_log(const Checked& checked, reports::CheckOptions& options) const;
  Result<> understand_faults();

  /// What was asked for and is of no model in use would be ignored: `invalid`. `models`: as Verdict::model; `subject`:
  /// whose they are, as "--model is".
  Result<> belong_to(const std::string& models, const std::string& subject) const;
  struct OptionOfModels {
    CLI::Option* option;
    std::vector<reports::Model> models;
  };
  std::vector<OptionOfModels> options_of_models_;

  // As given.
  std::string model_, format_, fail_means_;
  std::string commit_log_;
  std::vector<std::string> consistency_, anomalies_, faults_;
  Duration timeout_;                              ///< Zero: none.
  Duration max_lag_ = Duration::nanoseconds(-1);  ///< Less than nothing: none.
  std::uint64_t memory_ = 0;
  bool sessions_ = false;
  bool statistics_ = false;
  Duration unavailable_ = Duration::milliseconds(500);
  std::vector<reports::FaultTime> fault_times_;
};

}  // namespace heir::tools
