#include <catch2/catch.hpp>

#include "scenarios/load.h"
#include "tools/on_hosts/auto_failover_system.h"
#include "tools/on_hosts/patroni_system.h"
#include "tools/on_hosts/repmgr_system.h"
#include "tools/on_hosts/system_refusals.h"

namespace heir::on_hosts {
namespace {

const std::vector<ClusterHost> hosts{{"store1", "10.77.0.1", "/none", true, false},
                                     {"store2", "10.77.0.2", "/none", true, false},
                                     {"host1", "10.77.0.3", "/none", false, true},
                                     {"host2", "10.77.0.4", "/none", false, true}};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Of "key: 7".
int number_at(const std::string& text, const std::string& key) {
  const std::size_t at = text.find("    " + key + ": ");
  REQUIRE(at != std::string::npos);
  return std::stoi(text.substr(at + key.size() + 6));
}

/// "fault 1 kind", of each.
std::vector<std::string> places(SystemKind system, const std::string& text) {
  const scenarios::Loaded loaded = scenarios::load_text("test.toml", "title = \"A test\"\n" + text);
  for (const std::string& message : loaded.messages) FAIL_CHECK(message);
  REQUIRE(loaded);
  std::vector<std::string> all;
  for (const Refusal& refusal : refusals_of(system, *loaded.scenario)) {
    CHECK_FALSE(refusal.why.empty());
    all.push_back(refusal.table + " " + std::to_string(refusal.number) + " " + refusal.key);
  }
  return all;
}

using Places = std::vector<std::string>;

}  // namespace

TEST_CASE("What is deployed has a name, and says what it is") {
  CHECK(to_string(SystemChoice{SystemKind::repmgr, true}) == "repmgr, tuned");
  CHECK(about({SystemKind::heir, false}).empty());
  CHECK(has(about({SystemKind::patroni, true}), "patroni with settings tuned"));
}

TEST_CASE("Who reads what need not be fresh goes to heir's read-only port, or to the databases of other systems") {
  const scenarios::Loaded loaded = scenarios::load_text("test.toml", "title = \"A test\"\n");
  REQUIRE(loaded);
  for (const SystemKind kind : system_kinds) {
    const std::unique_ptr<System> system = make_system({kind}, *loaded.scenario, hosts, "secret");
    const Access access = system->standby(hosts[3]);
    CHECK(access.address == "10.77.0.4");
    CHECK(access.port == (kind == SystemKind::heir ? tools::Ports().read_only : system->database(hosts[3]).port));
    CHECK_FALSE(access.read_write);  // Or no standby would let them in.
    CHECK(access.user.empty());
  }
}

TEST_CASE("Patroni replicates synchronously, on all members of etcd, at a pace that its rule allows") {
  for (const bool tuned : {false, true}) {
    const std::string text = patroni_text(hosts[3], hosts, 50, tuned);
    CHECK(has(text, "name: host2\n"));
    CHECK(has(text, "  hosts: 10.77.0.1:2379,10.77.0.2:2379\n"));
    CHECK(has(text, "    synchronous_mode: true\n    synchronous_mode_strict: true\n"));
    CHECK(has(text, "max_connections: 50\n"));
    CHECK(number_at(text, "ttl") >= number_at(text, "loop_wait") + 2 * number_at(text, "retry_timeout"));
  }
  CHECK(number_at(patroni_text(hosts[3], hosts, 50, false), "ttl") == 30);
  CHECK(number_at(patroni_text(hosts[3], hosts, 50, true), "ttl") < 30);
  const std::vector<std::string> etcd = etcd_arguments(hosts[1], hosts);
  CHECK(std::find(etcd.begin(), etcd.end(), "--enable-v2") != etcd.end());
  CHECK(std::find(etcd.begin(), etcd.end(),
                  "--initial-cluster=store1=http://10.77.0.1:2380,store2=http://10.77.0.2:2380") != etcd.end());
}

TEST_CASE("A node of pg_auto_failover is made once, and knows its monitor") {
  const std::string node = node_script(hosts[2], hosts[0], false);
  CHECK(has(node, "create postgres --hostname 10.77.0.3"));
  CHECK(has(node, "--monitor 'postgres://autoctl_node@10.77.0.1:5432/pg_auto_failover"));
  CHECK(has(node, ".made ]; then"));
  CHECK_FALSE(has(node, "config set"));
  CHECK(has(node_script(hosts[2], hosts[0], true), "config set"));
  CHECK_FALSE(has(monitor_script(hosts[0], false), "pgautofailover."));
  CHECK(has(monitor_script(hosts[0], true), "pgautofailover.node_considered_unhealthy_timeout = "));
}

TEST_CASE("repmgr makes the first host's database, and the others' as copies of it") {
  CHECK(has(repmgr_text(hosts[3], 2, false), "node_id=2\nnode_name='host2'\n"));
  CHECK_FALSE(has(repmgr_text(hosts[3], 2, false), "reconnect_interval"));  // Its default.
  CHECK(has(repmgr_text(hosts[3], 2, true), "reconnect_interval=1\n"));
  const std::string first = repmgr_database_script(hosts[2], hosts[2], 70);
  CHECK(has(first, "initdb"));
  CHECK(has(first, "max_connections = 70"));
  CHECK(has(first, "synchronous_standby_names = 'ANY 1 (*)'"));
  const std::string second = repmgr_database_script(hosts[3], hosts[2], 70);
  CHECK_FALSE(has(second, "initdb"));
  CHECK(has(second, "-h 10.77.0.3 -U repmgr"));
  CHECK(has(repmgr_daemon_script(hosts[3], hosts[2]), "standby register"));
  CHECK_FALSE(has(repmgr_daemon_script(hosts[2], hosts[2]), "standby register"));
}

TEST_CASE("What another system cannot do is refused, and what it can is not") {
  const std::string switchover = "[[fault]]\nkind = \"switchover\"\nat = \"5s\"\n";
  for (const SystemKind kind : system_kinds)
    CHECK(places(kind, switchover) == (kind == SystemKind::repmgr ? Places{"fault 0 kind"} : Places{}));
  const std::string everything =
      "[cluster]\nfenced_reads = true\n[policy]\nlease = false\n"
      "[[workload]]\nkind = \"register\"\nreads_from = \"standbys\"\n"
      "[[fault]]\nkind = \"crash\"\nat = \"5s\"\n"
      "[[fault]]\nkind = \"freeze\"\nat = \"5s\"\n"
      "[[fault]]\nkind = \"pause\"\ntarget = \"primary\"\nevery = \"5s\"\non = \"gate-opens\"\nfor = \"1s\"\n";
  CHECK(places(SystemKind::heir, everything).empty());
  CHECK(places(SystemKind::patroni, everything) ==
        Places{"cluster 0 fenced_reads", "policy 0 ", "fault 1 kind", "fault 2 on"});
  const std::string store = "[[fault]]\nkind = \"crash-store\"\ntarget = \"store:1\"\nat = \"5s\"\n";
  CHECK(places(SystemKind::patroni, store).empty());
  CHECK(places(SystemKind::auto_failover, store) == Places{"fault 0 "});
}

TEST_CASE("The power of a store that has folders for disks is not cut") {
  const auto crash = [](const std::string& target) {
    return "[[fault]]\nkind = \"crash\"\ntarget = \"" + target + "\"\nat = \"5s\"\nfor = \"5s\"\n";
  };
  const std::string all = "[[fault]]\nkind = \"power-off-all\"\nat = \"5s\"\nfor = \"5s\"\n";
  const std::string drawn =
      "[[fault]]\nkind = \"random\"\namong = [\"pause\", \"crash\"]\ntarget = \"store:1\"\nat = \"5s\"\nfor = \"5s\"\n";
  const std::string slow =
      "[[fault]]\nkind = \"slow-disk\"\ntarget = \"store-leader\"\nat = \"5s\"\nfor = \"5s\"\nfsync = \"1s\"\n";
  for (const SystemKind kind : system_kinds) CHECK(places(kind, crash("primary")).empty());
  for (const std::string& text : {crash("store:1"), all, drawn}) {
    CHECK(places(SystemKind::heir, text).empty());
    const Places refused = places(SystemKind::patroni, text);
    CHECK(refused == Places{text == drawn ? "fault 0 among" : "fault 0 kind"});
  }
  CHECK(places(SystemKind::patroni, slow) == Places{"fault 0 kind", "fault 0 target"});
  CHECK(places(SystemKind::auto_failover, all) == Places{"fault 0 kind"});
  CHECK(places(SystemKind::repmgr, all).empty());  // Nothing of it runs there.
}

TEST_CASE("Faults of disks and clocks that would not happen with another system are refused") {
  const auto fault = [](const std::string& kind, const std::string& more = "") {
    return "[[fault]]\nkind = \"" + kind + "\"\ntarget = \"primary\"\nat = \"5s\"\nfor = \"5s\"\n" + more;
  };
  const std::string lie = fault("bad-fsync", "answer = \"lie\"\n");
  const std::string step = "[[fault]]\nkind = \"clock-step\"\ntarget = \"primary\"\nat = \"5s\"\nby = \"1h\"\n";
  for (const SystemKind kind : system_kinds) {
    const Places refused = kind == SystemKind::heir ? Places{} : Places{"fault 0 kind"};
    for (const std::string& text : {lie, step, fault("bit-rot"), fault("swap-disk")})
      CHECK(places(kind, text) == refused);
    CHECK(places(kind, "[disk]\natlas = false\n" + lie).empty());
    for (const std::string& text : {fault("slow-disk", "fsync = \"1s\"\n"), fault("stuck-disk"), fault("disk-full"),
                                    fault("read-only-disk"), fault("bad-fsync", "answer = \"error\"\n")})
      CHECK(places(kind, text).empty());
  }
}

}  // namespace heir::on_hosts
