// The small pure pieces: marks of a new generation, comparison of positions, gate and lease, deadlines, backoff.
#include <catch2/catch.hpp>

#include "engine/failover/peer.h"
#include "engine/failover/rules.h"

using namespace heir;
using namespace heir::failover;

namespace {

const PeerId a("a");
const PeerId b("b");
const PeerId c("c");

MonotonicTime at_ms(std::int64_t ms) {
  return MonotonicTime::from_ns(ms * 1'000'000);
}
Now now_ms(std::int64_t ms) {
  return {at_ms(ms), WallTime::from_ns(ms * 1'000'000)};
}

/// A peer that has a session and waits for its first read.
Peer waiting_to_read() {
  Peer peer = make_peer(a, heir_policy());
  (void)step(peer, now_ms(0), Started{false, false, "x", "", Generation(), 7});
  (void)step(peer, now_ms(0), SessionOpened{SessionId(1)});
  return peer;
}

}  // namespace

TEST_CASE("a peer is a value") {
  static_assert(std::regular<Peer>);
  Peer one = waiting_to_read();
  const Peer two = one;
  CHECK(one == two);
  (void)step(one, now_ms(1), SessionOver{});
  CHECK_FALSE(one == two);
}

TEST_CASE("the next generation of one that opened: proven are its primary and sync") {
  ClusterState s;
  s.generation = Generation(4);
  s.primary = a;
  s.sync = b;
  s.async = {c};
  s.opened = SessionId(9);
  s.proven = {c};
  s.promote = PromoteRequest{};
  s.freeze = Freeze{};
  const ClusterState next = next_generation(s);
  CHECK(next.generation == Generation(5));
  CHECK_FALSE(next.opened);
  CHECK_FALSE(next.promote);
  CHECK(next.proven == std::vector<PeerId>{a, b});
  CHECK(next.last_opened == Generation(4));
  CHECK(next.freeze == s.freeze);
  CHECK(next.async == s.async);
}

TEST_CASE("the next generation of one that never opened: proven stays") {
  ClusterState s;
  s.generation = Generation(4);
  s.primary = a;
  s.sync = b;
  s.proven = {c, b};
  CHECK(next_generation(s).proven == std::vector<PeerId>{c, b});
}

TEST_CASE("the next generation of an opened singleton: proven is its primary alone") {
  ClusterState s;
  s.primary = a;
  s.singleton = true;
  s.opened = SessionId(1);
  CHECK(next_generation(s).proven == std::vector<PeerId>{a});
}

TEST_CASE("positions are compared by lineage, or as numbers where the policy says so") {
  const Position old_end{{{1, 1, 0}}, 100};
  const Position promoted{{{1, 1, 0}, {2, 2, 90}}, 120};
  const auto has = [](const Policy& policy, const Position& log, const Position& initial) {
    ClusterState state;
    state.generation = Generation(3);
    state.initial_position = initial;
    return rules::has_initial_position(policy, log, state);
  };
  CHECK_FALSE(has(heir_policy(), promoted, old_end));  // it forked at 90
  CHECK(has(heir_policy(), promoted, Position{{{1, 1, 0}}, 90}));
  Policy numbers;
  numbers.compare_lineages = false;
  CHECK(has(numbers, promoted, old_end));
  CHECK_FALSE(has(numbers, old_end, promoted));
  CHECK(has(heir_policy(), Position{}, Position{}));
  CHECK(has(heir_policy(), old_end, Position{}));

  // Declared on a timeline that somebody began by hand; its primary binds it afterwards, and nobody else does.
  const Position by_hand{{{1, 1, 0}, {2, 0, 90}}, 100};
  CHECK(has(heir_policy(), Position{{{1, 1, 0}, {2, 3, 90}}, 120}, by_hand));
  CHECK(has(heir_policy(), Position{{{1, 1, 0}, {2, 0, 90}}, 120}, by_hand));
  CHECK_FALSE(has(heir_policy(), Position{{{1, 1, 0}, {2, 3, 90}}, 99}, by_hand));
  CHECK_FALSE(has(heir_policy(), Position{{{1, 1, 0}, {2, 2, 90}}, 120}, by_hand));
  CHECK_FALSE(has(heir_policy(), Position{{{1, 1, 0}, {2, 3, 80}}, 120}, by_hand));
}

TEST_CASE("presence is by identity, life by session") {
  View view;
  view.members = {{a, SessionId(3), false}, {b, SessionId(5), true}};
  view.sessions = {SessionId(3), SessionId(5), SessionId(8)};
  CHECK(is_present(view, a));
  CHECK_FALSE(is_present(view, c));
  CHECK(is_alive(view, SessionId(8)));
  CHECK_FALSE(is_alive(view, SessionId(4)));
}

TEST_CASE("an open gate is held from the very nanosecond at which the lease ends") {
  Peer peer = make_peer(a, heir_policy());
  peer.gate = GateMode::open;
  peer.lease_end = at_ms(100);
  CHECK(gate_mode(peer, MonotonicTime::from_ns(99'999'999)) == GateMode::open);
  CHECK(gate_mode(peer, at_ms(100)) == GateMode::held);
  peer.gate = GateMode::held;
  CHECK(gate_mode(peer, at_ms(0)) == GateMode::held);
  peer.gate = GateMode::closed;
  CHECK(gate_mode(peer, at_ms(200)) == GateMode::closed);
  peer.gate = GateMode::open;
  peer.policy.lease = false;
  CHECK(gate_mode(peer, at_ms(200)) == GateMode::open);
}

TEST_CASE("a lease never shrinks, and one that had run out does not just go on") {
  Peer peer = make_peer(a, heir_policy());
  peer.gate = GateMode::open;
  (void)step(peer, now_ms(0), LeaseRenewed{at_ms(100)});
  (void)step(peer, now_ms(10), LeaseRenewed{at_ms(50)});
  CHECK(peer.lease_end == at_ms(100));
  (void)step(peer, now_ms(100), LeaseRenewed{at_ms(300)});
  CHECK(gate_mode(peer, at_ms(101)) == GateMode::held);
}

TEST_CASE("a read that fails is tried again after a delay that grows to its limit and never leaves its bounds") {
  Peer peer = waiting_to_read();
  MonotonicTime now = at_ms(0);
  Duration nominal = peer.timing.retry_first;
  for (int attempt = 0; attempt < 40; ++attempt) {
    CAPTURE(attempt);
    REQUIRE(peer.read);
    (void)step(peer, {now, WallTime()}, ReadDone{*peer.read, std::nullopt});
    CHECK_FALSE(peer.read);
    const std::optional<MonotonicTime> next = next_deadline(peer);
    REQUIRE(next);
    CHECK(*next - now >= nominal / 2);
    CHECK(*next - now <= nominal);
    REQUIRE(peer.waiting_for.size() == 1);
    CHECK(peer.waiting_for.front().reason == Reason::retrying);
    // Nothing is asked for before its time, and no deadline is left behind once it has come.
    CHECK(step(peer, {*next - Duration::nanoseconds(1), WallTime()}, Tick{}).empty());
    now = *next;
    CHECK(step(peer, {now, WallTime()}, Tick{}).size() == 1);
    CHECK_FALSE(next_deadline(peer));
    nominal = std::min(nominal * 2, peer.timing.retry_most);
  }
  View view;
  view.store = "s";
  (void)step(peer, {now, WallTime()}, ReadDone{*peer.read, view});
  CHECK(peer.retries == 0);
}

TEST_CASE("two peers with different seeds wait differently") {
  Peer one = make_peer(a, heir_policy());
  Peer two = make_peer(b, heir_policy());
  for (Peer* peer : {&one, &two}) {
    (void)step(*peer, now_ms(0), Started{false, false, "x", "", Generation(), peer == &one ? 1U : 2U});
    (void)step(*peer, now_ms(0), SessionOpened{SessionId(1)});
    (void)step(*peer, now_ms(0), ReadDone{*peer->read, std::nullopt});
  }
  CHECK(next_deadline(one) != next_deadline(two));
}

TEST_CASE("a peer with nothing to wait for has no deadline") {
  CHECK_FALSE(next_deadline(make_peer(a, heir_policy())));
  CHECK_FALSE(next_deadline(waiting_to_read()));
}

TEST_CASE("a copy made after the last generation that opened is not the proven one") {
  Peer peer = waiting_to_read();
  peer.view.state.emplace();
  peer.view.state->generation = Generation(6);
  peer.view.state->last_opened = Generation(4);
  peer.view.state->proven = {a, b};
  std::vector<Effect> effects;
  rules::Context context{peer, now_ms(0), effects};
  CHECK(rules::is_proven(context));
  peer.rebuilt = Generation(3);  // it has followed since, and acknowledged in generation 4
  CHECK(rules::is_proven(context));
  for (const std::uint64_t since : {4u, 5u}) {
    peer.rebuilt = Generation(since);
    CHECK_FALSE(rules::is_proven(context));
  }
  peer.policy.rebuilt_is_not_proven = false;
  CHECK(rules::is_proven(context));
}

namespace {

/// b, the sync of generation 2, which was opened under a session that is over; its primary, a, is back with another.
Peer sync_of_a_primary_that_is_back() {
  Peer peer = make_peer(b, heir_policy());
  (void)step(peer, now_ms(0), Started{false, false, "x", "", Generation(), 7});
  (void)step(peer, now_ms(0), SessionOpened{SessionId(2)});
  ClusterState state;
  state.cluster = "x";
  state.generation = Generation(2);
  state.primary = a;
  state.sync = b;
  state.opened = SessionId(1);
  View view;
  view.store = "s";
  view.version = view.index = 1;
  view.state = state;
  view.members = {{a, SessionId(3), true}, {b, SessionId(2), true}};
  view.sessions = {SessionId(2), SessionId(3)};
  (void)step(peer, now_ms(0), ReadDone{*peer.read, view});
  return peer;
}
/// What the database is to do; answers it.
DatabaseCommand answered(Peer& peer, std::int64_t ms, Outcome outcome) {
  REQUIRE(peer.command);
  const DatabaseCommand command = peer.command->command;
  (void)step(peer, now_ms(ms), CommandDone{peer.command->id, outcome, std::nullopt, "no", std::nullopt});
  if (peer.read) (void)step(peer, now_ms(ms), ReadDone{*peer.read, peer.view});
  return command;
}
/// The same sync, in a generation that has not opened, its rejoin under way.
Peer sync_that_rejoins() {
  Peer peer = sync_of_a_primary_that_is_back();
  peer.view.state->opened.reset();
  peer.needs_rejoin = true;
  peer.command.reset();
  (void)step(peer, now_ms(0), Tick{});
  CHECK(std::holds_alternative<Stop>(answered(peer, 0, Outcome::done)));
  REQUIRE(peer.command);
  return peer;
}

}  // namespace

TEST_CASE("a sync that cannot tell where its log ends rejoins with the primary that is back, and tries again later") {
  Peer peer = sync_of_a_primary_that_is_back();
  REQUIRE(peer.role == Role::sync);
  peer.needs_rejoin = true;  // the rewind of its copy did not end
  CHECK(std::holds_alternative<Sever>(answered(peer, 0, Outcome::failed)));
  CHECK(std::holds_alternative<Stop>(answered(peer, 0, Outcome::done)));
  REQUIRE(peer.command);
  INFO(to_string(peer.command->command));
  const auto* rejoin = std::get_if<Rejoin>(&peer.command->command);
  REQUIRE(rejoin);
  CHECK(rejoin->against == a);
  (void)answered(peer, 5000, Outcome::done);
  CHECK(std::holds_alternative<Sever>(answered(peer, 5000, Outcome::done)));
}

TEST_CASE("a rebuild that is asked for while the copy rejoins is done after that") {
  Peer peer = sync_that_rejoins();
  CHECK_FALSE(std::get<Rejoin>(peer.command->command).clone);
  (void)step(peer, now_ms(1), Rebuild{});
  CHECK_FALSE(std::get<Rejoin>(answered(peer, 2, Outcome::done)).clone);
  CHECK(std::holds_alternative<Stop>(answered(peer, 3, Outcome::done)));
  REQUIRE(peer.command);
  CHECK(std::get<Rejoin>(answered(peer, 4, Outcome::done)).clone);
  CHECK_FALSE(peer.needs_rejoin);
  CHECK_FALSE(peer.rejoin_by_clone);
}

TEST_CASE("a rebuild that was asked for, and what has failed before, is forgotten by a peer that leads") {
  Peer peer = sync_of_a_primary_that_is_back();
  (void)step(peer, now_ms(0), Rebuild{});
  REQUIRE(peer.rejoin_by_clone);
  peer.failures = peer.timing.restart_attempts;
  View view = peer.view;
  view.version = view.index = 2;
  view.state->generation = Generation(3);
  view.state->primary = b;
  view.state->sync = a;
  view.state->opened.reset();
  (void)step(peer, now_ms(1), ViewChanged{view});
  REQUIRE(peer.role == Role::primary);
  CHECK_FALSE(peer.rejoin_by_clone);
  CHECK_FALSE(peer.needs_rejoin);
  CHECK(peer.session);
}

namespace {

/// Generation 3, which a declared when it took over, and which has not opened. Its sync is b; the two are there.
View unopened() {
  View view;
  view.store = "s";
  view.version = view.index = 5;
  view.state.emplace();
  view.state->cluster = "x";
  view.state->generation = Generation(3);
  view.state->primary = a;
  view.state->sync = b;
  view.state->changed = {"a", "takeover"};
  view.members = {{a, SessionId(1), true}, {b, SessionId(2), true}};
  view.sessions = {SessionId(1), SessionId(2)};
  return view;
}

}  // namespace

TEST_CASE("an unopened primary with a damaged copy hands over to a proven sync that has nobody else") {
  View view = unopened();
  ClusterState& state = *view.state;
  state.proven = {b, a};
  bool is_damaged = true;
  bool hands_over = false;
  SECTION("so it does") {
    hands_over = true;
  }
  SECTION("the copy is sound") {
    is_damaged = false;
  }
  SECTION("the generation has opened") {
    state.opened = SessionId(9);
  }
  SECTION("the sync may lack what was acknowledged") {
    state.proven = {a};
  }
  SECTION("another could be its sync") {
    view.members.push_back({c, SessionId(3), true});
  }
  SECTION("the sync is gone, another is there") {
    view.members = {{a, SessionId(1), true}, {c, SessionId(3), true}};
  }
  SECTION("it was handed over by the sync") {
    state.changed.by = "b";
  }
  Peer peer = waiting_to_read();
  (void)step(peer, now_ms(0), ReadDone{*peer.read, view});
  REQUIRE(peer.role == Role::primary);
  DatabaseStatus status;
  status.damaged = is_damaged;
  (void)step(peer, now_ms(0), DatabaseChanged{status});
  for (std::int64_t ms = 0; peer.command && ms < 60'000; ms += 10'000) {
    (void)answered(peer, ms, Outcome::failed);
    if (!peer.command && !peer.write) (void)step(peer, now_ms(ms + 9'000), Tick{});
  }
  CHECK(peer.write.has_value() == hands_over);
  if (!hands_over) return;
  const ClusterState next = peer.write->state;
  CHECK(next.primary == b);
  CHECK(next.sync == a);
  CHECK(next.generation == Generation(4));
  CHECK(next.proven == state.proven);
  CHECK(next.deposed.empty());
  (void)step(peer, now_ms(60'000), WriteDone{peer.write->id, WriteOutcome::written, 6});
  CHECK(peer.role == Role::sync);
  CHECK(peer.gate == GateMode::closed);
}

TEST_CASE("a primary does not step back for a sync that still copies from it, when nobody else could take over") {
  View view = unopened();
  ClusterState& state = *view.state;
  state.proven = {c, a};
  state.deposed = {c};
  view.members.back().has_data = false;
  DatabaseStatus status;
  status.running = status.sync_lacks = true;
  status.incarnation = 1;
  status.copied = 4096;
  bool steps_back = true;
  SECTION("so it stays") {
    steps_back = false;
  }
  SECTION("the sync copies nothing from here: it may have all, and only be out of reach") {
    status.copied = 0;
  }
  SECTION("who is proven is there") {
    view.members.push_back({c, SessionId(3), true});
  }
  SECTION("the sync is proven") {
    state.proven = {b, a};
  }
  SECTION("the generation has opened: its sync has all") {
    state.opened = SessionId(1);
  }
  Peer peer = waiting_to_read();
  (void)step(peer, now_ms(0), ReadDone{*peer.read, view});
  REQUIRE(std::holds_alternative<Lead>(answered(peer, 0, Outcome::done)));
  (void)step(peer, now_ms(1000), DatabaseChanged{status});
  (void)step(peer, now_ms(1000), Tick{});
  (void)step(peer, now_ms(20'000), Tick{});
  CHECK(peer.session.has_value() != steps_back);
  CHECK(peer.resigned_until.has_value() == steps_back);
}

TEST_CASE("a proven peer lacks no timeline that has opened") {
  Peer peer = waiting_to_read();
  peer.view.state.emplace();
  ClusterState& state = *peer.view.state;
  state.last_opened = Generation(4);
  const Position standby{{{1, 0, 0}}, 90};
  std::vector<Effect> effects;
  const rules::Context context{peer, now_ms(0), effects};
  // Begun in the generation that opened last; in a later one; and by nobody knows whom.
  for (const std::uint64_t promotion : {4u, 5u, 0u}) {
    state.initial_position = Position{{{1, 0, 0}, {2, promotion, 80}}, 120};
    CHECK(rules::has_opened_branches(context, standby) == (promotion != 4));
    CHECK(rules::has_opened_branches(context, Position{{{1, 0, 0}, {2, promotion, 80}}, 85}));
  }
  state.initial_position = Position{{{1, 0, 0}, {2, 4, 80}}, 120};
  peer.policy.distrust_own_disk = false;
  CHECK(rules::has_opened_branches(context, standby));
}

TEST_CASE("who rejoined with an earlier generation's primary may have to do so again in this one") {
  for (const bool later : {false, true}) {
    CAPTURE(later);
    Peer peer = sync_that_rejoins();
    REQUIRE(std::holds_alternative<Rejoin>(peer.command->command));
    if (later) {
      View view = peer.view;
      view.version = view.index = 2;
      view.state->generation = Generation(3);
      (void)step(peer, now_ms(1), ViewChanged{view});
    }
    (void)answered(peer, 2, Outcome::done);
    CHECK(peer.generation == Generation(later ? 3 : 2));
    CHECK(std::holds_alternative<Follow>(answered(peer, 3, Outcome::diverged)));
    // In the same generation it is the upstream that has yet to rejoin: that is waited for.
    CHECK(peer.needs_rejoin == later);
  }
}

TEST_CASE("answers to what nobody asked are ignored") {
  Peer peer = waiting_to_read();
  const Peer before = peer;
  CHECK(step(peer, now_ms(0), ReadDone{999, View{}}).empty());
  CHECK(step(peer, now_ms(0), WriteDone{999, WriteOutcome::written, 3}).empty());
  CHECK(step(peer, now_ms(0), CommandDone{999, Outcome::done, Position{}, ""}).empty());
  CHECK(step(peer, now_ms(0), Proved{999}).empty());
  CHECK(peer == before);
}

TEST_CASE("a store that answers with less than was known is a lost store") {
  Peer peer = waiting_to_read();
  View view;
  view.store = "s";
  view.version = view.index = 5;
  view.state.emplace();
  view.state->generation = Generation(3);
  view.state->primary = b;
  (void)step(peer, now_ms(0), ReadDone{*peer.read, view});
  CHECK_FALSE(peer.halted);
  (void)step(peer, now_ms(1), SessionOver{});
  (void)step(peer, now_ms(1), SessionOpened{SessionId(2)});
  view.index = 4;
  (void)step(peer, now_ms(1), ReadDone{*peer.read, view});
  REQUIRE(peer.halted);
  CHECK(peer.halted->reason == Reason::store_lost);
}

TEST_CASE("an old view of a watch is no lost store, an old answer to a read is") {
  const auto restarted = [] {
    Peer peer = make_peer(a, heir_policy());
    (void)step(peer, now_ms(0), Started{true, false, "x", "s", Generation(3), 7});
    (void)step(peer, now_ms(0), SessionOpened{SessionId(1)});
    return peer;
  };
  View old;
  old.store = "s";
  old.version = old.index = 2;
  old.state.emplace();
  old.state->generation = Generation(2);
  old.state->primary = b;
  Peer watching = restarted();
  (void)step(watching, now_ms(0), ViewChanged{old});
  CHECK_FALSE(watching.halted);
  Peer reading = restarted();
  (void)step(reading, now_ms(0), ReadDone{*reading.read, old});
  REQUIRE(reading.halted);
  CHECK(reading.halted->reason == Reason::store_lost);
  Peer elsewhere = restarted();
  old.store = "t";
  (void)step(elsewhere, now_ms(0), ViewChanged{old});
  REQUIRE(elsewhere.halted);
  CHECK(reading.halted->reason == Reason::store_lost);
}
