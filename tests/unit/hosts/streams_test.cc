#include "engine/hosts/addresses.h"
#include "tests/unit/hosts/bench.h"

namespace heir::hosts {

Address free_address() {
  const Result<std::vector<Address>> free = free_loopback_addresses(1);
  REQUIRE(free);
  return free->front();
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

Task<void> fail_to_connect(Host& host, Address at) {
  const auto refused = co_await host.connect(at);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::unreachable);
  const auto nameless = co_await host.connect(Address("nonsense"));
  REQUIRE_FALSE(nameless);
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
