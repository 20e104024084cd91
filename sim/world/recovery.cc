// The second phase of a campaign's run: does the cluster get on once it could? (TigerBeetle's liveness mode: a core is
// healed and freezes for ever what is outside it, because healing everything hides what an asymmetric partition shows.)
//
// A core suffices by the rules of FAILOVER.md: a majority of the store's members, a peer that may lead (section 4) and
// one that can be its sync. A stall is excused only if the state of the cluster and what the disks really hold show the
// rule that forbids every further step.
#include <algorithm>
#include <cstdlib>

#include "engine/base/files.h"
#include "sim/databases/postgresql/server.h"
#include "sim/faults/strike.h"
#include "sim/world/world.h"

namespace heir::sim {

namespace {

constexpr LinkParameters kind_link = [] {
  LinkParameters link;
  link.latency = {Duration::microseconds(200), Duration::milliseconds(1)};
  link.tail_chance = Ratio::never();
  return link;
}();

bool is_among(const std::vector<int>& hosts, int host) {
  return std::find(hosts.begin(), hosts.end(), host) != hosts.end();
}

}  // namespace

/// Whether a list of peers has that host's.
bool World::names(std::string_view list, int host) const {
  while (!list.empty()) {
    const std::string_view word = list.substr(0, list.find(' '));
    if (host_named(word) == host) return true;
    list.remove_prefix(std::min(list.size(), word.size() + 1));
  }
  return false;
}

/// Its log holds what the generation was declared with, on whatever branch that was.
bool World::has_initial_position(int host) const {
  const auto folder_of = [this](int n) {
    return PostgreSql::folder(*peers_[static_cast<std::size_t>(n - 1)].machine, std::string(peer_root) + "/data");
  };
  const auto copy = folder_of(host);
  if (!copy || !copy->data.damage.empty() || !copy->damages.empty()) return false;
  const Lsn initial(cluster_.initial_offset);
  if (copy->data.wal.end() < initial) return false;
  const int primary = host_named(cluster_.primary);
  if (primary == 0 || primary == host) return true;
  const auto first = folder_of(primary);
  return !first || first->data.wal.end() < initial || fork_point(copy->data.wal, first->data.wal) >= initial;
}

/// Made of another copy than the primary's since a generation last opened: no longer the copy that is proven.
bool World::was_rebuilt(int host) const {
  const Result<Bytes> mark = peer(host).machine->disk().read(std::string(peer_root) + "/data/heir.rebuilt");
  return mark && (!is_as_written(*mark) || std::strtoull(mark->c_str(), nullptr, 10) >= cluster_.last_opened);
}

/// By the state and by what its disk holds: primary, or one that may take over (sections 4.2 to 4.4).
bool World::may_lead(int host) const {
  // In the middle of a rewind, or rewound and not yet consistent: no candidate (section 7, R-07, R-09).
  const Disk& disk = peer(host).machine->disk();
  const std::string root(peer_root);
  const bool is_rewinding = disk.exists(root + "/rewinding") && !disk.exists(root + "/data.old");
  if (shows_damage(host) || is_rewinding || !has_all(host)) return false;
  if (!cluster_.opened && names(cluster_.proven, host) && !was_rebuilt(host)) return true;
  return (host == host_named(cluster_.primary) || host == host_named(cluster_.sync)) && has_initial_position(host);
}

void World::heal_core() {
  nemesis_->stop_and_heal_all();
  RandomStream random = kernel().stream("recovery");
  std::vector<int> hosts;
  for (int host = 1; host <= peers(); ++host)
    if (!waits_for_operator(host)) hosts.push_back(host);
  if (hosts.empty()) hosts.push_back(1);  // Somebody must be left to complain.
  random.shuffle(hosts);
  std::stable_partition(hosts.begin(), hosts.end(), [this](int host) { return may_lead(host); });
  // One that may lead and one more at least; everybody if nobody may lead.
  const auto leaders = std::count_if(hosts.begin(), hosts.end(), [this](int host) { return may_lead(host); });
  const int leader = hosts[random.below(static_cast<std::uint64_t>(std::max<std::ptrdiff_t>(1, leaders)))];
  std::erase(hosts, leader);
  random.shuffle(hosts);
  if (leaders > 0 && hosts.size() > 1) hosts.resize(1 + random.below(hosts.size()));
  core_.peers = hosts;
  core_.peers.push_back(leader);
  std::vector<int> members;
  for (int n = 1; n <= store_members(); ++n) members.push_back(store_member(n));
  random.shuffle(members);
  // A member that lost its disk never takes part again, nor does one that is yet to be told what it forgot.
  std::stable_partition(members.begin(), members.end(),
                        [this](int host) { return !member(-host).is_lost && !member(-host).may_have_forgotten; });
  const std::size_t majority = members.size() / 2 + 1;
  members.resize(majority + random.below(members.size() - majority + 1));
  for (const int host : core_.peers)
    if (may_lead(host)) core_.leaders.push_back(host);
  core_.members = members;
  std::sort(core_.peers.begin(), core_.peers.end());
  std::sort(core_.members.rbegin(), core_.members.rend());

  network_.set_all_links(kind_link);
  core_healed_at_ = last_progress_ = kernel().now();
  tell(StoryLine::Kind::heal, "", "only a core is healed, the rest stays broken for ever: " + core_text());
  for (int host = 1; host <= peers(); ++host)
    if (!is_among(core_.peers, host)) break_for_ever(host);
  for (int n = 1; n <= store_members(); ++n)
    if (!is_among(core_.members, store_member(n))) break_for_ever(store_member(n));
  for (const int host : core_.peers) boot(host);
  for (const int member : core_.members) boot(member);
  scenarios::Fault unfreeze;
  unfreeze.kind = scenarios::FaultKind::unfreeze;
  request(unfreeze, 0);
}

void World::break_for_ever(int host) {
  RandomStream random = kernel().stream("recovery/host", static_cast<std::uint64_t>(node(host).value()));
  std::vector<NodeId> all = peer_nodes(*this);
  for (const NodeId member : store_nodes(*this)) all.push_back(member);
  const auto cut = [&](const Partition& partition, const char* what) {
    LinkFault fault;
    fault.links = partition.links();
    fault.blocked = true;
    const LinkFaultId id = lay_on(std::move(fault));
    ruins_.push_back([this, id] { lift(id); });
    return what;
  };
  const NodeId self[] = {node(host)};
  std::vector<NodeId> others = peer_nodes(*this);
  std::erase(others, self[0]);
  const char* what = "";
  const std::uint64_t ways = host > 0 ? 7 : 5;
  switch (random.below(ways)) {
    case 0:
      power_off(host);
      ruins_.push_back([this, host] { boot(host); });
      what = "stays off";
      break;
    case 1:
      pause(host, scenarios::ProcessKind::host);
      ruins_.push_back([this, host] { resume(host, scenarios::ProcessKind::host); });
      what = "stands still";
      break;
    case 2: what = cut(isolate(self[0], all), "reaches nobody"); break;
    case 3: what = cut(isolate(self[0], all, Direction::out), "is heard by nobody"); break;
    case 4: what = cut(isolate(self[0], all, Direction::in), "hears nobody"); break;
    case 5: what = cut(between(self, others), "reaches the store, but no peer"); break;
    case 6:
      hold_agent(host, true);
      crash_process(host, scenarios::ProcessKind::agent);
      ruins_.push_back([this, host] { hold_agent(host, false); });
      what = "has no agent any more";
      break;
    default: ASSERT(false, "no such way");
  }
  tell(StoryLine::Kind::fault, machine(host).name(), std::string(what) + ", for ever");
}

bool World::core_has_recovered() const {
  if (!core_took_a_write_ && result_.has_writers) return false;
  return std::all_of(core_.peers.begin(), core_.peers.end(), [this](int host) {
    return host == host_named(cluster_.primary) || host == host_named(cluster_.sync) || names(cluster_.async, host);
  });
}

std::string World::excuse() const {
  const auto lost = static_cast<std::size_t>(
      std::count_if(store_.begin(), store_.end(), [](const StoreHost& host) { return host.is_lost; }));
  if (lost > (store_.size() - 1) / 2) return "section 8: a majority of the store's members lost their disks";
  int waiting = 0;
  for (int host = 1; host <= peers(); ++host) waiting += waits_for_operator(host) ? 1 : 0;
  if (waiting > 0 && peers() - waiting < 2)
    return "section 8: fewer than two peers can still read what they remember (who they are, whose data it is, which "
           "store)";
  if (cluster_.generation == 0) return "rule 1: the cluster never began";
  if (!cluster_.freeze.empty()) return "rule 10: an operator froze the cluster (" + cluster_.freeze + ")";
  // A primary that cannot lead resigns: as long as it is there it is not gone, and while it is away it is no candidate.
  // It hands over to a sync that is proven.
  const int primary = host_named(cluster_.primary);
  const bool primary_is_spoilt = primary > 0 && shows_damage(primary) && peer(primary).has_lost &&
                                 std::count(core_.peers.begin(), core_.peers.end(), primary) > 0;
  if (!cluster_.opened && primary_is_spoilt && core_.peers.size() == 2 &&
      !names(cluster_.proven, host_named(cluster_.sync)))
    return "rules 9 and 13: the generation has not opened, its primary's copy is damaged, and there is nobody but the "
           "two";
  // One that could lead when the core was healed, and whose disk no fault had touched, was kept from it by heir itself.
  const bool was_spoilt = std::any_of(core_.leaders.begin(), core_.leaders.end(),
                                      [this](int host) { return !peer(host).has_lost && !may_lead(host); });
  if (!was_spoilt && std::none_of(core_.peers.begin(), core_.peers.end(), [this](int host) { return may_lead(host); }))
    return "section 4.4: the core has neither the primary nor anybody who may take over with all that was "
           "acknowledged";
  return {};
}

std::string World::core_text() const {
  std::vector<int> hosts = core_.peers;
  hosts.insert(hosts.end(), core_.members.begin(), core_.members.end());
  return host_list(*this, hosts);
}

std::string World::complaints() const {
  std::string text;
  for (const int host : core_.peers) {
    const PeerHost& on = peer(host);
    if (!on.waits_for.empty()) text += (text.empty() ? "" : "; ") + on.setup.name + ": " + on.waits_for;
  }
  return text;
}

void World::end_recovery() {
  for (ClientHost& client : clients_) client.client->stop();
  for (const auto& heal : ruins_) heal();
  ruins_.clear();
}

}  // namespace heir::sim
