// Switching a rule of Raft off by its name, for stories and the explorer.
#pragma once

#include <string>

#include "engine/store/raft/raft.h"

namespace heir::story {

/// "compare-logs=false"; false if there is no such rule.
bool set_rule(raft::Rules& rules, const std::string& assignment);

}  // namespace heir::story
