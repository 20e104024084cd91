#include "tools/command/operator_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "scenarios/mistakes.h"
#include "tools/command/option_types.h"
#include "tools/daemon/client.h"
#include "tools/daemon/order.h"

namespace heir::tools {

const char* const operator_exit_help =
    "Exit status: 0 done; 1 the cluster refused, and why is said; 2 bad usage, configuration or key; 3 no host "
    "answered,\n"
    "or what became of it is not known; 5 partly done.\n";

namespace {

constexpr Duration longest_answer = Duration::seconds(3);

std::string printable_lines(const std::string& text) {
  std::string lines;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t end = std::min(text.find('\n', from), text.size());
    lines += (from > 0 ? "\n" : "") + scenarios::printable(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

}  // namespace

void add_operator_options(CLI::App& command, OperatorOptions& options, const std::string& limit_help) {
  command
      .add_option("--config", options.config,
                  "An operator's or an agent's; default /etc/heir/operator.toml, else agent.toml")
      ->type_name("FILE");
  add_time_option(command, "--timeout", options.limit,
                  limit_help.empty() ? "For the answer of a host; default 3s" : limit_help, Duration::milliseconds(10),
                  Duration::seconds(3600));
  command.add_flag("--json", options.json, "One object on standard output");
}

Duration answer_limit(const OperatorOptions& options) {
  return std::min(options.limit, longest_answer);
}

Exit exit_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid: return Exit::bad_usage;
    case ErrorCode::timed_out:
    case ErrorCode::unreachable:
    case ErrorCode::unknown_outcome:
    case ErrorCode::session_over:
    case ErrorCode::conflict: return Exit::no_verdict;
    default: return Exit::expectation_failed;
  }
}

Exit give_order(const OperatorOptions& options, const std::string& command, const Order& order, Hearer hearer,
                const std::string& done) {
  const Result<Client> client = Client::open(options.config, answer_limit(options));
  if (!client) return fail(options, command, client.error());
  const Result<std::string> answer =
      hearer == Hearer::named_host ? client->ask(order.host, order) : client->ask_any(order);
  if (!answer) return fail(options, command, answer.error());
  fmt::print("{}\n", options.json ? *answer : done);
  return Exit::as_expected;
}

Exit fail(const OperatorOptions& options, const std::string& command, const Error& error) {
  if (options.json)
    std::printf("{\"error\":%s}\n", error_json(error).c_str());
  else
    complain(command + ": " + printable_lines(error.message));
  return exit_of(error);
}

}  // namespace heir::tools
