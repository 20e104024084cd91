// What Patroni and etcd are told, as pure functions: for their tests.
#pragma once

#include "tools/on_hosts/system.h"

namespace heir::on_hosts {

inline constexpr const char* patroni_data = "/srv/patroni/data";

std::vector<std::string> etcd_arguments(const ClusterHost& host, const std::vector<ClusterHost>& hosts);
/// patroni.yml of that host.
std::string patroni_text(const ClusterHost& host, const std::vector<ClusterHost>& hosts, int connections, bool tuned);

}  // namespace heir::on_hosts
