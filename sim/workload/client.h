// Client: one sequential client of the database, as an application with a driver behaves. It finds the leader through
// the coordination store, connects to its gate, sends one operation at a time, and records what it asked and was told.
//
// What it records: `ok` for an answer; `fail` where it is certain that nothing happened (the operation was never sent,
// or the server refused it); `info`, unknown, for everything else: the connection broke after sending, no answer in
// time, a warning that the commit was not replicated. A read without an answer is a `fail`: it had no effect.
#pragma once

#include <optional>
#include <string>

#include "reports/history/history.h"
#include "sim/kernel/kernel.h"
#include "sim/network/network.h"
#include "sim/workload/resolver.h"
#include "sim/workload/rules.h"

namespace heir::sim {

struct ClientParameters {
  WorkloadModel model = WorkloadModel::reg;
  std::uint32_t first_key = 0;  ///< Keys are first_key … first_key + keys - 1 of the model's table.
  std::uint32_t keys = 16;
  Duration interval = Duration::milliseconds(25);  ///< Mean time between the beginnings of two operations.
  Ratio reads = Ratio::percent(50);
  Duration timeout = Duration::seconds(5);
  VirtualTime start;
  VirtualTime stop;                 ///< No operation begins after.
  std::vector<AddressId> standbys;  ///< Reads go to one of these read-only ports, if any; they may lag.
  Duration pause_after_failure = Duration::milliseconds(50);  ///< Before the leader is asked for again.
};

/// What a client tells the world as it happens.
class ClientObserver {
 public:
  /// The generation in which the peer with this gate answers now; for the history.
  virtual reports::Answerer answerer(AddressId gate) = 0;
  virtual void on_write_acknowledged(const reports::Answerer& by, reports::HistoryTime invoked) = 0;

 protected:
  ~ClientObserver() = default;
};

/// Values that are written once in a run, shared by the clients of a run.
struct UniqueValues {
  std::int64_t last = 0;
  std::int64_t next() { return ++last; }
};

class Client final : private EventTarget, private StreamHandler, private Resolver::Asker {
 public:
  Client(Kernel& kernel, Network& network, NodeId node, reports::ProcessId process, ClientParameters parameters,
         reports::History& history, UniqueValues& values, Resolver& resolver, ClientObserver& observer);

  /// Reads every key once, through the leader, as the last thing of a run; a read that fails is tried again until
  /// `until`.
  void read_all(VirtualTime until);
  /// Begins no operation any more; the one under way ends by itself.
  void stop();
  /// Whether nothing is under way and nothing will be.
  bool is_done() const;
  /// "write of 17 to r2, sent to host1:5432"; empty if none is.
  std::string under_way() const;

 private:
  enum Timer : std::uint32_t { kNextOperation, kTimeout, kReconnect };
  enum class Link { none, resolving, connecting, greeting, ready };

  void on_event(std::uint32_t kind, std::uint64_t argument) override;
  std::string describe(std::uint32_t kind, std::uint64_t argument) const override;
  void on_connected(StreamId stream) override;
  void on_data(StreamId stream, Chunk chunk) override;
  void on_closed(StreamId stream) override;
  void on_reset(StreamId stream, StreamEnd end) override;
  void on_leader(std::optional<AddressId> gate) override;

  void plan_next(reports::EventType outcome);
  void begin_operation();
  void connect_or_send();
  void connect(AddressId to, bool standby);
  void send();
  void on_frame(char type, std::string_view body);
  void answered();
  void refused(std::string_view state);
  void link_lost();
  void drop_link();
  void give_up();
  void finish(reports::EventType outcome);
  reports::HistoryTime recorded_now() const { return reports::HistoryTime::from_ns(kernel().now().ns()); }
  bool is_read() const { return reports::is_read(function_); }

  Network& network_;
  const NodeId node_;
  const reports::ProcessId process_;
  ClientParameters parameters_;
  reports::History& history_;
  UniqueValues& values_;
  Resolver& resolver_;
  ClientObserver& observer_;
  RandomStream random_;

  // The operation under way.
  bool busy_ = false;
  reports::HistoryTime invoked_;
  bool sent_ = false;
  bool warned_ = false;  ///< The answer so far says that the commit was not replicated.
  reports::Function function_ = reports::Function::read;
  std::uint32_t key_ = 0;
  reports::KeyId key_id_;
  std::int64_t value_ = 0;
  bool got_row_ = false;
  std::string row_;
  bool row_is_null_ = false;
  bool failed_ = false;
  std::string failure_state_;
  EventId timeout_;

  // The connection.
  Link link_ = Link::none;
  StreamId stream_;
  AddressId gate_;
  bool to_standby_ = false;
  bool cancellable_ = false;
  std::uint32_t pid_ = 0;
  std::uint32_t secret_ = 0;
  std::string received_;
  EventId reconnect_;

  std::optional<std::uint32_t> final_key_;  ///< While reading all.
  VirtualTime final_until_;
  std::vector<std::int64_t> list_;  ///< Scratch.
};

}  // namespace heir::sim
