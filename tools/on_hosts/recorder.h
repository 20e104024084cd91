// Recorder: what all clients of a run asked and were told, as it happens. A History is made of it at the end, when it
// is known in which generation each answer was given.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "reports/history/history.h"
#include "tools/on_hosts/real_clock.h"

namespace heir::on_hosts {

/// For any thread; time is read and the event recorded in one step, so that events are in the order of their times.
class Recorder {
 public:
  explicit Recorder(const RealClock& clock) : clock_(clock) {}

  /// Written once in a run.
  std::int64_t next_value();
  VirtualTime invoke(reports::ProcessId process, reports::Function function, const std::string& key,
                     std::optional<std::int64_t> value);
  struct Ending {
    reports::EventType type = reports::EventType::info;
    int peer = 0;  ///< Whose gate answered, from 1; 0: nobody's.
    std::optional<std::int64_t> number{};
    std::optional<std::vector<std::int64_t>> list{};
    /// In which; nothing: GenerationAt says it. 0: in none, as on a standby.
    std::optional<std::uint64_t> generation{};
  };
  void end(reports::ProcessId process, Ending ending);
  std::size_t acknowledged() const;

  /// The generation in which that peer answered then.
  using GenerationAt = std::function<std::uint64_t(int peer, VirtualTime at)>;
  /// REQUIRES that no client goes on.
  reports::History history(const GenerationAt& generation) const;

 private:
  struct Event {
    VirtualTime at;
    reports::ProcessId process;
    reports::Function function = reports::Function::read;
    std::string key;
    Ending ending;  ///< Of an invocation its type, and its value as the number.
  };
  const RealClock& clock_;
  mutable std::mutex mutex_;
  std::vector<Event> events_;
  std::size_t acknowledged_ = 0;
  std::int64_t last_value_ = 0;
};

}  // namespace heir::on_hosts
