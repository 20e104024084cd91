// Canonical states: what a run looks like between two events, without what makes no difference to what can still
// happen: which of equal peers is which, the numbers of generations and versions, addresses, how long the logs are.
//
// It is an abstraction, and coarser than the whole state: messages on their way and timers are not in it. Two moments
// of one canonical state are taken for one place at which a fault can strike.
#pragma once

#include <string>
#include <vector>

#include "sim/world/run.h"

namespace heir::tools {

/// The same text for moments that differ only by a permutation of peers, or of the store's members.
std::string canonical_state(const sim::Glance& glance);

/// What one peer shows, and how it is put: parts of canonical_state().
struct PeerText {
  std::string name;  ///< "host1"
  std::string text;
};
/// All peers and what is said of the cluster, by names that do not depend on which peer is which.
std::string canonical(const std::vector<PeerText>& peers, const std::string& cluster);
/// Digits become one '#', identities (8-4-4-4-12 hexadecimal digits) one "peer"; names of hosts stay.
std::string without_numbers(std::string_view text);

}  // namespace heir::tools
