// The subcommands of `heir`: each adds itself to the command line, and says through `chosen` what is to be run once all
// of the line has been understood.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string_view>

namespace heir::tools {

/// Exit status of every command (DESIGN.md section 5). What ends by a signal has 128 and its number instead.
enum class Exit : int {
  as_expected = 0,
  expectation_failed = 1,
  bad_usage = 2,             ///< Or bad input: nothing was done.
  no_verdict = 3,            ///< Out of time or memory, or nothing to conclude from.
  not_written = no_verdict,  ///< It was done, but something of it could not be written, be it to standard output.
  internal = 4,              ///< An error of heir itself.
  partly_done = 5,           ///< Of operators' commands.
  on_another_path = 5,       ///< Of `heir replay`: the same failure, but not the same run.
};

/// Of several runs, or of a run and of what was to be written of it: the one that matters most. A failure that was
/// found outranks an output that could not be written.
Exit worse(Exit a, Exit b);

/// Writes out standard output, and says so if that cannot be done: then `status`, or not_written if that is worse. A
/// pipe that nobody reads any more ends the process as SIGPIPE does.
Exit with_output_written(Exit status);

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

/// The end of a command that a signal interrupted, as a shell shows it: status 128 + signal.
[[noreturn]] void exit_interrupted(int signal);

/// Of a command that only holds others: without one of them it prints its help, as `heir` itself does.
void require_command(CLI::App& command, Chosen& chosen);

/// What is wrong with a command line, with the nearest name where a word is not known, and where to read more.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error);

}  // namespace heir::tools
