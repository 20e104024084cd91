#include "tests/unit/hosts/bench.h"

using namespace heir;
using namespace heir::hosts;

namespace {

Task<void> fail_to_open(Host& host, Address at) {
  SqlEndpoint endpoint{at, "postgres", "heir", "test"};
  const auto session = co_await host.open_session(std::move(endpoint));
  REQUIRE_FALSE(session);
  CHECK(session.error().code == ErrorCode::unreachable);
  CHECK(session.error().message.find("refused") != std::string::npos);
}

Task<void> open_for_ever(Host& host, Address at) {
  SqlEndpoint endpoint{at, "postgres", "heir", "test"};
  const auto session = co_await host.open_session(std::move(endpoint));
  FAIL("there is no server: " << session.has_value());
}

Task<void> refuse(Listener& listener) {
  const std::unique_ptr<Stream> stream = co_await listener.accept();
  const Result<Bytes> asked = co_await stream->read();
  CHECK(asked);
  stream->write("no PostgreSQL\n");
}

Task<void> talk_to_something_else(Host& host, Listener& listener, Address at) {
  Scope scope;
  scope.spawn(refuse(listener));
  SqlEndpoint endpoint{at, "postgres", "heir", "test"};
  const auto session = co_await host.open_session(std::move(endpoint));
  REQUIRE_FALSE(session);
  CHECK(session.error().code == ErrorCode::unreachable);
}

}  // namespace

// What a real server answers is the conformance tests' matter.
TEST_CASE("A session with a server that is not there, or is none") {
  Bench bench;
  bench.run(fail_to_open(bench.host, free_address()));
  const Address at = free_address();
  const auto listener = bench.host.listen(at);
  bench.run(talk_to_something_else(bench.host, **listener, at));
  {
    Scope scope;
    scope.spawn(open_for_ever(bench.host, at));
    bench.pass(Duration::milliseconds(50));
  }
  bench.pass(Duration::milliseconds(20));
}
