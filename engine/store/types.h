// The vocabulary of the coordination store: what a service is made of, and what anybody is told about it. Values only.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/host.h"
#include "engine/base/identity.h"
#include "engine/base/time.h"

namespace heir::store {

/// The identity of one store: random at its creation, told with every answer. A peer that remembers another one closes
/// its gate and tells the operator (FAILOVER.md section 8).
struct StoreId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const StoreId&) const = default;
};

/// As a UUID: "0f8fad5b-d9cb-469f-a165-70867728950e".
std::string to_string(const StoreId& id);
std::optional<StoreId> parse_store_id(const std::string& text);
/// For a new store: a random UUID.
StoreId random_store_id(Host& host);

/// 0 is none. Numbers are never used twice by a store, and different stores begin at different numbers.
using heir::SessionId;

/// Counts the versions of a service's document. The first is 1; 0 stands for "there is none".
using Index = Strong<struct IndexTag, std::uint64_t>;

/// Counts everything that can be seen of a service: instances, sessions, document and leader. Grows by one per command
/// that changed any of them; 0 is a service that nobody has touched.
using Version = Strong<struct VersionTag, std::uint64_t>;

/// The name of a service: for us, of a cluster.
using ServiceName = Strong<struct ServiceNameTag, std::string>;

/// What a peer registers.
struct Instance {
  PeerId id;
  std::string name;                ///< For people: the host's name.
  std::vector<Address> addresses;  ///< Opaque to the store; what stands at which place is the service's agreement.
  Bytes metadata;                  ///< Opaque to the store.
  bool operator==(const Instance&) const = default;
};

/// An instance that is present: its session is alive.
struct Member {
  Instance instance;
  SessionId session;
  bool operator==(const Member&) const = default;
};

/// One version of a service's document.
struct Document {
  Index index;
  Bytes content;
  std::optional<PeerId> leader;  ///< The leader pointer that was written by the same command.
  PeerId by;                     ///< The owner of the session that wrote it.
  SessionId session;
  WallTime at;  ///< The store's wall clock, for people.
  bool operator==(const Document&) const = default;
};

/// Everything about a service at one of its versions.
struct View {
  StoreId store;
  Version version;
  std::vector<Member> members;  ///< In order of first registration; who left and came back stands last.
  std::vector<SessionId>
      sessions;  ///< Alive sessions that registered or wrote here, ascending; with or without an instance.
  std::optional<Document> document;

  /// Whether a session is alive. REQUIRES that the session registered or wrote in this service before this version.
  bool alive(SessionId session) const { return std::binary_search(sessions.begin(), sessions.end(), session); }
  const Member* find(const PeerId& id) const {
    for (const Member& member : members)
      if (member.instance.id == id) return &member;
    return nullptr;
  }
  /// What the next compare-and-swap has to expect.
  Index index() const { return document ? document->index : Index(); }
  std::optional<PeerId> leader() const { return document ? document->leader : std::nullopt; }
  bool operator==(const View&) const = default;
};

/// The answer for clients of the service: who leads, and where.
struct Leader {
  Index index;  ///< Of the document that named it; 0 if there is none.
  std::optional<PeerId> id;
  std::optional<Instance> instance;  ///< Absent if the leader is not present.
  bool operator==(const Leader&) const = default;
};

}  // namespace heir::store
