// Addresses as sockets know them.
#pragma once

#include <sys/socket.h>

#include <string>

#include "engine/base/identity.h"
#include "engine/base/result.h"

namespace heir::hosts {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

/// The host and the port of "10.0.0.1:6432" or "[::1]:6432". `invalid`.
struct HostAndPort {
  std::string host;
  std::string port;
};
Result<HostAndPort> split(const Address& address);

/// Of an address with a number for its host: a name would have to be asked for, and the answer may be long in coming,
/// or wrong. `invalid`.
Result<SocketAddress> socket_address(const Address& address);

/// Of that, or of "@name": an abstract Unix socket of this network namespace, of which nothing lies on disk. `invalid`.
Result<SocketAddress> stream_address(const Address& address);

}  // namespace heir::hosts
