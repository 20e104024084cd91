// Pool: worker processes that do tasks, one at a time each, and send what they found to the one that started them.
//
//   pool                          worker (forked)
//   task  ───────────────────▶
//         ◀───────────── progress   now and then
//         ◀─────────────── answer   then the next task
//
// A worker gets its next task only when its answer has arrived, so whatever happens to it, one task is lost and it is
// known which: the process crashed, ran out of memory, or got nowhere for too long and was killed. Another one takes
// its place.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace heir::tools {

/// What these mean is its maker's business.
struct Task {
  static constexpr std::size_t most_details = 17;
  std::uint64_t what = 0;
  std::uint64_t seed = 0;
  std::array<std::int64_t, most_details> details{};
};

/// How far a task is, by a measure that grows while it gets on.
struct TaskProgress {
  std::int64_t at_ns = 0;  ///< Virtual time.
  std::uint64_t events = 0;
};

/// Why a task has no answer.
struct Lost {
  enum class Cause {
    crashed,        ///< The process ended by itself.
    killed,         ///< By somebody else; out of memory, most likely.
    out_of_memory,  ///< By its own account.
    stuck,          ///< It got nowhere for PoolOptions::patience.
  };
  Cause cause = Cause::crashed;
  std::string what;  ///< "the run died of signal 6 (Aborted)"
};

struct TaskOutcome {
  Task task;
  std::string answer;
  std::optional<Lost> lost;  ///< Then there is no answer.
  Duration took;             ///< Real time since it was handed out.
};

/// Tells how far a task is, as often as it likes; false: the pool was interrupted, and does not wait for long.
using TellProgress = std::function<bool(TaskProgress)>;
/// In a worker: does a task, and gives its answer.
using Work = std::function<std::string(Task task, const TellProgress& tell)>;

struct PoolOptions {
  unsigned workers = 1;
  unsigned tasks_per_process = 1;    ///< Then it is replaced.
  std::uint64_t most_memory = 0;     ///< Bytes: a worker that has more after a task is replaced; 0: no bound.
  std::optional<Duration> patience;  ///< Of real time without any progress of a task.
  bool keep_errors = false;  ///< What a worker that dies wrote to standard error is told in Lost::what, and not shown.
};

/// How the one that started the pool takes part.
class PoolOwner {
 public:
  virtual ~PoolOwner() = default;
  /// The next task to hand out; nothing: there is none now. When no task is under way either, the pool is done.
  virtual std::optional<Task> next() = 0;
  virtual void done(TaskOutcome outcome) = 0;
  /// Some times a second, for each task that is under way.
  virtual void at(const Task&, TaskProgress) {}
  /// Some times a second.
  virtual void tick() {}
};

struct PoolEnd {
  int signal = 0;                       ///< What interrupted it (worker.h); 0: all is done.
  std::vector<Task> given_up;           ///< By that, without an answer.
  std::uint64_t peak_memory_bytes = 0;  ///< The most that a worker had after a task.
};

/// Does all that the owner has to do. Error: no worker could be started.
Result<PoolEnd> run_pool(const PoolOptions& options, const Work& work, PoolOwner& owner);

}  // namespace heir::tools
