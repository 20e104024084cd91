#include "tools/testbed/capture.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

using namespace heir;
using namespace heir::testbed;

TEST_CASE("A capture is a pcap file") {
  const std::string path = "capture-" + std::to_string(::getpid()) + ".pcap";
  {
    Result<Capture> capture = Capture::make(path);
    REQUIRE(capture);
    const std::vector<std::uint8_t> frame(60, 7);
    capture->add(WallTime::from_ns(12'345'678'901), frame);
    REQUIRE(capture->flush());
  }
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  ::unlink(path.c_str());
  REQUIRE(bytes.size() == 24 + 16 + 60);
  const auto word = [&bytes](std::size_t at) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof value);
    return value;
  };
  CHECK(word(0) == 0xa1b2c3d4);
  CHECK(word(20) == 1);  // Ethernet
  CHECK(word(24) == 12);
  CHECK(word(28) == 345'678);
  CHECK(word(32) == 60);
  CHECK(word(36) == 60);
  CHECK(bytes.substr(40) == std::string(60, 7));
}

TEST_CASE("A capture that cannot be written says so") {
  CHECK_FALSE(Capture::make("/nowhere/at/all.pcap"));
  Result<Capture> capture = Capture::make("/dev/full");
  if (capture) CHECK_FALSE(capture->flush());
  if (!capture) CHECK(capture.error().code == ErrorCode::out_of_space);
}
