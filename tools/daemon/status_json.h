// An agent's status, and the versions of the cluster's state, as JSON: for `heir status --json` and between agents and
// operators' commands. Hosts are called by their names. The keys stay.
#pragma once

#include <string>
#include <vector>

#include "engine/agent/status.h"
#include "engine/store/types.h"

namespace heir::tools {

/// `warnings`: what nobody should overlook about the agent's configuration.
std::string status_json(const agent::Status& status, const std::vector<std::string>& warnings = {});

/// A version of the state, as the store keeps it; `status` knows the names.
std::string version_json(const agent::Status& status, const store::Document& document);
/// Of several, with commas between.
std::string history_json(const agent::Status& status, const std::string& versions);

}  // namespace heir::tools
