#include "tools/hosted/refusals.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "scenarios/fault_section.h"
#include "scenarios/load.h"

namespace heir::hosted {
namespace {

using scenarios::FaultKind;
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

/// What hosts do, said once more than in the code that refuses the rest.
const std::set<FaultKind> doable{FaultKind::out_of_files,
                                 FaultKind::out_of_connections,
                                 FaultKind::wipe_store,
                                 FaultKind::crash,
                                 FaultKind::crash_database,
                                 FaultKind::crash_agent,
                                 FaultKind::crash_backend,
                                 FaultKind::out_of_memory,
                                 FaultKind::starve,
                                 FaultKind::restart_loop,
                                 FaultKind::pause,
                                 FaultKind::partition,
                                 FaultKind::slow_link,
                                 FaultKind::slow_disk,
                                 FaultKind::stuck_disk,
                                 FaultKind::disk_full,
                                 FaultKind::read_only_disk,
                                 FaultKind::bad_fsync,
                                 FaultKind::clock_step,
                                 FaultKind::bit_rot,
                                 FaultKind::misdirected_write,
                                 FaultKind::misdirected_read,
                                 FaultKind::swap_disk,
                                 FaultKind::clog,
                                 FaultKind::swizzle_clog,
                                 FaultKind::flap,
                                 FaultKind::break_connections,
                                 FaultKind::power_off_all,
                                 FaultKind::crash_store,
                                 FaultKind::switchover,
                                 FaultKind::freeze,
                                 FaultKind::unfreeze,
                                 FaultKind::rebuild,
                                 FaultKind::promote_by_hand,
                                 FaultKind::start_by_hand,
                                 FaultKind::stop_by_hand,
                                 FaultKind::cancel_by_hand,
                                 FaultKind::second_agent,
                                 FaultKind::stop,
                                 FaultKind::join};

bool has_only_doable_faults(const Scenario& scenario) {
  return std::all_of(scenario.faults.begin(), scenario.faults.end(), [](const scenarios::Fault& fault) {
    const std::vector<FaultKind> kinds = scenarios::possible_kinds(fault);
    return std::all_of(kinds.begin(), kinds.end(), [](FaultKind kind) { return doable.contains(kind); });
  });
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
    const bool refuses_a_fault = std::any_of(found.begin(), found.end(), [](const Refusal& refusal) {
      return refusal.table == "fault" && (refusal.key == "kind" || refusal.key == "among");
    });
    CHECK(refuses_a_fault == !has_only_doable_faults(*loaded.scenario));
    for (const Refusal& refusal : found) {
      CHECK_FALSE(refusal.why.empty());
      if (refusal.table == "fault") CHECK(refusal.number < static_cast<int>(loaded.scenario->faults.size()));
    }
    // Those that the machine must be able to show are all of the first family but those that look at clocks and disks.
    if (entry.path().stem() == "primary-crash" || entry.path().stem() == "switchover-under-load") CHECK(found.empty());
  }
  CHECK(accepted >= 170);
  CHECK(refused >= 30);
}

TEST_CASE("What is refused is named by its place in the file") {
  const std::string crash = "[[fault]]\nkind = \"crash\"\nat = \"5s\"\n";
  CHECK(places(crash).empty());
  CHECK(places(crash + "[[fault]]\nkind = \"clock-freeze\"\nat = \"6s\"\nfor = \"1s\"\n") ==
        std::vector<std::string>{"fault 1 kind"});
  CHECK(places("[[fault]]\nkind = \"random\"\namong = [\"crash\", \"clock-freeze\"]\nat = \"6s\"\nfor = \"1s\"\n") ==
        std::vector<std::string>{"fault 0 among"});
  CHECK(places("[[fault]]\nkind = \"crash\"\nat = \"6s\"\non = \"fsync\"\n").empty());
  CHECK(places("[disk]\nfsync = \"1ms\"\ntorn = 5\n[policy]\nfsync = false\nacknowledge = \"written\"\n").empty());
  CHECK(places("[[fault]]\nkind = \"swap-disk\"\nat = \"6s\"\ndisk = \"foreign\"\nfor = \"1s\"\n") ==
        std::vector<std::string>{"fault 0 disk"});
  const std::string lies = "[[fault]]\nkind = \"bad-fsync\"\nanswer = \"lie\"\nat = \"6s\"\nfor = \"1s\"\n";
  CHECK(places(lies).empty());
  CHECK(places(lies + "target = \"store-leader\"\n") == std::vector<std::string>{"fault 0 target"});
  CHECK(places(lies + "hosts = [\"host:1\", \"store:2\"]\n") == std::vector<std::string>{"fault 0 hosts"});
  CHECK(places("[[fault]]\nkind = \"bad-fsync\"\nat = \"6s\"\nfor = \"1s\"\ntarget = \"store\"\n").empty());
  CHECK(places("[[fault]]\nkind = \"wipe-store\"\nat = \"6s\"\ntarget = \"store\"\n") ==
        std::vector<std::string>{"fault 0 target"});
  CHECK(places("[[fault]]\nkind = \"wipe-store\"\nat = \"6s\"\ntarget = \"store-follower\"\n").empty());
  CHECK(places("[[workload]]\nkind = \"register\"\nreads_from = \"standbys\"\n").empty());
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
  CHECK(says("", "clocks"));
}

}  // namespace heir::hosted
