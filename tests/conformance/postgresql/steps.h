// One story told to three PostgreSQL servers through their adapters, with what must be observed at each step. The same
// steps run against the real server (real.cc) and against a simulated one (simulated.cc), and what both show must be
// the same (transcript.h): that is how the simulation earns trust.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/base/host.h"
#include "engine/databases/postgresql/adapter.h"

namespace heir::conformance {

enum class WriteState { waiting, acknowledged, failed };

/// Three hosts (0, 1, 2), each with a database, and clients that use them without any gate.
class World {
 public:
  virtual ~World() = default;
  virtual Host& host(int peer) = 0;
  virtual postgresql::Config config(int peer) = 0;
  /// A table for the writes; on a primary that waits for nobody.
  virtual Task<Result<>> make_table(int peer) = 0;
  /// Begins to insert a value, unless it is there already, and to commit, on a connection of its own; answers its
  /// number.
  virtual Task<int> begin_write(int peer, int value) = 0;
  virtual WriteState state(int write) = 0;
  /// What the client was told when the write ended: "", or the SQLSTATE of an error and of a warning ("error 25006"),
  /// or that the connection broke.
  virtual std::string told(int write) = 0;
  /// The server's process of its session.
  virtual std::uint32_t process(int write) = 0;
  /// Asks the server to cancel the statement.
  virtual void cancel(int write) = 0;
  /// Kills one of the server's processes, so that it restarts all of them but its first. False where that cannot be
  /// done.
  virtual bool crash_process(int peer) = 0;
  /// Why the disk of a peer cannot be filled here; empty: it can.
  virtual std::string cannot_fill_disk() const { return ""; }
  /// Nothing more can be written to the peer's disk, but for what is there already; or it has room again. Of peer 1.
  virtual void fill_disk(int peer, bool full) = 0;
  /// What is written next needs a new part of the log.
  virtual void use_up_log(int peer) = 0;
  /// The values that a new client sees, ascending.
  virtual Task<Result<std::vector<int>>> values(int peer) = 0;
};

struct Report {
  int checks = 0;
  std::vector<std::string> failures;    ///< What was expected and what was seen.
  std::vector<std::string> steps;       ///< What was done, with how long it took on the host's clock.
  std::vector<std::string> transcript;  ///< transcript.h
};

/// What the steps with a full disk note begins so: they are left out, lines and all, where no disk can be filled.
inline constexpr std::string_view full_disk_lines = "full disk";

/// Tells the story to its end, or to the first failure that makes the rest meaningless.
Task<Report> run_steps(World& world);

}  // namespace heir::conformance
