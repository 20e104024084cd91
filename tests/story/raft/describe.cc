#include "tests/story/raft/describe.h"

#include "engine/base/match.h"

namespace heir::story {

using namespace raft;

namespace {

std::string text(std::uint64_t number) {
  return std::to_string(number);
}
std::string text(Term term) {
  return std::to_string(term.number());
}
std::string text(LogIndex index) {
  return std::to_string(index.number());
}
std::string text(MemberId id) {
  return std::to_string(id.value());
}

std::string text(LogIndex first, const std::vector<Entry>& entries) {
  std::string all = "[";
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) all += ", ";
    all += to_text(EntryId{first + i, entries[i].term}) + " " + to_text(entries[i].payload);
  }
  return all + "]";
}

std::string round(std::uint64_t number) {
  return number == 0 ? "" : ", round " + text(number);
}

}  // namespace

std::string to_text(EntryId id) {
  return text(id.term) + "/" + text(id.index);
}

std::string to_text(const Payload& payload) {
  return std::visit(
      Match{[](const Nothing&) -> std::string { return "nothing"; }, [](const Command& c) { return c.bytes; },
            [](const Configuration& c) { return "members " + to_text(c); }},
      payload);
}

std::string to_text(const Configuration& configuration) {
  std::string all;
  for (const Member& member : configuration.members) {
    if (!all.empty()) all += " ";
    all += text(member.id) + (member.votes ? "" : "(learner)");
  }
  return all.empty() ? "nobody" : all;
}

std::string to_text(const Body& body) {
  return std::visit(
      Match{[](const PreVoteRequest& b) {
              return "pre-vote for term " + text(b.proposed) + "? log ends " + to_text(b.last);
            },
            [](const PreVoteReply& b) {
              return std::string(b.granted ? "pre-vote" : "no pre-vote") + " for term " + text(b.proposed);
            },
            [](const VoteRequest& b) {
              return "vote? log ends " + to_text(b.last) + (b.transfer ? ", by transfer" : "");
            },
            [](const VoteReply& b) -> std::string { return b.granted ? "vote" : "no vote"; },
            [](const Append& b) {
              return "append " + text(b.previous.index.next(), b.entries) + " behind " + to_text(b.previous) +
                     ", commit " + text(b.commit) + round(b.round);
            },
            [](const Appended& b) { return "appended up to " + text(b.match) + round(b.round); },
            [](const Rejected& b) {
              return "rejected behind " + text(b.previous) + ", try " + to_text(b.hint) + round(b.round);
            },
            [](const Heartbeat& b) { return "heartbeat, commit " + text(b.commit) + round(b.round); },
            [](const HeartbeatReply& b) { return "heartbeat answered" + round(b.round); },
            [](const InstallSnapshot& b) {
              return "snapshot of " + to_text(b.last) + ", bytes " + text(b.offset) + " to " +
                     text(b.offset + b.part.size()) + " of " + text(b.size) + round(b.round);
            },
            [](const Received& b) {
              return "received " + text(b.size) + " bytes of the snapshot of " + to_text(b.snapshot) + round(b.round);
            },
            [](const TimeoutNow&) -> std::string { return "begin an election now"; },
            [](const TermOver&) -> std::string { return "that term is over"; }},
      body);
}

std::string to_text(const Persist& persist) {
  std::string all;
  const auto add = [&all](const std::string& part) { all += (all.empty() ? "" : ", ") + part; };
  if (persist.ballot)
    add("term " + text(persist.ballot->term) +
        (persist.ballot->vote == nobody ? "" : " with the vote for " + text(persist.ballot->vote)));
  if (persist.snapshot)
    add("snapshot of " + to_text(persist.snapshot->last) + (persist.discard_log ? ", no log" : ", log") + " behind " +
        to_text(persist.before));
  if (!persist.entries.empty()) add(text(persist.previous.index.next(), persist.entries));
  return all;
}

}  // namespace heir::story
