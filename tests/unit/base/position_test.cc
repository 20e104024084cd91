#include "engine/base/position.h"

#include <catch2/catch.hpp>

using namespace heir;

namespace {
Position at(std::vector<Branch> lineage, std::uint64_t offset) {
  return Position{std::move(lineage), offset};
}
}  // namespace

TEST_CASE("a log contains its own prefixes, on one branch and across promotions") {
  const Position parent = at({{1, 0, 0}}, 100);
  const Position child = at({{1, 0, 0}, {2, 5, 80}}, 200);
  CHECK(contains(parent, at({{1, 0, 0}}, 100)));
  CHECK_FALSE(contains(parent, at({{1, 0, 0}}, 101)));
  CHECK(contains(child, at({{1, 0, 0}}, 80)));
  CHECK_FALSE(contains(child, parent));  // the parent went on past the fork
  CHECK_FALSE(contains(parent, child));
  CHECK(common_offset(parent, child) == 80);
}

TEST_CASE("the same timeline number of another promotion is another history (P-08)") {
  const Position one = at({{1, 0, 0}, {2, 5, 80}}, 200);
  const Position other = at({{1, 0, 0}, {2, 6, 80}}, 100);
  CHECK_FALSE(contains(one, other));
  CHECK(common_offset(one, other) == 80);
}

TEST_CASE("the empty position is contained in every other") {
  CHECK(contains(at({{1, 0, 0}}, 0), Position{}));
  CHECK(contains(Position{}, Position{}));
  CHECK_FALSE(contains(Position{}, at({{1, 0, 0}}, 0)));
  CHECK_FALSE(contains(at({{1, 0, 0}}, 50), at({}, 10)));
  CHECK(contains(at({}, 20), at({}, 10)));
}

TEST_CASE("a log goes on with another's last branch, or leaves it where that ends") {
  const Position cut = at({{1, 0, 0}, {2, 5, 80}}, 200);
  CHECK(goes_on_with_last_branch(at({{1, 0, 0}, {2, 5, 80}}, 201), cut));
  CHECK(goes_on_with_last_branch(at({{1, 0, 0}, {2, 5, 80}, {3, 6, 210}}, 230), cut));
  CHECK_FALSE(goes_on_with_last_branch(cut, cut));
  CHECK_FALSE(goes_on_with_last_branch(at({{1, 0, 0}, {2, 5, 80}, {3, 6, 200}}, 230), cut));
  CHECK_FALSE(
      goes_on_with_last_branch(at({{1, 0, 0}, {2, 5, 80}, {3, 6, 190}}, 230), cut));  // ours went on past the fork
  CHECK_FALSE(goes_on_with_last_branch(at({{1, 0, 0}, {2, 7, 80}}, 230), cut));
  CHECK_FALSE(goes_on_with_last_branch(cut, Position{}));
}

TEST_CASE("a position is written with its last branch") {
  CHECK(to_string(at({{1, 0, 0}, {2, 5, 80}}, 200)) == "2#5@80/200");
  CHECK(to_string(Position{}) == "0");
}
