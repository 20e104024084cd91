#include "tools/hosted/disks.h"

#include "sim/world/parameters.h"

namespace heir::hosted {

namespace {

bool is_database_file(const std::string& name) {
  return name.starts_with("/heir/database/");
}

}  // namespace

testbed::DiskOptions disk_options(const scenarios::Scenario& scenario) {
  testbed::DiskOptions options;
  options.parameters = sim::disk_parameters(scenario.disk);
  options.is_timed = [](const std::string& name) { return !is_database_file(name); };
  options.may_be_garbage = [](const std::string& name) {
    return !is_database_file(name) || name.find("/pg_wal/") != std::string::npos;
  };
  return options;
}

}  // namespace heir::hosted
