// Access: the way into a running agent for whoever shares its process. The program makes one and hands it to the agent,
// which connects it for as long as it runs; all on the agent's thread.
#pragma once

#include <optional>
#include <string>

#include "engine/agent/status.h"
#include "engine/base/result.h"

namespace heir::agent {

class Access {
 public:
  /// What the agent answers with.
  class Inside {
   public:
    virtual Status status() const = 0;
    virtual void rebuild() = 0;
    virtual void accept_loss(Generation generation, std::string by) = 0;
    virtual void change_timing(const failover::Timing& timing) = 0;

   protected:
    ~Inside() = default;
  };

  Access() = default;
  Access(const Access&) = delete;
  Access& operator=(const Access&) = delete;

  /// The agent's own; null when it ends.
  void connect(Inside* inside);

  /// Nothing: the agent has not begun, for it cannot read its disk yet.
  std::optional<Status> status() const;
  /// Has this peer's copy made anew. `refused` on the primary, which may hold the only good one; `unreachable` if the
  /// agent has not begun.
  Result<> rebuild();
  /// Lets this peer take over though it lacks what `generation` had acknowledged. `refused` if that is not the
  /// cluster's generation; `unreachable`.
  Result<> accept_loss(Generation generation, std::string by);
  /// From the next decision on, and when the agent begins, if it has not.
  void change_timing(const failover::Timing& timing);

 private:
  Inside* inside_ = nullptr;
  std::optional<failover::Timing> timing_;  ///< Changed since the agent was configured.
};

}  // namespace heir::agent
