// heir history: every change of a cluster's state, who made it and why.
#include <fmt/format.h>

#include <memory>

#include "scenarios/mistakes.h"
#include "tools/command/operator_options.h"
#include "tools/command/option_types.h"
#include "tools/daemon/client.h"

namespace heir::tools {

namespace {

using scenarios::printable;

const char* const footer =
    "Examples:\n"
    "  heir history\n"
    "  heir history --last 200 --json\n"
    "\n"
    "The store keeps the newest 10,000 versions of the state, on the disks of all its members. The oldest is shown "
    "first.\n"
    "\n";

struct Options {
  OperatorOptions common;
  std::uint64_t count = 20;
};

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : " ") + printable(name);
  return all.empty() ? "-" : all;
}

void print_version(const StateView& version) {
  const std::string frozen = version.freeze.empty() ? "" : "; frozen: " + version.freeze_reason;
  fmt::print("{:>6} {:<24} {:>4} {:<10} {:<10} {:<14} {}\n", version.index, version.at, version.generation,
             printable(version.primary), version.sync.empty() ? "-" : printable(version.sync), joined(version.async),
             printable(version.why + " (by " + version.by + ")" + frozen));
}

Exit run(const Options& options) {
  const Result<Client> client = Client::open(options.common.config, answer_limit(options.common));
  if (!client) return fail(options.common, "heir history", client.error());
  Order order;
  order.what = orders::history;
  order.count = options.count;
  const Result<std::string> answer = client->ask_any(order);
  if (!answer) return fail(options.common, "heir history", answer.error());
  if (options.common.json) {
    fmt::print("{}\n", *answer);
    return Exit::as_expected;
  }
  const Result<std::vector<StateView>> versions = read_history(*answer);
  if (!versions) return fail(options.common, "heir history", versions.error());
  fmt::print("{:>6} {:<24} {:>4} {:<10} {:<10} {:<14} {}\n", "INDEX", "WHEN", "GEN", "PRIMARY", "SYNC", "ASYNC", "WHY");
  for (const StateView& version : *versions) print_version(version);
  return Exit::as_expected;
}

}  // namespace

void add_history_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("history", "Show the changes of a cluster's state, by whom and why");
  add_operator_options(*command, options->common);
  add_count_option(*command, "--last", options->count, "So many; default 20", 1, 1000);
  command->footer(std::string(footer) + operator_exit_help);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
