// Texts of many pieces read the same as whole ones, wherever the pieces end.
#include <catch2/catch.hpp>
#include <cstdio>

#include "read_text.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

/// From a file, piece by piece.
std::string streamed(const std::string& text, Format format, PieceSize pieces = {}) {
  std::FILE* const file = std::tmpfile();
  REQUIRE(std::fwrite(text.data(), 1, text.size(), file) == text.size());
  std::rewind(file);
  Source source(file, "h", pieces);
  ReadOptions options;
  options.format = format;
  const auto history = read_history(source, options);
  std::fclose(file);
  return history ? as_json_lines(*history) : history.error().message;
}

void same(const std::string& text, Format format) {
  ReadOptions options;
  options.format = format;
  const auto at_once = read_history_text(text, "h", options);
  INFO((at_once ? "" : at_once.error().message));
  REQUIRE(at_once);
  const std::string expected = as_json_lines(*at_once);
  for (const std::size_t usual : {1, 2, 3, 7, 100, 1000, 256 * 1024}) {
    INFO("pieces of " << usual);
    // Compared, not expanded: the texts are long.
    const bool is_same = streamed(text, format, {usual}) == expected;
    CHECK(is_same);
  }
}

/// The beginning of a text is read at once, to recognise it: longer than that.
constexpr std::size_t long_enough = 68'000;

/// Operations of every shape, so that pieces end within each.
std::string edn_operations(std::string_view open, std::string_view close) {
  std::string text(open);
  for (int i = 0; text.size() < long_enough; ++i) {
    const std::string n = std::to_string(i);
    text += "#jepsen.history.Op{:process " + std::to_string(i % 7) + ", :type :invoke, :f :txn, :time " + n +
            ", :value [[:append :k" + std::to_string(i % 5) + " \"a\\u00e9\\\"" + n + "\"] [:r 12 nil]]}\n; comment " +
            n + "\n#_ {:discarded [" + n + " \\] \"}\"]} {:process " + std::to_string(i % 7) +
            ", :type :ok, :f :txn, :time " + n + ", :value [[:append :k" + std::to_string(i % 5) + " \"a\\u00e9\\\"" +
            n + "\"] [:r 12 [1.5 -3 " + n + "N 1/2 true]]]},\n";
  }
  return text + std::string(close);
}

std::string json_operations(bool array) {
  std::string text = array ? "[" : "";
  for (int i = 0; text.size() < long_enough; ++i) {
    const std::string n = std::to_string(i);
    if (array && i > 0) text += ",\n";
    text += R"({"process":)" + std::to_string(i % 7) +
            R"(,"type":"invoke","f":"txn","value":[["append","x\ud83d\ude00",)" + n +
            R"(],["r",12,null]],"extra":[true,false,-1.5e+3]})" + (array ? ", " : "\n") + R"({"process":)" +
            std::to_string(i % 7) + R"(,"type":"ok","f":"txn","value":[["append","x\ud83d\ude00",)" + n +
            R"(],["r",12,[1.5,-3,null,true]]]})" + (array ? "" : "\n");
  }
  return text + (array ? "]" : "");
}

}  // namespace

TEST_CASE("pieces end anywhere") {
  same(edn_operations("", ""), Format::edn);
  same(edn_operations("[", "]"), Format::edn);
  same(edn_operations("(", ") ; end"), Format::edn);
  same(json_operations(true), Format::elle_json);
  same(json_operations(false), Format::elle_json);
}

TEST_CASE("our own lines, some of them longer than a piece") {
  std::string text;
  for (int i = 0; text.size() < 2 * long_enough; ++i) {
    std::string list;
    for (int j = 0; j < (i % 50 == 49 ? 5000 : 3); ++j) list += (j > 0 ? "," : "") + std::to_string(j);
    const std::string time = std::to_string(i);
    text += R"({"process":0,"type":"invoke","f":"read","key":"x","value":null,"time":)" + time + "}\n";
    text += R"({"process":0,"type":"ok","f":"read","key":"x","value":[)" + list + R"(],"time":)" + time + "}\n";
  }
  same(text, Format::jsonl);
  const bool as_it_was = streamed(text, Format::jsonl) == text;
  CHECK(as_it_was);
}

TEST_CASE("what must be read at once may be so long and no longer") {
  const std::string line = R"({"process":0,"type":"invoke","f":"read","value":null,"time":1})";
  const std::string padded = std::string(99'999 - line.size(), ' ') + line + "\n";  // of 100,000 bytes
  const PieceSize pieces{256 * 1024, 100'000};
  CHECK(streamed(padded, Format::jsonl, pieces) == line + "\n");
  CHECK(streamed("\n " + padded, Format::jsonl, pieces) == line + "\n");
  CHECK(streamed("\n  " + padded, Format::jsonl, pieces) == "h:2:1: expected a line of at most 100000 bytes");
  CHECK(streamed("[{\"a\":\"" + std::string(100'000, 'x'), Format::elle_json, pieces) ==
        "h:1:2: expected an operation of at most 100000 bytes");
  CHECK(streamed(";" + std::string(100'000, 'x'), Format::edn, pieces) ==
        "h:1:1: expected a comment of at most 100000 bytes");
}

TEST_CASE("the place of an error far into a file") {
  const std::string edn = edn_operations("", "") + "{:type\n  :oops}";
  const auto lines = static_cast<std::size_t>(std::count(edn.begin(), edn.end(), '\n'));
  CHECK(streamed(edn, Format::edn) ==
        "h:" + std::to_string(lines + 1) + ":3: expected the type invoke, ok, fail or info");
  std::string jsonl;
  for (int i = 0; i < 10'000; ++i)
    jsonl += R"({"process":)" + std::to_string(i) + R"(,"type":"invoke","f":"read","value":null,"time":1})" + "\n";
  CHECK(streamed(jsonl + "{\"process\":x}", Format::jsonl) == "h:10001:12: expected a process number, found 'x'");
}
