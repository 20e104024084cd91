// The catalogue and the sources say the same.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "engine/failover/policy.h"
#include "tests/mutants/mutants.h"

using heir::mutants::catalogue;
using heir::mutants::Mutant;

namespace {

const std::filesystem::path root = HEIR_SOURCE_DIR;

std::string text_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The mutants that a file of the engine has.
std::set<std::string> mutants_in(const std::string& text) {
  static const std::regex mutant("HEIR_MUTANT\\(\"([^\"]*)\"\\)");
  std::set<std::string> names;
  for (auto it = std::sregex_iterator(text.begin(), text.end(), mutant); it != std::sregex_iterator(); ++it)
    names.insert((*it)[1]);
  return names;
}

/// By file, from the top of the tree.
std::map<std::string, std::set<std::string>> mutants_of_engine() {
  std::map<std::string, std::set<std::string>> found;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "engine")) {
    const std::string path = std::filesystem::relative(entry.path(), root).string();
    if (!entry.is_regular_file() || path == "engine/base/mutant.h") continue;
    if (const std::set<std::string> names = mutants_in(text_of(entry.path())); !names.empty()) found[path] = names;
  }
  return found;
}

}  // namespace

TEST_CASE("every mutant of the engine is in the catalogue, and the other way round") {
  std::set<std::string> in_engine, in_catalogue;
  for (const auto& [path, names] : mutants_of_engine()) in_engine.insert(names.begin(), names.end());
  for (const Mutant& mutant : catalogue())
    if (mutant.policy.empty()) in_catalogue.insert(std::string(mutant.name));
  CHECK(in_engine == in_catalogue);
  CHECK(catalogue().size() >= 60);
  CHECK(in_engine.size() >= 40);
}

TEST_CASE("the sources that are compiled with their mutants are those that have some") {
  std::set<std::string> expected;
  for (const auto& [path, names] : mutants_of_engine()) {
    INFO(path);
    CHECK(path.ends_with(".cc"));
    expected.insert(path);
  }
  std::set<std::string> compiled;
  const std::string list = HEIR_MUTANT_SOURCES;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    compiled.insert(list.substr(at, end - at));
    at = end + 1;
  }
  CHECK(compiled == expected);
}

TEST_CASE("every mutant says what it is") {
  std::set<std::string_view> names;
  for (const Mutant& mutant : catalogue()) {
    INFO(mutant.name);
    CHECK(names.insert(mutant.name).second);
    CHECK(heir::mutants::find(mutant.name) == &mutant);
    CHECK(
        std::all_of(mutant.name.begin(), mutant.name.end(), [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; }));
    CHECK(mutant.wrong.ends_with("."));
    CHECK(!mutant.rule.empty());
    CHECK(!mutant.exposes.empty());
    if (!mutant.scenario.empty()) CHECK(std::filesystem::exists(root / mutant.scenario));
    if (!mutant.not_seen.empty()) CHECK(mutant.not_seen.size() > 40);
  }
  CHECK(heir::mutants::find("no-such-mutant") == nullptr);
}

TEST_CASE("a mutant that is a switch of the policy changes it") {
  for (const Mutant& mutant : catalogue()) {
    if (mutant.policy.empty()) continue;
    INFO(mutant.name);
    const std::size_t equals = mutant.policy.find('=');
    heir::failover::Policy policy = heir::failover::heir_policy();
    CHECK(heir::failover::set_switch(policy, mutant.policy.substr(0, equals), mutant.policy.substr(equals + 1)));
    CHECK(!(policy == heir::failover::heir_policy()));
  }
}

TEST_CASE("every line of the table of FAILOVER.md section 11 has its mutant") {
  for (const char* line : {"received-and-flushed position",
                           "lease",
                           "gate held before the position is read",
                           "severing",
                           "severing durable",
                           "gate closed after the database's own restart",
                           "`initial_position` checked",
                           "lineages compared",
                           "acknowledged only after flush",
                           "`opened` names the session",
                           "starting over with a new session",
                           "rewind judged on a fresh read",
                           "against the primary",
                           "cancelled wait holds the gate",
                           "proof at every opening",
                           "fresh read before opening",
                           "only the named sync acknowledges",
                           "lease x (1 - e)",
                           "no full ttl by a new store leader",
                           "unconfirmed leader",
                           "own disk",
                           "late joiner",
                           "deposed as last candidate",
                           "proven",
                           "resignation",
                           "clone refuses",
                           "adoption with its position"}) {
    INFO(line);
    const std::string row = "11: " + std::string(line);
    CHECK(std::any_of(catalogue().begin(), catalogue().end(),
                      [&](const Mutant& mutant) { return mutant.rule.ends_with(row); }));
  }
}
