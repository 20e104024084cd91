// The subcommands of `heir`: each adds itself to the command line, and says through `chosen` what is to be run once all
// of the line has been understood.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string_view>

namespace heir::tools {

/// Exit status of every command (DESIGN.md section 5).
enum class Exit : int {
  as_expected = 0,
  expectation_failed = 1,
  bad_usage = 2,   ///< Or bad input.
  no_verdict = 3,  ///< Out of time or memory, or nothing to conclude from.
  internal = 4,    ///< An error of heir itself.
  partly_done = 5,
};

/// Of several runs: the one that matters most.
Exit worse(Exit a, Exit b);

using Chosen = std::function<Exit()>;

void add_run_command(CLI::App& app, Chosen& chosen);
void add_margins_command(CLI::App& app, Chosen& chosen);
void add_hunt_command(CLI::App& app, Chosen& chosen);
void add_merge_command(CLI::App& app, Chosen& chosen);
struct SubjectOptions;
/// What `replay`, `shrink` and `why` take: a capsule or a scenario with its seed (subject.h).
void add_subject_options(CLI::App& command, SubjectOptions& options);
void add_replay_command(CLI::App& app, Chosen& chosen);
void add_shrink_command(CLI::App& app, Chosen& chosen);
void add_why_command(CLI::App& app, Chosen& chosen);
void add_explore_command(CLI::App& app, Chosen& chosen);
void add_worst_command(CLI::App& app, Chosen& chosen);
void add_report_command(CLI::App& app, Chosen& chosen);
struct ReleaseOptions;
/// What `report` and `serve` say of results (release_folder.h).
void add_release_options(CLI::App& command, ReleaseOptions& options);
void add_serve_command(CLI::App& app, Chosen& chosen);
void add_check_command(CLI::App& app, Chosen& chosen);
void add_scenario_command(CLI::App& app, Chosen& chosen);
void add_agent_command(CLI::App& app, Chosen& chosen);
void add_init_command(CLI::App& app, Chosen& chosen);
void add_scenario_request_command(CLI::App& app, Chosen& chosen);
void add_compare_command(CLI::App& app, Chosen& chosen);
void add_hosts_command(CLI::App& app, Chosen& chosen);
void add_calibrate_command(CLI::App& app, Chosen& chosen);
void add_completion_command(CLI::App& app, Chosen& chosen);
void add_manual_command(CLI::App& app, Chosen& chosen);
// Of operators of real clusters.
void add_status_command(CLI::App& app, Chosen& chosen);
void add_history_command(CLI::App& app, Chosen& chosen);
void add_switchover_command(CLI::App& app, Chosen& chosen);
void add_freeze_commands(CLI::App& app, Chosen& chosen);
void add_rebuild_command(CLI::App& app, Chosen& chosen);
void add_reap_command(CLI::App& app, Chosen& chosen);
void add_accept_loss_command(CLI::App& app, Chosen& chosen);
void add_drain_command(CLI::App& app, Chosen& chosen);

/// One line to standard error: "heir: MESSAGE".
void complain(std::string_view message);

/// The end of a command that SIGINT or SIGTERM interrupted, as a shell shows it: status 128 + signal.
[[noreturn]] void exit_interrupted(int signal);

/// What is wrong with a command line, with the nearest name where a word is not known, and where to read more.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error);

}  // namespace heir::tools
