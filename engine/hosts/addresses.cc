#include "engine/hosts/addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>
#include <cstddef>
#include <cstring>

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
