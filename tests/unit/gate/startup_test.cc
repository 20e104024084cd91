// The beginning of a PostgreSQL connection, as the gate reads it.
#include <catch2/catch.hpp>

#include <string>

#include "engine/gate/startup.h"
#include "sim/databases/postgresql/wire.h"

using namespace heir;
using namespace heir::gate;

namespace {

std::string number(std::uint32_t n) {
  std::string out;
  sim::wire::detail::put32(out, n);
  return out;
}
std::string packet(std::uint32_t code, std::string rest = {}) {
  return number(static_cast<std::uint32_t>(8 + rest.size())) + number(code) + rest;
}

/// The key that a finder learns from bytes which arrive in pieces of `size`.
std::optional<CancelKey> found(const std::string& bytes, std::size_t size, bool* done = nullptr) {
  KeyFinder finder;
  for (std::size_t at = 0; at < bytes.size(); at += size) finder.feed(std::string_view(bytes).substr(at, size));
  if (done) *done = finder.done();
  return finder.key();
}

}  // namespace

TEST_CASE("a session begins, however many bytes have arrived after it") {
  const std::string startup = sim::wire::startup("app", "test");
  const First first = first_packet(startup);
  CHECK(first.kind == FirstPacket::session);
  CHECK(first.length == startup.size());
  const First more = first_packet(startup + "Q....");
  CHECK(more.kind == FirstPacket::session);
  CHECK(more.length == startup.size());
}

TEST_CASE("every beginning of a first packet is incomplete") {
  for (const std::string& whole :
       {sim::wire::startup("app"), sim::wire::cancel({7, 8}), packet(80877103), packet(80877104)}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      INFO(size);
      CHECK(first_packet(std::string_view(whole).substr(0, size)).kind == FirstPacket::incomplete);
    }
    CHECK(first_packet(whole).kind != FirstPacket::incomplete);
  }
}

TEST_CASE("a cancel request carries the key of its target") {
  const First first = first_packet(sim::wire::cancel({0x01020304, 0xfffefdfc}));
  CHECK(first.kind == FirstPacket::cancel);
  CHECK(first.length == 16);
  CHECK(first.key == CancelKey{0x01020304, 0xfffefdfc});
  CHECK(first_packet(packet(80877102, "1234")).kind == FirstPacket::malformed);
  CHECK(first_packet(packet(80877102, "123456789012")).kind == FirstPacket::malformed);
}

TEST_CASE("both questions for encryption are known") {
  CHECK(first_packet(packet(80877103)).kind == FirstPacket::encryption);
  const First gss = first_packet(packet(80877104) + sim::wire::startup("app"));
  CHECK(gss.kind == FirstPacket::encryption);
  CHECK(gss.length == 8);
}

TEST_CASE("a length that no first packet has is seen from its four bytes alone") {
  for (const std::uint32_t length : {0U, 4U, 7U, 10'001U, 0x80000000U, 0xffffffffU}) {
    INFO(length);
    CHECK(first_packet(number(length)).kind == FirstPacket::malformed);
  }
  CHECK(first_packet(number(8)).kind == FirstPacket::incomplete);
  CHECK(first_packet(number(10'000)).kind == FirstPacket::incomplete);
  CHECK(first_packet("GET / HTTP/1.1\r\n").kind == FirstPacket::malformed);
  const std::string longest = number(10'000) + number(sim::wire::protocol_version) + std::string(9'992, 'x');
  CHECK(first_packet(longest).kind == FirstPacket::session);
}

TEST_CASE("the key of a session is found however its greeting is cut") {
  std::string greeting;
  sim::wire::put_greeting(greeting, {4711, 0xdeadbeef});
  for (std::size_t size = 1; size <= greeting.size(); ++size) {
    INFO(size);
    bool done = false;
    CHECK(found(greeting, size, &done) == CancelKey{4711, 0xdeadbeef});
    CHECK(done);
  }
}

TEST_CASE("what follows the greeting is not read") {
  std::string greeting;
  sim::wire::put_greeting(greeting, {1, 2});
  std::string other;
  sim::wire::put_greeting(other, {3, 4});
  CHECK(found(greeting + other, 5) == CancelKey{1, 2});
}

TEST_CASE("a server that refuses has no key") {
  std::string error;
  sim::wire::put_report(error, 'E', "FATAL", "53300", "too many");
  bool done = false;
  CHECK(found(error, 3, &done) == std::nullopt);
  CHECK(done);
}

TEST_CASE("what is not the protocol ends the search") {
  for (const std::string& garbage : {std::string("HTTP/1.1 200 OK"), std::string(100, '\0'), std::string(100, '\xff'),
                                     "K" + number(3) + "xxxxxxxx"}) {
    bool done = false;
    CHECK(found(garbage, 4, &done) == std::nullopt);
    CHECK(done);
  }
}

TEST_CASE("a message K of another length is no key, and the search goes on") {
  std::string greeting = "K" + number(16) + std::string(12, 'x');
  sim::wire::put_greeting(greeting, {5, 6});
  CHECK(found(greeting, 7) == CancelKey{5, 6});
}

TEST_CASE("a refusal is an error message that a client can read") {
  const Bytes bytes = refusal("57P03", "not now");
  const std::string body = std::string("SFATAL\0VFATAL\0C57P03\0Mnot now\0\0", 31);
  CHECK(bytes == "E" + number(static_cast<std::uint32_t>(body.size() + 4)) + body);
  const sim::wire::Report report = sim::wire::parse_report(std::string_view(bytes).substr(5));
  CHECK(report.severity == "FATAL");
  CHECK(report.state == "57P03");
  CHECK(report.message == "not now");
}
