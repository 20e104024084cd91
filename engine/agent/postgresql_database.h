// PostgreSQL as the agent's database: the protocol's commands in terms of the adapter's procedures.
#pragma once

#include <memory>

#include "engine/agent/agent.h"
#include "engine/agent/database.h"

namespace heir::agent {

/// `host` outlives it. Only Config::database, name, cluster, and the policy's data switches are used.
std::unique_ptr<Database> make_postgresql_database(Host& host, const Config& config);

/// A random UUID (RFC 9562, version 4).
std::string new_uuid(Host& host);

}  // namespace heir::agent
