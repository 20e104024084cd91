// What models promise to make the search faster must not change its answer: each against the same model without any
// promise, on histories too large for trying every order. Also what a user's own model looks like.
#include <catch2/catch.hpp>

#include "brute_force.h"
#include "random_histories.h"
#include "reports/check/search/models.h"
#include "reports/check/search/search.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

/// The rules of brute_force.h as a model. Nothing is an observation, every hash may be the same.
template <bool hashes>
struct Plain {
  struct State {
    test::State objects;
    bool operator==(const State&) const = default;
    std::uint64_t hash() const {
      std::uint64_t hash = 0;
      if constexpr (hashes) {
        for (const auto& [key, contents] : objects) {
          hash = mix(hash ^ key ^ state_hash(contents.values) ^ state_hash(contents.text));
        }
      }
      return hash;
    }
  };

  Model model;
  const History* history;
  bool greatest_first = false;

  bool observes(const Operation&) const { return false; }
  State initial() const { return {}; }
  bool apply(State& state, const Operation& op) const {
    const Answer answer = execute(model, *history, state.objects, op, greatest_first);
    return answer.possible && (!op.ok() || agrees(model, *history, op, answer));
  }
};

template <bool hashes>
Judgement judge_plainly(Model model, const Object& object) {
  using Answer = Judgement::Answer;
  const Judgement judgement = judge(Plain<hashes>{model, object.history}, object);
  if (model != Model::priority_queue || judgement.answer == Answer::valid) return judgement;
  return judge(Plain<hashes>{model, object.history, true}, object);
}

constexpr Model all[] = {Model::register_,    Model::cas_register, Model::mutex,          Model::kv,
                         Model::append,       Model::set,          Model::counter,        Model::queue,
                         Model::stack,        Model::deque,        Model::priority_queue, Model::semaphore,
                         Model::rmw_register, Model::lease,        Model::multi_register};

template <bool hashes>
void compare(const Recipe& recipe, std::uint64_t count) {
  int valid = 0, invalid = 0;
  for (std::uint64_t seed = 0; seed < count; ++seed) {
    const RandomHistory random = random_history(recipe, seed);
    const std::vector<std::uint32_t> ops = operations_of(random.history);
    const Object object{&random.history, no_key, ops};
    const Judgement expected = judge_plainly<hashes>(recipe.model, object);
    const Judgement judgement = judge_by_search(recipe.model, object);
    REQUIRE(expected.answer != Judgement::Answer::unknown);
    (expected.answer == Judgement::Answer::valid ? valid : invalid)++;
    if (judgement.answer == expected.answer) continue;
    FAIL("model " << static_cast<int>(recipe.model) << " seed " << seed << ": plainly "
                  << static_cast<int>(expected.answer) << ", got " << static_cast<int>(judgement.answer) << "\n"
                  << to_text(random.history));
  }
  INFO("model " << static_cast<int>(recipe.model));
  CHECK(valid > 0);
  CHECK(invalid > 0);
}

}  // namespace

TEST_CASE("search: promises of a model change no answer") {
  for (const Model model : all) {
    for (const bool unique : {false, true}) {
      compare<true>({.model = model, .operations = 16, .processes = 5, .values = 4, .unique = unique}, rounds(1'000));
      compare<true>({.model = model, .operations = 30, .processes = 3, .values = 6, .unique = unique}, rounds(300));
    }
  }
}

TEST_CASE("search: states with the same hash are told apart") {
  for (const Model model : all) compare<false>({.model = model, .operations = 10, .values = 4}, rounds(500));
}
