#include "tools/on_hosts/copies.h"

#include <algorithm>

#include "tools/on_hosts/real_clock.h"

namespace heir::on_hosts {

namespace {

using scenarios::TargetKind;

constexpr Duration catching_up = Duration::seconds(10);

}  // namespace

bool Copies::is_acknowledging() const {
  const int primary = observer_.host_in_role(TargetKind::primary);
  return observer_.cluster().opened && primary != 0 && observer_.has_open_gate(primary);
}

/// Without its sync the primary of an open generation lets nobody write. Asyncs may lag as far as they like.
bool Copies::takes_part(int host) const {
  const std::vector<int> taking_part = holders();
  return is_acknowledging() && is_sound_(host) && !is_damaged_(host) &&
         std::find(taking_part.begin(), taking_part.end(), host) != taking_part.end();
}

std::vector<int> Copies::holders() const {
  std::vector<int> hosts;
  const auto add = [&](int host) {
    if (host != 0 && std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
  };
  add(observer_.host_in_role(TargetKind::primary));
  if (observer_.cluster().opened)
    add(observer_.host_in_role(TargetKind::sync));
  else
    for (const int host : observer_.proven_hosts()) add(host);
  return hosts;
}

void Copies::look(Instant now) {
  for (auto lost = lost_.begin(); lost != lost_.end();) {
    if (!takes_part(lost->first))
      lost->second = {};
    else if (lost->second == Instant())
      lost->second = now;
    const bool is_repaired = lost->second != Instant() && after(lost->second, catching_up) <= now;
    lost = is_repaired ? lost_.erase(lost) : std::next(lost);
  }
}

}  // namespace heir::on_hosts
