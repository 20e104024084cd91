// Mutants: planted bugs, each a small wrong version of one rule, which the simulator must find (tests/mutants/).
//
// HEIR_MUTANT("name") is the constant `false`, and its name is nowhere in the binary, unless HEIR_MUTANTS is defined.
// That it is only for the sources of `heir-mutants`, compiled a second time; so a mutant stands in a .cc file, never in
// a header, where it would be another class for those who are compiled once.
#pragma once

#ifdef HEIR_MUTANTS
#include <string_view>

namespace heir::mutants {
/// Whether this mutant, the only one if any, is on in this process.
bool is_on(std::string_view name);
}  // namespace heir::mutants

#define HEIR_MUTANT(name) (::heir::mutants::is_on(name))
#else
#define HEIR_MUTANT(name) false
#endif
