#include "engine/gate/startup.h"

namespace heir::gate {

namespace {

constexpr std::uint32_t cancel_code = 80877102;
constexpr std::uint32_t tls_code = 80877103;
constexpr std::uint32_t gss_code = 80877104;
constexpr std::size_t longest_startup = 10'000;     // as the server's own limit
constexpr std::size_t longest_message = 1'000'000;  // none of a session's first messages comes near

std::uint32_t number(std::string_view bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[static_cast<std::size_t>(i)]);
  return value;
}

void append_number(Bytes& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xff);
}

}  // namespace

First first_packet(std::string_view bytes) {
  if (bytes.size() < 4) return {};
  const std::size_t length = number(bytes);
  if (length < 8 || length > longest_startup) return {FirstPacket::malformed, 0, {}};
  if (bytes.size() < length) return {};
  const std::uint32_t code = number(bytes.substr(4));
  if (code == cancel_code) {
    if (length != 16) return {FirstPacket::malformed, 0, {}};
    return {FirstPacket::cancel, length, {number(bytes.substr(8)), number(bytes.substr(12))}};
  }
  if (code == tls_code || code == gss_code) return {FirstPacket::encryption, length, {}};
  return {FirstPacket::session, length, {}};
}

void KeyFinder::feed(std::string_view bytes) {
  if (done_) return;
  pending_ += bytes;
  std::size_t at = 0;
  while (!done_ && pending_.size() - at >= 5) {
    const std::string_view rest = std::string_view(pending_).substr(at);
    const std::size_t length = number(rest.substr(1));
    if (length < 4 || length > longest_message) {
      done_ = true;  // not the protocol that we know: then there is no key
      break;
    }
    if (rest.size() < length + 1) break;
    if (rest[0] == 'K' && length == 12) key_ = CancelKey{number(rest.substr(5)), number(rest.substr(9))};
    if (rest[0] == 'Z' || rest[0] == 'E') done_ = true;
    at += length + 1;
  }
  pending_.erase(0, done_ ? pending_.size() : at);
}

Bytes cancel_request(CancelKey key) {
  Bytes packet;
  for (const std::uint32_t part : {std::uint32_t{16}, cancel_code, key.process, key.secret})
    append_number(packet, part);
  return packet;
}

Bytes refusal(std::string_view sqlstate, std::string_view message) {
  Bytes fields;
  const auto add = [&](char code, std::string_view text) {
    fields += code;
    fields += text;
    fields += '\0';
  };
  add('S', "FATAL");
  add('V', "FATAL");
  add('C', sqlstate);
  add('M', message);
  fields += '\0';
  Bytes out = "E";
  append_number(out, static_cast<std::uint32_t>(fields.size() + 4));
  return out + fields;
}

}  // namespace heir::gate
