#include "tools/shell/world.h"

#include <algorithm>
#include <utility>

#include "engine/base/match.h"

namespace heir::shell {

using namespace failover;

namespace {

/// 2020-01-01T00:00:00Z: where every shell's wall clock begins.
constexpr std::int64_t first_wall_ns = 1'577'836'800'000'000'000;
constexpr int most_steps = 100'000;  ///< Of the peer, until it must have settled.

}  // namespace

World::World(Setup setup)
    : setup_(std::move(setup)),
      peer_(make_peer(setup_.peer, setup_.policy, Timing{}, setup_.singleton)),
      seen_{setup_.peer} {}

// ---- The store

WallTime World::wall() const {
  return WallTime::from_ns(first_wall_ns + now_.ns());
}

bool World::is_present(const PeerId& name) const {
  return std::any_of(members_.begin(), members_.end(), [&](const Member& m) { return m.id == name; });
}

bool World::is_alive(SessionId session) const {
  return std::any_of(members_.begin(), members_.end(), [&](const Member& m) { return m.session == session; });
}

View World::view() const {
  View view;
  view.store = "scripted";
  view.version = version_;
  view.index = index_;
  view.state = state_;
  view.members = members_;
  for (const Member& member : members_) view.sessions.push_back(member.session);
  std::sort(view.sessions.begin(), view.sessions.end());
  return view;
}

SessionId World::register_peer(const PeerId& name) {
  const SessionId session(++last_session_);
  ++version_;
  const auto place = std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.id == name; });
  if (place != members_.end())
    place->session = session;  // it keeps the place that it was given before it started
  else
    members_.push_back({name, session, false});
  return session;
}

void World::end_session(const PeerId& name) {
  ++version_;
  std::erase_if(members_, [&](const Member& m) { return m.id == name; });
}

bool World::opens(ClusterState& state) const {
  if (!setup_.policy.gate || state.primary == setup_.peer) return false;
  const auto primary =
      std::find_if(members_.begin(), members_.end(), [&](const Member& m) { return m.id == state.primary; });
  if (primary == members_.end() || state.opened == primary->session) return false;
  if (state.sync && !is_present(*state.sync)) return false;
  if (state.sync == setup_.peer && database_.position() < state.initial_position.offset) return false;
  state.opened = primary->session;
  return true;
}

void World::write(ClusterState state, std::string by, std::string why) {
  state.changed = {std::move(by), std::move(why)};
  opens(state);
  ++index_;
  ++version_;
  state_ = std::move(state);
  if (setup_.policy.history) history_.push_back({index_, *state_});
}

// ---- The peer under test

void World::tell() {
  if (peer_.started) inputs_.push_back(ViewChanged{view()});
  if (proof_ && is_present(proof_->sync)) inputs_.push_back(Proved{std::exchange(proof_, std::nullopt)->id});
}

void World::settle() {
  tell();
  for (int steps = 0;; ++steps) {
    if (steps == most_steps) {
      settled_ = false;
      inputs_.clear();
      return;
    }
    if (inputs_.empty()) {
      if (!open_for_scripted_primary()) break;
      continue;
    }
    const Input input = std::move(inputs_.front());
    inputs_.pop_front();
    for (const Effect& effect : step(peer_, {now_, wall()}, input)) carry_out(effect);
  }
  settled_ = true;
}

bool World::open_for_scripted_primary() {
  if (!state_) return false;
  ClusterState opened = *state_;
  if (!opens(opened)) return false;
  const std::string by = opened.primary.value();
  write(std::move(opened), by, "the gate opens");
  tell();
  return true;
}

void World::carry_out(const Effect& effect) {
  std::visit(
      Match{
          [&](const OpenSession&) { open_session(); },
          [&](const EndSession&) {
            end_session(setup_.peer);
            inputs_.push_back(SessionOver{});
          },
          [&](const Read& read) {
            inputs_.push_back(ReadDone{read.id, view()});
          },
          [&](const Write& write) { answer_write(write); }, [&](const Command& command) { run_command(command); },
          [&](const Cancel&) {},  // commands end at once here
          [&](const Prove& prove) {
            proof_.reset();
            if (is_present(prove.sync))
              inputs_.push_back(Proved{prove.id});
            else
              proof_ = prove;
          },
          [&](const Remember&) {},  // this peer is started once, with nothing to remember
      },
      effect);
}

void World::open_session() {
  const SessionId session = register_peer(setup_.peer);
  inputs_.push_back(SessionOpened{session});
  inputs_.push_back(LeaseRenewed{MonotonicTime::max()});
  tell();
}

void World::answer_write(const Write& write) {
  WriteDone done;
  done.id = write.id;
  if (write.expected_index != index_ || !is_alive(write.session)) {
    done.outcome = WriteOutcome::refused;
  } else {
    ++index_;
    ++version_;
    state_ = write.state;
    if (setup_.policy.history) history_.push_back({index_, *state_});
    done.outcome = WriteOutcome::written;
    done.index = index_;
  }
  inputs_.push_back(done);
  tell();
}

void World::run_command(const Command& command) {
  const bool primary = state_ && state_->primary == setup_.peer;
  const CommandDone done = database_.carry_out(command, primary, state_ ? state_->initial_position.offset : 0);
  inputs_.push_back(DatabaseChanged{database_.status()});
  inputs_.push_back(done);
}

// ---- Time

std::optional<MonotonicTime> World::next_deadline() const {
  if (!peer_.started) return std::nullopt;
  std::optional<MonotonicTime> next = failover::next_deadline(peer_);
  // What runs out by the wall clock wakes an agent with its next renewal of the lease; here at once.
  const auto consider = [&](WallTime at) {
    if (at <= wall()) return;
    const std::int64_t after = at.ns() - first_wall_ns;
    if (!next || after < next->ns()) next = MonotonicTime::from_ns(after);
  };
  if (state_ && state_->promote) consider(state_->promote->expires_at);
  if (state_ && state_->freeze && state_->freeze->until) consider(*state_->freeze->until);
  return next;
}

void World::wait(Duration duration) {
  const MonotonicTime end = now_ + duration;
  while (const std::optional<MonotonicTime> next = next_deadline()) {
    if (*next > end) break;
    now_ = std::max(now_, *next);
    inputs_.push_back(Tick{});
    settle();
  }
  now_ = end;
  if (!peer_.started) return;
  inputs_.push_back(Tick{});
  settle();
}

}  // namespace heir::shell
