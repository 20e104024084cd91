#include "tools/shell/database.h"

#include <algorithm>

#include "engine/base/match.h"

namespace heir::shell {

namespace {
constexpr std::uint64_t written_by_clients = 10;
}

using namespace failover;

CommandDone Database::carry_out(const Command& command, bool primary, std::uint64_t initial_position) {
  CommandDone done;
  done.id = command.id;
  std::visit(Match{
                 [&](const Lead& goal) { lead(goal, primary); },
                 [&](const Follow& goal) { follow(goal.upstream, goal.downstreams); },
                 [&](const Sever&) {
                   start();
                   mode_ = Mode::severed;
                   upstream_.reset();
                   downstream_.reset();
                 },
                 [&](const Stop&) { stop(); },
                 [&](const ReadPosition&) {},
                 [&](const Drain&) {},
                 // What lies beyond the fork is gone.
                 [&](const Rejoin&) { position_ = std::min(position_, initial_position); },
             },
             command.command);
  done.position = Position{{}, position_};
  return done;
}

void Database::catch_up(std::uint64_t position) {
  position_ = position;
}

DatabaseStatus Database::status() const {
  DatabaseStatus status;
  status.running = online_;
  status.incarnation = incarnation_;
  status.sync_flushed = position_;
  return status;
}

void Database::lead(const Lead& lead, bool primary) {
  const bool same = online_ && mode_ == Mode::primary && downstream_ == lead.sync;
  start();
  mode_ = Mode::primary;
  upstream_.reset();
  downstream_ = lead.sync;
  if (!same && primary) position_ += written_by_clients;
}

void Database::follow(const PeerId& upstream, const std::vector<PeerId>& downstreams) {
  start();
  mode_ = Mode::standby;
  upstream_ = upstream;
  downstream_ = downstreams.empty() ? std::nullopt : std::optional(downstreams.front());
}

void Database::start() {
  if (!online_) ++incarnation_;
  online_ = true;
}

void Database::stop() {
  online_ = false;
  mode_ = Mode::none;
  upstream_.reset();
  downstream_.reset();
}

}  // namespace heir::shell
