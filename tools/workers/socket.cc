#include "tools/workers/socket.h"

#include <stdlib.h>
#include <unistd.h>
#include <zmq.h>

#include <utility>

namespace heir::tools {

namespace {

/// Longer paths do not fit into a socket's address.
constexpr std::size_t longest_folder = 80;

Error failure(const char* what) {
  return {ErrorCode::io_error, std::string(what) + ": " + zmq_strerror(zmq_errno())};
}

}  // namespace

Result<SocketFolder> SocketFolder::make() {
  const char* given = ::getenv("TMPDIR");
  std::string path = given && *given && std::string_view(given).size() < longest_folder ? given : "/tmp";
  path += "/heir-XXXXXX";
  if (!::mkdtemp(path.data())) return failure(("cannot make the folder " + path).c_str());
  return SocketFolder(std::move(path));
}

SocketFolder::SocketFolder(SocketFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}

SocketFolder::~SocketFolder() {
  if (path_.empty()) return;
  ::unlink((path_ + "/pool").c_str());
  ::rmdir(path_.c_str());
}

Result<Socket> Socket::make(int type) {
  void* context = zmq_ctx_new();
  if (!context) return failure("cannot begin with ZeroMQ");
  void* socket = zmq_socket(context, type);
  if (!socket) {
    const Error error = failure("cannot make a socket");
    zmq_ctx_term(context);
    return error;
  }
  Socket made(context, socket);
  const int none = 0;  // neither a bound on what waits nor patience at the end
  zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
  zmq_setsockopt(socket, ZMQ_SNDHWM, &none, sizeof none);
  zmq_setsockopt(socket, ZMQ_RCVHWM, &none, sizeof none);
  return made;
}

Result<Socket> Socket::listen(const std::string& address) {
  Result<Socket> made = make(ZMQ_ROUTER);
  if (made && zmq_bind(made->socket_, address.c_str()) != 0) return failure(("cannot listen at " + address).c_str());
  return made;
}

Result<Socket> Socket::connect(const std::string& address, const std::string& name) {
  Result<Socket> made = make(ZMQ_DEALER);
  if (!made) return made;
  zmq_setsockopt(made->socket_, ZMQ_ROUTING_ID, name.data(), name.size());
  if (zmq_connect(made->socket_, address.c_str()) != 0) return failure(("cannot connect to " + address).c_str());
  return made;
}

Socket::Socket(Socket&& other) noexcept
    : context_(std::exchange(other.context_, nullptr)), socket_(std::exchange(other.socket_, nullptr)) {}

Socket::~Socket() {
  if (socket_) zmq_close(socket_);
  if (context_) zmq_ctx_term(context_);
}

void Socket::send(const std::string& worker, std::string_view message) {
  // Half a message would shift all that come after it.
  while (zmq_send(socket_, worker.data(), worker.size(), ZMQ_SNDMORE) < 0 && zmq_errno() == EINTR) {
  }
  while (zmq_send(socket_, message.data(), message.size(), 0) < 0 && zmq_errno() == EINTR) {
  }
}

void Socket::send(std::string_view message) {
  while (zmq_send(socket_, message.data(), message.size(), 0) < 0 && zmq_errno() == EINTR) {
  }
}

bool Socket::receive_part(std::string& part, int flags) {
  zmq_msg_t message;
  zmq_msg_init(&message);
  const bool received = zmq_msg_recv(&message, socket_, flags) >= 0;
  if (received) part.assign(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
  zmq_msg_close(&message);
  return received;
}

bool Socket::receive_from(std::string& worker, std::string& message) {
  // The parts of a message arrive together or not at all.
  if (!receive_part(worker, ZMQ_DONTWAIT)) return false;
  while (!receive_part(message, ZMQ_DONTWAIT))
    if (zmq_errno() != EINTR) return false;
  return true;
}

bool Socket::receive(std::string& message) {
  return receive_part(message, 0);
}

void Socket::wait(int milliseconds, int descriptor) {
  zmq_pollitem_t items[] = {{socket_, 0, ZMQ_POLLIN, 0}, {nullptr, descriptor, ZMQ_POLLIN, 0}};
  zmq_poll(items, 2, milliseconds);
}

}  // namespace heir::tools
