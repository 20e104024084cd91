// CopyClient: what pg_basebackup and pg_rewind have in common: a connection to the source server, over which a copy is
// asked for stage by stage. The time that the data takes is spent here, part by part, so a source that stops answering
// is noticed.
#pragma once

#include <memory>
#include <string>

#include "sim/databases/postgresql/postgresql.h"
#include "sim/databases/postgresql/replication_protocol.h"
#include "sim/databases/postgresql/settings.h"

namespace heir::sim::programs {

class CopyClient : public Body, private StreamHandler, private TimerHandler {
 protected:
  /// `program` is the name that begins each error message.
  CopyClient(PostgreSql& run, Process& self, std::string program)
      : run_(run), self_(self), program_(std::move(program)) {}

  /// Connects; connected() follows, or failed().
  void connect(const std::string& conninfo);
  void request(CopyStage stage, std::string slot = {});
  /// Spends the time that `bytes` take, asking the source for each part; transferred() follows.
  void transfer(std::uint64_t bytes);

  virtual void connected() = 0;
  virtual void answered(CopyStage stage, const CopyAnswer& answer) = 0;
  virtual void transferred() = 0;
  /// Whatever stands half done is to be put into the state that the real program leaves.
  virtual void failed() = 0;

  /// Ends the program with an error.
  void fail(const std::string& why);
  void succeed(std::string output);

  PostgreSql& run_;
  Process& self_;

 private:
  void on_connected(StreamId) override { connected(); }
  void on_data(StreamId stream, Chunk chunk) override;
  void on_closed(StreamId stream) override;
  void on_reset(StreamId stream, StreamEnd end) override;
  void on_timer(std::uint64_t cookie) override;

  std::string program_;
  std::string source_;
  StreamId stream_;
  CopyStage stage_ = CopyStage::identify;
  Duration part_;
  std::uint32_t parts_left_ = 0;
  bool ended_ = false;
};

}  // namespace heir::sim::programs
