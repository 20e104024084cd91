// What a follower does with the leader's log.

#include <algorithm>

#include "engine/base/mutant.h"
#include "engine/store/raft/rules.h"

namespace heir::raft::rules {

namespace {

void hear(Context& c, MemberId leader) {
  become_follower(c, c.raft.ballot.term, leader);
  c.raft.elapsed = 0;
}

void commit_up_to(Context& c, LogIndex index) {
  c.raft.commit = std::max(c.raft.commit, std::min(index, c.raft.log.last_index()));
}

/// Takes what is new of the entries behind `previous`, all of which the log here goes on from.
void take(Context& c, LogIndex previous, std::vector<Entry> entries) {
  Raft& raft = c.raft;
  LogIndex index = previous;
  for (Entry& entry : entries) {
    index = index.next();
    // An old message may hold less than what is there: only a contradiction takes entries back (thesis 3.5).
    if (raft.log.term_at(index) == entry.term && raft.options.rules.keep_what_matches) continue;
    if (index <= raft.log.last_index()) {
      ASSERT(index > raft.commit, "a leader contradicts what is committed: entry " + std::to_string(index.number()) +
                                      " of term " + std::to_string(raft.log.at(index).term.number()) +
                                      " here, of term " + std::to_string(entry.term.number()) + " there");
      raft.log.truncate(index);
      raft.durable = std::min(raft.durable, index.previous());
    }
    raft.log.append(std::move(entry));
    c.entries_changed(index);
  }
}

}  // namespace

void on(Context& c, const Message& m, Append& append) {
  Raft& raft = c.raft;
  hear(c, m.from);
  const LogIndex last_new = append.previous.index + append.entries.size();
  if (append.previous.index < raft.commit) {
    // What is committed here stands in every leader's log as it does here: the rest alone is looked at.
    if (last_new <= raft.commit) return c.send(m.from, Appended{raft.commit, append.round});
    const auto known = static_cast<std::ptrdiff_t>(raft.commit - append.previous.index);
    append.entries.erase(append.entries.begin(), append.entries.begin() + known);
    append.previous.index = raft.commit;
  } else if (const std::optional<Term> here = raft.log.term_at(append.previous.index);
             !here || (here != append.previous.term && raft.options.rules.check_previous)) {
    // Where the logs agree lies at or before the last entry here that is not of a later term: no use to ask about those
    // between (thesis 3.5, last paragraph, by places instead of whole terms).
    const EntryId hint = raft.log.last_not_above(append.previous.index, append.previous.term);
    return c.send(m.from, Rejected{append.previous.index, hint, append.round});
  }
  take(c, append.previous.index, std::move(append.entries));
  commit_up_to(c, HEIR_MUTANT("raft-commits-what-it-did-not-get") ? append.commit : std::min(append.commit, last_new));
  c.send(m.from, Appended{last_new, append.round});
}

void on(Context& c, const Message& m, const Heartbeat& heartbeat) {
  hear(c, m.from);
  // The leader names only what this member has acknowledged to it.
  if (heartbeat.commit > c.raft.log.last_index()) c.output.forgot = Forgot{heartbeat.commit, c.raft.log.last_index()};
  commit_up_to(c, heartbeat.commit);
  c.send(m.from, HeartbeatReply{heartbeat.round});
}

void on(Context& c, const Message& m, InstallSnapshot& install) {
  Raft& raft = c.raft;
  hear(c, m.from);
  if (install.last.index <= raft.commit) return c.send(m.from, Appended{raft.commit, install.round});
  if (install.size > raft.options.snapshot_limit) return;
  std::optional<Follower::Incoming>& incoming = std::get<Follower>(raft.role).incoming;
  if (!incoming || incoming->last != install.last) incoming = Follower::Incoming{install.last, {}};
  if (install.offset == incoming->state.size()) incoming->state += install.part;
  if (incoming->state.size() < install.size)
    return c.send(m.from, Received{install.last, incoming->state.size(), install.round});

  Snapshot snapshot{install.last, std::move(install.configuration), std::move(incoming->state)};
  incoming.reset();
  c.output.install = snapshot;
  c.log_discarded = !raft.log.install(std::move(snapshot));
  if (c.log_discarded) raft.durable = LogIndex();
  c.snapshot_changed = true;
  raft.commit = raft.applied = install.last.index;
  c.send(m.from, Appended{install.last.index, install.round});
}

}  // namespace heir::raft::rules
