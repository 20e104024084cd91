// Canonical states: what a run looks like between two events, without what makes no difference to what can still
// happen: which of equal peers is which, the numbers of generations and versions, addresses, how long the logs are.
//
// It is an abstraction, and coarser than the whole state: messages on their way, timers, clients, the content of the
// logs, and what a database that does not run has on its disk are not in it. Two moments of one canonical state are
// taken for one place at which a fault can strike.
#pragma once

#include <string>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/world/run.h"

namespace heir::tools {

struct CanonicalState {
  std::string text;                ///< The same for states that differ only by a permutation of peers, or of members.
  std::vector<std::string> twins;  ///< Hosts that are like another one, named before them: "host3", "store2".
};

/// What a placed fault leaves in the state for as long as it lasts, or for ever: what a Glance does not show of it.
class Mark {
 public:
  /// REQUIRES a fault at an exact time.
  explicit Mark(const scenarios::Fault& fault);
  const std::string& host() const { return host_; }  ///< Empty: nobody in particular.
  /// Empty: nothing is left of it.
  std::string text(Duration now) const;

 private:
  std::string host_;
  std::string what_;
  Duration begins_;
  Duration ends_;
  bool leaves_trace_;
};

/// Whether what a Glance says of that name is part of the state.
bool is_in_state(std::string_view name);
CanonicalState canonical_state(const sim::Glance& glance, const std::vector<Mark>& marks);

/// What one host shows, and how it is called: parts of canonical_state().
struct HostText {
  std::string name;  ///< "host1"
  std::string text;
};
/// All peers, the members of the store and what is said of the cluster, by names that do not depend on who is which.
CanonicalState canonical(const std::vector<HostText>& peers, const std::vector<HostText>& members,
                         const std::string& cluster);
/// Digits become one '#', identities (8-4-4-4-12 hexadecimal digits) one "peer"; names of hosts stay.
std::string without_numbers(std::string_view text);
/// 32 hexadecimal digits, equal for equal texts only as far as any run will tell.
std::string hash_of(std::string_view text);

}  // namespace heir::tools
