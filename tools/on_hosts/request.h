// An operator's request of a scenario, as a program on a host of its own that the cluster knows by its key.
#pragma once

#include "engine/hosts/keys.h"
#include "scenarios/scenario.h"
#include "tools/daemon/config.h"

namespace heir::on_hosts {

/// Carries it out as the simulated operator does (tools/simulation/operator.cc): whether it succeeded. Why not is in
/// the log, in JSON on standard error. `host_name`: whose peer is asked; empty: the cluster.
bool carry_out_request(const tools::HostingConfig& config, const hosts::KeyPair& keys, const scenarios::Fault& request,
                       const std::string& host_name);

}  // namespace heir::on_hosts
