// heir hosts: the worlds of real hosts that this machine has, and what killed ones left.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tools/command/commands.h"
#include "tools/testbed/registry.h"
#include "tools/testbed/world.h"

namespace heir::tools {

namespace {

const char* const footer =
    "A world is what a scenario on real hosts runs in: namespaces, their network, their files in\n"
    "/var/lib/heir-testbed. It goes with the run. When that is killed, processes and network go\n"
    "with it, and the files stay until they are cleaned away.\n"
    "\n"
    "Examples:\n"
    "  heir hosts list\n"
    "  heir hosts clean      # what is in use stays\n"
    "\n"
    "Exit status: 0 done; 2 it could not be done.\n";

nlohmann::json json_of(const testbed::WorldRecord& world) {
  return {{"world", world.name}, {"process", world.harness.process}, {"in_use", world.in_use()}};
}

Exit list(bool json) {
  const Result<std::vector<testbed::WorldRecord>> worlds = testbed::recorded_worlds();
  if (!worlds) {
    complain(worlds.error().message);
    return Exit::bad_usage;
  }
  if (json) {
    nlohmann::json all = nlohmann::json::array();
    for (const testbed::WorldRecord& each : *worlds) all.push_back(json_of(each));
    std::printf("%s\n", nlohmann::json{{"worlds", all}}.dump().c_str());
    return Exit::as_expected;
  }
  for (const testbed::WorldRecord& each : *worlds) {
    std::printf("%s  %s of process %d\n", each.name.c_str(), each.in_use() ? "in use," : "left over,",
                static_cast<int>(each.harness.process));
  }
  return Exit::as_expected;
}

Exit clean(bool json) {
  if (const Result<> can = testbed::can_make_worlds(); !can && can.error().code == ErrorCode::refused) {
    complain("heir hosts clean needs root, because worlds are root's");
    return Exit::bad_usage;
  }
  const Result<testbed::CleanedWorlds> cleaned = testbed::clean_worlds();
  if (!cleaned) {
    complain(cleaned.error().message);
    return Exit::bad_usage;
  }
  if (json) {
    nlohmann::json in_use = nlohmann::json::array();
    for (const testbed::WorldRecord& each : cleaned->in_use) in_use.push_back(json_of(each));
    std::printf("%s\n", nlohmann::json{{"removed", cleaned->removed}, {"in_use", in_use}}.dump().c_str());
    return Exit::as_expected;
  }
  for (const std::string& each : cleaned->removed) std::printf("removed %s\n", each.c_str());
  for (const testbed::WorldRecord& each : cleaned->in_use) {
    std::printf("kept %s, which process %d uses\n", each.name.c_str(), static_cast<int>(each.harness.process));
  }
  return Exit::as_expected;
}

}  // namespace

void add_hosts_command(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("hosts", "Worlds of real hosts on this machine: see them, remove leftovers");
  require_command(*command, chosen);
  command->footer(footer);
  const auto add = [&](const char* name, const char* about, Exit (*act)(bool)) {
    auto json = std::make_shared<bool>(false);
    CLI::App* action = command->add_subcommand(name, about);
    action->add_flag("--json", *json, "One JSON object");
    action->callback([json, act, &chosen] { chosen = [json, act] { return act(*json); }; });
  };
  add("list", "Every world, and whether its run is still there", list);
  add("clean", "Remove what killed runs left", clean);
}

}  // namespace heir::tools
