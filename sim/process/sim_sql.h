// SQL sessions of SimHost: sql_protocol.h over a stream of Network.
#pragma once

#include <memory>

#include "sim/process/sim_host.h"
#include "sim/process/sql_protocol.h"

namespace heir::sim {

class SimSession final : public SqlSession, private StreamHandler, private OperationBase::Owner {
 public:
  using OpenOperation = Operation<Result<std::unique_ptr<SqlSession>>>;
  static void open(SimHost& host, const SqlEndpoint& endpoint, OpenOperation& op);
  ~SimSession() override;

 private:
  SimSession(SimHost& host, const SqlEndpoint& endpoint) : host_(host), endpoint_(endpoint) {}
  Executor& executor() override { return host_.executor(); }
  void start_execute(Statement statement, Operation<Result<Rows>>& op) override;
  void on_connected(StreamId stream) override;
  void on_data(StreamId stream, Chunk chunk) override;
  void on_closed(StreamId stream) override;
  void on_reset(StreamId stream, StreamEnd end) override;
  void abandoned(OperationBase& operation) override;
  void over(std::string how);
  /// The open fails, and this object is no more.
  void fail_open(Error error);

  SimHost& host_;
  SqlEndpoint endpoint_;
  StreamId id_;
  OpenOperation* opening_ = nullptr;  ///< While set, it owns this object.
  Operation<Result<Rows>>* executing_ = nullptr;
  std::uint32_t unwanted_answers_ =
      0;             ///< To statements that were abandoned; they come before that of the present one.
  std::string end_;  ///< How it broke; empty while it stands.
};

}  // namespace heir::sim
