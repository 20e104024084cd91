// The switches of the protocol. Every rule that is ours (marked + in FAILOVER.md) can be switched off, so that a
// scenario can run Manatee's or sirenia's rules and show what they lose. The defaults are heir's; nobody who values
// data changes them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace heir::failover {

/// Which position of a replica counts.
enum class PositionKind { received, replayed };
/// How a peer cuts replication before it reads its position for a takeover.
enum class Severing { durable, until_restart, off };
/// What a replica must have done with a commit before it is acknowledged.
enum class Acknowledge { flushed, written, nothing };
/// What a request to promote the sync does.
enum class Promotion { switchover, takeover, ignored };
/// What a frozen cluster still does.
enum class Frozen {
  by_mode,        ///< `takeovers`: the async list is kept; `all`: nothing.
  tracks_asyncs,  ///< Manatee: the async list is always kept.
  nothing,        ///< sirenia.
};
/// Which other peer becomes the sync when a cluster leaves singleton mode.
enum class FirstSync { first, last };
/// Whose data must be empty before a cluster is bootstrapped without an operator's word.
enum class BootstrapOver { all_empty, own_empty, any_data };
/// What a peer knows of the peer that follows it.
enum class Downstream { tracked, when_gained, primary_only };
/// Whom a diverged log is compared with.
enum class RewindAgainst { primary, upstream };

struct Policy {
  // Positions (section 2)
  PositionKind initial_position = PositionKind::received;
  bool compare_lineages = true;          ///< Off: offsets are compared as bare numbers.
  bool check_initial_position = true;    ///< Off: a sync takes over wherever its log ends.
  bool primary_checks_position = false;  ///< sirenia: also a primary that replaces its sync.

  // Sessions, views, writes (section 2)
  bool opened_names_session = true;         ///< Off: a primary is gone when it is not in the list of peers.
  bool fresh_session_after_unknown = true;  ///< Off: a write of unknown outcome is taken for refused.
  bool fresh_read_before_opening = true;
  bool remember_generation = true;  ///< Off: a store that went back in time, or another store, is believed.

  // Bootstrap (section 3, rule 1)
  BootstrapOver bootstrap_over = BootstrapOver::all_empty;
  bool check_cluster_identity = true;  ///< Off: a peer clones over whatever it holds.
  bool adopt_with_position = true;     ///< Off: existing data is adopted at position zero.

  // Takeover (section 4)
  Severing sever = Severing::durable;
  bool use_proven = true;
  bool rebuilt_is_not_proven = true;  ///< Off: a copy that took the place of a proven one is taken for it,
                                      ///< and may be made of a sync that is not proven.
  bool late_joiner = true;
  bool former_sync_candidate = true;
  bool deposed_candidate = true;
  bool own_disk = true;

  // Gate and lease (section 5)
  bool gate = true;          ///< Off: clients reach the database of whoever believes to be primary.
  bool lease = true;         ///< Off: the gate ignores the lease.
  bool lease_margin = true;  ///< Off: the lease lasts ttl from the answer's arrival, whatever the clocks do.
  bool hold_gate_before_position = true;
  bool close_gate_on_restart = true;
  bool hold_on_cancelled_wait = true;
  bool proof_at_opening = true;
  bool only_named_sync = true;  ///< Off: any replica's acknowledgement counts.
  Acknowledge acknowledge = Acknowledge::flushed;
  bool fsync = true;  ///< Off: databases take the operating system's word that what they wrote is safe.
  bool replace_stalled_sync = true;
  bool resign = true;
  FirstSync first_sync = FirstSync::first;

  // Operator requests (section 6)
  Promotion promotion = Promotion::switchover;
  Frozen frozen = Frozen::by_mode;

  // Returning peers (section 7)
  bool automatic_rejoin = true;  ///< Off: a deposed peer waits for the operator.
  /// Off: a primary that starts again leads by whatever its disk holds, a proven peer takes over with a log that shows
  /// that it has lost some, pages that fail their checksums are clients' business, and a copy that its primary lacks is
  /// replaced all the same.
  bool distrust_own_disk = true;
  bool rewind_on_fresh_read = true;
  RewindAgainst rewind_against = RewindAgainst::primary;

  bool history = true;  ///< Every version of the cluster state is kept.
  Downstream downstream = Downstream::tracked;

  bool operator==(const Policy&) const = default;
};

Policy heir_policy();
/// Joyent's Manatee v2 as its state machine documents it.
Policy manatee_policy();
/// Flynn's sirenia, derived from Manatee.
Policy sirenia_policy();
/// "heir", "manatee" or "sirenia"; else `invalid`.
Result<Policy> policy_named(std::string_view name);

struct PolicySwitch {
  std::string_view name;
  std::vector<std::string_view> values;  ///< "true" and "false" for a plain switch.
};
/// Every switch, in the order of the struct.
std::span<const PolicySwitch> policy_switches();
/// Sets one switch by name; `invalid` names what would have been right.
Result<> set_switch(Policy& policy, std::string_view name, std::string_view value);
/// The value of a switch, as set_switch takes it. REQUIRES: a name of policy_switches().
std::string_view switch_value(const Policy& policy, std::string_view name);

/// Durations of the protocol; measured on the peer's own monotonic clock.
struct Timing {
  Duration sync_stall =
      Duration::seconds(5);  ///< A sync that lacks something and gains nothing for so long is replaced.
  Duration resign_hold = Duration::seconds(10);        ///< So long does a resigned primary stay away.
  Duration switchover_drain = Duration::seconds(2);    ///< So long may transactions run on once a switchover has begun.
  Duration retry_first = Duration::milliseconds(100);  ///< The first delay of a retry; doubles, with jitter, up to:
  Duration retry_most = Duration::seconds(5);
  std::uint32_t restart_attempts = 4;  ///< A database that fails to start so often in a row is dead beyond restart.
  bool operator==(const Timing&) const = default;
};

}  // namespace heir::failover
