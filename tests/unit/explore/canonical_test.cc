// Canonical states: one text for worlds that differ by who is which or by bare numbers only, another for all others.
#include "tools/explore/canonical.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

using namespace heir;
using namespace heir::tools;

namespace {

using Texts = std::vector<HostText>;

/// What a Glance shows, of a cluster that is written down by hand.
class World final : public sim::Glance {
 public:
  std::map<std::string, std::string> states;
  Duration time;

  sim::VirtualTime now() const override { return sim::VirtualTime() + time; }
  std::uint64_t events() const override { return 0; }
  std::vector<std::string> everybody() const override {
    std::vector<std::string> all;
    for (const auto& [name, state] : states) all.push_back(name);
    return all;
  }
  std::string state_of(std::string_view name) const override { return states.at(std::string(name)); }
  const std::vector<sim::StoryLine>& story() const override { return story_; }

 private:
  std::vector<sim::StoryLine> story_;
};

std::string peer(const std::string& role, int log_end) {
  const std::string end = "1@0/" + std::to_string(log_end);
  return "role: " + role + "\nlog ends at: " + end + "\nlog is flushed up to: " + end + "\n";
}

World takeover() {
  World world;
  world.states["cluster"] =
      "version: 7\ngeneration: 2\nprimary: host2\nsync: host3\nasync: -\ndeposed: host1\nleader of the store: store2\n";
  world.states["host1"] = peer("-", 900);
  world.states["host2"] = peer("primary of generation 2", 1'000);
  world.states["host3"] = peer("sync of generation 2", 1'000);
  world.states["store1"] = "power: on\nleads: no\n";
  world.states["store2"] = "power: on\nleads: yes, in term 4\n";
  world.states["store3"] = "power: on\nleads: no\n";
  world.states["client1"] = "operation under way: read\n";
  return world;
}

/// The same with each host's part played by the next one.
World shifted(const World& world) {
  World other = world;
  const auto next = [](int n) { return n % 3 + 1; };
  for (const int n : {1, 2, 3})
    for (const std::string name : {"host", "store"})
      other.states[name + std::to_string(next(n))] = world.states.at(name + std::to_string(n));
  std::string& cluster = other.states["cluster"];
  for (const std::string key : {"primary: host", "sync: host", "deposed: host"}) {
    char& digit = cluster[cluster.find(key) + key.size()];
    digit = static_cast<char>('0' + next(digit - '0'));
  }
  return other;
}

scenarios::Fault fault(scenarios::FaultKind kind, scenarios::Target target, int at, std::optional<int> lasts) {
  scenarios::Fault fault;
  fault.kind = kind;
  fault.target = target;
  fault.at = {Duration::seconds(at), Duration::seconds(at)};
  if (lasts) fault.lasts = {Duration::seconds(*lasts), Duration::seconds(*lasts)};
  return fault;
}
constexpr scenarios::Target host(int n) {
  return {scenarios::TargetKind::host, n};
}
constexpr scenarios::Target member(int n) {
  return {scenarios::TargetKind::store_member, n};
}

}  // namespace

TEST_CASE("peers and members that change places leave the state as it is") {
  const World world = takeover();
  const World other = shifted(world);
  REQUIRE(other.states.at("cluster") != world.states.at("cluster"));
  CHECK(canonical_state(other, {}).text == canonical_state(world, {}).text);
}

TEST_CASE("a state differs where one peer has another role, a longer log, or is called something else") {
  const World world = takeover();
  const std::string text = canonical_state(world, {}).text;
  for (const auto& [name, state] : std::map<std::string, std::string>{
           {"host3", peer("async of generation 2", 1'000)},
           {"host1", peer("-", 1'100)},
           {"host3", peer("sync of generation 2", 999)},
           {"cluster", "version: 7\ngeneration: 2\nprimary: host2\nsync: host1\nasync: -\ndeposed: host3\n"},
           {"store1", "power: off\nleads: no\n"}}) {
    World other = world;
    other.states[name] = state;
    CAPTURE(name, state);
    CHECK(canonical_state(other, {}).text != text);
  }
}

TEST_CASE("numbers, versions, clients and the length of logs are no part of a state") {
  World world = takeover();
  const std::string text = canonical_state(world, {}).text;
  world.states["cluster"] =
      "version: 9\ngeneration: 3\nprimary: host2\nsync: host3\nasync: -\ndeposed: host1\nleader of the store: store2\n";
  world.states["host1"] = peer("-", 99'999);
  world.states["host2"] = peer("primary of generation 3", 100'000);  // a longer log in fewer places of its digits
  world.states["host3"] = peer("sync of generation 3", 100'000);
  world.states["store2"] = "power: on\nleads: yes, in term 5\n";
  world.states["client1"] = "operation under way: -\n";
  CHECK(canonical_state(world, {}).text == text);
}

TEST_CASE("of hosts that are alike all but the first are twins") {
  const Texts peers{{"host1", "role: async\nfollows: host2\n"},
                    {"host2", "role: primary\n"},
                    {"host3", "role: async\nfollows: host2\n"}};
  const Texts members{{"store1", "leads: no\n"}, {"store2", "leads: yes\n"}, {"store3", "leads: no\n"}};
  CHECK(canonical(peers, members, "primary: host2\n").twins == std::vector<std::string>{"host3", "store3"});
  SECTION("the cluster tells them apart") {
    CHECK(canonical(peers, {}, "primary: host2\nasync: host1 host3\n").twins.empty());
  }
  SECTION("each follows the next, and all three are alike") {
    const Texts ring{{"host1", "follows: host2\n"}, {"host2", "follows: host3\n"}, {"host3", "follows: host1\n"}};
    CHECK(canonical(ring, {}, "").twins == std::vector<std::string>{"host2", "host3"});
  }
  SECTION("two pairs: hosts of one kind that cannot be exchanged with each other alone") {
    const Texts pairs{{"host1", "role: a\nnext: host3\n"},
                      {"host2", "role: a\nnext: host4\n"},
                      {"host3", "role: b\n"},
                      {"host4", "role: b\n"}};
    CHECK(canonical(pairs, {}, "").twins == std::vector<std::string>{"host2", "host4"});
    const Texts crossed{{"host1", "role: a\nnext: host4\n"},
                        {"host2", "role: a\nnext: host3\n"},
                        {"host3", "role: b\n"},
                        {"host4", "role: b\n"}};
    CHECK(canonical(pairs, {}, "").text == canonical(crossed, {}, "").text);
    const Texts both{{"host1", "role: a\nnext: host3\n"},
                     {"host2", "role: a\nnext: host3\n"},
                     {"host3", "role: b\n"},
                     {"host4", "role: b\n"}};
    CHECK(canonical(pairs, {}, "").text != canonical(both, {}, "").text);
  }
}

TEST_CASE("a fault that lasts is part of the state, on the host that it struck") {
  World world = takeover();
  world.time = Duration::seconds(12);
  const std::string text = canonical_state(world, {}).text;
  using scenarios::FaultKind;
  const Mark on_host1(fault(FaultKind::partition, host(1), 10, 5));
  const std::string partitioned = canonical_state(world, {on_host1}).text;
  CHECK(partitioned != text);
  CHECK(canonical_state(world, {Mark(fault(FaultKind::partition, host(2), 10, 5))}).text != partitioned);
  CHECK(canonical_state(world, {Mark(fault(FaultKind::partition, host(1), 11, 5))}).text == partitioned);
  CHECK(canonical_state(world, {Mark(fault(FaultKind::partition, host(1), 10, 6))}).text != partitioned);
  // As is one on a member of the store, which makes it another than its twin.
  CHECK(canonical_state(world, {}).twins == std::vector<std::string>{"store3"});
  CHECK(canonical_state(world, {Mark(fault(FaultKind::clog, member(1), 10, 5))}).twins.empty());

  world.time = Duration::seconds(15);
  CHECK(canonical_state(world, {on_host1}).text == text);
}

TEST_CASE("a clock or a disk is not what it was after its fault") {
  using scenarios::FaultKind;
  Mark step(fault(FaultKind::clock_step, host(1), 10, std::nullopt));
  CHECK(step.text(Duration::seconds(9)).empty());
  CHECK_FALSE(step.text(Duration::seconds(11)).empty());
  Mark freeze(fault(FaultKind::clock_freeze, host(1), 10, 5));
  CHECK_FALSE(freeze.text(Duration::seconds(16)).empty());
  CHECK(freeze.text(Duration::seconds(16)) != freeze.text(Duration::seconds(12)));
  // A process is; and a host that stays off shows it.
  CHECK(Mark(fault(FaultKind::pause, host(1), 10, 5)).text(Duration::seconds(16)).empty());
  CHECK(Mark(fault(FaultKind::crash, host(1), 10, std::nullopt)).text(Duration::seconds(16)).empty());
  // Links that are cut for ever do not.
  CHECK_FALSE(Mark(fault(FaultKind::partition, host(1), 10, std::nullopt)).text(Duration::seconds(16)).empty());
}

TEST_CASE("numbers and identities go, names of hosts stay") {
  CHECK(without_numbers("sync of generation 12") == "sync of generation #");
  CHECK(without_numbers("waits for host12, not ghost12") == "waits for host12, not ghost#");
  CHECK(without_numbers("a2b4be70-b2c1-4db5-aa09-8326d1fa3e71 is gone") == "peer is gone");
  CHECK(without_numbers("a2b4be70-b2c1-4db5-aa09 is none") == "a#b#be#-b#c#-#db#-aa# is none");
}

TEST_CASE("the hash is FNV-1a of 128 bits") {
  CHECK(hash_of("") == "6c62272e07bb014262b821756295c58d");
  CHECK(hash_of("a") == "d228cb696f1a8caf78912b704e4a8964");
}
