// Types of options: what is taken, and what is said of the rest.
#include "tools/command/option_types.h"

#include <catch2/catch.hpp>
#include <optional>

using namespace heir;
using namespace heir::tools;

namespace {

/// What is wrong with a command line that sets `--it`; "" if nothing is.
template <class Add>
std::string complaint(const std::string& word, Add add) {
  CLI::App app("", "heir");
  add(app);
  try {
    // The last comes first.
    app.parse(word.empty() ? std::vector<std::string>{"", "--it"} : std::vector<std::string>{"--it=" + word});
  } catch (const CLI::ParseError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("times have units, and bounds") {
  Duration value = Duration::seconds(1);
  const auto said = [&](const std::string& word) {
    return complaint(word, [&](CLI::App& app) {
      add_time_option(app, "--it", value, "", Duration::milliseconds(10), Duration::seconds(3600));
    });
  };
  for (const auto& [word, ms] :
       {std::pair("250ms", 250), {"1.5s", 1500}, {"2min", 120'000}, {"2m", 120'000}, {"1h", 3'600'000}}) {
    CHECK(said(word).empty());
    CHECK(value == Duration::milliseconds(ms));
  }
  CHECK(*read_duration("2d") == Duration::seconds(2 * 24 * 3600));
  value = Duration::seconds(1);
  for (const char* word : {"-3s", "0s", "1ms", "61min", "1d"})
    CHECK(said(word) == "--it: expected a time from 10ms to 3600s, found '" + std::string(word) + "'");
  for (const char* word : {"", "5", "soon", "5 parsecs", "99999999999h", "99999999999d", "1..2s", "-", "nan", "1e3s"})
    CHECK(said(word).find("--it: expected a duration such as \"250ms\", found ") == 0);
  CHECK(value == Duration::seconds(1));
}

TEST_CASE("counts are whole, not negative, and within their bounds") {
  std::uint64_t any = 7;
  unsigned few = 7;
  std::optional<std::uint64_t> perhaps;
  const auto of_any = [&](CLI::App& app) { add_count_option(app, "--it", any, ""); };
  const auto of_few = [&](CLI::App& app) { add_count_option(app, "--it", few, "", 1, 1024); };
  for (const char* word : {"-1", "", "1.5", "0x10", " 1", "1 ", "18446744073709551616", "many"})
    CHECK(complaint(word, of_any) ==
          "--it: expected a number from 0 to 18446744073709551615, found '" + std::string(word) + "'");
  CHECK(complaint("0", of_few) == "--it: expected a number from 1 to 1024, found '0'");
  CHECK(complaint("1025", of_few) == "--it: expected a number from 1 to 1024, found '1025'");
  CHECK(any == 7);
  CHECK(few == 7);
  CHECK(complaint("18446744073709551615", of_any).empty());
  CHECK(complaint("1024", of_few).empty());
  CHECK(complaint("3", [&](CLI::App& app) { add_count_option(app, "--it", perhaps, ""); }).empty());
  CHECK(any == UINT64_MAX);
  CHECK(few == 1024);
  CHECK(perhaps == 3);
}

TEST_CASE("sizes are of bytes, or have a unit") {
  std::uint64_t bytes = 0;
  const auto said = [&](const std::string& word) {
    return complaint(word, [&](CLI::App& app) { add_size_option(app, "--it", bytes, ""); });
  };
  CHECK(said("2GiB").empty());
  CHECK(bytes == std::uint64_t{2} << 30);
  CHECK(said("4096").empty());
  CHECK(bytes == 4096);
  for (const char* word : {"-5", "-5MiB", "0", "much", "1.5MiB", "99999999999999EiB", ""})
    CHECK(said(word) == "--it: expected a size such as 2GiB, found '" + std::string(word) + "'");
  CHECK(bytes == 4096);
}

TEST_CASE("an output has a name, and is not the command's own standard output") {
  std::string path;
  const auto said = [&](const std::string& word) {
    return complaint(word, [&](CLI::App& app) { add_output_option(app, "--it", path, ""); });
  };
  CHECK(said("") == "--it: expected a file's name, found ''");
  CHECK(said("-").find("/dev/stdout") != std::string::npos);
  CHECK(path.empty());
  CHECK(said("./-").empty());
  CHECK(path == "./-");
}
