// Control: carries out what operators order, on the agent's side (order.h). What concerns the cluster is done through
// the store, as by any host; what concerns this host's peer through the agent beside it.
#pragma once

#include <string>

#include "engine/agent/access.h"
#include "engine/agent/operator.h"
#include "engine/base/host.h"
#include "engine/store/remote_store.h"
#include "tools/daemon/config.h"
#include "tools/daemon/order.h"

namespace heir::tools {

class Control {
 public:
  /// All outlive it.
  Control(Host& host, store::RemoteStore& store, agent::Access& access, const HostingConfig& config)
      : host_(host), store_(store), access_(access), config_(config) {}

  /// The reply to `text`, an order that came from `by`.
  Task<std::string> carry_out(std::string by, std::string text);

 private:
  Task<Result<std::string>> obey(agent::Operator who, Order order);
  Task<Result<std::string>> history(std::uint64_t count);
  Task<Result<std::string>> promote(agent::Operator who, Order order, agent::Status status);
  Task<Result<std::string>> yield_store(std::string name);

  Host& host_;
  store::RemoteStore& store_;
  agent::Access& access_;
  const HostingConfig& config_;
};

}  // namespace heir::tools
