#include "tools/search/schedule.h"

#include <algorithm>

namespace heir::tools {

namespace {

using scenarios::Fault;
using scenarios::FaultKind;

Duration time_of(const Fault& strike) {
  return strike.at ? strike.at->low : Duration::zero();
}

void in_order(Schedule& schedule) {
  std::stable_sort(schedule.begin(), schedule.end(),
                   [](const Fault& a, const Fault& b) { return time_of(a) < time_of(b); });
}

Duration between(Duration low, Duration high, sim::RandomStream& random) {
  return random.between(low, std::max(low, high));
}

/// A step of any size up to a quarter of the range, small ones as likely as large ones.
Duration near(Duration from, Duration low, Duration high, sim::RandomStream& random) {
  const Duration reach = (high - low) / 4;
  const Duration step = between(Duration::zero(), reach / (std::int64_t{1} << random.below(12)), random);
  return std::clamp(random.below(2) == 0 ? from - step : from + step, low, std::max(low, high));
}

void move(Fault& strike, const StrikeBounds& bounds, sim::RandomStream& random) {
  const Duration now = time_of(strike);
  const Duration then = random.below(3) == 0 ? between(bounds.earliest, bounds.latest, random)
                                             : near(now, bounds.earliest, bounds.latest, random);
  strike.at = {then, then};
}

void stretch(Fault& strike, const StrikeBounds& bounds, sim::RandomStream& random) {
  if (!strike.lasts || !bounds.lasts) return;
  const auto [low, high] = *bounds.lasts;
  Duration lasts;
  switch (random.below(4)) {
    case 0: lasts = low; break;
    case 1: lasts = high; break;
    case 2: lasts = between(low, high, random); break;
    default: lasts = near(strike.lasts->low, low, high, random);
  }
  strike.lasts = {lasts, lasts};
}

}  // namespace

ScheduleBounds::ScheduleBounds(const scenarios::Scenario& scenario) {
  for (const Fault& fault : scenario.faults) {
    StrikeBounds bounds;
    bounds.earliest = fault.at ? fault.at->low : fault.every ? fault.every->low : Duration::zero();
    bounds.latest = fault.at ? fault.at->high : bounds.earliest;
    bounds.lasts = fault.lasts;
    bounds.most = 1;
    if (fault.every) {
      bounds.latest = std::max(bounds.latest, fault.until.value_or(scenario.duration / 4 * 3));
      const std::int64_t step = std::max<std::int64_t>(1, fault.every->low.ns());
      bounds.most += static_cast<std::size_t>((bounds.latest - bounds.earliest).ns() / step);
    }
    // It waits for a moment, which may come at any time.
    if (fault.on) bounds.latest = scenario.duration;
    const std::vector<FaultKind> kinds = fault.kind == FaultKind::random ? fault.among : std::vector{fault.kind};
    for (const FaultKind kind : kinds) {
      const auto [found, is_new] = by_kind_.try_emplace(kind, bounds);
      if (is_new) continue;
      StrikeBounds& all = found->second;
      all.earliest = std::min(all.earliest, bounds.earliest);
      all.latest = std::max(all.latest, bounds.latest);
      all.most += bounds.most;
      if (all.lasts && bounds.lasts)
        all.lasts = {std::min(all.lasts->low, bounds.lasts->low), std::max(all.lasts->high, bounds.lasts->high)};
      else
        all.lasts.reset();
    }
  }
}

const StrikeBounds* ScheduleBounds::of(FaultKind kind) const {
  const auto found = by_kind_.find(kind);
  return found == by_kind_.end() ? nullptr : &found->second;
}

bool ScheduleBounds::allow_more(const Schedule& schedule, FaultKind kind) const {
  const auto now = std::count_if(schedule.begin(), schedule.end(), [kind](const Fault& f) { return f.kind == kind; });
  const StrikeBounds* const bounds = of(kind);
  return bounds && static_cast<std::size_t>(now) < bounds->most;
}

Schedule vary(const Schedule& schedule, const Schedule& other, const ScheduleBounds& bounds,
              sim::RandomStream& random) {
  Schedule varied = schedule;
  for (std::uint64_t edits = 1 + random.below(3); edits > 0; --edits) {
    const std::uint64_t edit = random.below(8);
    if (edit == 0 && varied.size() > 1) {
      varied.erase(varied.begin() + static_cast<std::ptrdiff_t>(random.below(varied.size())));
    } else if (edit <= 2 && !other.empty()) {
      const Fault& taken = other[random.below(other.size())];
      if (bounds.allow_more(varied, taken.kind)) varied.push_back(taken);
    } else if (!varied.empty()) {
      Fault& strike = varied[random.below(varied.size())];
      const StrikeBounds* const own = bounds.of(strike.kind);
      if (!own) continue;
      if (edit <= 5)
        move(strike, *own, random);
      else
        stretch(strike, *own, random);
    }
  }
  in_order(varied);
  return varied;
}

}  // namespace heir::tools
