// heir rebuild: a standby's copy of the data is made anew.
#include <memory>

#include "scenarios/mistakes.h"
#include "tools/command/operator_options.h"
#include "tools/daemon/order.h"

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
  Order order;
  order.what = orders::rebuild;
  order.host = options.host;
  return give_order(options.common, "heir rebuild", order, Hearer::named_host,
                    scenarios::printable(options.host) + " makes its copy anew; `heir status` shows how it goes on");
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
