#include "engine/failover/policy.h"

#include <array>
#include <type_traits>
#include <utility>

namespace heir::failover {

namespace {

// The names of an enum's values, in the order of their declaration.
template <class E>
constexpr std::array<std::string_view, 2> names_of = {"false", "true"};
template <>
constexpr std::array<std::string_view, 2> names_of<PositionKind> = {"received", "replayed"};
template <>
constexpr std::array<std::string_view, 3> names_of<Severing> = {"durable", "until-restart", "off"};
template <>
constexpr std::array<std::string_view, 3> names_of<Acknowledge> = {"flushed", "written", "nothing"};
template <>
constexpr std::array<std::string_view, 3> names_of<Promotion> = {"switchover", "takeover", "ignored"};
template <>
constexpr std::array<std::string_view, 3> names_of<Frozen> = {"by-mode", "tracks-asyncs", "nothing"};
template <>
constexpr std::array<std::string_view, 2> names_of<FirstSync> = {"first", "last"};
template <>
constexpr std::array<std::string_view, 3> names_of<BootstrapOver> = {"all-empty", "own-empty", "any-data"};
template <>
constexpr std::array<std::string_view, 3> names_of<Downstream> = {"tracked", "when-gained", "primary-only"};
template <>
constexpr std::array<std::string_view, 2> names_of<RewindAgainst> = {"primary", "upstream"};

/// Calls visit(name, field) for every switch; the one list from which all else follows.
template <class P, class Visit>
void for_each_switch(P& p, Visit visit) {
  visit("initial_position", p.initial_position);
  visit("compare_lineages", p.compare_lineages);
  visit("check_initial_position", p.check_initial_position);
  visit("primary_checks_position", p.primary_checks_position);
  visit("opened_names_session", p.opened_names_session);
  visit("fresh_session_after_unknown", p.fresh_session_after_unknown);
  visit("fresh_read_before_opening", p.fresh_read_before_opening);
  visit("remember_generation", p.remember_generation);
  visit("bootstrap_over", p.bootstrap_over);
  visit("check_cluster_identity", p.check_cluster_identity);
  visit("adopt_with_position", p.adopt_with_position);
  visit("sever", p.sever);
  visit("use_proven", p.use_proven);
  visit("rebuilt_is_not_proven", p.rebuilt_is_not_proven);
  visit("late_joiner", p.late_joiner);
  visit("former_sync_candidate", p.former_sync_candidate);
  visit("deposed_candidate", p.deposed_candidate);
  visit("own_disk", p.own_disk);
  visit("gate", p.gate);
  visit("lease", p.lease);
  visit("lease_margin", p.lease_margin);
  visit("hold_gate_before_position", p.hold_gate_before_position);
  visit("close_gate_on_restart", p.close_gate_on_restart);
  visit("hold_on_cancelled_wait", p.hold_on_cancelled_wait);
  visit("proof_at_opening", p.proof_at_opening);
  visit("only_named_sync", p.only_named_sync);
  visit("acknowledge", p.acknowledge);
  visit("fsync", p.fsync);
  visit("replace_stalled_sync", p.replace_stalled_sync);
  visit("resign", p.resign);
  visit("first_sync", p.first_sync);
  visit("promotion", p.promotion);
  visit("frozen", p.frozen);
  visit("automatic_rejoin", p.automatic_rejoin);
  visit("distrust_own_disk", p.distrust_own_disk);
  visit("rewind_on_fresh_read", p.rewind_on_fresh_read);
  visit("rewind_against", p.rewind_against);
  visit("history", p.history);
  visit("downstream", p.downstream);
}

std::string alternatives(std::span<const std::string_view> values) {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) text += i + 1 == values.size() ? " or " : ", ";
    text += "\"" + std::string(values[i]) + "\"";
  }
  return text;
}

}  // namespace

Policy heir_policy() {
  return {};
}

Policy manatee_policy() {
  Policy p;
  p.initial_position = PositionKind::replayed;
  p.compare_lineages = false;
  p.opened_names_session = false;
  p.fresh_session_after_unknown = false;
  p.fresh_read_before_opening = false;
  p.remember_generation = false;
  p.bootstrap_over = BootstrapOver::own_empty;
  p.check_cluster_identity = false;
  p.adopt_with_position = false;
  p.sever = Severing::off;
  p.use_proven = false;
  p.late_joiner = false;
  p.former_sync_candidate = false;
  p.deposed_candidate = false;
  p.own_disk = false;
  p.gate = false;
  p.lease = false;
  p.lease_margin = false;
  p.hold_gate_before_position = false;
  p.close_gate_on_restart = false;
  p.hold_on_cancelled_wait = false;
  p.proof_at_opening = false;
  p.replace_stalled_sync = false;
  p.resign = false;
  p.promotion = Promotion::takeover;
  p.frozen = Frozen::tracks_asyncs;
  p.automatic_rejoin = false;
  p.distrust_own_disk = false;
  p.rewind_on_fresh_read = false;
  p.rewind_against = RewindAgainst::upstream;
  p.downstream = Downstream::primary_only;
  return p;
}

Policy sirenia_policy() {
  Policy p = manatee_policy();
  p.primary_checks_position = true;
  p.first_sync = FirstSync::last;
  p.promotion = Promotion::ignored;
  p.frozen = Frozen::nothing;
  p.history = false;
  p.downstream = Downstream::when_gained;
  return p;
}

Result<Policy> policy_named(std::string_view name) {
  if (name == "heir") return heir_policy();
  if (name == "manatee") return manatee_policy();
  if (name == "sirenia") return sirenia_policy();
  return Error{ErrorCode::invalid,
               "policy '" + std::string(name) + "' is not known; expected \"heir\", \"manatee\" or \"sirenia\""};
}

std::span<const PolicySwitch> policy_switches() {
  static const std::vector<PolicySwitch> switches = [] {
    std::vector<PolicySwitch> all;
    const Policy p;
    for_each_switch(p, [&](std::string_view name, const auto& field) {
      const auto& names = names_of<std::remove_cvref_t<decltype(field)>>;
      all.push_back({name, {names.begin(), names.end()}});
    });
    return all;
  }();
  return switches;
}

Result<> set_switch(Policy& policy, std::string_view name, std::string_view value) {
  Result<> outcome(ErrorCode::invalid, "policy switch '" + std::string(name) + "' is not known");
  for_each_switch(policy, [&](std::string_view candidate, auto& field) {
    if (candidate != name) return;
    using Field = std::remove_cvref_t<decltype(field)>;
    const auto& names = names_of<Field>;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] != value) continue;
      field = static_cast<Field>(i);
      outcome = Unit{};
      return;
    }
    outcome = Error{ErrorCode::invalid, "policy switch '" + std::string(name) + "' is " + alternatives(names) +
                                            ", not \"" + std::string(value) + "\""};
  });
  return outcome;
}

std::string_view switch_value(const Policy& policy, std::string_view name) {
  std::string_view value;
  for_each_switch(policy, [&](std::string_view candidate, const auto& field) {
    if (candidate == name) value = names_of<std::remove_cvref_t<decltype(field)>>[static_cast<std::size_t>(field)];
  });
  ASSERT(!value.empty(), "no policy switch '" + std::string(name) + "'");
  return value;
}

}  // namespace heir::failover
