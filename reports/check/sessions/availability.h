// Availability: when clients asked and nobody was answered, and how soon after each fault they were again.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reports/history/history.h"

namespace heir::reports {

/// Which operations count, both as asked and as acknowledged.
enum class Service : std::uint8_t { any, reads, updates };
const char* to_string(Service service);

/// A time in which operations were asked for and none was acknowledged: from the moment when the first of them waited
/// to the next acknowledgement. Time in which nobody asked does not count.
struct Unavailable {
  HistoryTime from;
  HistoryTime until;
  bool ended = true;  ///< By an acknowledgement; else by the end of the history.
  Duration length() const { return until - from; }
  bool operator==(const Unavailable&) const = default;
};

struct AvailabilityOptions {
  Duration at_least = Duration::milliseconds(500);  ///< Shorter windows are not kept.
  Service service = Service::any;
};

struct Availability {
  std::vector<Unavailable> windows;  ///< In order of time.
  Duration longest;
  Duration total;
};

/// Empty for a history without times. O(n).
Availability availability(const History& history, const AvailabilityOptions& options = {});

/// A fault as whoever caused it knows it.
struct FaultTime {
  std::string name;
  HistoryTime at;
};

struct Recovery {
  std::string name;
  HistoryTime at;
  std::size_t windows = 0;  ///< Of unavailability that belong to it.
  /// From the fault to the end of the last of those windows; zero if there is none, nothing if it never ended.
  std::optional<Duration> after = Duration::zero();
};

/// One for each fault, in order of time. A window belongs to the faults within it (it often begins a little before the
/// fault, with the last answer); if there are none, to the last one before it.
std::vector<Recovery> recoveries(const Availability& availability, std::span<const FaultTime> faults);

}  // namespace heir::reports
