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

/// Takes whoever comes as PostgreSQL does, without a password, and breaks the connection at the first statement.
Task<void> welcome_and_break(Listener& listener, bool in_order) {
  const std::unique_ptr<Stream> stream = co_await listener.accept();
  const Result<Bytes> asked_for_tls = co_await stream->read();
  CHECK(asked_for_tls);
  stream->write("N");
  const Result<Bytes> startup = co_await stream->read();
  CHECK(startup);
  const std::string authenticated("R\0\0\0\x08\0\0\0\0", 9), ready("Z\0\0\0\x05I", 6);
  stream->write(authenticated + ready);
  const Result<Bytes> statement = co_await stream->read();
  CHECK(statement);
  if (!in_order) stream->reset();
}

Task<void> ask(SqlSession& session, std::size_t size) {
  Statement statement{"test", "select $1", {std::string(size, 'x')}};
  const Result<Rows> rows = co_await session.execute(std::move(statement));
  REQUIRE_FALSE(rows);
  CHECK(rows.error().code == ErrorCode::unreachable);
}

Task<void> lose_the_server(Host& host, Address at, std::size_t size, bool in_order) {
  const std::unique_ptr<Listener> listener = std::move(*host.listen(at));
  Scope scope;
  scope.spawn(welcome_and_break(*listener, in_order));
  SqlEndpoint endpoint{at, "postgres", "heir", "test"};
  auto opened = co_await host.open_session(std::move(endpoint));
  REQUIRE(opened);
  const std::unique_ptr<SqlSession> session = std::move(*opened);
  co_await ask(*session, size);
  co_await host.sleep(Duration::milliseconds(5));
  co_await ask(*session, 1);  // It stays lost.
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

TEST_CASE("A server that breaks the connection ends the statement, whether it has been sent or was being sent") {
  Bench bench;
  // More than the sockets' buffers hold.
  for (const std::size_t size : {std::size_t{10}, std::size_t{30'000'000}})
    for (const bool in_order : {true, false}) bench.run(lose_the_server(bench.host, free_address(), size, in_order));
}
