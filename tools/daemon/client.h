// Client: how the commands of operators reach the agents of a cluster.
#pragma once

#include <string>
#include <vector>

#include "engine/hosts/control.h"
#include "tools/daemon/config.h"
#include "tools/daemon/host_view.h"
#include "tools/daemon/order.h"

namespace heir::tools {

/// What one host said, in JSON, or why it said nothing.
struct HostAnswer {
  std::string host;
  Result<std::string> json;
};

class Client {
 public:
  /// `path` "": /etc/heir/operator.toml, else /etc/heir/agent.toml. The messages, one a line, say what is wrong with
  /// the file or the key, and the cure. `limit`: of one question.
  static Result<Client> open(const std::string& path, Duration limit);

  const OperatorConfig& config() const { return config_; }

  /// In the order of the configuration.
  std::vector<HostAnswer> ask_all(const Order& order) const;
  /// One host. `unreachable`; `unknown_outcome`: it may
  /// have been done; `invalid`: the configuration has none of that name, the key is not
  /// accepted, or the host is somebody else; and what the host itself said.
  Result<std::string> ask(const std::string& host, const Order& order) const;
  /// The first host that can carry it out: one after another as long as nothing can have happened.
  Result<std::string> ask_any(const Order& order) const;

  /// "status", of all.
  std::vector<NamedAnswer> look() const;

 private:
  Client(OperatorConfig config, hosts::KeyPair keys, Duration limit);
  hosts::ControlTarget target_of(const HostEntry& host) const;
  Result<std::string> understood(const hosts::ControlTarget& target, const hosts::ControlAnswer& answer) const;

  OperatorConfig config_;
  hosts::KeyPair keys_;
  Duration limit_;
};

}  // namespace heir::tools
