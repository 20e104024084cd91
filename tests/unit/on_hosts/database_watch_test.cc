#include "tools/on_hosts/database_watch.h"

#include <catch2/catch.hpp>

namespace heir::on_hosts {
namespace {

using Words = std::optional<DatabaseWords>;

const std::vector<std::string> addresses{"10.0.0.1", "10.0.0.2", "10.0.0.3"};

Words primary(std::uint64_t timeline, std::vector<DatabaseWords::Follower> followers = {}) {
  return DatabaseWords{false, timeline, std::move(followers)};
}

Words standby(std::uint64_t timeline) {
  return DatabaseWords{true, timeline, {}};
}

}  // namespace

TEST_CASE("The primary is who takes writes, standbys are who stream his timeline") {
  const auto view =
      view_of({primary(2, {{"10.0.0.3", "sync"}, {"10.0.0.2", "async"}}), standby(2), standby(2)}, addresses);
  REQUIRE(view);
  CHECK(view->generation == 2);
  CHECK(view->primary == "host1");
  CHECK(view->sync == "host3");
  CHECK(view->async == "host2");
  CHECK(view->opened);
}

TEST_CASE("Of two that take writes the one on the later timeline is the primary") {
  const auto view = view_of({primary(1), primary(2), standby(1)}, addresses);
  REQUIRE(view);
  CHECK(view->primary == "host2");
  CHECK(view->async.empty());  // It follows the other.
}

TEST_CASE("Who streams nothing, or does not answer, is nobody's standby") {
  const auto view = view_of({primary(1, {{"10.0.0.2", "quorum"}}), standby(0), std::nullopt}, addresses);
  REQUIRE(view);
  CHECK(view->sync.empty());
  CHECK(view->async.empty());
  CHECK_FALSE(view_of({standby(1), std::nullopt, standby(1)}, addresses));
}

TEST_CASE("Of a quorum one is the sync") {
  const auto view =
      view_of({primary(1, {{"10.0.0.2", "quorum"}, {"10.0.0.3", "quorum"}}), standby(1), standby(1)}, addresses);
  REQUIRE(view);
  CHECK(view->sync == "host2");
  CHECK(view->async == "host3");
}

}  // namespace heir::on_hosts
