// The processes of a host, as this machine sees them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tools/testbed/container.h"

namespace heir::on_hosts {

struct HostProcess {
  pid_t number = 0;  ///< On this machine.
  pid_t parent = 0;
  std::string command;  ///< With its arguments; of PostgreSQL's processes what they say that they do.
  bool is_postgres() const;
  /// The first one of a server.
  bool is_postmaster() const;
  /// It serves a session of that user.
  bool serves(const std::string& user) const;
};

/// In the order of their numbers; none of a host that is off.
std::vector<HostProcess> processes_of(const testbed::Container& host);

/// To those that `which` names, looked at again until no new one is found: for processes that start others.
void signal_processes(const testbed::Container& host, int number, const std::function<bool(const HostProcess&)>& which);
/// To that process, if it is still the host's.
void signal_process(const testbed::Container& host, const HostProcess& process, int number);

}  // namespace heir::on_hosts
