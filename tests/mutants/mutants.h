// The catalogue of mutants: wrong versions of the rules, one at a time, that the simulator must find.
//
// A mutant is a line of the engine that HEIR_MUTANT (engine/base/mutant.h) makes wrong, or a rule that a scenario's
// [policy] can switch off, in every build. What no run can show says why: it is equivalent to the rule, or the
// simulated world lacks what it takes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace heir::mutants {

struct Mutant {
  std::string_view name;
  std::string_view wrong;       ///< What it does, in one sentence.
  std::string_view rule;        ///< That it breaks. "11: severing" is that line of the table of FAILOVER.md section 11.
  std::string_view exposes;     ///< What that should show as.
  std::string_view policy{};    ///< "sever=off": the switch that it is; empty: it is in the code.
  std::string_view scenario{};  ///< Where `random` hunts it, if scenarios/first/mixed.toml has not what it takes.
  std::string_view not_seen{};  ///< Why no run can show it; empty: one should.
};

/// All of them: every name once.
std::span<const Mutant> catalogue();
/// Null if there is none of that name.
const Mutant* find(std::string_view name);

/// For a scenario: "policy.sever=\"off\""; nothing if it is in the code.
std::optional<std::string> policy_override(const Mutant& mutant);

/// From here on this mutant is on in this process, or none (""). REQUIRES that no run is under way.
void turn_on(std::string_view name);

}  // namespace heir::mutants
