#include "reports/check/sessions/availability.h"

#include <algorithm>

namespace heir::reports {

namespace {

bool counts(const Operation& op, Service service) {
  return service == Service::any || (service == Service::reads) == is_read(op.function);
}

/// Walks the events once and knows since when somebody has waited in vain.
class Watch {
 public:
  Watch(const History& history, const AvailabilityOptions& options) : history_(history), options_(options) {}

  Availability run() {
    HistoryTime now;
    for (std::size_t i = 0; i < history_.size(); ++i) {
      const Operation& op = history_.operations()[history_.operation_of(i)];
      if (!counts(op, options_.service)) continue;
      const bool ends = history_.is_end(i);
      now = ends ? op.completed : op.invoked;
      if (!ends) {
        ++waiting_;
        if (!asked_) since_ = now;
        asked_ = true;
        continue;
      }
      --waiting_;
      if (!op.ok()) continue;
      close(now, true);
      since_ = now;
      asked_ = waiting_ > 0;
    }
    if (asked_) close(now, false);
    return std::move(found_);
  }

 private:
  void close(HistoryTime now, bool ended) {
    const Unavailable window{since_, now, ended};
    if (window.length() < options_.at_least) return;
    found_.longest = std::max(found_.longest, window.length());
    found_.total += window.length();
    found_.windows.push_back(window);
  }

  const History& history_;
  const AvailabilityOptions& options_;
  Availability found_;
  std::size_t waiting_ = 0;  ///< Open operations.
  bool asked_ = false;       ///< Was anything asked since the last acknowledgement, or is still waiting since before?
  HistoryTime since_;
};

}  // namespace

const char* to_string(Service service) {
  switch (service) {
    case Service::any: return "any";
    case Service::reads: return "reads";
    case Service::updates: return "updates";
  }
  return "?";
}

Availability availability(const History& history, const AvailabilityOptions& options) {
  if (!history.timed()) return {};
  return Watch(history, options).run();
}

std::vector<Recovery> recoveries(const Availability& availability, std::span<const FaultTime> faults) {
  std::vector<Recovery> found;
  for (const FaultTime& fault : faults) found.push_back({fault.name, fault.at});
  std::stable_sort(found.begin(), found.end(), [](const Recovery& a, const Recovery& b) { return a.at < b.at; });
  for (const Unavailable& window : availability.windows) {
    const auto from = [](const Recovery& r, HistoryTime t) { return r.at < t; };
    auto first = std::lower_bound(found.begin(), found.end(), window.from, from);
    auto end = std::lower_bound(first, found.end(), window.until, from);
    if (first == end && first != found.begin()) --first;
    for (; first != end; ++first) {
      ++first->windows;
      first->after = window.ended ? std::optional(window.until - first->at) : std::nullopt;
    }
  }
  return found;
}

}  // namespace heir::reports
