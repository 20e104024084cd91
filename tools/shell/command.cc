#include "tools/shell/command.h"

#include <unistd.h>

#include <csignal>
#include <iostream>
#include <memory>
#include <string_view>

#include "tools/shell/terminal.h"
#include "tools/shell/words.h"

namespace heir::tools {

namespace {

constexpr int interrupted = 130;

void on_interrupt(int) {
  constexpr char newline = '\n';
  if (isatty(STDOUT_FILENO) != 0) {
    // The answer lines are whole already; this only ends the line of the prompt.
    [[maybe_unused]] const ssize_t ignored = write(STDOUT_FILENO, &newline, 1);
  }
  _exit(interrupted);
}

void exit_on_interrupt() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
}

}  // namespace

Result<shell::Setup> shell_setup(const ShellOptions& options) {
  Result<failover::Policy> policy = failover::policy_named(options.policy);
  if (!policy) return policy.error();
  if (const Result<> good = shell::check_peer_name(options.peer); !good) return good.error();
  return shell::Setup{*policy, options.policy == "sirenia", options.singleton, PeerId(options.peer)};
}

int run_shell(std::istream& in, std::ostream& out, const ShellOptions& options) {
  Result<shell::Setup> setup = shell_setup(options);
  if (!setup) {
    std::cerr << "heir: " << setup.error().message << '\n';
    return 2;
  }
  shell::Shell shell(std::move(*setup));
  shell::run_lines(shell, in, out);
  return 0;
}

int run_shell(const ShellOptions& options) {
  exit_on_interrupt();
  if (isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0) return run_shell(std::cin, std::cout, options);
  Result<shell::Setup> setup = shell_setup(options);
  if (!setup) {
    std::cerr << "heir: " << setup.error().message << '\n';
    return 2;
  }
  shell::Shell shell(std::move(*setup));
  shell::run_on_terminal(shell);
  return 0;
}

void add_shell_command(CLI::App& app) {
  const auto options = std::make_shared<ShellOptions>();
  CLI::App* command = app.add_subcommand("shell", "one real peer against a scripted world, driven line by line");
  command->add_option("--policy", options->policy, "whose rules the peer follows: heir, manatee or sirenia")
      ->capture_default_str();
  command->add_flag("--singleton", options->singleton, "the peer is configured for one-node-write mode");
  command->add_option("--peer", options->peer, "the name of the peer under test")->capture_default_str();
  command->footer(
      "Reads one command a line and prints one JSON object for each; on a terminal with history and completion.\n"
      "Example:\n"
      "  printf 'addpeer node1\\naddpeer\\nstartPeer\\npeer\\n' | heir shell --policy manatee");
  command->callback([options] {
    std::ios::sync_with_stdio(false);
    if (const int status = run_shell(*options); status != 0) throw CLI::RuntimeError(status);
  });
}

}  // namespace heir::tools
