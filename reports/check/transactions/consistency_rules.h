// The rules of consistency.h as tables, each row with its source. Only consistency.cc reads them.
#pragma once

#include <array>
#include <string_view>

#include "reports/check/transactions/consistency.h"

namespace heir::reports::rules {

using A = AnomalyName;
using M = ConsistencyModel;
using Variant = OrderVariant;

inline constexpr std::string_view adya = "Adya 1999";
inline constexpr std::string_view adya_icde = "Adya, Liskov and O'Neil 2000";
inline constexpr std::string_view bailis = "Bailis et al. 2014";
inline constexpr std::string_view berenson = "Berenson et al. 1995";
inline constexpr std::string_view bernstein = "Bernstein, Hadzilacos and Goodman 1987";
inline constexpr std::string_view biswas = "Biswas and Enea 2019";
inline constexpr std::string_view cerone = "Cerone, Bernardi and Gotsman 2015";
inline constexpr std::string_view cerone_si = "Cerone and Gotsman 2016";
inline constexpr std::string_view daudjee = "Daudjee and Salem 2004";
inline constexpr std::string_view daudjee_si = "Daudjee and Salem 2006";
inline constexpr std::string_view liu = "Liu et al. 2018";
inline constexpr std::string_view zuikeviciute = "Zuikeviciute and Pedone 2008";
inline constexpr std::string_view elle = "Kingsbury and Alvaro 2020";
inline constexpr std::string_view by_definition = "by definition";

// ---- Anomalies: whoever shows the first shows the second too.

struct AnomalyRule {
  A shown;
  A implied;
  std::string_view source;
};

/// Of names that both have variants a rule holds in each of them. Beside these, an anomaly of the data is one of the
/// processes (with no need of their order), and one of the processes is one of real time (a process does one thing at
/// a time).
inline constexpr std::array anomaly_rules{
    AnomalyRule{A::g0, A::g1c, adya},
    AnomalyRule{A::g1a, A::g1, adya},
    AnomalyRule{A::g1b, A::g1, adya},
    AnomalyRule{A::g1c, A::g1, adya},
    AnomalyRule{A::g_single_item, A::g_single, by_definition},
    AnomalyRule{A::g_single_item, A::g_nonadjacent_item, by_definition},
    AnomalyRule{A::g_single, A::g_nonadjacent, by_definition},
    AnomalyRule{A::g_single, A::g_si_b, adya},
    AnomalyRule{A::g_nonadjacent_item, A::g_nonadjacent, by_definition},
    AnomalyRule{A::g_nonadjacent_item, A::g2_item, by_definition},
    AnomalyRule{A::g_nonadjacent, A::g2, by_definition},
    AnomalyRule{A::g2_item, A::g2, adya},
    AnomalyRule{A::g_si_a, A::g_si, adya},
    AnomalyRule{A::g_si_b, A::g_si, adya},
    // Two reads that fit in no one order of appends: one of them saw what did not last.
    AnomalyRule{A::incompatible_order, A::g1a, elle},
    // A transaction that reads what it writes only later depends on itself.
    AnomalyRule{A::future_read, A::g1c, elle},
    // A write upon what was rolled back: the aborted read of a writer.
    AnomalyRule{A::dirty_update, A::g1a, elle},
    // What nobody wrote, nobody committed.
    AnomalyRule{A::garbage_read, A::g1a, by_definition},
    AnomalyRule{A::lost_update, A::write_skew, bailis},
    AnomalyRule{A::lost_update, A::g2_item, bailis},
    AnomalyRule{A::write_skew, A::g2, berenson},
};

// ---- Models: whatever satisfies the first satisfies the second too.

struct ModelRule {
  M stronger;
  M weaker;
  std::string_view source;
};

inline constexpr std::array model_rules{
    ModelRule{M::read_committed, M::read_uncommitted, adya},
    ModelRule{M::cursor_stability, M::read_committed, adya},
    ModelRule{M::monotonic_view, M::read_committed, adya},
    ModelRule{M::monotonic_snapshot_read, M::read_committed, adya},
    ModelRule{M::consistent_view, M::cursor_stability, adya},
    ModelRule{M::consistent_view, M::monotonic_view, adya},
    ModelRule{M::forward_consistent_view, M::consistent_view, adya},
    ModelRule{M::update_serializable, M::forward_consistent_view, adya},
    ModelRule{M::repeatable_read, M::cursor_stability, adya},
    ModelRule{M::repeatable_read, M::monotonic_atomic_view, bailis},
    ModelRule{M::serializable, M::repeatable_read, adya},
    ModelRule{M::serializable, M::update_serializable, adya},
    ModelRule{M::serializable, M::snapshot_isolation, bailis},
    ModelRule{M::serializable, M::view_serializable, bernstein},
    ModelRule{M::snapshot_isolation, M::forward_consistent_view, adya},
    ModelRule{M::snapshot_isolation, M::monotonic_snapshot_read, adya},
    ModelRule{M::snapshot_isolation, M::monotonic_atomic_view, bailis},
    ModelRule{M::snapshot_isolation, M::parallel_snapshot_isolation, cerone},
    ModelRule{M::snapshot_isolation, M::prefix, cerone},
    ModelRule{M::parallel_snapshot_isolation, M::causal_cerone, cerone},
    ModelRule{M::parallel_snapshot_isolation, M::update_atomic, liu},
    ModelRule{M::prefix, M::causal_cerone, cerone},
    ModelRule{M::causal_cerone, M::read_atomic, cerone},
    ModelRule{M::update_atomic, M::read_atomic, cerone},
    ModelRule{M::read_atomic, M::monotonic_atomic_view, cerone},
    ModelRule{M::monotonic_atomic_view, M::read_committed, bailis},
    ModelRule{M::strong_session_read_uncommitted, M::read_uncommitted, by_definition},
    ModelRule{M::strong_session_read_committed, M::read_committed, by_definition},
    ModelRule{M::strong_session_read_committed, M::strong_session_read_uncommitted, by_definition},
    ModelRule{M::strong_session_snapshot_isolation, M::snapshot_isolation, daudjee_si},
    ModelRule{M::strong_session_snapshot_isolation, M::strong_session_read_committed, by_definition},
    ModelRule{M::strong_session_snapshot_isolation, M::causal, cerone},
    ModelRule{M::strong_session_serializable, M::serializable, daudjee},
    ModelRule{M::strong_session_serializable, M::strong_session_snapshot_isolation, by_definition},
    ModelRule{M::strong_read_uncommitted, M::strong_session_read_uncommitted, by_definition},
    ModelRule{M::strong_read_committed, M::strong_session_read_committed, by_definition},
    ModelRule{M::strong_read_committed, M::strong_read_uncommitted, by_definition},
    ModelRule{M::strong_snapshot_isolation, M::strong_session_snapshot_isolation, daudjee_si},
    ModelRule{M::strong_snapshot_isolation, M::strong_read_committed, by_definition},
    ModelRule{M::strong_serializable, M::strong_session_serializable, daudjee},
    ModelRule{M::strong_serializable, M::strong_snapshot_isolation, by_definition},
    ModelRule{M::strong_serializable, M::session_serializable, zuikeviciute},
    ModelRule{M::strong_serializable, M::linearizable, bailis},
    ModelRule{M::session_serializable, M::one_copy_serializable, zuikeviciute},
    ModelRule{M::linearizable, M::sequential, bailis},
    ModelRule{M::sequential, M::causal, bailis},
    ModelRule{M::causal, M::writes_follow_reads, bailis},
    ModelRule{M::causal, M::pram, bailis},
    ModelRule{M::pram, M::monotonic_reads, bailis},
    ModelRule{M::pram, M::monotonic_writes, bailis},
    ModelRule{M::pram, M::read_your_writes, bailis},
};

// ---- What a model forbids beyond what the weaker ones forbid.

struct Proscription {
  M model;
  Anomaly forbidden;
  std::string_view source;
};

inline constexpr std::array proscriptions{
    Proscription{M::read_uncommitted, A::g0, adya},
    // Versions of an object have one total order, in which a version occurs once (Adya 1999, section 4.2).
    Proscription{M::read_uncommitted, A::duplicate_elements, elle},
    Proscription{M::read_uncommitted, A::cyclic_versions, elle},
    Proscription{M::read_committed, A::g1, adya},
    Proscription{M::cursor_stability, A::g_cursor, adya},
    Proscription{M::cursor_stability, A::lost_update, bailis},
    Proscription{M::monotonic_view, A::g_monotonic, adya},
    Proscription{M::monotonic_snapshot_read, A::g_msr, adya},
    Proscription{M::consistent_view, A::g_single, adya},
    Proscription{M::forward_consistent_view, A::g_si_b, adya},
    Proscription{M::update_serializable, A::g_update, adya},
    Proscription{M::repeatable_read, A::g2_item, adya},
    Proscription{M::repeatable_read, A::lost_update, bailis},
    Proscription{M::snapshot_isolation, A::internal, cerone},
    Proscription{M::snapshot_isolation, A::g_si, adya},
    // Any cycle without two rw in succession, not only those with one.
    Proscription{M::snapshot_isolation, A::g_nonadjacent, cerone_si},
    Proscription{M::serializable, A::g2, adya},
    Proscription{M::serializable, A::internal, cerone},
    // A predicate that every version of a row satisfies, and a read by it that misses the row.
    Proscription{M::serializable, A::predicate_read_miss, elle},
    Proscription{M::read_atomic, A::internal, cerone},
    Proscription{M::read_atomic, A::g1a, cerone},
    Proscription{M::read_atomic, A::future_read, cerone},
    Proscription{M::update_atomic, A::lost_update, cerone},
    Proscription{M::causal, A::not_causal, biswas},
    Proscription{M::strong_session_read_uncommitted, {A::g0, Variant::process}, by_definition},
    Proscription{M::strong_session_read_committed, {A::g1c, Variant::process}, by_definition},
    Proscription{M::strong_session_snapshot_isolation, {A::g1, Variant::process}, daudjee_si},
    Proscription{M::strong_session_snapshot_isolation, {A::g_nonadjacent, Variant::process}, cerone_si},
    Proscription{M::strong_session_serializable, {A::g1, Variant::process}, daudjee},
    Proscription{M::strong_session_serializable, {A::g2, Variant::process}, daudjee},
    Proscription{M::strong_read_uncommitted, {A::g0, Variant::real_time}, by_definition},
    Proscription{M::strong_read_committed, {A::g1c, Variant::real_time}, by_definition},
    Proscription{M::strong_snapshot_isolation, {A::g1, Variant::real_time}, daudjee_si},
    Proscription{M::strong_snapshot_isolation, {A::g_nonadjacent, Variant::real_time}, cerone_si},
    Proscription{M::strong_serializable, {A::g1c, Variant::real_time}, adya_icde},
    Proscription{M::strong_serializable, {A::g2, Variant::real_time}, adya_icde},
};

}  // namespace heir::reports::rules
