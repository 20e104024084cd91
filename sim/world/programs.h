// The programs that run on simulated hosts. sim knows the engine only as the interface that it implements
// (engine/base/host.h), so whoever starts a run hands these in.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/process/sim_host.h"
#include "sim/workload/resolver.h"

namespace heir::sim {

/// What a peer's programs are told about where they are.
struct PeerSetup {
  std::string name;                       ///< Of the host.
  Address gate;                           ///< Where its clients connect.
  Address database;                       ///< Where its database listens.
  std::vector<Address> store;             ///< Its members.
  std::string root;                       ///< The folder for the database and all that belongs to it; exists.
  std::optional<Address> read_only = {};  ///< Where clients connect to read from whichever host, if any do.
  std::vector<Address> others = {};       ///< The agents of the other hosts.
  /// If set, the agent tells until when, by its monotonic clock, it holds its lease; nothing: it has none. It must
  /// change nothing.
  std::function<void(std::optional<MonotonicTime>)> on_lease = {};
};

/// Watches all members of one store, from outside, for what must never be.
class StoreChecks {
 public:
  virtual ~StoreChecks() = default;
  /// The member leads or follows the newest leader, and was told to have on its disk all that any member was.
  virtual bool has_all(int member) const = 0;
  /// Its disk has lost something, and by leave: when it starts next, it may have forgotten.
  virtual void forgive(int member) = 0;
  /// Nothing is missing on its disk any more: what it forgets from now on is not forgiven.
  virtual void seen_whole(int member) = 0;
};

/// What a member of the store is told.
struct MemberSetup {
  int member = 1;                 ///< Which of them it is, from 1.
  std::vector<Address> members;   ///< All of them.
  std::uint64_t store = 0;        ///< Tells this store from one that stood here before.
  bool is_new = false;            ///< It has never run: its folder is empty by right.
  std::string folder;             ///< Exists.
  StoreChecks* checks = nullptr;  ///< Of its store; outlives it.
};

class Programs {
 public:
  virtual ~Programs() = default;
  virtual HostMain agent(const scenarios::Scenario& scenario, const PeerSetup& setup) = 0;
  /// `violation` is called with what was seen. Null if there is nothing to check.
  virtual std::unique_ptr<StoreChecks> check_store(const scenarios::Scenario& scenario,
                                                   std::function<void(std::string)> violation) = 0;
  virtual HostMain store(const scenarios::Scenario& scenario, const MemberSetup& setup) = 0;
  /// Answers `resolver` as long as it runs.
  virtual HostMain resolver(Resolver& resolver, Network& network, std::vector<Address> store) = 0;
  /// One operator's request (switchover, freeze, unfreeze, rebuild); `agent`: where the peer's agent takes messages.
  virtual HostMain operator_request(const scenarios::Fault& request, std::vector<Address> store, Address agent) = 0;
};

}  // namespace heir::sim
