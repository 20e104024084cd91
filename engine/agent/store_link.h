// The agent's link to the coordination store: keeps a session alive and the peer registered, watches, reads, writes,
// and turns all that is heard into inputs of the protocol.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "engine/base/host.h"
#include "engine/base/sync.h"
#include "engine/failover/peer.h"
#include "engine/store/lease.h"
#include "engine/store/store.h"

namespace heir::agent {

struct StoreLinkConfig {
  store::ServiceName service;
  Duration ttl = Duration::seconds(2);
  Duration renewal_interval = Duration::milliseconds(400);
  store::RateError clock_error;
  bool lease_margin = true;  ///< Policy: off, a lease lasts ttl from the answer's arrival.
  std::string session_file;  ///< Where the session is kept, so that a restarted agent can follow itself.
};

/// As the protocol sees it; an undecodable document is logged and read as the state before.
Result<failover::View> to_failover(const store::View& view);

class StoreLink {
 public:
  using Feed = std::function<void(failover::Input)>;
  /// All outlive the link. `feed` is called from the link's tasks.
  StoreLink(Host& host, store::Store& store, StoreLinkConfig config, Feed feed);

  /// What is registered; set before the first session.
  void set_instance(store::Instance instance) { instance_ = std::move(instance); }
  /// Views for ever.
  Task<void> watch();
  /// Whether this peer is primary: it needs a lease, not only presence.
  void set_leads(bool leads) { leads_ = leads; }
  void open_session();
  void end_session(SessionId session);
  void read(std::uint64_t id);
  void write(failover::Write write);

  /// The addresses that peers registered, as far as ever seen: addresses[1] is the database's.
  const std::map<PeerId, store::Instance>& known() const { return known_; }
  /// When the newest version of the state was written, by the store's wall clock.
  std::optional<WallTime> changed_at() const { return changed_at_; }

 private:
  Task<void> keep_session();
  Task<void> keep_registered(SessionId session);
  Task<void> end(SessionId session);
  Task<void> do_read(std::uint64_t id);
  Task<void> do_write(failover::Write write);
  void learn(const store::View& view);
  MonotonicTime lease_from(MonotonicTime sent);

  Host& host_;
  store::Store& store_;
  StoreLinkConfig config_;
  Feed feed_;
  store::Instance instance_;
  std::map<PeerId, store::Instance> known_;
  store::Index changed_;
  std::optional<WallTime> changed_at_;
  bool leads_ = false;
  std::optional<SessionId> former_;  ///< Of this peer's life before, as kept on disk.
  Scope session_;                    ///< Keeps the present session; gone with it.
  Scope requests_;
};

}  // namespace heir::agent
