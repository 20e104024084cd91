// heir agent, heir store, heir init: the engine on real hosts.
#include <cstdio>
#include <filesystem>
#include <memory>

#include "scenarios/mistakes.h"
#include "tools/command/commands.h"
#include "tools/hosting/config.h"
#include "tools/hosting/init.h"
#include "tools/hosting/program.h"
#include "tools/hosting/setup.h"

namespace heir::tools {

namespace {

const char* const agent_footer =
    "Examples:\n"
    "  heir agent --config /etc/heir/agent.toml --check-config\n"
    "  heir agent --config /etc/heir/agent.toml --log json\n"
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
    "orders from elsewhere: `heir status --config operator/operator.toml`. Nothing that exists is replaced.\n"
    "\n"
    "Exit status: 0 written; 2 bad usage, or a file is there already.\n";

struct AgentOptions {
  std::string config = "/etc/heir/agent.toml";
  bool check = false;
  std::string log;    ///< "": as the configuration says.
  std::string level;  ///< The same.
};

struct InitOptions {
  std::string cluster;
  std::vector<std::string> hosts;
  std::string out;
};

/// `command` is "agent" or "store": what the host's entry must be for.
Exit run_program(const std::string& command, const AgentOptions& options) {
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
  if (options.check) {
    if (const auto keys = read_keys(*loaded.config); !keys) {
      complain("heir " + command + ": " + keys.error().message);
      return Exit::bad_usage;
    }
    return Exit::as_expected;
  }
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

Exit run_init(const InitOptions& options) {
  std::vector<NamedAddress> hosts;
  std::vector<std::string> keys;
  for (const std::string& text : options.hosts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) {
      complain("heir init: --hosts: '" + scenarios::printable(text) + "' is not NAME=ADDRESS, as a=10.0.0.1");
      return Exit::bad_usage;
    }
    hosts.push_back({text.substr(0, equals), text.substr(equals + 1)});
    if (hosts.back().name == operator_folder) {
      complain("heir init: --hosts: no host is called 'operator', for the operator's folder is");
      return Exit::bad_usage;
    }
    keys.push_back(std::string(40, '0'));
  }
  if (hosts.empty()) return Exit::bad_usage;
  // What would be wrong with the files is wrong with the command.
  const LoadedConfig tried =
      load_config_text("--hosts", "/", config_text(options.cluster, hosts.front().name, hosts, keys));
  for (const std::string& message : tried.messages) {
    // The places are of a text that nobody sees.
    const std::string line = message.substr(0, message.find('\n'));
    const std::size_t quote = line.find('\'');
    complain("heir init: --hosts, --cluster: " + line.substr(quote == std::string::npos ? 0 : quote));
  }
  if (!tried.config) return Exit::bad_usage;
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
  command->add_flag("--check-config", options->check, "Only tell what is wrong with the configuration and the keys");
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
