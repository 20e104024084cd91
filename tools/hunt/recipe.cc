#include "tools/hunt/recipe.h"

#include <algorithm>

#include "scenarios/codec.h"

namespace heir::tools {

using scenarios::Variation;

scenarios::Scenario varied(scenarios::Scenario scenario, const Recipe& recipe) {
  if (!recipe.vary.empty()) scenario.vary = recipe.vary;
  return scenario;
}

std::string vary_text(const Recipe& recipe) {
  std::string text;
  for (const Variation& variation : recipe.vary)
    text += (text.empty() ? "" : " ") + to_string(variation.at) + "/" + std::to_string(variation.number);
  return text;
}

Result<std::vector<Variation>> parse_vary(std::string_view text) {
  std::vector<Variation> vary;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    scenarios::Value word;
    word.kind = scenarios::Value::Kind::text;
    word.text = std::string(text.substr(at, end - at));
    const Result<Variation> variation = scenarios::Codec<Variation>::read(word);
    if (!variation) return variation.error();
    vary.push_back(*variation);
    at = end + 1;
  }
  if (vary.size() > most_variations)
    return Error{ErrorCode::invalid, "a run with " + std::to_string(vary.size()) + " variations"};
  return vary;
}

std::string vary_override(const Recipe& recipe) {
  return recipe.vary.empty() ? "" : "vary=" + scenarios::Codec<std::vector<Variation>>::write(recipe.vary);
}

Task task_of(std::uint64_t what, std::uint64_t number, const Recipe& recipe) {
  Task task{what, number};
  auto detail = task.details.begin();
  *detail++ = static_cast<std::int64_t>(recipe.seed);
  for (const Variation& variation : recipe.vary) {
    *detail++ = variation.at.ns();
    *detail++ = static_cast<std::int64_t>(variation.number);
  }
  return task;
}

Recipe recipe_of(const Task& task) {
  Recipe recipe{static_cast<std::uint64_t>(task.details[0]), {}};
  for (std::size_t i = 1; i + 1 < task.details.size() && task.details[i + 1] != 0; i += 2)
    recipe.vary.push_back({Duration::nanoseconds(task.details[i]), static_cast<std::uint64_t>(task.details[i + 1])});
  return recipe;
}

}  // namespace heir::tools
