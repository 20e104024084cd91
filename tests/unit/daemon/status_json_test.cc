// What goes from an agent to an operator's command: orders, answers, statuses, and what is concluded from them.
#include "tools/daemon/status_json.h"

#include <catch2/catch.hpp>

#include "engine/failover/document.h"
#include "tools/daemon/host_view.h"
#include "tools/daemon/order.h"

using namespace heir;
using namespace heir::tools;
using failover::Role;

namespace {

const PeerId a("peer-of-a");
const PeerId b("peer-of-b");
const PeerId c("peer-of-c");

failover::ClusterState state_of_three() {
  failover::ClusterState state;
  state.cluster = "the-cluster";
  state.generation = Generation(3);
  state.primary = a;
  state.sync = b;
  state.async = {c};
  state.opened = SessionId(7);
  state.changed = {"peer-of-a", "takeover: peer-of-b is gone"};
  return state;
}

/// Of a healthy cluster.
agent::Status status_of(const PeerId& self, const std::string& host, Role role) {
  agent::Status status;
  status.host = host;
  status.cluster = "main";
  status.peer = self;
  status.role = role;
  status.generation = Generation(3);
  status.index = 12;
  status.state = state_of_three();
  status.peers = {{a, "a", true}, {b, "b", true}, {c, "c", true}};
  status.session = SessionId(self == a ? 7 : 8);
  status.lease_left = Duration::milliseconds(1500);
  status.database.running = true;
  status.log.emplace();
  status.log->timeline = 3;
  if (role == Role::primary) {
    status.gate = failover::GateMode::open;
    status.log->flushed = 5000;
  } else {
    status.log->is_standby = status.log->is_streaming = true;
    status.log->received = 4900;
    status.log->replayed = 4800;
    status.log->upstream_end = 5000;
  }
  return status;
}

NamedAnswer answer_of(const agent::Status& status) {
  return {status.host, read_host_view(status_json(status))};
}

std::vector<NamedAnswer> healthy() {
  return {answer_of(status_of(a, "a", Role::primary)), answer_of(status_of(b, "b", Role::sync)),
          answer_of(status_of(c, "c", Role::async))};
}

}  // namespace

TEST_CASE("A status says by JSON what it says by itself") {
  const Result<HostView> primary = read_host_view(status_json(status_of(a, "a", Role::primary)));
  REQUIRE(primary);
  CHECK(primary->role == "primary");
  CHECK(primary->is_writable);
  CHECK(primary->why_not_writable.empty());
  CHECK(primary->end == 5000u);
  CHECK_FALSE(primary->lag);
  CHECK(primary->lease_left == Duration::milliseconds(1500));
  REQUIRE(primary->state);
  CHECK(primary->state->primary == "a");
  CHECK(primary->state->sync == "b");
  CHECK(primary->state->async == std::vector<std::string>{"c"});
  CHECK(primary->state->opened);
  CHECK(primary->state->by == "a");
  CHECK(primary->state->why == "takeover: b is gone");
  const Result<HostView> standby = read_host_view(status_json(status_of(c, "c", Role::async)));
  REQUIRE(standby);
  CHECK(standby->place == 1);
  CHECK(standby->lag == 200u);
  CHECK(standby->end == 4900u);
  CHECK_FALSE(standby->is_writable);
  CHECK(standby->why_not_writable == std::vector<std::string>{"this peer is an async; the primary is a"});
  CHECK(read_host_view("{}").error().code == ErrorCode::invalid);
  CHECK(read_host_view("nonsense").error().code == ErrorCode::invalid);
  CHECK(read_host_view("{\"host\":5}").error().code == ErrorCode::invalid);
}

TEST_CASE("Why a primary does not take writes is said in words, with hosts by their names") {
  agent::Status status = status_of(a, "a", Role::primary);
  status.gate = failover::GateMode::held;
  status.lease_left = Duration();
  status.store_silent = Duration::milliseconds(2345);
  status.waiting_for = {{failover::Reason::proving_sync, "the gate opens when peer-of-b has flushed all"}};
  CHECK(why_not_writable(status) ==
        std::vector<std::string>{"the gate opens when b has flushed all",
                                 "the lease has run out: the store has not answered for 2.3s"});
  status = status_of(a, "a", Role::primary);
  status.database.running = false;
  CHECK(why_not_writable(status) == std::vector<std::string>{"the database is not running"});
}

TEST_CASE("How far a standby lags is known only while it streams") {
  agent::Status status = status_of(b, "b", Role::sync);
  CHECK(replay_lag(status) == 200u);
  CHECK(receive_lag(status) == 100u);
  CHECK(is_healthy_standby(status));
  status.log->replayed = 5100;  // the upstream's end is older
  CHECK(replay_lag(status) == 0u);
  status.log->is_streaming = false;
  CHECK_FALSE(replay_lag(status));
  CHECK_FALSE(is_healthy_standby(status));
  CHECK_FALSE(replay_lag(status_of(a, "a", Role::primary)));
}

TEST_CASE("What is wrong with a cluster is told") {
  CHECK(problems_of(healthy()).empty());
  std::vector<NamedAnswer> hosts = healthy();
  hosts[2].view = Error{ErrorCode::unreachable, "nobody there"};
  CHECK(problems_of(hosts) == std::vector<std::string>{"c does not answer: nobody there"});

  agent::Status held = status_of(a, "a", Role::primary);
  held.gate = failover::GateMode::held;
  hosts = healthy();
  hosts[0] = answer_of(held);
  CHECK(problems_of(hosts) == std::vector<std::string>{"no host takes writes; a: the gate is not open yet"});

  agent::Status deposed = status_of(c, "c", Role::deposed);
  deposed.state->async.clear();
  deposed.state->deposed = {c};
  deposed.waiting_for = {{failover::Reason::rejoin_waits, "waiting for peer-of-a"}};
  hosts = healthy();
  hosts[2] = answer_of(deposed);
  REQUIRE(problems_of(hosts).size() == 1);
  CHECK(problems_of(hosts).front().starts_with("c was deposed and is not back yet: "));

  agent::Status silent = status_of(b, "b", Role::sync);
  silent.log->is_streaming = false;
  hosts = healthy();
  hosts[1] = answer_of(silent);
  CHECK(problems_of(hosts).front().starts_with("b does not stream"));
  silent.log->broken_link = agent::BrokenLink{"peer-of-a is not on timeline 4, on which our log ends", silent.at};
  silent.at = silent.at + Duration::seconds(12);
  hosts[1] = answer_of(silent);
  CHECK(problems_of(hosts).front() == "b does not stream: a is not on timeline 4, on which our log ends, for 12s");
  agent::Status damaged = status_of(b, "b", Role::sync);
  damaged.database.damaged = true;
  hosts[1] = answer_of(damaged);
  CHECK(problems_of(hosts) == std::vector<std::string>{"the copy of b is damaged"});
}

TEST_CASE("The newest state that any host saw counts") {
  agent::Status newer = status_of(b, "b", Role::sync);
  newer.index = 13;
  newer.state->generation = Generation(4);
  std::vector<NamedAnswer> hosts = healthy();
  hosts[1] = answer_of(newer);
  CHECK(newest_state(hosts)->generation == 4);
  CHECK_FALSE(newest_state({{"a", Error{ErrorCode::timed_out, ""}}}));
}

TEST_CASE("Versions of the state are told, also those that nobody can read") {
  store::Document good;
  good.index = store::Index(5);
  good.content = failover::encode(state_of_three());
  store::Document bad;
  bad.index = store::Index(6);
  bad.content = "of another world";
  const agent::Status status = status_of(a, "a", Role::primary);
  const auto versions =
      read_history(history_json(status, version_json(status, good) + "," + version_json(status, bad)));
  REQUIRE(versions);
  REQUIRE(versions->size() == 2);
  CHECK(versions->at(0).primary == "a");
  CHECK(versions->at(0).why == "takeover: b is gone");
  CHECK(versions->at(1).index == 6);
  CHECK(versions->at(1).why.starts_with("not readable"));
  CHECK_FALSE(read_history("{}"));
}

TEST_CASE("Orders and replies arrive as they were given") {
  Order order;
  order.what = orders::freeze;
  order.host = "a";
  order.reason = "quotes \" and \xff";
  order.mode = "all";
  order.generation = 7;
  order.count = 3;
  order.valid_for = Duration::seconds(5);
  order.dry_run = true;
  Order read = *read_order(order_text(order));
  CHECK(read.reason.starts_with("quotes \" and "));
  read.reason = order.reason;  // what is not UTF-8 is replaced
  CHECK(read == order);
  for (const char* text : {"", "[]", "5", "{}", "{\"order\":5}", "{\"order\":\"freeze\",\"generation\":-1.5e300}",
                           "{\"order\":\"freeze\",\"host\":{}}"})
    CHECK(read_order(text).error().code == ErrorCode::invalid);

  CHECK(*read_reply(reply_text(std::string("{\"done\":true}"))) == "{\"done\":true}");
  const Error error{ErrorCode::timed_out, "no \"answer\""};
  CHECK(read_reply(reply_text(error)).error() == error);
  CHECK(read_reply("{\"error\":{\"code\":\"of-tomorrow\",\"message\":\"m\"}}").error().code == ErrorCode::failed);
  for (const char* text : {"", "{}", "{\"error\":5}", "{\"error\":{}}"})
    CHECK(read_reply(text).error().code == ErrorCode::invalid);
}

TEST_CASE("What hosts are warned of is told once, with whose it is, and makes nobody unhealthy") {
  const std::vector<std::string> warning{"[policy] weakens the rules"};
  const auto answer = [](const std::string& host, const std::string& json) {
    return NamedAnswer{host, read_host_view(json)};
  };
  const std::vector<NamedAnswer> hosts{answer("a", status_json(status_of(a, "a", Role::primary), warning)),
                                       answer("b", status_json(status_of(b, "b", Role::sync))),
                                       answer("c", status_json(status_of(c, "c", Role::async), warning)),
                                       {"d", Error{ErrorCode::unreachable, "nobody"}}};
  CHECK(warnings_of(hosts) == std::vector<std::string>{"a, c: [policy] weakens the rules"});
  CHECK(warnings_of({hosts[1]}).empty());
}
