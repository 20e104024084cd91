// Programs of a real host: children with an output that is kept, reaped by their pidfd.
//
// A child writes into a file in memory, not into a pipe: whoever started it may die, and then it must go on, which a
// pipe without a reader would not let it. Each has a process group of its own, so that the terminal's signals, and what
// ends us, do not reach it; an abandoned one is killed with its whole group. A server that it leaves behind (pg_ctl)
// has made a session of its own and stays.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/host.h"
#include "engine/hosts/loop.h"
#include "engine/hosts/pending.h"
#include "engine/hosts/workers.h"

namespace heir::hosts {

/// What is kept of a program's output: its beginning.
inline constexpr std::size_t most_output = std::size_t{1} << 20;

class Programs {
 public:
  /// `environment`: "NAME=value" lines that are laid over our own.
  Programs(Loop& loop, Workers& workers, std::vector<std::string> environment);
  ~Programs();
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;

  /// As Host::run says. `not_found`: there is no such program. The status of one that a signal ended is 128 + signal.
  void run(Program program, Operation<Result<ProgramExit>>& operation);

 private:
  struct Child;
  void started(const std::shared_ptr<Child>& child);
  void await_end(const std::shared_ptr<Child>& child);
  void ended(const std::shared_ptr<Child>& child);

  Loop& loop_;
  Workers& workers_;
  const std::shared_ptr<const std::vector<std::string>> environment_;  ///< Also of a worker that outlives us.
  std::vector<std::shared_ptr<Child>> children_;
  const std::shared_ptr<Unit> is_here_ = std::make_shared<Unit>();
};

}  // namespace heir::hosts
