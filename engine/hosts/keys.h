// The keys by which the processes of a cluster know each other: CURVE (Curve25519), as ZeroMQ has it.
#pragma once

#include <string>

#include "engine/base/result.h"

namespace heir::hosts {

/// Each 40 characters of ZeroMQ's Z85.
struct KeyPair {
  std::string public_key;
  std::string secret_key;
};

KeyPair new_key_pair();
/// `invalid`: it is not a key.
Result<std::string> public_key_of(const std::string& secret_key);
/// `invalid`: it cannot be one.
Result<> check_public_key(const std::string& public_key);
/// What a public key is in 40 characters, of the 32 bytes that the wire has; "" for anything else.
std::string key_text(const void* bytes, std::size_t size);

/// The content of a file without the white space around it. `refused`, with the cure, if anybody but its owner may read
/// or write it: what is in it is a secret no more.
Result<std::string> read_secret(const std::string& path);
/// Writes one, which only its owner may read; `already_exists`.
Result<> write_secret(const std::string& path, const std::string& text);

}  // namespace heir::hosts
