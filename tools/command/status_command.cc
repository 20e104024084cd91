// heir status: what every host of a cluster says of itself.
#include <fmt/format.h>

#include <unistd.h>
#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "scenarios/mistakes.h"
#include "tools/command/json.h"
#include "tools/command/operator_options.h"
#include "tools/command/text.h"
#include "tools/daemon/client.h"

namespace heir::tools {

namespace {

using scenarios::printable;

constexpr std::chrono::seconds watch_pause{1};

const char* const footer =
    "Examples:\n"
    "  heir status\n"
    "  heir status --watch\n"
    "  heir status --json --config operator/operator.toml\n"
    "\n"
    "Asks the agents of all hosts, at once: who is what and since when, what its gate does, how long its lease is "
    "good\n"
    "for, how much of its upstream's log a standby has not replayed, what it waits for. LAG is in bytes.\n"
    "\n"
    "Exit status: 0 healthy; 1 not: what is wrong is said; 2 bad usage, configuration or key; 3 no host answered.\n";

struct Options {
  OperatorOptions common;
  bool watch = false;
};

/// "3 s", "12 min", "4 h", "9 d"
std::string age_text(Duration age) {
  const std::int64_t seconds = std::max<std::int64_t>(age.ns() / 1'000'000'000, 0);
  if (seconds < 120) return fmt::format("{} s", seconds);
  if (seconds < 7200) return fmt::format("{} min", seconds / 60);
  if (seconds < 172'800) return fmt::format("{} h", seconds / 3600);
  return fmt::format("{} d", seconds / 86'400);
}

std::string bytes_text(std::uint64_t bytes) {
  if (bytes < 10'240) return fmt::format("{} B", bytes);
  if (bytes < 10'485'760) return fmt::format("{} KiB", bytes >> 10);
  return fmt::format("{} MiB", bytes >> 20);
}

std::string role_text(const HostView& view) {
  return view.place > 0 ? fmt::format("{} {}", view.role, view.place) : view.role;
}

/// What there is to say of a host beside its line: for one that is no primary, that it is none goes without saying.
std::vector<std::string> remarks(const HostView& view) {
  std::vector<std::string> remarks;
  for (std::size_t i = view.role == "primary" ? 0 : 1; i < view.why_not_writable.size(); ++i)
    remarks.push_back(view.why_not_writable[i]);
  if (!view.next_step.empty()) remarks.push_back("next: " + view.next_step);
  return remarks;
}

void print_table(const std::vector<NamedAnswer>& hosts) {
  fmt::print("{:<12} {:<11} {:>7} {:>5} {:<7} {:>7} {:>4} {:>12} {:>10}\n", "HOST", "ROLE", "SINCE", "GEN", "GATE",
             "LEASE", "TLI", "LOG END", "LAG");
  for (const NamedAnswer& each : hosts) {
    if (!each.view) {
      fmt::print("{:<12} no answer\n", each.host);
      continue;
    }
    const HostView& view = *each.view;
    const auto or_dash = [](const std::optional<std::uint64_t>& value) {
      return value ? std::to_string(*value) : std::string("-");
    };
    fmt::print("{:<12} {:<11} {:>7} {:>5} {:<7} {:>7} {:>4} {:>12} {:>10}\n", each.host, role_text(view),
               age_text(view.role_for), view.generation, view.gate,
               view.lease_left > Duration::zero() ? rounded(view.lease_left) : "none", or_dash(view.timeline),
               or_dash(view.end), view.lag ? bytes_text(*view.lag) : "-");
  }
}

void print_state(const OperatorConfig& config, const StateView& state, const Style& style) {
  fmt::print("cluster {}, generation {}: {}\n", config.cluster, state.generation, printable(state.why));
  fmt::print("since {} by {}\n", state.at, printable(state.by));
  if (!state.freeze.empty())
    fmt::print("{}\n", style.paint(Style::Colour::yellow,
                                   fmt::format("frozen ({}) by {}: {}", state.freeze, printable(state.frozen_by),
                                               printable(state.freeze_reason))));
  if (!state.promote.empty()) fmt::print("{} is being promoted\n", printable(state.promote));
  fmt::print("\n");
}

void print_text(const OperatorConfig& config, const std::vector<NamedAnswer>& hosts,
                const std::vector<std::string>& problems) {
  const Style style = Style::of_standard_output();
  if (const std::optional<StateView> state = newest_state(hosts)) print_state(config, *state, style);
  print_table(hosts);
  for (const NamedAnswer& each : hosts)
    if (each.view)
      for (const std::string& remark : remarks(*each.view)) fmt::print("  {}: {}\n", each.host, printable(remark));
  fmt::print("\n");
  for (const std::string& warning : warnings_of(hosts))
    fmt::print("{} {}\n", style.paint(Style::Colour::yellow, "warning:"), printable(warning));
  if (problems.empty()) fmt::print("{}\n", style.paint(Style::Colour::green, "healthy"));
  for (const std::string& problem : problems)
    fmt::print("{} {}\n", style.paint(Style::Colour::red, "unhealthy:"), printable(problem));
}

void print_json(const OperatorConfig& config, const std::vector<HostAnswer>& answers,
                const std::vector<std::string>& problems, const std::vector<std::string>& warnings) {
  const std::string hosts = json_array(answers, [](const HostAnswer& answer) {
    return answer.json
               ? fmt::format("{{\"host\":{},\"answered\":true,\"status\":{}}}", json_string(answer.host), *answer.json)
               : fmt::format("{{\"host\":{},\"answered\":false,\"error\":{}}}", json_string(answer.host),
                             error_json(answer.json.error()));
  });
  fmt::print("{{\"cluster\":{},\"healthy\":{},\"problems\":{},\"warnings\":{},\"hosts\":{}}}\n",
             json_string(config.cluster), problems.empty(), json_strings(problems), json_strings(warnings), hosts);
}

Exit look(const Client& client, const Options& options) {
  Order order;
  order.what = orders::status;
  const std::vector<HostAnswer> answers = client.ask_all(order);
  std::vector<NamedAnswer> hosts;
  bool has_any = false;
  std::optional<Error> wrong;
  for (const HostAnswer& answer : answers) {
    Result<HostView> view(ErrorCode::failed, "");
    if (answer.json)
      view = read_host_view(*answer.json);
    else
      view = answer.json.error();
    has_any = has_any || answer.json.has_value();
    if (!view && view.error().code == ErrorCode::invalid) wrong = view.error();
    hosts.push_back({answer.host, std::move(view)});
  }
  const std::vector<std::string> problems = problems_of(hosts);
  if (options.common.json)
    print_json(client.config(), answers, problems, warnings_of(hosts));
  else
    print_text(client.config(), hosts, problems);
  std::fflush(stdout);
  if (has_any) return problems.empty() ? Exit::as_expected : Exit::expectation_failed;
  return wrong ? Exit::bad_usage : Exit::no_verdict;
}

Exit run(const Options& options) {
  const Result<Client> client = Client::open(options.common.config, answer_limit(options.common));
  if (!client) return fail(options.common, "heir status", client.error());
  if (!options.watch) return look(*client, options);
  const bool is_terminal = isatty(STDOUT_FILENO) == 1 && !options.common.json;
  while (std::ferror(stdout) == 0) {
    if (is_terminal) fmt::print("\033[H\033[2J");
    (void)look(*client, options);
    if (!is_terminal && !options.common.json) fmt::print("\n");
    std::this_thread::sleep_for(watch_pause);
  }
  return Exit::as_expected;  // As far as it could be shown.
}

}  // namespace

void add_status_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("status", "Show what every host of a cluster is, and what is wrong");
  add_operator_options(*command, options->common);
  command->add_flag("--watch", options->watch, "Look again every second, until Ctrl-C");
  command->footer(footer);
  command->callback([options, &chosen] { chosen = [options] { return run(*options); }; });
}

}  // namespace heir::tools
