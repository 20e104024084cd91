#include "reports/check/objects/register_failures.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reports/check/objects/impossible_values.h"
#include "reports/check/objects/register_evidence.h"
#include "reports/check/objects/sentences.h"
#include "reports/check/objects/stale_reads.h"

namespace heir::reports::objects {

namespace {

constexpr std::uint32_t none = Version::none;

class RegisterFailures {
 public:
  RegisterFailures(const Object& object, const Versions& versions)
      : object_(object), versions_(versions), evidence_(object, versions), failures_(*object.history) {}

  std::vector<Failure> all() {
    impossible_values();
    if (versions_.broken_chain()) {
      const auto first = [](const auto& found) { return found.first(std::min(found.size(), ProvenFailures::most)); };
      for (const auto& [one, other] : first(versions_.forks())) fork(one, other);
      for (const std::uint32_t v : first(versions_.cycles())) cycle(v);
    } else if (!versions_.contradicting().empty() || versions_.overtaken()) {
      StaleReads stale(evidence_);
      stale.report(failures_);
      std::vector<Contradiction> unnamed;
      for (const Contradiction& c : versions_.contradicting()) {
        if (!stale.explains(c.first) && !stale.explains(c.second)) unnamed.push_back(c);
      }
      contradictions(unnamed);
    }
    return failures_.take();
  }

  std::optional<Failure> impossible_refusal(std::uint32_t i) {
    const Operation& op = object_.operation(i);
    const std::uint32_t v = versions_.of(object_.history->first(op.argument));
    const Point since = version(v).effect_by;
    if (since > after(op.begin)) return std::nullopt;
    Proof proof{object_.ops[i]};
    evidence_.add_set(proof, v, after(op.begin));
    // Was v there afterwards, or did a compare-and-set that began afterwards find it?
    const std::uint32_t made = version(v).child;
    const bool read_again = version(v).latest_begin > after(op.end);
    const bool swapped_again = !read_again && made != none && version(made).begin > after(op.end);
    std::string until = "on, and nothing can have replaced it by then";
    HistoryTime at = op.completed;
    if (read_again || swapped_again) {
      const Point again = read_again ? version(v).latest_begin : version(made).begin;
      evidence_.add_at(proof, again);
      if (swapped_again) evidence_.add_set(proof, made, never);
      until = "until " + evidence_.when(evidence_.time_of(again));
      at = evidence_.is_final(again) ? last_time(*object_.history) : evidence_.last_answer(proof);
    } else if (made != none || may_be_replaced(v, after(op.end))) {
      return std::nullopt;
    }
    failures_.add(FailureKind::not_linearizable, at, object_.ops[i], std::move(proof),
                  fmt::format("{} that it saw another value than {}, but {} was there from {} {}",
                              returned(object_, op), evidence_.value_name(v), evidence_.value_name(v),
                              since == 0 ? "the beginning" : evidence_.when(evidence_.time_of(since)), until));
    return failures_.take().front();
  }

 private:
  const Version& version(std::uint32_t v) const { return versions_[v]; }

  /// Can anything have been set after v, from which nothing was made as far as anybody knows, and before a point?
  bool may_be_replaced(std::uint32_t v, Point before) const {
    const Zone zone = zone_of(version(v).root);
    for (std::uint32_t other = 0; other < versions_.all().size() && version(other).begin < before; ++other) {
      const std::uint32_t root = version(other).root;
      if (root == none) {
        // Perhaps it never happened, and perhaps just then.
        const Operation& op = evidence_.setter(other);
        if (op.function == Function::write) return true;
        if (object_.history->first(op.argument) == evidence_.value(v)) return true;
      } else if (root == other && root != zone.cluster && !zone_of(root).is_before(zone)) {
        return true;
      }
    }
    return false;
  }
  Zone zone_of(std::uint32_t root) const {
    Zone zone{version(root).effect_by, 0, root};
    for (std::uint32_t v = root; v != none; v = version(v).child) {
      zone.latest_begin = std::max(zone.latest_begin, version(v).latest_begin);
    }
    return zone;
  }

  // ---- Values that were not there.

  void impossible_values() {
    ImpossibleValues values(object_, "wrote");
    if (versions_.impossible_read()) impossible_reads(values);
    for (const std::uint32_t v : versions_.baseless()) baseless(v, values);
    values.report(failures_);
  }

  void impossible_reads(ImpossibleValues& values) const {
    for (std::uint32_t i = 0; i < object_.size(); ++i) {
      const Operation& op = object_.operation(i);
      if (!is_read(op.function) || !op.ok()) continue;
      const std::uint32_t shown = versions_.of(op.result);
      if (shown != none && version(shown).begin < after(op.end)) continue;
      values.add(op.result, after(op.end), [&] {
        return ImpossibleValues::Sight{after(op.end),
                                       op.completed,
                                       object_.ops[i],
                                       {},
                                       fmt::format("{} {}", returned(object_, op), value_name(object_, op.result))};
      });
    }
    if (!versions_.final_value() || versions_.of_final() != none) return;
    const Value held = *versions_.final_value();
    values.add(held, never, [&] {
      return ImpossibleValues::Sight{never,
                                     last_time(*object_.history),
                                     none,
                                     {},
                                     fmt::format("{} {}", final_state_holds(object_), value_name(object_, held))};
    });
  }

  /// A compare-and-set swapped, so that what it expected was there.
  void baseless(std::uint32_t v, ImpossibleValues& values) const {
    const std::uint32_t parent = version(v).parent;
    const Point before = parent == none ? never : version(parent).begin;
    const Point by = evidence_.shown(v, before).by;
    const Value expected = object_.history->first(evidence_.setter(v).argument);
    values.add(expected, by, [&] {
      Proof proof;
      evidence_.add_set(proof, v, before);
      return ImpossibleValues::Sight{
          by, evidence_.time_of(by), evidence_.setter_number(v), std::move(proof),
          fmt::format("{}, so that {} was there", evidence_.swapped(v, before), value_name(object_, expected))};
    });
  }

  // ---- Compare-and-sets that cannot be put into a chain.

  void fork(std::uint32_t a, std::uint32_t b) {
    const bool in_order = evidence_.shown(a, never).by < evidence_.shown(b, never).by;
    const std::uint32_t first = in_order ? a : b;
    const std::uint32_t second = in_order ? b : a;
    const std::uint32_t expected = version(a).parent;
    Proof proof;
    evidence_.add_setter(proof, expected);
    evidence_.add_set(proof, first, never);
    evidence_.add_set(proof, second, never);
    failures_.add(FailureKind::not_linearizable, evidence_.time_of(evidence_.shown(second, never).by),
                  evidence_.setter_number(second), std::move(proof),
                  fmt::format("{}, but {}, and {} was there only once", evidence_.swapped(second),
                              evidence_.swapped(first), evidence_.value_name(expected)));
  }

  void cycle(std::uint32_t v) {
    Proof proof;
    Point shown = 0;
    std::uint32_t u = v;
    do {
      evidence_.add_set(proof, u, never);
      shown = std::max(shown, evidence_.shown(u, never).by);
      u = version(u).child;
    } while (u != v);
    failures_.add(FailureKind::not_linearizable, evidence_.time_of(shown), evidence_.setter_number(v), std::move(proof),
                  fmt::format("{}, but {} was made only from what this set", evidence_.swapped(v),
                              evidence_.value_name(version(v).parent)));
  }

  // ---- Chains that must each come before the other, though none is known to be the newer one.

  /// Something of a chain, its beginning, after the other one had been there.
  struct Return {
    std::uint32_t version = none;
    Point begin = 0;
  };

  void contradictions(const std::vector<Contradiction>& unnamed) {
    if (unnamed.empty()) return;
    std::map<std::uint32_t, std::vector<Observation>> by_chain;
    for (const Contradiction& c : unnamed) by_chain[c.first], by_chain[c.second];
    versions_.for_each_observation([&](const Observation& o) {
      if (const auto chain = by_chain.find(version(o.version).root); chain != by_chain.end())
        chain->second.push_back(o);
    });
    for (const auto& [a, b] : unnamed) contradiction(a, by_chain[a], b, by_chain[b]);
  }

  void contradiction(std::uint32_t a, const std::vector<Observation>& of_a, std::uint32_t b,
                     const std::vector<Observation>& of_b) {
    const Return again_a = return_of(a, version(b).effect_by);
    const Return again_b = return_of(b, version(a).effect_by);
    if (const Observation* between = find_between(of_b, version(a).effect_by, again_a.begin)) {
      report_between(again_a, *between);
    } else if (const Observation* other = find_between(of_a, version(b).effect_by, again_b.begin)) {
      report_between(again_b, *other);
    } else {
      Proof proof;
      evidence_.add_chain(proof, again_a.version, again_b.begin);
      evidence_.add_chain(proof, again_b.version, again_a.begin);
      add_return(proof, again_a);
      add_return(proof, again_b);
      report_contradiction(again_a, again_b, std::move(proof));
    }
  }

  /// Of `root`'s chain, after a point: preferably a setter, which is part of the proof anyway.
  Return return_of(std::uint32_t root, Point point) const {
    Return found;
    for (std::uint32_t v = root; v != none; v = version(v).child) {
      if (version(v).begin > point) return {v, version(v).begin};
      if (version(v).latest_begin > point) found = {v, version(v).latest_begin};
    }
    return found;
  }

  void add_return(Proof& proof, const Return& r) const {
    evidence_.add_at(proof, r.begin);
    if (r.begin == version(r.version).begin) evidence_.add_set(proof, r.version, never);
  }

  static const Observation* find_between(const std::vector<Observation>& observations, Point from, Point until) {
    const auto found =
        std::ranges::find_if(observations, [&](const Observation& o) { return o.begin > from && o.end < until; });
    return found == observations.end() ? nullptr : &*found;
  }

  void report_between(const Return& outer, const Observation& between) {
    Proof proof;
    evidence_.add_chain(proof, outer.version, between.begin);
    add_return(proof, outer);
    evidence_.add_setter(proof, between.version);
    evidence_.add_observation(proof, between);
    report_contradiction(outer, {between.version, between.begin}, std::move(proof));
  }

  void report_contradiction(const Return& a, const Return& b, Proof proof) {
    const bool at_the_end = evidence_.is_final(std::max(a.begin, b.begin));
    const HistoryTime at = at_the_end ? last_time(*object_.history) : evidence_.last_answer(proof);
    const std::uint32_t culprit = evidence_.is_final(a.begin) ? none : evidence_.number_at(a.begin);
    failures_.add(FailureKind::not_linearizable, at, culprit, std::move(proof),
                  fmt::format("{} and {} would each have to come before the other: {}, before {}; {}, before {}",
                              evidence_.value_name(a.version), evidence_.value_name(b.version), was_there(a.version),
                              began(b.begin), was_there(b.version), began(a.begin)));
  }
  /// "5 was there by 12.345s": the first of v's chain of which that is known.
  std::string was_there(std::uint32_t v) const {
    const Point by = version(version(v).root).effect_by;
    std::uint32_t first = version(v).root;
    while (version(first).own_by != by) first = version(first).child;
    return fmt::format("{}{} was there by {}", evidence_.value_name(first), first == v ? "" : ", of the same chain,",
                       evidence_.when(evidence_.time_of(by)));
  }
  /// "read of key 5 by process 3 began at 12.345s"
  std::string began(Point point) const {
    if (evidence_.is_final(point)) return "the end, when the final state shows it";
    const Operation& op = evidence_.operation_at(point);
    return fmt::format("{} began at {}", describe(*object_.history, op), evidence_.when(op.invoked));
  }

  const Object& object_;
  const Versions& versions_;
  const RegisterEvidence evidence_;
  ProvenFailures failures_;
};

}  // namespace

std::vector<Failure> register_failures(const Object& object, const Versions& versions) {
  return RegisterFailures(object, versions).all();
}

std::optional<Failure> impossible_refusal(const Object& object, const Versions& versions, std::uint32_t refusal) {
  return RegisterFailures(object, versions).impossible_refusal(refusal);
}

}  // namespace heir::reports::objects
