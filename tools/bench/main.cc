// heir-bench: measures the speed of the simulator as ratios to baselines of the same run.
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <string_view>

#include "check_bench.h"
#include "groups.h"

namespace {

constexpr std::string_view kHelp = R"(heir-bench: how fast the simulator is, against baselines measured in the same run.

usage: heir-bench [--filter TEXT] [--rounds N] [--json] [--list] [--help]
       heir-bench check [--help]: of the checkers
       heir-bench write-history [--help]

  --filter TEXT  only benchmarks whose name contains TEXT; may be repeated
  --rounds N     measured rounds per benchmark, each ours and the baseline (default 11)
  --json         the outcome as JSON on standard output
  --list         names and descriptions, without measuring
  --help         this text

Times are nanoseconds of CPU per operation (of hunt/ real time, of all processors), medians over the rounds with the lowest and the highest; a ratio is baseline
time / our time. The exit status is 1 if a promised ratio was not kept, 2 for a bad command line.
)";

std::vector<heir::bench::Benchmark> all_groups() {
  std::vector<heir::bench::Benchmark> benchmarks;
  heir::bench::add_queue_group(benchmarks);
  heir::bench::add_kernel_group(benchmarks);
  heir::bench::add_whole_group(benchmarks);
  heir::bench::add_hunt_group(benchmarks);
  return benchmarks;
}

int bad_usage(std::string_view what) {
  fmt::print(stderr, "heir-bench: {}\n\n{}", what, kHelp);
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string_view> filters;
  int rounds = 11;
  bool as_json = false;
  bool list = false;
  const std::vector<std::string_view> arguments(argv + 1, argv + argc);
  const auto behind = [&] { return std::vector<std::string_view>(arguments.begin() + 1, arguments.end()); };
  if (!arguments.empty() && arguments[0] == "check") return heir::bench::check_main(behind());
  if (!arguments.empty() && arguments[0] == "write-history") return heir::bench::write_history_main(behind());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view argument = arguments[i];
    const bool has_value = i + 1 < arguments.size();
    if (argument == "--help") {
      fmt::print("{}", kHelp);
      return 0;
    }
    if (argument == "--json") {
      as_json = true;
    } else if (argument == "--list") {
      list = true;
    } else if (argument == "--filter") {
      if (!has_value) return bad_usage("--filter needs a text");
      filters.push_back(arguments[++i]);
    } else if (argument == "--rounds") {
      if (!has_value) return bad_usage("--rounds needs a number");
      const std::string_view value = arguments[++i];
      const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), rounds);
      if (error != std::errc() || end != value.data() + value.size() || rounds < 1) {
        return bad_usage(fmt::format("--rounds {}: not a number above 0", value));
      }
    } else {
      return bad_usage(fmt::format("unknown argument {}", argument));
    }
  }

  const auto wanted = [&](std::string_view name) {
    if (filters.empty()) return true;
    for (const std::string_view filter : filters) {
      if (name.find(filter) != std::string_view::npos) return true;
    }
    return false;
  };
  bool all_kept = true;
  std::vector<heir::bench::Outcome> outcomes;
  std::size_t matched = 0;
  for (const heir::bench::Benchmark& benchmark : all_groups()) {
    if (!wanted(benchmark.name)) continue;
    ++matched;
    if (list) {
      fmt::print("{:<28} {}\n", benchmark.name, benchmark.description);
      continue;
    }
    outcomes.push_back(heir::bench::run(benchmark, rounds));
    all_kept = all_kept && outcomes.back().kept();
  }
  if (matched == 0) return bad_usage("no benchmark has such a name; see --list");
  if (list) return 0;
  fmt::print("{}", as_json ? heir::bench::json(outcomes, rounds) : heir::bench::table(outcomes));
  return all_kept ? 0 : 1;
}
