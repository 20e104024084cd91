// What is refused, and stays as it was.
#include "tools/hunt/results.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "campaign.h"
#include "tools/hunt/schema.h"
#include "tools/hunt/summary.h"

namespace heir::tools {

namespace {

std::string content(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string refusal(const std::string& path) {
  const std::string before = content(path);
  std::string message;
  for (const Results::Open how : {Results::Open::look, Results::Open::existing, Results::Open::add}) {
    const Result<Results> opened = Results::open(path, how);
    REQUIRE_FALSE(opened);
    message = opened.error().message;
    CHECK(content(path) == before);
  }
  return message;
}

bool says(const std::string& message, const char* what) {
  INFO(message);
  return message.find(what) != std::string::npos;
}

/// A file with 300 runs.
std::string good_file(const Folder& folder, const char* name) {
  const std::string path = folder.file(name);
  Result<Results> results = Results::open(path, Results::Open::add);
  REQUIRE(results);
  const Result<Campaign> campaign = results->begin_campaign(settings(1, 300), {target("a.toml")});
  REQUIRE(campaign);
  std::vector<NewRun> runs;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) runs.push_back({0, passed(seed)});
  REQUIRE(results->add(*campaign, runs));
  return path;
}

}  // namespace

TEST_CASE("Results come back as they were put in") {
  const Folder folder;
  const std::string path = folder.file("r.db");
  {
    Result<Results> results = Results::open(path, Results::Open::add);
    REQUIRE(results);
    CampaignSettings given = settings(3, 9, {2, 3});
    given.overrides = {"duration=10s", "cluster.peers=3"};
    given.stop_on = 4;
    Result<Campaign> campaign = results->begin_campaign(given, {target("a.toml"), target("b.toml")});
    REQUIRE(campaign);
    campaign->active_seconds = 1.5;
    REQUIRE(results->add(*campaign, {{0, passed(4)}, {1, failed(7, "stale-read")}, {1, failed(4, "stale-read")}}));
    REQUIRE(results->set_end(*campaign, CampaignEnd::stopped, "died as it must"));
  }
  Result<Results> results = Results::open(path, Results::Open::existing);
  REQUIRE(results);
  const Result<std::vector<Campaign>> campaigns = results->campaigns();
  REQUIRE(campaigns);
  REQUIRE(campaigns->size() == 1);
  const Campaign& campaign = campaigns->front();
  CHECK(campaign.settings.overrides == std::vector<std::string>{"duration=10s", "cluster.peers=3"});
  CHECK(campaign.settings.seeds.first == 3);
  CHECK(campaign.settings.seeds.last == 9);
  CHECK(campaign.settings.seeds.shard == Shard{2, 3});
  CHECK(campaign.settings.stop_on == 4);
  CHECK_FALSE(campaign.settings.seconds);
  CHECK(campaign.end == CampaignEnd::stopped);
  CHECK(campaign.active_seconds == 1.5);
  REQUIRE(campaign.targets.size() == 2);
  CHECK(campaign.targets[1].path == "b.toml");
  const Result<std::vector<SeedSet>> seeds = results->seeds_of(campaign);
  REQUIRE(seeds);
  CHECK((*seeds)[0].contains(4));
  CHECK((*seeds)[1].size() == 2);
  const Result<CampaignSummary> summary = summarize(*results, campaign);
  REQUIRE(summary);
  CHECK(summary->canary == "died as it must");
  CHECK(summary->total().runs() == 3);
  CHECK(summary->total().failed == 2);
  CHECK(summary->scenarios[1].failures.at(0).runs == 2);
  CHECK(summary->scenarios[1].failures.at(0).seed == 4);
  CHECK(summary->missed(true) == std::vector<std::string>{"never"});
  CHECK(summary->missed(false).empty());
}

TEST_CASE("Steps of failovers are kept of all runs, what was endured of those that passed") {
  Result<Results> results = Results::temporary();
  REQUIRE(results);
  const Result<Campaign> campaign = results->begin_campaign(settings(1, 9), {target("a.toml")});
  REQUIRE(campaign);
  RunRecord good = passed(1);
  good.phases = {{"promote", 1'000'000}, {"promote", 1'000'001}, {"promote", 9'000'000}};
  good.endured = {{"pause", 2, 5'000, 0}, {"clock-step", 1, 0, 70}};
  RunRecord bad = failed(2, "stale-read");
  bad.phases = {{"promote", 2'000'000}};
  bad.endured = {{"pause", 9, 90'000, 0}};
  RunRecord another = passed(3);
  another.endured = {{"pause", 1, 7'000, 0}};
  REQUIRE(results->add(*campaign, {{0, good}, {0, bad}}));
  REQUIRE(results->add(*campaign, {{0, another}}));
  const Result<CampaignSummary> summary = summarize(*results, *campaign);
  REQUIRE(summary);
  const ScenarioSummary& scenario = summary->scenarios.at(0);
  const Distribution& promote = scenario.phases.at("promote");
  CHECK(promote.count() == 4);
  CHECK(promote.greatest_ns() == 9'000'000);
  CHECK(promote.buckets().begin()->second == 2);
  REQUIRE(scenario.endured.size() == 2);
  CHECK(scenario.endured[1].fault == "pause");
  CHECK(scenario.endured[1].runs == 2);
  CHECK(scenario.endured[1].strikes == 3);
  CHECK(scenario.endured[1].longest_ns == 7'000);
  CHECK(scenario.endured[0].greatest == 70);
}

TEST_CASE("A trial of a mutant is in it once, found or not") {
  const Folder folder;
  Result<Results> results = Results::open(folder.file("r.db"), Results::Open::add);
  REQUIRE(results);
  const Result<Campaign> campaign = results->begin_campaign(settings(1, 9), {target("a.toml")});
  REQUIRE(campaign);
  REQUIRE(results->add(*campaign, MutantTrial{"no-lease", "swarm", 1, 17, "stale-read"}));
  REQUIRE(results->add(*campaign, MutantTrial{"no-lease", "swarm", 2, 300, std::nullopt}));
  CHECK_FALSE(results->add(*campaign, MutantTrial{"no-lease", "swarm", 2, 12, "stale-read"}));
  const Result<std::string> rows = results->database().value(
      "SELECT group_concat(trial || ' ' || seeds || ' ' || coalesce(found_kind, 'missed'), ', ') FROM mutants");
  REQUIRE(rows);
  CHECK(*rows == "1 17 stale-read, 2 300 missed");
}

TEST_CASE("A run is in it once: the second is refused, with the batch that it came in") {
  const Folder folder;
  Result<Results> results = Results::open(folder.file("r.db"), Results::Open::add);
  REQUIRE(results);
  const Result<Campaign> campaign = results->begin_campaign(settings(1, 9), {target("a.toml")});
  REQUIRE(campaign);
  REQUIRE(results->add(*campaign, {{0, passed(1)}}));
  CHECK_FALSE(results->add(*campaign, {{0, passed(2)}, {0, passed(1)}}));
  CHECK(*results->database().value("SELECT count(*) || ' ' || (SELECT sum(runs) FROM tallies) FROM runs") == "1 1");
}

TEST_CASE("What is not ours, or too new, is refused and stays as it was") {
  const Folder folder;
  const std::string text = folder.file("text.db");
  write(text, "title = \"a scenario, by mistake\"\n");
  CHECK(says(refusal(text), "is no SQLite database; expected results of `heir hunt`"));

  const std::string foreign = folder.file("foreign.db");
  {
    Result<Database> database = Database::open(foreign);
    REQUIRE(database);
    REQUIRE(database->execute("CREATE TABLE runs (seed)"));
  }
  CHECK(says(refusal(foreign), "of another program (application_id 0)"));

  const std::string newer = good_file(folder, "newer.db");
  {
    Result<Database> database = Database::open(newer);
    REQUIRE(database);
    REQUIRE(database->execute("PRAGMA user_version = 4"));
  }
  CHECK(says(refusal(newer), "version 4; this heir reads version 3: use a newer heir"));

  const std::string other = good_file(folder, "other.db");
  {
    Result<Database> database = Database::open(other);
    REQUIRE(database);
    REQUIRE(database->execute("ALTER TABLE failures ADD COLUMN remark TEXT"));
  }
  CHECK(says(refusal(other), "has other tables"));
  std::filesystem::create_directory(folder.file("folder"));
  CHECK(says(Results::open(folder.file("folder"), Results::Open::add).error().message, "is no regular file"));
  CHECK(says(Results::open(folder.file("none.db"), Results::Open::existing).error().message, "there are no results"));
  CHECK_FALSE(std::filesystem::exists(folder.file("none.db")));
}

TEST_CASE("Wherever a page of it is damaged, it is refused and stays as it was, or whole") {
  const Folder folder;
  const std::string good = content(good_file(folder, "good.db"));
  REQUIRE(good.size() > 8 * 4096);
  int refused = 0;
  for (std::size_t page = 0; page < good.size() / 4096; ++page) {
    const std::string path = folder.file("damaged.db");
    std::string damaged = good;
    for (std::size_t i = page == 0 ? 100 : 0; i < 64; ++i) damaged[page * 4096 + i] = static_cast<char>(0xff);
    if (page == 0) damaged.replace(100, 64, std::string(64, '\xff'));
    write(path, damaged);
    CHECK(says(refusal(path), "is damaged"));
    ++refused;
  }
  CHECK(refused > 8);
  // Cut off.
  const std::string cut = folder.file("cut.db");
  write(cut, good.substr(0, good.size() - 4096));
  CHECK(says(refusal(cut), "is damaged"));
}

TEST_CASE("Two at a time do not write to one file") {
  const Folder folder;
  const std::string path = good_file(folder, "r.db");
  Result<Results> first = Results::open(path, Results::Open::existing);
  REQUIRE(first);
  CHECK(says(Results::open(path, Results::Open::add).error().message, "another `heir` is writing to it"));
  CHECK(Results::open(path, Results::Open::look));
}

TEST_CASE("A record comes out of its bytes as it went in") {
  RunRecord record = failed(17, "stale-read");
  record.failures.push_back({"lost-write", "words with \"quotes\"\nand lines", -3});
  record.ok = 1;
  record.failed = 2;
  record.unknown = 3;
  record.failovers = 4;
  record.generations = 5;
  record.outages = 6;
  record.longest_outage_ns = 7;
  record.total_outage_ns = 8;
  record.phases = {{"promote", 9}, {unavailable, 10}};
  record.endured = {{"pause", 11, 12, 13}};
  CHECK(unpack(pack(record)) == record);
  CHECK_FALSE(unpack(pack(std::nullopt)));
}

}  // namespace heir::tools
