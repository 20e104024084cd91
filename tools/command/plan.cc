#include "tools/command/plan.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <set>

#include "scenarios/load.h"
#include "scenarios/mistakes.h"
#include "tools/command/hosted_run.h"
#include "tools/command/text.h"
#include "tools/simulation/programs.h"

namespace heir::tools {

namespace {

namespace fs = std::filesystem;

std::vector<std::string> files_in(const std::string& folder, std::vector<std::string>& problems) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".toml") names.push_back(it->path().string());
  std::sort(names.begin(), names.end());
  if (error)
    problems.push_back(scenarios::printable(folder) + ": cannot be read: " + error.message());
  else if (names.empty())
    problems.push_back(scenarios::printable(folder) + ": is a folder without any scenario (*.toml)");
  return names;
}

std::string replace_all(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
  return text;
}

bool contains(const std::string& text, std::string_view what) {
  return text.find(what) != std::string::npos;
}

bool parse_number(std::string_view text, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

}  // namespace

bool parse_seeds(const std::string& text, SeedRange& seeds) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) {
    if (!parse_number(text, seeds.first)) return false;
    seeds.last = seeds.first;
    return true;
  }
  return parse_number(std::string_view(text).substr(0, dots), seeds.first) &&
         parse_number(std::string_view(text).substr(dots + 2), seeds.last) && seeds.first <= seeds.last;
}

Plan Plan::of(std::vector<ScenarioFile> files, SeedRange seeds) {
  Plan plan;
  plan.files_ = std::move(files);
  plan.seeds_ = seeds;
  return plan;
}

Plan Plan::make(const std::vector<std::string>& paths, SeedRange seeds, std::vector<std::string> overrides,
                std::vector<std::string>& problems, RunsOn on) {
  Plan plan;
  plan.seeds_ = seeds;
  plan.overrides_ = std::move(overrides);
  std::vector<std::string> names;
  for (const std::string& path : paths) {
    std::error_code error;
    if (fs::is_directory(path, error)) {
      const std::vector<std::string> inside = files_in(path, problems);
      names.insert(names.end(), inside.begin(), inside.end());
    } else {
      names.push_back(path);
    }
  }
  for (const std::string& name : names) {
    scenarios::Loaded loaded = scenarios::load_file(name, plan.overrides_);
    if (!loaded) {
      problems.insert(problems.end(), loaded.messages.begin(), loaded.messages.end());
      continue;
    }
    if (const Result<agent::Config> config = agent_config(*loaded.scenario, {}); !config)
      problems.push_back(scenarios::printable(name) + ": [policy]: " + config.error().message);
    plan.files_.push_back({name, std::move(*loaded.scenario)});
    if (on == RunsOn::simulator)
      for (std::string& message : simulator_messages(plan.files_.back(), plan.overrides_))
        problems.push_back(std::move(message));
  }
  // The same mistake of a --set, once for each file, helps nobody.
  std::set<std::string> told;
  std::erase_if(problems, [&](const std::string& problem) { return !told.insert(problem).second; });
  if (seeds.last - seeds.first >= most_runs || plan.files_.size() * seeds.size() > most_runs)
    problems.push_back("so many runs would never end; at most " + thousands(most_runs) + " at a time");
  return plan;
}

Job Plan::job(std::size_t index) const {
  const auto seeds = static_cast<std::size_t>(seeds_.size());
  return {index, &files_[index / seeds], seeds_.first + index % seeds};
}

std::string Plan::replay(const Job& job) const {
  std::string line = command_words() + " run " + shell_word(job.file->path) + " --seed " + std::to_string(job.seed);
  if (on_hosts_) line += " --on hosts" + hosts_options_;
  for (const std::string& override_ : overrides_) line += " --set " + shell_word(override_);
  return line;
}

std::string Plan::output_name(const std::string& pattern, const Job& job) const {
  if (pattern.empty()) return pattern;
  const std::string with_seed = replace_all(pattern, "{seed}", std::to_string(job.seed));
  return replace_all(with_seed, "{scenario}", fs::path(job.file->path).stem().string());
}

std::string Plan::check_pattern(const std::string& option, const std::string& pattern) const {
  if (pattern.empty()) return {};
  const bool several_seeds = seeds_.size() > 1;
  std::set<std::string> stems;
  for (const ScenarioFile& file : files_) stems.insert(fs::path(file.path).stem().string());
  std::string missing;
  if (several_seeds && !contains(pattern, "{seed}")) missing = "{seed}";
  if (files_.size() > 1 && !contains(pattern, "{scenario}"))
    missing += missing.empty() ? "{scenario}" : " and {scenario}";
  if (!missing.empty())
    return option + " " + scenarios::printable(pattern) + ": " + thousands(size()) +
           " runs would write the same file; put " + missing + " into its name";
  if (files_.size() > 1 && stems.size() != files_.size())
    return option + " " + scenarios::printable(pattern) +
           ": two of the scenarios have the same file name, so {scenario} does not tell them apart";
  return {};
}

}  // namespace heir::tools
