#include <catch2/catch.hpp>

#include "tools/shrink/edits.h"

using namespace heir;
using namespace heir::tools;

namespace {

scenarios::Scenario busy() {
  scenarios::Scenario scenario;
  scenario.workloads.resize(2);
  scenario.workloads[0].rate.count = 200;
  scenario.workloads[1].rate.count = 3;
  return scenario;
}

bool is_ideal(const scenarios::Scenario& scenario) {
  return scenario.store.kind == scenarios::StoreKind::ideal;
}

}  // namespace

TEST_CASE("Cheaper worlds have few operations, an ideal store, or both, the cheapest first") {
  const scenarios::Scenario from = busy();
  const std::vector<scenarios::Scenario> worlds = cheaper_worlds(from);
  REQUIRE(worlds.size() == 3);
  CHECK(is_ideal(worlds[0]));
  CHECK(worlds[0].workloads[0].rate.count == 12);
  CHECK(worlds[0].workloads[1].rate.count == 1);
  CHECK_FALSE(is_ideal(worlds[1]));
  CHECK(worlds[1].workloads[0].rate.count == 12);
  CHECK(is_ideal(worlds[2]));
  CHECK(worlds[2].workloads == from.workloads);
}

TEST_CASE("Of what is cheap already there is no cheaper world") {
  scenarios::Scenario from = busy();
  from.store.kind = scenarios::StoreKind::ideal;
  from.workloads[0].rate.count = 1;
  from.workloads[1].rate.count = 1;
  CHECK(cheaper_worlds(from).empty());
}
