// heir reap: a host that will not come back is taken off the cluster's lists.
#include <memory>

#include "scenarios/mistakes.h"
#include "tools/command/operator_options.h"
#include "tools/daemon/order.h"

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
  Order order;
  order.what = orders::reap;
  order.host = options.host;
  return give_order(options.common, "heir reap", order, Hearer::any_host,
                    scenarios::printable(options.host) + " is on no list any more");
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
