// What the files of this folder that speak ZeroMQ share; nobody else includes this.
#pragma once

#include <zmq.h>

#include <string>
#include <string_view>

#include "engine/base/host.h"
#include "engine/hosts/keys.h"

namespace heir::hosts::zeromq {

inline constexpr int connect_ms = 1000;
/// Whose keys may connect depends on what they connect to (RFC 27 calls it a domain).
inline constexpr const char* members_domain = "heir";
inline constexpr const char* operators_domain = "heir-control";

void set(void* socket, int option, int value);
void set(void* socket, int option, const std::string& value);
std::string endpoint_of(const Address& address);
int descriptor_of(void* socket);
/// Whether there is something to receive. A socket's descriptor tells only that this may have changed (and tells it
/// once), so whoever was told asks here until the answer is no.
bool has_input(void* socket);
/// What all sockets have: bounded queues, signs of life, our keys. `largest`: of a message that it takes in, in bytes.
void prepare(void* socket, const KeyPair& keys, std::size_t largest);

/// One part of a message; an empty one where there was nothing.
struct Part {
  Part() { zmq_msg_init(&message); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  ~Part() { zmq_msg_close(&message); }
  bool receive(void* socket);
  bool has_more() { return zmq_msg_more(&message) != 0; }
  std::string_view text() { return {static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message)}; }
  zmq_msg_t message;
};
/// Takes in and forgets what is left of the message of which `part` was the last that was received.
void skip_rest(void* socket, Part& part);

}  // namespace heir::hosts::zeromq
