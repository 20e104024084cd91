// An agent's status, and the versions of the cluster's state, as JSON: for `heir status --json` and between agents and
// operators' commands. Hosts are called by their names. The keys stay.
#pragma once

#include <string>
#include <vector>

#include "engine/agent/status.h"
#include "engine/store/types.h"

namespace heir::tools {

std::string status_json(const agent::Status& status);

/// Versions of the state, as the store keeps them; `status` knows the names.
std::string history_json(const agent::Status& status, const std::vector<store::Document>& documents);

}  // namespace heir::tools
