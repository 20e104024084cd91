#include <algorithm>
#include <cstdlib>
#include <memory>
#include <utility>

#include "sim/faults/strike.h"

namespace heir::sim {

using scenarios::FaultKind;
using scenarios::SwappedDisk;

namespace {

Ratio ratio(scenarios::Ratio from) {
  return Ratio::parts_per_million(static_cast<std::uint64_t>(from.ppb() / 1000));
}

struct OnHost {
  int host;
  DiskFaultId fault;
};

Harm until_lifted(const Strike& s, std::string what, std::vector<OnHost> laid_on) {
  return {std::move(what), [&world = s.world, laid_on = std::move(laid_on)] {
            for (const OnHost& on : laid_on) world.lift(on.host, on.fault);
          }};
}

/// A fault of the whole disk, on each host.
Harm whole(const Strike& s, const std::string& what, const DiskFault& fault) {
  std::vector<OnHost> laid_on;
  for (const int host : s.hosts) laid_on.push_back({host, s.world.lay_on(host, fault)});
  return until_lifted(s, what + " " + host_list(s.world, s.hosts), std::move(laid_on));
}

Harm slow_disk(const Strike& s) {
  DiskFault fault;
  fault.slow = SlowSyncs{s.fault.fsync->low, s.fault.fsync->high, Ratio::always()};
  if (s.fault.chance) fault.slow->chance = ratio(*s.fault.chance);
  return whole(s, "slow the disk of", fault);
}

Harm bad_fsync(const Strike& s) {
  DiskFault fault;
  if (s.fault.chance) fault.sync_chance = ratio(*s.fault.chance);
  const char* what = "";
  switch (s.fault.answer) {
    case scenarios::FsyncAnswer::error:
      fault.sync = SyncAnswer::error;
      what = "fsync fails on";
      break;
    case scenarios::FsyncAnswer::error_dropped:
      fault.sync = SyncAnswer::error_dropped;
      what = "fsync fails and drops on";
      break;
    case scenarios::FsyncAnswer::lie:
      fault.sync = SyncAnswer::lie;
      what = "fsync lies on";
      break;
  }
  return whole(s, what, fault);
}

/// One that each host may or may not be spared.
template <class LayOn>
std::optional<Harm> each(const Strike& s, const std::string& what, LayOn lay_on) {
  std::vector<OnHost> laid_on;
  std::vector<int> hosts;
  for (const int host : s.hosts) {
    const std::optional<DiskFaultId> fault = lay_on(host);
    if (!fault) continue;
    laid_on.push_back({host, *fault});
    hosts.push_back(host);
  }
  if (hosts.empty()) return std::nullopt;
  return until_lifted(s, what + " " + host_list(s.world, hosts), std::move(laid_on));
}

std::optional<Harm> bit_rot(const Strike& s) {
  using scenarios::RotPlace;
  const char* what = s.fault.where == RotPlace::log     ? "rot in the log of"
                     : s.fault.where == RotPlace::table ? "rot in a table of"
                                                        : "rot in the agent's files of";
  return each(s, what, [&](int host) { return s.world.rot(host, s.fault.where, s.random); });
}

void boot(Actions& world, const std::vector<int>& hosts) {
  for (const int host : hosts)
    if (!world.is_up(host)) world.boot(host);
}

std::optional<Harm> old_disk(const Strike& s) {
  struct Old {
    int host;
    DiskImage image;
  };
  auto images = std::make_shared<std::vector<Old>>();
  for (const int host : s.hosts) images->push_back({host, s.world.disk_image(host)});
  Harm harm{"remember, to come back with it, the disk of " + host_list(s.world, s.hosts),
            [&world = s.world, hosts = s.hosts] { boot(world, hosts); }};
  const Duration age = settle(s, *s.fault.age);
  harm.steps.push_back({age, [&world = s.world, images] {
                          for (const Old& old : *images) {
                            if (!world.is_up(old.host) || !world.may_lose(old.host)) continue;
                            world.power_off(old.host);
                            world.replace_disk(old.host, old.image);
                          }
                        }});
  return harm;
}

std::optional<Harm> swap_disk(const Strike& s) {
  Strike on = s;
  std::erase_if(on.hosts, [&](int host) { return !s.world.is_up(host); });
  if (on.hosts.empty()) return std::nullopt;
  if (s.fault.disk == SwappedDisk::old) return old_disk(on);
  // Whose disk each is to have instead, another peer's or another member's.
  std::vector<int> from;
  for (const int host : on.hosts) {
    const int of_its_kind = host > 0 ? s.world.peers() : s.world.store_members();
    const auto drawn = static_cast<int>(s.random.below(static_cast<std::uint64_t>(std::max(1, of_its_kind - 1)))) + 1;
    const int other = drawn < std::abs(host) ? drawn : drawn + 1;
    from.push_back(host > 0 ? other : store_member(other));
  }
  const std::vector<int> hosts = std::exchange(on.hosts, {});
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const int host = hosts[i];
    const bool other = s.fault.disk == SwappedDisk::other;
    // A copy of a peer's disk speaks in its name; a member knows whose files are whose.
    if (!s.world.may_lose(host) || (other && from[i] > 0 && !s.world.may_lose(from[i]))) continue;
    // Lost at once: the next is asked for with this one gone.
    s.world.power_off(host);
    DiskImage image;
    if (s.fault.disk == SwappedDisk::foreign) image = s.world.with_foreign_data(s.world.disk_image(host));
    if (other) image = s.world.disk_image(from[i]);
    s.world.replace_disk(host, image);
    on.hosts.push_back(host);
  }
  if (on.hosts.empty()) return std::nullopt;
  std::string what;
  switch (s.fault.disk) {
    case SwappedDisk::empty: what = "power off, to come back with an empty disk, "; break;
    case SwappedDisk::other: what = "power off, to come back with another's disk, "; break;
    case SwappedDisk::foreign: what = "power off, to come back with another cluster's data, "; break;
    case SwappedDisk::old: break;
  }
  what += host_list(s.world, on.hosts);
  return Harm{what, [&world = s.world, hosts = on.hosts] { boot(world, hosts); }};
}

}  // namespace

std::optional<Harm> strike_disk(const Strike& s) {
  if (s.hosts.empty()) return std::nullopt;
  DiskFault fault;
  switch (s.fault.kind) {
    case FaultKind::slow_disk: return slow_disk(s);
    case FaultKind::stuck_disk: fault.stuck = true; return whole(s, "no fsync ends on", fault);
    case FaultKind::disk_full: fault.full = true; return whole(s, "fill the disk of", fault);
    case FaultKind::read_only_disk: fault.read_only = true; return whole(s, "remount read-only the disk of", fault);
    case FaultKind::bad_fsync: return bad_fsync(s);
    case FaultKind::bit_rot: return bit_rot(s);
    case FaultKind::misdirected_write:
      return each(s, "a write went to a table's place on",
                  [&](int host) { return s.world.misdirect_write(host, s.random); });
    case FaultKind::misdirected_read: {
      const Ratio chance = s.fault.chance ? ratio(*s.fault.chance) : Ratio::percent(10);
      return each(s, "reads go astray on", [&](int host) { return s.world.misdirect_reads(host, chance, s.random); });
    }
    case FaultKind::swap_disk: return swap_disk(s);
    default: ASSERT(false, "not of this family");
  }
  return std::nullopt;
}

}  // namespace heir::sim
