// Every recorded history of tests/histories is read, whole, as what it is.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "reports/history/format.h"

#include "read_text.h"

using namespace heir::reports;
using heir::reports::test::as_json_lines;
namespace fs = std::filesystem;

namespace {

const fs::path histories = fs::path(HEIR_SOURCE_DIR) / "tests/histories";

std::string text_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

std::size_t occurrences(const std::string& text, std::string_view what) {
  std::size_t count = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + what.size())) ++count;
  return count;
}

std::vector<fs::path> recorded() {
  std::vector<fs::path> all;
  for (const auto& entry : fs::recursive_directory_iterator(histories)) {
    const fs::path& path = entry.path();
    const std::string name = path.filename();
    if (entry.is_regular_file() && name != "README.md" && !name.starts_with("MANIFEST.")) all.push_back(path);
  }
  std::ranges::sort(all);
  return all;
}

/// Counted without our readers: how often a text says that an operation began.
std::size_t operations_in(const fs::path& path, const std::string& text) {
  const std::string folder = fs::relative(path, histories).begin()->string();
  if (folder == "isovista") {
    std::set<std::string> transactions;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      transactions.insert(line.substr(line.find(',', line.find(',') + 1)));
    }
    return transactions.size();
  }
  if (folder == "polylin" || folder == "fptlin") {
    std::size_t count = 0;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) count += line.find_first_of("0123456789") != std::string::npos;
    return count;
  }
  return occurrences(text, ":type :invoke") + occurrences(text, "\"type\":\"invoke\"") +
         occurrences(text, "\t:invoke\t");
}

Format expected_format(const fs::path& path) {
  const std::string folder = fs::relative(path, histories).begin()->string();
  if (path.extension() == ".json") return Format::elle_json;
  if (path.extension() == ".edn") return Format::edn;
  if (folder == "porcupine") return path.extension() == ".log" ? Format::etcd_log : Format::kv_log;
  return Format::lines;
}

}  // namespace

TEST_CASE("EDN and JSON of the same history are the same history") {
  for (const std::string twins : {"elle-cli/elle/paper-example", "elle-cli/knossos/cas-register/good/memstress3-9"}) {
    INFO(twins);
    const auto edn = read_history((histories / (twins + ".edn")).string());
    const auto json = read_history((histories / (twins + ".json")).string());
    REQUIRE(edn);
    REQUIRE(json);
    CHECK(as_json_lines(*edn) == as_json_lines(*json));
  }
}

TEST_CASE("the corpus of Elle's verdicts has as many events as its manifest says") {
  std::istringstream manifest(text_of(histories / "elle-corpus/MANIFEST.jsonl"));
  std::map<std::string, std::size_t> events;  // most files have several rows
  for (std::string line; std::getline(manifest, line);) {
    const auto after = [&](std::string_view name) { return line.substr(line.find(name) + name.size()); };
    const std::string file = after("\"file\": \"").substr(0, after("\"file\": \"").find('"'));
    events[file] = std::stoul(after("\"ops\": "));
  }
  CHECK(events.size() > 440);
  for (const auto& [file, count] : events) {
    INFO(file);
    const auto history = read_history((histories / "elle-corpus" / file).string());
    REQUIRE(history);
    REQUIRE(history->size() == count);
  }
}

TEST_CASE("every recorded history is recognised, read whole, and survives JSONL") {
  const std::vector<fs::path> all = recorded();
  CHECK(all.size() > 580);
  for (const fs::path& path : all) {
    INFO(path);
    const std::string text = text_of(path);
    CHECK(recognise_format(text.substr(0, 4096), "unnamed") ==
          (text.starts_with("[]") ? std::nullopt : std::optional(expected_format(path))));
    CHECK(recognise_format(text.substr(0, 4096), path.string()) == expected_format(path));
    const auto history = read_history(path.string());
    INFO((history ? "" : history.error().message));
    REQUIRE(history);
    CHECK(history->operations().size() == operations_in(path, text));

    const std::string lines = as_json_lines(*history);
    const auto again = read_history_text(lines, "again.jsonl");
    INFO((again ? "" : again.error().message));
    REQUIRE(again);
    CHECK(as_json_lines(*again) == lines);
  }
}
