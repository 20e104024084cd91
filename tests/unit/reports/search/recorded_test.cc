// Histories that others recorded, with their verdicts: tests/histories.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "random_histories.h"
#include "reports/check/search/models.h"
#include "reports/history/format.h"

using namespace heir::reports;

namespace {

const std::string folder = std::string(HEIR_SOURCE_DIR) + "/tests/histories/";

struct Recorded {
  std::string file;
  Model model = Model::register_;
  bool valid = false;
};

/// The rows of the manifest about objects that are linearized.
std::vector<Recorded> manifest() {
  static const std::map<std::string, Model> models{
      {"cas-register", Model::cas_register},
      {"mutex", Model::mutex},
      {"kv", Model::kv},
      {"queue", Model::queue},
      {"stack", Model::stack},
      {"set", Model::set},
      {"semaphore", Model::semaphore},
      {"deque", Model::deque},
      {"priorityqueue", Model::priority_queue},
  };
  std::vector<Recorded> rows;
  std::ifstream in(folder + "MANIFEST.tsv");
  for (std::string line; std::getline(in, line);) {
    std::istringstream cells(line);
    std::string file, source, kind, verdict;
    std::getline(cells, file, '\t');
    std::getline(cells, source, '\t');
    std::getline(cells, kind, '\t');
    std::getline(cells, verdict, '\t');
    if (file.starts_with("elle") && !file.starts_with("elle-cli/knossos/")) continue;
    kind.erase(std::remove(kind.begin(), kind.end(), '"'), kind.end());
    const auto model = models.find(kind.substr(0, kind.find(' ')));
    if (model == models.end()) continue;
    rows.push_back({file, model->second, verdict == "linearizable" || verdict == "valid"});
  }
  return rows;
}

}  // namespace

TEST_CASE("search: recorded verdicts") {
  const std::vector<Recorded> rows = manifest();
  CHECK(rows.size() == 142);
  for (const Recorded& row : rows) {
    INFO(row.file);
    const auto history = read_history(folder + row.file);
    REQUIRE(history.has_value());
    const std::vector<std::uint32_t> ops = test::operations_of(*history);
    const Judgement judgement = judge_by_search(row.model, Object{&*history, no_key, ops});
    CHECK(judgement.answer == (row.valid ? Judgement::Answer::valid : Judgement::Answer::invalid));
    if (row.valid || judgement.failures.empty()) continue;
    // What is explained begins before the answer that is not.
    const Failure& failure = judgement.failures.front();
    CHECK(failure.kind == FailureKind::not_linearizable);
    for (const Operation& op : failure.order) CHECK(op.begin < failure.ops.front().end);
  }
}
