// Consistency: which anomaly rules out which consistency model, and what follows for the others.
//
// Two graphs and a table between them, each row with its source (consistency.cc):
//   anomalies   "whoever shows a also shows b"                (G0 is a G1c with nothing read)
//   models      "whatever satisfies a also satisfies b"       (serializable, so snapshot isolation)
//   proscribed  "a model forbids an anomaly"                  (read committed forbids G1c)
// Names are Elle's (Kingsbury and Alvaro, VLDB 2020), so that a verdict can be compared with Elle's word by word.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "reports/check/verdict/verdict.h"

namespace heir::reports {

/// With which orders, other than those in the data, a cycle is closed.
enum class OrderVariant : std::uint8_t { data, process, real_time };

/// Anomalies by their names. The first block exists in three variants: G0, G0-process, G0-realtime.
enum class AnomalyName : std::uint8_t {
  g0,
  g1c,
  g1,
  g_single_item,
  g_single,
  g_nonadjacent_item,
  g_nonadjacent,
  g2_item,
  g2,
  last_with_variants = g2,
  g1a,
  g1b,
  internal,
  future_read,
  dirty_update,
  lost_update,
  duplicate_elements,
  incompatible_order,
  cyclic_versions,
  predicate_read_miss,
  garbage_read,
  not_causal,
  write_skew,
  // Adya's and Fekete's, which no checker of ours looks for by themselves; they may be asked for.
  g_si,
  g_si_a,
  g_si_b,
  g_cursor,
  g_monotonic,
  g_msr,
  g_update,
  last_name = g_update,
};

struct Anomaly {
  AnomalyName name = AnomalyName::g0;
  OrderVariant variant = OrderVariant::data;  ///< `data` for names without variants.

  constexpr Anomaly() = default;
  constexpr Anomaly(AnomalyName n, OrderVariant v = OrderVariant::data) : name(n), variant(v) {}
  bool operator==(const Anomaly&) const = default;
};
/// "G-single-item-realtime"
std::string_view to_string(Anomaly anomaly);
std::optional<Anomaly> anomaly_named(std::string_view name);
/// Every name, in the order of AnomalyName.
std::vector<std::string_view> anomaly_names();
/// None for failures that are no transactional anomaly of the literature, such as lost-append.
std::optional<Anomaly> anomaly_of(FailureKind kind);

enum class ConsistencyModel : std::uint8_t {
  read_uncommitted,  ///< PL-1.
  read_committed,    ///< PL-2.
  cursor_stability,
  monotonic_view,
  monotonic_snapshot_read,
  consistent_view,
  forward_consistent_view,
  repeatable_read,  ///< PL-2.99.
  update_serializable,
  snapshot_isolation,
  serializable,  ///< Conflict serializability, PL-3.
  strong_session_read_uncommitted,
  strong_session_read_committed,
  strong_session_snapshot_isolation,
  strong_session_serializable,
  strong_read_uncommitted,
  strong_read_committed,
  strong_snapshot_isolation,
  strong_serializable,  ///< Strict serializability, PL-SS.
  monotonic_atomic_view,
  read_atomic,
  update_atomic,
  causal_cerone,
  prefix,
  parallel_snapshot_isolation,
  view_serializable,
  session_serializable,
  one_copy_serializable,
  // Elle's, of single objects.
  linearizable,
  sequential,
  causal,  ///< Of transactions: transactional causal consistency, with sessions (causal.h).
  pram,
  writes_follow_reads,
  monotonic_reads,
  monotonic_writes,
  read_your_writes,
  last_model = read_your_writes,
};
/// "snapshot-isolation"
std::string_view to_string(ConsistencyModel model);
/// Also by the other names: PL-SI, strict-serializable, conflict-serializable …
std::optional<ConsistencyModel> consistency_model_named(std::string_view name);
/// Every name understood, sorted.
std::vector<std::string_view> consistency_model_names();

/// A set of at most 64 things that have a number.
template <class T>
class SmallSet {
 public:
  constexpr SmallSet() = default;
  constexpr SmallSet(std::initializer_list<T> all) {
    for (const T t : all) insert(t);
  }
  constexpr void insert(T t) { bits_ |= std::uint64_t{1} << number_of(t); }
  constexpr bool contains(T t) const { return (bits_ >> number_of(t) & 1) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr SmallSet& operator|=(SmallSet other) {
    bits_ |= other.bits_;
    return *this;
  }
  friend constexpr SmallSet operator|(SmallSet a, SmallSet b) { return a |= b; }
  friend constexpr SmallSet operator&(SmallSet a, SmallSet b) {
    a.bits_ &= b.bits_;
    return a;
  }
  bool operator==(const SmallSet&) const = default;

 private:
  std::uint64_t bits_ = 0;
};

/// Below 64.
constexpr std::size_t number_of(ConsistencyModel model) {
  return static_cast<std::size_t>(model);
}
constexpr std::size_t number_of(Anomaly anomaly) {
  constexpr auto with_variants = static_cast<std::size_t>(AnomalyName::last_with_variants) + 1;
  const auto name = static_cast<std::size_t>(anomaly.name);
  return name < with_variants ? 3 * name + static_cast<std::size_t>(anomaly.variant) : name + 2 * with_variants;
}

using AnomalySet = SmallSet<Anomaly>;
using ModelSet = SmallSet<ConsistencyModel>;

/// In the order of their numbers.
std::vector<Anomaly> members(AnomalySet anomalies);
std::vector<ConsistencyModel> members(ModelSet models);

/// The anomalies given and all that they are instances of.
AnomalySet implied_by(AnomalySet anomalies);
/// The anomalies given and all that are instances of them.
AnomalySet instances_of(AnomalySet anomalies);

/// Every anomaly that shows that one of the models does not hold. Empty for models, such as `monotonic_reads`, of which
/// the anomalies of transactions say nothing.
AnomalySet proscribed_by(ModelSet models);
/// Does the model forbid anything known that no weaker model forbids?
bool has_own_rules(ConsistencyModel model);

/// The orders that must be looked at to find the anomalies. Real time contains the processes' orders.
OrderVariant order_needed(AnomalySet anomalies);

/// A model that does not hold, and the proof: it, or a model weaker than it, forbids an anomaly that was found.
struct RuledOut {
  ConsistencyModel model;
  Anomaly found;            ///< Among those found.
  Anomaly forbidden;        ///< It is an instance of this one.
  std::string_view source;  ///< "Adya 1999": who forbids it.
};

/// What anomalies say of the models.
struct Boundary {
  std::vector<RuledOut> weakest;       ///< None of these follows from another. Elle's :not, by name.
  std::vector<ConsistencyModel> also;  ///< The stronger ones, which therefore do not hold either. Elle's :also-not.
};
Boundary boundary(AnomalySet found);

}  // namespace heir::reports
