// Members of the replicated store and their clients, on simulated hosts.
#include <catch2/catch.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/store/inbox.h"
#include "engine/store/member.h"
#include "engine/store/remote_store.h"
#include "sim/process/sim_host.h"

using namespace heir;
using namespace heir::store;
using sim::UnsyncedFate;

namespace {

const ServiceName service("main");
constexpr std::uint16_t port = 5600;

Task<void> idle(Host& host) {
  while (true) co_await host.sleep(Duration::seconds(1000));
}

template <class T>
Task<void> keep(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
}

struct World {
  explicit World(int count = 3, std::uint64_t snapshot_every = 1000, std::uint64_t seed = 1, int spare = 0)
      : kernel(seed), snapshots(snapshot_every), founders(static_cast<std::size_t>(count)) {
    for (int n = 1; n <= count + spare; ++n) {
      machines.push_back(
          std::make_unique<sim::Machine>(kernel, network, sim::MachineParameters{"store" + std::to_string(n)}));
      addresses.emplace_back("store" + std::to_string(n) + ":" + std::to_string(port));
      REQUIRE(member(n).disk().make_directories("/store"));
      REQUIRE(member(n).disk().sync_tree_now("/store"));
      member(n).log_to([this, n](const sim::LogLine& line) { on_log(n, line); });
    }
    for (int n = 1; n <= count; ++n) start(n, true);
    sim::Process& process = desk.start("client");
    sim::run_main(process, desk.address(port), idle);
    pass(Duration::milliseconds(1));
    Host& host = *sim::host_of(process);
    inbox = std::make_unique<Inbox>(host);
    RemoteStoreOptions options;
    options.servers = addresses;
    options.owner = PeerId("a");
    options.timeout = Duration::seconds(10);
    remote = std::make_unique<RemoteStore>(host, *inbox, options);
    scope.spawn(inbox->run());
  }
  ~World() { scope.cancel(); }

  sim::Machine& member(int n) { return *machines[static_cast<std::size_t>(n - 1)]; }
  void start(int n, bool is_new = false) { start_as(n, static_cast<std::uint64_t>(n), is_new); }
  /// The member of this id, on host n; one that founded nothing joins.
  void start_as(int n, std::uint64_t id, bool is_new) {
    MemberOptions options;
    options.cluster = ClusterId(7);
    for (std::size_t i = 0; i < founders && id <= founders; ++i)
      options.founders.push_back({raft::MemberId(i + 1), addresses[i], true});
    options.folder = "/store/member";
    options.is_new = is_new;
    options.protocol.self = raft::MemberId(id);
    options.protocol.election_ticks = 5;
    options.protocol.entries_kept = snapshots / 4;
    options.snapshot_every = snapshots;
    sim::run_main(member(n).start("store"), member(n).address(port),
                  [options](Host& host) { return serve_member(host, options); });
  }
  void power_off(int n) { member(n).power_off(UnsyncedFate::draw); }
  void boot(int n) {
    member(n).boot();
    start(n);
  }
  void on_log(int n, const sim::LogLine& line) {
    std::string text(line.event);
    for (const Field& field : line.fields) text += " " + std::string(field.key) + "=" + field.value;
    if (line.event == "store-stopped" || line.event == "store-refused") stopped = text;
    if (text.find("role=leader") != std::string::npos) leader = n;
  }
  int other_than(int n) { return n == 1 ? 2 : 1; }

  void pass(Duration time) { kernel.run({kernel.now() + time}); }
  template <class T>
  std::optional<T> within(Duration time, Task<T> task) {
    std::optional<T> result;
    Scope here;
    here.spawn(keep(std::move(task), result));
    const sim::VirtualTime end = kernel.now() + time;
    while (!result && kernel.now() < end) pass(Duration::milliseconds(10));
    return result;
  }
  template <class T>
  T wait(Task<T> task) {
    std::optional<T> result = within(Duration::seconds(30), std::move(task));
    REQUIRE(result);
    return std::move(*result);
  }
  SessionId open(Duration ttl = Duration::seconds(60)) { return wait(remote->open_session(ttl)).value().id; }
  SwapOutcome swap(SessionId session, std::uint64_t expected, const std::string& document) {
    return wait(remote->compare_and_swap(Swap{session, service, Index(expected), document, std::nullopt}));
  }
  View view() { return wait(remote->read(service)).value(); }
  bool alive(SessionId session) { return view().alive(session); }
  /// Asked again until it is done.
  void change(const raft::Change& wanted) {
    for (int attempt = 0; attempt < 100; ++attempt) {
      const Result<> done = wait(remote->change_members(wanted));
      if (done) return;
      INFO(to_string(done.error()));
      REQUIRE(done.error().code == ErrorCode::conflict);
      pass(Duration::milliseconds(100));
    }
    FAIL("it is never done");
  }
  void join(int n, std::uint64_t id) {
    start_as(n, id, true);
    change(raft::AddLearner{raft::MemberId(id), addresses[static_cast<std::size_t>(n - 1)]});
    change(raft::Promote{raft::MemberId(id)});
  }
  std::string members() {
    std::string text;
    const Members now = wait(remote->members()).value();
    for (const raft::Member& m : now.members)
      text += (text.empty() ? "" : " ") + std::to_string(m.id.value()) + (m.votes ? "" : "?");
    return text;
  }

  sim::LinkFaultId cut(std::vector<sim::DirectedLink> links) {
    sim::LinkFault fault;
    std::sort(links.begin(), links.end());
    fault.links = std::move(links);
    fault.blocked = true;
    return network.apply(std::move(fault));
  }
  /// The member from all others, both ways; clients still reach it.
  sim::LinkFaultId cut_from_members(int n) {
    std::vector<sim::DirectedLink> links;
    for (const auto& other : machines) {
      if (other->node() == member(n).node()) continue;
      links.push_back({other->node(), member(n).node()});
      links.push_back({member(n).node(), other->node()});
    }
    return cut(std::move(links));
  }

  sim::Kernel kernel;
  sim::Network network{kernel, sim::NetworkParameters{}};
  std::uint64_t snapshots;
  std::size_t founders;
  std::string stopped;
  int leader = 0;
  std::vector<std::unique_ptr<sim::Machine>> machines;
  std::vector<Address> addresses;
  sim::Machine desk{kernel, network, sim::MachineParameters{"desk"}};
  std::unique_ptr<Inbox> inbox;
  std::unique_ptr<RemoteStore> remote;
  Scope scope;
};

}  // namespace

TEST_CASE("a client finds the leader, and another one when it is gone") {
  World w;
  const SessionId session = w.open();
  const StoreId store = *w.remote->identity();
  CHECK(std::get<Swapped>(w.swap(session, 0, "one")).index == Index(1));
  const int first = w.leader;
  w.power_off(first);
  CHECK(std::get<Swapped>(w.swap(session, 1, "two")).index == Index(2));
  CHECK(w.leader != first);
  w.boot(first);
  CHECK(w.view().document->content == "two");
  CHECK(*w.remote->identity() == store);
  CHECK(std::get<Conflict>(w.swap(session, 1, "three")).current.document->content == "two");
}

TEST_CASE("a compare-and-swap whose answer was lost is answered as it went, by another leader too") {
  World w;
  const SessionId session = w.open();
  const int first = w.leader;
  const sim::LinkFaultId mute = w.cut({{w.member(first).node(), w.desk.node()}});
  std::optional<SwapOutcome> outcome;
  w.scope.spawn(keep(w.remote->compare_and_swap(Swap{session, service, Index(0), "once", std::nullopt}), outcome));
  w.pass(Duration::milliseconds(90));  // Committed by then, and not asked again yet.
  CHECK_FALSE(outcome);
  w.power_off(first);
  w.network.lift(mute);
  w.pass(Duration::seconds(5));
  REQUIRE(outcome);
  CHECK(std::get<Swapped>(*outcome).index == Index(1));
  CHECK(w.wait(w.remote->history(service, Index(1), Index(9))).value().size() == 1);
}

TEST_CASE("sessions end by the leader's clock, and a new leader grants a full ttl") {
  World w;
  const Duration ttl = Duration::seconds(3);
  const SessionId session = w.open(ttl);
  const SessionId lasting = w.open();
  REQUIRE(w.wait(w.remote->register_instance(session, service, Instance{PeerId("a"), "a", {}, ""})));
  const sim::VirtualTime renewed = w.kernel.now();
  REQUIRE(w.wait(w.remote->renew(session)));
  w.pass(Duration::seconds(2));
  w.power_off(w.leader);
  REQUIRE(std::holds_alternative<Swapped>(w.swap(lasting, 0, "x")));  // There is a new leader.
  const sim::VirtualTime elected = w.kernel.now();
  while (w.alive(session)) w.pass(Duration::milliseconds(20));
  CHECK(w.kernel.now() > renewed + ttl + Duration::seconds(1));
  CHECK(w.kernel.now() < elected + ttl + Duration::milliseconds(300));
  CHECK(w.view().members.empty());
  CHECK(w.alive(lasting));
  CHECK(w.wait(w.remote->renew(session)).error().code == ErrorCode::session_over);
}

TEST_CASE("a leader without a majority acknowledges neither reads nor renewals nor writes") {
  World w;
  const SessionId session = w.open();
  REQUIRE(std::holds_alternative<Swapped>(w.swap(session, 0, "x")));
  // The client reaches nobody but the leader.
  std::vector<sim::DirectedLink> links;
  for (int n = 1; n <= 3; ++n)
    if (n != w.leader) links.push_back({w.desk.node(), w.member(n).node()});
  w.cut(links);
  const sim::LinkFaultId apart = w.cut_from_members(w.leader);
  const int former = w.leader;
  CHECK_FALSE(w.within(Duration::seconds(4), w.remote->renew(session)));
  CHECK_FALSE(w.within(Duration::seconds(4), w.remote->read(service)));
  CHECK_FALSE(
      w.within(Duration::seconds(4), w.remote->compare_and_swap(Swap{session, service, Index(1), "y", std::nullopt})));
  CHECK(w.leader != former);
  w.network.lift(apart);
}

TEST_CASE("a session whose end is under way is not renewed") {
  World w;
  const SessionId session = w.open(Duration::seconds(1));
  REQUIRE(std::holds_alternative<Swapped>(w.swap(session, 0, "x")));
  // The leader decides that it is over, but cannot commit that yet.
  const sim::LinkFaultId apart = w.cut_from_members(w.leader);
  w.pass(Duration::milliseconds(300));
  w.network.lift(apart);
  w.pass(Duration::milliseconds(680));
  while (true) {
    const Result<MonotonicTime> renewed = w.wait(w.remote->renew(session));
    if (!renewed) {
      CHECK(renewed.error().code == ErrorCode::session_over);
      break;
    }
    CHECK(w.alive(session));
    w.pass(Duration::milliseconds(1010));
  }
  CHECK_FALSE(w.alive(session));
}

TEST_CASE("a leader that stood still does not end the sessions that it could not hear of") {
  World w;
  const SessionId session = w.open(Duration::seconds(2));
  REQUIRE(std::holds_alternative<Swapped>(w.swap(session, 0, "x")));
  for (const auto& machine : w.machines) machine->pause_all();
  w.pass(Duration::seconds(10));
  for (const auto& machine : w.machines) machine->resume_all();
  w.pass(Duration::milliseconds(200));
  CHECK(w.wait(w.remote->renew(session)));
  CHECK(w.alive(session));
}

TEST_CASE("watches go where the leader goes") {
  World w;
  const SessionId session = w.open();
  Queue<View> views(sim::host_of(*w.desk.find("client"))->executor());
  w.scope.spawn(w.remote->watch(service, views));
  for (std::uint64_t i = 0; i < 6; ++i) {
    REQUIRE(std::get<Swapped>(w.swap(session, i, "x")).index == Index(i + 1));
    const int former = w.leader;
    w.power_off(former);
    w.pass(Duration::seconds(3));
    w.boot(former);
    w.pass(Duration::seconds(1));
  }
  std::vector<View> seen;
  while (!views.empty())
    seen.push_back(
        *w.within(Duration::seconds(1), [](Queue<View>& q) -> Task<View> { co_return co_await q.pop(); }(views)));
  REQUIRE_FALSE(seen.empty());
  CHECK(seen.back().index() == Index(6));
  for (std::size_t i = 1; i < seen.size(); ++i) CHECK(seen[i - 1].version < seen[i].version);
}

TEST_CASE("whatever was acknowledged survives that all lose power, again and again") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    World w(3, seed % 2 == 0 ? 3 : 1000, seed);
    const SessionId session = w.open(Duration::seconds(3600));
    for (std::uint64_t i = 0; i < 8; ++i) {
      REQUIRE(std::get<Swapped>(w.swap(session, i, std::to_string(i))).index == Index(i + 1));
      std::optional<SwapOutcome> outcome;
      w.scope.spawn(
          keep(w.remote->compare_and_swap(Swap{session, service, Index(999), "never", std::nullopt}), outcome));
      w.pass(Duration::microseconds(static_cast<std::int64_t>(700 * i + 130 * seed)));
      for (int n = 1; n <= 3; ++n) w.power_off(n);
      for (int n = 1; n <= 3; ++n) w.boot(n);
      w.pass(Duration::seconds(4));
      REQUIRE(outcome);
      CHECK(std::holds_alternative<Conflict>(*outcome));
    }
    CHECK(w.view().document->content == "7");
    CHECK(w.stopped.empty());
  }
}

TEST_CASE("the log is cut, and a member that was away is given a snapshot") {
  World w(3, 10);
  const SessionId session = w.open();
  const int away = w.other_than(w.leader);
  w.power_off(away);
  for (std::uint64_t i = 0; i < 60; ++i)
    REQUIRE(std::holds_alternative<Swapped>(w.swap(session, i, std::string(200, 'x'))));
  const sim::Disk& disk = w.member(w.leader).disk();
  const std::vector<std::string> names = disk.list("/store/member").value();
  const auto records = std::count_if(names.begin(), names.end(), [&](const std::string& name) {
    return name.starts_with("log-") && !disk.read("/store/member/" + name).value().empty();
  });
  CHECK(records < 30);
  w.boot(away);
  w.pass(Duration::seconds(2));
  // It can do without the others' logs now: with it alone of those who knew, nothing is lost.
  const int former = w.leader;
  w.power_off(former);
  w.pass(Duration::seconds(2));
  CHECK(w.view().index() == Index(60));
}

TEST_CASE("a member whose disk was lost does not start, and says why") {
  World w;
  const SessionId session = w.open();
  const int lost = w.other_than(w.leader);
  w.power_off(lost);
  REQUIRE(w.member(lost).disk().remove("/store/member"));
  w.boot(lost);
  w.pass(Duration::seconds(1));
  CHECK(w.stopped.find("its disk was lost") != std::string::npos);
  CHECK(w.stopped.find("Remedy: ") != std::string::npos);
  CHECK(w.member(lost).find("store") == nullptr);
  CHECK(std::holds_alternative<Swapped>(w.swap(session, 0, "x")));
}

TEST_CASE("a member whose log is damaged beyond repair does not start, says where, and never votes") {
  World w;
  const SessionId session = w.open();
  for (std::uint64_t i = 0; i < 5; ++i) REQUIRE(std::holds_alternative<Swapped>(w.swap(session, i, "x")));
  const int damaged = w.other_than(w.leader);
  w.power_off(damaged);
  const std::string file = "/store/member/log-000000000002";
  Bytes content = w.member(damaged).disk().read(file).value();
  REQUIRE(content.size() > 4096);
  content[40] = static_cast<char>(content[40] ^ 1);
  content[4096 + 40] = static_cast<char>(content[4096 + 40] ^ 1);
  REQUIRE(w.member(damaged).disk().write(file, content));
  REQUIRE(w.member(damaged).disk().sync_tree_now("/store"));
  w.boot(damaged);
  w.pass(Duration::seconds(1));
  CHECK(w.stopped.find(file + " at bytes 0 and 4096") != std::string::npos);
  CHECK(w.stopped.find("Remedy: ") != std::string::npos);
  CHECK(w.member(damaged).find("store") == nullptr);
  // Without it two are left; of them one alone leads nobody.
  w.power_off(w.leader);
  const int before = w.leader;
  CHECK_FALSE(w.within(Duration::seconds(5), w.remote->read(service)));
  CHECK(w.leader == before);
}

TEST_CASE("a member that has forgotten what it acknowledged is told so once, and refuses from then on") {
  World w;
  const SessionId session = w.open();
  const int old = w.other_than(w.leader);
  const sim::DiskImage before = w.member(old).disk().image();
  for (std::uint64_t i = 0; i < 5; ++i) REQUIRE(std::holds_alternative<Swapped>(w.swap(session, i, "x")));
  w.power_off(old);
  w.member(old).disk().replace(before);
  w.boot(old);
  w.pass(Duration::seconds(1));
  CHECK(w.stopped.find("store-refused") == 0);
  CHECK(w.stopped.find("was acknowledged, but the log ends at") != std::string::npos);
  CHECK(w.member(old).find("store") == nullptr);
  w.stopped.clear();
  w.start(old);
  w.pass(Duration::seconds(1));
  CHECK(w.stopped.find("/store/member/refused says: entry") != std::string::npos);
  CHECK(w.member(old).find("store") == nullptr);
  // It does not vote either.
  const int before_last = w.leader;
  w.power_off(w.leader);
  CHECK_FALSE(w.within(Duration::seconds(5), w.remote->read(service)));
  CHECK(w.leader == before_last);
}

TEST_CASE("a member whose disk fails stops, and comes back when it can be written") {
  World w;
  const SessionId session = w.open();
  const int full = w.leader;
  sim::DiskFault fault;
  fault.full = true;
  const sim::DiskFaultId id = w.member(full).disk().lay_on(fault);
  CHECK(std::holds_alternative<Swapped>(w.swap(session, 0, "x")));
  CHECK(w.leader != full);
  CHECK(w.stopped.find("store-stopped") == 0);
  w.member(full).disk().lift(id);
  w.start(full);
  w.pass(Duration::seconds(1));
  w.power_off(w.leader);
  CHECK(std::holds_alternative<Swapped>(w.swap(session, 1, "y")));
}

TEST_CASE("a store grows from three members to five, and does without two then") {
  for (const std::uint64_t snapshots : {std::uint64_t{1000}, std::uint64_t{4}}) {
    World w(3, snapshots, 1, 2);
    const SessionId session = w.open();
    for (std::uint64_t i = 0; i < 20; ++i) REQUIRE(std::holds_alternative<Swapped>(w.swap(session, i, "x")));
    CHECK(w.members() == "1 2 3");
    w.join(4, 4);
    w.join(5, 5);
    CHECK(w.members() == "1 2 3 4 5");
    // What is so already is done; an id is given once.
    CHECK(w.wait(w.remote->change_members(raft::Promote{raft::MemberId(5)})));
    const auto again = w.wait(w.remote->change_members(raft::AddLearner{raft::MemberId(3), Address("elsewhere:1")}));
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::invalid);
    w.power_off(1);
    w.power_off(2);
    CHECK(std::holds_alternative<Swapped>(w.swap(session, 20, "y")));
    CHECK(w.view().document->content == "y");
    w.power_off(3);
    CHECK_FALSE(w.within(Duration::seconds(5), w.remote->read(service)));
  }
}

TEST_CASE("a member that lost its disk is replaced under a new id, as its refusal says") {
  World w;
  const SessionId session = w.open();
  REQUIRE(std::holds_alternative<Swapped>(w.swap(session, 0, "x")));
  const int lost = w.other_than(w.leader);
  w.power_off(lost);
  REQUIRE(w.member(lost).disk().remove("/store/member"));
  w.boot(lost);
  w.pass(Duration::seconds(1));
  REQUIRE(w.stopped.find("add it anew, under a new id") != std::string::npos);
  w.change(raft::Remove{raft::MemberId(static_cast<std::uint64_t>(lost))});
  w.join(lost, 4);
  CHECK(w.members() == (lost == 1 ? "2 3 4" : "1 3 4"));
  // It counts: with it and one more there is a majority.
  w.power_off(w.leader);
  CHECK(std::holds_alternative<Swapped>(w.swap(session, 1, "y")));
}

TEST_CASE("the leader is removed, and another leads") {
  World w;
  const SessionId session = w.open();
  const int former = w.leader;
  w.change(raft::Remove{raft::MemberId(static_cast<std::uint64_t>(former))});
  CHECK(std::holds_alternative<Swapped>(w.swap(session, 0, "x")));
  CHECK(w.leader != former);
}

TEST_CASE("leadership goes where the operator wants it, and no session ends by it") {
  World w;
  const SessionId session = w.open(Duration::seconds(2));
  const int to = w.other_than(w.leader);
  const auto id = raft::MemberId(static_cast<std::uint64_t>(to));
  REQUIRE(w.wait(w.remote->transfer_lead(id)));
  w.pass(Duration::milliseconds(300));
  CHECK(w.leader == to);
  CHECK(w.wait(w.remote->members()).value().leader == id);
  CHECK(std::holds_alternative<Swapped>(w.swap(session, 0, "x")));
  const auto nowhere = w.wait(w.remote->transfer_lead(raft::MemberId(9)));
  REQUIRE_FALSE(nowhere);
  CHECK(nowhere.error().code == ErrorCode::invalid);
}
