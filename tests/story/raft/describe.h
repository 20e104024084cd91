// Raft's values in words, for stories: short, and the same for ever.
#pragma once

#include <string>

#include "engine/store/raft/raft.h"

namespace heir::story {

/// "2/7": the entry 7, of term 2.
std::string to_text(raft::EntryId id);
std::string to_text(const raft::Payload& payload);
/// "1 2 3 +4 (learner)"
std::string to_text(const raft::Configuration& configuration);
std::string to_text(const raft::Body& body);
std::string to_text(const raft::Persist& persist);

}  // namespace heir::story
