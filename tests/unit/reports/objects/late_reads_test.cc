#include "reports/check/objects/late_reads.h"

#include <catch2/catch.hpp>

#include "../build_history.h"
#include "../random_histories.h"
#include "sub_history.h"

using namespace heir;
using namespace heir::reports;
using namespace heir::reports::test;

namespace {

constexpr auto R = Function::read;
constexpr auto B = Function::read_standby;
constexpr auto W = Function::write;
constexpr auto info = EventType::info;
constexpr auto failed = EventType::fail;

constexpr Duration max_lag = Duration::milliseconds(100);

using Said = std::vector<std::string>;

Said said(Model model, const std::vector<Op>& ops) {
  const History history = build(ops, model != Model::register_);
  const std::vector<std::uint32_t> all = operations_of(history);
  Said messages;
  for (const Failure& failure : late_reads({&history, KeyId(1), all}, model, max_lag)) {
    CHECK(failure.kind == FailureKind::stale_read);
    REQUIRE(failure.ops.size() == 2);
    CHECK(failure.ops[0].function == B);
    messages.push_back(failure.message);
  }
  return messages;
}

Said of_register(const std::vector<Op>& ops) {
  return said(Model::register_, ops);
}

}  // namespace

TEST_CASE("a standby may lag so long, and no longer") {
  const std::vector<Op> writes{{0, W, {1}, 0, 5}, {0, W, {2}, 10, 15}};
  const auto with_read = [&](std::int64_t begin, std::vector<std::int64_t> value) {
    std::vector<Op> ops = writes;
    ops.push_back({1, B, std::move(value), begin, begin + 50});
    return of_register(ops);
  };
  CHECK(with_read(114, {1}) == Said{});
  CHECK(with_read(114, {2}) == Said{});
  CHECK(with_read(115, {2}) == Said{});
  CHECK(with_read(115, {1}) ==
        Said{"read-standby of key 5 by process 1 at 0.165s returned 1, older than the write of 2 to key 5, "
             "acknowledged to process 0 at 0.015s, 100ms before the read began; a standby may lag 100ms"});
  CHECK(with_read(104, {}) == Said{});
  CHECK(with_read(105, {}).size() == 1);
}

TEST_CASE("a value is older only if it was known to be there before the newer one began") {
  // Concurrent: 1 may have come after 2.
  CHECK(of_register({{0, W, {1}, 0, 20}, {1, W, {2}, 10, 15}, {2, B, {1}, 500, 501}}) == Said{});
  // Of unknown outcome: it may have happened at any time; but once a primary showed it, it was there.
  const Op unknown{0, W, {1}, 0, 5, info};
  CHECK(of_register({unknown, {1, W, {2}, 30, 35}, {2, B, {1}, 500, 501}}) == Said{});
  CHECK(of_register({unknown, {1, R, {1}, 10, 20}, {1, W, {2}, 30, 35}, {2, B, {1}, 500, 501}}).size() == 1);
  CHECK(of_register({unknown, {3, B, {1}, 10, 20}, {1, W, {2}, 30, 35}, {2, B, {1}, 500, 501}}) == Said{});
  // Written again later, by somebody who was told nothing.
  CHECK(of_register({{0, W, {1}, 0, 5}, {1, W, {2}, 10, 15}, {0, W, {1}, 20, 25, info}, {2, B, {1}, 500, 501}}) ==
        Said{});
  // What nobody was told of must not be there.
  CHECK(of_register({{0, W, {1}, 0, 5}, {1, W, {2}, 10, 15, info}, {2, B, {1}, 500, 501}}) == Said{});
  CHECK(of_register({{0, W, {1}, 0, 5}, {1, W, {2}, 10, 15, failed}, {2, B, {1}, 500, 501}}) == Said{});
}

TEST_CASE("reads on primaries and unanswered reads are not judged, and a write is told of once") {
  const std::vector<Op> writes{{0, W, {1}, 0, 5}, {0, W, {2}, 10, 15}};
  std::vector<Op> ops = writes;
  ops.push_back({1, R, {1}, 500, 501});
  ops.push_back({1, B, {1}, 510, 511, failed});
  CHECK(of_register(ops) == Said{});
  ops.push_back({1, B, {1}, 520, 521});
  ops.push_back({2, B, {1}, 530, 531});
  const Said messages = of_register(ops);
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].find("at 0.521s") != std::string::npos);
}

TEST_CASE("lists and sets show every element that was acknowledged so long before") {
  for (const auto& [model, adds] : {std::pair(Model::append, Function::append), std::pair(Model::set, Function::add)}) {
    const auto judged = [&, model = model, adds = adds](std::vector<std::int64_t> shown) {
      return said(model, {{0, adds, {1}, 0, 5},
                          {0, adds, {2}, 10, 15},
                          {1, adds, {3}, 20, 25, info},
                          {1, adds, {4}, 480, 481},
                          {2, B, std::move(shown), 500, 510}});
    };
    CHECK(judged({1, 2}) == Said{});
    CHECK(judged({1, 2, 3, 4}) == Said{});
    CHECK(judged({1, 3, 4}) == Said{"read-standby of key 5 by process 2 at 0.510s returned 3 elements, without the " +
                                    std::string(to_string(adds)) +
                                    " of 2 to key 5, acknowledged to process 0 at 0.015s, 485ms before the read began; "
                                    "a standby may lag 100ms"});
    CHECK(judged({}).size() == 1);
  }
}

TEST_CASE("what a read lacks is found in whatever order it shows the elements") {
  for (std::uint64_t seed = 0; seed < rounds(2000); ++seed) {
    Random random(seed);
    std::vector<Op> ops;
    std::vector<std::int64_t> all;
    for (std::int64_t element = 1; element <= 8; ++element) {
      const std::int64_t begin = 20 * element;
      ops.push_back({static_cast<std::uint32_t>(element),
                     Function::add,
                     {element},
                     begin,
                     begin + 1 + static_cast<std::int64_t>(random.below(100))});
      all.push_back(element);
    }
    std::vector<Op> reads;
    for (std::uint32_t i = 0; i < 6; ++i) {
      std::vector<std::int64_t> shown(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(random.below(9)));
      if (!shown.empty() && random.one_in(3))
        shown.erase(shown.begin() + static_cast<std::ptrdiff_t>(random.below(shown.size())));
      if (random.one_in(3)) std::reverse(shown.begin(), shown.end());
      const std::int64_t begin = 100 + 50 * i;
      reads.push_back({10 + i, B, shown, begin, begin + 1});
    }
    std::vector<std::int64_t> lacked;  // The first of each read, told once.
    for (const Op& read : reads) {
      std::vector<Op> owed = ops;
      std::erase_if(owed, [&](const Op& add) { return add.end > read.begin - max_lag.ns() / 1'000'000; });
      std::ranges::stable_sort(owed, {}, &Op::end);
      const auto missing = std::ranges::find_if(
          owed, [&](const Op& add) { return std::ranges::find(read.values, add.values[0]) == read.values.end(); });
      if (missing != owed.end() && std::ranges::find(lacked, missing->values[0]) == lacked.end())
        lacked.push_back(missing->values[0]);
    }
    ops.insert(ops.end(), reads.begin(), reads.end());
    const Said messages = said(Model::set, ops);
    INFO(seed);
    REQUIRE(messages.size() == lacked.size());
    for (std::size_t i = 0; i < lacked.size(); ++i)
      CHECK(messages[i].find("without the add of " + std::to_string(lacked[i]) + " to key") != std::string::npos);
  }
}

TEST_CASE("what can be taken out of a set may be missing") {
  CHECK(said(Model::set, {{0, Function::add, {1}, 0, 5}, {0, Function::remove, {1}, 10, 15}, {1, B, {}, 500, 501}}) ==
        Said{});
}

TEST_CASE("each read is judged by itself, whatever others showed") {
  const Said messages =
      said(Model::append,
           {{0, Function::append, {1}, 0, 5}, {1, B, {1}, 200, 201}, {1, B, {}, 300, 301}, {1, B, {1}, 400, 401}});
  REQUIRE(messages.size() == 1);
  CHECK(messages[0].find("at 0.301s returned 0 elements") != std::string::npos);
}
