// Steps of the model world: agents, sessions, leases, the store's answers, the operator.

#include <algorithm>

#include "tests/story/failover/world.h"

namespace heir::story {

namespace {

constexpr Duration lease_length = Duration::seconds(2);

}  // namespace

// ---- Agents
// ----------------------------------------------------------------------------------------------------------------

/// start PEER [adopt|plain]: the agent starts, on a host that is up; its database is as its disk has it, not running
/// after a crash.
bool World::start(const Move& move) {
  Host* h = host(move);
  if (!h || h->up) return false;
  const int self = index_of(move.words[0]);
  h->up = true;
  h->peer = failover::make_peer(
      PeerId(name(self)), options_.policy, options_.timing,
      (options_.singleton >> self & 1) != 0 && !(move.words.size() > 1 && move.words[1] == "plain"));
  h->adopts = move.words.size() > 1 && move.words[1] == "adopt";
  failover::Started beginning;
  beginning.has_data = h->database.exists;
  beginning.adopt = h->adopts;
  beginning.new_cluster = "cluster-of-" + name(self);
  beginning.store = h->remembered_store;
  beginning.generation = h->remembered;
  beginning.jitter_seed = static_cast<std::uint64_t>(self) + 1;
  feed(self, beginning);
  h->told = {};
  feed(self, failover::DatabaseChanged{h->told = status_of(self)});
  return true;
}

/// session PEER: the store opens the session that the agent asked for.
bool World::session(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->asked_session) return false;
  h->asked_session.reset();
  const SessionId id = store_.open_session(PeerId(move.words[0]), h->database.exists);
  h->lease_until = h->clock + lease_length;
  whisper(move.words[0] + " has session " + std::to_string(id.value()));
  feed(index_of(move.words[0]), failover::SessionOpened{id});
  feed(index_of(move.words[0]), failover::LeaseRenewed{h->lease_until});
  return true;
}

/// end PEER: the store hears that a session is to end.
bool World::end(const Move& move) {
  Host* h = host(move);
  if (!h || h->ending.empty()) return false;
  store_.end_session(h->ending.front());
  h->ending.erase(h->ending.begin());
  return true;
}

/// over PEER: the agent hears that its session is over.
bool World::over(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->peer.session || store_.is_alive(*h->peer.session)) return false;
  feed(index_of(move.words[0]), failover::SessionOver{});
  return true;
}

/// renew PEER: the lease is renewed.
bool World::renew(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->peer.session || !store_.is_alive(*h->peer.session)) return false;
  if (h->clock + lease_length / 2 < h->lease_until) return false;
  h->lease_until = h->clock + lease_length;
  feed(index_of(move.words[0]), failover::LeaseRenewed{h->lease_until});
  return true;
}

/// lapse PEER: time passes for this host until its lease has run out. The agent does nothing about it: it may be
/// paused.
bool World::lapse(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->peer.session || h->clock >= h->lease_until) return false;
  h->clock = h->lease_until;
  return true;
}

/// expire PEER: its oldest session ends in the store. While the lease of a live agent runs this cannot be, unless
/// clocks lie.
bool World::expire(const Move& move) {
  Host* h = host(move);
  if (!h) return false;
  const std::optional<SessionId> session = store_.session_of(PeerId(move.words[0]));
  if (!session) return false;
  const bool holds_lease = h->up && h->peer.session == session && h->clock < h->lease_until;
  if (holds_lease && options_.clocks_bound && options_.policy.lease) return false;
  store_.end_session(*session);
  return true;
}

/// tick PEER: time passes for this host until its agent's next deadline.
bool World::tick(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up) return false;
  const std::optional<MonotonicTime> at = failover::next_deadline(h->peer);
  if (!at) return false;
  h->clock = std::max(h->clock, *at);
  feed(index_of(move.words[0]), failover::Tick{});
  return true;
}

/// advance SECONDS: time passes for everybody; deadlines that come are met, leases are not renewed.
bool World::advance(const Move& move) {
  const Duration by = Duration::seconds(number(move, 0));
  wall_ = wall_ + by;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    Host& h = hosts_[i];
    h.clock = h.clock + by;
    if (const auto at = failover::next_deadline(h.peer); h.up && at && *at <= h.clock)
      feed(static_cast<int>(i), failover::Tick{});
  }
  return by > Duration::zero();
}

void World::forget_agent(Host& h) {
  h.up = false;
  if (h.write && !h.write->applied) floating_.emplace_back(static_cast<int>(&h - hosts_.data()), *h.write);
  h.write.reset();
  h.read.reset();
  if (h.command && std::holds_alternative<failover::Rejoin>(h.command->command)) {
    const auto& rejoin = std::get<failover::Rejoin>(h.command->command);
    if (rejoin.in_place && !rejoin.clone && !h.database.running) h.database.whole = false;
  }
  h.command.reset();
  h.sampled.reset();
  h.proof.reset();
  h.asked_session.reset();
  h.gate.clear();
}

/// crash PEER: the host loses power: agent and database are gone, and what was not flushed.
bool World::crash(const Move& move) {
  Host* h = host(move);
  if (!h || (!h->up && !h->database.running)) return false;
  forget_agent(*h);
  if (h->database.running) stop_database(index_of(move.words[0]));
  return true;
}

/// restart-agent PEER: the agent alone dies and starts again; the database runs on as it was.
bool World::restart_agent(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up) return false;
  forget_agent(*h);
  return start(Move{"start", {move.words[0]}});
}

/// data PEER CLUSTER [WRITES]: before the start: this peer holds a copy of another life; its writes count as
/// acknowledged if the cluster is `cluster-of-…`, the one to come.
bool World::data(const Move& move) {
  Host* h = host(move);
  if (!h || h->up || h->database.exists || move.words.size() < 2) return false;
  h->database.initialize(move.words[1], 0);
  for (int i = number(move, 2); i > 0; --i) {
    h->database.append(static_cast<std::uint8_t>(++last_write_));
    if (move.words[1].starts_with("cluster-of-")) known_ |= Writes{1} << last_write_;
  }
  return true;
}

// ---- The store
// -------------------------------------------------------------------------------------------------------------

void World::deliver(int self, std::uint64_t index, std::uint64_t members) {
  Host& h = hosts_[static_cast<std::size_t>(self)];
  h.seen_index = std::max(h.seen_index, index);
  h.seen_members = std::max(h.seen_members, members);
  feed(self, failover::ViewChanged{store_.view(index, members)});
}

/// view PEER: the watch delivers everything new.
bool World::view(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || (h->seen_index == store_.index() && h->seen_members == store_.members_version())) return false;
  deliver(index_of(move.words[0]), store_.index(), store_.members_version());
  return true;
}

/// view-state PEER: the watch of the state delivers, that of the members does not.
bool World::view_state(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || h->seen_index >= store_.index()) return false;
  deliver(index_of(move.words[0]), store_.index(), h->seen_members);
  return true;
}

/// view-members PEER: the other way round.
bool World::view_members(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || h->seen_members >= store_.members_version()) return false;
  deliver(index_of(move.words[0]), h->seen_index, store_.members_version());
  return true;
}

/// old-view PEER INDEX: an old version of the state comes once more.
bool World::old_view(const Move& move) {
  Host* h = host(move);
  const auto index = static_cast<std::uint64_t>(number(move, 1));
  if (!h || !h->up || index == 0 || index > store_.index()) return false;
  deliver(index_of(move.words[0]), index, h->seen_members);
  return true;
}

/// read PEER: the store serves and answers the read.
bool World::read(const Move& move) {
  return serve(move) && answer(move);
}

/// serve PEER: the store serves the read; the answer is on its way.
bool World::serve(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->read || h->read->served) return false;
  h->read->served = store_.view();
  return true;
}

/// answer PEER: the answer arrives.
bool World::answer(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->read || !h->read->served) return false;
  const PendingRead read = *std::exchange(h->read, std::nullopt);
  feed(index_of(move.words[0]), failover::ReadDone{read.id, read.served});
  return true;
}

/// fail-read PEER: no answer.
bool World::fail_read(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->read) return false;
  const std::uint64_t id = std::exchange(h->read, std::nullopt)->id;
  feed(index_of(move.words[0]), failover::ReadDone{id, std::nullopt});
  return true;
}

/// write PEER: the store carries out the write and answers.
bool World::write(const Move& move) {
  return apply(move) && told(move);
}

/// apply PEER: the store carries out the write; the answer is on its way.
bool World::apply(const Move& move) {
  Host* h = host(move);
  if (!h || !h->write || h->write->applied) return false;
  h->write->applied = true;
  const bool walled = options_.second_wall && !store_.is_alive(h->write->write.session);
  if (!walled) h->write->index = store_.write(h->write->write.expected_index, h->write->write.state);
  say(move.words[0] + "'s write is " +
      (h->write->index ? "version " + std::to_string(*h->write->index)
       : walled        ? "refused: its session is over"
                       : "refused: version " + std::to_string(store_.index()) + " is there"));
  return true;
}

/// told PEER: the answer to the write arrives.
bool World::told(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->write || !h->write->applied) return false;
  const PendingWrite write = *std::exchange(h->write, std::nullopt);
  const auto outcome = write.index ? failover::WriteOutcome::written : failover::WriteOutcome::refused;
  feed(index_of(move.words[0]), failover::WriteDone{write.write.id, outcome, write.index.value_or(0)});
  return true;
}

/// unknown PEER: no answer to the write; if the store has not seen it yet, it may still come.
bool World::unknown(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->write) return false;
  const PendingWrite write = *std::exchange(h->write, std::nullopt);
  if (!write.applied) floating_.emplace_back(index_of(move.words[0]), write);
  feed(index_of(move.words[0]), failover::WriteDone{write.write.id, failover::WriteOutcome::unknown, 0});
  return true;
}

/// land PEER: a delayed write of this peer reaches the store.
bool World::land(const Move& move) {
  const int self = move.words.empty() ? nobody : index_of(move.words[0]);
  const auto found =
      std::find_if(floating_.begin(), floating_.end(), [&](const auto& entry) { return entry.first == self; });
  if (found == floating_.end()) return false;
  const failover::Write write = found->second.write;
  floating_.erase(found);
  const bool walled = options_.second_wall && !store_.is_alive(write.session);
  const bool written = !walled && store_.write(write.expected_index, write.state).has_value();
  say(move.words[0] + "'s delayed write is " + (written ? "version " + std::to_string(store_.index()) : "refused"));
  return true;
}

/// drop PEER: a delayed write of this peer never arrives.
bool World::drop(const Move& move) {
  const int self = move.words.empty() ? nobody : index_of(move.words[0]);
  const auto found =
      std::find_if(floating_.begin(), floating_.end(), [&](const auto& entry) { return entry.first == self; });
  if (found == floating_.end()) return false;
  floating_.erase(found);
  return true;
}

/// store-older INDEX: the store is restored from an old backup.
bool World::store_older(const Move& move) {
  const auto index = static_cast<std::uint64_t>(number(move, 0));
  if (index >= store_.index()) return false;
  store_.restore(index);
  for (Host& h : hosts_) h.seen_index = 0;
  return true;
}

/// store-new: another store answers at the address of the old one.
bool World::store_new(const Move&) {
  store_.replace();
  for (Host& h : hosts_) h.seen_index = 0;
  return true;
}

// ---- The operator
// ----------------------------------------------------------------------------------------------------------

bool World::operator_write(failover::ClusterState state, const std::string& why) {
  state.changed = {"operator", why};
  return store_.write(store_.index(), state).has_value();
}

/// freeze [takeovers] [SECONDS]
bool World::freeze(const Move& move) {
  if (!store_.state() || store_.state()->freeze) return false;
  failover::ClusterState next = *store_.state();
  failover::Freeze freeze;
  freeze.mode = !move.words.empty() && move.words[0] == "takeovers" ? failover::Freeze::Mode::takeovers
                                                                    : failover::Freeze::Mode::all;
  freeze.reason = "maintenance";
  freeze.by = "operator";
  freeze.at = wall_;
  if (const int seconds = move.words.empty() ? 0 : number(move, move.words.size() - 1); seconds > 0)
    freeze.until = wall_ + Duration::seconds(seconds);
  next.freeze = freeze;
  return operator_write(std::move(next), "freeze");
}

bool World::unfreeze(const Move&) {
  if (!store_.state() || !store_.state()->freeze) return false;
  failover::ClusterState next = *store_.state();
  next.freeze.reset();
  return operator_write(std::move(next), "unfreeze");
}

/// promote PEER [GENERATION [SECONDS]]: of the present generation, for a minute, unless said otherwise.
bool World::promote(const Move& move) {
  if (!host(move) || !store_.state() || store_.state()->promote) return false;
  failover::ClusterState next = *store_.state();
  const PeerId peer(move.words[0]);
  failover::PromoteRequest request;
  request.peer = peer;
  const auto place = std::find(next.async.begin(), next.async.end(), peer);
  if (place != next.async.end()) {
    request.role = failover::PromoteRequest::Role::async;
    request.index = static_cast<std::uint64_t>(place - next.async.begin());
  }
  request.generation =
      move.words.size() > 1 ? Generation(static_cast<std::uint64_t>(number(move, 1))) : next.generation;
  request.expires_at = wall_ + Duration::seconds(move.words.size() > 2 ? number(move, 2) : 60);
  next.promote = request;
  return operator_write(std::move(next), "promote " + peer.value());
}

/// reap PEER: struck from the lists.
bool World::reap(const Move& move) {
  if (!host(move) || !store_.state()) return false;
  failover::ClusterState next = *store_.state();
  failover::remove_from(next.deposed, PeerId(move.words[0]));
  failover::remove_from(next.async, PeerId(move.words[0]));
  return operator_write(std::move(next), "reap " + move.words[0]);
}

/// accept-loss PEER GENERATION
bool World::accept_loss(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up) return false;
  known_ &= h->database.contents();  // the operator has been told what goes
  feed(index_of(move.words[0]),
       failover::AcceptLoss{Generation(static_cast<std::uint64_t>(number(move, 1))), "operator"});
  return true;
}

bool World::rebuild(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up) return false;
  feed(index_of(move.words[0]), failover::Rebuild{});
  return true;
}

}  // namespace heir::story
