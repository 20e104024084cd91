// Steps of the model world: database commands, replication, faults of the database, clients.

#include <algorithm>

#include "engine/base/match.h"
#include "tests/story/failover/world.h"

namespace heir::story {

using failover::Outcome;

failover::DatabaseStatus World::status_of(int self) const {
  const ModelDatabase& db = hosts_[static_cast<std::size_t>(self)].database;
  failover::DatabaseStatus status;
  status.running = db.running;
  status.incarnation = db.incarnation;
  status.cancelled_waits = db.cancelled_waits;
  status.link_failures = db.link_failures;
  if (!db.running) return status;
  for (int i = 0; i < options_.peers; ++i)
    if (i != self && connected(self, i)) status.streaming.push_back(PeerId(name(i)));
  if (db.primary && db.sync != nobody) {
    status.sync_flushed = db.acked[static_cast<std::size_t>(db.sync)];
    status.sync_lacks = status.sync_flushed < db.flushed;
  }
  return status;
}

/// What the agent learns before anything that the database does can reach a client.
void World::observe_at_once(int self) {
  Host& h = hosts_[static_cast<std::size_t>(self)];
  if (!h.up) return;
  failover::DatabaseStatus told = h.told;
  told.running = h.database.running;
  told.incarnation = h.database.incarnation;
  told.cancelled_waits = h.database.cancelled_waits;
  if (told == h.told) return;
  h.told = told;
  feed(self, failover::DatabaseChanged{told});
}

/// status PEER: the agent looks at its database.
bool World::status(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up) return false;
  const failover::DatabaseStatus status = status_of(index_of(move.words[0]));
  if (status == h->told) return false;
  h->told = status;
  feed(index_of(move.words[0]), failover::DatabaseChanged{status});
  return true;
}

// ---- Replication
// -----------------------------------------------------------------------------------------------------------

bool World::connected(int up, int down) const {
  if (up == nobody || down == nobody || up == down) return false;
  const ModelDatabase& from = hosts_[static_cast<std::size_t>(up)].database;
  const ModelDatabase& to = hosts_[static_cast<std::size_t>(down)].database;
  return from.running && to.running && to.receiving && to.upstream == up && (from.slots >> down & 1) != 0 &&
         contains(from.position_at(from.flushed), to.position_at(to.log.size()));
}

void World::disconnect(int self) {
  for (Host& h : hosts_) h.database.acked[static_cast<std::size_t>(self)] = 0;
}

void World::stop_database(int self) {
  hosts_[static_cast<std::size_t>(self)].database.kill();
  disconnect(self);
}

bool World::ship_some(const Move& move, std::size_t limit) {
  if (!host(move) || !host(move, 1)) return false;
  const int up = index_of(move.words[0]);
  const int down = index_of(move.words[1]);
  if (!connected(up, down)) return false;
  const ModelDatabase& from = hosts_[static_cast<std::size_t>(up)].database;
  ModelDatabase& to = hosts_[static_cast<std::size_t>(down)].database;
  const std::size_t end = std::min(from.flushed, to.log.size() + limit);
  const Position reached = from.position_at(end);
  if (end == to.log.size() && reached.lineage == to.lineage) return false;
  for (std::size_t i = to.log.size(); i < end; ++i) to.log.push_back(from.log[i]);
  to.lineage = reached.lineage;
  return true;
}

/// ship UP DOWN: everything that UP has flushed and DOWN lacks.
bool World::ship(const Move& move) {
  return ship_some(move, 1000);
}
/// ship-one UP DOWN: the next entry.
bool World::ship_one(const Move& move) {
  return ship_some(move, 1);
}

bool World::flush(const Move& move) {
  Host* h = host(move);
  if (!h || !h->database.running || h->database.flushed == h->database.log.size()) return false;
  h->database.flushed = h->database.log.size();
  return true;
}

bool World::replay(const Move& move) {
  Host* h = host(move);
  if (!h || !h->database.running || h->database.primary || h->database.replayed == h->database.flushed) return false;
  h->database.replayed = h->database.flushed;
  return true;
}

/// ack UP DOWN: DOWN tells UP how far it is.
bool World::ack(const Move& move) {
  if (!host(move) || !host(move, 1)) return false;
  const int up = index_of(move.words[0]);
  const int down = index_of(move.words[1]);
  if (!connected(up, down)) return false;
  ModelDatabase& to = hosts_[static_cast<std::size_t>(up)].database;
  const ModelDatabase& from = hosts_[static_cast<std::size_t>(down)].database;
  const std::size_t end = to.acknowledge == failover::Acknowledge::written ? from.log.size() : from.flushed;
  std::size_t& known = to.acked[static_cast<std::size_t>(down)];
  if (known == end) return false;
  known = end;
  release(up);
  return true;
}

/// Ends the waits of commits that need wait no longer.
void World::release(int self) {
  Host& h = hosts_[static_cast<std::size_t>(self)];
  ModelDatabase& db = h.database;
  std::size_t reached = 0;
  if (db.sync == nobody || db.acknowledge == failover::Acknowledge::nothing) {
    reached = db.log.size();
  } else if (db.only_named_sync) {
    reached = db.acked[static_cast<std::size_t>(db.sync)];
  } else {
    reached = *std::max_element(db.acked.begin(), db.acked.end());
  }
  while (!db.waiting.empty() && db.waiting.front() <= reached) {
    const std::uint8_t entry = db.log[db.waiting.front() - 1];
    db.waiting.erase(db.waiting.begin());
    Held held;
    held.kind = Held::Kind::acknowledgement;
    held.write = entry;
    if (gate_of(h) != failover::GateMode::closed) h.gate.push_back(held);
  }
}

/// link PEER: a standby follows and yet does not stream, for so long that its agent counts it.
bool World::link(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->database.running || !h->database.receiving || h->command) return false;
  if (!h->peer.applied || !std::holds_alternative<failover::Follow>(*h->peer.applied))
    return false;  // not told to follow yet
  const int self = index_of(move.words[0]);
  const ModelDatabase& db = h->database;
  const ModelDatabase& from = hosts_[static_cast<std::size_t>(db.upstream)].database;
  // Worth a look only if it would find a divergence; merely waiting for the upstream changes nothing.
  const bool comparable = from.running && from.position() &&
                          !contains(from.position_at(from.flushed), db.position_at(db.log.size())) &&
                          (from.primary || !contains(db.position_at(db.log.size()), from.position_at(from.flushed)));
  if (!comparable) return false;
  ++h->database.link_failures;
  failover::DatabaseStatus told = status_of(self);
  h->told = told;
  feed(self, failover::DatabaseChanged{told});
  return true;
}

// ---- Commands
// --------------------------------------------------------------------------------------------------------------

/// do PEER: the database carries out the command.
bool World::complete(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->command) return false;
  const int self = index_of(move.words[0]);
  const failover::DatabaseCommand command = h->command->command;
  std::visit(Match{
                 [&](const failover::Lead& c) { run(self, c); },
                 [&](const failover::Follow& c) { run(self, c); },
                 [&](const failover::Sever& c) { run(self, c); },
                 [&](const failover::Stop& c) { run(self, c); },
                 [&](const failover::ReadPosition& c) { run(self, c); },
                 [&](const failover::Drain& c) { run(self, c); },
                 [&](const failover::Rejoin& c) { run(self, c); },
             },
             command);
  return true;
}

/// sample PEER: the database reads the position that it was asked for; the answer is on its way.
bool World::sample(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->command || h->sampled || !std::holds_alternative<failover::ReadPosition>(h->command->command))
    return false;
  if (!h->database.running) return false;
  h->sampled = counted_position(h->database);
  return true;
}

/// fail PEER: the command fails.
bool World::fail(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->command) return false;
  answer_command(index_of(move.words[0]), Outcome::failed, std::nullopt, "it did not work");
  return true;
}

void World::answer_command(int self, Outcome outcome, std::optional<Position> position, const std::string& message) {
  Host& h = hosts_[static_cast<std::size_t>(self)];
  const failover::Command command = *std::exchange(h.command, std::nullopt);
  h.sampled.reset();
  if (outcome != Outcome::done)
    whisper(name(self) + ": " + failover::to_string(command.command) +
            (outcome == Outcome::failed ? " failed: " : " diverged: ") + message);
  if (position) whisper(name(self) + ": the log ends at " + to_string(*position));
  observe_at_once(self);
  feed(self, failover::CommandDone{command.id, outcome, std::move(position), message});
}

std::optional<Position> World::counted_position(const ModelDatabase& db) const {
  if (!db.position()) return std::nullopt;
  const bool replayed = options_.policy.initial_position == failover::PositionKind::replayed;
  return db.position_at(replayed && !db.primary ? db.replayed : db.flushed);
}

void World::run(int self, const failover::Lead& lead) {
  ModelDatabase& db = hosts_[static_cast<std::size_t>(self)].database;
  if (!db.exists && !lead.may_initialize)
    return answer_command(self, Outcome::failed, std::nullopt, "there is no data");
  if (!db.exists) db.initialize(lead.cluster, lead.generation.number());
  if (!db.whole) return answer_command(self, Outcome::failed, std::nullopt, "the copy is not whole");
  if (db.cluster != lead.cluster && lead.generation == Generation(1)) db.cluster = lead.cluster;  // adopted
  if (db.cluster != lead.cluster)
    return answer_command(self, Outcome::failed, std::nullopt, "the data is another cluster's");
  if (!db.running) db.start();
  if (!db.primary) {
    disconnect(self);
    db.promote(lead.generation.number());
  }
  db.sync = lead.sync ? index_of(lead.sync->value()) : nobody;
  db.acknowledge = options_.policy.acknowledge;
  db.only_named_sync = options_.policy.only_named_sync;
  db.slots = 0;
  for (const PeerId& peer : lead.downstreams) db.slots |= 1U << index_of(peer.value());
  release(self);
  answer_command(self, Outcome::done, std::nullopt, "");
}

void World::replace_copy(int self, const ModelDatabase& by, const char* how) {
  Host& h = hosts_[static_cast<std::size_t>(self)];
  if (h.database.running) stop_database(self);
  const Writes before = h.database.contents();
  const bool foreign = h.database.exists && h.database.cluster != by.cluster && !h.database.log.empty();
  h.database.copy_from(by);
  const Writes lost = before & known_ & ~h.database.contents();
  whisper(name(self) + " is a copy of " + by.cluster + " by " + how +
          (before & ~h.database.contents() ? ", without " + names(before & ~h.database.contents()) : ""));
  if (foreign) violation("COPY DESTROYED: " + name(self) + " held another cluster's data");
  if (!foreign && lost != 0) violation("COPY DESTROYED: " + name(self) + " gave up " + names(lost));
}

void World::run(int self, const failover::Follow& follow) {
  Host& h = hosts_[static_cast<std::size_t>(self)];
  ModelDatabase& db = h.database;
  const int up = index_of(follow.upstream.value());
  const ModelDatabase& from = hosts_[static_cast<std::size_t>(up)].database;
  const bool reachable = from.running && from.position().has_value();
  const bool foreign = db.exists && db.cluster != follow.cluster;
  if (foreign && options_.policy.check_cluster_identity)
    return answer_command(self, Outcome::failed, std::nullopt, "the data here is another cluster's");
  if (!db.exists || !db.whole || foreign) {
    if (!reachable) return answer_command(self, Outcome::failed, std::nullopt, "nobody to clone from");
    replace_copy(self, from, "clone");
  } else if (db.primary) {
    return answer_command(self, Outcome::diverged, std::nullopt, "the copy here was a primary's");
  }
  if (!db.running && !reachable && !options_.policy.own_disk)
    return answer_command(self, Outcome::failed, std::nullopt, "a standby cannot start without its upstream");
  if (!db.running) db.start();
  if (!db.receiving || db.upstream != up) disconnect(self);
  db.upstream = up;
  db.follows = true;
  db.slots = 0;
  for (const PeerId& peer : follow.downstreams) db.slots |= 1U << index_of(peer.value());
  if (reachable) {
    const Position mine = db.position_at(db.log.size());
    const Position theirs = from.position_at(from.flushed);
    // A standby upstream may merely lag; a primary has all there is.
    if (!contains(theirs, mine) && (from.primary || !contains(mine, theirs))) {
      db.follows = db.receiving = false;
      return answer_command(self, Outcome::diverged, std::nullopt, "the logs part");
    }
  }
  db.receiving = true;
  answer_command(self, Outcome::done, std::nullopt, "");
}

void World::run(int self, const failover::Sever&) {
  ModelDatabase& db = hosts_[static_cast<std::size_t>(self)].database;
  if (!db.position())
    return answer_command(self, Outcome::failed, std::nullopt, "the copy here is not whole: it has no position");
  if (!db.running && !db.primary && !options_.policy.own_disk)
    return answer_command(self, Outcome::failed, std::nullopt, "a standby cannot start without its upstream");
  if (options_.policy.sever == failover::Severing::durable) db.follows = false;
  if (!db.running) db.start();
  if (db.receiving) disconnect(self);
  db.receiving = false;
  // What was received is flushed before the end of the log is told.
  db.flushed = db.log.size();
  answer_command(self, Outcome::done, counted_position(db), "");
}

void World::run(int self, const failover::Stop& stop) {
  ModelDatabase& db = hosts_[static_cast<std::size_t>(self)].database;
  if (db.running && db.primary && stop.clean) {
    db.append(0);
    for (int i = 0; i < options_.peers; ++i)
      if (connected(self, i)) ship(Move{"ship", {name(self), name(i)}});
  }
  if (db.running) stop_database(self);
  answer_command(self, Outcome::done, stop.clean ? db.position() : std::nullopt, "");
}

void World::run(int self, const failover::ReadPosition&) {
  ModelDatabase& db = hosts_[static_cast<std::size_t>(self)].database;
  if (!db.running) return answer_command(self, Outcome::failed, std::nullopt, "the database is not running");
  Host& h = hosts_[static_cast<std::size_t>(self)];
  answer_command(self, Outcome::done, h.sampled ? h.sampled : counted_position(db), "");
}

void World::run(int self, const failover::Drain&) {
  answer_command(self, Outcome::done, std::nullopt, "");
}

void World::run(int self, const failover::Rejoin& rejoin) {
  ModelDatabase& db = hosts_[static_cast<std::size_t>(self)].database;
  const ModelDatabase& from = hosts_[static_cast<std::size_t>(index_of(rejoin.against.value()))].database;
  if (!from.running || !from.position())
    return answer_command(self, Outcome::failed, std::nullopt, rejoin.against.value() + " does not answer");
  if (db.exists && db.cluster != from.cluster && options_.policy.check_cluster_identity)
    return answer_command(self, Outcome::failed, std::nullopt, "the data here is another cluster's");
  const std::optional<Position> mine = db.position();
  if (!rejoin.clone && mine && contains(from.position_at(from.flushed), *mine)) {
    if (db.running) stop_database(self);
    db.primary = db.follows = false;  // nothing beyond the fork: it may follow as it is
  } else {
    replace_copy(self, from, rejoin.clone || !mine ? "clone" : "rewind");
  }
  answer_command(self, Outcome::done, std::nullopt, "");
}

/// proved PEER: the proof that the gate waits for has come.
bool World::proved(const Move& move) {
  Host* h = host(move);
  if (!h || !h->up || !h->proof) return false;
  const PendingProof proof = *h->proof;
  const int self = index_of(move.words[0]);
  if (!h->database.running || h->database.incarnation != proof.incarnation || !connected(self, proof.sync))
    return false;
  if (h->database.acked[static_cast<std::size_t>(proof.sync)] < proof.target.offset) return false;
  h->proof.reset();
  feed(self, failover::Proved{proof.id});
  return true;
}

// ---- Faults
// ----------------------------------------------------------------------------------------------------------------

/// restart-db PEER: the server dies and comes back by itself, as its configuration on disk says.
bool World::restart_database(const Move& move) {
  Host* h = host(move);
  if (!h || !h->database.running) return false;
  const int self = index_of(move.words[0]);
  stop_database(self);
  h->database.start();
  h->gate.clear();  // its connections broke
  observe_at_once(self);
  return true;
}

/// kill-db PEER: the server dies and stays down.
bool World::kill_database(const Move& move) {
  Host* h = host(move);
  if (!h || !h->database.running) return false;
  stop_database(index_of(move.words[0]));
  h->gate.clear();
  observe_at_once(index_of(move.words[0]));
  return true;
}

/// repair PEER: an operator stops waiting for a host that is gone for good: an empty disk takes its place.
bool World::repair(const Move& move) {
  Host* h = host(move);
  if (!h || h->up || h->database.running) return false;
  h->database = ModelDatabase{};
  h->remembered_store.clear();
  h->remembered = {};
  return true;
}

/// cancel PEER: the first commit that waits is cut short, and becomes visible.
bool World::cancel(const Move& move) {
  Host* h = host(move);
  if (!h || !h->database.running || h->database.waiting.empty()) return false;
  h->database.waiting.erase(h->database.waiting.begin());
  ++h->database.cancelled_waits;
  observe_at_once(index_of(move.words[0]));
  return true;
}

// ---- Clients
// ---------------------------------------------------------------------------------------------------------------

/// put PEER: a client writes through this peer's gate.
bool World::put(const Move& move) {
  Host* h = host(move);
  if (!h || !h->database.running || !h->database.primary || last_write_ >= 63) return false;
  if (gate_of(*h) == failover::GateMode::closed) return false;
  h->database.waiting.push_back(h->database.append(static_cast<std::uint8_t>(++last_write_)));
  whisper("write " + std::to_string(last_write_) + " is in " + move.words[0] + "'s log");
  release(index_of(move.words[0]));
  return true;
}

/// get PEER: a client reads everything through this peer's gate.
bool World::get(const Move& move) {
  Host* h = host(move);
  if (!h || !h->database.running || !h->database.primary) return false;
  if (gate_of(*h) == failover::GateMode::closed) return false;
  Held held;
  held.content = h->database.visible();
  held.known = known_;
  h->gate.push_back(held);
  return true;
}

/// slow-get PEER: the same, but the answer stays in the gate until `pass`.
bool World::slow_get(const Move& move) {
  if (!get(move)) return false;
  host(move)->gate.back().slow = true;
  return true;
}

/// pass PEER: slow answers go on.
bool World::pass(const Move& move) {
  Host* h = host(move);
  if (!h) return false;
  bool any = false;
  for (Held& held : h->gate) any = std::exchange(held.slow, false) || any;
  return any;
}

}  // namespace heir::story
