#include "tools/daemon/calibration.h"

#include <catch2/catch.hpp>

using namespace heir;
using namespace heir::tools;

namespace {

Measurement measured(std::string_view table, std::string_view key, Duration low, Duration high) {
  Measurement made;
  made.table = table;
  made.key = key;
  made.samples = {low, low, low, high, high, high, high, high, high, high, high};
  return made;
}

}  // namespace

TEST_CASE("What was measured becomes tables of a scenario, and those overrides") {
  const std::string text = scenario_fragment({
      measured("disk", "fsync", Duration::microseconds(100), Duration::milliseconds(4)),
      measured("server", "promote", Duration::milliseconds(70), Duration::milliseconds(140)),
      measured("", "", Duration::milliseconds(1), Duration::milliseconds(2)),
  });
  CHECK(text == "[disk]\nfsync = \"100us..4ms\"\n\n[server]\npromote = \"70ms..140ms\"\n");
  const Result<std::vector<std::string>> overrides = fragment_overrides("# fsync\n\n" + text);
  REQUIRE(overrides);
  CHECK(*overrides == std::vector<std::string>{"disk.fsync=\"100us..4ms\"", "server.promote=\"70ms..140ms\""});
}

TEST_CASE("What `heir calibrate` does not print is refused, with its line") {
  const Result<std::vector<std::string>> no_table = fragment_overrides("# a\nfsync = \"1ms\"\n");
  REQUIRE_FALSE(no_table);
  CHECK(no_table.error().message.starts_with("2: no '[table]'"));
  CHECK_FALSE(fragment_overrides("[disk]\nfsync\n"));
  CHECK(fragment_overrides("")->empty());
}
