#include "engine/hosts/frame.h"

#include <catch2/catch.hpp>

using namespace heir;
using namespace heir::hosts;

TEST_CASE("A frame is what it was") {
  const Message sent{Address("10.0.0.1:7400"), Bytes("a\0b", 3)};
  const auto decoded = decode_frame("main", encode_frame("main", sent));
  const auto* message = std::get_if<Message>(&decoded);
  REQUIRE(message);
  CHECK(message->from == sent.from);
  CHECK(message->payload == sent.payload);
}

TEST_CASE("Other frames are refused, and why") {
  const std::string good = encode_frame("main", {Address("a:1"), "x"});
  CHECK(std::get<Refusal>(decode_frame("other", good)) == Refusal::cluster);
  std::string older = good;
  older[4] = 0;
  CHECK(std::get<Refusal>(decode_frame("main", older)) == Refusal::version);
  for (std::size_t size = 0; size < 5; ++size)
    CHECK(std::get<Refusal>(decode_frame("main", good.substr(0, size))) == Refusal::garbage);
  CHECK(std::get<Refusal>(decode_frame("main", good.substr(0, 12))) == Refusal::garbage);
  CHECK(std::get<Refusal>(decode_frame("main", "GET / HTTP/1.1")) == Refusal::garbage);
}
