#include "engine/hosts/addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <optional>

#include "engine/hosts/files.h"

namespace heir::hosts {

Result<HostAndPort> split(const Address& address) {
  const std::string& text = address.value();
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
    return {ErrorCode::invalid, "\"" + text + "\" is not HOST:PORT"};
  HostAndPort parts{text.substr(0, colon), text.substr(colon + 1)};
  if (parts.host.size() > 2 && parts.host.front() == '[' && parts.host.back() == ']')
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  return parts;
}

Result<SocketAddress> socket_address(const Address& address) {
  const Result<HostAndPort> parts = split(address);
  if (!parts) return parts.error();
  std::uint16_t port = 0;
  const char* const end = parts->port.data() + parts->port.size();
  const auto parsed = std::from_chars(parts->port.data(), end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end)
    return {ErrorCode::invalid, "\"" + address.value() + "\" has no port from 0 to 65535"};
  SocketAddress result;
  in_addr four{};
  in6_addr six{};
  if (inet_pton(AF_INET, parts->host.c_str(), &four) == 1) {
    sockaddr_in known{};
    known.sin_family = AF_INET;
    known.sin_port = htons(port);
    known.sin_addr = four;
    std::memcpy(&result.storage, &known, sizeof known);
    result.size = sizeof known;
  } else if (inet_pton(AF_INET6, parts->host.c_str(), &six) == 1) {
    sockaddr_in6 known{};
    known.sin6_family = AF_INET6;
    known.sin6_port = htons(port);
    known.sin6_addr = six;
    std::memcpy(&result.storage, &known, sizeof known);
    result.size = sizeof known;
  } else {
    return {ErrorCode::invalid, "\"" + address.value() + "\" does not begin with an IP address"};
  }
  return result;
}

Result<std::vector<Address>> free_loopback_addresses(std::size_t count) {
  std::vector<Address> addresses;
  std::vector<int> held;  // until all are chosen
  std::optional<Error> failed;
  while (addresses.size() < count && !failed) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket >= 0) held.push_back(socket);
    if (socket < 0 || ::bind(socket, generic, size) != 0 || ::getsockname(socket, generic, &size) != 0)
      failed = error_of(errno, "choosing a port of 127.0.0.1");
    else
      addresses.emplace_back("127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
  }
  for (const int socket : held) ::close(socket);
  if (failed) return *failed;
  return addresses;
}

Result<SocketAddress> stream_address(const Address& address) {
  const std::string& text = address.value();
  if (!text.starts_with('@')) return socket_address(address);
  sockaddr_un known{};
  if (text.size() > sizeof known.sun_path)
    return {ErrorCode::invalid, "\"" + text + "\" is longer than the name of a socket may be"};
  known.sun_family = AF_UNIX;
  std::memcpy(known.sun_path + 1, text.data() + 1, text.size() - 1);  // a zero instead of the '@'
  SocketAddress result;
  std::memcpy(&result.storage, &known, sizeof known);
  result.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + text.size());
  return result;
}

}  // namespace heir::hosts
