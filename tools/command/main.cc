// The `heir` command.
#include <cstdio>

#include "tools/command/commands.h"
#include "tools/command/mutants.h"
#ifdef HEIR_WITH_SHELL
#include "tools/shell/command.h"
#endif

namespace {

const char* const footer =
    "Examples:\n"
    "  heir run scenarios/first/primary-crash.toml\n"
    "  heir run scenarios/first/mixed.toml --seeds 1..200\n"
    "  heir run --help\n";

int finish(heir::tools::Exit status) {
  return static_cast<int>(heir::tools::with_output_written(status));
}

}  // namespace

int main(int argc, char** argv) {
  using heir::tools::Exit;
  CLI::App app("Automatic failover for replicated databases, and the machine that proves it.", "heir");
  app.set_version_flag("--version", "heir " HEIR_VERSION, "Print the version");
  app.set_help_flag("--help,-h", "Print this help");
  app.require_subcommand(0, 1);
  heir::tools::Chosen chosen;
  heir::tools::add_run_command(app, chosen);
  heir::tools::add_margins_command(app, chosen);
  heir::tools::add_hunt_command(app, chosen);
  heir::tools::add_merge_command(app, chosen);
  heir::tools::add_replay_command(app, chosen);
  heir::tools::add_shrink_command(app, chosen);
  heir::tools::add_why_command(app, chosen);
  heir::tools::add_explore_command(app, chosen);
  heir::tools::add_worst_command(app, chosen);
  heir::tools::add_report_command(app, chosen);
  heir::tools::add_serve_command(app, chosen);
  heir::tools::add_check_command(app, chosen);
  heir::tools::add_scenario_command(app, chosen);
  heir::tools::add_agent_command(app, chosen);
  heir::tools::add_init_command(app, chosen);
  heir::tools::add_scenario_request_command(app, chosen);
  heir::tools::add_compare_command(app, chosen);
  heir::tools::add_hosts_command(app, chosen);
  heir::tools::add_status_command(app, chosen);
  heir::tools::add_history_command(app, chosen);
  heir::tools::add_switchover_command(app, chosen);
  heir::tools::add_drain_command(app, chosen);
  heir::tools::add_freeze_commands(app, chosen);
  heir::tools::add_rebuild_command(app, chosen);
  heir::tools::add_reap_command(app, chosen);
  heir::tools::add_accept_loss_command(app, chosen);
  heir::tools::add_calibrate_command(app, chosen);
  heir::tools::add_mutants_command(app, chosen);
#ifdef HEIR_WITH_SHELL
  heir::tools::add_shell_command(app);
#endif
  heir::tools::add_completion_command(app, chosen);
  heir::tools::add_manual_command(app, chosen);
  app.footer(footer);  // Last: a command without one of its own would take it over.
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success);
    return finish(Exit::as_expected);
  } catch (const CLI::RuntimeError& ended) {
    return finish(Exit{ended.get_exit_code()});
  } catch (const CLI::ParseError& error) {
    heir::tools::complain(heir::tools::usage_message(app, error));
    return finish(Exit::bad_usage);
  }
  if (!chosen) {
    if (!app.get_subcommands().empty()) return finish(Exit::as_expected);  // it has done its work while it was parsed
    std::fputs(app.help().c_str(), stderr);
    return finish(Exit::bad_usage);
  }
  return finish(chosen());
}
