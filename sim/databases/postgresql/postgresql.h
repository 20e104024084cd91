// PostgreSql: the simulated PostgreSQL 15 of a whole run: installs the programs on machines, knows every data directory
// and server, and hands out what must be unique in a run (system identifiers, writers, promotions).
//
// Use: make one per run, install(machine) on each; the engine's adapter does the rest with initdb, pg_ctl, … through
// Host. Checkers read the ground truth through folder() and server().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "sim/databases/postgresql/data_directory.h"
#include "sim/process/machine.h"

namespace heir::sim {

class PostgresServer;

/// How long things take. Ranges are drawn from uniformly.
struct PostgresTimings {
  DurationRange start{Duration::milliseconds(30), Duration::milliseconds(80)};
  Duration replay_per_record = Duration::microseconds(2);  ///< Of the log that a starting server reads.
  /// From flushed to replayed on a standby that streams. Raise it to make positions differ.
  DurationRange replay_lag{Duration::microseconds(100), Duration::milliseconds(2)};
  DurationRange promotion{Duration::milliseconds(20), Duration::milliseconds(60)};
  /// From the end of a promotion to the checkpoint on the new timeline, until which pg_rewind sees the old one (P-10).
  DurationRange promotion_checkpoint{Duration::milliseconds(100), Duration::milliseconds(1500)};
  DurationRange reload{Duration::milliseconds(1), Duration::milliseconds(10)};
  DurationRange initdb{Duration::milliseconds(700), Duration::milliseconds(1500)};
  DurationRange checkpoint{Duration::milliseconds(2), Duration::milliseconds(20)};
  std::uint64_t base_size = 24 << 20;  ///< Of an empty cluster, for copies.
  std::uint64_t copy_bytes_per_second = 200 << 20;
  std::uint64_t segment_size = 16 << 20;  ///< Of log files, unless initdb is told otherwise.
};

class PostgreSql {
 public:
  explicit PostgreSql(Kernel& kernel, PostgresTimings timings = {});

  /// Makes initdb, pg_ctl, pg_basebackup, pg_rewind, pg_controldata and pg_waldump programs of the machine.
  void install(Machine& machine);

  // Ground truth.
  /// The data directory in a folder of a machine; null if there is none.
  static std::shared_ptr<DataFolder> folder(Machine& machine, std::string_view path);
  /// The server that runs on the folder now; null if none does.
  static PostgresServer* server(Machine& machine, std::string_view path);

  /// Asked when a server finds log damaged that was synced before: whether the damage may show. By default always.
  void ask_before_loss(std::function<bool(const Machine&)> may_lose) { may_lose_ = std::move(may_lose); }

  // For the programs and servers.
  bool may_lose(const Machine& machine) const { return !may_lose_ || may_lose_(machine); }
  const PostgresTimings& timings() const { return timings_; }
  /// Strangers hold every session of the machine's servers but those that are reserved for superusers; or no more.
  void crowd(Machine& machine, bool crowded);
  bool is_crowded(const Machine& machine) const;
  Duration draw(DurationRange range) { return random_.between(range.low, range.high); }
  std::uint32_t draw_secret() { return static_cast<std::uint32_t>(random_.next()); }
  std::uint64_t new_system_identifier() { return 7'300'000'000'000'000'000u + random_.below(1'000'000'000'000'000u); }
  std::uint32_t new_writer() { return ++writers_; }
  std::uint32_t new_promotion() { return ++promotions_; }
  /// Of a server's children, which are not processes here.
  std::uint32_t new_backend_pid() { return 10'000 + ++backends_; }

 private:
  PostgresTimings timings_;
  std::vector<NodeId> crowded_;
  RandomStream random_;
  std::function<bool(const Machine&)> may_lose_;
  std::uint32_t writers_ = 0;
  std::uint32_t promotions_ = 0;
  std::uint32_t backends_ = 0;
};

}  // namespace heir::sim
