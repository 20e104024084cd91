// Socket: whole messages between a pool and its workers, over ZeroMQ sockets of one machine.
#pragma once

#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace heir::tools {

/// A folder that only this user may enter, with the address of one socket in it; both are gone with it.
class SocketFolder {
 public:
  static Result<SocketFolder> make();
  SocketFolder(SocketFolder&& other) noexcept;
  SocketFolder& operator=(SocketFolder&&) = delete;
  ~SocketFolder();
  std::string address() const { return "ipc://" + path_ + "/pool"; }

 private:
  explicit SocketFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

/// Not to be used by a process forked after it was made: that one makes its own.
class Socket {
 public:
  /// The pool's end: many workers, each told apart by its name.
  static Result<Socket> listen(const std::string& address);
  /// A worker's end.
  static Result<Socket> connect(const std::string& address, const std::string& name);
  Socket(Socket&& other) noexcept;
  Socket& operator=(Socket&&) = delete;
  ~Socket();

  /// Only a listening socket has anybody else than the pool to send to. A worker that is gone misses it.
  void send(const std::string& worker, std::string_view message);
  void send(std::string_view message);
  /// False if there is none now.
  bool receive_from(std::string& worker, std::string& message);
  /// Waits for one; false if a signal came first, or nothing will ever come.
  bool receive(std::string& message);
  /// Until there is something to receive or to read from the descriptor, a signal comes, or the time is over.
  void wait(int milliseconds, int descriptor);

 private:
  Socket(void* context, void* socket) : context_(context), socket_(socket) {}
  static Result<Socket> make(int type);
  bool receive_part(std::string& part, int flags);
  void* context_;
  void* socket_;
};

}  // namespace heir::tools
