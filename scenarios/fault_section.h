// The keys of [[fault]], which depend on its kind, and what one fault must fulfil by itself.
#pragma once

#include "scenarios/section.h"

namespace heir::scenarios {

Section<Fault> fault_section();

/// The shape draws its groups from all hosts and has no target.
bool draws_groups(PartitionShape shape);

/// Whether it strikes whom its target names; else everybody, hosts that it draws, or the cluster.
bool has_target(const Fault& fault);

/// Why a fault that turns out to be of this kind cannot hit its target; empty if it can.
std::string impossible_target(FaultKind kind, const Fault& fault);

/// Without the members that mean nothing for its kind, as those are that it had for others of `among`.
Fault only_what_its_kind_means(const Fault& fault);

/// The kinds that a fault may turn out to be: its own, or those of `among`.
std::vector<FaultKind> possible_kinds(const Fault& fault);

}  // namespace heir::scenarios
