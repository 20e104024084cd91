#include "sim/databases/postgresql/postgresql.h"

#include <algorithm>

#include "sim/databases/postgresql/programs.h"
#include "sim/databases/postgresql/server.h"

namespace heir::sim {

PostgreSql::PostgreSql(Kernel& kernel, PostgresTimings timings)
    : timings_(timings), random_(kernel.stream("postgresql")) {}

void PostgreSql::install(Machine& machine) {
  machine.install("initdb", [this](Process& self, const Program& program) { programs::initdb(*this, self, program); });
  machine.install("pg_ctl", [this](Process& self, const Program& program) { programs::pg_ctl(*this, self, program); });
  machine.install("pg_basebackup",
                  [this](Process& self, const Program& program) { programs::pg_basebackup(*this, self, program); });
  machine.install("pg_rewind",
                  [this](Process& self, const Program& program) { programs::pg_rewind(*this, self, program); });
  machine.install("pg_controldata",
                  [](Process& self, const Program& program) { programs::pg_controldata(self, program); });
  machine.install("pg_waldump", [](Process& self, const Program& program) { programs::pg_waldump(self, program); });
}

void PostgreSql::crowd(Machine& machine, bool crowded) {
  std::erase(crowded_, machine.node());
  if (crowded) crowded_.push_back(machine.node());
}

bool PostgreSql::is_crowded(const Machine& machine) const {
  return std::find(crowded_.begin(), crowded_.end(), machine.node()) != crowded_.end();
}

std::shared_ptr<DataFolder> PostgreSql::folder(Machine& machine, std::string_view path) {
  return machine.disk().attached_as<DataFolder>(path);
}

PostgresServer* PostgreSql::server(Machine& machine, std::string_view path) {
  const auto home = folder(machine, path);
  Process* process = home ? machine.find(home->server) : nullptr;
  return process ? process->body_as<PostgresServer>() : nullptr;
}

}  // namespace heir::sim
