// The store's state machine: a pure value with apply(state, now, command) -> reply, ready to stand on a replicated log.
// (FAILOVER.md section 8.)
//
// Invariants: every instance's session is alive; instances stand in order of first registration; a service's version
// grows by one per command (or expiry) that changed what can be seen of it, and documents' indices are 1, 2, 3, …; a
// write whose session is over changes nothing; whatever happens first, due expiries do (a session is alive strictly
// before its end). `now` is the store's monotonic clock and must not go back between calls, except at restart().
//
// On a replicated log, where nothing may depend on any member's clock, `now` is always the beginning of time: no
// session ends by itself, and the leader, who keeps the time, ends them with entries of the log (member.h).
#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <variant>
#include <vector>

#include "engine/store/raft/types.h"
#include "engine/store/store.h"
#include "engine/store/types.h"

namespace heir::store {

/// One life of one client process: random, so never used twice.
using ClientId = Strong<struct ClientIdTag, std::uint64_t>;

/// What the store takes at most. Beyond it a command is refused as Invalid, in words.
namespace limits {
inline constexpr std::size_t content = std::size_t{1} << 20;  ///< Bytes of a document or an instance's metadata.
inline constexpr std::size_t name = 512;                      ///< Bytes of a name, an identity, an address.
inline constexpr std::size_t addresses = 16;                  ///< Per instance.
inline constexpr std::size_t sessions = 4096;
inline constexpr std::size_t services = 256;
inline constexpr std::size_t answer = std::size_t{1}
                                      << 20;          ///< Bytes of documents in one answer; one document at least.
inline constexpr std::size_t history = 10'000;        ///< Versions of a document that are kept: the newest.
inline constexpr std::size_t retired_clients = 1024;  ///< Clients without a session whose last reply is still kept.
inline constexpr Duration ttl = Duration::seconds(86'400);
}  // namespace limits

// Commands: they change the state.
struct OpenSession {
  Duration ttl{};
  PeerId owner{};  ///< For the history: who writes under this session.
  bool operator==(const OpenSession&) const = default;
};
struct Renew {
  SessionId session;
  bool operator==(const Renew&) const = default;
};
struct EndSession {
  SessionId session;
  bool operator==(const EndSession&) const = default;
};
struct Register {
  SessionId session;
  ServiceName service;
  Instance instance;
  SessionId former{};  ///< 0 for none; see Store::register_instance.
  bool operator==(const Register&) const = default;
};
struct Deregister {
  SessionId session;
  ServiceName service;
  PeerId id;
  bool operator==(const Deregister&) const = default;
};
using Action = std::variant<OpenSession, Renew, EndSession, Register, Deregister, Swap>;

struct Command {
  ClientId client;
  std::uint64_t request = 0;  ///< Grows with each of the client's commands; a repetition has the number of the first.
  WallTime at;                ///< The server's wall clock when it took the command in; for people.
  Action action;
};

/// What a replicated log begins with: the store's identity. A later one changes nothing.
struct Begin {
  StoreId identity;
};
/// An entry of a replicated log.
using Logged = std::variant<Begin, Command>;

// Queries: they do not.
struct Read {
  ServiceName service;
  bool operator==(const Read&) const = default;
};
struct FindLeader {
  ServiceName service;
  bool operator==(const FindLeader&) const = default;
};
struct ReadHistory {
  ServiceName service;
  Index first;
  Index last;
  bool operator==(const ReadHistory&) const = default;
};
using Query = std::variant<Read, FindLeader, ReadHistory>;

// Replies.
struct Opened {
  SessionId session;
  bool operator==(const Opened&) const = default;
};
struct Renewed {
  std::uint64_t changes = 0;  ///< State::changes: tells a client that a watch's answer was lost.
  bool operator==(const Renewed&) const = default;
};
struct Done {
  bool operator==(const Done&) const = default;
};
/// The instance's identity is held by another live session.
struct Taken {
  SessionId holder;
  bool operator==(const Taken&) const = default;
};
struct NotThere {
  bool operator==(const NotThere&) const = default;
};
struct Invalid {
  std::string why;
  bool operator==(const Invalid&) const = default;
};
/// The client's sessions ended so long ago that its last reply is gone: the command, if it is a repetition, may have
/// happened.
struct Forgotten {
  bool operator==(const Forgotten&) const = default;
};
/// An older command than the client's last. It will not happen; nobody waits for an answer.
struct Superseded {
  bool operator==(const Superseded&) const = default;
};
struct Viewed {
  View view;
  std::uint64_t changes = 0;
  bool operator==(const Viewed&) const = default;
};
struct Found {
  Leader leader;
  bool operator==(const Found&) const = default;
};
struct Told {
  std::vector<Document> documents;
  bool more = false;  ///< The answer was getting long: ask on behind the last one.
  bool operator==(const Told&) const = default;
};
/// Not carried out: another server leads, if any does. It tells nothing of the store.
struct NotLeader {
  std::optional<Address> leader;  ///< Who was heard to lead just now.
  bool operator==(const NotLeader&) const = default;
};
/// Not now, and nothing was changed: asked again it may be done.
struct NotYet {
  std::string why;
  bool operator==(const NotYet&) const = default;
};
/// Of whom the store consists, and who leads.
struct Members {
  std::vector<raft::Member> members;
  raft::MemberId leader;
  bool operator==(const Members&) const = default;
};
using Reply = std::variant<Opened, Renewed, Done, SessionOver, Taken, NotThere, Invalid, Forgotten, Superseded, Swapped,
                           Conflict, Viewed, Found, Told, NotLeader, NotYet, Members>;

struct Session {
  SessionId id;
  ClientId client;
  PeerId owner;
  Duration ttl;
  MonotonicTime expires;  ///< On the store's clock: ttl after the last renewal was applied.
  bool operator==(const Session&) const = default;
};

struct Service {
  ServiceName name;
  Version version;
  std::vector<Member> members;
  std::vector<SessionId> sessions;
  std::vector<Document> history;  ///< Versions without a gap; the last one is current.
  bool operator==(const Service&) const = default;
};

/// A client's last command that must not happen twice, and how it was answered.
struct ClientRecord {
  ClientId client;
  std::uint64_t request = 0;
  Reply reply;
  std::uint64_t retired = 0;  ///< 0 while it has a session; else its place in the order of retirement.
  bool operator==(const ClientRecord&) const = default;
};

struct State {
  StoreId identity;
  std::uint64_t next_session = 0;
  std::uint64_t next_retirement = 1;
  std::uint64_t changes = 0;                      ///< Sum of all version bumps.
  MonotonicTime earliest = MonotonicTime::max();  ///< No session ends before; may be too early, never too late.
  std::vector<Session> sessions;                  ///< By id.
  std::vector<Service> services;                  ///< By name.
  std::vector<ClientRecord> clients;              ///< By id.
  bool operator==(const State&) const = default;
};
static_assert(std::regular<State>);

/// A new, empty store. Session numbers begin at a place derived from the identity.
State create(StoreId identity);

/// Carries out what is due at `now`, then the command.
[[nodiscard]] Reply apply(State& state, MonotonicTime now, Command command);

/// Carries out an entry of a replicated log.
[[nodiscard]] Reply apply(State& state, Logged logged);

/// Ends every session whose time is up: those with `expires` <= now, in order of expiry, then of number.
void expire(State& state, MonotonicTime now);

/// A new leader, or a restarted server with another clock: every session gets a full ttl from `now`.
void restart(State& state, MonotonicTime now);

/// Linearizable if due expiries were carried out before.
[[nodiscard]] Reply answer(const State& state, const Query& query);

/// The session, if it is alive.
const Session* find_session(const State& state, SessionId session);

/// The view of a service; one that nobody has touched is empty, version 0.
View view_of(const State& state, const ServiceName& service);
/// Its version, without making the view.
Version version_of(const State& state, const ServiceName& service);

}  // namespace heir::store
