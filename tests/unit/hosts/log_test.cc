#include "engine/hosts/log.h"

#include <catch2/catch.hpp>

using namespace heir;
using namespace heir::hosts;

TEST_CASE("A line of the log is one line, whatever it tells") {
  const std::vector<Field> fields{{"mode", "open"}, {"error", "a \"b\"\nc\x1b"}, {"none", ""}};
  const WallTime at = WallTime::from_ns(1'700'000'000'123'000'000);
  CHECK(log_line(LogFormat::text, at, LogLevel::info, "gate", fields) ==
        "2023-11-14T22:13:20.123Z info gate mode=open error=\"a \\\"b\\\"\\nc\\u001b\" none=\"\"");
  CHECK(log_line(LogFormat::json, at, LogLevel::warning, "gate", fields) ==
        "{\"time\":\"2023-11-14T22:13:20.123Z\",\"level\":\"warning\",\"event\":\"gate\",\"mode\":\"open\","
        "\"error\":\"a \\\"b\\\"\\nc\\u001b\",\"none\":\"\"}");
}
