// The agent: the program that runs beside a database. It puts the protocol, the store, the database and the gate
// together.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/agent/standby_reads.h"
#include "engine/agent/store_link.h"
#include "engine/base/host.h"
#include "engine/databases/postgresql/adapter.h"
#include "engine/failover/policy.h"

namespace heir::agent {

class Access;

struct Config {
  std::string name;              ///< For people: the host's name.
  std::string cluster = "main";  ///< Names the cluster and its service in the store.
  std::vector<Address> store;    ///< Servers of the coordination store.
  Address gate;                  ///< Where clients connect.
  bool singleton = false;
  bool adopt = false;  ///< The operator's word that the data found here is the cluster's.
  bool fenced_reads = false;
  failover::Policy policy;
  failover::Timing timing;
  Duration ttl = Duration::seconds(2);
  Duration renewal_interval = Duration::milliseconds(400);
  Duration request_timeout = Duration::seconds(1);  ///< A store request without an answer for so long is unknown.
  store::RateError clock_error;
  Duration observe_primary = Duration::milliseconds(500);  ///< Between two looks at a primary's database.
  Duration observe_standby = Duration::seconds(1);
  postgresql::Config database;  ///< `self`, `cluster` are filled in by the agent.
  /// See gate::Config.
  std::optional<Address> plain_database = {};
  std::optional<ReadOnlyPort> read_only = {};
  std::vector<Address> others = {};  ///< The agents of the other hosts: a request to cancel may be for a session there.
  /// Told when the lease changes: the first instant of the host's monotonic clock at which it holds no more; nothing:
  /// there is none. For who looks from outside; no log line tells it, for it is renewed all the time.
  std::function<void(std::optional<MonotonicTime>)> on_lease = {};
  Access* access = nullptr;  ///< Connected while the agent runs, if there is one; outlives it.
};

/// Runs the agent until it is destroyed. It returns, having said why in the log, only if it cannot begin.
Task<void> run(Host& host, Config config);

}  // namespace heir::agent
