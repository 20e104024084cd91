// Timeline histories: which timelines lead to the present one, and at which LSN each was left.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/databases/postgresql/wal.h"

namespace heir::sim {

/// A timeline that was left, and where.
struct TimelineSwitch {
  TimelineId timeline = 0;
  Lsn left_at;
  auto operator<=>(const TimelineSwitch&) const = default;
};

/// The content of a history file, and the timeline that it is of.
struct TimelineHistory {
  TimelineId timeline = 1;
  std::vector<TimelineSwitch> ancestors;  ///< Oldest first, timelines ascending.

  bool operator==(const TimelineHistory&) const = default;
  /// Where `ancestor` was left; nothing for the current timeline. Call only if has(ancestor).
  std::optional<Lsn> left_at(TimelineId ancestor) const;
  bool has(TimelineId candidate) const;
  /// The timeline that a record ending at `lsn` belongs to.
  TimelineId timeline_of(Lsn lsn) const;
  /// Where the current timeline begins; 0/0 for one without ancestors.
  Lsn began_at() const { return ancestors.empty() ? Lsn() : ancestors.back().left_at; }
  /// The history of a timeline that is begun at `lsn` of this one.
  TimelineHistory promoted(TimelineId timeline, Lsn lsn) const;
};

/// "00000003.history"
std::string history_file_name(TimelineId timeline);

/// The content of the history file, as the server writes it.
std::string to_string(const TimelineHistory& history);

/// Reads the content of the history file of `timeline`; nothing if it is damaged.
std::optional<TimelineHistory> parse_timeline_history(TimelineId timeline, std::string_view content);

/// The last LSN that two histories share, found as pg_rewind finds it: by timeline numbers and switch points only,
/// which is why it does not see that two servers chose the same number on their own. Nothing if they share no timeline.
std::optional<TimelineSwitch> common_ancestor(const TimelineHistory& a, const TimelineHistory& b);

}  // namespace heir::sim
