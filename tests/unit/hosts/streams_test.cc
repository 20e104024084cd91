#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>

#include "tests/unit/hosts/bench.h"

namespace heir::hosts {

Address free_address() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(bind(socket, generic, size) == 0);
  REQUIRE(getsockname(socket, generic, &size) == 0);
  close(socket);
  return Address("127.0.0.1:" + std::to_string(ntohs(address.sin_port)));
}

}  // namespace heir::hosts

using namespace heir;
using namespace heir::hosts;

namespace {

Task<void> echo(Listener& listener) {
  const std::unique_ptr<Stream> stream = co_await listener.accept();
  while (true) {
    Result<Bytes> bytes = co_await stream->read();
    if (!bytes || bytes->empty()) break;
    stream->write(std::move(*bytes));
    const Result<> drained = co_await stream->drained();
    if (!drained) break;
  }
}

Task<void> send_all(Stream& stream, std::size_t size) {
  for (std::size_t sent = 0; sent < size; sent += 100'000) {
    stream.write(Bytes(100'000, 'x'));
    const Result<> drained = co_await stream.drained();
    CHECK(drained);
  }
}

Task<void> talk(Host& host, Address at, std::size_t size) {
  const std::unique_ptr<Listener> listener = std::move(*host.listen(at));
  Scope scope;
  scope.spawn(echo(*listener));
  auto connected = co_await host.connect(at);
  REQUIRE(connected);
  const std::unique_ptr<Stream> stream = std::move(*connected);
  scope.spawn(send_all(*stream, size));
  std::size_t received = 0;
  while (received < size) {
    const Result<Bytes> bytes = co_await stream->read();
    REQUIRE(bytes);
    REQUIRE_FALSE(bytes->empty());
    received += bytes->size();
  }
  CHECK(received == size);
}

Task<void> accept_and(Listener& listener, std::string words, bool resets) {
  const std::unique_ptr<Stream> stream = co_await listener.accept();
  const Result<Bytes> asked = co_await stream->read();
  CHECK(asked);
  stream->write(std::move(words));
  if (resets) stream->reset();
}

Task<void> hear(Host& host, Address at, bool resets) {
  const std::unique_ptr<Listener> listener = std::move(*host.listen(at));
  Scope scope;
  scope.spawn(accept_and(*listener, std::string(3'000'000, 'w'), resets));
  auto connected = co_await host.connect(at);
  REQUIRE(connected);
  const std::unique_ptr<Stream> stream = std::move(*connected);
  stream->write("?");
  std::size_t received = 0;
  while (true) {
    const Result<Bytes> bytes = co_await stream->read();
    if (resets && !bytes) {
      CHECK(bytes.error().code == ErrorCode::unreachable);
      break;
    }
    REQUIRE(bytes);
    if (bytes->empty()) break;
    received += bytes->size();
  }
  if (!resets) CHECK(received == 3'000'000);
}

Task<void> read_and_drop(Stream& stream) {
  const Result<Bytes> bytes = co_await stream.read();
  FAIL("it is given up first: " << bytes.has_value());
}

/// Reads a first part, is told of the rest while nobody reads, and reads on; then of the end, likewise.
Task<void> read_in_parts(Host& host, Address at) {
  const std::unique_ptr<Listener> listener = std::move(*host.listen(at));
  auto connected = co_await host.connect(at);
  REQUIRE(connected);
  const std::unique_ptr<Stream> stream = std::move(*connected);
  std::unique_ptr<Stream> other = co_await listener->accept();
  Scope given_up;
  given_up.spawn(read_and_drop(*stream));
  given_up.cancel();
  for (const char* const part : {"one", "two"}) {
    other->write(part);
    co_await host.sleep(Duration::milliseconds(5));
    const Result<Bytes> bytes = co_await stream->read();
    REQUIRE(bytes);
    CHECK(*bytes == part);
  }
  other->write("the last");
  other.reset();
  co_await host.sleep(Duration::milliseconds(5));
  const Result<Bytes> last = co_await stream->read();
  REQUIRE(last);
  CHECK(*last == "the last");
  const Result<Bytes> end = co_await stream->read();
  REQUIRE(end);
  CHECK(end->empty());
}

Task<void> greet_through(Host& host, Address at, int listening) {
  auto connected = co_await host.connect(at);
  REQUIRE(connected);
  (*connected)->write("hello");
  const int other = ::accept(listening, nullptr, nullptr);
  REQUIRE(other >= 0);
  char heard[8];
  CHECK(std::string(heard, static_cast<std::size_t>(::recv(other, heard, sizeof heard, 0))) == "hello");
  close(other);
  const Result<Bytes> end = co_await (*connected)->read();
  REQUIRE(end);
  CHECK(end->empty());
}

Task<void> fail_to_connect(Host& host, Address at) {
  const auto refused = co_await host.connect(at);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::unreachable);
  const auto nameless = co_await host.connect(Address("nonsense"));
  REQUIRE_FALSE(nameless);
  const auto too_long = co_await host.connect(Address("@" + std::string(200, 'x')));
  REQUIRE_FALSE(too_long);
}

Task<void> connect_and_wait(Host& host, Address at) {
  auto connected = co_await host.connect(at);
  REQUIRE(connected);
  const Result<Bytes> bytes = co_await (*connected)->read();
  FAIL("nobody writes: " << bytes.has_value());
}

}  // namespace

TEST_CASE("Streams carry bytes in order, and wait for a slow reader") {
  Bench bench;
  bench.run(talk(bench.host, free_address(), 20'000'000));
}

TEST_CASE("A stream that is destroyed says what it was told to, then ends") {
  Bench bench;
  bench.run(hear(bench.host, free_address(), false));
}

TEST_CASE("A stream that is reset breaks on the other side") {
  Bench bench;
  bench.run(hear(bench.host, free_address(), true));
}

TEST_CASE("What comes while nobody reads is read later, and so is the end") {
  Bench bench;
  bench.run(read_in_parts(bench.host, free_address()));
}

TEST_CASE("A stream goes to a Unix socket, too") {
  Bench bench;
  const std::string name = "heir-unit-" + std::to_string(getpid());
  const int listening = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  name.copy(address.sun_path + 1, name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  REQUIRE(bind(listening, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  REQUIRE(listen(listening, 1) == 0);
  bench.run(greet_through(bench.host, Address("@" + name), listening));
  close(listening);
  bench.run(fail_to_connect(bench.host, Address("@" + name)));
}

TEST_CASE("Nobody listens") {
  Bench bench;
  bench.run(fail_to_connect(bench.host, free_address()));
}

TEST_CASE("An address is listened at once") {
  Bench bench;
  const Address at = free_address();
  const auto first = bench.host.listen(at);
  REQUIRE(first);
  const auto second = bench.host.listen(at);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == ErrorCode::already_exists);
}

TEST_CASE("What waits may be given up at any time") {
  Bench bench;
  const Address at = free_address();
  const auto listener = bench.host.listen(at);
  {
    Scope at_once;
    at_once.spawn(connect_and_wait(bench.host, at));
  }
  {
    Scope scope;
    scope.spawn(connect_and_wait(bench.host, at));
    bench.pass(Duration::milliseconds(20));
  }
  bench.pass(Duration::milliseconds(20));
}
