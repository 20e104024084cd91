// What members say to each other. A message may be lost, doubled, delayed and overtaken; every one carries its sender's
// term.
#pragma once

#include <variant>
#include <vector>

#include "engine/store/raft/types.h"

namespace heir::raft {

/// Would you vote for me in `proposed`? Asked before a term is spent on it (thesis 9.6).
struct PreVoteRequest {
  Term proposed;
  EntryId last;
  bool operator==(const PreVoteRequest&) const = default;
};
struct PreVoteReply {
  Term proposed;
  bool granted = false;
  bool operator==(const PreVoteReply&) const = default;
};
struct VoteRequest {
  EntryId last;
  bool transfer = false;  ///< The leader itself asked for this election: it is no disruption.
  bool operator==(const VoteRequest&) const = default;
};
struct VoteReply {
  bool granted = false;
  bool operator==(const VoteReply&) const = default;
};

struct Append {
  EntryId previous;  ///< Just before the first of `entries`.
  std::vector<Entry> entries;
  LogIndex commit;
  std::uint64_t round = 0;
  bool operator==(const Append&) const = default;
};
/// The follower has the leader's log up to `match`, durably.
struct Appended {
  LogIndex match;
  std::uint64_t round = 0;
  bool operator==(const Appended&) const = default;
};
/// The follower has not what stands at `previous`. `hint`: the leader need look no further back than there.
struct Rejected {
  LogIndex previous;
  EntryId hint;
  std::uint64_t round = 0;
  bool operator==(const Rejected&) const = default;
};
/// `commit` is at most what the follower is known to have. `round` counts the leader's questions whether it still leads
/// (thesis 6.4); answers repeat it.
struct Heartbeat {
  LogIndex commit;
  std::uint64_t round = 0;
  bool operator==(const Heartbeat&) const = default;
};
struct HeartbeatReply {
  std::uint64_t round = 0;
  bool operator==(const HeartbeatReply&) const = default;
};

/// A part of a snapshot (thesis 5.1); the next one is sent when this one has been answered.
struct InstallSnapshot {
  EntryId last;
  Configuration configuration;
  std::uint64_t size = 0;  ///< Of the whole state.
  std::uint64_t offset = 0;
  Bytes part;
  std::uint64_t round = 0;
  bool operator==(const InstallSnapshot&) const = default;
};
/// The follower has so much of the snapshot, and wants what follows.
struct Received {
  EntryId snapshot;
  std::uint64_t size = 0;
  std::uint64_t round = 0;
  bool operator==(const Received&) const = default;
};

/// Begin an election now (thesis 3.10).
struct TimeoutNow {
  bool operator==(const TimeoutNow&) const = default;
};
/// Your term is over: mine is later.
struct TermOver {
  bool operator==(const TermOver&) const = default;
};

using Body = std::variant<PreVoteRequest, PreVoteReply, VoteRequest, VoteReply, Append, Appended, Rejected, Heartbeat,
                          HeartbeatReply, InstallSnapshot, Received, TimeoutNow, TermOver>;

struct Message {
  MemberId from;
  MemberId to;
  Term term;  ///< The sender's.
  Body body;
  bool operator==(const Message&) const = default;
};

}  // namespace heir::raft
