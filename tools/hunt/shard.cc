#include "tools/hunt/shard.h"

#include <array>
#include <charconv>
#include <optional>

namespace heir::tools {

namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

/// Whoever numbers the jobs that it starts.
struct Scheduler {
  const char* name;
  const char* index;
  const char* count;
  std::uint64_t first;             ///< What it numbers from,
  const char* first_in = nullptr;  ///< if not told in a variable of its own,
  const char* step_in = nullptr;   ///< and in which steps.
};

constexpr std::array schedulers{
    Scheduler{"Slurm", "SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_COUNT", 0, "SLURM_ARRAY_TASK_MIN",
              "SLURM_ARRAY_TASK_STEP"},
    // Kubernetes tells a pod of an indexed Job which one it is, but not of how many.
    Scheduler{"Kubernetes", "JOB_COMPLETION_INDEX", "HEIR_SHARDS", 0},
    Scheduler{"GitLab", "CI_NODE_INDEX", "CI_NODE_TOTAL", 1},
    Scheduler{"CircleCI", "CIRCLE_NODE_INDEX", "CIRCLE_NODE_TOTAL", 0},
    Scheduler{"Buildkite", "BUILDKITE_PARALLEL_JOB", "BUILDKITE_PARALLEL_JOB_COUNT", 0},
};

Result<Shard> from(const Scheduler& scheduler, const Environment& environment) {
  const auto read = [&](const char* name) { return number(environment(name)); };
  const auto wrong = [&](const char* name, const char* expected) {
    const std::string value = environment(name);
    return Error{ErrorCode::invalid, std::string(scheduler.name) + " has set " + scheduler.index + ", but " + name +
                                         (value.empty() ? " is not set" : " is '" + value + "'") + "; expected " +
                                         expected};
  };
  const std::optional<std::uint64_t> index = read(scheduler.index);
  if (!index) return wrong(scheduler.index, "a number");
  const std::optional<std::uint64_t> count = read(scheduler.count);
  if (!count || *count == 0) return wrong(scheduler.count, "how many jobs there are");
  const std::uint64_t first = scheduler.first_in ? read(scheduler.first_in).value_or(scheduler.first) : scheduler.first;
  const std::uint64_t step = scheduler.step_in ? std::max<std::uint64_t>(read(scheduler.step_in).value_or(1), 1) : 1;
  if (*index < first || (*index - first) / step >= *count)
    return wrong(
        scheduler.index,
        ("a number from " + std::to_string(first) + " to " + std::to_string(first + (*count - 1) * step)).c_str());
  return Shard{(*index - first) / step + 1, *count};
}

}  // namespace

Result<Shard> parse_shard(const std::string& text, const Environment& environment) {
  if (text != "auto") {
    const std::size_t slash = text.find('/');
    const auto index = number(std::string_view(text).substr(0, slash));
    const auto of = slash == std::string::npos ? std::nullopt : number(std::string_view(text).substr(slash + 1));
    if (!index || !of || *index == 0 || *index > *of)
      return Error{ErrorCode::invalid, "expected I/N with I from 1 to N, such as 2/8, or auto"};
    return Shard{*index, *of};
  }
  std::string looked_for;
  for (const Scheduler& scheduler : schedulers) {
    if (!environment(scheduler.index).empty()) return from(scheduler, environment);
    looked_for += std::string(looked_for.empty() ? "" : ", ") + scheduler.index + " (" + scheduler.name + ")";
  }
  return Error{ErrorCode::invalid, "none of these is set: " + looked_for};
}

}  // namespace heir::tools
