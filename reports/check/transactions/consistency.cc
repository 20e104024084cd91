#include "reports/check/transactions/consistency.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "engine/base/assert.h"
#include "reports/check/transactions/consistency_rules.h"

namespace heir::reports {
namespace {

using namespace rules;

// ---- Names.

constexpr std::size_t names = static_cast<std::size_t>(A::last_name) + 1;
constexpr std::size_t names_with_variants = static_cast<std::size_t>(A::last_with_variants) + 1;
constexpr std::size_t anomalies = names + 2 * names_with_variants;
constexpr std::size_t models = static_cast<std::size_t>(M::last_model) + 1;
static_assert(anomalies <= 64 && models <= 64, "SmallSet holds 64");

constexpr std::array<std::string_view, names> base_names{
    "G0",
    "G1c",
    "G1",
    "G-single-item",
    "G-single",
    "G-nonadjacent-item",
    "G-nonadjacent",
    "G2-item",
    "G2",
    "G1a",
    "G1b",
    "internal",
    "future-read",
    "dirty-update",
    "lost-update",
    "duplicate-elements",
    "incompatible-order",
    "cyclic-versions",
    "predicate-read-miss",
    "garbage-read",
    "not-causal",
    "write-skew",
    "G-SI",
    "G-SIa",
    "G-SIb",
    "G-cursor",
    "G-monotonic",
    "G-MSR",
    "G-update",
};

bool has_variants(A name) {
  return name <= A::last_with_variants;
}

Anomaly numbered(std::size_t number) {
  if (number < 3 * names_with_variants) return {static_cast<A>(number / 3), static_cast<Variant>(number % 3)};
  return static_cast<A>(number - 2 * names_with_variants);
}

const std::array<std::string, anomalies>& all_anomaly_names() {
  static const auto all = [] {
    constexpr std::array suffixes{"", "-process", "-realtime"};
    std::array<std::string, anomalies> result;
    for (std::size_t i = 0; i < anomalies; ++i) {
      const Anomaly anomaly = numbered(i);
      result[i] = std::string(base_names[static_cast<std::size_t>(anomaly.name)]) +
                  suffixes[static_cast<std::size_t>(anomaly.variant)];
    }
    return result;
  }();
  return all;
}

struct ModelNames {
  M model;
  std::string_view name;   ///< As verdicts say it.
  std::string_view level;  ///< The same as a level of Adya's, if there is one.
};
constexpr std::array<ModelNames, models> model_table{{
    {M::read_uncommitted, "read-uncommitted", "PL-1"},
    {M::read_committed, "read-committed", "PL-2"},
    {M::cursor_stability, "cursor-stability", "PL-CS"},
    {M::monotonic_view, "monotonic-view", "PL-2L"},
    {M::monotonic_snapshot_read, "monotonic-snapshot-read", "PL-MSR"},
    {M::consistent_view, "consistent-view", "PL-2+"},
    {M::forward_consistent_view, "forward-consistent-view", "PL-FCV"},
    {M::repeatable_read, "repeatable-read", "PL-2.99"},
    {M::update_serializable, "update-serializable", "PL-3U"},
    {M::snapshot_isolation, "snapshot-isolation", "PL-SI"},
    {M::serializable, "serializable", "PL-3"},
    {M::strong_session_read_uncommitted, "strong-session-read-uncommitted", "strong-session-PL-1"},
    {M::strong_session_read_committed, "strong-session-read-committed", "strong-session-PL-2"},
    {M::strong_session_snapshot_isolation, "strong-session-snapshot-isolation", {}},
    {M::strong_session_serializable, "strong-session-serializable", {}},
    {M::strong_read_uncommitted, "strong-read-uncommitted", "strong-PL-1"},
    {M::strong_read_committed, "strong-read-committed", "strong-PL-2"},
    {M::strong_snapshot_isolation, "strong-snapshot-isolation", {}},
    {M::strong_serializable, "strong-serializable", "PL-SS"},
    {M::monotonic_atomic_view, "monotonic-atomic-view", {}},
    {M::read_atomic, "read-atomic", {}},
    {M::update_atomic, "update-atomic", {}},
    {M::causal_cerone, "causal-cerone", {}},
    {M::prefix, "prefix", {}},
    {M::parallel_snapshot_isolation, "parallel-snapshot-isolation", {}},
    {M::view_serializable, "view-serializable", {}},
    {M::session_serializable, "session-serializable", {}},
    {M::one_copy_serializable, "1SR", {}},
    {M::linearizable, "linearizable", {}},
    {M::sequential, "sequential", {}},
    {M::causal, "causal", {}},
    {M::pram, "PRAM", {}},
    {M::writes_follow_reads, "writes-follow-reads", {}},
    {M::monotonic_reads, "monotonic-reads", {}},
    {M::monotonic_writes, "monotonic-writes", {}},
    {M::read_your_writes, "read-your-writes", {}},
}};

constexpr std::array<std::pair<std::string_view, M>, 2> more_names{{
    {"conflict-serializable", M::serializable},
    {"strict-serializable", M::strong_serializable},
}};

// ---- What follows, worked out once.

/// By row the set of all columns that can be reached, itself included.
template <class T, std::size_t n>
using Reach = std::array<SmallSet<T>, n>;

struct Lattice {
  Reach<Anomaly, anomalies> implied;
  Reach<Anomaly, anomalies> instances;
  Reach<M, models> weaker;
  Reach<M, models> stronger;
};

template <class T, std::size_t n, class Numbered>
void close_transitively(Reach<T, n>& reach, Numbered numbered_by) {
  for (std::size_t via = 0; via < n; ++via) {
    for (auto& row : reach) {
      if (row.contains(numbered_by(via))) row |= reach[via];
    }
  }
}

template <class T, std::size_t n, class Numbered>
Reach<T, n> reversed(const Reach<T, n>& reach, Numbered numbered_by) {
  Reach<T, n> result;
  for (std::size_t to = 0; to < n; ++to) {
    for (std::size_t from = 0; from < n; ++from) {
      if (reach[from].contains(numbered_by(to))) result[to].insert(numbered_by(from));
    }
  }
  return result;
}

Lattice work_out() {
  Lattice lattice;
  const auto add = [&](Anomaly shown, Anomaly also) { lattice.implied[number_of(shown)].insert(also); };
  for (std::size_t i = 0; i < anomalies; ++i) {
    const Anomaly anomaly = numbered(i);
    add(anomaly, anomaly);
    if (!has_variants(anomaly.name)) continue;
    if (anomaly.variant == Variant::data) add(anomaly, {anomaly.name, Variant::process});
    if (anomaly.variant == Variant::process) add(anomaly, {anomaly.name, Variant::real_time});
  }
  for (const AnomalyRule& rule : anomaly_rules) {
    add(rule.shown, rule.implied);
    if (!has_variants(rule.shown) || !has_variants(rule.implied)) continue;
    for (const Variant variant : {Variant::process, Variant::real_time}) {
      add({rule.shown, variant}, {rule.implied, variant});
    }
  }
  const auto model_numbered = [](std::size_t i) { return static_cast<M>(i); };
  for (std::size_t i = 0; i < models; ++i) lattice.weaker[i].insert(model_numbered(i));
  for (const ModelRule& rule : model_rules) lattice.weaker[number_of(rule.stronger)].insert(rule.weaker);

  close_transitively(lattice.implied, numbered);
  close_transitively(lattice.weaker, model_numbered);
  lattice.instances = reversed(lattice.implied, numbered);
  lattice.stronger = reversed(lattice.weaker, model_numbered);
  return lattice;
}

const Lattice& lattice() {
  static const Lattice once = work_out();
  return once;
}

template <class T, std::size_t n>
SmallSet<T> reachable(SmallSet<T> from, const Reach<T, n>& reach) {
  SmallSet<T> result;
  for (const T t : members(from)) result |= reach[number_of(t)];
  return result;
}

/// The first anomaly found that is an instance of the one forbidden.
Anomaly instance_among(AnomalySet found, Anomaly forbidden) {
  return members(found & lattice().instances[number_of(forbidden)]).front();
}

}  // namespace

std::string_view to_string(Anomaly anomaly) {
  return all_anomaly_names()[number_of(anomaly)];
}

std::optional<Anomaly> anomaly_named(std::string_view name) {
  // Elle's spelling of Adya's G-SI.
  if (name == "GSI") return Anomaly(A::g_si);
  if (name == "GSIa") return Anomaly(A::g_si_a);
  if (name == "GSIb") return Anomaly(A::g_si_b);
  const auto& all = all_anomaly_names();
  const auto found = std::find(all.begin(), all.end(), name);
  if (found == all.end()) return std::nullopt;
  return numbered(static_cast<std::size_t>(found - all.begin()));
}

std::vector<std::string_view> anomaly_names() {
  const auto& all = all_anomaly_names();
  return {all.begin(), all.end()};
}

std::optional<Anomaly> anomaly_of(FailureKind kind) {
  return anomaly_named(to_string(kind));
}

std::string_view to_string(ConsistencyModel model) {
  return model_table[number_of(model)].name;
}

std::optional<ConsistencyModel> consistency_model_named(std::string_view name) {
  for (const ModelNames& row : model_table) {
    if (row.name == name || (!row.level.empty() && row.level == name)) return row.model;
  }
  for (const auto& [other, model] : more_names) {
    if (other == name) return model;
  }
  return std::nullopt;
}

std::vector<std::string_view> consistency_model_names() {
  std::vector<std::string_view> all;
  for (const ModelNames& row : model_table) {
    ASSERT(number_of(row.model) == static_cast<std::size_t>(&row - model_table.data()), "model_table follows the enum");
    all.push_back(row.name);
    if (!row.level.empty()) all.push_back(row.level);
  }
  for (const auto& [other, model] : more_names) all.push_back(other);
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<Anomaly> members(AnomalySet set) {
  std::vector<Anomaly> result;
  for (std::size_t i = 0; i < anomalies; ++i) {
    if (set.contains(numbered(i))) result.push_back(numbered(i));
  }
  return result;
}

std::vector<ConsistencyModel> members(ModelSet set) {
  std::vector<ConsistencyModel> result;
  for (std::size_t i = 0; i < models; ++i) {
    if (set.contains(static_cast<M>(i))) result.push_back(static_cast<M>(i));
  }
  return result;
}

AnomalySet implied_by(AnomalySet set) {
  return reachable(set, lattice().implied);
}

AnomalySet instances_of(AnomalySet set) {
  return reachable(set, lattice().instances);
}

AnomalySet proscribed_by(ModelSet set) {
  const ModelSet required = reachable(set, lattice().weaker);
  AnomalySet forbidden;
  for (const Proscription& row : proscriptions) {
    if (required.contains(row.model)) forbidden.insert(row.forbidden);
  }
  return instances_of(forbidden);
}

bool has_own_rules(ConsistencyModel model) {
  return std::any_of(proscriptions.begin(), proscriptions.end(),
                     [&](const Proscription& row) { return row.model == model; });
}

OrderVariant order_needed(AnomalySet set) {
  OrderVariant needed = Variant::data;
  for (const Anomaly anomaly : members(set)) needed = std::max(needed, anomaly.variant);
  return needed;
}

Boundary boundary(AnomalySet found) {
  const AnomalySet shown = implied_by(found);
  std::array<const Proscription*, models> proof{};
  ModelSet impossible;
  for (const Proscription& row : proscriptions) {
    if (!shown.contains(row.forbidden)) continue;
    impossible |= lattice().stronger[number_of(row.model)];
    if (proof[number_of(row.model)] == nullptr) proof[number_of(row.model)] = &row;
  }

  Boundary result;
  for (const M model : members(impossible)) {
    const ModelSet weaker_ones = lattice().weaker[number_of(model)] & impossible;
    if (members(weaker_ones).size() > 1) {
      result.also.push_back(model);
    } else {
      const Proscription* row = proof[number_of(model)];
      ASSERT(row != nullptr, "the weakest models ruled out forbid something themselves");
      result.weakest.push_back({model, instance_among(found, row->forbidden), row->forbidden, row->source});
    }
  }
  const auto by_name = [](M a, M b) { return to_string(a) < to_string(b); };
  std::sort(result.also.begin(), result.also.end(), by_name);
  std::sort(result.weakest.begin(), result.weakest.end(),
            [&](const RuledOut& a, const RuledOut& b) { return by_name(a.model, b.model); });
  return result;
}

}  // namespace heir::reports
