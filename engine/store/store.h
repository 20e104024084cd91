// Store: the coordination store as the engine uses it, whatever stands behind it: ours, etcd, ZooKeeper or Consul.
// (FAILOVER.md sections 2, 5 and 8.)
//
// Every operation ends within the store's operation timeout after it was sent, except changed() and watch(), which wait
// as long as they are awaited. Destroying an awaiting frame gives up waiting; what was asked may still happen. One
// object has one write (open, register, deregister, compare-and-swap) under way at a time: others wait for it, in the
// order of the calls. Renewals, ends and reads overtake. No operation may be awaited when its Store is already
// destroyed.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/sync.h"
#include "engine/base/task.h"
#include "engine/store/types.h"

namespace heir::store {

/// A conditional write: "if the document's index is still `expected` (0: if there is none), then this document and
/// leader".
struct Swap {
  SessionId session;
  ServiceName service;
  Index expected;
  Bytes document;
  std::optional<PeerId> leader;
  bool operator==(const Swap&) const = default;
};

struct Swapped {
  Index index;      ///< Of the document that was written.
  Version version;  ///< Of the service, just after.
  bool operator==(const Swapped&) const = default;
};
/// Not written: another version stands there. `current` was read in the same command.
struct Conflict {
  View current;
  bool operator==(const Conflict&) const = default;
};
/// Not written: the session has ended.
struct SessionOver {
  bool operator==(const SessionOver&) const = default;
};
/// May have been written, or may be written later; see FAILOVER.md section 2 for what a peer does then.
struct Unknown {
  std::string why;
  bool operator==(const Unknown&) const = default;
};
/// Not written, and never will be: the store does not take such a document.
struct Refused {
  Error error;
  bool operator==(const Refused&) const = default;
};
using SwapOutcome = std::variant<Swapped, Conflict, SessionOver, Unknown, Refused>;

struct OpenedSession {
  SessionId id;
  MonotonicTime sent;  ///< When the request was sent: the first lease counts from here, as from a renewal.
  bool operator==(const OpenedSession&) const = default;
};

class Store {
 public:
  virtual ~Store() = default;

  /// The identity that the last answer told; nothing before the first answer.
  virtual std::optional<StoreId> identity() const = 0;
  /// When an answer last came, to whatever was asked, however late; the beginning of the clock before the first.
  virtual MonotonicTime heard() const = 0;

  /// A new session. `timed_out`: a session that nobody uses may exist for one ttl. `invalid`: ttl not positive.
  virtual Task<Result<OpenedSession>> open_session(Duration ttl) = 0;

  /// The monotonic time at which the renewal that was acknowledged was *sent*: the lease counts from there (lease.h).
  /// `session_over`: it is certain that the session has ended. `timed_out`: nothing is certain.
  virtual Task<Result<MonotonicTime>> renew(SessionId session) = 0;

  /// Ends a session now, its instances with it. Ending one that is over succeeds. `unknown_outcome`.
  virtual Task<Result<>> end_session(SessionId session) = 0;

  /// Adds the instance behind all others; if the same session has it already, replaces it in its place. `session_over`;
  /// `already_exists` if another live session holds an instance of that identity (a twin, or our own former life, until
  /// its session expires); `unknown_outcome`; `invalid`. Who knows the session of his former life (`former`) takes its
  /// instance over in its place at once: a restarted agent is not absent in between. The former session itself goes on.
  virtual Task<Result<>> register_instance(SessionId session, ServiceName service, Instance instance,
                                           std::optional<SessionId> former = std::nullopt) = 0;

  /// Takes the session's instance away; `not_found` if it has none of that identity there; `session_over`,
  /// `unknown_outcome`.
  virtual Task<Result<>> deregister(SessionId session, ServiceName service, PeerId id) = 0;

  /// Linearizable: as new as the moment at which read() was called, or newer. `timed_out`.
  virtual Task<Result<View>> read(ServiceName service) = 0;

  virtual Task<SwapOutcome> compare_and_swap(Swap swap) = 0;

  /// The first view that can be had which is newer than `after`, or of another store than `store` (nothing: any view).
  /// Waits until there is one. It is a view, not a fresh read: what opens a gate is decided on read().
  virtual Task<View> changed(ServiceName service, std::optional<StoreId> store, Version after) = 0;

  /// Versions `first` to `last` of the document, as far as they exist, ascending. `timed_out`.
  virtual Task<Result<std::vector<Document>>> history(ServiceName service, Index first, Index last) = 0;

  /// Who leads, linearizable: the small read for clients. `timed_out`.
  virtual Task<Result<Leader>> leader(ServiceName service) = 0;

  /// Delivers views for ever: the latest at first, then whenever there is a newer one; never an older after a newer,
  /// never one twice. Versions that follow one another quickly may be delivered as the last one only. Spawn it in a
  /// Scope that goes before the store and the queue.
  Task<void> watch(ServiceName service, Queue<View>& out);
};

}  // namespace heir::store
