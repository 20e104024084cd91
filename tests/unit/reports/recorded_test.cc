// Histories recorded by others, with the verdicts of the tools that they came with: tests/histories/MANIFEST.tsv. Those
// of Elle's corpus have their own test (transactions/elle_corpus_test.cc).
#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>

#include "reports/check/check.h"
#include "reports/history/format.h"

using namespace heir;
using namespace heir::reports;

namespace {

struct Row {
  std::string file, kind, expected;
};

std::vector<Row> manifest() {
  std::ifstream in(HEIR_SOURCE_DIR "/tests/histories/MANIFEST.tsv");
  std::vector<Row> rows;
  std::string line;
  std::getline(in, line);  // the heading
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    Row row;
    std::string source;
    std::getline(fields, row.file, '\t');
    std::getline(fields, source, '\t');
    std::getline(fields, row.kind, '\t');
    std::getline(fields, row.expected, '\t');
    rows.push_back(row);
  }
  return rows;
}

/// The model that the row's kind begins with; kv files are recognised.
std::optional<Model> model_of(std::string kind) {
  if (kind.starts_with('"')) kind.erase(0, 1);
  const std::string word = kind.substr(0, kind.find(' '));
  if (word == "priorityqueue") return Model::priority_queue;
  if (word == "txn") return Model::rw_register;
  if (word == "kv") return std::nullopt;
  const std::optional<Model> model = model_named(word);
  if (!model) FAIL("no model '" << word << "'");
  return model;
}

}  // namespace

TEST_CASE("every recorded history gets the verdict that it came with") {
  const std::vector<Row> rows = manifest();
  REQUIRE(rows.size() >= 150);
  for (const Row& row : rows) {
    INFO(row.file << ": " << row.kind << ", expected " << row.expected);
    const Result<History> history = read_history(HEIR_SOURCE_DIR "/tests/histories/" + row.file);
    if (!history) FAIL(history.error().message);
    CheckOptions options;
    options.model = model_of(row.kind);
    if (row.kind.find("serializable") != std::string::npos)
      options.transactions.consistency.insert(*consistency_model_named("serializable"));
    if (row.kind.find("--group-size 3") != std::string::npos) options.long_fork.group_size = 3;
    const Result<Verdict> verdict = check(*history, options);
    if (!verdict) FAIL(verdict.error().message);
    const bool right = row.expected == "valid" || row.expected == "linearizable";
    // Where nothing succeeded Knossos is content, and we have no verdict.
    const Outcome clean = verdict->operations.ok > 0 ? Outcome::pass : Outcome::unknown;
    CHECK(verdict->outcome == (right ? clean : Outcome::fail));
  }
}
