#include "reports/timeline/timeline.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace heir::reports {

void Track::set(HistoryTime now, std::string_view value) {
  if (value == value_) return;
  if (!value_.empty() && now > since_) spans_.push_back({since_, now, value_});
  value_ = value;
  since_ = now;
}

const char* to_string(HostKind kind) {
  switch (kind) {
    case HostKind::peer: return "peer";
    case HostKind::store: return "store";
    case HostKind::client: return "client";
  }
  return "?";
}

void add_writes(std::vector<Failover>& failovers, const History& history) {
  struct Writes {
    HistoryTime first;
    HistoryTime last;
  };
  if (failovers.empty()) return;
  std::map<std::uint64_t, Writes> writes;  // By generation.
  for (const Operation& op : history.operations()) {
    if (!op.ok() || is_read(op.function) || op.by.generation == 0) continue;
    const auto [entry, is_new] = writes.try_emplace(op.by.generation, Writes{op.completed, op.completed});
    entry->second.first = std::min(entry->second.first, op.completed);
    entry->second.last = std::max(entry->second.last, op.completed);
  }
  for (Failover& each : failovers) {
    if (const auto before = writes.lower_bound(each.generation); before != writes.begin())
      each.last_write = std::prev(before)->second.last;
    if (const auto own = writes.find(each.generation); own != writes.end()) each.first_write = own->second.first;
  }
}

namespace {

std::optional<std::int64_t> between(const std::optional<HistoryTime>& from, const std::optional<HistoryTime>& to) {
  // A step can come before the one that it mostly follows: the last answer of the old primary is on its way still.
  if (!from || !to || *to < *from) return std::nullopt;
  return to->ns() - from->ns();
}

constexpr std::array phases{
    FailoverPhase{"detect", "from the last acknowledged write to the cut of the new primary's replication",
                  [](const Failover& each) { return between(each.last_write, each.severed); }},
    FailoverPhase{"decide", "from the cut of its replication to the declaration of the new generation",
                  [](const Failover& each) { return between(each.severed, each.declared); }},
    FailoverPhase{"promote", "from the declaration to the end of the database's promotion",
                  [](const Failover& each) { return between(each.declared, each.promoted); }},
    FailoverPhase{"open", "from the promotion to the opening of the gate",
                  [](const Failover& each) { return between(each.promoted, each.opened); }},
    FailoverPhase{"serve", "from the opening of the gate to the first acknowledged write",
                  [](const Failover& each) { return between(each.opened, each.first_write); }},
    FailoverPhase{"failover", "from the last acknowledged write to the first of the new generation",
                  [](const Failover& each) { return between(each.last_write, each.first_write); }},
};

}  // namespace

std::span<const FailoverPhase> failover_phases() {
  return phases;
}

}  // namespace heir::reports
