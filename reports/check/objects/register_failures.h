// The names of what is wrong with a register, each with the operations that prove it.
#pragma once

#include "reports/check/objects/versions.h"

namespace heir::reports::objects {

/// In order of time; empty exactly if the register is linearizable apart from refusals. Of what is found more often,
/// the first of each value that was read, and not more than ProvenFailures::most of a kind.
std::vector<Failure> register_failures(const Object& object, const Versions& versions);

/// Operation `refusal` of the object, a compare-and-set that saw another value than it expected, though the expected
/// one was certainly there all the time. Nothing if that is not certain. REQUIRES: somebody set that value, and there
/// are no register_failures().
std::optional<Failure> impossible_refusal(const Object& object, const Versions& versions, std::uint32_t refusal);

}  // namespace heir::reports::objects
