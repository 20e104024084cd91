// heir reap: a host that will not come back is taken off the cluster's lists.
#include <fmt/format.h>

#include <memory>

#include "scenarios/mistakes.h"
#include "tools/command/operator_options.h"
#include "tools/hosting/client.h"

namespace heir::tools {

namespace {

const char* const footer =
    "Examples:\n"
    "  heir reap c\n"
    "  heir reap 0f8fad5b-d9cb-469f-a165-70867728950e     # a peer whose host nobody remembers\n"
    "\n"
    "Takes an absent peer off the lists of asyncs and of deposed peers. Refused for the primary, the sync, and whoever "
    "is\n"
    "present. Should it come back all the same, it is taken in again.\n"
    "\n";

struct Options {
  OperatorOptions common;
  std::string host;
};

Exit run(const Options& options) {
  const Result<Client> client = Client::open(options.common.config, answer_limit(options.common));
  if (!client) return fail(options.common, "heir reap", client.error());
  Order order;
  order.what = orders::reap;
  order.host = options.host;
  const Result<std::string> answer = client->ask_any(order);
  if (!answer) return fail(options.common, "heir reap", answer.error());
  if (options.common.json)
    fmt::print("{}\n", *answer);
  else
    fmt::print("{} is on no list any more\n", scenarios::printable(options.host));
  return Exit::as_expected;
}

}  // namespace

void add_reap_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("reap", "Take an absent host off a cluster's lists");
  add_operator_options(*command, options->common);
  command->add_option("HOST", options->host, "A host's name, or a peer's identity")->required();
  command->footer(std::string(footer) + operator_exit_help);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
