#include "tools/hunt/merge.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "campaign.h"
#include "tools/hunt/summary.h"

namespace heir::tools {

namespace {

std::optional<RunRecord> some_fail(const scenarios::Scenario&, std::uint64_t seed, const TellProgress&) {
  return seed % 7 == 3 ? failed(seed, seed % 2 == 0 ? "stale-read" : "lost-write") : passed(seed);
}

void hunt_into(const std::string& path, const CampaignSettings& given) {
  Result<Results> results = Results::open(path, Results::Open::add);
  REQUIRE(results);
  Result<Campaign> campaign = results->begin_campaign(given, {target("a.toml"), target("b.toml")});
  REQUIRE(campaign);
  Told told;
  REQUIRE(hunt(*results, *campaign, options(some_fail), told));
}

/// All tables but times of day and numbers of rows.
std::string everything(const std::string& path) {
  Result<Results> results = Results::open(path, Results::Open::look);
  REQUIRE(results);
  std::string text = all_runs(*results);
  for (const char* query :
       {"SELECT group_concat(line) FROM (SELECT scenario || ' ' || seed || ' ' || kind || ' ' || message || at_ns AS "
        "line "
        "FROM failures ORDER BY scenario, seed)",
        "SELECT group_concat(line) FROM (SELECT scenario || name || rare || ' ' || runs || ' ' || hits AS line FROM "
        "probes "
        "ORDER BY scenario, name)",
        "SELECT group_concat(line) FROM (SELECT scenario || verdict || runs || ' ' || virtual_ns || ' ' || wall_ns || "
        "' ' "
        "|| events AS line FROM tallies ORDER BY scenario, verdict)",
        "SELECT group_concat(id || path || text) FROM scenarios",
        "SELECT group_concat(id || heir || first_seed || '..' || last_seed || shard || '/' || shards || ended) FROM "
        "campaigns"})
    text += "\n" + *results->database().value(query);
  return text;
}

}  // namespace

TEST_CASE("Merged shards equal one machine that ran it all") {
  const Folder folder;
  hunt_into(folder.file("all.db"), settings(1, 100));
  std::vector<std::string> parts;
  for (std::uint64_t index = 3; index >= 1; --index) {
    parts.push_back(folder.file("part" + std::to_string(index) + ".db"));
    hunt_into(parts.back(), settings(1, 100, {index, 3}));
  }
  REQUIRE(merge(parts, folder.file("merged.db")));
  CHECK(everything(folder.file("merged.db")) == everything(folder.file("all.db")));
}

TEST_CASE("A shard that is missing is missed, and can be run into what was merged") {
  const Folder folder;
  hunt_into(folder.file("all.db"), settings(1, 100));
  hunt_into(folder.file("1.db"), settings(1, 100, {1, 2}));
  const std::string merged = folder.file("merged.db");
  REQUIRE(merge({folder.file("1.db")}, merged));
  {
    Result<Results> results = Results::open(merged, Results::Open::existing);
    REQUIRE(results);
    Result<std::vector<Campaign>> campaigns = results->campaigns();
    REQUIRE(campaigns);
    REQUIRE(campaigns->size() == 1);
    CHECK_FALSE(campaigns->front().end == CampaignEnd::complete);
    Told told;
    REQUIRE(hunt(*results, campaigns->front(), options(some_fail), told));
  }
  CHECK(everything(merged) == everything(folder.file("all.db")));
}

TEST_CASE("Different campaigns stay apart") {
  const Folder folder;
  hunt_into(folder.file("1.db"), settings(1, 20));
  hunt_into(folder.file("2.db"), settings(1, 21));
  REQUIRE(merge({folder.file("1.db"), folder.file("2.db")}, folder.file("merged.db")));
  Result<Results> results = Results::open(folder.file("merged.db"), Results::Open::look);
  REQUIRE(results);
  CHECK(results->campaigns()->size() == 2);
  CHECK(*results->database().value("SELECT count(*) FROM runs") == "82");
}

TEST_CASE("What cannot be merged leaves nothing behind") {
  const Folder folder;
  const std::string out = folder.file("merged.db");
  hunt_into(folder.file("1.db"), settings(1, 20, {1, 2}));
  const auto refused = [&](const std::vector<std::string>& parts, const char* what) {
    const Result<> merged = merge(parts, out);
    REQUIRE_FALSE(merged);
    INFO(merged.error().message);
    CHECK(merged.error().message.find(what) != std::string::npos);
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.file("")))
      files += entry.path().string().find("merged.db") != std::string::npos ? 1 : 0;
    CHECK(files == 0);
  };
  refused({folder.file("1.db"), folder.file("1.db")}, "seed 1 of a.toml is in an earlier one of the files too; merge");
  refused({folder.file("1.db"), folder.file("none.db")}, "there are no results");
  {
    // The same run with another trace: not the same heir, or not deterministic.
    Result<Results> results = Results::open(folder.file("2.db"), Results::Open::add);
    REQUIRE(results);
    const Result<Campaign> campaign =
        results->begin_campaign(settings(1, 20, {2, 2}), {target("a.toml"), target("b.toml")});
    REQUIRE(campaign);
    RunRecord other = passed(1);
    other.trace_hash = 5;
    REQUIRE(results->add(*campaign, {{0, other}}));
  }
  refused({folder.file("1.db"), folder.file("2.db")}, "the two runs are not the same");

  std::ofstream(out) << "something of somebody's";
  const Result<> merged = merge({folder.file("1.db")}, out);
  REQUIRE_FALSE(merged);
  CHECK(merged.error().message.find("exists already") != std::string::npos);
  CHECK(std::filesystem::file_size(out) == 23);
}

}  // namespace heir::tools
