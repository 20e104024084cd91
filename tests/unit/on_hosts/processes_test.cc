#include "tools/on_hosts/processes.h"

#include <catch2/catch.hpp>

namespace heir::on_hosts {
namespace {

bool serves(const std::string& command) {
  return HostProcess{1, 1, command}.serves("app");
}

}  // namespace

TEST_CASE("A process that serves a user's session is known by its title, with a cluster's name in it or without") {
  CHECK(serves("postgres: app app 10.77.0.9(40112) idle"));
  CHECK(serves("postgres: heir: app app 10.77.0.9(40112) idle in transaction"));
  CHECK(serves("postgres: app app ::1(40112) idle"));
  CHECK_FALSE(serves("postgres: heir: postgres app 10.77.0.9(40112) idle"));
  CHECK_FALSE(serves("postgres: heir: apprentice app 10.77.0.9(40112) idle"));
  CHECK_FALSE(serves("postgres: postgres app 10.77.0.9(40112) idle"));
  CHECK_FALSE(serves("postgres: heir: walwriter "));
  CHECK_FALSE(serves("/usr/lib/postgresql/15/bin/postgres -D /srv/patroni/data"));
  CHECK_FALSE(serves("psql -U app"));
}

}  // namespace heir::on_hosts
