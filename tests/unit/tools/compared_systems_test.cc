// What a release's page has of `heir compare … --json FILE`.
#include "tools/command/compared_systems.h"

#include <catch2/catch.hpp>

#include "tools/command/comparison_table.h"
#include "tools/command/report_markdown.h"

namespace heir::tools {

namespace {

using on_hosts::Measurement;
using on_hosts::SystemKind;
using reports::Outcome;
using reports::ReleaseSystems;

Measurement measured(on_hosts::SystemChoice system, std::uint64_t seed) {
  Measurement run;
  run.system = system;
  run.seed = seed;
  run.without_write = Duration::milliseconds(2300);
  run.acknowledged = 12'345;
  run.lost = 0;
  return run;
}

/// heir is safe; patroni lost 3 writes, could not be done once, and left a host behind; heir in the simulator.
std::string written() {
  const on_hosts::SystemChoice heir{SystemKind::heir}, tuned{SystemKind::patroni, true},
      simulated{SystemKind::heir, false, true};
  Measurement lossy = measured(tuned, 1), failed = measured(tuned, 2);
  lossy.lost = 3;
  lossy.not_back = {"host2"};
  failed.problem = "the cluster was | not ready";
  return json_of(
      {{"a b.toml", "A <fault>", {measured(heir, 1), measured(heir, 2), lossy, failed, measured(simulated, 1)}}});
}

ReleaseSystems read(const std::string& text) {
  const Result<ReleaseSystems> systems = compared_systems_of("all.json", text);
  INFO((systems ? "" : systems.error().message));
  REQUIRE(systems);
  return *systems;
}

/// Once, in what heir compare wrote.
std::string with(const std::string& from, const std::string& to) {
  std::string text = written();
  const std::size_t place = text.find(from);
  REQUIRE(place != std::string::npos);
  return text.replace(place, from.size(), to);
}

std::string refusal(const std::string& text) {
  const Result<ReleaseSystems> systems = compared_systems_of("all.json", text);
  REQUIRE_FALSE(systems);
  return systems.error().message;
}

}  // namespace

TEST_CASE("What heir compare wrote is read: a row for each system, with what is known of its runs") {
  const ReleaseSystems systems = read(written());
  REQUIRE(systems.scenarios.size() == 1);
  CHECK(systems.scenarios[0].path == "a b.toml");
  CHECK(systems.scenarios[0].title == "A <fault>");
  const std::vector<ReleaseSystems::Row>& rows = systems.scenarios[0].rows;
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].verdict == Outcome::pass);
  CHECK(rows[0].runs == 2);
  CHECK(rows[0].median_ns == 2'300'000'000);
  CHECK(rows[0].acknowledged.sum == 24'690);
  CHECK(rows[0].acknowledged.runs == 2);
  CHECK(rows[1].system == "patroni");
  CHECK(rows[1].tuned);
  CHECK(rows[1].verdict == Outcome::fail);
  CHECK(rows[1].asked == 2);
  CHECK(rows[1].runs == 1);
  CHECK(rows[1].lost.sum == 3);
  CHECK(rows[1].not_back.sum == 1);
  CHECK(rows[1].problems == std::vector<std::string>{"seed 2: the cluster was | not ready"});
  CHECK(rows[2].simulated);
  CHECK(rows[2].not_back.runs == 0);  // Nobody asks simulated hosts.
}

TEST_CASE("What is not known is no 0, and no pass") {
  // Of heir's first run.
  const auto first = [](const char* from, const char* to) { return read(with(from, to)).scenarios[0].rows[0]; };
  const ReleaseSystems::Row row = first(R"("lost":0)", R"("lost":null)");
  CHECK(row.lost.runs == 1);
  CHECK(row.verdict == Outcome::unknown);
  CHECK(first(R"("split_brain":false)", R"("split_brain":null)").split_brains.runs == 1);
  CHECK(first(R"("not_back":[])", R"("not_back":null)").not_back.runs == 1);
  CHECK(first(R"("undecided":false)", R"("undecided":true)").verdict == Outcome::unknown);
  CHECK(first(R"("stale_reads":0)", R"("stale_reads":1)").verdict == Outcome::fail);
  CHECK(first(R"("split_brain":false)", R"("split_brain":true)").verdict == Outcome::fail);
  CHECK_FALSE(first(R"("median_ns":2300000000)", R"("median_ns":null)").median_ns);
  CHECK(first(R"("without_write_ns":2300000000)", R"("without_write_ns":null)").verdict == Outcome::pass);
}

TEST_CASE("A file that heir compare did not write is refused, with the place and what is there") {
  const std::string end = ", as `heir compare … --json FILE` writes it";
  CHECK(refusal("") == "all.json: found nothing, expected an object" + end);
  CHECK(refusal(written().substr(0, 200)) == "all.json: found no whole JSON, expected an object" + end);
  CHECK(refusal(std::string(100'000, '[')) == "all.json: found no whole JSON, expected an object" + end);
  CHECK(refusal("[1]") == "all.json: found a list, expected an object" + end);
  CHECK(refusal("{}") == "all.json: scenarios: found nothing, expected a list that is not empty" + end);
  CHECK(refusal(R"({"scenarios":[]})") ==
        "all.json: scenarios: found an empty list, expected a list that is not empty" + end);
  CHECK(refusal(with(R"("tuned":false)", R"("tuned":"no")")) ==
        "all.json: scenarios[0].systems[0].tuned: found \"no\", expected true or false" + end);
  const std::string count = "expected a whole number up to 4,294,967,295";
  for (const auto& [given, found] : {std::pair{"-1", "-1"}, {"0.5", "0.5"}, {"4294967296", "4294967296"}})
    CHECK(refusal(with(R"("lost":3)", std::string(R"("lost":)") + given)) ==
          "all.json: scenarios[0].systems[1].runs[0].lost: found " + std::string(found) + ", " + count + end);
  CHECK(refusal(with(R"("lost":3,)", "")) ==
        "all.json: scenarios[0].systems[1].runs[0].lost: found nothing, " + count + end);
  CHECK(refusal(with("A <fault>", "\xff")) == "all.json: found no whole JSON, expected an object" + end);
}

TEST_CASE("A release has them in its JSON, in Markdown, and with the command that measures them again") {
  reports::Release release;
  CHECK(release_json(release).find(R"("systems":null)") != std::string::npos);
  CHECK(markdown_of(release).find("Beside other systems") == std::string::npos);
  std::string text = with(R"("stale_reads":0)", R"("stale_reads":null)");
  add_systems(release, read(text), "all.json");
  REQUIRE(release.reproduce.size() == 1);
  CHECK(release.reproduce[0].second.ends_with(
      " compare 'a b.toml' --systems heir,patroni --repeat 2 --tuned --simulated --json again.json"));

  const std::string json = release_json(release);
  CHECK(json.find('<') == std::string::npos);
  CHECK(json.find(R"("rows":[{"system":"heir","tuned":false,"simulated":false,"verdict":"unknown","asked":2,"runs":2,)"
                  R"("median_ns":2300000000,"max_ns":2300000000,"acknowledged":{"sum":24690,"runs":2},)"
                  R"("lost":{"sum":0,"runs":2},"stale_reads":{"sum":0,"runs":1},"split_brains":{"sum":0,"runs":2},)"
                  R"("undecided":{"sum":0,"runs":2},"not_back":{"sum":0,"runs":2},"problems":[]},)") !=
        std::string::npos);
  CHECK(json.find(R"("not_back":{"sum":0,"runs":0})") != std::string::npos);

  const std::string markdown = markdown_of(release);
  CHECK(markdown.find("## Beside other systems\n\nMeasured by heir compare on real hosts") != std::string::npos);
  CHECK(markdown.find("### A &lt;fault&gt;\n\na b.toml\n\n| system |") != std::string::npos);
  CHECK(markdown.find("| heir | unknown | 2 | 2.3s | 2.3s | 24,690 | 0 | 0 (in 1 of 2 runs) | 0 | 0 | 0 |\n") !=
        std::string::npos);
  CHECK(markdown.find("| patroni, tuned | **fail** | 1 of 2 | 2.3s | 2.3s | 12,345 | **3** | 0 | 0 | 0 | 1 |\n") !=
        std::string::npos);
  CHECK(markdown.find("| heir, simulated | pass | 1 | 2.3s | 2.3s | 12,345 | 0 | 0 | 0 | 0 | – |\n") !=
        std::string::npos);
  CHECK(markdown.find("- could not be done: patroni, tuned, seed 2: the cluster was \\| not ready\n") !=
        std::string::npos);
}

TEST_CASE("A release is no better than heir's own runs beside the others, whatever became of those") {
  const auto judged = [](Outcome of_campaigns, const std::string& text) {
    reports::Release release;
    release.verdict = of_campaigns;
    release.summary = "2 runs.";
    add_systems(release, read(text), "all.json");
    return release;
  };
  const reports::Release good = judged(Outcome::pass, written());  // Patroni lost writes.
  CHECK(good.verdict == Outcome::pass);
  CHECK(good.summary == "2 runs.");
  const reports::Release bad = judged(Outcome::pass, with(R"("lost":0)", R"("lost":1)"));
  CHECK(bad.verdict == Outcome::fail);
  CHECK(bad.summary ==
        "2 runs. heir lost a write, answered wrongly or was split in 1 of 1 scenario compared with other systems.");
  CHECK(markdown_of(bad).find("**fail: 2 runs. heir lost a write") != std::string::npos);
  CHECK(release_json(bad).find(R"("verdict":"fail","summary":"2 runs. heir lost)") != std::string::npos);
  const std::string undecided = with(R"("undecided":false)", R"("undecided":true)");
  CHECK(judged(Outcome::pass, undecided).verdict == Outcome::unknown);
  CHECK(judged(Outcome::pass, undecided).summary ==
        "2 runs. heir has no verdict in 1 of 1 scenario compared with other systems.");
  CHECK(judged(Outcome::fail, undecided).verdict == Outcome::fail);
  CHECK(judged(Outcome::unknown, written()).verdict == Outcome::unknown);
}

}  // namespace heir::tools
