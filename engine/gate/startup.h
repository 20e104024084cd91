// The beginning of a PostgreSQL connection, which is all of its protocol that the gate understands: what a client asks
// for first, the key by which it may later be cancelled, and how to refuse it in words. (PostgreSQL 15 manual, 55.2
// and 55.7.)
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/base/host.h"

namespace heir::gate {

/// By this a client may ask for the cancellation of a statement that runs on another connection.
struct CancelKey {
  std::uint32_t process = 0;
  std::uint32_t secret = 0;
  auto operator<=>(const CancelKey&) const = default;
};

enum class FirstPacket {
  incomplete,
  session,     ///< A session begins.
  cancel,      ///< A request to cancel; nothing else follows.
  encryption,  ///< The client asks whether the connection can be encrypted.
  malformed,
};

/// What the bytes from a client begin with, and how long that first packet is.
struct First {
  FirstPacket kind = FirstPacket::incomplete;
  std::size_t length = 0;
  CancelKey key;  ///< Of a `cancel`.
};
First first_packet(std::string_view bytes);

/// Follows a server's first messages until it is ready, to learn the key of the session. Keeps nothing of what follows.
class KeyFinder {
 public:
  void feed(std::string_view bytes);
  bool done() const { return done_; }
  std::optional<CancelKey> key() const { return key_; }

 private:
  Bytes pending_;
  bool done_ = false;
  std::optional<CancelKey> key_;
};

/// The packet that asks for a cancellation.
Bytes cancel_request(CancelKey key);

/// An ErrorResponse of severity FATAL.
Bytes refusal(std::string_view sqlstate, std::string_view message);

}  // namespace heir::gate
