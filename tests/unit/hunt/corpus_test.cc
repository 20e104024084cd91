// Guided search: which run it wants next.
#include "tools/hunt/corpus.h"

#include <catch2/catch.hpp>
#include <map>

#include "campaign.h"

namespace heir::tools {

namespace {

using scenarios::Variation;

RunRecord with_probe(std::uint64_t seed, const std::string& probe, std::uint64_t hits) {
  RunRecord record = passed(seed);
  record.probes = {{probe, true, hits}, {"never", true, 0}};
  return record;
}

}  // namespace

TEST_CASE("features are probes that were hit, and extremes, in powers of two") {
  RunRecord record = with_probe(1, "takeover", 5);
  record.extremes = {{"outage", 1'000}, {"handover-margin", -3}, {"takeover-slack", 0}};
  CHECK(features_of(record) ==
        std::vector<std::string>{"probe/takeover 2^2", "outage 2^9", "handover-margin -2^1", "takeover-slack 0"});
}

TEST_CASE("nothing learnt: every run is of its own seed") {
  const Corpus corpus;
  for (std::uint64_t number = 1; number <= 50; ++number) CHECK(corpus.next(number) == Recipe{number, {}});
}

TEST_CASE("what few runs reached gets most of the runs, as variations of it") {
  Corpus corpus;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) corpus.learn({seed, {}}, with_probe(seed, "common", 1));
  CHECK(corpus.learn({500, {}}, with_probe(500, "rare", 1)).kept_for == std::vector<std::string>{"probe/rare 2^0"});
  std::map<std::uint64_t, int> parents;
  int fresh = 0;
  for (std::uint64_t number = 1001; number <= 2000; ++number) {
    const Recipe recipe = corpus.next(number);
    CHECK(recipe == corpus.next(number));
    if (recipe.vary.empty()) {
      ++fresh;
      CHECK(recipe.seed == number);
      continue;
    }
    ++parents[recipe.seed];
    REQUIRE(recipe.vary.size() == 1);
    CHECK(recipe.vary[0].number == number);
    CHECK(recipe.vary[0].at >= Duration::zero());
    CHECK(recipe.vary[0].at <= Duration::seconds(10));
  }
  CHECK((fresh > 200 && fresh < 300));
  CHECK(parents[500] > 650);
  CHECK(parents.size() > 1);
}

TEST_CASE("only the first few runs with a feature are kept") {
  Corpus corpus;
  for (std::uint64_t seed = 1; seed <= 4; ++seed)
    CHECK_FALSE(corpus.learn({seed, {}}, with_probe(seed, "a", 1)).kept_for.empty());
  CHECK(corpus.learn({5, {}}, with_probe(5, "a", 1)).kept_for.empty());
  CHECK(corpus.features() == 1);
}

TEST_CASE("a variation of a variation keeps what was before it, and they do not become too many") {
  Recipe parent{7, {}};
  for (std::uint64_t i = 1; i <= most_variations; ++i)
    parent.vary.push_back({Duration::seconds(static_cast<std::int64_t>(i)), i});
  Corpus corpus;
  corpus.keep("probe/rare 2^0", parent, Duration::seconds(20).ns());
  for (std::uint64_t number = 100; number < 400; ++number) {
    const Recipe recipe = corpus.next(number);
    if (recipe.vary.empty()) continue;
    CHECK(recipe.seed == 7);
    CHECK(recipe.vary.size() <= most_variations);
    CHECK(recipe.vary.back().number == number);
    for (std::size_t i = 0; i + 1 < recipe.vary.size(); ++i) {
      CHECK(recipe.vary[i] == parent.vary[i]);
      CHECK(recipe.vary[i].at < recipe.vary[i + 1].at);
    }
  }
}

TEST_CASE("a recipe survives its way through a task and through results") {
  const Recipe plain{UINT64_MAX, {}};
  Recipe full{3, {}};
  for (std::uint64_t i = 0; i < most_variations; ++i)
    full.vary.push_back({Duration::milliseconds(static_cast<std::int64_t>(i) * 12'340), UINT64_MAX - i});
  for (const Recipe& recipe : {plain, full}) {
    CHECK(recipe_of(task_of(1, 99, recipe)) == recipe);
    const Result<std::vector<Variation>> read = parse_vary(vary_text(recipe));
    REQUIRE(read);
    CHECK(*read == recipe.vary);
  }
  CHECK(vary_text(full).rfind("0s/18446744073709551615 12.34s/", 0) == 0);
  CHECK_FALSE(parse_vary("12s"));
  CHECK_FALSE(parse_vary("12s/0"));
  CHECK_FALSE(parse_vary("-1s/4"));
}

}  // namespace heir::tools
