#include "engine/hosts/streams.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "engine/hosts/addresses.h"
#include "engine/hosts/clocks.h"
#include "engine/hosts/pending.h"

namespace heir::hosts {

namespace {

constexpr std::size_t read_size = std::size_t{64} << 10;
constexpr Duration linger_limit = Duration::seconds(5);
constexpr Duration accept_pause = Duration::milliseconds(100);
constexpr Duration connect_pause = Duration::milliseconds(10);

template <class T>
void set_option(int socket, int level, int name, T value) {
  // A socket without it works, too.
  (void)setsockopt(socket, level, name, &value, sizeof value);
}

/// Answers leave at once; a side that has silently gone is noticed, whether we wait for its words (by questions of the
/// kernel) or for its acknowledgement of ours.
void prepare(int socket, Duration silence_limit) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  const int seconds = static_cast<int>(silence_limit.ns() / 1'000'000'000);
  const int between = std::max(1, seconds / 5);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, between);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, std::max(1, seconds - 3 * between));
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<unsigned>(silence_limit.ns() / 1'000'000));
}

/// A socket with what is still to be sent on it.
struct Connection {
  Connection(Loop& of, int number) : loop(of), socket(number), watch(std::make_unique<Watch>(of, number)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    watch.reset();
    if (socket >= 0) close(socket);
  }
  std::size_t unsent() const { return out.size() - sent; }
  /// Sends what the kernel takes now; false if the connection is broken.
  bool flush() {
    while (unsent() > 0) {
      const ssize_t count = ::send(socket, out.data() + sent, unsent(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
      if (count < 0) {
        broken = errno;
        return false;
      }
      sent += static_cast<std::size_t>(count);
    }
    if (unsent() == 0) {
      out.clear();
      sent = 0;
    } else if (sent > out.size() / 2) {
      out.erase(0, sent);
      sent = 0;
    }
    return true;
  }

  Loop& loop;
  int socket;
  std::unique_ptr<Watch> watch;
  std::string out;
  std::size_t sent = 0;
  int broken = 0;
};

/// The end of a connection: what was written is sent, the other side is told, and what it still says is read and
/// dropped, or the kernel would reset the connection and take our last words back. Lives until then, or for a while.
class Farewell final : public std::enable_shared_from_this<Farewell> {
 public:
  static void say(std::unique_ptr<Connection> connection) {
    const std::shared_ptr<Farewell> farewell(new Farewell(std::move(connection)));
    Loop& loop = farewell->connection_->loop;
    farewell->timer_ = loop.set_timer(boot_time() + linger_limit, [farewell] { farewell->end(); });
    farewell->go_on();
  }

 private:
  explicit Farewell(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  void go_on() {
    if (!connection_) return;
    if (!connection_->flush()) return end();
    const auto again = [self = shared_from_this()] { self->go_on(); };
    if (connection_->unsent() > 0) return connection_->watch->when_writable(again);
    if (!is_told_) ::shutdown(connection_->socket, SHUT_WR);
    is_told_ = true;
    char dropped[4096];
    ssize_t count = 0;
    do {
      count = ::recv(connection_->socket, dropped, sizeof dropped, MSG_DONTWAIT);
    } while (count > 0 || (count < 0 && errno == EINTR));
    if (count == 0 || errno != EAGAIN) return end();
    connection_->watch->when_readable(again);
  }
  void end() {
    if (!connection_) return;
    connection_->loop.cancel_timer(timer_);
    connection_.reset();
  }

  std::unique_ptr<Connection> connection_;
  std::uint64_t timer_ = 0;
  bool is_told_ = false;
};

class TcpStream final : public Stream {
 public:
  TcpStream(Loop& loop, int socket, Duration silence_limit) : connection_(std::make_unique<Connection>(loop, socket)) {
    prepare(socket, silence_limit);
  }
  ~TcpStream() override {
    if (!connection_ || connection_->broken != 0) return;
    connection_->watch = std::make_unique<Watch>(connection_->loop, renewed());
    Farewell::say(std::move(connection_));
  }

  bool write(Bytes bytes) override {
    if (!connection_ || connection_->broken != 0) return false;
    const bool was_idle = connection_->unsent() == 0;
    if (was_idle) {
      connection_->out = std::move(bytes);
      connection_->sent = 0;
    } else {
      connection_->out += bytes;
    }
    if (connection_->unsent() > most_unsent) return break_off(ENOBUFS), false;
    if (!was_idle) return true;  // the kernel takes no more: we wait for it
    if (!connection_->flush()) return break_off(connection_->broken), false;
    if (connection_->unsent() > 0) await_space();
    return true;
  }

  void reset() override {
    if (!connection_) return;
    const linger now{1, 0};
    set_option(connection_->socket, SOL_SOCKET, SO_LINGER, now);
    connection_.reset();
    fail_waiting(ECONNRESET);
  }

 protected:
  Executor& executor() override { return loop_.executor(); }

  void start_read(Operation<Result<Bytes>>& op) override {
    reading_.hold(op);
    // What the last read did not fill was all that there was: it is not tried in vain.
    if (is_dry_ && connection_)
      await_bytes();
    else
      try_to_read();
  }

  void start_drained(Operation<Result<>>& op) override {
    if (!connection_ || connection_->broken != 0) return op.complete(broken_error());
    if (connection_->unsent() <= send_bound) return op.complete(Result<>());
    draining_.hold(op);
  }

 private:
  /// The watch of the former life holds callbacks that name this stream.
  int renewed() {
    connection_->watch.reset();
    return connection_->socket;
  }

  void try_to_read() {
    if (!reading_) return;
    if (!connection_) return reading_.complete(broken_error());
    static thread_local std::array<char, read_size> buffer;
    ssize_t count = 0;
    do {
      count = ::recv(connection_->socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
    } while (count < 0 && errno == EINTR);
    if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return await_bytes();
    if (count < 0) return break_off(errno);
    is_dry_ = static_cast<std::size_t>(count) < read_size;
    reading_.complete(Bytes(buffer.data(), static_cast<std::size_t>(count)));
  }

  void await_bytes() {
    if (is_watched_) return;
    is_watched_ = true;
    connection_->watch->when_more_comes([this] {
      is_watched_ = false;
      is_dry_ = false;
      try_to_read();
    });
  }

  void await_space() {
    connection_->watch->when_writable([this] {
      if (!connection_ || connection_->broken != 0) return;
      if (!connection_->flush()) return break_off(connection_->broken);
      if (connection_->unsent() <= send_bound) draining_.complete(Result<>());
      if (connection_->unsent() > 0) await_space();
    });
  }

  void break_off(int number) {
    connection_->broken = number;
    fail_waiting(number);
  }
  void fail_waiting(int number) {
    number_ = number;
    if (reading_) reading_.complete(broken_error());
    if (draining_) draining_.complete(broken_error());
  }
  Error broken_error() const {
    const int number = connection_ && connection_->broken != 0 ? connection_->broken : number_;
    return {ErrorCode::unreachable, std::string("the connection broke: ") + std::strerror(number)};
  }

  std::unique_ptr<Connection> connection_;  ///< None after reset().
  Loop& loop_ = connection_->loop;
  int number_ = ECONNRESET;
  bool is_watched_ = false;
  bool is_dry_ = false;  ///< The last read took all that had come.
  Awaited<Result<Bytes>> reading_;
  Awaited<Result<>> draining_;
};

/// A connection that is coming about.
class Connecting final : public std::enable_shared_from_this<Connecting> {
 public:
  using Outcome = Result<std::unique_ptr<Stream>>;

  Connecting(Loop& loop, Duration silence_limit, Address to)
      : loop_(loop), silence_limit_(silence_limit), to_(std::move(to)) {}
  ~Connecting() {
    watch_.reset();
    if (socket_ >= 0) close(socket_);
  }

  void begin(Operation<Outcome>& operation) {
    const Result<SocketAddress> address = stream_address(to_);
    if (!address) return operation.complete(address.error());
    address_ = *address;
    socket_ = ::socket(address_.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (socket_ < 0) return operation.complete(failed(errno));
    // Whoever abandons it lets go of the only thing that keeps it.
    pending_ = Pending<Outcome>::of(operation, [self = shared_from_this()] { self->end(); });
    timer_ = loop_.set_timer(boot_time() + connect_limit, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->finish(ETIMEDOUT);
    });
    try_to_connect();
  }

 private:
  void try_to_connect() {
    const int done = ::connect(socket_, address_.get(), address_.size);
    if (done != 0 && errno == EAGAIN) {  // a Unix socket on which too many wait to be accepted
      retry_ = loop_.set_timer(boot_time() + connect_pause, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->try_to_connect();
      });
      return;
    }
    if (done != 0 && errno != EINPROGRESS) return finish(errno);
    watch_ = std::make_unique<Watch>(loop_, socket_);
    watch_->when_writable([weak = weak_from_this()] {
      const auto self = weak.lock();
      if (!self) return;
      int number = 0;
      socklen_t size = sizeof number;
      if (getsockopt(self->socket_, SOL_SOCKET, SO_ERROR, &number, &size) != 0) number = errno;
      self->finish(number);
    });
  }

  Error failed(int number) const {
    return {ErrorCode::unreachable, "connecting to " + to_.value() + ": " + std::strerror(number)};
  }
  void finish(int number) {
    const auto pending = pending_;
    if (!pending || pending->is_abandoned()) return;
    const int socket = std::exchange(socket_, -1);
    const auto keep = shared_from_this();
    end();
    if (number == 0) return pending->complete(Outcome(std::make_unique<TcpStream>(loop_, socket, silence_limit_)));
    close(socket);
    pending->complete(failed(number));
  }
  void end() {
    watch_.reset();
    loop_.cancel_timer(timer_);
    loop_.cancel_timer(retry_);
    if (socket_ >= 0) close(std::exchange(socket_, -1));
  }

  Loop& loop_;
  const Duration silence_limit_;
  Address to_;
  SocketAddress address_;
  int socket_ = -1;
  std::uint64_t timer_ = 0;
  std::uint64_t retry_ = 0;
  std::unique_ptr<Watch> watch_;
  std::shared_ptr<Pending<Outcome>> pending_;
};

class TcpListener final : public Listener {
 public:
  TcpListener(Loop& loop, Duration silence_limit, int socket)
      : loop_(loop), silence_limit_(silence_limit), socket_(socket), watch_(std::make_unique<Watch>(loop, socket)) {}
  ~TcpListener() override {
    loop_.cancel_timer(pause_);
    watch_.reset();
    close(socket_);
  }

 protected:
  Executor& executor() override { return loop_.executor(); }
  void start_accept(Operation<std::unique_ptr<Stream>>& op) override {
    accepting_ = Pending<std::unique_ptr<Stream>>::of(op);
    try_to_accept();
  }

 private:
  void try_to_accept() {
    if (!accepting_ || accepting_->is_abandoned()) return;
    const int socket = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket >= 0)
      return std::exchange(accepting_, nullptr)->complete(std::make_unique<TcpStream>(loop_, socket, silence_limit_));
    if (errno == EINTR || errno == ECONNABORTED) return loop_.post([this] { try_to_accept(); });
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!is_watched_)
        watch_->when_readable([this] {
          is_watched_ = false;
          try_to_accept();
        });
      is_watched_ = true;
      return;
    }
    // Out of descriptors or memory: whoever waits is accepted once there are some again.
    loop_.cancel_timer(pause_);
    pause_ = loop_.set_timer(boot_time() + accept_pause, [this] { try_to_accept(); });
  }

  Loop& loop_;
  const Duration silence_limit_;
  int socket_;
  std::unique_ptr<Watch> watch_;
  bool is_watched_ = false;
  std::uint64_t pause_ = 0;
  std::shared_ptr<Pending<std::unique_ptr<Stream>>> accepting_;
};

/// The address, with the port that the kernel gave to the socket.
Address with_port_of(int socket, const Address& address) {
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&own), &size) != 0) return address;
  const in_port_t port = own.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6*>(&own)->sin6_port
                                                   : reinterpret_cast<const sockaddr_in*>(&own)->sin_port;
  const std::string& text = address.value();
  return Address(text.substr(0, text.rfind(':') + 1) + std::to_string(ntohs(port)));
}

}  // namespace

void connect_stream(Loop& loop, Duration silence_limit, const Address& to,
                    Operation<Result<std::unique_ptr<Stream>>>& operation) {
  std::make_shared<Connecting>(loop, silence_limit, to)->begin(operation);
}

Result<std::unique_ptr<Listener>> listen_for_streams(Loop& loop, Duration silence_limit, const Address& at,
                                                     Address* taken) {
  const Result<SocketAddress> address = socket_address(at);
  if (!address) return address.error();
  const int socket = ::socket(address->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket < 0) return Error{ErrorCode::failed, std::string("making a socket: ") + std::strerror(errno)};
  set_option(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  if (::bind(socket, address->get(), address->size) != 0 || ::listen(socket, SOMAXCONN) != 0) {
    const int number = errno;
    close(socket);
    return Error{number == EADDRINUSE ? ErrorCode::already_exists : ErrorCode::failed,
                 "listening at " + at.value() + ": " + std::strerror(number)};
  }
  if (taken) *taken = with_port_of(socket, at);
  return std::unique_ptr<Listener>(std::make_unique<TcpListener>(loop, silence_limit, socket));
}

}  // namespace heir::hosts
