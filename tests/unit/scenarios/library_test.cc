// The library of files, and what must agree with other folders.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "engine/failover/policy.h"
#include "scenarios/fault_kinds.h"
#include "scenarios/load.h"
#include "scenarios/names.h"
#include "scenarios/policy_switches.h"

namespace heir::scenarios {
namespace {

std::string slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::filesystem::path> library() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(HEIR_SOURCE_DIR) / "scenarios")) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("every file of the library loads and reads back as written") {
  REQUIRE(library().size() >= 22);
  for (const std::filesystem::path& file : library()) {
    INFO(file);
    const Loaded loaded = load_file(file.string());
    CHECK(loaded.messages == std::vector<std::string>{});
    REQUIRE(loaded);
    const Loaded again = load_text("again.toml", write(*loaded.scenario));
    REQUIRE(again);
    CHECK(*again.scenario == *loaded.scenario);
    // Every known-bad file says which verdict it must get, and no other file does.
    CHECK(loaded.scenario->expect.verdict.has_value() == (file.parent_path().filename() == "known-bad"));
  }
}

TEST_CASE("primary-crash is the scenario that the speed is measured with") {
  const Loaded loaded = load_file(HEIR_SOURCE_DIR "/scenarios/first/primary-crash.toml");
  REQUIRE(loaded);
  const Scenario& s = *loaded.scenario;
  CHECK(s.cluster.peers == 3);
  CHECK(s.duration == Duration::seconds(120));
  REQUIRE(s.workloads.size() == 1);
  CHECK(s.workloads[0].clients == 5);
  CHECK(s.workloads[0].rate == Rate{200, Duration::seconds(1)});
  REQUIRE(s.faults.size() == 1);
  CHECK(s.faults[0].kind == FaultKind::crash);
  CHECK(s.faults[0].target == Target{TargetKind::primary, 0});
}

TEST_CASE("the reference in the README is the one that the declarations give") {
  const std::string readme = slurp(HEIR_SOURCE_DIR "/scenarios/README.md");
  const std::size_t begin = readme.find("## Reference\n\n");
  REQUIRE(begin != std::string::npos);
  CHECK(readme.substr(begin + 14) == reference());
}

TEST_CASE("every family of faults exposes a planted bug, and the README has the table") {
  std::string table = "| family | design | planted | caught as |\n|---|---|---|---|\n";
  for (const Name<FaultFamily>& family : vocabulary<FaultFamily>().names) {
    int exposed = 0;
    for (const std::filesystem::path& file : library()) {
      if (file.parent_path().filename() != "known-bad") continue;
      const Loaded loaded = load_file(file.string());
      REQUIRE(loaded);
      const Scenario& scenario = *loaded.scenario;
      std::string kinds, planted;
      std::set<FaultKind> told;
      for (const Fault& fault : scenario.faults)
        if (traits(fault.kind).family == family.value && told.insert(fault.kind).second)
          kinds += (kinds.empty() ? "" : ", ") + to_string(fault.kind);
      // Clocks may be wrong from the start on.
      if (family.value == FaultFamily::clock && !scenario.clock.hosts.empty()) kinds = "clocks that run slow";
      if (kinds.empty()) continue;
      ++exposed;
      if (scenario.cluster.policy != PolicyPreset::heir) planted = "policy " + to_string(scenario.cluster.policy);
      for (const PolicyOverride& off : scenario.policy)
        planted += (planted.empty() ? "`" : ", `") + off.name + " = " + off.value + "`";
      table += "| " + std::string(family.name) + ": " + kinds + " | `" + file.filename().string() + "` | " + planted +
               " | " + to_string(*scenario.expect.verdict) + " |\n";
    }
    INFO(family.name);
    CHECK(exposed > 0);
  }
  INFO(table);
  CHECK(slurp(HEIR_SOURCE_DIR "/scenarios/README.md").find("\n\n" + table + "\n") != std::string::npos);
}

TEST_CASE("the switches of [policy] are those of the engine") {
  const auto ours = policy_switches();
  const auto engine = failover::policy_switches();
  REQUIRE(ours.size() == engine.size());
  const failover::Policy heir = failover::heir_policy();
  for (std::size_t i = 0; i < ours.size(); ++i) {
    INFO(ours[i].name);
    CHECK(ours[i].name == engine[i].name);
    std::vector<std::string_view> mine(ours[i].values.begin(), ours[i].values.end());
    CHECK(mine.front() == failover::switch_value(heir, ours[i].name));
    std::vector<std::string_view> theirs(engine[i].values.begin(), engine[i].values.end());
    std::sort(mine.begin(), mine.end());
    std::sort(theirs.begin(), theirs.end());
    CHECK(mine == theirs);
  }
}

TEST_CASE("every name of a vocabulary is spelled once and leads back to its value") {
  for (const Name<FaultKind>& name : vocabulary<FaultKind>().names)
    CHECK(from_name<FaultKind>(name.name) == name.value);
  for (const Name<FailureKind>& name : vocabulary<FailureKind>().names)
    CHECK(from_name<FailureKind>(name.name) == name.value);
  CHECK(vocabulary<FaultKind>().names.size() == static_cast<std::size_t>(FaultKind::random) + 1);
  CHECK(vocabulary<FailureKind>().names.size() == static_cast<std::size_t>(FailureKind::assertion) + 1);
  CHECK(vocabulary<PartitionShape>().names.size() == static_cast<std::size_t>(PartitionShape::random) + 1);
  CHECK(vocabulary<Moment>().names.size() == static_cast<std::size_t>(Moment::rejoined) + 1);
  CHECK(vocabulary<TargetKind>().names.size() == static_cast<std::size_t>(TargetKind::rack) + 1);
}

}  // namespace heir::scenarios
