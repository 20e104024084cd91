#include "sim/kernel/probes.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace heir::sim;

TEST_CASE("probes count by name and are listed in order") {
  Probes probes;
  Probe second = probes.probe("network.reordered");
  Probe first = probes.probe("disk.torn", ProbeRarity::rare);
  Probe again = probes.probe("network.reordered", ProbeRarity::rare);
  second.hit();
  second.hit();
  again.hit();
  CHECK(second.count() == 3);
  CHECK(first.count() == 0);
  CHECK(probes.count("network.reordered") == 3);
  CHECK(probes.count("disk.torn") == 0);
  CHECK(probes.count("never.asked.for") == 0);
  std::vector<std::string> names;
  for (const auto& [name, entry] : probes.entries()) names.push_back(name);
  CHECK(names == std::vector<std::string>{"disk.torn", "network.reordered"});
}

TEST_CASE("a probe is rare only if all who asked said so") {
  Probes probes;
  probes.probe("a", ProbeRarity::rare);
  CHECK(probes.entries().at("a").rarity == ProbeRarity::rare);
  probes.probe("a", ProbeRarity::expected);
  probes.probe("a", ProbeRarity::rare);
  CHECK(probes.entries().at("a").rarity == ProbeRarity::expected);
}
