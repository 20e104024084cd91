// Byte streams and listeners of SimHost, over Network.
//
// Invariant: a stream that is not connected yet belongs to the pending connect, which is the token of its operation;
// when that is abandoned, the stream destroys itself.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sim/process/sim_host.h"

namespace heir::sim {

class SimStream final : public Stream, private StreamHandler, private OperationBase::Owner {
 public:
  using ConnectOperation = Operation<Result<std::unique_ptr<Stream>>>;
  static void connect(SimHost& host, const Address& to, ConnectOperation& op);
  /// The accepted side.
  static std::unique_ptr<SimStream> accept(SimHost& host, StreamId id);
  ~SimStream() override;

  bool write(Bytes bytes) override;
  void reset() override;

 private:
  /// What drained() waits for: no more than this is on its way.
  static constexpr std::size_t kSendBuffer = 64 * 1024;
  explicit SimStream(SimHost& host) : host_(host) {}
  Executor& executor() override { return host_.executor(); }
  void start_read(Operation<Result<Bytes>>& op) override;
  void start_drained(Operation<Result<>>& op) override;
  void on_connected(StreamId stream) override;
  void on_data(StreamId stream, Chunk chunk) override;
  void on_closed(StreamId stream) override;
  void on_reset(StreamId stream, StreamEnd end) override;
  void on_drained(StreamId stream) override;
  void abandoned(OperationBase& operation) override;
  Error broken() const { return {ErrorCode::unreachable, std::string("the connection is ") + end_}; }

  SimHost& host_;
  StreamId id_;
  ConnectOperation* connecting_ = nullptr;
  Operation<Result<Bytes>>* reading_ = nullptr;
  Operation<Result<>>* draining_ = nullptr;
  std::deque<Bytes> received_;
  bool closed_ = false;        ///< The orderly end has come.
  const char* end_ = nullptr;  ///< How it broke.
};

class SimListener final : public Listener, private ListenHandler, private OperationBase::Owner {
 public:
  static Result<std::unique_ptr<Listener>> open(SimHost& host, const Address& at);
  ~SimListener() override;

 private:
  using AcceptOperation = Operation<std::unique_ptr<Stream>>;
  SimListener(SimHost& host, AddressId at) : host_(host), at_(at) {}
  Executor& executor() override { return host_.executor(); }
  void start_accept(AcceptOperation& op) override;
  void hand_out();
  void on_accepted(AddressId at, StreamId stream) override;
  void abandoned(OperationBase& operation) override;

  SimHost& host_;
  AddressId at_;
  std::deque<std::unique_ptr<Stream>> accepted_;
  std::vector<AcceptOperation*> accepting_;
};

}  // namespace heir::sim
