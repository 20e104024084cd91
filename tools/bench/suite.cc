#include "suite.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <iterator>

namespace heir::bench {

namespace {

/// Of CPU time of this thread what others do on the machine does not count, except in the caches.
std::int64_t now_ns(bool real_time) {
  timespec now{};
  clock_gettime(real_time ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

double ns_per_operation(const Work& work, bool real_time) {
  const std::int64_t begin = now_ns(real_time);
  const std::uint64_t operations = work();
  const std::int64_t end = now_ns(real_time);
  return operations == 0 ? 0 : static_cast<double>(end - begin) / static_cast<double>(operations);
}

Spread spread(std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const std::size_t half = samples.size() / 2;
  const double median = samples.size() % 2 == 1 ? samples[half] : (samples[half - 1] + samples[half]) / 2;
  return {median, samples.front(), samples.back()};
}

std::string json_spread(const std::optional<Spread>& spread) {
  if (!spread) return "null";
  return fmt::format(R"({{"median":{:.3f},"lowest":{:.3f},"highest":{:.3f}}})", spread->median, spread->lowest,
                     spread->highest);
}

}  // namespace

void keep(std::uint64_t value) {
  asm volatile("" : : "r"(value) : "memory");
}

Outcome run(const Benchmark& benchmark, int rounds) {
  std::vector<double> measured;
  std::vector<double> baseline;
  std::vector<double> ratio;
  const bool has_baseline = benchmark.baseline || benchmark.given_baseline > 0;
  // Round 0 warms up caches and allocator and does not count.
  for (int round = 0; round <= rounds; ++round) {
    const bool ours_first = round % 2 == 0;
    double ours = ours_first ? ns_per_operation(benchmark.measured, benchmark.real_time) : 0;
    const double theirs =
        benchmark.baseline ? ns_per_operation(benchmark.baseline, benchmark.real_time) : benchmark.given_baseline;
    if (!ours_first) ours = ns_per_operation(benchmark.measured, benchmark.real_time);
    if (round == 0) continue;
    measured.push_back(ours);
    if (!has_baseline) continue;
    baseline.push_back(theirs);
    ratio.push_back(theirs / ours);
  }
  Outcome outcome;
  outcome.name = benchmark.name;
  outcome.description = benchmark.description;
  outcome.measured = spread(measured);
  if (has_baseline) {
    outcome.baseline = spread(baseline);
    outcome.ratio = spread(ratio);
  }
  outcome.least_ratio = benchmark.least_ratio;
  return outcome;
}

std::string table(const std::vector<Outcome>& outcomes) {
  std::string text = fmt::format("{:<28} {:>22} {:>22} {:>20} {:>8}\n", "benchmark", "ours ns/op (spread)",
                                 "baseline ns/op (spread)", "ratio (spread)", "promise");
  const auto cell = [](const std::optional<Spread>& s, const char* unit) {
    return s ? fmt::format("{:.2f}{} ({:.1f}-{:.1f})", s->median, unit, s->lowest, s->highest) : std::string("-");
  };
  for (const Outcome& o : outcomes) {
    const std::string promise =
        o.least_ratio ? fmt::format("{} {:.1f}x", o.kept() ? ">=" : "BELOW", *o.least_ratio) : "-";
    fmt::format_to(std::back_inserter(text), "{:<28} {:>22} {:>22} {:>20} {:>8}\n", o.name, cell(o.measured, ""),
                   cell(o.baseline, ""), cell(o.ratio, "x"), promise);
  }
  return text;
}

std::string json(const std::vector<Outcome>& outcomes, int rounds) {
  std::string text = fmt::format(R"({{"rounds":{},"benchmarks":[)", rounds);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Outcome& o = outcomes[i];
    fmt::format_to(std::back_inserter(text),
                   R"({}{{"name":"{}","measured_ns":{},"baseline_ns":{},"ratio":{},"least_ratio":{},"kept":{}}})",
                   i == 0 ? "" : ",", o.name, json_spread(o.measured), json_spread(o.baseline), json_spread(o.ratio),
                   o.least_ratio ? fmt::format("{}", *o.least_ratio) : "null", o.kept());
  }
  return text + "]}\n";
}

}  // namespace heir::bench
