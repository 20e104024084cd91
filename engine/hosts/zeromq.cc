#include "engine/hosts/zeromq.h"

#include <cerrno>

#include "engine/base/assert.h"

namespace heir::hosts::zeromq {

namespace {

constexpr int queue_length = 1000;  ///< Of messages, for each connection and direction.
constexpr int heartbeat_ms = 500;   ///< Between two signs of life on a connection,
constexpr int silence_ms = 1500;    ///< which ends after so long without any.
constexpr int handshake_ms = 2000;

}  // namespace

void set(void* socket, int option, int value) {
  ASSERT(zmq_setsockopt(socket, option, &value, sizeof value) == 0, zmq_strerror(zmq_errno()));
}

void set(void* socket, int option, const std::string& value) {
  ASSERT(zmq_setsockopt(socket, option, value.data(), value.size()) == 0, zmq_strerror(zmq_errno()));
}

std::string endpoint_of(const Address& address) {
  return "tcp://" + address.value();
}

int descriptor_of(void* socket) {
  int descriptor = -1;
  std::size_t size = sizeof descriptor;
  ASSERT(zmq_getsockopt(socket, ZMQ_FD, &descriptor, &size) == 0, zmq_strerror(zmq_errno()));
  return descriptor;
}

bool has_input(void* socket) {
  int events = 0;
  std::size_t size = sizeof events;
  return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN) != 0;
}

void prepare(void* socket, const KeyPair& keys, std::size_t largest) {
  set(socket, ZMQ_LINGER, 0);
  set(socket, ZMQ_IPV6, 1);
  set(socket, ZMQ_SNDHWM, queue_length);
  set(socket, ZMQ_RCVHWM, queue_length);
  set(socket, ZMQ_HEARTBEAT_IVL, heartbeat_ms);
  set(socket, ZMQ_HEARTBEAT_TIMEOUT, silence_ms);
  set(socket, ZMQ_HANDSHAKE_IVL, handshake_ms);
  const auto bytes = static_cast<std::int64_t>(largest);
  ASSERT(zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &bytes, sizeof bytes) == 0, zmq_strerror(zmq_errno()));
  set(socket, ZMQ_CURVE_PUBLICKEY, keys.public_key);
  set(socket, ZMQ_CURVE_SECRETKEY, keys.secret_key);
}

bool Part::receive(void* socket) {
  int got = -1;
  do {
    got = zmq_msg_recv(&message, socket, ZMQ_DONTWAIT);
  } while (got < 0 && zmq_errno() == EINTR);
  return got >= 0;
}

void skip_rest(void* socket, Part& part) {
  for (bool more = part.has_more(); more;) {
    Part rest;
    if (!rest.receive(socket)) return;
    more = rest.has_more();
  }
}

}  // namespace heir::hosts::zeromq
