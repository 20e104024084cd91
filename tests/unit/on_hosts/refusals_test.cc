#include "tools/on_hosts/refusals.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>

#include "scenarios/load.h"

namespace heir::on_hosts {
namespace {

using scenarios::Scenario;

Scenario scenario_of(const std::string& text) {
  const scenarios::Loaded loaded = scenarios::load_text("test.toml", "title = \"A test\"\n" + text);
  for (const std::string& message : loaded.messages) FAIL_CHECK(message);
  REQUIRE(loaded);
  return *loaded.scenario;
}

/// "fault 1 kind", of each.
std::vector<std::string> places(const std::string& text) {
  std::vector<std::string> all;
  for (const Refusal& refusal : refusals(scenario_of(text))) {
    CHECK_FALSE(refusal.why.empty());
    all.push_back(refusal.table + " " + std::to_string(refusal.number) + " " + refusal.key);
  }
  return all;
}

}  // namespace

TEST_CASE("A scenario of the library runs on hosts, or everything that it cannot do there is refused") {
  std::size_t accepted = 0;
  std::size_t refused = 0;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(std::filesystem::path(HEIR_SOURCE_DIR) / "scenarios")) {
    if (entry.path().extension() != ".toml") continue;
    INFO(entry.path());
    const scenarios::Loaded loaded = scenarios::load_file(entry.path().string());
    REQUIRE(loaded);
    const std::vector<Refusal> found = refusals(*loaded.scenario);
    ++(found.empty() ? accepted : refused);
    for (const Refusal& refusal : found) {
      CHECK_FALSE(refusal.why.empty());
      if (refusal.table == "fault") CHECK(refusal.number < static_cast<int>(loaded.scenario->faults.size()));
    }
    // Those that the machine must be able to show are all of the first family.
    if (entry.path().stem() == "primary-crash" || entry.path().stem() == "switchover-under-load") CHECK(found.empty());
  }
  CHECK(accepted >= 200);
  CHECK(refused >= 10);
}

TEST_CASE("What is refused is named by its place in the file") {
  const std::string crash = "[[fault]]\nkind = \"crash\"\nat = \"5s\"\n";
  CHECK(places(crash).empty());
  CHECK(places(crash + "[[fault]]\nkind = \"clock-freeze\"\nat = \"6s\"\nfor = \"1s\"\n").empty());
  CHECK(places("[[fault]]\nkind = \"crash\"\nat = \"6s\"\non = \"fsync\"\n").empty());
  CHECK(places("[disk]\nfsync = \"1ms\"\ntorn = 5\n[policy]\nfsync = false\nacknowledge = \"written\"\n").empty());
  CHECK(places("[[fault]]\nkind = \"swap-disk\"\nat = \"6s\"\ndisk = \"foreign\"\nfor = \"1s\"\n").empty());
  const std::string lies = "[[fault]]\nkind = \"bad-fsync\"\nanswer = \"lie\"\nat = \"6s\"\nfor = \"1s\"\n";
  CHECK(places(lies).empty());
  CHECK(places(lies + "target = \"store-leader\"\n") == std::vector<std::string>{"fault 0 target"});
  CHECK(places(lies + "hosts = [\"host:1\", \"store:2\"]\n") == std::vector<std::string>{"fault 0 hosts"});
  CHECK(places("[[fault]]\nkind = \"bad-fsync\"\nat = \"6s\"\nfor = \"1s\"\ntarget = \"store\"\n").empty());
  CHECK(places("[[fault]]\nkind = \"wipe-store\"\nat = \"6s\"\ntarget = \"store\"\n") ==
        std::vector<std::string>{"fault 0 target"});
  CHECK(places("[[fault]]\nkind = \"wipe-store\"\nat = \"6s\"\ntarget = \"store-follower\"\n").empty());
  CHECK(places("[[workload]]\nkind = \"register\"\nreads_from = \"standbys\"\n").empty());
  CHECK(places("[timing]\nrenewal = \"1100ms\"\n") == std::vector<std::string>{"timing 0 renewal"});
  CHECK(places("store = { kind = \"ideal\" }\n") == std::vector<std::string>{"store 0 kind"});
  CHECK(places("[[workload]]\nkind = \"register\"\n[expect]\nrecovers_within = \"20s\"\n") ==
        std::vector<std::string>{"expect 0 recovers_within"});
}

TEST_CASE("A run says what hosts do not show") {
  const auto says = [](const std::string& text, const std::string& words) {
    const std::vector<std::string> limits = limits_of_hosts(scenario_of(text));
    return std::any_of(limits.begin(), limits.end(),
                       [&](const std::string& limit) { return limit.find(words) != std::string::npos; });
  };
  CHECK(says("", "all hosts have this machine's clocks"));
  for (const char* text : {"[clock]\nrate_error = \"1%\"\n", "[[clock.host]]\nhost = \"host:1\"\nslow = \"20%\"\n",
                           "[[fault]]\nkind = \"suspend\"\nat = \"1s\"\nfor = \"1s\"\n",
                           "[[fault]]\nkind = \"random\"\namong = [\"crash\", \"clock-step\"]\nat = \"1s\"\nfor = "
                           "\"1s\"\nby = \"1s\"\n"}) {
    INFO(text);
    CHECK(places(text).empty());
    CHECK(has_own_clocks(scenario_of(text)));
    CHECK(says(text, "a host's clocks are its programs'"));
  }
}

}  // namespace heir::on_hosts
