#include "scenarios/policy_switches.h"

#include <array>

namespace heir::scenarios {
namespace {

constexpr std::string_view on[] = {"true", "false"};
constexpr std::string_view off[] = {"false", "true"};
constexpr std::string_view position[] = {"received", "replayed"};
constexpr std::string_view over[] = {"all-empty", "own-empty", "any-data"};
constexpr std::string_view severing[] = {"durable", "until-restart", "off"};
constexpr std::string_view acknowledge[] = {"flushed", "written", "nothing"};
constexpr std::string_view first_sync[] = {"first", "last"};
constexpr std::string_view promotion[] = {"switchover", "takeover", "ignored"};
constexpr std::string_view frozen[] = {"by-mode", "tracks-asyncs", "nothing"};
constexpr std::string_view rewind[] = {"primary", "upstream"};
constexpr std::string_view downstream[] = {"tracked", "when-gained", "primary-only"};

constexpr std::array switches{
    PolicySwitch{"initial_position", position,
                 "Which position of a replica counts: what it received and flushed, or what it replayed."},
    PolicySwitch{"compare_lineages", on, "Off: offsets of different lineages are compared as numbers."},
    PolicySwitch{"check_initial_position", on, "Off: a sync takes over wherever its log ends."},
    PolicySwitch{"primary_checks_position", off,
                 "sirenia: also a primary that replaces its sync must have reached the initial position."},
    PolicySwitch{"opened_names_session", on,
                 "Off: a primary is gone when it is not in the list of peers, however old the list."},
    PolicySwitch{"fresh_session_after_unknown", on, "Off: a store write of unknown outcome is taken for refused."},
    PolicySwitch{"fresh_read_before_opening", on, "Off: the gate opens on an old view."},
    PolicySwitch{"remember_generation", on, "Off: a store that went back in time, or another store, is believed."},
    PolicySwitch{"bootstrap_over", over,
                 "Whose data must be empty before a cluster is bootstrapped without an operator's word."},
    PolicySwitch{"check_cluster_identity", on, "Off: a peer clones over whatever it holds."},
    PolicySwitch{"adopt_with_position", on, "Off: existing data is adopted at position zero."},
    PolicySwitch{"sever", severing, "How a peer cuts replication before it reads its position for a takeover."},
    PolicySwitch{"use_proven", on, "Off: while a generation has not opened, only its sync may take over."},
    PolicySwitch{
        "rebuilt_is_not_proven", on,
        "Off: a copy that was cloned or rewound counts for the one in its place that held everything, and may be made "
        "of a sync that is not proven."},
    PolicySwitch{"late_joiner", on, "Off: a peer that joined after the primary died cannot become the new sync."},
    PolicySwitch{"former_sync_candidate", on, "Off: the state's sync is no candidate for a takeover by another."},
    PolicySwitch{"deposed_candidate", on, "Off: a deposed peer that will rewind is no candidate for the new sync."},
    PolicySwitch{"own_disk", on, "Off: a standby cannot start while its upstream is gone."},
    PolicySwitch{"gate", on, "Off: clients reach the database of whoever believes to be primary."},
    PolicySwitch{"lease", on, "Off: the gate ignores the lease."},
    PolicySwitch{"lease_margin", on,
                 "Off: the lease lasts a full ttl from the answer's arrival, whatever the clocks do."},
    PolicySwitch{"hold_gate_before_position", on, "Off: the position is read while clients are still answered."},
    PolicySwitch{"close_gate_on_restart", on, "Off: the gate stays open over a restart of the database."},
    PolicySwitch{"hold_on_cancelled_wait", on,
                 "Off: a commit whose wait was cancelled is shown before the sync has it."},
    PolicySwitch{"proof_at_opening", on,
                 "Off: the gate opens without proof that the sync has what the database shows."},
    PolicySwitch{"only_named_sync", on, "Off: any replica's acknowledgement counts."},
    PolicySwitch{
        "acknowledge", acknowledge,
        "What a replica must have done with a commit before it is acknowledged; nothing: asynchronous replication."},
    PolicySwitch{"fsync", on, "Off: databases run with fsync = off and acknowledge what only the page cache holds."},
    PolicySwitch{"replace_stalled_sync", on, "Off: a sync that is present but makes no progress is kept."},
    PolicySwitch{"resign", on, "Off: a primary that cannot go on does not make way."},
    PolicySwitch{"first_sync", first_sync, "Which other peer becomes the sync when a cluster leaves singleton mode."},
    PolicySwitch{"promotion", promotion, "What a request to promote the sync does."},
    PolicySwitch{"frozen", frozen, "What a frozen cluster still does."},
    PolicySwitch{"automatic_rejoin", on, "Off: a deposed peer waits for the operator."},
    PolicySwitch{
        "distrust_own_disk", on,
        "Off: a primary that starts again leads by whatever its disk holds, a proven peer takes over with a log that "
        "shows that it has lost some, bad pages are the clients' business, and a copy is replaced even if its primary "
        "lacks what it holds."},
    PolicySwitch{"rewind_on_fresh_read", on, "Off: a peer rewinds on an old view."},
    PolicySwitch{"rewind_against", rewind, "Whom a log that may have diverged is compared with."},
    PolicySwitch{"history", on, "Off: old versions of the cluster state are not kept."},
    PolicySwitch{"downstream", downstream, "What a peer knows of the peer that follows it."},
};

}  // namespace

std::span<const PolicySwitch> policy_switches() {
  return switches;
}

}  // namespace heir::scenarios
