// The JSON that the shell reads and prints: stable keys in a stable order, absent values null, peers as names,
// positions as integers.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "tools/shell/world.h"

namespace heir::shell {

using Json = nlohmann::ordered_json;

// ---- Printing
Json state_document(const std::optional<failover::ClusterState>& state);
Json peer_document(const World& world);
Json database_document(const World& world);
Json store_document(const World& world);
Json names_document(const std::vector<failover::Member>& members);

// ---- Reading
/// One JSON object, every key once; `column` is where it begins in its line, for the message about what is malformed.
Result<Json> parse_object(std::string_view text, std::size_t column);
/// A cluster state of the shape that state_document() prints. `now` dates a freeze that says no time.
Result<failover::ClusterState> read_state(const Json& json, WallTime now);
/// The argument of `promote`.
Result<failover::PromoteRequest> read_promotion(const Json& json, WallTime now);

}  // namespace heir::shell
