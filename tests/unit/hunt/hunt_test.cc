#include "tools/hunt/hunt.h"

#include <signal.h>

#include <catch2/catch.hpp>
#include <cstdio>

#include "campaign.h"
#include "tools/hunt/corpus.h"
#include "tools/hunt/summary.h"

namespace heir::tools {

namespace {

struct Hunted {
  Results results;
  Campaign campaign;
  HuntEnd end;
  Told told;
};

Hunted hunt_all(const CampaignSettings& given, std::vector<Target> targets, const HuntOptions& options) {
  Result<Results> results = Results::temporary();
  REQUIRE(results);
  Result<Campaign> campaign = results->begin_campaign(given, std::move(targets));
  REQUIRE(campaign);
  Told told;
  const Result<HuntEnd> end = hunt(*results, *campaign, options, told);
  REQUIRE(end);
  return {std::move(*results), std::move(*campaign), *end, std::move(told)};
}

std::optional<RunRecord> pass_all(const scenarios::Scenario&, std::uint64_t seed, const TellProgress&) {
  return passed(seed);
}

}  // namespace

TEST_CASE("A campaign runs every seed of every scenario once") {
  Hunted hunted = hunt_all(settings(1, 500), {target("a.toml"), target("b.toml")}, options(pass_all));
  CHECK(hunted.end.end == CampaignEnd::complete);
  CHECK(*hunted.results.database().value("SELECT count(*) || ' ' || min(seed) || ' ' || max(seed) FROM runs") ==
        "1000 1 500");
  const Result<CampaignSummary> summary = summarize(hunted.results, hunted.campaign);
  REQUIRE(summary);
  CHECK(summary->total().passed == 1000);
  CHECK(summary->total().virtual_ns == 1000 * 10'000'000'000);
  CHECK(hunted.told.bad.empty());
  // Each seed hits "common" as often as its number says.
  CHECK(summary->probes.at(0).hits == 2 * 500 * 501 / 2);
}

TEST_CASE("A crash is a failed assertion of its seed, a hang is stuck, and nothing else is lost") {
  HuntOptions given = options([](const scenarios::Scenario&, std::uint64_t seed, const TellProgress&) {
    if (seed == 50) {
      std::fputs("heir: assertion failed: fifty\n", stderr);
      ::signal(SIGABRT, SIG_DFL);  // not the handler of the tests
      ::raise(SIGABRT);
    }
    if (seed == 60) {
      volatile bool for_ever = true;
      while (for_ever) {
      }
    }
    return std::optional(passed(seed));
  });
  given.patience = Duration::seconds(5);
  Hunted hunted = hunt_all(settings(1, 200), {target("a.toml")}, given);
  CHECK(hunted.end.end == CampaignEnd::complete);
  CHECK(*hunted.results.database().value("SELECT count(*) FROM runs WHERE verdict = 'pass'") == "198");
  CHECK(*hunted.results.database().value("SELECT seed || ' ' || message FROM failures WHERE kind = 'assertion'") ==
        "50 the run died of signal 6 (Aborted): heir: assertion failed: fifty");
  CHECK(*hunted.results.database().value("SELECT seed FROM failures WHERE kind = 'stuck'") == "60");
  REQUIRE(hunted.told.bad.size() == 2);
}

TEST_CASE("One that somebody killed is run again; one that is killed each time has no verdict") {
  const Folder folder;
  const std::string mark = folder.file("killed-once");
  Hunted hunted = hunt_all(settings(1, 30), {target("a.toml")},
                           options([&](const scenarios::Scenario&, std::uint64_t seed, const TellProgress&) {
                             if (seed == 7 && !std::filesystem::exists(mark)) {
                               std::fclose(std::fopen(mark.c_str(), "w"));
                               ::raise(SIGKILL);
                             }
                             if (seed == 9) ::raise(SIGKILL);
                             return std::optional(passed(seed));
                           }));
  CHECK(hunted.end.end == CampaignEnd::complete);
  CHECK(*hunted.results.database().value("SELECT count(*) FROM runs WHERE verdict = 'pass'") == "29");
  CHECK(*hunted.results.database().value("SELECT seed || ' ' || reason FROM runs WHERE verdict = 'unknown'") ==
        "9 the run was killed; out of memory?.");
}

TEST_CASE("Scenarios share the time, not the seeds") {
  HuntOptions given = options([](const scenarios::Scenario& scenario, std::uint64_t seed, const TellProgress&) {
    RunRecord record = passed(seed);
    record.wall_ns = scenario.title == "long.toml" ? 10'000'000 : 1'000'000;
    return std::optional(record);
  });
  CampaignSettings wanted = settings(1, 5000);
  wanted.stop_on = 1;
  given.run = [run = given.run](const scenarios::Scenario& scenario, std::uint64_t seed, const TellProgress& tell) {
    std::optional<RunRecord> record = run(scenario, seed, tell);
    if (seed == 2000) {
      record->verdict = reports::Outcome::fail;
      record->failures = {{"stuck", "the end of the test", 0}};
    }
    return record;
  };
  Hunted hunted = hunt_all(wanted, {target("long.toml"), target("short.toml")}, given);
  CHECK(hunted.end.end == CampaignEnd::stopped);
  const std::int64_t longs =
      std::stoll(*hunted.results.database().value("SELECT count(*) FROM runs WHERE scenario = 1"));
  const std::int64_t shorts =
      std::stoll(*hunted.results.database().value("SELECT count(*) FROM runs WHERE scenario = 2"));
  CHECK(shorts >= 2000);
  CHECK(shorts < 2010);
  CHECK(longs >= 195);
  CHECK(longs <= 205);
}

TEST_CASE("A campaign that ended anywhere goes on there: no seed twice, none lost") {
  const Folder folder;
  const std::string path = folder.file("r.db");
  CampaignSettings wanted = settings(1, 400);
  wanted.stop_on = 1;
  const RunFunction run = [](const scenarios::Scenario&, std::uint64_t seed, const TellProgress&) {
    return std::optional(seed % 100 == 50 ? failed(seed, "lost-write") : passed(seed));
  };
  std::size_t told_failures = 0;
  {
    Result<Results> results = Results::open(path, Results::Open::add);
    REQUIRE(results);
    Result<Campaign> campaign = results->begin_campaign(wanted, {target("a.toml"), target("b.toml")});
    REQUIRE(campaign);
    Told told;
    const Result<HuntEnd> end = hunt(*results, *campaign, options(run), told);
    REQUIRE(end);
    CHECK(end->end == CampaignEnd::stopped);
    told_failures += told.bad.size();
  }
  Result<Results> results = Results::open(path, Results::Open::existing);
  REQUIRE(results);
  Result<std::vector<Campaign>> campaigns = results->campaigns();
  REQUIRE(campaigns);
  Campaign campaign = campaigns->back();
  campaign.settings.stop_on = 0;
  Told told;
  const Result<HuntEnd> end = hunt(*results, campaign, options(run), told);
  REQUIRE(end);
  CHECK(end->end == CampaignEnd::complete);
  told_failures += told.bad.size();
  CHECK(told_failures == 8);
  Hunted straight = hunt_all(settings(1, 400), {target("a.toml"), target("b.toml")}, options(run));
  CHECK(all_runs(*results) == all_runs(straight.results));
  CHECK(*results->database().value("SELECT sum(hits) FROM probes") ==
        *straight.results.database().value("SELECT sum(hits) FROM probes"));
}

TEST_CASE("A canary that lives ends the campaign; one that dies of what it must does not") {
  const auto of_kind = [](const char* kind) {
    return [kind](const scenarios::Scenario& scenario, std::uint64_t seed, const TellProgress&) {
      // It has a seed with which it lives.
      return std::optional(scenario.title == "canary" && seed == 2 ? failed(seed, kind) : passed(seed));
    };
  };
  const std::string text = "title = \"canary\"\nduration = \"10s\"\n[expect]\nverdict = \"lost-write\"\n";
  const scenarios::Loaded loaded = scenarios::load_text("canary.toml", text);
  REQUIRE(loaded);
  HuntOptions given = options(of_kind("lost-write"));
  given.canary = Canary::of("canary.toml", *loaded.scenario);
  CHECK(given.canary->wanted == "lost-write");
  CHECK_FALSE(given.canary->scenario.expect.verdict);
  Hunted found = hunt_all(settings(1, 300), {target("a.toml")}, given);
  CHECK(found.end.end == CampaignEnd::complete);
  CHECK(found.end.canary == "died as it must: lost-write with seed 2");
  CHECK(*found.results.database().value("SELECT count(*) FROM runs") == "300");

  given.run = of_kind("stale-read");
  Hunted lives = hunt_all(settings(1, 3), {target("a.toml")}, given);
  CHECK(lives.end.end == CampaignEnd::canary_lived);
  CHECK(lives.end.canary == "lives: no failure with 20 seeds");
}

TEST_CASE("Without an end, time is the end") {
  CampaignSettings wanted = settings(1, 1);
  wanted.seeds.last.reset();
  wanted.seconds = 1;
  Hunted hunted = hunt_all(wanted, {target("a.toml")}, options(pass_all));
  CHECK(hunted.end.end == CampaignEnd::complete);
  CHECK(hunted.campaign.active_seconds >= 1);
  CHECK(hunted.told.last.runs > 1);
}

TEST_CASE("A report counts every run") {
  Result<Results> results = Results::temporary();
  REQUIRE(results);
  const Result<Campaign> campaign = results->begin_campaign(settings(1, 10'000), {target("a.toml"), target("b.toml")});
  REQUIRE(campaign);
  std::vector<NewRun> runs;
  for (std::uint64_t seed = 1; seed <= 10'000; ++seed)
    for (const std::size_t of : {0u, 1u}) {
      runs.push_back({of, seed % 1000 == 0 ? failed(seed, "stale-read") : passed(seed)});
      if (runs.size() < 5'000) continue;
      REQUIRE(results->add(*campaign, runs));
      runs.clear();
    }
  const Result<CampaignSummary> summary = summarize(*results, *campaign);
  REQUIRE(summary);
  CHECK(summary->total().runs() == 20'000);
  CHECK(summary->total().failed == 20);
}

namespace {

/// Fails if the run varies one of a rare seed from its second half on; nothing else reaches what those do.
std::optional<RunRecord> deep(const scenarios::Scenario& scenario, std::uint64_t seed, const TellProgress&) {
  const bool is_rare = seed % 10 == 5;
  const bool is_deep = is_rare && !scenario.vary.empty() && scenario.vary.back().at > Duration::seconds(5);
  RunRecord record = is_deep ? failed(seed, "lost-write") : passed(seed);
  record.probes = {{is_rare ? "rare" : "common", true, 1}};
  return record;
}

}  // namespace

TEST_CASE("A guided campaign goes on from what was rare, and keeps what its runs are made of") {
  CampaignSettings guided = settings(1, 300);
  guided.guided = true;
  HuntOptions one = options(deep);
  one.workers = 1;
  Hunted hunted = hunt_all(guided, {target("a.toml")}, one);
  CHECK(hunted.end.end == CampaignEnd::complete);
  CHECK(*hunted.results.database().value("SELECT count(*) FROM runs") == "300");
  REQUIRE_FALSE(hunted.told.bad.empty());
  const RunRecord& bad = hunted.told.bad.front().second;
  CHECK(bad.recipe.seed % 10 == 5);
  REQUIRE_FALSE(bad.recipe.vary.empty());
  // With seeds alone none would fail.
  CHECK(hunt_all(settings(1, 300), {target("a.toml")}, one).told.bad.empty());

  const Result<FailedRun> kept = hunted.results.failed_run(1);
  REQUIRE(kept);
  CHECK(kept->recipe == bad.recipe);
  CHECK(kept->path == "a.toml");
  CHECK(kept->failure.kind == "lost-write");
  CHECK(hunted.results.failed_run(1000).error().message.find("they are 1 to") != std::string::npos);
  const Result<CampaignSummary> summary = summarize(hunted.results, hunted.campaign);
  REQUIRE(summary);
  CHECK(summary->scenarios.at(0).failures.at(0).recipe == bad.recipe);
}

TEST_CASE("A guided campaign that goes on knows what it had kept") {
  const Folder folder;
  const std::string path = folder.file("guided.db");
  CampaignSettings guided = settings(1, 200);
  guided.guided = true;
  guided.stop_on = 1;
  Told told;
  {
    Result<Results> results = Results::open(path, Results::Open::begin);
    REQUIRE(results);
    Result<Campaign> campaign = results->begin_campaign(guided, {target("a.toml")});
    REQUIRE(campaign);
    HuntOptions one = options(deep);
    one.workers = 1;
    REQUIRE(hunt(*results, *campaign, one, told));
  }
  Result<Results> results = Results::open(path, Results::Open::existing);
  REQUIRE(results);
  Result<std::vector<Campaign>> campaigns = results->campaigns();
  REQUIRE(campaigns);
  REQUIRE(campaigns->back().settings.guided);
  Corpus corpus;
  REQUIRE(results->load_corpus(campaigns->back(), 0, corpus));
  CHECK(corpus.features() == 2);
  // It wants what the campaign would have wanted that had not stopped.
  Corpus same;
  Result<Statement> runs =
      results->database().prepare("SELECT run_seed, vary FROM runs WHERE verdict = 'pass' ORDER BY seed");
  REQUIRE(runs);
  while (*runs->step()) {
    const Recipe recipe{runs->bits(0), *parse_vary(runs->text(1))};
    same.learn(recipe, *deep(varied(campaigns->back().targets[0].scenario, recipe), recipe.seed, {}));
  }
  runs->reset();
  for (std::uint64_t number = 201; number < 260; ++number) CHECK(corpus.next(number) == same.next(number));
  campaigns->back().settings.stop_on = 0;
  REQUIRE(hunt(*results, campaigns->back(), options(deep), told));
  CHECK(*results->database().value("SELECT count(*) FROM runs") == "200");
  CHECK(*results->database().value("SELECT count(*) > 1 FROM failures") == "1");
}

}  // namespace heir::tools
