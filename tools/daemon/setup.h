// What must be so on a host before its agent can begin: folders, secrets, and not to be root any more.
#pragma once

#include "engine/hosts/keys.h"
#include "tools/daemon/config.h"

namespace heir::tools {

struct Prepared {
  hosts::KeyPair keys;
  bool store_is_new = false;  ///< The store is being set up: this member may begin with nothing.
};

/// Becomes this user for good; nothing, if this is the user already.
Result<> become_user(const std::string& name);
/// Reads the secrets only, and checks them. Every Error names the cure.
Result<hosts::KeyPair> read_keys(const HostingConfig& config);
/// What is wrong with the secrets, the user, the folders and the programs that the configuration names, each with its
/// cure. Looks only: no folder is made, no port opened.
std::vector<std::string> wrong_on_host(const HostingConfig& config);
/// Makes the folders, becomes the configured user for good, and writes what the database's programs read.
Result<Prepared> prepare_host(const HostingConfig& config);

}  // namespace heir::tools
