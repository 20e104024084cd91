// Whatever the bytes: a message that says where they are wrong, and no history.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "read_text.h"

using namespace heir::reports;
using namespace heir::reports::test;
namespace fs = std::filesystem;

namespace {

constexpr std::array all_formats{Format::jsonl,  Format::edn,       Format::etcd_log,
                                 Format::kv_log, Format::elle_json, Format::lines};

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t below(std::uint64_t n) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return (state_ >> 33) % n;
  }

 private:
  std::uint64_t state_;
};

std::string text_of(const std::string& name) {
  std::ifstream in(fs::path(HEIR_SOURCE_DIR) / "tests/histories" / name, std::ios::binary);
  std::stringstream all;
  all << in.rdbuf();
  REQUIRE(in);
  return all.str();
}

/// "h:LINE:COLUMN: words"
bool says_where(const std::string& message) {
  std::size_t line = 0, column = 0;
  int words = 0;
  return std::sscanf(message.c_str(), "h:%zu:%zu: %n", &line, &column, &words) == 2 && line > 0 && column > 0 &&
         words > 0 && message.size() > static_cast<std::size_t>(words);
}

/// Reads it, and a history must survive a file of ours.
void try_to_read(std::string_view text, std::optional<Format> format) {
  ReadOptions options;
  options.format = format;
  const auto history = read_history_text(text, "h", options);
  if (!history) {
    INFO(history.error().message);
    REQUIRE(says_where(history.error().message));
    return;
  }
  const std::string lines = as_json_lines(*history);
  const auto again = read_history_text(lines, "again.jsonl");
  REQUIRE(again);
  REQUIRE(as_json_lines(*again) == lines);
}

const std::vector<std::string> samples{"elle/paper-example.edn",
                                       "elle-cli/jepsen/long-fork.edn",
                                       "elle-cli/elle/paper-example.json",
                                       "elle-corpus/jepsen-set-full/test-write-present-missing.edn",
                                       "elle-corpus/elle-closed-predicate/g1c-multi-key-delete-01.edn",
                                       "knossos/cas-register/bad/immediate-failure.edn",
                                       "polylin/deque_simple.1.log",
                                       "fptlin/set/lin_simple_0.log"};

}  // namespace

TEST_CASE("random bytes") {
  Random random(1);
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (std::uint64_t i = random.below(60); i > 0; --i) text += static_cast<char>(random.below(256));
    for (const Format format : all_formats) try_to_read(text, format);
    try_to_read(text, std::nullopt);
  }
}

TEST_CASE("random words of the formats") {
  static constexpr std::array<std::string_view, 60> words{"{",
                                                          "}",
                                                          "[",
                                                          "]",
                                                          "(",
                                                          ")",
                                                          ",",
                                                          ":",
                                                          "\"",
                                                          "\\",
                                                          "#",
                                                          "#_",
                                                          "^",
                                                          ";",
                                                          "\n",
                                                          " ",
                                                          "\t",
                                                          ":type",
                                                          ":invoke",
                                                          ":ok",
                                                          ":f",
                                                          ":read",
                                                          ":write",
                                                          ":process",
                                                          ":value",
                                                          "0",
                                                          "1",
                                                          "-1",
                                                          "nil",
                                                          "null",
                                                          "true",
                                                          "1.5",
                                                          "\"type\"",
                                                          "\"invoke\"",
                                                          "\"ok\"",
                                                          "\"f\"",
                                                          "\"read\"",
                                                          "\"process\"",
                                                          "\"value\"",
                                                          "\"time\"",
                                                          "[[:r 1 nil]]",
                                                          "[[\"w\",1,2]]",
                                                          "INFO  jepsen.util - 0",
                                                          ":txn",
                                                          ":cas",
                                                          "[1 2]",
                                                          "{1 2}",
                                                          "#{1 2}",
                                                          "push",
                                                          "ENQ",
                                                          "w(1,2,0,0)",
                                                          "# set",
                                                          "insert",
                                                          "9223372036854775808",
                                                          "\xEF\xBB\xBF",
                                                          "\\u00",
                                                          "\"a\\u00e9\"",
                                                          ":time",
                                                          ":key",
                                                          "\"key\""};
  Random random(2);
  for (int round = 0; round < 6000; ++round) {
    std::string text;
    for (std::uint64_t i = random.below(40); i > 0; --i) {
      text += words[random.below(words.size())];
      if (random.below(3) == 0) text += ' ';
    }
    for (const Format format : all_formats) try_to_read(text, format);
    try_to_read(text, std::nullopt);
  }
}

TEST_CASE("recorded histories with a byte changed, a piece missing or a piece doubled") {
  Random random(3);
  for (const std::string& name : samples) {
    const std::string whole = text_of(name);
    for (int round = 0; round < 400; ++round) {
      std::string text = whole;
      const std::size_t at = random.below(text.size());
      const std::size_t length = 1 + random.below(20);
      switch (random.below(3)) {
        case 0: text[at] = static_cast<char>(random.below(256)); break;
        case 1: text.erase(at, length); break;
        default: text.insert(at, text.substr(random.below(text.size()), length));
      }
      INFO(name << ", round " << round);
      try_to_read(text, std::nullopt);
    }
  }
}

TEST_CASE("a history that breaks off is no history") {
  for (const std::string name : {"elle-cli/elle/paper-example.json", "elle-cli/jepsen/long-fork.edn",
                                 "knossos/cas-register/bad/immediate-failure.edn"}) {
    const std::string whole = text_of(name);
    for (std::size_t end = 1; whole.find_first_not_of(" \r\n", end) != std::string::npos; ++end) {
      INFO(name << " until " << end);
      REQUIRE_FALSE(read_history_text(std::string_view(whole).substr(0, end), "h"));
    }
  }
  // One map a line: between lines nothing shows that there should be more.
  const std::string whole = text_of("elle/paper-example.edn");
  for (std::size_t end = 1; end < whole.size(); ++end) {
    const bool between = whole[end] == '\n' || whole.find_last_not_of(" \n", end - 1) == whole.rfind('}', end - 1);
    const auto history = read_history_text(std::string_view(whole).substr(0, end), "h");
    INFO("until " << end);
    REQUIRE(history.has_value() == (between && whole.rfind('}', end - 1) != std::string::npos &&
                                    whole.find_first_not_of(" \n", whole.rfind('}', end - 1) + 1) >= end));
  }
}

TEST_CASE("what is no history at all") {
  const auto message = [](std::string_view text) {
    const auto history = read_history_text(text, "h");
    return history ? "none" : history.error().message;
  };
  CHECK(
      message("<html>") ==
      "h:1:1: expected a history in one of the formats jsonl, edn, etcd-log, kv-log, elle-json, lines, found one that "
      "begins with '<'");
  const auto begins = [&](std::string_view text, std::string_view place, std::string_view found) {
    const std::string all = message(text);
    return all.starts_with(place) && all.ends_with(found);
  };
  CHECK(
      begins("\x7f"
             "ELF\x02",
             "h:1:1: expected a history in one of", "found one that begins with byte 0x7f"));
  CHECK(begins("\n\n  Dear reader,\n", "h:3:3: expected a history", "begins with 'D'"));
  CHECK(begins(std::string_view("\0\0\0", 3), "h:1:1: expected a history", "begins with byte 0x00"));
}

TEST_CASE("one history after another of another format") {
  CHECK(problem(Format::jsonl, "{\"process\":0,\"type\":\"invoke\",\"f\":\"read\",\"time\":1}\n{:process 0}") ==
        "h:2:2: expected the name of a field, in quotes, found ':'");
  CHECK(problem(Format::edn, "{:process 0, :type :invoke, :f :read}\n{\"process\":0,\"type\":\"ok\",\"f\":\"read\"}") ==
        "h:2:21: expected the name of a keyword, found '\"'");
  CHECK(problem(Format::lines, "push 1 1 2\n{:process 0}") == "h:2:1: expected a function, values, begin and end");
}

TEST_CASE("much garbage is refused at its beginning") {
  Random random(4);
  std::string garbage(5'000'000, ' ');
  for (char& c : garbage) c = static_cast<char>(128 + random.below(128));
  for (const Format format : all_formats) {
    INFO(to_string(format));
    CHECK(problem(format, garbage).starts_with("h:1:"));
  }
}
