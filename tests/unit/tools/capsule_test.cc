// A capsule is read as it was written, or refused with what was found.
#include <catch2/catch.hpp>

#include "engine/base/checksum.h"
#include "scenarios/load.h"
#include "tools/replay/capsule.h"

using namespace heir;
using namespace heir::tools;

namespace {

Capsule example() {
  Capsule capsule;
  capsule.source = "scenarios/first/mixed.toml";
  capsule.seed = 18446744073709551615U;
  capsule.failure = {"lost-write", "write of 17 to key \"r2\" is gone", Duration::milliseconds(47'017)};
  capsule.trace_hash = 0x0123'4567'89ab'cdef;
  const scenarios::Loaded loaded = scenarios::load_file(HEIR_SOURCE_DIR "/scenarios/first/mixed.toml");
  REQUIRE(loaded);
  capsule.scenario = *loaded.scenario;
  scenarios::Fault crash;
  crash.at = {Duration::seconds(20), Duration::seconds(20)};
  crash.target = {scenarios::TargetKind::host, 1};
  scenarios::Fault halves;
  halves.kind = scenarios::FaultKind::partition;
  halves.shape = scenarios::PartitionShape::halves;
  halves.at = {Duration::nanoseconds(21'000'000'001), Duration::nanoseconds(21'000'000'001)};
  halves.hosts = {{scenarios::TargetKind::host, 2}, {scenarios::TargetKind::store_member, 3}};
  halves.draws = scenarios::Draws{{1, 0, 0xffff'ffff'ffff'ffff, 0x8000'0000'0000'0000}};
  capsule.decisions = {crash, halves};
  return capsule;
}

std::string refusal(const std::string& text) {
  const Result<Capsule> read = read_capsule("x.heir", text);
  return read ? "read" : read.error().message;
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

/// With a checksum that fits again, as somebody would do who means it.
std::string sealed(std::string text) {
  text.resize(text.rfind("\nchecksum = ") + 1);
  char seal[9];
  std::snprintf(seal, sizeof seal, "%08x", crc32c(text));
  return text + "checksum = \"" + seal + "\"\n";
}

}  // namespace

TEST_CASE("a capsule is read as it was written") {
  const Capsule capsule = example();
  const std::string text = write(capsule);
  const Result<Capsule> read = read_capsule("x.heir", text);
  if (!read) FAIL(read.error().message);
  CHECK(read->source == capsule.source);
  CHECK(read->seed == capsule.seed);
  CHECK(read->failure == capsule.failure);
  CHECK(read->trace_hash == capsule.trace_hash);
  CHECK(read->scenario == capsule.scenario);
  CHECK(read->decisions == capsule.decisions);
  CHECK_FALSE(read->heir.empty());
  CHECK(write(*read) == text);
}

TEST_CASE("a title with three quotes in it does no harm") {
  Capsule capsule = example();
  capsule.scenario.title = "It's '''quoted''' \\ twice";
  const Result<Capsule> read = read_capsule("x.heir", write(capsule));
  if (!read) FAIL(read.error().message);
  CHECK(read->scenario == capsule.scenario);
}

TEST_CASE("every single byte that is changed or missing is noticed") {
  const std::string text = write(example());
  for (std::size_t i = 0; i < text.size(); i += 7) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    INFO(i);
    CHECK(refusal(changed) != "read");
    CHECK(refusal(text.substr(0, i)) != "read");
  }
}

TEST_CASE("what is refused says what was found and what was expected") {
  const std::string text = write(example());
  CHECK(refusal("title = \"a scenario\"\n") ==
        "x.heir: is no capsule: expected its first line to be 'capsule = 1', as `heir run --capsule` writes it");
  CHECK(refusal("") == refusal("title = \"a scenario\"\n"));
  CHECK(refusal(replaced(text, "capsule = 1", "capsule = 2")) ==
        "x.heir: is a capsule of version 2, and this heir (0.1.0) reads version 1; it takes a newer heir");
  CHECK(refusal(text.substr(0, text.size() / 2)) ==
        "x.heir: is damaged: expected a checksum as its last line, found none; was it cut off?");
  CHECK(refusal(replaced(text, "seed = \"1", "seed = \"2")).find("is damaged: what it holds has the checksum ") !=
        std::string::npos);
  CHECK(refusal(sealed(replaced(text, "kind = \"lost-write\"\n", ""))) ==
        "x.heir: is no whole capsule: expected a text 'kind'");
  CHECK(refusal(sealed(replaced(text, "target = \"host:1\"", "target = \"host:9\"")))
            .find("holds decisions that this heir "
                  "does not read") != std::string::npos);
  CHECK(refusal(sealed(replaced(text, "[[workload]]", "[[warkload]]")))
            .find("holds a scenario that this heir does not read") != std::string::npos);
}
