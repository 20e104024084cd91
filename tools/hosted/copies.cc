#include "tools/hosted/copies.h"

#include "tools/hosted/real_clock.h"

namespace heir::hosted {

namespace {

using scenarios::TargetKind;

constexpr Duration catching_up = Duration::seconds(10);

}  // namespace

bool Copies::is_acknowledging() const {
  const int primary = observer_.host_in_role(TargetKind::primary);
  return observer_.cluster().opened && primary != 0 && observer_.has_open_gate(primary);
}

std::vector<int> Copies::holders() const {
  std::vector<int> hosts;
  for (const TargetKind role : {TargetKind::primary, TargetKind::sync})
    if (const int host = observer_.host_in_role(role); host != 0) hosts.push_back(host);
  return hosts;
}

void Copies::look() {
  const Instant now = now_of_machine();
  const bool acknowledges = is_acknowledging();
  for (auto lost = lost_.begin(); lost != lost_.end();) {
    if (!acknowledges || !is_sound_(lost->first))
      lost->second = {};
    else if (lost->second == Instant())
      lost->second = now;
    const bool is_repaired = lost->second != Instant() && after(lost->second, catching_up) <= now;
    lost = is_repaired ? lost_.erase(lost) : std::next(lost);
  }
}

}  // namespace heir::hosted
