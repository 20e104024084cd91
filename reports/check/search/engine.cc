#include "reports/check/search/engine.h"

#include <algorithm>
#include <bit>
#include <iterator>
#include <optional>

#include "engine/base/assert.h"
#include "reports/check/search/configurations.h"
#include "reports/check/search/demands.h"
#include "reports/check/search/open_operations.h"
#include "reports/check/search/spares.h"
#include "reports/check/search/trace.h"
#include "reports/check/search/watches.h"

namespace heir::reports {

namespace {

constexpr std::uint32_t never = Operation::never;
constexpr std::uint32_t impossible = StateSpace::impossible;
constexpr std::size_t first_width = 256;                        ///< Configurations in the frontier at the first try.
constexpr std::size_t tidy_from_bytes = std::size_t{16} << 20;  ///< States and spares that are remembered,
constexpr std::size_t tidy_from_uses = 64;                      ///< or spares used by one configuration.

/// Results of StateSpace::next; what comes later replaces what was there.
class NextStates {
 public:
  explicit NextStates(std::size_t operations)
      : entries_(std::bit_ceil(std::clamp<std::size_t>(operations * 4, 64, 1U << 15))) {}
  std::uint32_t of(StateSpace& space, std::uint32_t state, std::uint32_t step) {
    Entry& e = entries_[mix(std::uint64_t{state} << 32 | step) & (entries_.size() - 1)];
    if (e.state != state || e.step != step) e = {state, step, space.next(state, step)};
    return e.next;
  }
  void clear() { std::ranges::fill(entries_, Entry{}); }

 private:
  struct Entry {
    std::uint32_t state = impossible;
    std::uint32_t step = 0;
    std::uint32_t next = impossible;
  };
  std::vector<Entry> entries_;
};

std::vector<std::uint32_t> by_end(std::span<const SearchedOperation> ops) {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    if (ops[i].end != never) order.push_back(i);
  }
  std::ranges::sort(order, {}, [&](std::uint32_t i) { return ops[i].end; });
  return order;
}

class Engine {
 public:
  /// `traced_from`: if there is a linearization, its order from this operation on is wanted.
  Engine(StateSpace& space, std::span<const SearchedOperation> ops, const Limits& limits,
         std::uint32_t traced_from = never)
      : space_(space),
        ops_(ops),
        limits_(limits),
        traced_from_(traced_from),
        slow_(space.is_slow()),
        has_useful_(space.has_useful()),
        returns_(by_end(ops)),
        words_(OpenOperations::words(ops, returns_)),
        nexts_(slow_ ? ops.size() : 1),
        open_(words_),
        spares_(ops),
        frontier_(words_),
        visited_(words_),
        next_(words_),
        candidate_(frontier_.stride()) {
    for (const SearchedOperation& op : ops) {
      if (op.step >= step_tried_.size()) step_tried_.resize(op.step + 1, 0);
    }
    if (space.has_values()) {
      demands_.emplace(space, ops, words_);
    } else if (space.has_lost()) {
      watches_.emplace(space, ops, words_);
    }
  }

  SearchOutcome run() {
    using Answer = SearchOutcome::Answer;
    const std::size_t widest =
        std::max(first_width, limits_.memory / (frontier_.stride() * sizeof(std::uint64_t) * 16));
    for (width_ = first_width;; width_ = std::min(width_ * 16, widest)) {
      const Pass pass = walk();
      if (pass == Pass::reached_end) {
        out_.answer = Answer::linearizable;
        if (trace_.is_on()) out_.partial = longest_order();
        break;
      }
      out_.answer = pass == Pass::died && !cut_ ? Answer::impossible : Answer::undecided;
      if (pass == Pass::stopped || !cut_) break;
      if (width_ == widest) {
        out_.reason = "the search took too much memory";
        break;
      }
    }
    return std::move(out_);
  }

 private:
  enum class Pass { reached_end, died, stopped };

  Pass walk() {
    restart();
    if (demands_ && nobody_writes()) return died(lost_to_);
    while (next_return_ < returns_.size()) {
      const std::uint32_t answered = returns_[next_return_];
      lost_to_ = never;
      if (next_begin_ < ops_.size() && ops_[next_begin_].begin < ops_[answered].end) {
        begin(next_begin_++);
        if (frontier_.size() == 0) return died(lost_to_);
      } else {
        ++next_return_;
        answer(answered);
        if (is_stopped_) return Pass::stopped;
        if (frontier_.size() == 0) return died(answered);
      }
    }
    return Pass::reached_end;
  }

  void restart() {
    cut_ = false;
    next_begin_ = 0;
    next_return_ = 0;
    open_.clear();
    spares_.restart();
    uses_ = {};
    trace_.clear();
    if (demands_) demands_->restart();
    if (watches_) watches_->restart();
    visited_.clear();
    frontier_.clear();
    std::ranges::fill(candidate_, 0);
    frontier_.set(candidate(), space_.initial(), 0);
    frontier_.insert(candidate(), uses_);
  }

  /// The answers up to that of `op` have no explanation, or those up to a later one for which configurations were
  /// dropped.
  Pass died(std::uint32_t op) {
    out_.op = op;
    if (lost_to_ != never && ops_[lost_to_].end > ops_[op].end) out_.op = lost_to_;
    return Pass::died;
  }

  // ---- Invocations.

  void begin(std::uint32_t i) {
    const SearchedOperation& op = ops_[i];
    if (i == traced_from_) begin_trace();
    std::uint32_t slot = never;
    if (op.end == never) {
      if (spares_.begin(op.step) && watches_) watches_->begin_spare(i);
    } else {
      slot = begin_open(i);
    }
    if (demands_) {
      demands_->begin(i, slot);
      drop_lost(demands_->needs(op.step));
      drop_lost(demands_->leads_to(op.step));
    }
  }

  /// The bit of an operation that must take effect.
  std::uint32_t begin_open(std::uint32_t i) {
    if (open_.empty()) out_.window_begin = i;
    const bool observes = space_.observes(ops_[i].step);
    const Open open = open_.begin(i, ops_[i], observes);
    if (watches_) watches_->begin(open, observes, open_, spares_);
    if (observes) {
      frontier_.filter([&](std::uint64_t* c) {
        if (allows(frontier_.state(c), open.step)) {
          mark(c, open);
          return true;
        }
        return !watches_ || !watches_->is_hopeless(open, c, frontier_.state(c)) || !lose_to(i);
      });
    }
    return open.slot;
  }

  void begin_trace() {
    trace_.begin();
    for (std::size_t i = 0; i < frontier_.size(); ++i) frontier_.set_trace(frontier_[i], 0);
  }

  // ---- Answers.

  void answer(std::uint32_t op) {
    const bool observes = space_.observes(ops_[op].step);
    const Open forced = open_.first(observes);
    ASSERT(forced.op == op);
    force(forced, observes);
    if (is_stopped_) return;
    frontier_.swap(next_);
    frontier_.filter([](const std::uint64_t*) { return true; });
    if (frontier_.size() == 0) return;
    open_.end_first(observes);
    if (watches_) watches_->end(forced);
    if (demands_) {
      demands_->end(forced.op, forced.slot);
      retire_spares(demands_->needs(forced.step));
    }
    if (space_.memory() + uses_.memory() > tidy_bytes_ || uses_.largest() > tidy_uses_) tidy();
  }

  /// Makes next_ the configurations in which `forced` has taken effect, its bit cleared.
  void force(const Open& forced, bool observes) {
    next_.clear();
    visited_.clear();
    for (std::size_t i = 0; i < frontier_.size(); ++i) {
      if (forced.is_done(frontier_[i])) {
        keep(frontier_[i], forced);
      } else {
        visited_.insert(frontier_[i], uses_);
      }
    }
    for (std::size_t i = 0; i < visited_.size(); ++i) {  // grows: breadth first
      if (visited_.dropped(i)) continue;
      if (!may_go_on()) return;
      cut_ = cut_ || next_.size() > width_ || visited_.size() > 4 * width_;
      if (next_.size() > width_) return;
      if (!observes && take(i, forced) && settle()) keep(candidate(), forced);
      if (visited_.size() <= 4 * width_) expand(i, forced, observes);
    }
  }

  /// Tries what may come before `forced` in configuration `i` of visited_.
  void expand(std::size_t i, const Open& forced, bool observes) {
    ++try_;
    if (!observes) step_tried_[forced.step] = try_;
    for (const Open& o : open_.changes()) {
      if (o.is_done(visited_[i]) || step_tried_[o.step] == try_) continue;
      step_tried_[o.step] = try_;
      if (is_useful(visited_[i], o.step, forced.step) && take(i, o)) offer(forced);
    }
    for (const std::uint32_t s : spares_.begun()) try_spare(s, i, forced);
    if (!demands_ || !demands_->wants_other(visited_[i])) return;
    for (const std::uint32_t s : spares_.idle()) try_spare(s, i, forced);
  }

  void try_spare(std::uint32_t s, std::size_t i, const Open& forced) {
    const std::uint32_t step = spares_.step(s);
    if (step_tried_[step] == try_ || !is_useful(visited_[i], step, forced.step)) return;
    if (!take(i, Open{never, never, step}) || !use(s)) return;
    // Without effect it would be wasted.
    if (frontier_.state(candidate()) != visited_.state(visited_[i])) offer(forced);
  }

  /// Makes the candidate what `open` makes of configuration `i` of visited_; false if that is impossible, or leads
  /// nowhere. If it is a spare, see use().
  bool take(std::size_t i, const Open& open) {
    ++out_.steps;
    std::uint64_t* c = candidate();
    std::copy_n(visited_[i], candidate_.size(), c);
    const std::uint32_t before = frontier_.state(c);
    const std::uint32_t after = next_state(before, open.step);
    if (after == impossible) return false;
    frontier_.set(c, after, frontier_.spares(c));
    if (open.slot != never) open.set_done(c);
    if (demands_) {
      // What was not lost before can only be lost with the value that is replaced.
      if (after != before && is_lost(c, before)) return false;
      pass_over_ready(open);
    }
    if (open.slot != never) remember(c, open.op);
    return true;
  }

  /// Lets the candidate use a spare; false if none is left.
  bool use(std::uint32_t spare) {
    const std::uint32_t used = frontier_.spares(candidate());
    const std::uint32_t count = uses_.count(used, spare);
    if (count == spares_.available(spare)) return false;
    frontier_.set(candidate(), frontier_.state(candidate()), uses_.with(used, spare));
    remember(candidate(), spares_.op(spare, count));
    return true;
  }

  void offer(const Open& forced) {
    if (!settle()) return;
    if (forced.is_done(candidate())) {
      keep(candidate(), forced);
    } else if (!demands_ || !is_trap(forced)) {
      visited_.insert(candidate(), uses_);
    }
  }

  void keep(std::uint64_t* c, const Open& forced) {
    forced.clear(c);
    next_.insert(c, uses_);
  }

  /// Lets the observations that the candidate's state allows take effect. False if another never can.
  bool settle() {
    std::uint64_t* c = candidate();
    const std::uint32_t state = frontier_.state(c);
    for (const Open& read : open_.reads()) {
      if (read.is_done(c)) continue;
      if (allows(state, read.step)) {
        mark(c, read);
      } else if (watches_ && watches_->is_hopeless(read, c, state)) {
        return !lose_to(read.op);
      }
    }
    return !watches_ || !watches_->is_next_hopeless(c, state) || !lose_to(watches_->next());
  }

  bool is_useful(const std::uint64_t* c, std::uint32_t step, std::uint32_t forced) {
    if (demands_) return demands_->leads_to(step) == demands_->needs(forced) || !demands_->is_ready(step, c);
    if (!has_useful_) return true;
    const std::uint32_t state = frontier_.state(c);
    return space_.useful(state, step, forced) || std::ranges::any_of(open_.reads(), [&](const Open& read) {
             return !read.is_done(c) && space_.useful(state, step, read.step);
           });
  }

  // ---- Registers.

  /// `value`, which the configuration does not hold, is demanded and cannot be had any more.
  bool is_lost(const std::uint64_t* c, std::uint32_t value) {
    const std::uint32_t op = demands_->lost(value, c);
    if (op == never) return false;
    const bool is_spare = std::ranges::any_of(spares_.begun(), [&](std::uint32_t s) {
      return demands_->leads_to(spares_.step(s)) == value && uses_.count(frontier_.spares(c), s) < spares_.available(s);
    });
    return !is_spare && lose_to(op);
  }

  /// After something began that demands a value, or is perhaps the last to produce it.
  void drop_lost(std::uint32_t value) {
    if (!demands_->is_urgent(value)) return;
    frontier_.filter([&](const std::uint64_t* c) { return frontier_.state(c) == value || !is_lost(c, value); });
  }

  /// Is a value demanded that is not there at first and that nobody ever produces?
  bool nobody_writes() {
    for (std::uint32_t value = 0; value < demands_->value_count(); ++value) {
      if (value != frontier_.state(frontier_[0]) && is_lost(frontier_[0], value)) return true;
    }
    return false;
  }

  /// Does the candidate hold a value that is lost as soon as another one replaces it, as `forced` demands?
  bool is_trap(const Open& forced) {
    const std::uint64_t* c = candidate();
    const std::uint32_t value = frontier_.state(c);
    return value != demands_->needs(forced.step) && value != demands_->leads_to(forced.step) &&
           !demands_->is_taken(value, c) && is_lost(c, value);
  }

  /// Before `next`, which replaces whatever value there is, all operations take effect that are ready to.
  void pass_over_ready(const Open& next) {
    if (!demands_->replaces(next.step)) return;
    const std::uint64_t* c = candidate();
    for (const Open& o : open_.changes()) {
      if (o.is_done(c) || !demands_->is_ready(o.step, c)) continue;
      mark(candidate(), o);
      mark_reads(demands_->leads_to(o.step));
    }
    for (const std::uint32_t s : spares_.begun()) {
      const std::uint32_t value = demands_->leads_to(spares_.step(s));
      if (value == demands_->leads_to(next.step) || !demands_->is_ready(spares_.step(s), c)) continue;
      if (is_demanded(value) && use(s)) mark_reads(value);
    }
  }

  bool is_demanded(std::uint32_t value) {
    return std::ranges::any_of(open_.reads(), [&](const Open& read) {
      return demands_->needs(read.step) == value && !read.is_done(candidate());
    });
  }
  void mark_reads(std::uint32_t value) {
    for (const Open& read : open_.reads()) {
      if (demands_->needs(read.step) == value && !read.is_done(candidate())) mark(candidate(), read);
    }
  }

  /// Spares that produce a value which nothing needs any more, and those that would serve only them, are laid aside.
  void retire_spares(std::uint32_t value) {
    if (!demands_->is_value(value) || !demands_->is_over(value)) return;
    while (spares_.lay_idle_if([&](std::uint32_t step, std::uint32_t count) {
      if (!demands_->is_over(demands_->leads_to(step))) return false;
      demands_->give_up(step, count);
      return true;
    })) {
    }
  }

  // ---- Small things.

  std::uint64_t* candidate() { return candidate_.data(); }
  std::uint32_t next_state(std::uint32_t state, std::uint32_t step) {
    return slow_ ? nexts_.of(space_, state, step) : space_.next(state, step);
  }
  bool allows(std::uint32_t state, std::uint32_t observation) {
    const std::uint32_t after = next_state(state, observation);
    ASSERT(after == impossible || after == state, "an operation that is said to change nothing changed the state");
    return after != impossible;
  }
  void mark(std::uint64_t* c, const Open& open) {
    open.set_done(c);
    remember(c, open.op);
  }
  void remember(std::uint64_t* c, std::uint32_t op) {
    if (trace_.is_on()) frontier_.set_trace(c, trace_.with(frontier_.trace(c), op));
  }
  std::vector<std::uint32_t> longest_order() {
    std::uint32_t longest = 0;
    for (std::size_t i = 0; i < frontier_.size(); ++i) {
      const std::uint32_t path = frontier_.trace(frontier_[i]);
      if (trace_.length(path) > trace_.length(longest)) longest = path;
    }
    return trace_.operations(longest);
  }
  /// A configuration is dropped for what `op` answered. True.
  bool lose_to(std::uint32_t op) {
    if (lost_to_ == never || ops_[op].end > ops_[lost_to_].end) lost_to_ = op;
    return true;
  }

  bool may_go_on() {
    const bool look = (++visits_ & 255) == 0;
    if (out_.steps > limits_.steps) {
      out_.reason = "the search took too many steps";
    } else if (look && limits_.out_of_time && limits_.out_of_time()) {
      out_.reason = "the time for it was over";
    } else if (look && memory() > limits_.memory) {
      out_.reason = "the search took too much memory";
    } else {
      return true;
    }
    out_.op = returns_[next_return_ - 1];
    is_stopped_ = true;
    return false;
  }

  std::size_t memory() const {
    return space_.memory() + uses_.memory() + frontier_.memory() + visited_.memory() + next_.memory() + trace_.memory();
  }

  /// Forgets the states and multisets of spares that are not in the frontier, and spares that are used in all of it.
  void tidy() {
    std::vector<std::uint32_t> states;
    std::vector<std::uint32_t> common = uses_.elements(frontier_.spares(frontier_[0]));
    for (std::size_t i = 0; i < frontier_.size(); ++i) {
      states.push_back(frontier_.state(frontier_[i]));
      std::vector<std::uint32_t> both;
      std::ranges::set_intersection(common, uses_.elements(frontier_.spares(frontier_[i])), std::back_inserter(both));
      common = std::move(both);
    }
    std::ranges::sort(states);
    states.erase(std::unique(states.begin(), states.end()), states.end());
    const bool renumbered = space_.keep_only(states);

    SpareUses kept;
    next_.clear();
    for (std::size_t i = 0; i < frontier_.size(); ++i) {
      std::uint64_t* c = frontier_[i];
      std::vector<std::uint32_t> rest;
      std::ranges::set_difference(uses_.elements(frontier_.spares(c)), common, std::back_inserter(rest));
      if (demands_ && !demands_->will_want_other()) {
        std::erase_if(rest, [&](std::uint32_t s) { return demands_->is_over(demands_->leads_to(spares_.step(s))); });
      }
      std::uint32_t state = frontier_.state(c);
      if (renumbered) state = static_cast<std::uint32_t>(std::ranges::lower_bound(states, state) - states.begin());
      frontier_.set(c, state, kept.number(std::move(rest)));
      next_.insert(c, kept);
    }
    frontier_.swap(next_);
    frontier_.filter([](const std::uint64_t*) { return true; });
    uses_ = std::move(kept);
    for (const std::uint32_t s : common) {
      spares_.settle(s);
      if (demands_ && !spares_.is_idle(s)) demands_->give_up(spares_.step(s), 1);
    }
    if (slow_) nexts_.clear();
    tidy_bytes_ = std::max(tidy_from_bytes, 2 * (space_.memory() + uses_.memory()));
    tidy_uses_ = std::max(tidy_from_uses, 2 * uses_.largest());
  }

  StateSpace& space_;
  const std::span<const SearchedOperation> ops_;
  const Limits& limits_;
  const std::uint32_t traced_from_;
  const bool slow_, has_useful_;
  const std::vector<std::uint32_t> returns_;  ///< Operations in order of their answers.
  const std::size_t words_;
  SearchOutcome out_;
  NextStates nexts_;

  // Where the walk is.
  std::size_t width_ = first_width;
  bool cut_ = false;
  bool is_stopped_ = false;
  std::uint32_t next_begin_ = 0;
  std::uint32_t next_return_ = 0;
  OpenOperations open_;
  Spares spares_;
  SpareUses uses_;
  std::optional<Demands> demands_;  ///< Of registers.
  std::optional<Watches> watches_;  ///< If something can be lost.
  std::uint32_t lost_to_ = never;   ///< The last answer for which a configuration was dropped.
  Trace trace_;
  Configurations frontier_;
  Configurations visited_;  ///< While an operation is forced: those in which it has not taken effect.
  Configurations next_;
  std::vector<std::uint64_t> candidate_;

  std::vector<std::uint64_t> step_tried_;  ///< By step: the last expansion that tried it.
  std::uint64_t try_ = 0;
  std::uint64_t visits_ = 0;
  std::size_t tidy_bytes_ = tidy_from_bytes;
  std::size_t tidy_uses_ = tidy_from_uses;
};

/// Of those that began before `event`: the last operation that began when nothing was open that was answered.
std::uint32_t window_begin(std::span<const SearchedOperation> ops, std::uint32_t event) {
  std::uint32_t first = 0, latest_end = 0;
  for (std::uint32_t i = 0; i < ops.size() && ops[i].begin < event; ++i) {
    if (ops[i].end == never) continue;
    if (ops[i].begin > latest_end) first = i;
    latest_end = std::max(latest_end, ops[i].end);
  }
  return first;
}

/// Finds the first answer that has no explanation, of `failed` or before: what the engine names may be later, because
/// it looks ahead. Adds the order that explains all before it.
SearchOutcome find_first(StateSpace& space, std::span<const SearchedOperation> ops, const Limits& limits,
                         SearchOutcome failed, Wanted wanted) {
  for (;;) {
    const std::uint32_t end = ops[failed.op].end;
    failed.window_begin = window_begin(ops, end);
    // If nothing else was open, the window before shows what it should have answered.
    const bool alone = failed.window_begin == failed.op;
    const std::uint32_t shown_from = wanted == Wanted::order ? 0
                                     : alone                 ? window_begin(ops, ops[failed.op].begin)
                                                             : failed.window_begin;
    std::uint32_t traced_from = never;
    std::vector<SearchedOperation> before;
    std::vector<std::uint32_t> indexes;
    for (std::uint32_t i = 0; i < ops.size() && ops[i].begin < end; ++i) {
      SearchedOperation op = ops[i];
      if (op.end >= end) op.end = never;
      if (op.end == never && space.observes(op.step)) continue;
      if (i >= shown_from && traced_from == never) traced_from = static_cast<std::uint32_t>(before.size());
      before.push_back(op);
      indexes.push_back(i);
    }
    SearchOutcome earlier = Engine(space, before, limits, traced_from).run();
    failed.steps += earlier.steps;
    if (earlier.answer == SearchOutcome::Answer::impossible) {
      failed.op = indexes[earlier.op];
      continue;
    }
    for (const std::uint32_t i : earlier.partial) failed.partial.push_back(indexes[i]);
    return failed;
  }
}

}  // namespace

SearchOutcome find_order(StateSpace& space, std::span<const SearchedOperation> ops, const Limits& limits,
                         Wanted wanted) {
  SearchOutcome outcome = Engine(space, ops, limits, wanted == Wanted::order ? 0 : never).run();
  if (outcome.answer != SearchOutcome::Answer::impossible) return outcome;
  return find_first(space, ops, limits, std::move(outcome), wanted);
}

}  // namespace heir::reports
