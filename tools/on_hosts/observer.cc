#include "tools/on_hosts/observer.h"

#include <algorithm>
#include <charconv>

#include "scenarios/fault_kinds.h"
#include "sim/faults/moments.h"

namespace heir::on_hosts {

namespace {

using reports::HistoryTime;
using scenarios::TargetKind;
using Kind = sim::StoryLine::Kind;

/// A line that does not say when it was written was, at the earliest, so long before it was read. The first answers of
/// a generation must not count as given before its gate opened.
constexpr Duration longest_reading = Duration::milliseconds(100);

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string_view first_word(std::string_view words) {
  return words.substr(0, words.find(' '));
}

HistoryTime history_time(VirtualTime at) {
  return HistoryTime::from_ns(at.ns());
}

}  // namespace

Observer::Observer(const RealClock& clock, int peers, int members, sim::RunResult& result)
    : clock_(clock), peers_(peers), members_(members), result_(result) {
  reports::Timeline& timeline = result.timeline.emplace();
  const auto add = [&](int host, reports::HostKind kind) {
    reports::HostTimeline& made = timeline.hosts.emplace_back();
    made.name = host_name(host);
    made.kind = kind;
  };
  for (int host = 1; host <= peers; ++host) add(host, reports::HostKind::peer);
  for (int n = 1; n <= members; ++n) add(sim::store_member(n), reports::HostKind::store);
}

std::string Observer::host_name(int host) const {
  if (host > 0) return "host" + std::to_string(host);
  return members_ == 1 ? "store" : "store" + std::to_string(-host);
}

reports::HostTimeline& Observer::lane(int host) {
  return result_.timeline->hosts[static_cast<std::size_t>(host > 0 ? host - 1 : peers_ - host - 1)];
}

int Observer::host_named(std::string_view name) const {
  if (name.empty()) return 0;
  for (int host = 1; host <= peers_; ++host)
    if (name == host_name(host)) return host;
  const auto found = identities_.find(name);
  return found == identities_.end() ? 0 : found->second;
}

std::string Observer::name_of(std::string_view name) const {
  const int host = host_named(name);
  return host == 0 ? std::string(name) : host_name(host);
}

/// With hosts where it names peers.
std::string Observer::named(std::string_view words) const {
  std::string text;
  while (!words.empty()) {
    const std::string_view word = first_word(words);
    words.remove_prefix(std::min(words.size(), word.size() + 1));
    text += (text.empty() ? "" : " ") + name_of(word);
  }
  return text;
}

/// What happened before the scenario began is told as of its beginning.
VirtualTime Observer::time_of(const LogEntry& entry) const {
  return std::max(VirtualTime(), clock_.at(entry.at));
}

HistoryTime Observer::now() const {
  return history_time(std::max(VirtualTime(), clock_.now()));
}

void Observer::tell_at(VirtualTime at, Kind kind, std::string host, std::string what) {
  result_.story.push_back({std::max(VirtualTime(), at), kind, std::move(host), std::move(what)});
}

int Observer::host_in_role(TargetKind role) const {
  switch (role) {
    case TargetKind::primary: return host_named(cluster_.primary);
    case TargetKind::sync: return host_named(cluster_.sync);
    case TargetKind::async: return host_named(first_word(cluster_.async));
    case TargetKind::deposed: return host_named(first_word(cluster_.deposed));
    case TargetKind::store_leader: return store_leader_;
    default: return 0;
  }
}

std::vector<int> Observer::proven_hosts() const {
  std::vector<int> hosts;
  for (std::string_view rest = cluster_.proven; !rest.empty();) {
    const std::string_view name = first_word(rest);
    if (const int host = host_named(name); host != 0) hosts.push_back(host);
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
  }
  return hosts;
}

int Observer::placed() const {
  if (cluster_.primary.empty()) return 0;
  int count = cluster_.sync.empty() ? 1 : 2;
  for (std::string_view rest = cluster_.async; !rest.empty();) {
    ++count;
    rest.remove_prefix(std::min(rest.size(), first_word(rest).size() + 1));
  }
  return count;
}

std::uint64_t Observer::generation_at(int peer, VirtualTime at) const {
  const auto found = openings_.find(peer);
  if (found == openings_.end()) return 0;
  std::uint64_t generation = 0;
  for (const Opening& opening : found->second)
    if (opening.at <= at) generation = opening.generation;
  return generation;
}

void Observer::on_line(int host, const LogEntry& entry) {
  if (moments_ && host > 0)
    if (const auto moment = sim::moment_told(entry.event, [&](std::string_view key) { return entry.field(key); }))
      moments_(*moment, host);
  const VirtualTime at = time_of(entry);
  const std::string& event = entry.event;
  if (event == "agent-started") identities_[std::string(entry.field("peer"))] = host;
  if (event == "state") return on_state(entry);
  if (event == "store-role") return on_store_role(host, entry);
  if (event == "gate") return on_gate(host, entry);
  if (event == "severed") severed_[host] = at;
  if (event == "promoted" && !result_.failovers.empty()) {
    reports::Failover& last = result_.failovers.back();
    if (!last.promoted && last.to == host_name(host)) last.promoted = history_time(at);
  }
  if (event == "role") {
    const std::string role(entry.field("role"));
    lane(host).role.set(history_time(at), role);
    tell_at(at, Kind::role, host_name(host), role + " of generation " + std::string(entry.field("generation")));
  } else if (event == "database-command") {
    tell_at(at, Kind::command, host_name(host),
            std::string(entry.field("command")) + ": " + std::string(entry.field("outcome")) + " in " +
                std::string(entry.field("took")));
  } else if (event == "rejoined") {
    const std::string_view tail = entry.field("tail");
    const std::string rest =
        tail.empty() ? "nothing to discard" : std::string(entry.field("discarded")) + " bytes of log set aside";
    tell_at(at, Kind::note, host_name(host),
            "back in the primary's history: " + std::string(entry.field("how")) + ", " + rest);
  } else if (event == "loop-stalled") {
    // All hosts share this machine: a busy one is no news.
    tell_at(at, Kind::command, host_name(host), "stood still for " + std::string(entry.field("longest")));
  } else if (entry.level >= LogLevel::warning || event == "agent-started" || event == "said") {
    std::string what = event;
    for (const auto& [key, value] : entry.fields)
      if (key != "program") what += " " + key + "=" + value;
    tell_at(at, Kind::note, host_name(host), std::move(what));
  }
}

void Observer::on_store_role(int host, const LogEntry& entry) {
  const std::uint64_t term = number(entry.field("term"));
  const bool leads = entry.field("role") == "leader";
  const VirtualTime at = time_of(entry);
  lane(host).role.set(history_time(at), leads ? "leader" : "");
  if (leads && term >= store_term_) {
    store_leader_ = host;
    store_term_ = term;
    tell_at(at, Kind::role, host_name(host), "leads the store in term " + std::to_string(term));
  } else if (!leads && store_leader_ == host) {
    store_leader_ = 0;
  }
}

void Observer::on_gate(int host, const LogEntry& entry) {
  const VirtualTime at = time_of(entry);
  const std::string mode(entry.field("mode"));
  const std::uint64_t generation = number(entry.field("generation"));
  lane(host).gate.set(history_time(at), mode);
  tell_at(at, Kind::gate, host_name(host), "gate " + mode + " in generation " + std::to_string(generation));
  open_gates_.erase(host);
  if (mode != "open") return;
  open_gates_.insert(host);
  const Duration read_after = entry.is_own_time ? Duration::zero() : longest_reading;
  openings_[host].push_back({clock_.at(after(entry.at, Duration::zero() - read_after)), generation});
  if (generation > opened_generation_) note_opened(generation, at);
}

void Observer::note_opened(std::uint64_t generation, VirtualTime at) {
  opened_generation_ = generation;
  for (reports::Failover& each : result_.failovers)
    if (each.generation == generation) each.opened = history_time(at);
  for (reports::GenerationTimeline& each : result_.timeline->generations)
    if (each.generation == generation) each.opened = history_time(at);
}

void Observer::on_foreign_line(int host, const LogEntry& entry) {
  tell_at(time_of(entry), Kind::command, host_name(host), entry.event + " " + std::string(entry.field("words")));
}

void Observer::see(ClusterView seen) {
  // Whoever writes on an older timeline was followed by another: he is nobody's primary any more.
  if (seen.generation < cluster_.generation) return;
  seen.index = cluster_.index;
  if (seen == cluster_) return;
  ++seen.index;
  for (int host = 1; host <= peers_; ++host) {
    const std::string name = host_name(host);
    const bool is_async = (" " + seen.async + " ").find(" " + name + " ") != std::string::npos;
    lane(host).role.set(now(), name == seen.primary ? "primary" : name == seen.sync ? "sync" : is_async ? "async" : "");
  }
  const std::uint64_t generation = seen.generation;
  take(std::move(seen), clock_.now(), "", "its databases say so");
  if (generation > opened_generation_) note_opened(generation, clock_.now());
}

void Observer::on_state(const LogEntry& entry) {
  const std::uint64_t index = number(entry.field("index"));
  if (index <= cluster_.index) return;
  take({index, number(entry.field("generation")), std::string(entry.field("primary")), std::string(entry.field("sync")),
        std::string(entry.field("async")), std::string(entry.field("deposed")), !entry.field("opened").empty(),
        std::string(entry.field("proven"))},
       time_of(entry), std::string(entry.field("initial")), named(entry.field("why")));
}

void Observer::take(ClusterView next, VirtualTime at, const std::string& from, const std::string& why) {
  const std::uint64_t generation = next.generation;
  if (generation < cluster_.generation) {
    std::string message = "the cluster state went from generation " + std::to_string(cluster_.generation) + " to " +
                          std::to_string(generation) + " (index " + std::to_string(next.index) + ")";
    tell_at(at, Kind::note, "", "VIOLATION: " + message);
    result_.violations.push_back({scenarios::FailureKind::generation_regressed, at, std::move(message)});
  }
  const bool declared = generation != cluster_.generation;
  const ClusterView before = std::move(cluster_);
  cluster_ = std::move(next);
  if (declared)
    result_.timeline->generations.push_back({generation, history_time(at), std::nullopt, name_of(cluster_.primary),
                                             cluster_.sync.empty() ? "" : name_of(cluster_.sync), why});
  if (!before.primary.empty() && cluster_.primary != before.primary) note_failover(before, at, why);
  result_.generations = std::max(result_.generations, generation);
  std::string lists;
  const auto add = [&](const char* what, const std::string& value) {
    if (!value.empty()) lists += std::string(lists.empty() ? "" : ", ") + what + " " + named(value);
  };
  if (declared) add("primary", cluster_.primary);
  if (declared || from.empty()) add("sync", cluster_.sync);
  add("async", cluster_.async);
  add("deposed", cluster_.deposed);
  if (declared)
    tell_at(at, Kind::state, "",
            "generation " + std::to_string(generation) + ": " + lists + (from.empty() ? "" : ", from " + from) + " (" +
                why + ")");
  else
    tell_at(at, Kind::state, "", why + (lists.empty() ? "" : ": " + lists));
}

void Observer::note_failover(const ClusterView& before, VirtualTime at, const std::string& why) {
  reports::Failover failover;
  failover.generation = cluster_.generation;
  failover.from = name_of(before.primary);
  failover.to = name_of(cluster_.primary);
  failover.why = why;
  failover.declared = history_time(at);
  const auto severed = severed_.find(host_named(cluster_.primary));
  // Of this takeover only if no other change of the primary lies between.
  if (severed != severed_.end() &&
      (result_.failovers.empty() || history_time(severed->second) > result_.failovers.back().declared))
    failover.severed = history_time(severed->second);
  result_.failovers.push_back(std::move(failover));
}

void Observer::on_program_gone(int host) {
  reports::HostTimeline& gone = lane(host);
  for (reports::Track* track : {&gone.role, &gone.gate}) track->set(now(), "");
  open_gates_.erase(host);
  if (store_leader_ == host) store_leader_ = 0;
}

void Observer::on_fault(const sim::FaultEvent& event) {
  if (event.decided) result_.decisions.push_back(*event.decided);
  tell(event.begins ? Kind::fault : Kind::heal, "", event.begins ? event.what : "healed: " + event.what);
  if (!event.begins) {
    const auto found = faults_under_way_.find(event.id);
    if (found == faults_under_way_.end()) return;
    result_.timeline->faults[found->second].to = now();
    faults_under_way_.erase(found);
    return;
  }
  reports::FaultTimeline fault;
  if (event.decided) {
    fault.kind = scenarios::to_string(event.decided->kind);
    fault.family = scenarios::to_string(scenarios::traits(event.decided->kind).family);
  }
  fault.from = now();
  if (!event.lasts) fault.to = now();
  fault.what = event.what;
  for (const int host : event.struck) fault.hosts.push_back(host_name(host));
  if (event.lasts) faults_under_way_[event.id] = result_.timeline->faults.size();
  result_.timeline->faults.push_back(std::move(fault));
}

void Observer::conclude() {
  std::stable_sort(result_.story.begin(), result_.story.end(),
                   [](const sim::StoryLine& a, const sim::StoryLine& b) { return a.at < b.at; });
  for (reports::HostTimeline& host : result_.timeline->hosts)
    for (reports::Track* track : {&host.role, &host.gate, &host.lease, &host.database, &host.machine})
      track->end(now());
}

}  // namespace heir::on_hosts
