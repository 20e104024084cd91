// Whatever the bytes, loading ends soon, with a scenario or with messages, and never both.
#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "random_scenario.h"
#include "scenarios/load.h"

namespace heir::scenarios {
namespace {

void check_sane(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const Loaded loaded = load_text("fuzz.toml", text, overrides);
  if (loaded.scenario.has_value() != loaded.messages.empty() || loaded.messages.size() > most_messages + 1) {
    INFO(text);
    REQUIRE(false);
  }
  for (const std::string& message : loaded.messages) {
    bool clean = message.size() < 3000;
    for (const char c : message) clean = clean && (c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
    if (!clean) {
      INFO(text << "\n" << message);
      REQUIRE(false);
    }
  }
  // What is accepted reads back.
  if (loaded) {
    const Loaded again = load_text("again.toml", write(*loaded.scenario));
    INFO((overrides.empty() ? text : overrides.front() + " over\n" + text)
         << "\n"
         << write(*loaded.scenario) << (again ? "" : again.messages.front()));
    REQUIRE(again);
    REQUIRE(*again.scenario == *loaded.scenario);
  }
}

std::vector<std::string> library_texts() {
  std::vector<std::string> texts;
  for (const char* folder : {"first", "known-bad"}) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry :
         std::filesystem::directory_iterator(std::filesystem::path(HEIR_SOURCE_DIR) / "scenarios" / folder)) {
      files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
      std::ifstream in(file, std::ios::binary);
      std::ostringstream text;
      text << in.rdbuf();
      texts.push_back(text.str());
    }
  }
  return texts;
}

}  // namespace

TEST_CASE("random bytes are refused") {
  Dice dice(1);
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (std::int64_t n = dice.between(0, 300); n > 0; --n) text += static_cast<char>(dice.between(0, 255));
    check_sane(text);
  }
}

TEST_CASE("mutated files of the library") {
  const std::vector<std::string> texts = library_texts();
  Dice dice(2);
  static constexpr const char* tokens[] = {"[",       "]",
                                           "[[",      "]]",
                                           "=",       "\"",
                                           "{",       "}",
                                           ",",       "\n",
                                           "..",      "1",
                                           "-",       "0",
                                           ".",       "fault",
                                           "true",    "9999999999999999999",
                                           "ms",      "nan",
                                           "'''",     "\"\"\"",
                                           "\\u0000", "\\",
                                           "#",       "host:1",
                                           "\xff",    "1979-05-27T07:32:00Z"};
  for (int i = 0; i < 3000; ++i) {
    std::string text = texts[static_cast<std::size_t>(dice.between(0, static_cast<std::int64_t>(texts.size()) - 1))];
    for (std::int64_t n = dice.between(1, 6); n > 0 && !text.empty(); --n) {
      const auto at = static_cast<std::size_t>(dice.between(0, static_cast<std::int64_t>(text.size()) - 1));
      switch (dice.between(0, 4)) {
        case 0: text[at] = static_cast<char>(dice.between(0, 255)); break;
        case 1: text.erase(at, static_cast<std::size_t>(dice.between(1, 30))); break;
        case 2: text.insert(at, tokens[dice.between(0, 27)]); break;
        case 3:
          text.insert(
              at,
              text.substr(static_cast<std::size_t>(dice.between(0, static_cast<std::int64_t>(text.size()) - 1)), 60));
          break;
        case 4: text.resize(at); break;
      }
    }
    check_sane(text);
  }
}

TEST_CASE("random overrides") {
  const std::vector<std::string> texts = library_texts();
  Dice dice(3);
  static constexpr const char* keys[] = {
      "fault", "0",      "1",    "at", "network", "latency", "title", "", "workload", "x", "99999999999999999999",
      "-1",    "policy", "lease"};
  static constexpr const char* values[] = {"",          "1",      "\"",       "1ms",      "{",   "[]",      "true",
                                           "{a={b=1}}", "1\nx=2", "\x1b[31m", "1ms..2ms", "nan", "\xff\xfe"};
  for (int i = 0; i < 3000; ++i) {
    std::string text = keys[dice.between(0, 13)];
    for (std::int64_t n = dice.between(0, 3); n > 0; --n) text += std::string(".") + keys[dice.between(0, 13)];
    if (dice.chance(95)) text += std::string("=") + values[dice.between(0, 12)];
    check_sane(texts[static_cast<std::size_t>(dice.between(0, static_cast<std::int64_t>(texts.size()) - 1))], {text});
  }
}

TEST_CASE("big and deep texts are refused in little time and memory") {
  const auto started = std::chrono::steady_clock::now();
  check_sane(std::string(100'000'000, '['));
  check_sane(std::string(250'000, '['));
  check_sane(std::string(250'000, '.'));
  check_sane("a" + std::string(250'000, '"'));
  std::string dotted = "a";
  while (dotted.size() < 250'000) dotted += ".a";
  check_sane(dotted + "=1\n");
  std::string lines;
  while (lines.size() < 250'000) lines += "a.a.a.a.a.a.a.a=[\n";
  check_sane(lines);
  std::string tables;
  for (int i = 0; tables.size() < 250'000; ++i) tables += "[t" + std::to_string(i) + "]\n";
  check_sane(tables);
  std::string faults = "title = \"t\"\n";
  while (faults.size() < 250'000) faults += "[[fault]]\nkind = \"crash\"\n";
  check_sane(faults);
  // Generous: a sanitizer build on a busy machine. Unbounded work would take minutes.
  CHECK(std::chrono::steady_clock::now() - started < std::chrono::seconds(60));
}

TEST_CASE("files that are none") {
  CHECK(load_file("/nonexistent/x.toml").messages.size() == 1);
  CHECK(load_file("/").messages == std::vector<std::string>{"/: a directory; expected a scenario file"});
  CHECK(load_file("").messages.size() == 1);
  CHECK(load_file(std::string("a\0b", 3)).messages.size() == 1);
  CHECK(load_file("/dev/null").messages.size() == 1);
  const std::string path = std::filesystem::temp_directory_path() / "heir-scenario-100mb.toml";
  {
    std::ofstream out(path, std::ios::binary);
    const std::string block(1'000'000, '\xfe');
    for (int i = 0; i < 100; ++i) out << block;
  }
  CHECK(load_file(path).messages == std::vector<std::string>{path + ": longer than 256 KiB, which no scenario is"});
  std::filesystem::remove(path);
}

}  // namespace heir::scenarios
