#include "tests/mutants/mutants.h"

#include <algorithm>
#include <vector>

#include "engine/base/assert.h"

namespace heir::mutants {

bool is_on(std::string_view name);

namespace {

constexpr std::string_view isolated = "scenarios/network/primary-isolated-with-its-clients.toml";
constexpr std::string_view standby_reads = "scenarios/network/standby-reads-through-failovers.toml";

const std::vector<Mutant> all = {
    // ---- Positions (FAILOVER.md 2)
    {"replayed-position", "The position of a replica is what it has replayed.", "2, 11: received-and-flushed position",
     "lost write", "initial_position=replayed", "",
     "A position for a takeover is told only when the replay has stood still at the end of the log, with the receiver "
     "gone: replayed and received are one by then."},
    {"lineages-ignored", "Offsets are compared as numbers, whatever their lineage.", "2, 11: lineages compared",
     "lost write", "compare_lineages=false", "scenarios/processes/deposed-as-sync-with-the-longer-log.toml"},
    {"promotion-not-recorded", "A timeline does not say to which generation it belongs.", "2, 9",
     "lost write, diverged", "", "scenarios/network/successor-cut-off-as-it-is-promoted.toml"},
    {"unbound-timeline-compared", "Logs are compared before the other's timeline is bound to its generation.", "2, 7",
     "needless clone", "", "",
     "It can only take a copy for diverged that is not: that one is rewound or cloned anew, from a primary that has "
     "all of it. It costs time."},

    // ---- Cluster state and generations (2)
    {"generation-not-bumped", "A declaration keeps the generation's number.", "2", "split brain, stuck"},
    {"opened-carried-over", "A new generation counts as opened, by the session of the old primary.", "2, 5",
     "lost write"},
    {"proven-though-never-opened", "Primary and sync of a generation that never opened count as proven.", "2",
     "lost write", "", "scenarios/processes/mixed-with-trusted-disks.toml"},
    {"proven-unused", "Only the sync takes over, even while the generation has not opened.", "2, 11: proven", "stuck",
     "use_proven=false", "scenarios/network/primary-cut-off-from-its-peers.toml"},
    {"rebuilt-copy-proven", "A copy that took the place of a proven one is taken for it.", "2", "lost write",
     "rebuilt_is_not_proven=false", "scenarios/known-bad/rebuilt-copy-is-proven.toml"},

    // ---- Sessions, unknown writes, views (2)
    {"unknown-taken-for-refused", "A write of unknown outcome is taken for refused.",
     "2, 11: starting over with a new session", "lost write", "fresh_session_after_unknown=false",
     "scenarios/network/declaration-in-doubt.toml"},
    {"old-view-accepted", "A view that a watch brings replaces a newer one.", "2, 3", "stuck", "",
     "scenarios/store/peers-register-all-at-once.toml"},
    {"own-write-over-newer-view", "What this peer wrote replaces what others wrote since.", "2, 3", "stuck", "",
     "scenarios/operators/request-as-the-primary-writes.toml"},
    {"any-read-is-fresh", "The answer to a read of an earlier session counts as a fresh read.", "2", "stuck", "",
     "scenarios/network/answers-of-an-earlier-session.toml"},
    {"generation-forgotten", "A store that went back in time, or another store, is believed.", "8", "lost write",
     "remember_generation=false", "",
     "No simulated store is restored from a backup, and one that is set up anew meets a second wall: nobody sets up a "
     "cluster while somebody present holds data, nor follows or clones one of another system identifier."},

    // ---- Bootstrap (3)
    {"bootstraps-over-data", "A cluster is set up although a peer holds data.", "3 rule 1, 11: clone refuses",
     "copy destroyed", "bootstrap_over=any-data", "",
     "A cluster is set up once in a run, while every disk is empty; only an empty store would let it be set up again, "
     "and each peer remembers its store. The designs of scenarios/known-bad/bootstrap-over-data.toml have both rules "
     "off."},
    {"clones-over-anything", "A peer clones over whatever it holds.", "3 rule 1, 11: clone refuses", "stuck",
     "check_cluster_identity=false", "scenarios/disks/agents-files-rot-and-the-primary-dies.toml"},
    {"adopted-at-zero", "Existing data is adopted at position zero.", "2, 11: adoption with its position", "lost write",
     "adopt_with_position=false", "", "No simulated operator adopts data: every world begins with empty disks."},

    // ---- Takeover (4)
    {"takeover-while-frozen", "A frozen cluster fails over.", "4 (1)", "assertion", "",
     "scenarios/operators/frozen-until-the-primary-is-back.toml"},
    {"takeover-of-a-live-primary", "The sync takes over from a primary that is there.", "4 (2)", "stuck"},
    {"takeover-on-a-mixed-view",
     "Who has opened is newer than who is present: the takeover is not confirmed by a read.",
     "4 (2), 11: `opened` names the session", "two gates", "", "",
     "A view of our store shows presence and state of one version, so that `opened` is never newer than who is "
     "present, and a swap upon an older version is refused. The rule is for stores that tell the two apart."},
    {"opened-ignored", "A primary is gone when it is not in the list of peers.",
     "4 (2), 11: `opened` names the session", "two gates, stale read", "opened_names_session=false",
     "scenarios/processes/agent-restarts-twice-and-is-cut-off.toml"},
    {"never-severed", "Replication is not severed before the position is read.", "4 (3), 11: severing", "lost write",
     "sever=off", isolated},
    {"severed-until-restart", "A restarted database follows its old upstream again.", "4 (3), 11: severing durable",
     "lost write", "sever=until-restart", "scenarios/operators/severed-standby-is-started-by-hand.toml"},
    {"initial-position-unchecked", "A sync takes over wherever its log ends.", "4 (4), 11: `initial_position` checked",
     "lost write", "check_initial_position=false"},
    {"takeover-by-an-async", "An async takes over as the sync may.", "4 (4)", "lost write", "",
     "scenarios/network/async-lags-as-the-primary-dies.toml"},
    {"late-joiner-ignored", "A peer that nobody has listed yet is no sync.", "4 (5), 11: late joiner", "stuck",
     "late_joiner=false", "scenarios/first/late-joiner.toml"},
    {"former-sync-no-candidate", "The state's sync is not the next one of a proven peer that takes over.", "4 (5)",
     "stuck", "former_sync_candidate=false", "scenarios/processes/proven-peer-returns-to-a-clone.toml"},
    {"deposed-no-candidate", "A deposed peer is never the next sync.", "4 (5), 11: deposed as last candidate", "stuck",
     "deposed_candidate=false", "scenarios/disks/table-rots-under-the-primary-of-two.toml"},
    {"no-own-disk", "A standby does not run without its upstream.", "4 (6), 11: own disk", "stuck", "own_disk=false",
     "scenarios/processes/standby-reboots-into-a-dead-primary.toml"},
    {"takeover-keeps-position", "The new generation is declared with the old one's position.", "4", "lost write"},
    {"old-primary-not-deposed", "The old primary is not listed as deposed.", "4", "copy destroyed", "", "",
     "Whoever was a primary and is one no more rejoins before it follows, listed or not: `deposed` is there to be "
     "shown, and to choose it last. (Its copy is no standby's, so it counts as diverged.)"},
    {"promoted-before-it-is-written", "The database is promoted before the state is written.", "4", "stuck, diverged"},

    // ---- The gate and its lease (5)
    {"no-gate", "Clients reach the database of whoever believes to be primary.", "5", "stale read", "gate=false"},
    {"gate-passes-while-held", "A held gate lets answers pass.", "5", "stale read", "", isolated},
    {"gate-checked-before-the-answer", "The gate is checked before the answer was produced, not after.", "5",
     "stale read", "", "scenarios/network/primary-isolated-with-idle-clients.toml"},
    {"gate-does-not-look", "A new connection is not checked for a restart of the database.", "5", "dirty read", "",
     "scenarios/processes/backend-dies-as-clients-come-back.toml"},
    {"gate-open-though-another-leads", "A primary that sees another one in its place leaves its gate open.", "5",
     "stale read", "", "",
     "Another is declared only once this one's session is over, and its lease with it: the gate is held already. After "
     "a switchover it is closed and the database stopped. The rule is the second wall behind the lease."},
    {"cancel-not-delayed", "A cancel request passes though its target waits for the sync.", "5", "dirty read", "",
     "scenarios/network/clients-cancel-while-the-sync-is-cut-off.toml"},
    {"no-lease", "The gate ignores the lease.", "5, 11: lease", "stale read", "lease=false", isolated},
    {"lease-without-margin", "The lease lasts ttl from the answer's arrival, whatever the clocks do.",
     "5, 11: lease x (1 - e)", "stale read", "lease_margin=false",
     "scenarios/known-bad/lease-margin-off-slow-clock.toml"},
    {"lease-from-the-receipt", "The lease is counted from when the renewal was answered.", "5, 11: lease x (1 - e)",
     "stale read", "", "scenarios/network/primary-late-to-hear-then-unheard.toml"},
    {"session-from-the-last-sending", "The first lease is counted from the last sending of the request.", "5",
     "stale read", "", "scenarios/network/agent-restarts-unanswered-then-isolated.toml"},
    {"lapsed-lease-goes-on", "A gate whose lease ran out opens with the next renewal, without a proof.", "5",
     "stale read", "", "",
     "The session was alive all the time, or there would be no renewal, so nobody has taken over; and restarts and "
     "cancelled waits close or hold the gate by rules of their own."},
    {"deaf-peer-renews", "A peer that hears nothing goes on to renew its session.", "5", "stuck", "",
     "scenarios/network/primary-does-not-hear-the-store.toml"},

    // ---- Reads on standbys (engine/agent/standby_reads.h)
    {"reads-without-a-bound", "A standby that was near the primary once is near it for ever.", "reads on standbys",
     "stale read", "", standby_reads},
    {"reads-counted-from-the-answer", "How near a standby is counts from the primary's answer, not from the question.",
     "reads on standbys", "stale read", "", standby_reads},
    {"reads-answered-without-a-lease", "A primary tells where its log ends though its lease ran out.",
     "reads on standbys", "stale read", "", standby_reads},
    {"reads-before-the-replay", "A standby counts as near before it has replayed what the primary told.",
     "reads on standbys", "stale read", "", standby_reads},
    {"reads-on-any-timeline", "Where a standby stands is compared with the primary as a number, whatever its timeline.",
     "reads on standbys", "stale read", "", standby_reads,
     "A branch that the primary is not on holds little more than what clients waited for when it was cut off; the "
     "primary's own, which begins with the records of its promotion, has passed that before a write on it is as old as "
     "a standby may lag."},
    {"reads-over-a-restart", "What was known of a server counts for the one that was started after it.",
     "reads on standbys", "stale read", "", standby_reads,
     "A simulated standby that starts again has replayed all the log that it had before it takes a session, so that it "
     "shows no less than before. A real one takes sessions from its minimum recovery point on, which may lie before."},
    {"reads-over-a-gap", "A session goes on over a time in which the standby was not known to be near.",
     "reads on standbys", "stale read", "", standby_reads,
     "An answer is forwarded, or cut, as soon as it is there. What came while an agent stood still is dealt with "
     "before "
     "the agent has asked its database again how near it is."},

    // ---- Opening (5)
    {"opened-on-a-stale-view", "The gate opens without a fresh read.", "5 (a), 11: fresh read before opening",
     "two gates", "fresh_read_before_opening=false", "",
     "A primary that is back opens only by a swap upon its view, which is refused if that is outdated; otherwise "
     "`opened` names its own session, which lives, so that nobody may have taken over."},
    {"opened-without-proof", "The gate opens before the sync has everything.", "5 (b), 11: proof at every opening",
     "stale read", "proof_at_opening=false", "scenarios/processes/mixed-with-trusted-disks.toml"},
    {"proof-by-connection", "A sync that is connected counts as one that has flushed everything.", "5 (b)",
     "dirty read", "", "scenarios/processes/backend-dies-as-the-sync-falls-behind.toml"},
    {"proof-without-a-look", "A proof counts though the database restarted meanwhile.", "5 (b)", "dirty read", "", "",
     "A restart that the proof missed ends every session, and the first answer of a new one waits for a look at the "
     "database that began later: that closes the gate again."},
    {"proof-of-before-a-restart", "A proof of before a restart opens the gate.", "5 (b)", "dirty read", "",
     "scenarios/processes/backend-dies-while-the-gate-is-held.toml"},
    {"reopened-without-writing-it", "A primary that is back opens by the session of before.", "5 (c)", "two gates", "",
     "scenarios/processes/agent-restarts-with-the-store-far-away.toml"},
    {"gate-open-before-it-is-written", "The gate opens when `opened` is being written.", "5 (c)", "two gates", "",
     "scenarios/processes/agent-restarts-with-the-store-far-away.toml"},
    {"gate-open-over-a-restart", "A database that restarts shows its commits at once.",
     "5, 11: gate closed after the database's own restart", "dirty read", "close_gate_on_restart=false",
     "scenarios/known-bad/gate-open-over-restart.toml"},
    {"crashed-backend-unnoticed", "Only a restart of the whole server counts, not one of its processes.", "5",
     "dirty read", "", "scenarios/processes/backend-dies-as-clients-come-back.toml"},
    {"cancelled-wait-unseen", "A commit whose wait was cut short is shown.", "5, 11: cancelled wait holds the gate",
     "dirty read", "hold_on_cancelled_wait=false", "scenarios/operators/waits-cancelled-by-hand.toml"},
    {"any-replica-counts", "Any replica's acknowledgement counts.", "5, 11: only the named sync acknowledges",
     "lost write", "only_named_sync=false"},
    {"acknowledged-when-written", "A commit is acknowledged when the sync has written it, not flushed.",
     "5, 11: acknowledged only after flush", "lost write", "acknowledge=written",
     "scenarios/processes/primary-dies-as-it-replaces-the-sync.toml"},
    {"acknowledged-alone", "A commit is acknowledged when the primary alone has it.",
     "5, 11: acknowledged only after flush", "lost write", "acknowledge=nothing"},
    {"no-fsync", "Databases take the operating system's word that what they wrote is safe.", "9", "lost write",
     "fsync=false"},

    // ---- Replacing the sync, resigning (5, 3)
    {"gate-held-too-late", "The position is read before the gate is held.",
     "5, 11: gate held before the position is read", "lost write", "hold_gate_before_position=false",
     "scenarios/known-bad/position-before-gate.toml"},
    {"replacement-keeps-position", "A new sync is declared with the old generation's position.", "5", "lost write", "",
     "scenarios/processes/primary-dies-as-it-replaces-the-sync.toml"},
    {"stalled-sync-kept", "A sync that makes no progress is not replaced.", "3 rule 12", "stuck",
     "replace_stalled_sync=false", "scenarios/first/primary-partitioned-from-sync.toml"},
    {"never-resigns", "A primary that can serve nobody stays.", "3 rule 13, 11: resignation", "stuck", "resign=false",
     "scenarios/network/primary-cut-off-from-its-peers.toml"},
    {"resigns-in-vain", "A primary steps back for a sync that still copies from it, though nobody could take over.",
     "3 rule 13", "stuck", "", "scenarios/processes/only-sync-is-cloned-from-afar.toml"},
    {"never-hands-over", "A primary that has not opened keeps its role, though its copy is damaged.", "3 rule 13",
     "stuck", "", "scenarios/disks/table-rots-under-an-unopened-primary-of-two.toml"},
    {"deposed-listed-before-it-streams", "A deposed peer is an async before it streams.", "7, 3 rule 14", "stuck", "",
     "",
     "It compares its log with the primary's and rejoins before it streams, as what role it ever does that: while it "
     "does not stream it proves nothing as a sync, and is replaced."},

    // ---- Switchover (6)
    {"switchover-without-proof", "The primary hands over before the sync has everything.", "6", "lost write", "", "",
     "Whatever was acknowledged the sync has flushed before; the gate is held meanwhile. What it may lack nobody was "
     "told of, and the peer that is handed the role declares where it stands."},
    {"switchover-before-opening", "A primary whose gate is not open hands over.", "6", "lost write", "",
     "scenarios/operators/switchover-before-the-new-sync-has-all.toml"},
    {"switchover-keeps-position", "A switchover declares the old generation's position.", "6", "lost write", "",
     "scenarios/operators/switchover-and-the-successor-dies.toml"},
    {"shutdown-record-not-counted", "A switchover declares the position of before the shutdown record.", "6",
     "assertion", "", "scenarios/operators/switchover-loses-the-last-record.toml"},
    {"handover-unchecked", "A peer that is handed the primary's role does not look what it has.", "6",
     "a second failover", "", "scenarios/first/switchover-under-load.toml"},
    {"promotion-by-takeover", "A request to promote the sync makes it take over.", "6", "stuck", "promotion=takeover",
     "scenarios/swarm/everything.toml"},

    // ---- Coming back (7)
    {"rewind-on-a-stale-view", "What may be thrown away is judged without a fresh read.",
     "7, 11: rewind judged on a fresh read", "copy destroyed", "rewind_on_fresh_read=false",
     "scenarios/operators/promoted-by-hand-while-cut-off.toml"},
    {"rewind-against-upstream", "A diverged log is compared with the upstream's.", "7, 11: against the primary",
     "stuck", "rewind_against=upstream", "scenarios/operators/promoted-by-hand-and-needed.toml"},
    {"rewound-before-opened", "A copy is rewound in place in a generation that may never open.", "7", "stuck", "",
     "scenarios/processes/successor-dies-as-the-other-is-cloned.toml"},
    {"rebuilt-from-a-standby", "A copy is made anew of a standby in its primary's place.", "7", "lost write", "",
     "scenarios/disks/old-disk-under-an-unopened-successor.toml"},
    {"diverged-copy-followed", "A standby follows an upstream whose log has left its own.", "7", "diverged, lost write",
     "", "scenarios/operators/promoted-by-hand.toml"},
    {"follows-who-lacks-our-timeline", "A standby follows one that is not on the timeline where its own log ends.",
     "7, P-08", "copy destroyed", "", "scenarios/processes/two-successors-of-one-number.toml"},
    {"old-copy-deleted-first", "The old copy is deleted before the clone is made.", "7, 1 (5)", "stuck", "",
     "scenarios/processes/successor-dies-as-the-other-is-cloned.toml"},
    {"old-copy-not-returned", "After a crash between two renames the old copy is forgotten.", "2", "stuck", "",
     "scenarios/processes/agent-dies-as-it-swaps-copies.toml"},
    {"copy-proven-before-it-streams", "The old copy is deleted before the new one streams.", "7", "stuck", "",
     "scenarios/operators/promoted-by-hand-and-needed.toml"},
    {"rewind-not-marked", "A rewind that was cut short leaves a copy that counts as whole.", "2, 7", "stuck", "",
     "scenarios/processes/dies-as-it-has-rewound.toml"},
    {"tail-not-set-aside", "A diverged tail is thrown away, not set aside.", "7", "nothing that a client sees", "", "",
     "A tail was never acknowledged: it is kept for the operator to read. That it is there is what the unit tests of "
     "rejoin and the probe `tail-set-aside` look for."},
    {"trusts-its-own-disk", "A primary that starts again leads by whatever its disk holds.", "2, 7", "lost write",
     "distrust_own_disk=false", "scenarios/known-bad/believes-its-disk.toml"},
    {"opened-branches-not-asked-for", "A proven peer takes over without the timelines that have opened.", "2, 4",
     "lost write", "", "scenarios/disks/lied-before-it-was-promoted.toml"},
    {"lost-log-told", "A proven peer takes over though others had more of what was written on it.", "2, 4",
     "lost write", "", "scenarios/disks/lied-and-an-unopened-successor.toml"},

    // ---- The store (8)
    {"swap-without-compare", "A compare-and-swap does not compare.", "8", "stuck", "",
     "scenarios/operators/switchovers-asked-for-from-far-away.toml"},
    {"store-repeats-requests", "A request that arrives twice is carried out twice.", "8", "a second failover", "",
     "scenarios/operators/switchover-asked-for-on-a-lossy-link.toml"},
    {"retry-is-another-request", "A client that asks again asks for something new.", "8", "a second failover", "",
     "scenarios/operators/switchover-asked-for-on-a-lossy-link.toml"},
    {"another-leaders-entry-answered", "A client is answered by what another leader's entry did.", "8", "stuck", "",
     "scenarios/store/agents-restart-as-the-leader-is-cut-off.toml"},
    {"dead-session-stays-registered", "A peer whose session is over stays in the list.", "8", "stuck", "",
     "scenarios/network/primary-cut-off-from-its-peers.toml"},
    {"session-ends-at-half-its-ttl", "A session ends at half its ttl.", "5, 8", "stale read", "", isolated},
    {"new-leader-grants-no-ttl", "A new leader of the store ends all sessions that it does not hear of at once.",
     "5, 11: no full ttl by a new store leader", "stale read", "", isolated},
    {"renewal-unconfirmed", "A leader renews a session though it may have been replaced.", "5, 11: unconfirmed leader",
     "stale read", "", "scenarios/network/rack-of-primary-and-store-leader-cut-off.toml"},
    {"ending-session-renewed", "A session whose end is under way is renewed.", "5, 8", "stale read", "",
     "scenarios/network/primary-back-as-its-session-ends.toml"},

    // ---- Raft (D. Ongaro's thesis)
    {"raft-vote-not-durable", "A vote is forgotten in a crash.", "Raft 3.8", "assertion", "",
     "scenarios/store/members-restart-on-a-bad-network.toml"},
    {"raft-entries-not-durable", "Entries are acknowledged before they are on disk.", "Raft 3.8", "assertion"},
    {"raft-votes-twice", "A member votes for everybody who asks.", "Raft 3.4", "assertion"},
    {"raft-own-vote-at-once", "A candidate counts its own vote before it is durable.", "Raft 3.8", "assertion", "", "",
     "A request for votes is sent when the own vote is durable, so that no grant can arrive before."},
    {"raft-logs-not-compared", "A vote is given to a candidate that lacks entries.", "Raft 3.6.1", "assertion", "",
     "scenarios/store/leaders-cut-off-and-killed-on-slow-disks.toml"},
    {"raft-previous-unchecked", "Entries are taken behind what the leader has not.", "Raft 3.5", "assertion", "",
     "scenarios/store/members-restart-on-a-bad-network.toml"},
    {"raft-takes-back-what-matches", "An old message takes back newer entries.", "Raft 3.5", "assertion"},
    {"raft-commits-older-terms", "Entries of an older term are committed by counting.", "Raft 3.6.2", "assertion", "",
     "scenarios/store/leaders-cut-off-and-killed-on-slow-disks.toml"},
    {"raft-commits-what-it-did-not-get", "A follower commits behind what the leader's message brought.", "Raft 3.5",
     "assertion", "", "",
     "A leader's first message to a follower in a term begins where their logs part, and what it names as committed is "
     "never beyond what it has sent: there is nothing behind a message's end that differs."},
    {"raft-heartbeat-commits-all", "A heartbeat names what its receiver may not have.", "Raft 3.5", "stuck, assertion",
     "", "scenarios/store/members-restart-on-a-bad-network.toml"},
    {"raft-reads-unconfirmed", "A leader answers reads without asking whether it still leads.", "Raft 6.4",
     "stale read"},
    {"raft-reads-before-own-entry", "A new leader answers reads before it knows what is committed.", "Raft 6.4",
     "stale read", "", "scenarios/store/leaders-cut-off-and-killed-on-slow-disks.toml"},
    {"raft-leader-never-steps-down", "A leader without a quorum stays.", "Raft 6.2", "stuck", "", "",
     "It can commit nothing and confirm no read; it only answers its clients later that it does not lead, who ask the "
     "others by themselves when an answer is late."},
    {"raft-snapshot-drops-the-log", "A snapshot takes the entries behind it along.", "Raft 5", "assertion", "",
     "scenarios/store/snapshots-cross-entries.toml"},
    {"snapshot-not-shown", "A member that gets a snapshot keeps its old state.", "Raft 5", "stale read", "",
     "scenarios/store/log-rots-under-a-candidate.toml"},
    {"raft-many-changes-at-a-time", "Membership changes before the last change is committed.", "Raft 4.1", "assertion",
     "", "",
     "No simulated operator changes the members of a store; tests/story/raft explores this rule, and finds it."},
    {"raft-change-before-own-entry", "Membership changes before the leader has committed anything.", "Raft 4.1",
     "assertion", "", "",
     "No simulated operator changes the members of a store; tests/story/raft tells the story of this rule."},

    // ---- Disks
    {"record-not-synced", "A record of the store's log is not synced before it counts.", "8, Raft 3.8", "assertion", "",
     "scenarios/store/fsync-fails-and-the-power-goes.toml"},
    {"file-replaced-unsynced", "A file is renamed into place before its content is synced.", "8", "assertion, stuck"},
    {"durable-record-cut", "A damaged record that was durable is cut off as a torn one.", "8", "assertion", "",
     "scenarios/store/log-rots-under-a-candidate.toml"},
    {"lost-records-unnoticed", "A member whose disk lost durable records votes on.", "8", "assertion", "",
     "scenarios/store/fsync-lies-through-an-election.toml"},
    {"failed-fsync-believed", "What was read after a failed fsync counts as durable.", "8", "assertion", "",
     "scenarios/store/fsync-fails-and-the-power-goes.toml"},
    {"store-checksum-unchecked", "Records of the store's log are not checked for damage.", "8", "assertion", "",
     "scenarios/store/power-tears-the-logs-of-members.toml"},
    {"emptied-member-votes", "A member that lost its disk begins anew under its old id.", "8", "assertion", "",
     "scenarios/store/member-with-an-empty-disk.toml"},
    {"forgetful-member-goes-on", "A member that finds out that it forgot entries goes on.", "8", "assertion", "",
     "scenarios/store/fsync-lies-under-a-member.toml"},
};

/// Of this process; "" for none.
std::string_view on;

}  // namespace

bool is_on(std::string_view name) {
  return name == on;
}

void turn_on(std::string_view name) {
  const Mutant* mutant = find(name);
  ASSERT(name.empty() || (mutant && mutant->policy.empty()), "a mutant of the code");
  on = mutant ? mutant->name : "";
}

std::span<const Mutant> catalogue() {
  return all;
}

const Mutant* find(std::string_view name) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const Mutant& mutant) { return mutant.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::optional<std::string> policy_override(const Mutant& mutant) {
  if (mutant.policy.empty()) return std::nullopt;
  const std::size_t equals = mutant.policy.find('=');
  const std::string key = "policy." + std::string(mutant.policy.substr(0, equals + 1));
  const std::string value(mutant.policy.substr(equals + 1));
  return key + (value == "true" || value == "false" ? value : "\"" + value + "\"");
}

}  // namespace heir::mutants
