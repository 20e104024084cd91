#include "tools/hosted/wall_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <catch2/catch.hpp>
#include <filesystem>

namespace heir::hosted {
namespace {

/// What a program in that environment prints.
std::string output_of(const WallClock& clock, const std::string& program) {
  std::string line = "env";
  for (const std::string& each : clock.environment()) line += " " + each;
  FILE* const pipe = ::popen((line + " " + program).c_str(), "r");
  REQUIRE(pipe);
  char buffer[256];
  std::string output;
  while (::fgets(buffer, sizeof buffer, pipe)) output += buffer;
  CHECK(::pclose(pipe) == 0);
  return output;
}

/// Of its wall clock, by the seconds that a program reads.
long ahead(const WallClock& clock) {
  return std::stol(output_of(clock, "date +%s")) - static_cast<long>(::time(nullptr));
}

constexpr long tolerance = 120;  ///< To start a program takes no longer, on any machine.

}  // namespace

TEST_CASE("A wall clock is stepped for programs that run with it, forward and back, and for nobody else") {
  char pattern[] = "/tmp/heir-clock-XXXXXX";
  REQUIRE(::mkdtemp(pattern));
  const std::string folder = pattern;
  Result<WallClock> clock = WallClock::make(folder, folder);
  REQUIRE(clock);
  CHECK(std::abs(ahead(*clock)) < tolerance);
  REQUIRE(clock->step(Duration::seconds(86'400)));
  CHECK(std::abs(ahead(*clock) - 86'400) < tolerance);
  REQUIRE(clock->step(Duration::zero() - Duration::seconds(2 * 86'400)));
  CHECK(std::abs(ahead(*clock) + 86'400) < tolerance);
  // Those that a program starts are of the same host.
  CHECK(std::abs(std::stol(output_of(*clock, "sh -c 'date +%s'")) - ::time(nullptr) + 86'400) < tolerance);
  std::filesystem::remove_all(folder);
  CHECK_FALSE(WallClock::make(folder, folder));
}

}  // namespace heir::hosted
