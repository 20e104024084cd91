#include "tools/testbed/deliveries.h"

#include <catch2/catch.hpp>

using namespace heir;
using namespace heir::testbed;

namespace {

std::uint32_t keep(Deliveries& deliveries, std::uint8_t content) {
  return deliveries.keep(FrameBytes(&content, 1), NodeId(0), NodeId(1));
}

VirtualTime at(std::int64_t ms) {
  return VirtualTime() + Duration::milliseconds(ms);
}

}  // namespace

TEST_CASE("Frames arrive by time, and those of one time in the order in which they came") {
  Deliveries deliveries;
  deliveries.schedule(at(5), keep(deliveries, 'c'));
  deliveries.schedule(at(1), keep(deliveries, 'a'));
  deliveries.schedule(at(5), keep(deliveries, 'd'));
  deliveries.schedule(at(3), keep(deliveries, 'b'));
  CHECK(deliveries.next() == at(1));
  CHECK_FALSE(deliveries.take(at(0)));
  std::string order;
  while (const auto number = deliveries.take(at(5))) order += static_cast<char>(deliveries.frame(*number).bytes[0]);
  CHECK(order == "abcd");
  CHECK_FALSE(deliveries.next());
}

TEST_CASE("The number of a frame that is gone is given to another") {
  Deliveries deliveries;
  const std::uint32_t first = keep(deliveries, 'a');
  const std::uint32_t second = keep(deliveries, 'b');
  deliveries.drop(first);
  CHECK(keep(deliveries, 'c') == first);
  CHECK(deliveries.frame(first).bytes[0] == 'c');
  CHECK(deliveries.frame(second).bytes[0] == 'b');
}
