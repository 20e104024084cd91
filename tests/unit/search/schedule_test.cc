// Variations of schedules: always something else, never out of what the scenario's faults can draw.
#include "tools/search/schedule.h"

#include <catch2/catch.hpp>

#include "scenarios/load.h"

using namespace heir;
using namespace heir::tools;
using scenarios::Fault;
using scenarios::FaultKind;

namespace {

scenarios::Scenario scenario(const std::string& faults) {
  const scenarios::Loaded loaded = scenarios::load_text("test.toml", "title = \"t\"\nduration = \"100s\"\n" + faults);
  for (const std::string& message : loaded.messages) UNSCOPED_INFO(message);
  REQUIRE(loaded);
  return *loaded.scenario;
}

Fault strike(FaultKind kind, std::int64_t at, std::int64_t lasts) {
  Fault fault;
  fault.kind = kind;
  fault.at = {Duration::seconds(at), Duration::seconds(at)};
  fault.lasts = {Duration::seconds(lasts), Duration::seconds(lasts)};
  return fault;
}

const char* const mixed =
    "[[fault]]\nkind = \"random\"\namong = [\"crash\", \"pause\"]\nevery = \"5s..10s\"\nuntil = \"60s\"\nfor = "
    "\"1s..8s\"\n"
    "[[fault]]\nkind = \"crash\"\nat = \"70s..80s\"\nfor = \"500ms\"\n";

}  // namespace

TEST_CASE("what strikes of a kind may be is what all faults that draw it allow") {
  const ScheduleBounds bounds(scenario(mixed));
  const StrikeBounds* const crash = bounds.of(FaultKind::crash);
  REQUIRE(crash);
  CHECK(crash->earliest == Duration::seconds(5));
  CHECK(crash->latest == Duration::seconds(80));
  CHECK(crash->lasts->low == Duration::milliseconds(500));
  CHECK(crash->lasts->high == Duration::seconds(8));
  CHECK(crash->most == 13);  // every 5 s from 5 s to 60 s, and once more
  CHECK(bounds.of(FaultKind::pause)->most == 12);
  CHECK(bounds.of(FaultKind::pause)->latest == Duration::seconds(60));
  CHECK_FALSE(bounds.of(FaultKind::suspend));
}

TEST_CASE("a variation stays within its bounds, in order, and no longer than they allow") {
  const ScheduleBounds bounds(scenario(mixed));
  const Schedule drawn{strike(FaultKind::crash, 10, 2), strike(FaultKind::pause, 20, 4),
                       strike(FaultKind::crash, 75, 3)};
  sim::RandomStream random(1, "test");
  Schedule now = drawn;
  bool moved = false, stretched = false, fewer = false, more = false;
  for (int i = 0; i < 5000; ++i) {
    const Schedule next = vary(now, drawn, bounds, random);
    fewer = fewer || next.size() < now.size();
    more = more || next.size() > now.size();
    Duration last;
    for (const Fault& fault : next) {
      const StrikeBounds& own = *bounds.of(fault.kind);
      REQUIRE(fault.at->low >= std::max(last, own.earliest));
      REQUIRE(fault.at->low <= own.latest);
      REQUIRE(fault.at->fixed());
      REQUIRE(fault.lasts->low >= own.lasts->low);
      REQUIRE(fault.lasts->high <= own.lasts->high);
      moved = moved || fault.at->low.ns() % 1'000'000'000 != 0;
      stretched = stretched || fault.lasts->low == own.lasts->high;
      last = fault.at->low;
    }
    for (const FaultKind kind : {FaultKind::crash, FaultKind::pause})
      REQUIRE(static_cast<std::size_t>(std::count_if(next.begin(), next.end(), [kind](const Fault& f) {
                return f.kind == kind;
              })) <= bounds.of(kind)->most);
    now = next;
  }
  CHECK(moved);
  CHECK(stretched);
  CHECK(fewer);
  CHECK(more);
}

TEST_CASE("a schedule without strikes can only take over some") {
  const ScheduleBounds bounds(scenario(mixed));
  sim::RandomStream random(1, "test");
  CHECK(vary({}, {}, bounds, random).empty());
  std::size_t most = 0;
  for (int i = 0; i < 100; ++i)
    most = std::max(most, vary({}, {strike(FaultKind::crash, 10, 2)}, bounds, random).size());
  CHECK(most > 0);
}
