// Ground truth: what the databases of a run really hold, read past every layer that could lie about it.
#pragma once

#include <optional>
#include <vector>

#include "reports/check/verdict/object.h"
#include "sim/databases/postgresql/postgresql.h"
#include "sim/workload/client.h"

namespace heir::sim {

/// The values that the server's readers see, of the keys that the history names.
std::vector<reports::FinalValue> final_values(reports::History& history, PostgresServer& server);

/// Every commit of a client in the server's log, in its order, as a history with one operation after the other.
reports::History committed(const PostgresServer& server);

/// System identifiers of every whole copy on the machine's disk, wherever it lies under `root`.
std::vector<std::uint64_t> systems_on(Machine& machine, std::string_view root);

}  // namespace heir::sim
