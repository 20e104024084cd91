#include "engine/store/raft/configuration.h"

#include <algorithm>

#include "engine/base/match.h"

namespace heir::raft {

namespace {

std::string name(MemberId id) {
  return "member " + std::to_string(id.value());
}

Error invalid(std::string why) {
  return {ErrorCode::invalid, std::move(why)};
}

Member* find_in(Configuration& configuration, MemberId id) {
  for (Member& member : configuration.members)
    if (member.id == id) return &member;
  return nullptr;
}

/// Takes a member's vote, or the member; the last vote stays.
Result<> withdraw(Configuration& configuration, MemberId id, bool stays) {
  Member* member = find_in(configuration, id);
  if (!member) return invalid(name(id) + " is not a member");
  if (member->votes && count_voters(configuration) == 1) return invalid(name(id) + " is the last one that votes");
  if (stays && !member->votes) return invalid(name(id) + " is a learner already");
  if (stays)
    member->votes = false;
  else
    std::erase_if(configuration.members, [id](const Member& m) { return m.id == id; });
  return Unit{};
}

}  // namespace

Configuration make_configuration(std::vector<Member> voters) {
  Configuration made;
  made.members = std::move(voters);
  std::sort(made.members.begin(), made.members.end(), [](const Member& a, const Member& b) { return a.id < b.id; });
  for (Member& member : made.members) {
    ASSERT(member.id > made.highest, "members without an id, or two of one id");
    made.highest = member.id;
    member.votes = true;
  }
  return made;
}

const Member* find(const Configuration& configuration, MemberId id) {
  for (const Member& member : configuration.members)
    if (member.id == id) return &member;
  return nullptr;
}

bool votes(const Configuration& configuration, MemberId id) {
  const Member* member = find(configuration, id);
  return member && member->votes;
}

std::size_t count_voters(const Configuration& configuration) {
  return static_cast<std::size_t>(std::count_if(configuration.members.begin(), configuration.members.end(),
                                                [](const Member& member) { return member.votes; }));
}

Result<Configuration> changed(const Configuration& configuration, const Change& change) {
  Configuration next = configuration;
  const Result<> done = std::visit(Match{[&](const AddLearner& c) -> Result<> {
                                           // A member that lost its disk has forgotten its votes: it comes back under a
                                           // new id only.
                                           if (c.id <= next.highest)
                                             return invalid(name(c.id) + " was given before; the next free id is " +
                                                            std::to_string(next.highest.value() + 1));
                                           next.members.push_back({c.id, c.address, false});
                                           next.highest = c.id;
                                           return Unit{};
                                         },
                                         [&](const Promote& c) -> Result<> {
                                           Member* member = find_in(next, c.id);
                                           if (!member)
                                             return invalid(name(c.id) + " is not a member: add it as a learner first");
                                           if (member->votes) return invalid(name(c.id) + " votes already");
                                           member->votes = true;
                                           return Unit{};
                                         },
                                         [&](const Demote& c) { return withdraw(next, c.id, true); },
                                         [&](const Remove& c) { return withdraw(next, c.id, false); }},
                                   change);
  if (!done) return done.error();
  return next;
}

}  // namespace heir::raft
