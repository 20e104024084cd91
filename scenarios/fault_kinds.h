// FaultKind: every kind of fault, its family, and what happens in the world that it stands for. One table; the names in
// files, the reference and the nemesis are made from it.
#pragma once

#include <span>
#include <string_view>

#include "scenarios/names.h"
#include "scenarios/scenario.h"

namespace heir::scenarios {

struct FaultTraits {
  FaultKind kind;
  std::string_view name;  ///< As in files.
  FaultFamily family;
  std::string_view meaning;
  std::string_view stands_for;  ///< What it is in production.
};

/// Whether a fault of this kind can take away what a disk had promised to hold: the atlas watches it.
bool may_lose_data(const Fault& fault, FaultKind kind);

/// Whether it strikes a host, or some; else everybody, or the cluster.
bool takes_target(FaultKind kind);

/// In the order of the enumeration. `random` is of no family; it is told as `process`.
std::span<const FaultTraits> fault_kinds();
const FaultTraits& traits(FaultKind kind);

}  // namespace heir::scenarios
