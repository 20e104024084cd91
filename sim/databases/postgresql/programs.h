// The programs of a PostgreSQL installation, as they run on a simulated machine. Exit statuses and words are the real
// ones'.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sim/databases/postgresql/postgresql.h"

namespace heir::sim::programs {

void initdb(PostgreSql& run, Process& self, const Program& program);
/// start, stop, status, promote, reload, kill.
void pg_ctl(PostgreSql& run, Process& self, const Program& program);
void pg_basebackup(PostgreSql& run, Process& self, const Program& program);
void pg_rewind(PostgreSql& run, Process& self, const Program& program);
void pg_controldata(Process& self, const Program& program);
void pg_waldump(Process& self, const Program& program);

/// What follows `name` ("-D folder", "--source-server=x"); nothing if it is not there.
std::optional<std::string> option(const Program& program, std::string_view name);
bool has(const Program& program, std::string_view word);

}  // namespace heir::sim::programs
