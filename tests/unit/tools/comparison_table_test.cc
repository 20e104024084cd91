#include "tools/command/comparison_table.h"

#include <catch2/catch.hpp>

namespace heir::tools {
namespace {

using on_hosts::Measurement;
using on_hosts::SystemKind;

ComparedScenario compared() {
  Measurement heir;
  heir.seed = 1;
  heir.without_write = Duration::milliseconds(2300);
  heir.acknowledged = 12345;
  heir.lost = 0;
  Measurement tuned;
  tuned.system = {SystemKind::patroni, true};
  tuned.problem = "the cluster was not ready";
  return {"a.toml", "A fault", {heir, tuned}};
}

}  // namespace

TEST_CASE("A table says of what was not done that it was not") {
  CHECK(table_of(compared()) ==
        "A fault (a.toml)\n"
        "  system            runs  no write: median  longest  acknowledged  lost  stale reads  split brain  undecided  "
        "not back\n"
        "  heir                 1           2.300 s  2.300 s        12,345     0            0            0          0  "
        "       0\n"
        "  patroni, tuned  0 of 1                 -        -             -     -            -            -          -  "
        "       -\n"
        "  could not be done: patroni, tuned, seed 1: the cluster was not ready\n");
}

TEST_CASE("The same as Markdown, and all of it as JSON") {
  const std::string markdown = markdown_of({compared()});
  CHECK(markdown.find("| heir | 1 | 2.300 s | 2.300 s | 12,345 | 0 | 0 | 0 | 0 | 0 |\n") != std::string::npos);
  CHECK(markdown.find("| patroni, tuned | 0 of 1 | - | - | - | - | - | - | - | - |\n") != std::string::npos);
  CHECK(markdown.find("- could not be done: patroni, tuned, seed 1: the cluster was not ready\n") != std::string::npos);
  CHECK(
      json_of(std::vector{compared()}) ==
      R"({"scenarios":[{"file":"a.toml","title":"A fault","systems":[)"
      R"({"system":"heir","tuned":false,"simulated":false,"safe":true,"median_ns":2300000000,"longest_ns":2300000000,"runs":[)"
      R"({"seed":1,"problem":null,"without_write_ns":2300000000,"acknowledged":12345,"lost":0,"stale_reads":0,)"
      R"("split_brain":false,"undecided":false,"not_back":[]}]},)"
      R"({"system":"patroni","tuned":true,"simulated":false,"safe":false,"median_ns":null,"longest_ns":null,"runs":[)"
      R"({"seed":1,"problem":"the cluster was not ready"}]}]}]})");
}

TEST_CASE("How far the simulator is from hosts is told where both were measured") {
  ComparedScenario both = compared();
  Measurement simulated = both.measurements[0];
  simulated.system.simulated = true;
  simulated.without_write = Duration::milliseconds(2530);
  both.measurements.push_back(simulated);
  const char* const words = "the simulator's median is 10.0 % above that on hosts\n";
  CHECK(table_of(both).find(words) != std::string::npos);
  CHECK(markdown_of({both}).find(words) != std::string::npos);
  CHECK(markdown_of({both}).find("| heir, simulated | 1 | 2.530 s | 2.530 s | 12,345 | 0 | 0 | 0 | 0 | - |\n") !=
        std::string::npos);
  CHECK(table_of(compared()).find("simulator") == std::string::npos);
}

TEST_CASE("What was lost in a run after which no database takes writes is not known, and so it is told") {
  ComparedScenario scenario = compared();
  Measurement dead = scenario.measurements[0];
  dead.seed = 2;
  dead.lost.reset();
  dead.without_write = Duration::seconds(95);
  scenario.measurements = {dead};
  const std::string words = "heir, seed 2: no database took writes at the end; what was lost is not known\n";
  CHECK(table_of(scenario).find("  heir       1          95.000 s  95.000 s        12,345     ?  ") !=
        std::string::npos);
  CHECK(table_of(scenario).ends_with("\n  " + words));
  CHECK(markdown_of({scenario}).find("| heir | 1 | 95.000 s | 95.000 s | 12,345 | ? | 0 | 0 | 0 | 0 |\n") !=
        std::string::npos);
  CHECK(markdown_of({scenario}).ends_with("\n- " + words));
  scenario.measurements = {compared().measurements[0], dead};
  CHECK(markdown_of({scenario}).find("| 0 + ? |") != std::string::npos);
  const std::string json = json_of(std::vector{scenario});
  CHECK(json.find(R"("safe":false)") != std::string::npos);
  CHECK(json.find(R"("seed":2,"problem":null,"without_write_ns":95000000000,"acknowledged":12345,"lost":null)") !=
        std::string::npos);
  CHECK(line_of(dead) ==
        "heir, seed 2: 95.000 s without a write, 12,345 acknowledged, ? lost, 0 stale reads, "
        "no database took writes at the end; what was lost is not known");
}

TEST_CASE("Nobody looks for hosts that are not back in the simulator, and so it is told") {
  ComparedScenario scenario = compared();
  scenario.measurements.resize(1);
  CHECK(json_of(std::vector{scenario}).find(R"("not_back":[])") != std::string::npos);
  scenario.measurements[0].system.simulated = true;
  CHECK(json_of(std::vector{scenario}).find(R"("not_back":null)") != std::string::npos);
}

TEST_CASE("A run in a line") {
  CHECK(line_of(compared().measurements[0]) ==
        "heir, seed 1: 2.300 s without a write, 12,345 acknowledged, 0 lost, 0 stale reads");
  CHECK(line_of(compared().measurements[1]) == "patroni, tuned, seed 1: could not be done: the cluster was not ready");
}

}  // namespace heir::tools
