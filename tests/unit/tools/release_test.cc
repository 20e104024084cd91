// What a release's page says of results, which are functions of the test.
#include <algorithm>
#include <catch2/catch.hpp>

#include "reports/page/release.h"
#include "scenarios/load.h"
#include "tools/command/release_comparison.h"
#include "tools/command/release_report.h"
#include "tools/command/report_markdown.h"

namespace heir::tools {

namespace {

using reports::Outcome;
using reports::Release;

Target target(const std::string& path, const std::string& more = "") {
  const std::string text = "title = \"the <b>title</b> of " + path + "\"\nduration = \"10s\"\n" + more;
  scenarios::Loaded loaded = scenarios::load_text(path, text);
  INFO(text);
  REQUIRE(loaded);
  return {path, text, std::move(*loaded.scenario)};
}

/// A campaign of seeds 1 to 100.
CampaignSummary campaign(const std::vector<Target>& targets) {
  CampaignSummary summary;
  summary.campaign.id = 1;
  summary.campaign.settings.heir = "1.0";
  summary.campaign.settings.seeds = {1, 100, {}};
  summary.campaign.end = CampaignEnd::complete;
  summary.campaign.active_seconds = 10;
  summary.canary = "died as it must";
  for (const Target& each : targets) {
    summary.campaign.targets.push_back(each);
    ScenarioSummary& scenario = summary.scenarios.emplace_back();
    scenario.path = each.path;
    scenario.title = each.scenario.title;
    scenario.passed = 100;
    scenario.least_seed = 1;
    scenario.greatest_seed = 100;
    scenario.virtual_ns = 100 * 10'000'000'000;
    scenario.phases["promote"].add(bucket_of(500'000'000), 100, 500'000'000);
    scenario.endured = {{"clock-rate", 4, 9, 0, 15'000'000}, {"pause", 10, 20, 41'200'000'000, 0}};
    scenario.probes = {{"common", false, 50, 60}, {"missed", false, 0, 0}, {"phase/disk/steady", true, 3, 4}};
  }
  return summary;
}

void fail(ScenarioSummary& scenario, const char* kind, std::uint64_t runs) {
  scenario.passed -= runs;
  scenario.failed += runs;
  scenario.failures.push_back({7, kind, runs, 12, {12, {}}, "what was <seen>", 3'000'000'000});
}

Release release(std::vector<CampaignSummary> campaigns) {
  ReleaseSource source;
  source.path = "night.db";
  source.campaigns = std::move(campaigns);
  return release_of({source}, {}, "a title", "heir report night.db --out report");
}

const reports::ReleaseComparison::Row& row(const reports::ReleaseComparison& comparison, const std::string& what) {
  for (const auto& each : comparison.rows)
    if (each.what == what) return each;
  FAIL("no row " << what);
  return comparison.rows.front();
}

}  // namespace

TEST_CASE("All passed: the bound, the coverage, the times, what was endured") {
  const Release told = release({campaign({target("s/first/a.toml"), target("s/second/b.toml")})});
  CHECK(told.verdict == Outcome::pass);
  CHECK(told.summary ==
        "200 of 200 runs passed, none failed: 2 scenarios, 0.6 simulated hours, 0 changes of the primary.");
  REQUIRE(told.totals.bound);
  CHECK(*told.totals.bound == Approx(0.01487).epsilon(0.01));
  REQUIRE(told.families.size() == 2);
  CHECK(told.families[1].name == "second");
  CHECK(told.families[1].scenarios.at(0).claim.find("linearizable") == std::string::npos);  // It has no clients.
  CHECK(told.findings.empty());
  CHECK(told.coverage.families == std::vector<std::string>{"disk"});
  CHECK(told.coverage.hits.at(0).at(2) == 8);
  REQUIRE(told.probes.size() == 2);
  CHECK(told.probes[0].hits == 120);
  REQUIRE(told.phases.size() == 1);
  CHECK(told.phases[0].count == 200);
  CHECK(told.phases[0].max_ns == 500'000'000);
  REQUIRE(told.margins.size() == 2);
  CHECK(told.margins[0].value == "longest 41.2s, 40 strikes");
  CHECK(told.margins[1].value == "off by at most 1.5%, 18 strikes");
  CHECK_FALSE(told.mutants);
  CHECK_FALSE(told.policies);
  CHECK(told.reproduce.at(1).second.find("hunt s/first/a.toml s/second/b.toml --seeds 1..100 --db again.db") !=
        std::string::npos);
  const std::string json = release_json(told);
  CHECK(json.find("<") == std::string::npos);
  CHECK(json.find(R"("format":"heir release","version":1)") != std::string::npos);
}

TEST_CASE("A failure is a finding with its replay line; runs without a verdict are no passes") {
  CampaignSummary night = campaign({target("s/first/a.toml")});
  fail(night.scenarios[0], "lost-write", 2);
  night.scenarios[0].passed -= 1;
  night.scenarios[0].unknown = 1;
  night.scenarios[0].unknown_reason = "out of memory";
  const Release told = release({night});
  CHECK(told.verdict == Outcome::fail);
  CHECK_FALSE(told.totals.bound);
  REQUIRE(told.findings.size() == 1);
  CHECK(told.findings[0].failure_of == "night.db");
  CHECK(told.findings[0].failure == 7);
  CHECK(told.findings[0].of == 100);
  CHECK(told.findings[0].replay.find("run s/first/a.toml --seed 12") != std::string::npos);
  REQUIRE(told.undecided.size() == 1);
  CHECK(told.undecided[0].reason == "out of memory");

  CampaignSummary undecided = campaign({target("s/first/a.toml")});
  undecided.scenarios[0].passed -= 1;
  undecided.scenarios[0].unknown = 1;
  CHECK(release({undecided}).verdict == Outcome::unknown);
  CHECK(release({}).verdict == Outcome::unknown);
  CHECK(release({}).summary == "Nothing was run.");
}

TEST_CASE("Guided runs bound nothing; nor does a campaign whose canary lived say that all is well") {
  CampaignSummary guided = campaign({target("s/first/a.toml")});
  guided.campaign.settings.guided = true;
  CHECK(release({guided}).verdict == Outcome::pass);
  CHECK_FALSE(release({guided}).totals.bound);
  CampaignSummary deaf = campaign({target("s/first/a.toml")});
  deaf.campaign.end = CampaignEnd::canary_lived;
  CHECK(release({deaf}).verdict == Outcome::unknown);
}

TEST_CASE("A known-bad design needs to be caught once, and is no part of what is tested") {
  const std::string bad = "[expect]\nverdict = \"lost-write\"\n[cluster]\npolicy = \"sirenia\"\n";
  CampaignSummary night = campaign({target("s/first/a.toml"), target("s/known-bad/b.toml", bad)});
  fail(night.scenarios[1], "assertion", 60);
  Release told = release({night});
  CHECK(told.verdict == Outcome::pass);
  CHECK(told.totals.runs() == 100);
  CHECK(told.findings.empty());
  CHECK(told.families.at(1).scenarios.at(0).verdict == Outcome::pass);
  CHECK(told.probes.at(0).hits == 60);
  night.scenarios[1].passed = 0;
  night.scenarios[1].failed = 100;
  told = release({night});
  CHECK(told.verdict == Outcome::fail);
  CHECK(told.findings.size() == 1);
}

TEST_CASE("The same scenarios under other rules stand beside it, and fail nothing") {
  CampaignSummary ours = campaign({target("s/first/a.toml"), target("s/first/b.toml")});
  CampaignSummary theirs = campaign({target("s/first/a.toml", "[cluster]\npolicy = \"manatee\"\n")});
  theirs.campaign.id = 2;
  fail(theirs.scenarios[0], "lost-write", 30);
  const Release told = release({ours, theirs});
  CHECK(told.verdict == Outcome::pass);
  CHECK(told.totals.runs() == 200);
  REQUIRE(told.policies);
  CHECK(told.policies->policies == std::vector<std::string>{"heir", "manatee"});
  REQUIRE(told.policies->rows.size() == 1);
  REQUIRE(told.policies->rows[0].results.at(1));
  CHECK(told.policies->rows[0].results[0]->failed == 0);
  CHECK(told.policies->rows[0].results[1]->failed == 30);
}

TEST_CASE("Results of other rules alone are told as what they are") {
  CampaignSummary theirs = campaign({target("s/first/a.toml", "[cluster]\npolicy = \"manatee\"\n")});
  fail(theirs.scenarios[0], "lost-write", 30);
  const Release told = release({theirs});
  CHECK(told.verdict == Outcome::fail);
  CHECK(told.findings.size() == 1);
  CHECK_FALSE(told.policies);
  CHECK(std::find(told.design.begin(), told.design.end(), "Under test are other rules than heir's: manatee.") !=
        told.design.end());
}

TEST_CASE("Runs that a later campaign did all again count once; others stay") {
  CampaignSummary before = campaign({target("s/first/a.toml")});
  fail(before.scenarios[0], "stuck", 1);
  CampaignSummary after = campaign({target("s/first/a.toml")});
  after.campaign.id = 2;
  after.campaign.began = 5;
  SECTION("all of them, whatever the order in which they are named") {
    for (const auto& both : {std::vector{before, after}, std::vector{after, before}}) {
      const Release told = release(both);
      CHECK(told.verdict == Outcome::pass);
      CHECK(told.totals.runs() == 100);
      CHECK(told.method.back() ==
            "Runs of s/first/a.toml in campaign 1 of night.db are not counted: campaign 2 of night.db ran all of them "
            "again.");
    }
  }
  SECTION("some of them") {
    after.scenarios[0].passed = 50;
    after.scenarios[0].greatest_seed = 50;
    const Release told = release({before, after});
    CHECK(told.verdict == Outcome::fail);
    CHECK(told.totals.runs() == 150);
    CHECK(told.method.back().find("Some seeds of s/first/a.toml may count twice") == 0);
    after.scenarios[0].failures.clear();
    before.scenarios[0].failures.clear();
    before.scenarios[0].failed = 0;
    before.scenarios[0].passed = 100;
    CHECK_FALSE(release({before, after}).totals.bound);
  }
  SECTION("the same seeds, of which some were left out") {
    after.scenarios[0].passed = 99;
    CHECK(release({before, after}).verdict == Outcome::fail);
  }
  SECTION("another scenario of that name") {
    after.campaign.targets = {target("s/first/a.toml", "[network]\nloss = \"1%\"\n")};
    CHECK(release({before, after}).totals.runs() == 200);
    CHECK(release({before, after}).verdict == Outcome::fail);
  }
  SECTION("guided runs, whose numbers are no seeds") {
    after.campaign.settings.guided = true;
    CHECK(release({before, after}).verdict == Outcome::fail);
  }
  SECTION("other seeds, or other parts of them") {
    after.scenarios[0].least_seed = 101;
    after.scenarios[0].greatest_seed = 200;
    CHECK(release({before, after}).totals.runs() == 200);
    CampaignSummary half = campaign({target("s/first/a.toml")}), other_half = half;
    half.campaign.settings.seeds.shard = {1, 2};
    other_half.campaign.settings.seeds.shard = {2, 2};
    CHECK(release({half, other_half}).totals.runs() == 200);
    CHECK(release({half, other_half}).totals.bound);
  }
}

TEST_CASE("A known-bad design is caught by any of its campaigns") {
  const std::string bad = "[expect]\nverdict = \"lost-write\"\n[cluster]\npolicy = \"sirenia\"\n";
  CampaignSummary caught = campaign({target("s/first/a.toml"), target("s/known-bad/b.toml", bad)});
  CampaignSummary missed = campaign({target("s/known-bad/b.toml", bad)});
  missed.scenarios[0].least_seed = 101;
  missed.scenarios[0].greatest_seed = 200;
  fail(missed.scenarios[0], "assertion", 100);
  for (const auto& both : {std::vector{caught, missed}, std::vector{missed, caught}}) {
    const Release told = release(both);
    CHECK(told.verdict == Outcome::pass);
    CHECK(told.totals.runs() == 100);
    CHECK(told.findings.empty());
  }
}

TEST_CASE("A scenario that was never run has not passed") {
  CampaignSummary night = campaign({target("s/first/a.toml"), target("s/first/b.toml")});
  night.scenarios[1].passed = 0;
  const Release told = release({night});
  CHECK(told.verdict == Outcome::unknown);
  CHECK(told.summary.find(", 1 scenario not run: 1 scenario,") != std::string::npos);
  CHECK(told.families.at(0).scenarios.at(1).verdict == Outcome::unknown);
}

TEST_CASE("Seeds to find a planted bug are better or worse only by far") {
  const auto hunted = [](std::uint64_t seeds) {
    Release told;
    told.mutants.emplace();
    told.mutants->strategies = {"random"};
    told.mutants->list.push_back({"no-lease", {reports::ReleaseMutants::Tried{5, 5, seeds, "stale-read"}}});
    return told;
  };
  CHECK(row(compare(hunted(100'000), hunted(1)), "no-lease").change == "worse");
  CHECK(row(compare(hunted(1), hunted(100'000)), "no-lease").change == "better");
  CHECK(row(compare(hunted(60), hunted(20)), "no-lease").change == "same");
  Release missed = hunted(50);
  missed.mutants->list[0].tried[0]->found = 2;  // Of five.
  CHECK(row(compare(missed, hunted(20)), "no-lease").change == "worse");
}

TEST_CASE("What Markdown would take for markup is text") {
  Release told;
  told.title = "<script> [a](javascript:b) | `c` \\";
  told.reproduce.emplace_back("it", "run '```\n# not a heading'");
  const std::string text = markdown_of(told);
  CHECK(text.find("# &lt;script&gt; \\[a\\](javascript:b) \\| \\`c\\` \\\\\n") != std::string::npos);
  CHECK(text.find("````sh\nrun '```\n# not a heading'\n````\n") != std::string::npos);
}

TEST_CASE("What changed since an earlier release") {
  const Target a = target("s/first/a.toml"), b = target("s/first/b.toml"), c = target("s/first/c.toml");
  CampaignSummary before = campaign({a, b});
  fail(before.scenarios[0], "stuck", 1);
  before.scenarios[1].probes = {{"common", false, 1, 1}, {"missed", false, 1, 1}};
  CampaignSummary after = campaign({a, c});
  for (ScenarioSummary& each : after.scenarios) {
    each.phases["promote"] = {};
    each.phases["promote"].add(bucket_of(400'000'000), 100, 400'000'000);
  }
  const reports::ReleaseComparison comparison = compare(release({after}), release({before}));
  CHECK(comparison.earlier == "heir 1.0: 200 runs, 0.6 simulated hours");
  CHECK(row(comparison, "s/first/a.toml").change == "better");
  CHECK(row(comparison, "s/first/a.toml").before == "fail, 1 of 100 runs failed: stuck");
  CHECK(row(comparison, "s/first/b.toml").change == "gone");
  CHECK(row(comparison, "s/first/c.toml").change == "new");
  CHECK(row(comparison, "promote, median").change == "better");
  CHECK(row(comparison, "missed").change == "worse");
  CHECK(row(comparison, "common").change == "same");
}

}  // namespace heir::tools
