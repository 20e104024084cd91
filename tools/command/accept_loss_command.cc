// heir accept-loss: the operator's word that what a host lacks may be lost, so that it can take over.
#include <fmt/format.h>

#include <cstdio>
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
    "  heir accept-loss c                    # tells what would be lost, and does nothing\n"
    "  heir accept-loss c --generation 7\n"
    "\n"
    "The last resort, when the primary is gone for good and nobody who holds all that was acknowledged is left. HOST\n"
    "then takes over with what it has. The generation must be typed in: the word counts for that one only. Who gave "
    "it\n"
    "stands in `heir history`.\n"
    "\n";

struct Options {
  OperatorOptions common;
  std::string host;
  std::uint64_t generation = 0;
};

/// Of a host that waits: what it knows of the loss.
Exit tell(const Client& client, const Options& options) {
  Order order;
  order.what = orders::status;
  const Result<std::string> answer = client.ask(options.host, order);
  const Result<HostView> view = answer ? read_host_view(*answer) : Result<HostView>(answer.error());
  if (!view) return fail(options.common, "heir accept-loss", view.error());
  const std::uint64_t generation = view->state ? view->state->generation : 0;
  const std::string host = printable(options.host);
  fmt::print(stderr, "heir accept-loss: nothing was done, for --generation is missing.\n");
  fmt::print(stderr, "{} is {} of generation {}; its log ends at {}, as far as it has told.\n", host,
             printable(view->role), generation, view->end ? std::to_string(*view->end) : "an unknown place");
  for (const std::string& why : view->why_not_writable) fmt::print(stderr, "  {}\n", printable(why));
  fmt::print(stderr,
             "Whatever was acknowledged in generation {} and {} does not have would be lost for ever. If that is what "
             "must be:\n  heir accept-loss {} --generation {}\n",
             generation, host, host, generation);
  return Exit::bad_usage;
}

Exit run(const Options& options) {
  if (options.generation == 0) {
    const Result<Client> client = Client::open(options.common.config, answer_limit(options.common));
    return client ? tell(*client, options) : fail(options.common, "heir accept-loss", client.error());
  }
  Order order;
  order.what = orders::accept_loss;
  order.host = options.host;
  order.generation = options.generation;
  return give_order(
      options.common, "heir accept-loss", order, Hearer::named_host,
      printable(options.host) + " may take over if the primary is gone; `heir status` shows whether it does");
}

}  // namespace

void add_accept_loss_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("accept-loss", "Let a host take over though it lacks acknowledged writes");
  add_operator_options(*command, options->common);
  command->add_option("HOST", options->host, "Who shall take over")->required();
  add_count_option(*command, "--generation", options->generation, "The generation whose writes may be lost", 1);
  command->footer(std::string(footer) + operator_exit_help);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
