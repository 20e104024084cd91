// The scripted database of the peer under test: it does at once what it is told, and its position moves by rule. A
// primary gains 10 at each start and each reconfiguration, as if clients had written; a sync stays where it was until
// catch_up(); nobody else moves.
#pragma once

#include <cstdint>
#include <optional>

#include "engine/failover/peer.h"

namespace heir::shell {

class Database {
 public:
  enum class Mode { none, severed, primary, standby };

  /// Carries out a command; `primary` says whether the cluster state names this peer primary now.
  failover::CommandDone carry_out(const failover::Command& command, bool primary, std::uint64_t initial_position);
  /// Everything up to `position` arrives.
  void catch_up(std::uint64_t position);

  /// What an agent would observe.
  failover::DatabaseStatus status() const;

  bool online() const { return online_; }
  Mode mode() const { return mode_; }
  const std::optional<PeerId>& upstream() const { return upstream_; }
  const std::optional<PeerId>& downstream() const { return downstream_; }
  std::uint64_t position() const { return position_; }

 private:
  void lead(const failover::Lead& lead, bool primary);
  void follow(const PeerId& upstream, const std::vector<PeerId>& downstreams);
  void start();
  void stop();

  bool online_ = false;
  Mode mode_ = Mode::none;
  std::optional<PeerId> upstream_;
  std::optional<PeerId> downstream_;
  std::uint64_t position_ = 0;
  std::uint64_t incarnation_ = 0;
};

}  // namespace heir::shell
