#include <catch2/catch.hpp>

#include "reports/timeline/timeline.h"

using namespace heir::reports;

namespace {
HistoryTime at(std::int64_t ns) {
  return HistoryTime::from_ns(ns);
}
}  // namespace

TEST_CASE("a track keeps what was so, without gaps that were none") {
  Track track;
  track.set(at(10), "primary");
  track.set(at(20), "primary");
  track.set(at(30), "");
  track.set(at(50), "sync");
  track.set(at(60), "deposed");
  track.end(at(70));
  CHECK(track.spans() ==
        std::vector<Span>{{at(10), at(30), "primary"}, {at(50), at(60), "sync"}, {at(60), at(70), "deposed"}});
}

TEST_CASE("what lasted no time is no span") {
  Track track;
  track.set(at(10), "held");
  track.set(at(10), "open");
  track.end(at(10));
  CHECK(track.spans().empty());
}
