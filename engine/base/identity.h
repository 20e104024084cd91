// Who is who: the names that the whole engine shares.
#pragma once

#include "engine/base/strong.h"

namespace heir {

/// The identity of a peer: a UUID kept beside its data (FAILOVER.md section 2). The scripted worlds use short names.
using PeerId = Strong<struct PeerIdTag, std::string>;

/// A session in the coordination store. The store never gives a number twice.
using SessionId = Strong<struct SessionIdTag, std::uint64_t>;

/// Counts the declarations of primary and sync. The first is 1; 0 means none yet.
class Generation {
 public:
  constexpr Generation() = default;
  explicit constexpr Generation(std::uint64_t number) : number_(number) {}
  constexpr std::uint64_t number() const { return number_; }
  constexpr Generation next() const { return Generation(number_ + 1); }
  constexpr auto operator<=>(const Generation&) const = default;

 private:
  std::uint64_t number_ = 0;
};

/// Where a process of the system listens: "host:port".
using Address = Strong<struct AddressTag, std::string>;

}  // namespace heir
