// heir switchover: another host becomes the primary, without losing anything.
#include <fmt/format.h>

#include <cstdio>
#include <memory>

#include "scenarios/mistakes.h"
#include "tools/command/json.h"
#include "tools/command/operator_options.h"
#include "tools/command/text.h"
#include "tools/daemon/promotion.h"

namespace heir::tools {

namespace {

using scenarios::printable;

const char* const footer =
    "Examples:\n"
    "  heir switchover --wait\n"
    "  heir switchover --to c --dry-run\n"
    "\n"
    "The primary holds its clients' answers, lets transactions end for a moment, waits until the sync has everything,\n"
    "and hands over; clients reconnect. Without --to, to the sync. A host that is an async first becomes the sync, "
    "which\n"
    "is waited for, and the former sync an async. Refused where it could not succeed, and dropped, with the reason in\n"
    "`heir history`, if it cannot be done in time.\n"
    "\n";

struct Options {
  OperatorOptions common;
  std::string to;
  bool dry_run = false;
  bool wait = false;
};

Exit show_steps(const Client& client, const Options& options) {
  Order order;
  order.what = orders::promote;
  order.host = options.to;
  order.dry_run = true;
  const Result<std::string> answer = client.ask_any(order);
  const Result<PromotionView> plan = answer ? read_promotion(*answer) : Result<PromotionView>(answer.error());
  if (!plan) return fail(options.common, "heir switchover", plan.error());
  if (options.common.json) {
    fmt::print("{{\"dry_run\":true,\"from\":{},\"to\":{},\"generation\":{},\"steps\":{}}}\n", json_string(plan->from),
               json_string(plan->to), plan->generation, json_strings(plan->steps));
    return Exit::as_expected;
  }
  for (const std::string& step : plan->steps) fmt::print("would: {}\n", printable(step));
  return Exit::as_expected;
}

Exit run(const Options& options) {
  const Result<Client> client = Client::open(options.common.config, answer_limit(options.common));
  if (!client) return fail(options.common, "heir switchover", client.error());
  if (options.dry_run) return show_steps(*client, options);
  PromotionOptions how;
  how.waits = options.wait;
  how.limit = options.common.limit;
  if (!options.common.json)
    how.tell = [](const std::string& step) {
      fmt::print("{}\n", printable(step));
      std::fflush(stdout);
    };
  const std::variant<Promoted, Stuck> outcome = promote(*client, options.to, how);
  if (const auto* stuck = std::get_if<Stuck>(&outcome)) {
    const Exit status = fail(options.common, "heir switchover", stuck->error);
    return stuck->steps > 0 ? Exit::partly_done : status;
  }
  const Promoted& done = std::get<Promoted>(outcome);
  if (options.common.json)
    fmt::print("{{\"from\":{},\"to\":{},\"done\":{},\"generation\":{},\"took_ms\":{}}}\n", json_string(done.from),
               json_string(done.to), options.wait, done.generation, done.took.ns() / 1'000'000);
  else if (options.wait)
    fmt::print("{} takes writes in generation {}, after {}\n", printable(done.to), done.generation, rounded(done.took));
  else
    fmt::print("asked for; `heir status` shows it\n");
  return Exit::as_expected;
}

}  // namespace

void add_switchover_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  options->common.limit = Duration::seconds(60);
  CLI::App* command = app.add_subcommand("switchover", "Hand over from the primary to its sync, or to another host");
  add_operator_options(*command, options->common, "Then the request is dropped; default 60s");
  command->add_option("--to", options->to, "Who shall be the primary; default: the sync")->type_name("HOST");
  command->add_flag("--dry-run", options->dry_run, "Only tell what would be done, or why it would be refused");
  command->add_flag("--wait", options->wait, "Until the new primary takes writes");
  command->footer(std::string(footer) + operator_exit_help);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
