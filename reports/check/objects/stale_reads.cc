#include "reports/check/objects/stale_reads.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace heir::reports::objects {

StaleReads::StaleReads(const RegisterEvidence& evidence)
    : evidence_(evidence),
      versions_(evidence.versions().all()),
      overwritten_by_(versions_.size(), never),
      last_seen_(versions_.size(), 0),
      explained_(versions_.size(), false),
      lost_(versions_.size(), false) {}

void StaleReads::report(ProvenFailures& failures) {
  find_when_overwritten();
  find_last_seen();
  for (const StaleVersion& stale : find_stale()) report(stale, failures);
}

/// A chain is over as soon as any certainly newer version is in effect. So, of the versions that were set after some
/// point, what counts is the earliest effect.
void StaleReads::find_when_overwritten() {
  // Of the versions from each one on, the two of different chains that take effect first: one may be of the chain that
  // asks.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> first_two(versions_.size() + 1, {none, none});
  const auto sooner = [&](std::uint32_t a, std::uint32_t b) {
    return b == none || version(a).effect_by < version(b).effect_by;
  };
  for (auto v = static_cast<std::uint32_t>(versions_.size()); v-- > 0;) {
    auto [first, second] = first_two[v + 1];
    if (version(v).root != none) {
      if (sooner(v, first)) {
        if (first != none && version(first).root != version(v).root) second = first;
        first = v;
      } else if (version(first).root != version(v).root && sooner(v, second)) {
        second = v;
      }
    }
    first_two[v] = {first, second};
  }
  for (const Zone& zone : evidence_.versions().zones()) {
    const auto later = std::ranges::upper_bound(versions_, zone.earliest_end, {}, &Version::begin);
    const auto [first, second] = first_two[static_cast<std::size_t>(later - versions_.begin())];
    const std::uint32_t next = first != none && version(first).root == zone.cluster ? second : first;
    if (next != none) overwritten_by_[zone.cluster] = version(next).effect_by;
  }
}

void StaleReads::find_last_seen() {
  evidence_.versions().for_each_observation(
      [&](const Observation& o) { last_seen_[o.version] = std::max(last_seen_[o.version], o.end); });
  for (std::uint32_t leaf = 0; leaf < versions_.size(); ++leaf) {
    if (version(leaf).child != none) continue;
    Point last = last_seen_[leaf];
    for (std::uint32_t v = version(leaf).parent; v != none; v = version(v).parent) {
      last = last_seen_[v] = std::max(last, last_seen_[v]);
    }
  }
}

Point StaleReads::overwritten_by(const Observation& o) const {
  const Version& shown = version(o.version);
  const bool made_from_it = shown.child != none && version(shown.child).op != o.op;
  return std::min(overwritten_by_[shown.root], made_from_it ? version(shown.child).effect_by : never);
}

std::vector<StaleReads::StaleVersion> StaleReads::find_stale() {
  evidence_.versions().for_each_observation([&](const Observation& o) {
    if (o.begin > overwritten_by(o)) stale_.push_back(o);
  });
  std::vector<StaleVersion> found;
  std::vector<std::uint32_t> place(versions_.size(), none);  // of a version in `found`
  for (const Observation& o : stale_) {
    explained_[version(o.version).root] = true;
    std::uint32_t& at = place[o.version];
    if (at == none) {
      at = static_cast<std::uint32_t>(found.size());
      found.push_back({o, o});
    }
    if (o.end < found[at].first.end) found[at].first = o;
    if (o.begin > found[at].last.begin) found[at].last = o;
  }
  std::ranges::sort(found, {}, [](const StaleVersion& s) { return s.first.end; });
  if (found.size() > ProvenFailures::most) found.resize(ProvenFailures::most);
  return found;
}

StaleReads::Newer StaleReads::newer_than(const Observation& o) const {
  Newer newer;
  std::vector<bool> is_newer(versions_.size(), false);
  const auto add_from = [&](std::uint32_t v) {
    for (; v != none && !is_newer[v] && version(v).effect_by < o.begin; v = version(v).child) {
      is_newer[v] = true;
      newer.all.push_back(v);
    }
  };
  const std::uint32_t root = version(o.version).root;
  add_from(version(o.version).child);
  const auto later = std::ranges::upper_bound(versions_, version(root).effect_by, {}, &Version::begin);
  for (auto v = static_cast<std::uint32_t>(later - versions_.begin()); v < versions_.size(); ++v) {
    if (version(v).begin > o.begin) break;
    if (version(v).root != root) add_from(v);
  }
  Point newest = 0;
  for (const std::uint32_t v : newer.all) newest = std::max(newest, version(v).begin);
  for (const std::uint32_t v : newer.all) {
    const std::uint32_t child = version(v).child;
    const bool overwritten = version(v).effect_by < newest || (child != none && version(child).effect_by < o.begin);
    if (!overwritten && better(o, v, newer.chosen)) newer.chosen = v;
  }
  return newer;
}

/// One that was seen again shows that the observation was stale; one that was acknowledged to somebody matters more
/// than one that was not.
bool StaleReads::better(const Observation& o, std::uint32_t v, std::uint32_t than) const {
  if (than == none) return true;
  const auto rank = [&](std::uint32_t u) {
    return std::tuple(seen_again(o, u), evidence_.acknowledged(u) < o.begin, evidence_.setter(u).ok(),
                      version(u).begin);
  };
  return rank(v) > rank(than);
}

bool StaleReads::is_of_older_generation(const Observation& o, std::uint32_t than) const {
  if (o.op == Observation::final_state) return false;
  const std::uint32_t generation = evidence_.object().operation(o.op).by.generation;
  return generation != 0 && generation < evidence_.setter(than).by.generation;
}

/// The last observation tells whether what should have been seen was gone for good.
void StaleReads::report(const StaleVersion& stale, ProvenFailures& failures) {
  const std::uint32_t gone = newer_than(stale.last).chosen;
  const bool is_lost = !seen_again(stale.last, gone) && !is_of_older_generation(stale.last, gone);
  if (is_lost) report_lost(gone, stale.last, failures);
  const Observation& o = stale.first;
  const Newer newer = newer_than(o);
  const bool again = seen_again(o, newer.chosen);
  if (!again && !is_of_older_generation(o, newer.chosen)) {
    report_lost(newer.chosen, o, failures);
  } else if (!is_lost) {
    failures.add(FailureKind::stale_read, evidence_.time_of(o.end), evidence_.number(o), proof(o, newer.chosen),
                 fmt::format("{}, {}: {}, {}", evidence_.observed(o), degree(o, newer),
                             evidence_.in_effect(newer.chosen, o.begin),
                             again ? "is seen again later" : "was answered by a newer generation"));
  }
}

/// Told by the first observation of the same version as `witness` that shows it.
void StaleReads::report_lost(std::uint32_t v, const Observation& witness, ProvenFailures& failures) {
  if (lost_[v]) return;  // reported already
  lost_[v] = explained_[version(v).root] = true;
  const Point gone_by = std::max(last_seen_[v], version(v).effect_by);
  Observation o = witness;
  for (const Observation& other : stale_) {
    const bool shows = other.version == o.version && other.begin > gone_by;
    if (shows && other.end < o.end && !is_of_older_generation(other, v)) o = other;
  }
  const std::string gone = o.op == Observation::final_state
                               ? "is gone at the end"
                               : "is in no read after " + evidence_.when(evidence_.time_of(o.begin));
  failures.add(evidence_.setter(v).ok() ? FailureKind::lost_write : FailureKind::dirty_read, evidence_.time_of(o.end),
               evidence_.number(o), proof(o, v),
               fmt::format("{}, {}: {}, which is older", evidence_.in_effect(v, o.begin), gone, evidence_.observed(o)));
}

/// "at least 2 versions and 40ms stale"
std::string StaleReads::degree(const Observation& o, const Newer& newer) const {
  std::string text = fmt::format("at least {} version{}", newer.all.size(), newer.all.size() == 1 ? "" : "s");
  if (evidence_.history().timed()) {
    Point since = never;
    for (const std::uint32_t v : newer.all) since = std::min(since, version(v).effect_by);
    text += " and " + to_string(evidence_.time_of(o.begin) - evidence_.time_of(since));
  }
  return text + " stale";
}

Proof StaleReads::proof(const Observation& o, std::uint32_t newer) const {
  Proof proof;
  evidence_.add_set(proof, newer, o.begin);
  evidence_.add_observation(proof, o);
  // When something of the newer chain began: its setter, or the operation whose answer shows that it was in effect.
  const auto [shows, by] = evidence_.shown(newer, o.begin);
  Point begin = version(newer).begin;
  if (evidence_.acknowledged(shows) >= o.begin) begin = std::max(begin, after(evidence_.operation_at(by).begin));

  const std::uint32_t root = version(o.version).root;
  if (version(newer).parent != o.version && version(o.version).own_by < begin) {
    evidence_.add_own(proof, o.version, begin);
  } else if (version(newer).root == root) {
    evidence_.add_steps(proof, o.version, newer);
  } else {
    std::uint32_t begun = newer;
    while (std::max(version(begun).begin, begin) < version(root).effect_by) begun = version(begun).parent;
    evidence_.add_chain(proof, o.version, std::max(version(begun).begin, begin));
    evidence_.add_steps(proof, begun, newer);
  }
  return proof;
}

}  // namespace heir::reports::objects
