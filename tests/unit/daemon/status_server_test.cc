#include "tools/daemon/status_server.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <sstream>

#include "tools/daemon/health.h"

using namespace heir;
using namespace heir::tools;
using agent::Status;
using failover::GateMode;
using failover::Role;

namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

Status status_of(Role role, GateMode gate, bool is_running = true) {
  Status status;
  status.host = "a";
  status.cluster = "main";
  status.peer = PeerId("peer-a");
  status.at = WallTime::from_ns(1'700'000'010'500'000'000);
  status.role = role;
  status.role_since = WallTime::from_ns(1'700'000'000'250'000'000);
  status.generation = Generation(3);
  status.state.emplace();
  status.state->generation = Generation(3);
  status.state->primary = PeerId(role == Role::primary ? "peer-a" : "peer-b");
  status.state->opened = SessionId(1);
  status.peers = {{PeerId("peer-a"), "a", true}, {PeerId("peer-b"), "b", true}};
  status.lease_left = gate == GateMode::held ? Duration::zero() : Duration::milliseconds(1500);
  status.store_silent = Duration::milliseconds(100);
  status.gate = gate;
  status.reads_open = is_running && (role == Role::sync || role == Role::async || gate == GateMode::open);
  status.database.running = is_running;
  if (is_running) {
    status.log.emplace();
    status.log->timeline = 5;
    status.log->is_standby = role == Role::sync || role == Role::async;
    if (status.log->is_standby) {
      status.log->is_streaming = true;
      status.log->upstream_end = 100 * mebibyte;
      status.log->received = 99 * mebibyte;
      status.log->replayed = 90 * mebibyte;
    } else {
      status.log->flushed = 100 * mebibyte;
    }
  }
  return status;
}

Status unproven(Status status) {
  status.reads_open = false;
  return status;
}

Status damaged(Status status) {
  status.database.damaged = true;
  return status;
}

hosts::HttpAnswer answer(const std::optional<Status>& status, const std::string& target,
                         const std::string& method = "GET") {
  return status_answer(status, {}, method, target);
}

/// 1 for each of the states that `path` is answered 200 for, 0 for 503.
std::string answers(const std::vector<std::optional<Status>>& states, const std::string& path,
                    const std::string& method) {
  std::string text;
  for (const std::optional<Status>& state : states) {
    const int status = answer(state, path, method).status;
    text += status == 200 ? "1" : status == 503 ? "0" : "?";
  }
  return text;
}

}  // namespace

TEST_CASE("Every path in every state, by every method") {
  const std::vector<std::optional<Status>> states{
      status_of(Role::primary, GateMode::open),              // 0
      status_of(Role::primary, GateMode::held),              // 1: its lease ran out
      status_of(Role::primary, GateMode::closed),            // 2: not opened yet
      status_of(Role::primary, GateMode::open, false),       // 3: the database is gone
      status_of(Role::sync, GateMode::closed),               // 4
      status_of(Role::async, GateMode::closed),              // 5
      status_of(Role::sync, GateMode::closed, false),        // 6
      damaged(status_of(Role::async, GateMode::closed)),     // 7
      status_of(Role::deposed, GateMode::closed),            // 8: its database runs as the primary that it was
      status_of(Role::unassigned, GateMode::closed, false),  // 9
      std::nullopt,                                          // 10: the agent has not begun
  };
  const std::vector<std::pair<std::string, std::string>> expected{
      //                        01234567890
      {"/", "10000000000"},
      {"/primary", "10000000000"},
      {"/primary/", "10000000000"},
      {"/primary?tag_zone=x", "10000000000"},
      {"/master", "10000000000"},
      {"/leader", "10000000000"},
      {"/read-write", "10000000000"},
      {"/standby-leader", "00000000000"},
      {"/standby_leader", "00000000000"},
      {"/replica", "00001100000"},
      {"/replica?lag=10MB", "00001100000"},
      {"/replica?lag=9MB", "00000000000"},
      {"/replica?tag_zone=x", "00000000000"},
      {"/read-only", "10001100000"},
      {"/read-only?lag=9MB", "10000000000"},
      {"/synchronous", "00001000000"},
      {"/sync", "00001000000"},
      {"/sync?lag=9MB", "00000000000"},
      {"/read-only-sync", "10001000000"},
      {"/asynchronous", "00000100000"},
      {"/async", "00000100000"},
      {"/async?lag=16MB", "00000100000"},
      {"/async?lag=9MB", "00000000000"},
      {"/health", "11101101100"},
      {"/readiness", "11101101100"},
      {"/liveness", "11111111111"},
      {"/patroni", "11111111111"},
      {"/metrics", "11111111111"},
  };
  for (const auto& [path, wanted] : expected)
    for (const std::string method : {"GET", "HEAD", "OPTIONS"}) {
      CAPTURE(path, method);
      CHECK(answers(states, path, method) == wanted);
    }
}

TEST_CASE("A lag that is not known is not below any bound") {
  Status status = status_of(Role::async, GateMode::closed);
  status.log->is_streaming = false;
  CHECK(answer(status, "/replica").status == 200);  // as Patroni
  CHECK(answer(unproven(status), "/replica").status == 503);
  CHECK(answer(unproven(status), "/read-only").status == 503);
  CHECK(answer(unproven(status), "/health").status == 200);
  CHECK(answer(status, "/replica?lag=1TB").status == 503);
}

TEST_CASE("A lag is in bytes, or in Patroni's units") {
  const Status status = status_of(Role::async, GateMode::closed);  // 10 MiB behind
  CHECK(answer(status, "/replica?lag=10485760").status == 200);
  CHECK(answer(status, "/replica?lag=10485759").status == 503);
  CHECK(answer(status, "/replica?lag=10240kB").status == 200);
  CHECK(answer(status, "/replica?lag=10239kB").status == 503);
  CHECK(answer(status, "/replica?lag=10485760B").status == 200);
  CHECK(answer(status, "/replica?lag=9.5MB").status == 503);
  CHECK(answer(status, "/replica?lag=10.5mb").status == 200);
  CHECK(answer(status, "/replica?lag=16%20MB").status == 200);
  CHECK(answer(status, "/replica?other=1&lag=1GB").status == 200);
  CHECK(answer(status, "/replica?lag=99999999999999999999999TB").status == 200);
  CHECK(answer(status, "/replica?lag=0").status == 503);
  for (const std::string bad : {"", "MB", "-1", "inf", "nan", "16XB", "1e3", "0x10", "1.2.3MB"}) {
    CAPTURE(bad);
    CHECK(answer(status, "/replica?lag=" + bad).status == 400);
  }
  CHECK(answer(status, "/replica?lag=16XB").body.find("16MB") != std::string::npos);
}

TEST_CASE("What is not understood is refused, whatever it is") {
  const Status status = status_of(Role::primary, GateMode::open);
  CHECK(answer(status, "/nothing").status == 404);
  CHECK(answer(status, "").status == 404);
  CHECK(answer(status, "/primaryx").status == 404);
  CHECK(answer(status, "//primary").status == 404);
  CHECK(answer(status, "http://a/primary").status == 404);
  for (const std::string method : {"POST", "PUT", "DELETE", "PATCH", "get", ""}) {
    CHECK(answer(status, "/primary", method).status == 405);
    CHECK(answer(status, "/primary", method).allow == "GET, HEAD, OPTIONS");
  }
  const hosts::HttpAnswer options = answer(status, "/primary", "OPTIONS");
  CHECK(options.body.empty());
  CHECK(options.allow == "GET, HEAD, OPTIONS");
}

TEST_CASE("The document has Patroni's keys, and ours beside them") {
  const hosts::HttpAnswer primary = answer(status_of(Role::primary, GateMode::open), "/patroni");
  CHECK(primary.type == "application/json");
  CHECK(primary.body == R"({
  "state": "running",
  "role": "master",
  "xlog": {
    "location": 104857600
  },
  "timeline": 5,
  "cluster_unlocked": false,
  "dcs_last_seen": 1700000010,
  "patroni": {
    "scope": "main",
    "name": "a"
  },
  "heir": {
    "role": "primary",
    "role_since": 1700000000,
    "generation": 3,
    "gate": "open",
    "reads": "open",
    "writable": true,
    "why_not_writable": [],
    "lease_left_ms": 1500,
    "primary": "a"
  }
}
)");
  const std::string sync = answer(status_of(Role::sync, GateMode::closed), "/replica").body;
  CHECK(sync.find(R"("sync_standby": true)") != std::string::npos);
  CHECK(sync.find(R"("replayed_location": 94371840)") != std::string::npos);
  CHECK(sync.find(R"("replay_lag": 10485760)") != std::string::npos);
  CHECK(sync.find("the primary is b") != std::string::npos);
  Status garbled = status_of(Role::sync, GateMode::closed);
  garbled.waiting_for.push_back({failover::Reason::database_failed, "\xff\xfe"});
  CHECK(answer(garbled, "/patroni").status == 200);
  CHECK(answer(std::nullopt, "/patroni").body.find("not begun") != std::string::npos);
}

namespace {

/// The value of a line of metrics; "" if there is none.
std::string value_of(const std::string& text, const std::string& name_and_labels) {
  const std::size_t at = ("\n" + text).find("\n" + name_and_labels + " ");
  if (at == std::string::npos) return "";
  const std::size_t begin = at + name_and_labels.size() + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("Metrics tell what the status tells") {
  ProcessCounts counts;
  counts.messages.refused = {1, 2, 3, 4};
  counts.messages.keys_refused = 5;
  counts.stalls = {7, Duration::milliseconds(31)};
  counts.http = {100, 8, 9, 10};
  counts.primaries_seen = 2;
  Status status = status_of(Role::primary, GateMode::open);
  status.gate_connections = 12;
  status.waiting_for = {{failover::Reason::frozen, "a"}, {failover::Reason::frozen, "b"}};
  const std::string text = metrics_text(status, counts);
  const std::string own = R"({cluster="main",host="a"})";
  CHECK(value_of(text, "heir_writable" + own) == "1");
  CHECK(value_of(text, R"(heir_role{cluster="main",host="a",role="primary"})") == "1");
  CHECK(value_of(text, R"(heir_role{cluster="main",host="a",role="sync"})") == "0");
  CHECK(value_of(text, R"(heir_gate{cluster="main",host="a",mode="open"})") == "1");
  CHECK(value_of(text, R"(heir_waiting{cluster="main",host="a",reason="frozen"})") == "1");
  CHECK(value_of(text, "heir_role_since_seconds" + own) == "1700000000.250000000");
  CHECK(value_of(text, "heir_generation" + own) == "3");
  CHECK(value_of(text, "heir_gate_connections" + own) == "12");
  CHECK(value_of(text, "heir_lease_left_seconds" + own) == "1.500000000");
  CHECK(value_of(text, "heir_replay_lag_bytes" + own).empty());
  CHECK(value_of(text, "heir_primary_changes_total" + own) == "2");
  CHECK(value_of(text, R"(heir_messages_refused_total{cluster="main",host="a",reason="stranger"})") == "4");
  CHECK(value_of(text, R"(heir_messages_refused_total{cluster="main",host="a",reason="key"})") == "5");
  CHECK(value_of(text, "heir_loop_stalls_total" + own) == "7");
  CHECK(value_of(text, "heir_loop_longest_stall_seconds" + own) == "0.031000000");
  CHECK(value_of(text, R"(heir_http_refused_total{cluster="main",host="a",reason="slow"})") == "9");
  CHECK(value_of(text, R"(patroni_primary{scope="main"})") == "1");
  CHECK(value_of(text, R"(patroni_xlog_location{scope="main"})") == "104857600");
  const std::string standby = metrics_text(status_of(Role::async, GateMode::closed), {});
  CHECK(value_of(standby, "heir_writable" + own) == "0");
  CHECK(value_of(standby, "heir_replay_lag_bytes" + own) == "10485760");
  CHECK(value_of(standby, "heir_receive_lag_bytes" + own) == "1048576");
  CHECK(value_of(standby, R"(patroni_replica{scope="main"})") == "1");
  const std::string nobody = metrics_text(std::nullopt, counts);
  CHECK(value_of(nobody, "heir_agent_begun{}") == "0");
  CHECK(value_of(nobody, "heir_loop_stalls_total{}") == "7");
}

TEST_CASE("Metrics are in the text format: each name once, with its help and type before its lines") {
  Status status = status_of(Role::async, GateMode::closed);
  status.host = "a\"b\\c\nd";
  const std::string text = metrics_text(status, {});
  CHECK(text.find(R"(host="a\"b\\c\nd")") != std::string::npos);
  std::vector<std::string> names;
  std::istringstream lines(text);
  std::string line;
  std::string help;
  while (std::getline(lines, line)) {
    CAPTURE(line);
    std::istringstream words(line);
    std::string first;
    std::string second;
    std::string name;
    words >> first >> second >> name;
    if (first == "#" && second == "HELP") {
      CHECK(std::find(names.begin(), names.end(), name) == names.end());
      names.push_back(name);
      help = name;
    } else if (first == "#") {
      CHECK(second == "TYPE");
      CHECK(name == help);
    } else {
      REQUIRE_FALSE(names.empty());
      CHECK(line.starts_with(names.back() + "{"));
      CHECK(names.back().ends_with("_total") <=
            (text.find("# TYPE " + names.back() + " counter") != std::string::npos));
    }
  }
  CHECK(names.size() > 30);
}
