// What `heir init` writes: for each host of a new cluster a folder with its configuration and its secrets, and one for
// the operator.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"

namespace heir::tools {

struct NamedAddress {
  std::string name;
  std::string address;
};

/// The commented configuration of one host.
std::string config_text(const std::string& cluster, const std::string& self, const std::vector<NamedAddress>& hosts,
                        const std::vector<std::string>& public_keys, const std::string& operator_key = "");
/// The configuration of the commands of an operator.
std::string operator_config_text(const std::string& cluster, const std::vector<NamedAddress>& hosts,
                                 const std::vector<std::string>& public_keys);

/// The folder, beside those of the hosts, of the operator's configuration and key.
inline constexpr const char* operator_folder = "operator";

/// OUT/NAME/{agent.toml, key, database.password, new-store} for each, and OUT/operator/{operator.toml, key};
/// all of it, synced, or nothing. `already_exists` if any of these files is there, or OUT holds anything else.
Result<> write_new_cluster(const std::string& cluster, const std::vector<NamedAddress>& hosts, const std::string& out);

}  // namespace heir::tools
