#include "reports/check/objects/stacks.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <numeric>

#include "reports/check/objects/elements.h"

namespace heir::reports {

using objects::Element;
using objects::Elements;
using objects::Position;
using objects::Showing;

namespace {

constexpr std::uint32_t none = UINT32_MAX;

/// For each stretch of time, how many elements are certainly in, and which if it is only one. Finds the stretches at
/// which there is but one, and later those at which there is none any more.
class Depths {
 public:
  explicit Depths(std::uint32_t stretches)
      : leaves_(std::bit_ceil(stretches)), nodes_(2 * std::size_t{leaves_}), ids_(stretches + 1, 0) {
    for (std::uint32_t i = 0; i < leaves_; ++i) leaf(i).least = i < stretches ? -1 : found_for_good;
    for (std::uint32_t i = leaves_; i-- > 1;) pull(i);
  }

  void add(std::uint32_t from, std::uint32_t until, std::uint32_t id) { change(from, until, 1, id + std::uint64_t{1}); }
  void remove(std::uint32_t from, std::uint32_t until, std::uint32_t id) {
    change(from, until, -1, -(id + std::uint64_t{1}));
  }

  struct Found {
    std::uint32_t stretch = none;  ///< `none` if there is no more.
    std::uint32_t only = none;     ///< The element that is in; `none` if none is.
  };
  Found next() {
    if (nodes_[1].least > 0) return {};
    std::uint32_t at = 1;
    while (at < leaves_) {
      push(at);
      at = 2 * at + (nodes_[2 * at].least > 0 ? 1 : 0);
    }
    Node& found = nodes_[at];
    const bool empty = found.least < 0 || found.seen_alone;
    found.least += empty ? found_for_good : 1;
    found.seen_alone = true;
    const std::uint32_t stretch = at - leaves_;
    while (at > 1) pull(at /= 2);
    return {stretch, empty ? none : static_cast<std::uint32_t>(sum(stretch) - 1)};
  }

 private:
  /// Of a leaf: how many elements must go until it is found, so it is found at zero or less. Of others the least below.
  struct Node {
    std::int32_t least = 0;
    std::int32_t pending = 0;  ///< Still to be added to what is below.
    bool seen_alone = false;   ///< Of a leaf: found with one element in.
  };
  static constexpr std::int32_t found_for_good = 1 << 30;

  Node& leaf(std::uint32_t stretch) { return nodes_[leaves_ + stretch]; }
  void pull(std::uint32_t at) { nodes_[at].least = std::min(nodes_[2 * at].least, nodes_[2 * at + 1].least); }
  void add_to(std::uint32_t at, std::int32_t by) {
    nodes_[at].least += by;
    nodes_[at].pending += by;
  }
  void push(std::uint32_t at) {
    add_to(2 * at, nodes_[at].pending);
    add_to(2 * at + 1, nodes_[at].pending);
    nodes_[at].pending = 0;
  }

  void change(std::uint32_t from, std::uint32_t until, std::int32_t by, std::uint64_t id) {
    change(1, 0, leaves_, from, until, by);
    const auto add_id = [&](std::size_t at, std::uint64_t amount) {  // Fenwick's tree of differences
      for (++at; at < ids_.size(); at += at & -at) ids_[at] += amount;
    };
    add_id(from, id);
    add_id(until, -id);
  }
  void change(std::uint32_t at, std::uint32_t begin, std::uint32_t end, std::uint32_t from, std::uint32_t until,
              std::int32_t by) {
    if (until <= begin || end <= from) return;
    if (from <= begin && end <= until) return add_to(at, by);
    push(at);
    const std::uint32_t middle = begin + (end - begin) / 2;
    change(2 * at, begin, middle, from, until, by);
    change(2 * at + 1, middle, end, from, until, by);
    pull(at);
  }

  std::uint64_t sum(std::size_t stretch) const {
    std::uint64_t all = 0;
    for (std::size_t at = stretch + 1; at > 0; at -= at & -at) all += ids_[at];
    return all;
  }

  std::uint32_t leaves_;
  std::vector<Node> nodes_;
  std::vector<std::uint64_t> ids_;
};

/// Intervals of stretches, from which those that hold a stretch are taken one by one.
class Intervals {
 public:
  struct Interval {
    std::uint32_t group = 0;
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint32_t id = 0;
  };

  explicit Intervals(std::vector<Interval> intervals) : all_(std::move(intervals)), place_(all_.size()) {
    std::ranges::sort(all_, [](const Interval& a, const Interval& b) {
      return a.group != b.group ? a.group < b.group : a.first != b.first ? a.first < b.first : a.id < b.id;
    });
    leaves_ = std::bit_ceil(std::max<std::size_t>(all_.size(), 1));
    greatest_.assign(2 * leaves_, 0);
    for (std::size_t i = 0; i < all_.size(); ++i) {
      place_[all_[i].id] = i;
      greatest_[leaves_ + i] = all_[i].last + 1;
    }
    for (std::size_t i = leaves_; i-- > 1;) greatest_[i] = std::max(greatest_[2 * i], greatest_[2 * i + 1]);
  }

  /// One of the group that holds the stretch; `none` if there is none.
  std::uint32_t holding(std::uint32_t group, std::uint32_t stretch) const {
    const auto begins = std::ranges::lower_bound(all_, group, {}, &Interval::group);
    const auto ends = std::upper_bound(begins, all_.end(), stretch, [&](std::uint32_t s, const Interval& i) {
      return i.group != group || s < i.first;
    });
    const auto from = static_cast<std::size_t>(begins - all_.begin());
    const std::size_t at = find(1, 0, leaves_, from, static_cast<std::size_t>(ends - all_.begin()), stretch + 1);
    return at == leaves_ ? none : all_[at].id;
  }

  void take(std::uint32_t id) {
    std::size_t at = leaves_ + place_[id];
    greatest_[at] = 0;
    while (at > 1) {
      at /= 2;
      greatest_[at] = std::max(greatest_[2 * at], greatest_[2 * at + 1]);
    }
  }

 private:
  /// The first in a range that ends at `least` or later; leaves_ if there is none.
  std::size_t find(std::size_t node, std::size_t begin, std::size_t end, std::size_t from, std::size_t until,
                   std::uint32_t least) const {
    if (until <= begin || end <= from || greatest_[node] < least) return leaves_;
    if (end - begin == 1) return begin;
    const std::size_t middle = begin + (end - begin) / 2;
    const std::size_t left = find(2 * node, begin, middle, from, until, least);
    return left != leaves_ ? left : find(2 * node + 1, middle, end, from, until, least);
  }

  std::vector<Interval> all_;
  std::vector<std::size_t> place_;  ///< By id.
  std::size_t leaves_ = 1;
  std::vector<std::uint32_t>
      greatest_;  ///< A segment tree: the last stretch of those that are left, + 1; 0 without any.
};

/// Takes away elements of a stack, of those given, while it can.
class TakingAway {
 public:
  /// `showings`: of each element in `chosen`.
  TakingAway(const Elements& elements, std::span<const std::uint32_t> chosen,
             std::span<const std::vector<std::uint32_t>> showings)
      : elements_(elements) {
    for (const std::uint32_t e : chosen) {
      // Otherwise all that happened to it may have happened at one moment.
      if (element(e).insert_end < element(e).in_until()) left_.push_back(e);
    }
    for (const std::uint32_t e : left_) edges_.insert(edges_.end(), {element(e).insert_end, element(e).in_until()});
    std::ranges::sort(edges_);
    edges_.erase(std::unique(edges_.begin(), edges_.end()), edges_.end());
    for (std::uint32_t i = 0; i < left_.size(); ++i) add_operations(i, showings[left_[i]]);
  }

  /// Those that cannot be taken away.
  std::vector<std::uint32_t> remaining() && {
    Depths depths(static_cast<std::uint32_t>(edges_.size()) + 1);
    for (std::uint32_t i = 0; i < left_.size(); ++i) depths.add(after(in_from(i)), after(in_until(i)), i);
    Intervals of_all([&] {
      std::vector<Intervals::Interval> in_one_group = operations_;
      for (Intervals::Interval& operation : in_one_group) operation.group = 0;
      return in_one_group;
    }());
    Intervals of_each(operations_);
    std::vector<std::uint32_t> to_place(left_.size(), 0);
    for (const Intervals::Interval& operation : operations_) ++to_place[operation.group];

    for (Depths::Found found = depths.next(); found.stretch != none; found = depths.next()) {
      const bool alone = found.only != none;
      const Intervals& free = alone ? of_each : of_all;
      const std::uint32_t group = alone ? found.only : 0;
      for (std::uint32_t id = free.holding(group, found.stretch); id != none; id = free.holding(group, found.stretch)) {
        of_all.take(id);
        of_each.take(id);
        const std::uint32_t owner = operations_[id].group;
        if (--to_place[owner] == 0) depths.remove(after(in_from(owner)), after(in_until(owner)), owner);
      }
    }
    std::vector<std::uint32_t> all;
    for (std::uint32_t i = 0; i < left_.size(); ++i) {
      if (to_place[i] > 0) all.push_back(left_[i]);
    }
    return all;
  }

 private:
  const Element& element(std::uint32_t e) const { return elements_.all()[e]; }
  Position in_from(std::uint32_t i) const { return element(left_[i]).insert_end; }
  Position in_until(std::uint32_t i) const { return element(left_[i]).in_until(); }

  /// The stretch that begins at a moment, or is under way then; and the one that ends at it, or is under way.
  std::uint32_t after(Position moment) const {
    return static_cast<std::uint32_t>(std::ranges::upper_bound(edges_, moment) - edges_.begin());
  }
  std::uint32_t before(Position moment) const {
    return static_cast<std::uint32_t>(std::ranges::lower_bound(edges_, moment) - edges_.begin());
  }

  /// Its peeks were over before its removal was, which began after they had begun. A removal at the end of time, by
  /// nobody, is no matter.
  void add_operations(std::uint32_t i, std::span<const std::uint32_t> showings) {
    const Element& e = element(left_[i]);
    const auto add = [&](Position begin, Position end) {
      operations_.push_back({i, after(begin), before(end), static_cast<std::uint32_t>(operations_.size())});
    };
    add(e.insert_begin, e.insert_end);
    for (const std::uint32_t s : showings) {
      const Showing& showing = elements_.showings()[s];
      add(showing.removes ? e.in_until() : std::max(showing.begin, e.insert_begin),
          std::min(showing.end, e.removal_end));
    }
  }

  const Elements& elements_;
  std::vector<std::uint32_t> left_;
  std::vector<Position> edges_;  ///< Of the times when elements are certainly in; between them are the stretches.
  std::vector<Intervals::Interval> operations_;  ///< By id; the group is an index into left_.
};

class Stack {
 public:
  explicit Stack(const Elements& elements) : elements_(elements), showings_(elements.all().size()) {
    for (std::uint32_t s = 0; s < elements.showings().size(); ++s)
      showings_[elements.showings()[s].element].push_back(s);
  }

  std::vector<Failure> judge() const {
    std::vector<Failure> failures;
    std::vector<std::uint32_t> all(elements_.all().size());
    std::iota(all.begin(), all.end(), 0);
    all = remaining_of(all);
    if (!all.empty()) failures.push_back(contradiction(smallest(std::move(all))));
    if (std::optional<Failure> failure = elements_.not_empty()) failures.push_back(std::move(*failure));
    return failures;
  }

 private:
  std::vector<std::uint32_t> remaining_of(std::span<const std::uint32_t> chosen) const {
    return TakingAway(elements_, chosen, showings_).remaining();
  }

  /// Leaves out elements while the others still contradict each other. Not more than some times the work of judging
  /// all.
  std::vector<std::uint32_t> smallest(std::vector<std::uint32_t> all) const {
    std::size_t work = 32 * all.size();
    for (std::size_t step = all.size() / 2; step > 0; step /= 2) {
      for (std::size_t at = 0; at < all.size();) {
        std::vector<std::uint32_t> without = all;
        const auto from = without.begin() + static_cast<std::ptrdiff_t>(at);
        without.erase(from, from + static_cast<std::ptrdiff_t>(std::min(step, all.size() - at)));
        if (work < without.size()) return all;
        work -= without.size();
        without = remaining_of(without);
        if (without.empty()) {
          at += step;
        } else {
          all = std::move(without);
          at = 0;
        }
      }
    }
    return all;
  }

  Failure contradiction(const std::vector<std::uint32_t>& all) const {
    std::vector<std::uint32_t> proof;
    std::uint32_t lost = none;
    std::uint32_t other = none;
    for (const std::uint32_t e : all) {
      (elements_.all()[e].is_lost() ? lost : other) = e;
      for (const std::uint32_t s : showings_[e]) proof.push_back(elements_.showings()[s].op);
    }
    std::ranges::sort(proof, std::ranges::greater(), [&](std::uint32_t op) { return elements_.operation(op).end; });
    for (const std::uint32_t e : all) proof.push_back(elements_.all()[e].insertion);
    if (all.size() == 2 && lost != none && other != none &&
        elements_.all()[lost].last_begin < elements_.all()[other].last_begin) {
      const Element& above = elements_.all()[lost];
      const Element& below = elements_.all()[other];
      return elements_.failure(
          elements_.kind_of_loss(above),
          fmt::format("{}, and {}, but {} at {} returned {}, which was below it", elements_.proof_of_insertion(above),
                      elements_.taken_by_nobody(), elements_.name(below.last_shown), elements_.ended(below.last_shown),
                      elements_.text(below)),
          proof);
    }
    std::string message = fmt::format("{} at {}, and what else is known of {}, fit no order of pushes and pops",
                                      elements_.name(proof[0]), elements_.ended(proof[0]), elements_.texts(all));
    return elements_.failure(FailureKind::wrong_order, std::move(message), proof);
  }

  const Elements& elements_;
  std::vector<std::vector<std::uint32_t>> showings_;  ///< By element.
};

}  // namespace

Judgement judge_stack(const Object& object) {
  return Elements(object, {Function::push, Function::pop, Function::peek})
      .judge([](const Elements& elements) { return Stack(elements).judge(); }, false);
}

}  // namespace heir::reports
