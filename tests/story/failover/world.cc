// The world itself: how steps reach peers, what peers' effects become, and the checkers.

#include "tests/story/failover/world.h"

#include <algorithm>
#include <bit>
#include <sstream>

#include "engine/base/match.h"

namespace heir::story {

using failover::GateMode;

std::string Move::text() const {
  std::string line = verb;
  for (const std::string& word : words) line += " " + word;
  return line;
}

Move parse_move(const std::string& line) {
  std::istringstream in(line);
  Move move;
  in >> move.verb;
  for (std::string word; in >> word;) move.words.push_back(word);
  return move;
}

World::World(WorldOptions options) : options_(std::move(options)) {
  hosts_.resize(static_cast<std::size_t>(options_.peers));
  gates_before_.assign(hosts_.size(), GateMode::closed);
}

std::string World::name(int peer) const {
  return peer == nobody ? "nobody" : std::string(1, static_cast<char>('a' + peer));
}

int World::index_of(const std::string& name) const {
  const bool good = name.size() == 1 && name[0] >= 'a' && name[0] < 'a' + options_.peers;
  return good ? name[0] - 'a' : nobody;
}

std::string World::names(Writes set) const {
  std::string text;
  for (int i = 1; i < 64; ++i)
    if (set >> i & 1) text += (text.empty() ? "" : " ") + std::to_string(i);
  return "{" + text + "}";
}

World::Host* World::host(const Move& move, std::size_t word) {
  if (move.words.size() <= word) return nullptr;
  const int index = index_of(move.words[word]);
  return index == nobody ? nullptr : &hosts_[static_cast<std::size_t>(index)];
}

int World::number(const Move& move, std::size_t word) const {
  if (move.words.size() <= word) return 0;
  int value = 0;
  for (const char digit : move.words[word]) value = digit >= '0' && digit <= '9' ? value * 10 + (digit - '0') : value;
  return value;
}

failover::Now World::now(const Host& h) const {
  return {h.clock, wall_};
}

void World::say(const std::string& line) {
  if (trace_on_) trace_ += line + "\n";
}

void World::whisper(const std::string& line) {
  if (trace_on_ && !brief_) trace_ += line + "\n";
}

std::string World::take_trace() {
  return std::exchange(trace_, {});
}

void World::violation(const std::string& what) {
  if (std::find(violations_.begin(), violations_.end(), what) != violations_.end()) return;
  violations_.push_back(what);
  say("!! " + what);
}

bool World::move(const Move& move) {
  const auto found = steps().find(move.verb);
  if (found == steps().end()) return false;
  if (!(this->*found->second)(move)) return false;
  pump_gates();
  check();
  return true;
}

// ---- Peers
// -----------------------------------------------------------------------------------------------------------------

void World::feed(int self, const failover::Input& input) {
  Host& h = hosts_[static_cast<std::size_t>(self)];
  const failover::Role role = h.peer.role;
  const std::optional<PeerId> upstream = h.peer.upstream;
  const std::vector<failover::Refusal> waited = trace_on_ ? h.peer.waiting_for : std::vector<failover::Refusal>{};
  const std::vector<failover::Effect> effects = failover::step(h.peer, now(h), input);
  if (trace_on_) {
    if (role != h.peer.role || upstream != h.peer.upstream)
      say(name(self) + " is " + to_string(h.peer.role) + " in generation " +
          std::to_string(h.peer.generation.number()) + (h.peer.upstream ? ", after " + h.peer.upstream->value() : ""));
    for (const failover::Effect& effect : effects) {
      const std::string line = name(self) + ": " + to_text(effect);
      std::holds_alternative<failover::Write>(effect) ? say(line) : whisper(line);
    }
    if (waited != h.peer.waiting_for)
      for (const failover::Refusal& refusal : h.peer.waiting_for)
        if (std::find(waited.begin(), waited.end(), refusal) == waited.end()) {
          const bool refuses = refusal.reason != failover::Reason::database_busy &&
                               refusal.reason != failover::Reason::write_in_flight &&
                               refusal.reason != failover::Reason::store_not_read &&
                               refusal.reason != failover::Reason::no_session;
          const std::string line = name(self) + " waits: " + to_string(refusal.reason) + ": " + refusal.detail;
          refuses ? say(line) : whisper(line);
        }
  }
  for (const failover::Effect& effect : effects) carry_out(self, effect);
  // A write that the peer has given up waiting for may still happen.
  if (h.write && (!h.peer.write || h.peer.write->id != h.write->write.id)) {
    if (!h.write->applied) floating_.emplace_back(self, *h.write);
    h.write.reset();
  }
  const std::optional<MonotonicTime> deadline = failover::next_deadline(h.peer);
  // A renewal on time is not worth a look at the rules; the tick that is due comes next.
  if (deadline && *deadline <= h.clock && !std::holds_alternative<failover::LeaseRenewed>(input))
    violation("HOT DEADLINE: " + name(self) + " wants to be woken at once, for ever");
}

void World::carry_out(int self, const failover::Effect& effect) {
  Host& h = hosts_[static_cast<std::size_t>(self)];
  std::visit(Match{
                 [&](const failover::OpenSession&) { h.asked_session = 1; },
                 [&](const failover::EndSession& e) { h.ending.push_back(e.session); },
                 [&](const failover::Read& r) {
                   h.read = PendingRead{r.id, std::nullopt};
                 },
                 [&](const failover::Write& w) {
                   if (h.write && !h.write->applied) floating_.emplace_back(self, *h.write);
                   h.write = PendingWrite{w, false, std::nullopt};
                 },
                 [&](const failover::Command& c) { h.command = c; },
                 [&](const failover::Cancel&) {},  // commands here never wait for others
                 [&](const failover::Prove& p) {
                   h.proof = PendingProof{p.id, index_of(p.sync.value()), h.database.position_at(h.database.log.size()),
                                          h.database.incarnation};
                 },
                 [&](const failover::Remember& r) {
                   h.remembered_store = r.store;
                   h.remembered = r.generation;
                 },
             },
             effect);
}

GateMode World::gate_of(const Host& h) const {
  return h.up ? failover::gate_mode(h.peer, h.clock) : GateMode::closed;
}

bool World::somebody_serves() const {
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const Host& h) {
    return gate_of(h) == GateMode::open && h.database.running && h.database.primary;
  });
}

void World::pump_gates() {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    Host& h = hosts_[i];
    const GateMode mode = gate_of(h);
    if (mode == GateMode::held) continue;
    std::vector<Held> rest;
    for (const Held& held : h.gate) {
      const bool acknowledges = held.kind == Held::Kind::acknowledgement;
      const bool let_out = failover::lets_out(h.peer, h.clock) && !held.slow;
      if (mode == GateMode::closed && !let_out) {
        whisper(acknowledges ? "write " + std::to_string(held.write) + " is unknown to its client" : "a read is cut");
        continue;
      }
      if (held.slow) {
        rest.push_back(held);
        continue;
      }
      if (acknowledges) {
        known_ |= Writes{1} << held.write;
        say("write " + std::to_string(held.write) + " is acknowledged through " + name(static_cast<int>(i)));
        continue;
      }
      say("a read through " + name(static_cast<int>(i)) + " returns " + names(held.content));
      if ((held.known & ~held.content) != 0)
        violation("STALE READ: a read through " + name(static_cast<int>(i)) + " lacks " +
                  names(held.known & ~held.content));
      if (options_.clocks_bound) known_ |= held.content;
    }
    h.gate = std::move(rest);
  }
}

void World::check() {
  int open = 0;
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    Host& h = hosts_[i];
    const GateMode mode = gate_of(h);
    if (mode != gates_before_[i]) {
      say(name(static_cast<int>(i)) + "'s gate is " + to_string(mode));
      gates_before_[i] = mode;
    }
    if (mode != GateMode::open || !h.database.running || !h.database.primary) continue;
    ++open;
    // A gate that a clock beyond its bound keeps open lets no write through, as nobody acknowledges to it; so look at
    // the primary of the newest generation only.
    const bool newest = store_.state() && store_.state()->primary.value() == name(static_cast<int>(i));
    if (const Writes lost = known_ & ~h.database.contents(); newest && lost != 0)
      violation("LOST WRITE: " + name(static_cast<int>(i)) + " serves without " + names(lost));
  }
  if (open > 1 && options_.policy.gate && options_.clocks_bound) violation("TWO GATES: more than one gate is open");
}

// ---- Looking
// ---------------------------------------------------------------------------------------------------------------

bool World::show_state(const Move&) {
  say(store_.state() ? to_text(*store_.state()) : "there is no cluster yet");
  const failover::View view = store_.view();
  std::string present;
  for (const failover::Member& member : view.members)
    present += " " + member.id.value() + "/" + std::to_string(member.session.value());
  say("present:" + (present.empty() ? " nobody" : present));
  return true;
}

bool World::show_peers(const Move&) {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const Host& h = hosts_[i];
    std::string line = name(static_cast<int>(i)) + ": ";
    if (!h.up) {
      say(line + "down");
      continue;
    }
    line += to_string(h.peer.role) + std::string(" in generation ") + std::to_string(h.peer.generation.number());
    if (h.peer.upstream) line += ", upstream " + h.peer.upstream->value();
    if (h.peer.downstream) line += ", downstream " + h.peer.downstream->value();
    say(line + ", gate " + to_string(gate_of(h)));
  }
  return true;
}

bool World::show_databases(const Move&) {
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    const ModelDatabase& db = hosts_[i].database;
    std::string line = name(static_cast<int>(i)) + ": ";
    if (!db.exists) {
      say(line + "empty");
      continue;
    }
    line += !db.running ? "stopped " : "running ";
    line += db.primary ? "primary" : "standby";
    if (!db.whole) line += ", not whole";
    if (db.follows) line += ", follows " + name(db.upstream) + (db.receiving ? "" : " (not receiving)");
    if (db.primary && db.running) line += ", waits for " + name(db.sync);
    say(line + ", log " + to_string(db.position_at(db.log.size())) + ", flushed " + std::to_string(db.flushed) +
        ", replayed " + std::to_string(db.replayed) + ", holds " + names(db.contents()));
  }
  return true;
}

bool World::show_why(const Move& move) {
  const Host* h = host(move);
  if (!h) return false;
  if (!h->up) say("the agent is down");
  for (const failover::Refusal& refusal : h->peer.waiting_for)
    say(std::string(to_string(refusal.reason)) + ": " + refusal.detail);
  return true;
}

// ---- The list of steps
// -----------------------------------------------------------------------------------------------------

const std::map<std::string, World::Step>& World::steps() {
  static const std::map<std::string, Step> all = {
      {"start", &World::start},
      {"session", &World::session},
      {"end", &World::end},
      {"over", &World::over},
      {"renew", &World::renew},
      {"lapse", &World::lapse},
      {"expire", &World::expire},
      {"tick", &World::tick},
      {"advance", &World::advance},
      {"crash", &World::crash},
      {"restart-agent", &World::restart_agent},
      {"data", &World::data},
      {"view", &World::view},
      {"view-state", &World::view_state},
      {"view-members", &World::view_members},
      {"old-view", &World::old_view},
      {"read", &World::read},
      {"serve", &World::serve},
      {"answer", &World::answer},
      {"fail-read", &World::fail_read},
      {"write", &World::write},
      {"apply", &World::apply},
      {"told", &World::told},
      {"unknown", &World::unknown},
      {"land", &World::land},
      {"drop", &World::drop},
      {"store-older", &World::store_older},
      {"store-new", &World::store_new},
      {"do", &World::complete},
      {"sample", &World::sample},
      {"fail", &World::fail},
      {"ship", &World::ship},
      {"ship-one", &World::ship_one},
      {"flush", &World::flush},
      {"replay", &World::replay},
      {"ack", &World::ack},
      {"proved", &World::proved},
      {"status", &World::status},
      {"link", &World::link},
      {"cancel", &World::cancel},
      {"restart-db", &World::restart_database},
      {"kill-db", &World::kill_database},
      {"repair", &World::repair},
      {"put", &World::put},
      {"get", &World::get},
      {"slow-get", &World::slow_get},
      {"pass", &World::pass},
      {"freeze", &World::freeze},
      {"unfreeze", &World::unfreeze},
      {"promote", &World::promote},
      {"reap", &World::reap},
      {"accept-loss", &World::accept_loss},
      {"rebuild", &World::rebuild},
      {"state", &World::show_state},
      {"peers", &World::show_peers},
      {"databases", &World::show_databases},
      {"why", &World::show_why},
  };
  return all;
}

World::Settling World::settling(const std::vector<std::string>& words) const {
  Settling how;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "ticks") how.ticks = true;
    if (words[i] == "without" && i + 1 < words.size()) how.without = index_of(words[i + 1]);
    if (words[i] == "agentless" && i + 1 < words.size()) how.agentless = index_of(words[i + 1]);
  }
  return how;
}

bool World::settle(int limit, const Settling& how) {
  static const std::vector<std::string> benign = {"session", "end",  "over",   "view",   "read",  "answer",
                                                  "write",   "told", "do",     "status", "ship",  "flush",
                                                  "replay",  "ack",  "proved", "link",   "renew", "pass"};
  int ticks = 0;
  for (int done = 0; done < limit;) {
    bool moved = false;
    for (const std::string& verb : benign)
      for (int i = 0; i < options_.peers; ++i) {
        const bool between = verb == "ship" || verb == "ack";
        for (int j = 0; j < (between ? options_.peers : 1); ++j) {
          if (i == how.without || (between && j == how.without)) continue;
          const bool replicates = between || verb == "flush" || verb == "replay";
          if (i == how.agentless && !replicates) continue;
          Move step{verb, {name(i)}};
          if (between) step.words.push_back(name(j));
          if (!move(step)) continue;
          moved = true;
          ++done;
        }
      }
    if (moved) continue;
    if (!how.ticks || ticks++ >= 60) return true;
    // Sessions that nobody holds any more run out.
    for (int i = 0; i < options_.peers; ++i) {
      Host& h = hosts_[static_cast<std::size_t>(i)];
      const std::optional<SessionId> oldest = store_.session_of(PeerId(name(i)));
      if (how.ticks && oldest && !(h.up && h.peer.session == oldest) && move(Move{"expire", {name(i)}})) moved = true;
    }
    if (moved) continue;
    // Let time pass: the nearest deadline of anybody, at once for all.
    Duration nearest = Duration::max();
    for (const Host& h : hosts_)
      if (h.up && &h != &hosts_[0] + how.without && &h != &hosts_[0] + how.agentless)
        if (const auto at = failover::next_deadline(h.peer))
          nearest = std::min(nearest, std::max(*at - h.clock, Duration::zero()));
    if (nearest == Duration::max()) return true;
    for (Host& h : hosts_) h.clock = h.clock + nearest;
    wall_ = wall_ + nearest;
    for (int i = 0; i < options_.peers; ++i) {
      if (i == how.without || i == how.agentless) continue;
      move(Move{"renew", {name(i)}});
      move(Move{"tick", {name(i)}});
    }
  }
  return false;
}

}  // namespace heir::story
