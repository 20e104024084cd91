#include "sim/databases/postgresql/timeline.h"

#include <algorithm>
#include <cstdlib>

namespace heir::sim {

std::optional<Lsn> TimelineHistory::left_at(TimelineId ancestor) const {
  for (const TimelineSwitch& left : ancestors)
    if (left.timeline == ancestor) return left.left_at;
  return std::nullopt;
}

bool TimelineHistory::has(TimelineId candidate) const {
  return candidate == timeline || left_at(candidate).has_value();
}

TimelineId TimelineHistory::timeline_of(Lsn lsn) const {
  for (const TimelineSwitch& left : ancestors)
    if (lsn <= left.left_at) return left.timeline;
  return timeline;
}

TimelineHistory TimelineHistory::promoted(TimelineId next, Lsn lsn) const {
  TimelineHistory history = *this;
  history.ancestors.push_back({timeline, lsn});
  history.timeline = next;
  return history;
}

std::string history_file_name(TimelineId timeline) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string name;
  for (int shift = 28; shift >= 0; shift -= 4) name += digits[(timeline >> shift) & 15];
  return name + ".history";
}

std::string to_string(const TimelineHistory& history) {
  std::string text;
  for (const TimelineSwitch& left : history.ancestors)
    text += std::to_string(left.timeline) + "\t" + to_string(left.left_at) + "\tno recovery target specified\n";
  return text;
}

std::optional<TimelineHistory> parse_timeline_history(TimelineId timeline, std::string_view content) {
  TimelineHistory history{timeline, {}};
  while (!content.empty()) {
    const std::size_t newline = std::min(content.find('\n'), content.size());
    const std::string_view line = content.substr(0, newline);
    content.remove_prefix(std::min(newline + 1, content.size()));
    if (line.empty() || line.front() == '#') continue;
    const std::size_t first = line.find('\t');
    const std::size_t second = line.find('\t', first == std::string_view::npos ? first : first + 1);
    if (first == std::string_view::npos || first > 9) return std::nullopt;
    TimelineId ancestor = 0;
    for (char c : line.substr(0, first)) {
      if (c < '0' || c > '9') return std::nullopt;
      ancestor = ancestor * 10 + static_cast<TimelineId>(c - '0');
    }
    const auto lsn = parse_lsn(line.substr(first + 1, second == std::string_view::npos ? second : second - first - 1));
    const bool ascending = history.ancestors.empty() || history.ancestors.back().timeline < ancestor;
    if (!lsn || !ascending || ancestor >= timeline) return std::nullopt;
    history.ancestors.push_back({ancestor, *lsn});
  }
  return history;
}

std::optional<TimelineSwitch> common_ancestor(const TimelineHistory& a, const TimelineHistory& b) {
  const auto end_on = [](const TimelineHistory& h, std::size_t i) {
    return i < h.ancestors.size() ? h.ancestors[i] : TimelineSwitch{h.timeline, Lsn(UINT64_MAX)};
  };
  const auto begin_on = [](const TimelineHistory& h, std::size_t i) {
    return i == 0 ? Lsn() : h.ancestors[i - 1].left_at;
  };
  std::optional<TimelineSwitch> shared;
  for (std::size_t i = 0; i <= std::min(a.ancestors.size(), b.ancestors.size()); ++i) {
    const TimelineSwitch x = end_on(a, i);
    const TimelineSwitch y = end_on(b, i);
    if (x.timeline != y.timeline || begin_on(a, i) != begin_on(b, i)) break;
    shared = TimelineSwitch{x.timeline, std::min(x.left_at, y.left_at)};
  }
  return shared;
}

}  // namespace heir::sim
