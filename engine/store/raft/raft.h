// A member of a Raft cluster as a value: what it knows and what it is, and step(), which is the whole protocol.
//
// step(raft, input) changes the member and returns what must be done for it. Nothing else changes it. It has no clock,
// no I/O and no randomness of its own, so it can be copied, compared, snapshotted, explored.
//
// Duties of the caller:
// - feed inputs one at a time, in the order in which they came; Tick at a steady rate;
// - carry out every Persist in the order of their ids, and tell with Persisted when one is durable; later ones may be
//   put together with earlier ones;
// - send a message only when the Persist that it waits for is durable; losing messages does no harm;
// - bring the state machine to `install`, if there is one, and then apply `apply` in order, at once;
// - after a crash go on with restore() from what is durable, and from nothing else: a member without its disk is none.
#pragma once

#include <concepts>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "engine/store/raft/configuration.h"
#include "engine/store/raft/log.h"
#include "engine/store/raft/message.h"
#include "engine/store/raft/types.h"

namespace heir::raft {

/// Each rule can be switched off, to show what it is for: tests only. (tests/story/raft/explore.cc)
struct Rules {
  bool vote_durable = true;            ///< A vote is on disk before it is told.
  bool entries_durable = true;         ///< So are entries before they are acknowledged.
  bool one_vote_a_term = true;         ///< Thesis 3.4.
  bool compare_logs = true;            ///< No vote for a shorter or older log (thesis 3.6.1).
  bool check_previous = true;          ///< Entries only behind what the leader has before them (thesis 3.5).
  bool keep_what_matches = true;       ///< Entries that are there already are not taken back by an old message.
  bool commit_own_term_only = true;    ///< Thesis 3.6.2, figure 3.7.
  bool one_change_at_a_time = true;    ///< Thesis 4.1.
  bool change_after_own_entry = true;  ///< No change before an entry of the own term is committed (errata of 4.1).
  bool confirm_reads = true;           ///< A leader asks whether it still leads before it answers a read.
  bool read_after_own_entry = true;    ///< And not before an entry of its term is committed (thesis 6.4).
  bool operator==(const Rules&) const = default;
};

struct Options {
  MemberId self;
  std::uint32_t heartbeat_ticks = 1;
  /// A follower waits for between one and two of it; a leader without a quorum for one of it steps down (thesis 6.2).
  std::uint32_t election_ticks = 10;
  bool pre_vote = true;
  // Flow control: so much is under way to one member at most.
  std::size_t append_bytes = std::size_t{64} << 10;    ///< In one message; one entry at least.
  std::size_t in_flight_bytes = std::size_t{1} << 20;  ///< Sent and not acknowledged.
  std::size_t in_flight_messages = 64;
  std::size_t snapshot_part = std::size_t{64} << 10;
  std::uint64_t snapshot_limit = std::uint64_t{1} << 30;  ///< A longer one is not taken in.
  std::size_t uncommitted_bytes = std::size_t{8} << 20;   ///< Beyond it, proposals are refused as busy.
  std::size_t waiting_reads = 4096;                       ///< Likewise reads.
  std::size_t entries_kept = 256;                         ///< Before a snapshot, for members that lag a little.
  std::uint64_t caught_up = 64;                           ///< A learner may vote when it lacks so many entries at most.
  Rules rules;
  bool operator==(const Options&) const = default;
};

// ---- Roles ----

struct Follower {
  std::optional<MemberId> leader;
  struct Incoming {
    EntryId last;
    Bytes state;  ///< So far.
    bool operator==(const Incoming&) const = default;
  };
  std::optional<Incoming> incoming;
  bool operator==(const Follower&) const = default;
};
struct PreCandidate {
  std::set<MemberId> granted;
  bool operator==(const PreCandidate&) const = default;
};
struct Candidate {
  std::set<MemberId> granted;
  std::uint64_t ballot_persist = 0;  ///< The vote for itself counts when this is durable.
  bool operator==(const Candidate&) const = default;
};

/// What a leader knows of another member.
struct Progress {
  enum class Stage {
    probe,      ///< Where the logs agree is being found out, with one message at a time.
    replicate,  ///< Entries are sent without waiting.
    snapshot,   ///< What it needs is no longer in the log.
  };
  LogIndex match;  ///< It has the leader's log up to here, durably.
  LogIndex next;   ///< What is sent next.
  Stage stage = Stage::probe;
  bool paused = false;  ///< Probing, and the answer is to come.
  struct InFlight {
    LogIndex last;
    std::size_t bytes = 0;
    bool operator==(const InFlight&) const = default;
  };
  std::vector<InFlight> in_flight;
  EntryId snapshot;          ///< Being sent,
  std::uint64_t offset = 0;  ///< and received so far.
  bool progressed = false;   ///< Since the last heartbeat.
  std::uint64_t round = 0;   ///< The last one that it answered.
  bool active = false;       ///< Heard of since the last look at the quorum.
  bool operator==(const Progress&) const = default;
};
struct Leader {
  std::map<MemberId, Progress> progress;  ///< Of the other members.
  LogIndex first_of_term;                 ///< The entry Nothing that it began with.
  std::size_t uncommitted = 0;            ///< Bytes.
  std::uint32_t since_heartbeat = 0;
  // Reads wait for the next round of questions while one is under way.
  std::uint64_t round = 0;
  struct Confirming {
    std::uint64_t round = 0;
    LogIndex commit;  ///< When the round began.
    std::vector<std::uint64_t> reads;
    bool operator==(const Confirming&) const = default;
  };
  std::optional<Confirming> confirming;
  std::vector<std::uint64_t> waiting_reads;
  struct Transfer {
    MemberId to;
    std::uint32_t ticks = 0;
    bool operator==(const Transfer&) const = default;
  };
  std::optional<Transfer> transfer;
  bool operator==(const Leader&) const = default;
};
using Role = std::variant<Follower, PreCandidate, Candidate, Leader>;
const char* to_string(const Role& role);

// ---- The member ----

struct Raft {
  Options options;
  Ballot ballot;  ///< The current term, and the vote in it.
  Log log;
  LogIndex commit;   ///< Known to be committed; not kept over a crash.
  LogIndex applied;  ///< Handed out for the state machine.
  Role role;
  std::uint32_t elapsed = 0;  ///< Ticks since the leader was heard, or this role began.
  std::uint32_t timeout = 0;  ///< In ticks; 0: to be drawn at the next one.
  // Durability
  std::uint64_t last_persist = 0;
  struct Pending {
    std::uint64_t id = 0;
    EntryId last;
    bool operator==(const Pending&) const = default;
  };
  std::vector<Pending> persisting;
  LogIndex durable;  ///< The log is on disk up to here.
  bool operator==(const Raft&) const = default;
};
static_assert(std::regular<Raft>);

/// What a member has on its disk.
struct Durable {
  Ballot ballot;
  Snapshot snapshot;  ///< At the beginning: none of it but the configuration; of a member that is yet to join, none.
  EntryId before;     ///< Of the first entry. REQUIRES not behind the snapshot.
  std::vector<Entry> entries;
  bool operator==(const Durable&) const = default;
};
Durable make_durable(Configuration initial);

/// A member begins, or goes on after a crash.
Raft restore(Options options, Durable durable);

// ---- Inputs ----

/// Time passes. `jitter` is random, evenly distributed: it spreads the timeouts of elections.
struct Tick {
  std::uint32_t jitter = 0;
};
struct Propose {
  Bytes command;
};
struct ChangeMembership {
  Change change;
};
/// May the state machine be read? Answered by `Output::reads` with the same id.
struct Read {
  std::uint64_t id = 0;
};
/// Another shall lead: this one, or the one that has most of the log.
struct TransferLeadership {
  std::optional<MemberId> to;
};
/// Begin an election without waiting for the timeout.
struct Campaign {};
/// This Persist, and those before it, are durable.
struct Persisted {
  std::uint64_t id = 0;
};
/// The state machine as it was when `index` had been applied: the log before may go.
struct SnapshotTaken {
  LogIndex index;
  Bytes state;
};
using Input = std::variant<Tick, Message, Propose, ChangeMembership, Read, TransferLeadership, Campaign, Persisted,
                           SnapshotTaken>;

// ---- Output ----

/// What must become durable, as a whole or in this order: ballot, snapshot, entries.
struct Persist {
  std::uint64_t id = 0;
  std::optional<Ballot> ballot;
  std::optional<Snapshot> snapshot;
  EntryId before;            ///< With a snapshot: the log up to here may go,
  bool discard_log = false;  ///< or must, all of it.
  EntryId previous;          ///< All behind it is replaced by `entries`, if there are any.
  std::vector<Entry> entries;
  bool operator==(const Persist&) const = default;
};
/// What a disk is after a Persist.
void carry_out(Durable& durable, const Persist& persist);

struct Outgoing {
  Message message;
  std::uint64_t after = 0;  ///< The Persist that it waits for; 0 for none.
  bool operator==(const Outgoing&) const = default;
};
struct Applicable {
  LogIndex index;
  Entry entry;
  bool operator==(const Applicable&) const = default;
};
struct ReadOutcome {
  std::uint64_t id = 0;
  std::optional<LogIndex> index;  ///< Read when this has been applied; nothing: this member does not lead.
  bool operator==(const ReadOutcome&) const = default;
};
enum class Refusal {
  not_leader,
  transferring,    ///< Leadership is being handed over.
  busy,            ///< Too much is uncommitted.
  change_pending,  ///< Another change is not committed yet, or nothing of this term is.
  not_caught_up,   ///< The member lacks too much of the log to vote, or to lead.
  invalid,         ///< `Output::why` says what.
};
const char* to_string(Refusal refusal);
/// This member acknowledged entries that it has not: its disk lost them. It must stop, and never vote again.
struct Forgot {
  LogIndex acknowledged;
  LogIndex last;
  bool operator==(const Forgot&) const = default;
};

struct Output {
  std::optional<Persist> persist;
  std::vector<Outgoing> messages;
  std::optional<Snapshot> install;
  std::vector<Applicable> apply;
  std::vector<ReadOutcome> reads;
  std::optional<EntryId> proposed;  ///< Where Propose or ChangeMembership put its entry; it may yet be lost.
  std::optional<Refusal> refused;
  std::string why;
  std::optional<Forgot> forgot;
  bool operator==(const Output&) const = default;
};

[[nodiscard]] Output step(Raft& raft, Input input);

// ---- Looking ----

bool leads(const Raft& raft);
/// The leader of the present term, as far as this member knows.
std::optional<MemberId> leader_of(const Raft& raft);
/// A leader, of whose own term an entry is committed: it knows all that is committed.
bool leads_with_own_entry(const Raft& raft);
/// Whether a snapshot is on its way to a member that answers: a new one would have to be sent from the beginning.
bool sends_snapshot(const Raft& raft);

}  // namespace heir::raft
