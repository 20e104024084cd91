// Crowd: strangers on a host that hold every session that its database has for them, as long as the crowd is there.
#pragma once

#include <thread>

#include "tools/on_hosts/session.h"
#include "tools/testbed/container.h"

namespace heir::on_hosts {

class Crowd {
 public:
  /// In the host's network; the host is up until the crowd is gone.
  Crowd(const testbed::Container& host, Access database, int sessions);
  ~Crowd();

 private:
  void hold(const Access& database, std::size_t sessions);
  Stop stop_;
  std::thread thread_;
};

}  // namespace heir::on_hosts
