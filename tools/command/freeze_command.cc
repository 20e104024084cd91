// heir freeze, heir unfreeze: the cluster decides nothing by itself for a while.
#include <memory>

#include "tools/command/operator_options.h"
#include "tools/daemon/order.h"

namespace heir::tools {

namespace {

const char* const freeze_footer =
    "Examples:\n"
    "  heir freeze --reason \"the switch between the racks is changed\"\n"
    "  heir freeze --mode all --reason \"experiments\"\n"
    "\n"
    "takeovers (the default): nobody takes over and no sync is replaced; hosts that come and go are still noted.\n"
    "all: nothing of the cluster's state is changed. A primary goes on to serve, as long as its sync does.\n"
    "\n";

const char* const unfreeze_footer =
    "Example:\n"
    "  heir unfreeze\n"
    "\n";

struct Options {
  OperatorOptions common;
  std::string mode = "takeovers";
  std::string reason;
};

Exit give(const Options& options, const std::string& what) {
  Order order;
  order.what = what;
  order.mode = options.mode;
  order.reason = options.reason;
  const std::string done =
      what == orders::freeze ? "frozen (" + options.mode + "); `heir unfreeze` ends it" : "not frozen any more";
  return give_order(options.common, "heir " + what, order, Hearer::any_host, done);
}

}  // namespace

void add_freeze_commands(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* freeze = app.add_subcommand("freeze", "Keep a cluster from failing over, for a reason");
  add_operator_options(*freeze, options->common);
  freeze->add_option("--reason", options->reason, "For those who wonder; required")
      ->type_name("TEXT")
      ->required()
      ->check([](const std::string& text) { return text.empty() ? "say why" : ""; });
  freeze->add_option("--mode", options->mode, "takeovers (default) or all")
      ->type_name("MODE")
      ->check(CLI::IsMember({"takeovers", "all"}));
  freeze->footer(std::string(freeze_footer) + operator_exit_help);
  freeze->callback([options, &chosen] { chosen = [options] { return give(*options, orders::freeze); }; });

  auto others = std::make_shared<Options>();
  CLI::App* unfreeze = app.add_subcommand("unfreeze", "Let a frozen cluster decide again");
  add_operator_options(*unfreeze, others->common);
  unfreeze->footer(std::string(unfreeze_footer) + operator_exit_help);
  unfreeze->callback([others, &chosen] { chosen = [others] { return give(*others, orders::unfreeze); }; });
}

}  // namespace heir::tools
