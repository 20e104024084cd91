// heir agent, heir store, heir init: the engine on real hosts.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>

#include "engine/store/lease.h"
#include "scenarios/mistakes.h"
#include "tools/command/commands.h"
#include "tools/command/text.h"
#include "tools/daemon/config.h"
#include "tools/daemon/init.h"
#include "tools/daemon/program.h"
#include "tools/daemon/setup.h"

namespace heir::tools {

namespace {

const char* const agent_footer =
    "Examples:\n"
    "  heir agent --config /etc/heir/agent.toml --check-config\n"
    "  heir agent --config /etc/heir/agent.toml --log json\n"
    "  heir agent --reference\n"
    "\n"
    "The peer with its gate, a member of the store where the configuration says so, and the database that they own.\n"
    "SIGTERM ends it; a primary hands over first. A database goes on when its agent ends, and is taken on by the "
    "next.\n"
    "SIGHUP has it read the configuration again; the log says what counts at once, and what needs a restart.\n"
    "\n"
    "Exit status: 0 ended by a signal, or the configuration is right; 1 it could not go on; 2 bad usage or "
    "configuration.\n";

const char* const store_footer =
    "Example:\n"
    "  heir store --config /etc/heir/agent.toml\n"
    "\n"
    "For a [[host]] with `store = true` and `peer = false`: a member of the store on a host without a database. Where "
    "there\n"
    "is a peer too, `heir agent` runs both.\n"
    "\n"
    "Exit status: 0 ended by a signal, or the configuration is right; 1 it could not go on; 2 bad usage or "
    "configuration.\n";

const char* const init_footer =
    "Examples:\n"
    "  heir init --cluster main --hosts a=10.0.0.1,b=10.0.0.2,c=10.0.0.3 --out new-cluster\n"
    "\n"
    "Writes a folder for each host, with its configuration and its secrets. Copy each to its host as /etc/heir, owned\n"
    "by root, and start `heir agent --config /etc/heir/agent.toml` there. The folder 'operator' is for whoever gives\n"
    "orders from elsewhere: `heir status --config operator/operator.toml`. All is written, or nothing; nothing\n"
    "that exists is replaced. It takes three hosts or more, and the first three keep the store.\n"
    "\n"
    "Exit status: 0 written; 2 bad usage, or a file is there already.\n";

struct AgentOptions {
  std::string config = "/etc/heir/agent.toml";
  bool check = false;
  bool reference = false;
  std::string log;    ///< "": as the configuration says.
  std::string level;  ///< The same.
};

struct InitOptions {
  std::string cluster;
  std::vector<std::string> hosts;
  std::string out;
};

/// What was looked at, and how soon a dead primary is replaced.
std::string summary_of(const std::string& file, const HostingConfig& config) {
  const TimingSection& timing = config.timing;
  const store::RateError error = agent_config(config).clock_error;
  std::string text = fmt::format(
      "{}: good for host '{}' of cluster '{}': {} hosts, the store on {}; its keys, password, user, folders{} are as "
      "they should be. The ports and PostgreSQL's opinion of its settings show when the agent starts.\n",
      file, config.name, config.cluster, config.hosts.size(), config.store_hosts().size(),
      config.self().peer ? " and programs" : "");
  if (config.self().peer)
    text += fmt::format(
        "A primary that dies can be replaced after {} to {}; one that stands still for less than {} goes on (the "
        "network's time apart).\n",
        rounded(store::earliest_detection(timing.session_ttl, error, timing.renewal)),
        rounded(store::latest_detection(timing.session_ttl, error, Duration::zero())),
        rounded(store::tolerated_pause(timing.session_ttl, error, timing.renewal, Duration::zero())));
  return text;
}

Exit check_config(const std::string& command, const std::string& file, const HostingConfig& config) {
  for (const std::string& warning : warnings_about(config)) complain(file + ": warning: " + warning);
  const std::vector<std::string> wrong = wrong_on_host(config);
  for (const std::string& message : wrong) complain("heir " + command + ": " + message);
  if (!wrong.empty()) return Exit::bad_usage;
  fmt::print("{}", summary_of(file, config));
  return Exit::as_expected;
}

/// `command` is "agent" or "store": what the host's entry must be for.
Exit run_program(const std::string& command, const AgentOptions& options) {
  if (options.reference) {
    fmt::print("{}", config_reference());
    return Exit::as_expected;
  }
  const LoadedConfig loaded = load_config(options.config);
  for (const std::string& message : loaded.messages) std::fprintf(stderr, "%s\n", message.c_str());
  if (!loaded.config) return Exit::bad_usage;
  const HostEntry& self = loaded.config->self();
  const std::string wanted = self.peer ? "agent" : self.store ? "store" : "";
  if (wanted != command) {
    complain("heir " + command + ": " + options.config + ": on host '" + self.name + "' " +
             (wanted.empty() ? "nothing runs: it has neither `store` nor `peer`" : "runs `heir " + wanted + "`"));
    return Exit::bad_usage;
  }
  if (options.check) return check_config(command, options.config, *loaded.config);
  ProgramOptions program;
  std::error_code unknown;
  program.config_path = std::filesystem::absolute(options.config, unknown).string();  // before it leaves for /
  const Result<Prepared> prepared = prepare_host(*loaded.config);
  if (!prepared) {
    complain("heir " + command + ": " + prepared.error().message);
    return Exit::bad_usage;
  }
  if (!options.log.empty())
    program.log_format = options.log == "json" ? hosts::LogFormat::json : hosts::LogFormat::text;
  if (options.level == "debug") program.log_level = LogLevel::debug;
  if (options.level == "info") program.log_level = LogLevel::info;
  if (options.level == "warning") program.log_level = LogLevel::warning;
  if (options.level == "error") program.log_level = LogLevel::error;
  return run_agent_program(*loaded.config, *prepared, program) == 0 ? Exit::as_expected : Exit::expectation_failed;
}

/// What is wrong with the hosts of a new cluster, by name.
std::vector<std::string> wrong_with_hosts(const std::vector<NamedAddress>& hosts) {
  std::vector<std::string> wrong;
  std::map<std::string, std::string> names;      // to the address
  std::map<std::string, std::string> addresses;  // to the name
  for (const NamedAddress& host : hosts) {
    const std::string whose = "host '" + scenarios::printable(host.name) + "': ";
    if (const auto problem = wrong_with_name(host.name))
      wrong.push_back("a host's name: " + *problem);
    else if (host.name == operator_folder)
      wrong.push_back(whose + "no host is called so, for the operator's folder is");
    if (const auto problem = wrong_with_address(host.address)) wrong.push_back(whose + "its address: " + *problem);
    if (const auto [first, is_new] = names.emplace(host.name, host.address); !is_new)
      wrong.push_back(whose + "is there twice, at " + scenarios::printable(first->second) + " and " +
                      scenarios::printable(host.address) + "; names tell hosts apart");
    if (const auto [first, is_new] = addresses.emplace(host.address, host.name); !is_new)
      wrong.push_back(whose + "its address is that of host '" + scenarios::printable(first->second) + "', too");
  }
  if (hosts.size() < 3)
    wrong.push_back("found " + std::to_string(hosts.size()) + (hosts.size() == 1 ? " host" : " hosts") +
                    "; expected 3 or more, for the first three keep the store. One of them may do only that, where "
                    "`peer = false` is written at its [[host]] in every agent.toml afterwards");
  return wrong;
}

Exit run_init(const InitOptions& options) {
  std::vector<std::string> wrong;
  if (const auto problem = wrong_with_name(options.cluster)) wrong.push_back("--cluster: " + *problem);
  std::vector<NamedAddress> hosts;
  for (const std::string& text : options.hosts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
      wrong.push_back("--hosts: '" + scenarios::printable(text) + "' is not NAME=ADDRESS, as a=10.0.0.1");
    else
      hosts.push_back({text.substr(0, equals), text.substr(equals + 1)});
  }
  if (hosts.size() == options.hosts.size())
    for (const std::string& each : wrong_with_hosts(hosts)) wrong.push_back("--hosts: " + each);
  for (const std::string& each : wrong) complain("heir init: " + each);
  if (!wrong.empty()) return Exit::bad_usage;
  const Result<> written = write_new_cluster(options.cluster, hosts, options.out);
  if (!written) {
    complain("heir init: " + written.error().message);
    return Exit::bad_usage;
  }
  for (const NamedAddress& host : hosts)
    std::printf("%s/%s: copy it to %s as /etc/heir\n", options.out.c_str(), host.name.c_str(), host.address.c_str());
  std::printf("%s/%s: keep it for yourself: `heir status --config %s/%s/operator.toml`\n", options.out.c_str(),
              operator_folder, options.out.c_str(), operator_folder);
  return Exit::as_expected;
}

}  // namespace

namespace {

void add_program(CLI::App& app, Chosen& chosen, const std::string& name, const char* about, const char* footer) {
  auto options = std::make_shared<AgentOptions>();
  CLI::App* command = app.add_subcommand(name, about);
  command->add_option("--config", options->config, "Default /etc/heir/agent.toml")->type_name("FILE");
  command->add_flag("--check-config", options->check,
                    "Only tell what is wrong with the configuration, the keys, the user, the folders and the programs");
  if (name == "agent")
    command->add_flag("--reference", options->reference, "Print every table and key of agent.toml, as Markdown");
  command->add_option("--log", options->log, "text or json, on standard error; default: as the configuration says")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
  command
      ->add_option("--log-level", options->level, "debug, info, warning or error; default: as the configuration says")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  command->footer(footer);
  command->callback([name, options, &chosen] { chosen = [name, options] { return run_program(name, *options); }; });
}

}  // namespace

void add_agent_command(CLI::App& app, Chosen& chosen) {
  add_program(app, chosen, "agent", "Run a peer of a cluster on this host, with the database beside it", agent_footer);
  add_program(app, chosen, "store", "Run a member of a cluster's store on a host without a peer", store_footer);
}

void add_init_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<InitOptions>();
  CLI::App* command = app.add_subcommand("init", "Write the configurations and keys of a new cluster's hosts");
  command->add_option("--cluster", options->cluster, "Its name")->type_name("NAME")->required();
  command->add_option("--hosts", options->hosts, "NAME=ADDRESS,… in the order in which they stand everywhere")
      ->type_name("HOSTS")
      ->delimiter(',')
      ->required();
  command->add_option("--out", options->out, "The folder to write to")->type_name("DIR")->required();
  command->footer(init_footer);
  command->callback([options, &chosen] { chosen = [options] { return run_init(*options); }; });
}

}  // namespace heir::tools
