// What is seen of a running world: its agents' and members' log lines make the story, the cluster's state and the
// moments that faults wait for; what clients are told makes the invariants that are checked during the run.
#include <algorithm>
#include <charconv>

#include "sim/databases/postgresql/server.h"
#include "sim/faults/moments.h"
#include "sim/world/truth.h"
#include "sim/world/world.h"

namespace heir::sim {

namespace {

using scenarios::FailureKind;
using scenarios::TargetKind;

std::string_view field(const LogLine& line, std::string_view key) {
  for (const Field& f : line.fields)
    if (f.key == key) return f.value;
  return {};
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

int World::host_named(std::string_view name) const {
  for (std::size_t i = 0; i < peers_.size(); ++i)
    if (peers_[i].setup.name == name) return static_cast<int>(i) + 1;
  // An agent that does not know the name of a peer that is away tells its identity.
  for (std::size_t i = 0; i < peers_.size() && !name.empty(); ++i) {
    const Result<Bytes> identity = peers_[i].machine->disk().read(std::string(peer_root) + "/identity");
    if (identity && std::string_view(*identity).substr(0, identity->find('\n')) == name) return static_cast<int>(i) + 1;
  }
  return 0;
}

int World::member_named(std::string_view name) const {
  for (std::size_t i = 0; i < store_.size(); ++i)
    if (store_[i].machine->name() == name) return static_cast<int>(i) + 1;
  return 0;
}

int World::host_in_role(TargetKind role) const {
  switch (role) {
    case TargetKind::primary: return host_named(cluster_.primary);
    case TargetKind::sync: return host_named(cluster_.sync);
    case TargetKind::async: return host_named(first_word(cluster_.async));
    case TargetKind::deposed: return host_named(first_word(cluster_.deposed));
    case TargetKind::store_leader: return store_leader_ == 0 ? 0 : store_member(store_leader_);
    case TargetKind::any:
    case TargetKind::store:
    case TargetKind::store_follower:
    case TargetKind::store_member:
    case TargetKind::store_majority:
    case TargetKind::store_minority:
    case TargetKind::clients:
    case TargetKind::host:
    case TargetKind::majority:
    case TargetKind::minority:
    case TargetKind::rack:
    case TargetKind::all: return 0;
  }
  return 0;
}

void World::tell(StoryLine::Kind kind, std::string host, std::string what) {
  if (options_.keep_story) result_.story.push_back({kernel().now(), kind, std::move(host), std::move(what)});
}

void World::violation(FailureKind kind, std::string message) {
  tell(StoryLine::Kind::note, "", "VIOLATION: " + message);
  result_.violations.push_back({kind, kernel().now(), std::move(message)});
}

void World::on_state(const LogLine& line) {
  const std::uint64_t index = number(field(line, "index"));
  if (index <= cluster_.index) return;
  const std::uint64_t generation = number(field(line, "generation"));
  if (generation < cluster_.generation)
    violation(FailureKind::generation_regressed,
              "the cluster state went from generation " + std::to_string(cluster_.generation) + " to " +
                  std::to_string(generation) + " (index " + std::to_string(index) + ")");
  const std::string_view primary = field(line, "primary");
  const bool declared = generation != cluster_.generation;
  const ClusterView before = std::move(cluster_);
  last_progress_ = kernel().now();
  const std::string_view initial = field(line, "initial");
  cluster_ = {index,
              generation,
              std::string(primary),
              std::string(field(line, "sync")),
              std::string(field(line, "async")),
              std::string(field(line, "deposed")),
              std::string(field(line, "proven")),
              std::string(field(line, "freeze")),
              !field(line, "opened").empty(),
              number(initial.substr(initial.rfind('/') + 1)),
              number(field(line, "last_opened"))};
  coverage_.on_state(before, cluster_);
  if (declared && before.generation != 0 && cluster_.primary != before.primary) {
    const std::int64_t slack =
        static_cast<std::int64_t>(cluster_.initial_offset) - static_cast<std::int64_t>(acknowledged_end_.offset());
    std::optional<std::int64_t>& least = result_.extremes.takeover_slack;
    least = std::min(slack, least.value_or(slack));
  }
  if (declared) note_declared(field(line, "why"));
  if (!before.primary.empty() && cluster_.primary != before.primary) note_failover(before, field(line, "why"));
  if (declared && field(line, "why").starts_with("switchover")) check_handover(before);
  result_.generations = std::max(result_.generations, generation);
  if (!options_.keep_story) return;
  const std::string why(field(line, "why"));
  std::string lists;
  const auto add = [&lists](const char* name, const std::string& value) {
    if (!value.empty()) lists += std::string(lists.empty() ? "" : ", ") + name + " " + value;
  };
  if (declared) add("primary", cluster_.primary);
  if (declared) add("sync", cluster_.sync);
  add("async", cluster_.async);
  add("deposed", cluster_.deposed);
  if (declared)
    tell(StoryLine::Kind::state, "",
         "generation " + std::to_string(generation) + ": " + lists + ", from " + std::string(field(line, "initial")) +
             " (" + why + ")");
  else
    tell(StoryLine::Kind::state, "", why + (lists.empty() ? "" : ": " + lists));
}

/// What is handed over includes the record of the shutdown (FAILOVER.md section 6), unless that is no longer the last.
void World::check_handover(const ClusterView& before) {
  const int host = host_named(before.primary);
  const std::shared_ptr<DataFolder> data = host == 0 ? nullptr : data_of(host);
  if (!data || server(host)) return;
  const ControlData& control = data->data.control;
  if (control.state == ClusterState::shut_down && cluster_.initial_offset <= control.checkpoint.offset())
    violation(FailureKind::assertion, "generation " + std::to_string(cluster_.generation) + " was handed over at " +
                                          std::to_string(cluster_.initial_offset) +
                                          ", without the record of the shutdown at " +
                                          std::to_string(control.checkpoint.offset()));
}

void World::on_store_log(int n, const LogLine& line) {
  StoreHost& on = member(n);
  if (line.event == "store-started") {
    on.has_run = true;
    on.is_lost = false;
    on.stopped.clear();
  } else if (line.event == "store-role") {
    const std::uint64_t term = number(field(line, "term"));
    const bool leads = field(line, "role") == "leader";
    if (leads && term >= store_term_) {
      if (store_term_ != 0 && term > store_term_) coverage_.reach("store-leader-changed");
      store_leader_ = n;
      store_term_ = term;
      last_progress_ = kernel().now();
      tell(StoryLine::Kind::role, line.machine.name(), "leads the store in term " + std::to_string(term));
    } else if (!leads && store_leader_ == n) {
      store_leader_ = 0;
    }
  } else if (line.level >= LogLevel::warning) {
    std::string what(line.event);
    for (const Field& f : line.fields) what += " " + std::string(f.key) + "=" + f.value;
    on.is_lost = on.is_lost || line.event == "store-refused";
    // Its service manager tries again and again.
    const bool ends = line.event == "store-refused" || line.event == "store-stopped";
    if (ends && std::exchange(on.stopped, what) == what) return;
    tell(StoryLine::Kind::note, line.machine.name(), std::move(what));
  }
}

void World::on_log(const LogLine& line) {
  if (options_.log) options_.log(line);
  coverage_.reach(line.event);
  if (line.event == "rejoined") {
    coverage_.reach("rejoin-" + std::string(field(line, "how")));
    if (!field(line, "tail").empty()) coverage_.reach("tail-set-aside");
    result_.extremes.tail = std::max(result_.extremes.tail, number(field(line, "discarded")));
  }
  const std::string& host = line.machine.name();
  const int number_of_host = host_named(host);
  if (moments_ && number_of_host != 0)
    if (const auto moment = moment_told(line.event, [&](std::string_view key) { return field(line, key); }))
      moments_(*moment, number_of_host);
  if (line.event == "state") return on_state(line);
  if (const int n = member_named(host)) return on_store_log(n, line);
  if (line.event == "operator-request") ++result_.requests.ok;
  if (number_of_host == 0) {
    if (line.level >= LogLevel::warning)
      tell(StoryLine::Kind::note, host, std::string(line.event) + " " + std::string(field(line, "error")));
    return;
  }
  if (line.event == "severed") note_severed(number_of_host);
  if (line.event == "promoted") note_promoted(number_of_host);
  PeerHost& on = peer(number_of_host);
  if (line.event == "clone-in-place") on.is_cloned = true;
  const bool succeeded = line.event == "database-command" && field(line, "outcome") == "done";
  if (line.event == "role" || line.event == "gate" || succeeded) last_progress_ = kernel().now();
  if (line.event == "waiting") {
    on.waits_for = std::string(field(line, "reason")) + " " + std::string(field(line, "detail"));
  } else if (line.event == "role") {
    on.role = field(line, "role");
    on.role_generation = number(field(line, "generation"));
    if (reports::HostTimeline* lane = timeline_of(number_of_host)) lane->role.set(history_now(), on.role);
    tell(StoryLine::Kind::role, host, on.role + " of generation " + std::to_string(on.role_generation));
  } else if (line.event == "gate") {
    on.gate = field(line, "mode");
    if (reports::HostTimeline* lane = timeline_of(number_of_host)) lane->gate.set(history_now(), on.gate);
    if (on.gate == "open") on_gate_open(on, number(field(line, "generation")));
    coverage_.reach(on.gate == "open" ? "gate-opened" : "gate-" + on.gate);
    tell(StoryLine::Kind::gate, host, "gate " + on.gate + " in generation " + std::string(field(line, "generation")));
  } else if (options_.keep_story && line.event == "database-command") {
    tell(StoryLine::Kind::command, host,
         std::string(field(line, "command")) + ": " + std::string(field(line, "outcome")) + " in " +
             std::string(field(line, "took")));
  } else if (options_.keep_story && line.event == "rejoined") {
    const std::string_view tail = field(line, "tail");
    std::string what = "back in the primary's history: " + std::string(field(line, "how")) + ", ";
    if (tail.empty())
      what += "nothing to discard";
    else
      what += std::string(field(line, "discarded")) + " bytes of log set aside in " + std::string(tail);
    tell(StoryLine::Kind::note, host, std::move(what));
  } else if (options_.keep_story && (line.level >= LogLevel::warning || line.event == "agent-started")) {
    std::string what(line.event);
    for (const Field& f : line.fields) what += " " + std::string(f.key) + "=" + f.value;
    tell(StoryLine::Kind::note, host, std::move(what));
  }
}

void World::on_gate_open(PeerHost& on, std::uint64_t generation) {
  on.open_generation = generation;
  if (generation <= opened_generation_) return;
  opened_generation_ = generation;
  note_opened();
  gate_opened_ = kernel().now();
  if (last_write_) note_handover(kernel().now() - *last_write_);
}

void World::note_handover(Duration margin) {
  std::optional<Duration>& least = result_.extremes.handover_margin;
  least = std::min(margin, least.value_or(margin));
}

// ---- Invariants
// ------------------------------------------------------------------------------------------------------------

reports::Answerer World::answerer(AddressId gate) {
  for (std::size_t i = 0; i < peers_.size(); ++i)
    if (peers_[i].machine->node() == node_of(gate))
      return {static_cast<std::uint16_t>(i + 1), static_cast<std::uint32_t>(peers_[i].open_generation)};
  return {};
}

void World::on_write_acknowledged(const reports::Answerer& by, reports::HistoryTime invoked) {
  const VirtualTime now = kernel().now();
  const reports::HistoryTime time = reports::HistoryTime::from_ns(now.ns());
  const auto [entry, is_first] = by_generation_.try_emplace(by.generation, Acknowledged{by.peer, time});
  if (!is_first && entry->second.peer != by.peer && !split_brain_told_) {
    split_brain_told_ = true;
    violation(FailureKind::two_primaries, "host" + std::to_string(entry->second.peer) + " and host" +
                                              std::to_string(by.peer) + " both acknowledged writes in generation " +
                                              std::to_string(by.generation));
  }
  // A write that began after a later generation had acknowledged one must not be acknowledged by an earlier
  // generation's primary.
  const auto later = std::next(entry);
  if (later != by_generation_.end() && later->second.peer != by.peer && invoked > later->second.first &&
      !split_brain_told_) {
    split_brain_told_ = true;
    violation(FailureKind::split_brain, "host" + std::to_string(by.peer) + " acknowledged a write in generation " +
                                            std::to_string(by.generation) + " after host" +
                                            std::to_string(later->second.peer) +
                                            " had acknowledged writes in generation " + std::to_string(later->first));
  }
  if (by.generation != 0 && by.generation < opened_generation_) note_handover(gate_opened_ - now);
  if (last_write_ && now - *last_write_ >= shortest_outage) result_.outages.push_back({*last_write_, now});
  last_write_ = now;
  if (core_healed_at_ && invoked.ns() > core_healed_at_->ns()) core_took_a_write_ = true;
  if (nemesis_ && !nemesis_->anything_broken() &&
      !(result_.first_write_after_heal && *result_.first_write_after_heal > nemesis_->healed_at()) &&
      now > nemesis_->healed_at())
    result_.first_write_after_heal = now;
  if (by.peer != 0) {
    if (PostgresServer* found = server(by.peer)) {
      acknowledging_system_ = found->data().control.system_identifier;
      // What waits for the sync is not acknowledged. One that has just connected has told nothing yet: what was
      // acknowledged before stays so.
      const auto synced = found->senders().synced();
      if (!synced && found->settings().synchronous_standby_names.count > 0) return;  // The sync has just gone.
      const Lsn flushed = found->flushed();
      const Lsn end = synced ? std::min(flushed, (*synced)[static_cast<std::size_t>(SyncWaitMode::flush)]) : flushed;
      const Wal& log = found->data().wal;
      const bool goes_on = contains(log, acknowledged_log_, acknowledged_end_);
      acknowledged_end_ = goes_on ? std::max(end, acknowledged_end_) : end;
      acknowledged_log_ = log;
    }
  }
}

void World::inspect_copies() {
  if (acknowledging_system_ == 0 || copy_destroyed_) return;
  look_for_a_destroyed_copy();
  if (copy_destroyed_) return;
  for (PeerHost& host : peers_)
    for (std::uint64_t system : systems_on(*host.machine, peer_root))
      if (system == acknowledging_system_) return;
  copy_destroyed_ = true;
  violation(FailureKind::copy_destroyed, "no whole copy is left of the database that acknowledged writes (system " +
                                             std::to_string(acknowledging_system_) + ")");
}

void World::conclude() {
  end_timeline();
  inspect_copies();
  result_.requests.failed = requests_ - result_.requests.ok;
  result_.healed_at = nemesis_->healed_at();
  // One that came before a later fault healed says nothing.
  if (result_.first_write_after_heal && *result_.first_write_after_heal <= result_.healed_at)
    result_.first_write_after_heal.reset();
  if (result_.has_writers) {
    const VirtualTime end = VirtualTime() + scenario_.duration;
    const VirtualTime since = last_write_.value_or(VirtualTime());
    if (since < end && end - since >= shortest_outage) result_.outages.push_back({since, end});
  }
  if (PostgresServer* last = primary_server()) {
    result_.final_state = final_values(result_.history, *last);
    if (options_.keep_commits) result_.commits = committed(*last);
  }
}

PostgresServer* World::primary_server() const {
  const int primary = host_named(cluster_.primary);
  if (primary == 0) return nullptr;
  PostgresServer* found = server(primary);
  return found && found->phase() == ServerPhase::primary ? found : nullptr;
}

}  // namespace heir::sim
