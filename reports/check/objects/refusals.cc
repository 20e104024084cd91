#include "reports/check/objects/refusals.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "engine/base/assert.h"
#include "reports/check/objects/operations.h"
#include "reports/check/objects/proven_failures.h"
#include "reports/check/objects/register_failures.h"

namespace heir::reports::objects {

namespace {

constexpr std::uint32_t none = Version::none;

struct Refusal {
  std::uint32_t op = 0;  ///< Index of the object.
  std::uint32_t expected = none;
  Point begin = 0;
  Point end = 0;
};

/// One linearization of everything but the refusals, made so that they are likely to fit.
///
/// A chain happens without interruption, at the latest from the earliest end of its zone to the latest beginning: all
/// at one point if that comes first. Every chain waits until it must happen, or until a refusal needs a change.
/// Operations of unknown outcome that nobody saw need not happen, but may.
class Schedule {
 public:
  Schedule(const Object& object, const Versions& versions, const std::vector<Refusal>& refusals)
      : versions_(versions),
        zones_(versions.zones()),
        since_(versions.all().size(), never),
        until_(versions.all().size(), never) {
    find_optional(object);
    plan(refusals);
    for (const Item& item : agenda_) {
      switch (item.what) {
        case Item::begins:
          begun_.insert(key(item.which));
          ++begun_zones_;
          break;
        case Item::ready:
          if (begun_.erase(key(item.which)) > 0) ready_.insert(key(item.which));
          break;
        case Item::due:
          if (begun_.contains(key(item.which)) || ready_.contains(key(item.which))) happen(item.which, item.at);
          break;
        case Item::refused: make_fit(refusals[item.which], item.at); break;
      }
    }
    postpone(refusals);
    ASSERT(is_linearization(), "the chains were put into an impossible order");
  }

  bool fits(const Refusal& refusal) const {
    return since_[refusal.expected] > refusal.begin || until_[refusal.expected] <= refusal.end;
  }

 private:
  /// What changes right before a point.
  struct Item {
    enum What : std::uint8_t { begins, ready, due, refused };
    Point at = 0;
    What what = begins;
    std::uint32_t which = 0;  ///< Zone or refusal.
  };
  /// Zones by their earliest ends.
  using Zones = std::set<std::pair<Point, std::uint32_t>>;

  std::pair<Point, std::uint32_t> key(std::uint32_t zone) const { return {zones_[zone].earliest_end, zone}; }
  Point begin(std::uint32_t zone) const { return versions_[zones_[zone].cluster].begin; }
  /// By then, at the latest, v must have been set. The initial nil is there before the first event.
  Point deadline(std::uint32_t v) const { return std::max<Point>(versions_[v].own_by, 1); }

  void find_optional(const Object& object) {
    for (std::uint32_t v = 0; v < versions_.all().size(); ++v) {
      if (versions_[v].root != none) continue;
      const Operation& op = object.operation(versions_[v].op);
      if (op.function == Function::write) {
        optional_writes_.push_back(v);
      } else if (const std::uint32_t from = versions_.of(object.history->first(op.argument)); from != none) {
        optional_swaps_.emplace_back(from, v);
      }
    }
    std::ranges::sort(optional_swaps_);
  }

  void plan(const std::vector<Refusal>& refusals) {
    agenda_.reserve(3 * zones_.size() + refusals.size());
    std::vector<std::uint32_t> by_begin(zones_.size());
    for (std::uint32_t z = 0; z < zones_.size(); ++z) {
      agenda_.push_back({begin(z) + 1, Item::begins, z});
      agenda_.push_back({zones_[z].latest_begin + 1, Item::ready, z});
      agenda_.push_back({std::max<Point>(zones_[z].earliest_end, 1), Item::due, z});
      by_begin[z] = z;
    }
    for (std::uint32_t r = 0; r < refusals.size(); ++r) agenda_.push_back({refusals[r].end, Item::refused, r});
    std::ranges::sort(agenda_, {}, [](const Item& item) { return std::tuple(item.at, item.what, item.which); });

    std::ranges::sort(by_begin, {}, [&](std::uint32_t zone) { return begin(zone); });
    earliest_end_from_.assign(zones_.size() + 1, never);
    for (std::size_t i = zones_.size(); i-- > 0;) {
      earliest_end_from_[i] = std::min(earliest_end_from_[i + 1], zones_[by_begin[i]].earliest_end);
    }
  }

  /// Makes something happen by now, if that is possible, while the refusal waits and what it expects is current.
  void make_fit(const Refusal& refusal, Point now) {
    const bool needed = refusal.expected == current_ && since_[current_] <= refusal.begin;
    if (!needed || now <= busy_until_) return;
    if (!ready_.empty()) return happen(ready_.begin()->second, now);
    if (!begun_.empty()) {
      // One that happens from now until its latest beginning; everything that ends before that must come before it.
      auto next = begun_.begin();
      const auto second = std::next(next);
      if (second != begun_.end() && second->first < zones_[next->second].latest_begin) next = second;
      if (earliest_end_from_[begun_zones_] > zones_[next->second].latest_begin) return happen(next->second, now);
    }
    if (next_optional_ < optional_writes_.size() && versions_[optional_writes_[next_optional_]].begin < now) {
      return set(optional_writes_[next_optional_++], now);
    }
    const auto swaps = std::ranges::equal_range(optional_swaps_, current_, {}, [](const auto& s) { return s.first; });
    const auto begun = std::ranges::find_if(swaps, [&](const auto& s) { return versions_[s.second].begin < now; });
    if (begun != swaps.end() && since_[begun->second] == never) set(begun->second, now);
  }

  /// A chain happens from right before a point on, as fast as it can; before it, what must come before it.
  void happen(std::uint32_t zone, Point at) {
    begun_.erase(key(zone));
    ready_.erase(key(zone));
    const Point latest_begin = zones_[zone].latest_begin;
    while (!ready_.empty() && ready_.begin()->first < latest_begin) happen(ready_.begin()->second, at);
    busy_until_ = std::max(busy_until_, latest_begin);
    for (std::uint32_t v = zones_[zone].cluster; v != none; v = versions_[v].child) {
      at = std::max(at, versions_[v].begin + 1);
      set(v, at);
      at = std::max(at, versions_[v].latest_begin + 1);
    }
  }
  void set(std::uint32_t v, Point at) {
    if (current_ != none) until_[current_] = at;
    since_[v] = at;
    current_ = v;
    order_.push_back(v);
  }

  /// Sets versions as much later as it takes to fit refusals that do not, where what comes later allows it.
  void postpone(const std::vector<Refusal>& refusals) {
    std::vector<Point> wanted(since_.size(), 0);
    for (const Refusal& refusal : refusals) {
      if (!fits(refusal)) wanted[refusal.expected] = std::max(wanted[refusal.expected], refusal.begin + 1);
    }
    Point latest = never;
    for (auto v = order_.rbegin(); v != order_.rend(); ++v) {
      latest = std::min(latest, deadline(*v));
      wanted[*v] = std::min(wanted[*v], latest);
    }
    Point now = 0;
    for (std::size_t i = 0; i < order_.size(); ++i) {
      const std::uint32_t v = order_[i];
      now = since_[v] = std::max({now, since_[v], wanted[v]});
      if (i > 0) until_[order_[i - 1]] = now;
    }
  }

  /// Does every operation happen between its beginning and its end?
  bool is_linearization() const {
    for (std::uint32_t v = 0; v < versions_.all().size(); ++v) {
      const Version& version = versions_[v];
      if (version.root == none && since_[v] == never) continue;
      const bool in_time = version.begin < since_[v] && since_[v] <= deadline(v);
      if (!in_time || until_[v] <= version.latest_begin) return false;
    }
    return true;
  }

  const Versions& versions_;
  std::span<const Zone> zones_;
  std::vector<std::uint32_t> optional_writes_;  ///< In the order in which they begin.
  std::size_t next_optional_ = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> optional_swaps_;  ///< Of a version, and what it makes. Sorted.
  std::vector<Item> agenda_;
  std::vector<Point> earliest_end_from_;  ///< Of the zones from each on, in the order in which they begin.
  std::size_t begun_zones_ = 0;
  Zones begun_;  ///< May happen now, but will go on.
  Zones ready_;  ///< May happen now, all at once.
  Point busy_until_ = 0;
  std::vector<std::uint32_t> order_;  ///< Versions, as they are set.
  std::vector<Point> since_;          ///< By version: it is set right before this point.
  std::vector<Point> until_;
  std::uint32_t current_ = none;
};

}  // namespace

Judgement judge_refusals(const Object& object, const Versions& versions) {
  Judgement judgement;
  const auto undecided = [&](const Operation& op, const char* why) {
    if (judgement.answer != Judgement::Answer::valid) return;
    judgement.answer = Judgement::Answer::not_applicable;
    judgement.reason = fmt::format("{} saw another value, {}", describe(*object.history, op), why);
  };
  std::vector<Refusal> refusals;
  for (std::uint32_t i = 0; i < object.size(); ++i) {
    const Operation& op = object.operation(i);
    if (!saw_another(op)) continue;
    const Value expected = object.history->first(op.argument);
    const std::uint32_t version = versions.of(expected);
    if (versions.repeated(expected)) {
      undecided(op, "and the one that it expected was written more than once");
    } else if (version != none) {
      refusals.push_back({i, version, after(op.begin), after(op.end)});
    }
  }
  if (refusals.empty()) return judgement;
  const Schedule schedule(object, versions, refusals);
  std::size_t looked_at = 0;
  for (const Refusal& refusal : refusals) {
    if (schedule.fits(refusal)) continue;
    if (looked_at++ == ProvenFailures::most) break;
    if (std::optional<Failure> failure = impossible_refusal(object, versions, refusal.op)) {
      judgement.answer = Judgement::Answer::invalid;
      judgement.failures.push_back(std::move(*failure));
    } else {
      undecided(object.operation(refusal.op), "which may or may not be possible");
    }
  }
  if (judgement.answer == Judgement::Answer::invalid) judgement.reason.clear();
  return judgement;
}

}  // namespace heir::reports::objects
