// The timeline of a running world (reports/timeline): what agents and members say of themselves as they say it, and
// what only shows from outside by samples. It is for people; nothing in the run depends on it.
#include <algorithm>
#include <cstdlib>

#include "scenarios/fault_kinds.h"
#include "scenarios/names.h"
#include "sim/databases/postgresql/server.h"
#include "sim/world/world.h"

namespace heir::sim {

namespace {

using reports::FaultTimeline;
using reports::HistoryTime;
using reports::HostKind;
using reports::HostTimeline;
using reports::Series;
using reports::StateLog;
using reports::Timeline;
using Quantity = Series::Quantity;

constexpr Duration least_clock_change = Duration::microseconds(100);
constexpr Duration between_states = Duration::milliseconds(100);

HistoryTime history_time(VirtualTime at) {
  return HistoryTime::from_ns(at.ns());
}

/// "off", "paused", "paused: agent"; "" if it runs.
std::string state_of_machine(const Machine& machine) {
  if (!machine.is_up()) return "off";
  std::string paused;
  const auto& processes = machine.processes();
  const auto count = std::count_if(processes.begin(), processes.end(), [](const Process* p) { return p->is_paused(); });
  if (count == 0) return {};
  if (static_cast<std::size_t>(count) == processes.size()) return "paused";
  for (const Process* process : processes)
    if (process->is_paused()) paused += (paused.empty() ? "" : ", ") + process->name();
  return "paused: " + paused;
}

void add_sample(Timeline& timeline, const std::string& host, Quantity quantity, HistoryTime now,
                std::optional<std::int64_t> value) {
  const auto is_it = [&](const Series& series) { return series.quantity == quantity && series.host == host; };
  auto found = std::find_if(timeline.series.begin(), timeline.series.end(), is_it);
  if (found == timeline.series.end()) found = timeline.series.insert(found, Series{host, quantity, {}});
  if (!found->samples.empty()) {
    const std::optional<std::int64_t>& last = found->samples.back().second;
    const std::int64_t least = quantity == Quantity::clock_error ? least_clock_change.ns() : 1;
    if (value && last ? std::abs(*last - *value) < least : value == last) return;
  }
  found->samples.emplace_back(now, value);
}

/// "key: value" lines.
StateLog::Keys keys_of(std::string_view text) {
  StateLog::Keys keys;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos) keys.emplace(line.substr(0, colon), line.substr(colon + 2));
  }
  return keys;
}

/// Adds what differs from all that was said before.
void add_state(StateLog& log, StateLog::Keys& last, HistoryTime now, StateLog::Keys keys) {
  StateLog::Keys changed;
  for (const auto& [key, value] : keys)
    if (const auto before = last.find(key); before == last.end() || before->second != value) changed[key] = value;
  for (const auto& [key, value] : last)
    if (!keys.contains(key)) changed[key];
  last = std::move(keys);
  if (!changed.empty()) log.changes.emplace_back(now, std::move(changed));
}

}  // namespace

void World::begin_timeline() {
  if (!options_.keep_timeline) return;
  Timeline& timeline = result_.timeline.emplace();
  const auto add = [&](const Machine& machine, HostKind kind) {
    HostTimeline& host = timeline.hosts.emplace_back();
    host.name = machine.name();
    host.kind = kind;
  };
  for (const PeerHost& host : peers_) add(*host.machine, HostKind::peer);
  for (const StoreHost& host : store_) add(*host.machine, HostKind::store);
  for (const ClientHost& host : clients_) add(*host.machine, HostKind::client);
  for (const std::string& who : everybody())
    if (who.rfind("client", 0) != 0) timeline.states.push_back({who, {}});
  last_states_.resize(timeline.states.size());
  if (options_.keep_messages) network_.observe([this](const NetworkMessage& message) { note_message(message); });
}

HostTimeline* World::timeline_of(int host) {
  if (!result_.timeline) return nullptr;
  const int place = host > 0 ? host - 1 : peers() - host - 1;
  return &result_.timeline->hosts[static_cast<std::size_t>(place)];
}

void World::note_message(const NetworkMessage& message) {
  const auto& [first, last] = *options_.keep_messages;
  if (kernel().now() < first || message.sent > last) return;
  const auto place = [this](AddressId address) {
    const std::string& name = network_.node_name(node_of(address));
    const std::vector<HostTimeline>& hosts = result_.timeline->hosts;
    const auto found =
        std::find_if(hosts.begin(), hosts.end(), [&](const HostTimeline& host) { return host.name == name; });
    return static_cast<std::uint32_t>(found - hosts.begin());
  };
  const std::uint32_t from = place(message.from), to = place(message.to);
  if (std::max(from, to) == result_.timeline->hosts.size()) return;  // The operator's.
  std::optional<HistoryTime> arrived;
  if (message.arrived) arrived = history_now();
  const std::uint16_t ports[] = {port_of(message.from), port_of(message.to)};
  const auto speaks_at = [&](std::uint16_t port) { return ports[0] == port || ports[1] == port; };
  const char* what = "other";
  if (ports[0] == store_port && ports[1] == store_port)
    what = "consensus";
  else if (speaks_at(store_port))
    what = ports[1] == store_port ? "store request" : "store answer";
  else if (speaks_at(gate_port))
    what = ports[1] == gate_port ? "client request" : "client answer";
  else if (speaks_at(database_port))
    what = "database";
  result_.timeline->messages.push_back({history_time(message.sent), arrived, from, to, what});
}

void World::note_fault(const FaultEvent& event) {
  if (!result_.timeline) return;
  if (!event.begins) {
    const auto found = faults_under_way_.find(event.id);
    if (found == faults_under_way_.end()) return;
    result_.timeline->faults[found->second].to = history_now();
    faults_under_way_.erase(found);
    return;
  }
  const scenarios::Fault& decided = *event.decided;
  const scenarios::FaultTraits& traits = scenarios::traits(decided.kind);
  FaultTimeline fault;
  fault.kind = traits.name;
  fault.family = scenarios::to_string(traits.family);
  fault.from = history_now();
  if (!event.lasts) fault.to = fault.from;
  fault.what = event.what;
  for (const int host : event.struck) fault.hosts.push_back(machine(host).name());
  if (decided.kind == scenarios::FaultKind::partition) {
    for (std::size_t a = 0; a < network_.nodes(); ++a) {
      for (std::size_t b = 0; b < network_.nodes(); ++b) {
        const NodeId from(static_cast<std::uint16_t>(a)), to(static_cast<std::uint16_t>(b));
        if (a == b || !network_.is_blocked(from, to)) continue;
        std::pair<std::string, std::string> link(network_.node_name(from), network_.node_name(to));
        const bool was_cut = std::any_of(faults_under_way_.begin(), faults_under_way_.end(), [&](const auto& each) {
          const auto& cut = result_.timeline->faults[each.second].cut;
          return std::find(cut.begin(), cut.end(), link) != cut.end();
        });
        if (!was_cut) fault.cut.push_back(std::move(link));
      }
    }
  }
  if (event.lasts) faults_under_way_[event.id] = result_.timeline->faults.size();
  result_.timeline->faults.push_back(std::move(fault));
}

void World::note_declared(std::string_view why) {
  if (!result_.timeline) return;
  const std::string sync = cluster_.sync.empty() ? std::string() : host_name(cluster_.sync);
  result_.timeline->generations.push_back(
      {cluster_.generation, history_now(), std::nullopt, host_name(cluster_.primary), sync, with_hosts(why)});
}

void World::note_agent_gone(int host) {
  HostTimeline* lane = timeline_of(host);
  if (!lane || peer(host).machine->find("agent")) return;  // There may be a second one.
  lane->role.set(history_now(), "");
  lane->gate.set(history_now(), "");
  lane->lease.set(history_now(), "");
  peer(host).lease_end.reset();
}

void World::sample() {
  Timeline& timeline = *result_.timeline;
  const HistoryTime now = history_now();
  PostgresServer* primary = primary_server();
  for (int host = 1; host <= peers(); ++host) {
    const Machine& machine = *peer(host).machine;
    HostTimeline& lane = *timeline_of(host);
    lane.machine.set(now, state_of_machine(machine));
    const std::optional<MonotonicTime>& lease = peer(host).lease_end;
    lane.lease.set(now, lease && machine.is_up() && machine.clock().monotonic() < *lease ? "held" : "");
    const PostgresServer* found = server(host);
    lane.database.set(now, found ? to_string(found->phase()) : machine.is_up() ? "down" : "");
    const std::int64_t error = machine.clock().wall().ns() - MachineParameters().wall.ns() - now.ns();
    add_sample(timeline, machine.name(), Quantity::clock_error, now, error);
    std::optional<std::int64_t> lag;
    if (found && primary && found != primary)  // What it holds beyond is of a log that the primary's has left.
      lag = std::max<std::int64_t>(0, static_cast<std::int64_t>(primary->log_end().offset()) -
                                          static_cast<std::int64_t>(found->flushed().offset()));
    add_sample(timeline, machine.name(), Quantity::replication_lag, now, lag);
  }
  for (int n = 1; n <= store_members(); ++n) {
    const Machine& machine = *member(n).machine;
    HostTimeline& lane = *timeline_of(store_member(n));
    lane.machine.set(now, state_of_machine(machine));
    lane.role.set(now, store_leader_ == n && machine.find("store") ? "leader" : "");
  }
  if (kernel().now() < next_states_) return;
  next_states_ = kernel().now() + between_states;
  for (std::size_t i = 0; i < timeline.states.size(); ++i) {
    StateLog& log = timeline.states[i];
    add_state(log, last_states_[i], now, keys_of(state_of(log.who)));
  }
}

void World::end_timeline() {
  if (!result_.timeline) return;
  for (HostTimeline& host : result_.timeline->hosts)
    for (reports::Track* track : {&host.role, &host.gate, &host.lease, &host.database, &host.machine})
      track->end(history_now());
}

}  // namespace heir::sim
