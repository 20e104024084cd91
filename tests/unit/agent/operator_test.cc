// An operator's requests against the real store server, over the simulated network.
#include <catch2/catch.hpp>

#include <functional>
#include <memory>

#include "engine/agent/operator.h"
#include "engine/failover/document.h"
#include "engine/store/ideal_store.h"
#include "engine/store/inbox.h"
#include "engine/store/remote_store.h"
#include "sim/process/sim_host.h"

using namespace heir;
using failover::ClusterState;
using failover::Freeze;
using failover::PromoteRequest;

namespace {

const store::ServiceName service("main");
const PeerId a("a");
const PeerId b("b");
const PeerId c("c");
const PeerId d("d");

ClusterState three_peers() {
  ClusterState state;
  state.cluster = "the-cluster";
  state.generation = Generation(3);
  state.primary = a;
  state.sync = b;
  state.async = {c};
  state.deposed = {d};
  state.initial_position = {{{1, 1, 0}}, 100};
  state.proven = {a, b};
  state.changed = {"a", "took over"};
  return state;
}

/// The store of the operator, with somebody who writes the state just before he does, or who lies about the outcome.
class Meddler final : public store::Store {
 public:
  explicit Meddler(store::Store& real) : real_(real) {}
  int others_write = 0;                         ///< So many times somebody else is faster.
  std::function<void(ClusterState&)> edit;      ///< What they write; nothing: one more async.
  std::optional<store::SwapOutcome> pretended;  ///< Instead of the real outcome.
  int swaps = 0;
  int ended_sessions = 0;

  std::optional<store::StoreId> identity() const override { return real_.identity(); }
  MonotonicTime heard() const override { return MonotonicTime(); }
  Task<Result<store::OpenedSession>> open_session(Duration ttl) override { return real_.open_session(ttl); }
  Task<Result<MonotonicTime>> renew(SessionId session) override { return real_.renew(session); }
  Task<Result<>> end_session(SessionId session) override {
    ++ended_sessions;
    return real_.end_session(session);
  }
  Task<Result<>> register_instance(SessionId session, store::ServiceName name, store::Instance instance,
                                   std::optional<SessionId> former) override {
    return real_.register_instance(session, std::move(name), std::move(instance), former);
  }
  Task<Result<>> deregister(SessionId session, store::ServiceName name, PeerId id) override {
    return real_.deregister(session, std::move(name), std::move(id));
  }
  Task<Result<store::View>> read(store::ServiceName name) override { return real_.read(std::move(name)); }
  Task<store::SwapOutcome> compare_and_swap(store::Swap swap) override {
    ++swaps;
    if (pretended) co_return *pretended;
    if (others_write > 0) {
      --others_write;
      const Result<store::View> view = co_await real_.read(swap.service);
      Result<ClusterState> state = failover::decode(view->document->content);
      if (edit)
        edit(*state);
      else
        state->async.push_back(PeerId("x" + std::to_string(swaps)));
      store::Swap other{swap.session, swap.service, view->index(), failover::encode(*state), view->leader()};
      const store::SwapOutcome written = co_await real_.compare_and_swap(std::move(other));
      ASSERT(std::holds_alternative<store::Swapped>(written));
    }
    co_return co_await real_.compare_and_swap(std::move(swap));
  }
  Task<store::View> changed(store::ServiceName name, std::optional<store::StoreId> store,
                            store::Version after) override {
    return real_.changed(std::move(name), store, after);
  }
  Task<Result<std::vector<store::Document>>> history(store::ServiceName name, store::Index first,
                                                     store::Index last) override {
    return real_.history(std::move(name), first, last);
  }
  Task<Result<store::Leader>> leader(store::ServiceName name) override { return real_.leader(std::move(name)); }

 private:
  store::Store& real_;
};

Task<void> serve(Host& host) {
  store::IdealStoreOptions options;
  co_await store::run_ideal_store(host, options);
}

/// A program on the operator's host: it does one thing with the store, and keeps the outcome.
template <class T>
struct Errand {
  std::function<Task<T>(Host&, Meddler&)> what;
  std::function<void(Meddler&)> prepare;
  std::function<void(const Meddler&)> look;
  std::optional<T> outcome;

  static Task<void> run(Host& host, Errand& errand) {
    store::Inbox inbox(host);
    store::RemoteStoreOptions options;
    options.servers = {Address("store:5600")};
    options.owner = PeerId("operator");
    store::RemoteStore remote(host, inbox, std::move(options));
    Meddler meddler(remote);
    if (errand.prepare) errand.prepare(meddler);
    Scope scope;
    scope.spawn(inbox.run());
    errand.outcome.emplace(co_await errand.what(host, meddler));
    if (errand.look) errand.look(meddler);
  }
};

Task<Result<>> write_state(Host&, store::Store& store, Bytes content) {
  const Result<store::OpenedSession> session = co_await store.open_session(Duration::seconds(10));
  if (!session) co_return session.error();
  store::Swap swap{session->id, service, store::Index(), std::move(content), a};
  const store::SwapOutcome outcome = co_await store.compare_and_swap(std::move(swap));
  if (!std::holds_alternative<store::Swapped>(outcome)) co_return Result<>(ErrorCode::failed, "not written");
  co_return Result<>();
}
Task<Result<>> enlist(Host&, store::Store& store, PeerId peer) {
  const Result<store::OpenedSession> session = co_await store.open_session(Duration::seconds(10));
  if (!session) co_return session.error();
  store::Instance instance{std::move(peer), "name", {}, {}};
  co_return co_await store.register_instance(session->id, service, std::move(instance), std::nullopt);
}
Task<Result<store::View>> read_state(Host&, store::Store& store) {
  co_return co_await store.read(service);
}

struct World {
  World() { sim::run_main(server.start("store"), server.address(5600), serve); }
  explicit World(const ClusterState& state) : World() { write(failover::encode(state)); }

  template <class T>
  T run(Errand<T>& errand) {
    const auto port = static_cast<std::uint16_t>(6000 + ports++);
    sim::run_main(desk.start("operator"), desk.address(port), [&](Host& host) { return Errand<T>::run(host, errand); });
    kernel.run({kernel.now() + Duration::seconds(60)});
    REQUIRE(errand.outcome);
    return *errand.outcome;
  }
  template <class T>
  T run(std::function<Task<T>(Host&, Meddler&)> what) {
    Errand<T> errand;
    errand.what = std::move(what);
    return run(errand);
  }
  void write(Bytes content) {
    REQUIRE(run<Result<>>([content](Host& host, Meddler& store) { return write_state(host, store, content); }));
  }
  /// Present for the next ten seconds.
  void enlist_peer(const PeerId& peer) {
    Errand<Result<>> errand;
    errand.what = [peer](Host& host, Meddler& store) { return enlist(host, store, peer); };
    sim::run_main(desk.start("peer"), desk.address(5999),
                  [&](Host& host) { return Errand<Result<>>::run(host, errand); });
    kernel.run({kernel.now() + Duration::seconds(1)});
    REQUIRE(errand.outcome);
    REQUIRE(*errand.outcome);
  }
  store::View view() {
    const Result<store::View> read =
        run<Result<store::View>>([](Host& host, Meddler& store) { return read_state(host, store); });
    REQUIRE(read);
    return *read;
  }
  ClusterState state() {
    const store::View now = view();
    REQUIRE(now.document);
    const Result<ClusterState> decoded = failover::decode(now.document->content);
    REQUIRE(decoded);
    return *decoded;
  }

  sim::Kernel kernel{1};
  sim::Network network{kernel, sim::NetworkParameters{}};
  sim::Machine server{kernel, network, sim::MachineParameters{"store"}};
  sim::Machine desk{kernel, network, sim::MachineParameters{"desk"}};
  int ports = 0;
};

agent::Operator alice() {
  return {"alice", service};
}

using Request = std::function<Task<Result<>>(Host&, Meddler&)>;
const Request switchover = [](Host& host, Meddler& store) {
  return agent::request_switchover(host, store, alice(), Duration::seconds(30));
};
const Request freeze_all = [](Host& host, Meddler& store) {
  return agent::freeze(host, store, alice(), Freeze::Mode::all, "maintenance");
};
const Request unfreeze = [](Host& host, Meddler& store) { return agent::unfreeze(host, store, alice()); };
Request reap(PeerId peer) {
  return [peer](Host& host, Meddler& store) { return agent::reap(host, store, alice(), peer); };
}

ErrorCode refused(World& world, const Request& request, const std::string& words) {
  const store::View before = world.view();
  const Result<> outcome = world.run<Result<>>(request);
  REQUIRE_FALSE(outcome);
  INFO(outcome.error().message);
  CHECK(outcome.error().message.find(words) != std::string::npos);
  const store::View after = world.view();
  CHECK(after.index() == before.index());
  return outcome.error().code;
}

}  // namespace

TEST_CASE("a switchover is asked of the sync, for this generation, with an expiry; nothing else changes") {
  World world(three_peers());
  const WallTime before = world.desk.clock().wall();
  REQUIRE(world.run<Result<>>(switchover));
  ClusterState state = world.state();
  REQUIRE(state.promote);
  CHECK(state.promote->peer == b);
  CHECK(state.promote->role == PromoteRequest::Role::sync);
  CHECK(state.promote->generation == Generation(3));
  CHECK(state.promote->expires_at >= before + Duration::seconds(30));
  CHECK(state.promote->expires_at <= before + Duration::seconds(31));
  CHECK(state.changed == failover::Change{"alice", "switchover requested"});
  state.promote.reset();
  state.changed = three_peers().changed;
  CHECK(state == three_peers());
  const store::View view = world.view();
  CHECK(view.leader() == a);
  CHECK(view.document->by == PeerId("operator"));
}

TEST_CASE("a switchover that could not succeed is refused") {
  ClusterState state = three_peers();
  SECTION("without a sync") {
    state.sync.reset();
    World world(state);
    CHECK(refused(world, switchover, "there is no sync") == ErrorCode::refused);
  }
  SECTION("while the cluster is frozen") {
    state.freeze = Freeze{Freeze::Mode::takeovers, "disk swap", "bob", WallTime(), std::nullopt};
    World world(state);
    CHECK(refused(world, switchover, "frozen: disk swap") == ErrorCode::refused);
  }
}

TEST_CASE("a peer is moved one place up, whatever place it has") {
  ClusterState state = three_peers();
  state.async = {c, PeerId("e")};
  World world(state);
  const auto promote = [](PeerId peer) {
    return Request([peer](Host& host, Meddler& store) {
      return agent::request_promotion(host, store, alice(), peer, three_peers().generation, Duration::seconds(30));
    });
  };
  world.enlist_peer(PeerId("e"));
  REQUIRE(world.run<Result<>>(promote(PeerId("e"))));
  REQUIRE(world.state().promote);
  CHECK(world.state().promote->role == PromoteRequest::Role::async);
  CHECK(world.state().promote->index == 1u);
  CHECK(world.state().changed == failover::Change{"alice", "promotion of e requested"});
  world.enlist_peer(c);
  REQUIRE(world.run<Result<>>(promote(c)));
  CHECK(world.state().promote->peer == c);
  CHECK(world.state().promote->index == 0u);
  REQUIRE(world.run<Result<>>(promote(b)));
  CHECK(world.state().promote->role == PromoteRequest::Role::sync);
  CHECK(refused(world, promote(a), "is the primary already") == ErrorCode::refused);
  CHECK(refused(world, promote(d), "was deposed") == ErrorCode::refused);
  CHECK(refused(world, promote(PeerId("f")), "not among the asyncs") == ErrorCode::refused);
  const Request of_before = [](Host& host, Meddler& store) {
    return agent::request_promotion(host, store, alice(), c, Generation(2), Duration::seconds(30));
  };
  CHECK(refused(world, of_before, "changed meanwhile") == ErrorCode::conflict);
}

TEST_CASE("who is absent, or in a frozen cluster, is not promoted") {
  const Request promote = [](Host& host, Meddler& store) {
    return agent::request_promotion(host, store, alice(), c, three_peers().generation, Duration::seconds(30));
  };
  World world(three_peers());
  CHECK(refused(world, promote, "c is not present") == ErrorCode::refused);
  ClusterState state = three_peers();
  state.freeze = Freeze{Freeze::Mode::takeovers, "disk swap", "bob", WallTime(), std::nullopt};
  World frozen(state);
  CHECK(refused(frozen, promote, "frozen: disk swap") == ErrorCode::refused);
}

TEST_CASE("freeze and unfreeze") {
  World world(three_peers());
  const Freeze::Mode mode = GENERATE(Freeze::Mode::all, Freeze::Mode::takeovers);
  const Request freeze = [mode](Host& host, Meddler& store) {
    return agent::freeze(host, store, alice(), mode, "maintenance");
  };
  REQUIRE(world.run<Result<>>(freeze));
  ClusterState state = world.state();
  REQUIRE(state.freeze);
  CHECK(state.freeze->mode == mode);
  CHECK(state.freeze->reason == "maintenance");
  CHECK(state.freeze->by == "alice");
  CHECK_FALSE(state.freeze->until);
  CHECK(state.changed == failover::Change{"alice", "frozen"});
  REQUIRE(world.run<Result<>>(unfreeze));
  state = world.state();
  CHECK_FALSE(state.freeze);
  CHECK(state.changed == failover::Change{"alice", "unfrozen"});
  state.changed = three_peers().changed;
  CHECK(state == three_peers());
}

TEST_CASE("reap takes an absent peer off the lists") {
  World world(three_peers());
  SECTION("an async") {
    REQUIRE(world.run<Result<>>(reap(c)));
    CHECK(world.state().async.empty());
    CHECK(world.state().deposed == std::vector{d});
  }
  SECTION("a deposed one") {
    REQUIRE(world.run<Result<>>(reap(d)));
    CHECK(world.state().deposed.empty());
    CHECK(world.state().async == std::vector{c});
    CHECK(world.state().changed == failover::Change{"alice", "reaped"});
  }
  SECTION("never the primary, the sync, or a stranger") {
    CHECK(refused(world, reap(a), "a is the primary") == ErrorCode::refused);
    CHECK(refused(world, reap(b), "b is the sync") == ErrorCode::refused);
    CHECK(refused(world, reap(PeerId("z")), "z is on no list") == ErrorCode::not_found);
  }
  SECTION("nor one that is present") {
    world.enlist_peer(c);
    Errand<Result<>> errand;
    errand.what = reap(c);
    const Result<> outcome = world.run(errand);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == ErrorCode::refused);
    CHECK(outcome.error().message.find("c is present") != std::string::npos);
    // Its session has run out by now.
    REQUIRE(world.run<Result<>>(reap(c)));
    CHECK(world.state().async.empty());
  }
}

TEST_CASE("every request needs a cluster whose state can be read") {
  for (const Request& request : {switchover, freeze_all, unfreeze, reap(c)}) {
    World none;
    CHECK(refused(none, request, "no cluster 'main'") == ErrorCode::not_found);
    World garbage;
    garbage.write("{\"generation\": \"seven\"}");
    CHECK(refused(garbage, request, "") == ErrorCode::invalid);
  }
}

TEST_CASE("somebody who writes in between is not overwritten") {
  World world(three_peers());
  Errand<Result<>> errand;
  errand.what = freeze_all;
  int swaps = 0;
  int ended = 0;
  errand.prepare = [](Meddler& meddler) { meddler.others_write = 3; };
  errand.look = [&](const Meddler& meddler) {
    swaps = meddler.swaps;
    ended = meddler.ended_sessions;
  };
  REQUIRE(world.run(errand));
  CHECK(swaps == 4);
  CHECK(ended == 1);
  const ClusterState state = world.state();
  CHECK(state.freeze);
  CHECK(state.async == std::vector{c, PeerId("x1"), PeerId("x2"), PeerId("x3")});
}

TEST_CASE("a request that another write made impossible is refused") {
  World world(three_peers());
  Errand<Result<>> errand;
  errand.what = reap(c);
  errand.prepare = [](Meddler& meddler) {
    meddler.others_write = 1;
    meddler.edit = [](ClusterState& state) {
      state.sync = c;
      state.async = {b};
    };
  };
  const Result<> outcome = world.run(errand);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == ErrorCode::refused);
  CHECK(world.state().sync == c);
}

TEST_CASE("others who never stop writing end it") {
  World world(three_peers());
  Errand<Result<>> errand;
  errand.what = freeze_all;
  errand.prepare = [](Meddler& meddler) { meddler.others_write = 1000; };
  const Result<> outcome = world.run(errand);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == ErrorCode::conflict);
  CHECK_FALSE(world.state().freeze);
}

TEST_CASE("what the store says of the write is what the operator hears, and the session is ended") {
  struct Case {
    store::SwapOutcome outcome;
    ErrorCode code;
    std::string words;
  };
  const Case cases[] = {
      {store::SessionOver{}, ErrorCode::session_over, "session ended"},
      {store::Unknown{"no answer"}, ErrorCode::unknown_outcome, "no answer"},
      {store::Refused{Error{ErrorCode::out_of_space, "too large"}}, ErrorCode::out_of_space, "too large"},
  };
  for (const Case& each : cases) {
    World world(three_peers());
    Errand<Result<>> errand;
    errand.what = freeze_all;
    int swaps = 0;
    int ended = 0;
    errand.prepare = [&](Meddler& meddler) { meddler.pretended = each.outcome; };
    errand.look = [&](const Meddler& meddler) {
      swaps = meddler.swaps;
      ended = meddler.ended_sessions;
    };
    const Result<> outcome = world.run(errand);
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == each.code);
    CHECK(outcome.error().message.find(each.words) != std::string::npos);
    CHECK(swaps == 1);  // a write that may have happened is not tried again
    CHECK(ended == 1);
  }
}

TEST_CASE("a store that does not answer") {
  World world(three_peers());
  world.server.power_off();
  const Result<> outcome = world.run<Result<>>(freeze_all);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == ErrorCode::timed_out);
}
