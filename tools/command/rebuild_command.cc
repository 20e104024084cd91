// heir rebuild: a standby's copy of the data is made anew.
#include <fmt/format.h>

#include <memory>

#include "scenarios/mistakes.h"
#include "tools/command/operator_options.h"
#include "tools/hosting/client.h"

namespace heir::tools {

namespace {

const char* const footer =
    "Example:\n"
    "  heir rebuild c\n"
    "\n"
    "HOST's agent makes a fresh copy of the primary's data beside the old one, and takes that away once the new one "
    "has\n"
    "streamed. Refused on the primary, whose copy may be the only good one. `heir status` shows how it goes on.\n"
    "\n";

struct Options {
  OperatorOptions common;
  std::string host;
};

Exit run(const Options& options) {
  const Result<Client> client = Client::open(options.common.config, answer_limit(options.common));
  if (!client) return fail(options.common, "heir rebuild", client.error());
  Order order;
  order.what = orders::rebuild;
  order.host = options.host;
  const Result<std::string> answer = client->ask(options.host, order);
  if (!answer) return fail(options.common, "heir rebuild", answer.error());
  if (options.common.json)
    fmt::print("{}\n", *answer);
  else
    fmt::print("{} makes its copy anew; `heir status` shows how it goes on\n", scenarios::printable(options.host));
  return Exit::as_expected;
}

}  // namespace

void add_rebuild_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("rebuild", "Make a standby's copy of the data anew");
  add_operator_options(*command, options->common);
  command->add_option("HOST", options->host, "Whose copy")->required();
  command->footer(std::string(footer) + operator_exit_help);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
