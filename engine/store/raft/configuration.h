// Who decides: quorums and changes of membership, as arithmetic on values.
//
// One member at a time: then every quorum of the old configuration meets every quorum of the new one, and an entry is
// in force as soon as it is appended (thesis 4.1). A new member begins as a learner (thesis 4.2.1).
#pragma once

#include <cstddef>
#include <string>
#include <variant>

#include "engine/base/result.h"
#include "engine/store/raft/types.h"

namespace heir::raft {

struct AddLearner {
  MemberId id;
  Address address;
  bool operator==(const AddLearner&) const = default;
};
/// A learner votes from now on.
struct Promote {
  MemberId id;
  bool operator==(const Promote&) const = default;
};
/// A voter becomes a learner.
struct Demote {
  MemberId id;
  bool operator==(const Demote&) const = default;
};
struct Remove {
  MemberId id;
  bool operator==(const Remove&) const = default;
};
using Change = std::variant<AddLearner, Promote, Demote, Remove>;

/// The members of a new cluster, all of whom vote.
Configuration make_configuration(std::vector<Member> voters);

const Member* find(const Configuration& configuration, MemberId id);
bool votes(const Configuration& configuration, MemberId id);
std::size_t count_voters(const Configuration& configuration);

/// The configuration after the change; `invalid` and why if it makes no sense.
Result<Configuration> changed(const Configuration& configuration, const Change& change);

/// Whether a majority of the voters is as `is` says.
template <class Is>
bool is_quorum(const Configuration& configuration, Is is) {
  std::size_t yes = 0;
  for (const Member& member : configuration.members)
    if (member.votes && is(member.id)) ++yes;
  return yes > count_voters(configuration) / 2;
}

/// The highest index that a majority of the voters has, where `match` says how far each one's log goes.
template <class Match>
LogIndex quorum_index(const Configuration& configuration, Match match) {
  LogIndex best;
  for (const Member& candidate : configuration.members) {
    if (!candidate.votes) continue;
    const LogIndex index = match(candidate.id);
    if (index > best && is_quorum(configuration, [&](MemberId id) { return match(id) >= index; })) best = index;
  }
  return best;
}

}  // namespace heir::raft
