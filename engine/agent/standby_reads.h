// StandbyReads: the read-only port of a host. On a primary it is another door to the primary, under the gate's own
// rule. On a standby it promises: an answer shows every write that was acknowledged `max_lag` or more before its
// snapshot was taken: at the beginning of the statement, or of the transaction from REPEATABLE READ up. It may show
// writes that nobody was acknowledged yet, and that a failover may take back; and nobody keeps a session from seeing an
// earlier state than a session with another host did.
//
// How a standby knows, whatever its wall clock and its upstream say: by its own monotonic clock it asks, and the agent
// of the primary answers with the end of its log, which it tells, as the gate tells answers, only while its lease is
// live. Once the standby has replayed so far, on the same timeline, it shows all that was acknowledged when it asked.
//
// A proof covers answers that are produced while it is valid. So where one proof ended before the next began, whoever
// was connected is cut: an answer of theirs may be of the time between.
#pragma once

#include <deque>
#include <vector>

#include "engine/agent/database.h"
#include "engine/base/sync.h"
#include "engine/gate/gate.h"

namespace heir::agent {

/// By this byte messages between agents about the read-only port begin.
inline constexpr char reads_tag = 'R';

struct ReadOnlyPort {
  Address listen;
  Duration max_lag = Duration::seconds(10);
};

class StandbyReads final : private gate::Guard {
 public:
  /// All outlive it. `primary` guards this peer's own gate; its answers count while the peer is primary.
  /// `gate`: of the peer's own gate; the port's differs in where it listens.
  StandbyReads(Host& host, gate::Config gate, std::optional<ReadOnlyPort> port, std::vector<Address> others,
               Database& database, gate::Guard& primary, const failover::Peer& peer);

  /// Serves the port for ever, if there is one. `already_exists` if its address is taken: then it may be called again.
  Task<Result<>> run();
  /// The peer has changed.
  void update();
  /// Clients of the port are served at this moment.
  bool is_open() const { return port_ && (leads() ? primary_.mode() == gate::Mode::open : is_proven()); }
  /// Takes a message of reads_tag.
  void receive(Message message);
  const gate::Gate& gate() const { return gate_; }
  /// See gate::Gate.
  void cancel(gate::CancelKey key);

 private:
  struct Question {
    std::uint64_t number;
    MonotonicTime asked;
  };
  /// What the primary had shown when it was asked.
  struct Target {
    MonotonicTime asked;
    Branch branch;
    std::uint64_t offset;
  };
  struct Proof {
    std::uint64_t incarnation;
    MonotonicTime until;
  };

  gate::Mode mode() override;
  std::string reason() override;
  Task<bool> waits_for_sync(gate::CancelKey session) override { return primary_.waits_for_sync(session); }
  Task<bool> look() override { return primary_.look(); }
  Task<bool> fence() override;
  void cancel_elsewhere(gate::CancelKey key) override { primary_.cancel_elsewhere(key); }

  bool leads() const { return peer_.role == failover::Role::primary; }
  bool is_proven() const;
  Task<void> answer(Message question);
  Task<void> ask();
  Task<void> compare();
  void prove(const LogEnd& here);

  Host& host_;
  const std::optional<ReadOnlyPort> port_;
  const std::vector<Address> others_;  ///< The agents of the other hosts.
  Database& database_;
  gate::Guard& primary_;
  const failover::Peer& peer_;
  gate::Gate gate_;
  std::uint64_t next_question_ = 0;  ///< Not those of this agent's life before, which may be answered yet.
  bool has_begun_ = false;
  bool led_ = false;
  std::deque<Question> questions_;
  std::deque<Target> targets_;
  std::optional<Proof> proof_;
  Scope scope_;  // last: its tasks use all the rest
};

}  // namespace heir::agent
