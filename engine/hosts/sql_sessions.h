// SQL sessions of a real host: libpq, without waiting in it.
#pragma once

#include <memory>
#include <string>

#include "engine/base/host.h"
#include "engine/hosts/loop.h"

namespace heir::hosts {

/// As Host::open_session says: `unreachable`, with the server's words. `password_file` is libpq's (.pgpass); "" for
/// none.
void open_sql_session(Loop& loop, const SqlEndpoint& endpoint, const std::string& password_file,
                      Operation<Result<std::unique_ptr<SqlSession>>>& operation);

}  // namespace heir::hosts
