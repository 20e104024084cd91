#include "tools/on_hosts/cluster_files.h"

#include <catch2/catch.hpp>
#include <filesystem>

#include "scenarios/load.h"
#include "tools/on_hosts/refusals.h"

namespace heir::on_hosts {
namespace {

void add_hosts(tools::HostingConfig& config) {
  config.name = "host1";
  const std::string key(40, 'k');
  for (const char* name : {"store1", "store2", "store3"}) config.hosts.push_back({name, "", key, true, false});
  config.hosts.push_back({"host1", "", key, false, true});
  config.hosts.push_back({"operator", "", key, false, false});
  for (std::size_t i = 0; i < config.hosts.size(); ++i) config.hosts[i].address = "10.77.0." + std::to_string(i + 1);
}

}  // namespace

TEST_CASE("Whatever scenario hosts take, their agents take, rules that lose data too") {
  std::size_t weakened = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(HEIR_SOURCE_DIR) / "scenarios")) {
    if (entry.path().extension() != ".toml") continue;
    INFO(entry.path());
    const scenarios::Loaded loaded = scenarios::load_file(entry.path().string());
    REQUIRE(loaded);
    if (!refusals(*loaded.scenario).empty()) continue;
    tools::HostingConfig config = hosting_config(*loaded.scenario);
    add_hosts(config);
    const tools::LoadedConfig read = tools::load_config_text("agent.toml", "/srv/etc", tools::write_config(config));
    for (const std::string& message : read.messages) FAIL_CHECK(message);
    REQUIRE(read.config);
    CHECK(read.config->policy == config.policy);
    CHECK(read.config->timing == config.timing);
    if (!tools::weakened_rules(config).empty()) ++weakened;
  }
  CHECK(weakened >= 10);
}

TEST_CASE("What hosts are given reads back as what the scenario says") {
  const scenarios::Loaded loaded = scenarios::load_text(
      "test.toml",
      "title = \"A test\"\n"
      "cluster = { peers = 3, policy = \"manatee\", fenced_reads = true, max_lag = \"3s\" }\n"
      "[policy]\nacknowledge = \"nothing\"\nlease = false\n"
      "[store]\nheartbeat = \"150ms\"\nelection = \"600ms\"\nsnapshot_every = 77\n"
      "[timing]\nsession_ttl = \"3s\"\nrenewal = \"700ms\"\nclock_bound = \"2%\"\nretry_first = \"50ms\"\n"
      "restart_attempts = 7\n[server]\nconnections = 33\n");
  for (const std::string& message : loaded.messages) FAIL_CHECK(message);
  REQUIRE(loaded);
  tools::HostingConfig config = hosting_config(*loaded.scenario);
  add_hosts(config);

  const tools::LoadedConfig read = tools::load_config_text("agent.toml", "/srv/etc", tools::write_config(config));
  for (const std::string& message : read.messages) FAIL_CHECK(message);
  REQUIRE(read.config);
  CHECK(read.config->hosts == config.hosts);
  CHECK(read.config->timing == config.timing);
  CHECK(read.config->postgresql == config.postgresql);
  CHECK(read.config->policy == config.policy);
  CHECK(read.config->fenced_reads);
  CHECK(read.config->gate.max_lag == Duration::seconds(3));
  CHECK(read.config->data == "/srv/heir");
  CHECK(read.config->timing.snapshot_every == 77);
  CHECK(read.config->timing.clock_bound == scenarios::Ratio::percent(2));
  CHECK(failover::switch_value(read.config->policy, "acknowledge") == "nothing");
  // Clients that read from standbys are let in there.
  const agent::Config agent = tools::agent_config(*read.config);
  REQUIRE(agent.read_only);
  CHECK(agent.read_only->listen.value() == "10.77.0.4:" + std::to_string(tools::Ports().read_only));
  CHECK(read.config->postgresql.settings.back() == "max_connections = 33");
}

}  // namespace heir::on_hosts
