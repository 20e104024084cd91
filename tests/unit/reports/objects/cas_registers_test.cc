#include "reports/check/objects/cas_registers.h"

#include "against_brute_force.h"
#include "reports/check/objects/registers.h"
#include "sub_history.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

constexpr std::int64_t nil = 0;

/// `r 5`, `w 5`, `c 4 5` (swapped) or `x 4 5` (saw another value), from begin to end in milliseconds; a negative end is
/// none, and the value 0 is nil.
struct Access {
  char what = 'r';
  std::int64_t expected = nil;
  std::int64_t value = nil;
  std::int64_t begin = 0;
  std::int64_t end = 0;
};
Access r(std::int64_t value, std::int64_t begin, std::int64_t end) {
  return {'r', nil, value, begin, end};
}
Access w(std::int64_t value, std::int64_t begin, std::int64_t end) {
  return {'w', nil, value, begin, end};
}
Access c(std::int64_t expected, std::int64_t value, std::int64_t begin, std::int64_t end) {
  return {'c', expected, value, begin, end};
}
Access x(std::int64_t expected, std::int64_t value, std::int64_t begin, std::int64_t end) {
  return {'x', expected, value, begin, end};
}

/// Process i does the i-th.
std::vector<std::string> judge(const std::vector<Access>& accesses) {
  std::vector<std::pair<std::int64_t, std::uint32_t>> moments;
  for (std::uint32_t i = 0; i < accesses.size(); ++i) {
    moments.emplace_back(accesses[i].begin, i);
    if (accesses[i].end >= 0) moments.emplace_back(accesses[i].end, i);
  }
  std::ranges::sort(moments);
  History history;
  const KeyId key = history.key(5);
  const auto value = [](std::int64_t n) { return n == nil ? Value::nil() : Value::integer(n); };
  for (const auto& [at, i] : moments) {
    const Access& access = accesses[i];
    const HistoryTime time = HistoryTime::from_ns(at * 1'000'000);
    if (at != access.begin) {
      history.ok_read(ProcessId(i), access.what == 'r' ? value(access.value) : Value::integer(access.what != 'x'),
                      time);
    } else if (access.what == 'r') {
      history.invoke(ProcessId(i), Function::read, key, Value::nil(), time);
    } else if (access.what == 'w') {
      history.invoke(ProcessId(i), Function::write, key, value(access.value), time);
    } else {
      history.invoke(ProcessId(i), Function::cas, key, history.pair(value(access.expected), value(access.value)), time);
    }
  }
  const std::vector<std::uint32_t> all = operations_of(history);
  const Object object{&history, key, all};
  const Judgement judgement = judge_cas_register(object);
  check_proofs(object, nullptr, judgement, judge_cas_register);
  if (judgement.answer == Judgement::Answer::valid) return {"valid"};
  if (judgement.answer == Judgement::Answer::not_applicable) return {judgement.reason};
  std::vector<std::string> said;
  for (const Failure& f : judgement.failures) said.push_back(to_string(f.kind) + (": " + f.message));
  return said;
}
using Said = std::vector<std::string>;

}  // namespace

TEST_CASE("cas registers agree with trying every order, and prove what they say") {
  const auto judge_and_prove = [](const Object& object) {
    const Judgement judgement = judge_cas_register(object);
    check_proofs(object, nullptr, judgement, judge_cas_register);
    return judgement;
  };
  const Comparison all = compare_with_brute_force({.model = Model::cas_register, .operations = 9, .unique = true},
                                                  100'000, judge_and_prove);
  CHECK(all.invalid > all.valid / 10);
  CHECK(all.not_applicable < all.valid / 100);
  const Comparison repeated =
      compare_with_brute_force({.model = Model::cas_register, .operations = 7, .values = 6}, 30'000, judge_and_prove);
  CHECK(repeated.not_applicable > 0);
  CHECK(repeated.valid > 0);
  CHECK(repeated.invalid > 0);
  // Without compare-and-set it is a register.
  compare_with_brute_force({.model = Model::register_, .operations = 9, .unique = true}, 20'000,
                           [](const Object& object) {
                             const Judgement judgement = judge_cas_register(object);
                             REQUIRE(judgement.answer == judge_register(object).answer);
                             return judgement;
                           });
}

TEST_CASE("cas registers: chains") {
  CHECK(judge({w(1, 0, 1), c(1, 2, 2, 3), c(2, 3, 4, 5), r(3, 6, 7)}) == Said{"valid"});
  CHECK(judge({c(nil, 1, 0, 1), c(1, 2, 2, -1), r(2, 4, 5)}) == Said{"valid"});
  SECTION("two swaps from one value") {
    CHECK(
        judge({w(1, 0, 1), c(1, 2, 2, 5), c(1, 3, 3, 4)}) ==
        Said{"not-linearizable: cas of [1,2] to key 5 had swapped by 0.005s, but cas of [1,3] to key 5 had swapped by "
             "0.004s, and 1 was there only once"});
  }
  SECTION("an unknown swap that was seen counts as one") {
    CHECK(
        judge({w(1, 0, 1), c(1, 2, 2, -1), c(1, 3, 3, 4), r(2, 5, 6)}) ==
        Said{"not-linearizable: cas of [1,2] to key 5 had swapped by 0.006s, but cas of [1,3] to key 5 had swapped by "
             "0.004s, and 1 was there only once"});
    CHECK(judge({w(1, 0, 1), c(1, 2, 2, -1), c(1, 3, 3, 4), r(3, 5, 6)}) == Said{"valid"});
  }
  SECTION("from a value that nobody set, or only later") {
    CHECK(judge({c(7, 2, 2, 5)}) ==
          Said{"garbage-read: cas of [7,2] to key 5 had swapped by 0.005s, so that 7 was there, which nobody wrote"});
    CHECK(
        judge({c(7, 2, 2, 5), w(7, 6, 7)}) ==
        Said{"garbage-read: cas of [7,2] to key 5 had swapped by 0.005s, so that 7 was there, but write of 7 to key 5 "
             "began only at 0.006s"});
    CHECK(judge({c(1, 2, 0, 5), c(2, 1, 0, 6)})[0] ==
          "not-linearizable: cas of [1,2] to key 5 had swapped by 0.005s, but 1 was made only from what this set");
  }
  SECTION("seen, but it did not swap") {
    CHECK(
        judge({x(1, 2, 0, 5), r(2, 6, 7)}) ==
        Said{"dirty-read: read of key 5 by process 1 at 0.007s returned 2, but cas of [1,2] to key 5 did not swap, as "
             "answered at 0.005s"});
  }
}

TEST_CASE("cas registers: stale and lost") {
  CHECK(judge({w(1, 0, 1), c(1, 2, 2, 3), r(1, 4, 5), r(2, 6, 7)}) ==
        Said{"stale-read: read of key 5 by process 2 at 0.005s returned 1, at least 1 version and 1ms stale: cas of "
             "[1,2] to "
             "key 5, acknowledged to process 1 at 0.003s, is seen again later"});
  SECTION("what was made from a value shows that it had been there") {
    CHECK(judge({w(1, 0, 1), c(1, 2, 0, -1), c(2, 3, 0, 3), r(1, 4, 5)}) ==
          Said{"lost-write: cas of [2,3] to key 5, acknowledged to process 2 at 0.003s, is in no read after 0.004s: "
               "read of "
               "key 5 by process 3 at 0.005s returned 1, which is older"});
  }
  SECTION("a swap from a value that had been overwritten") {
    CHECK(
        judge({w(1, 0, 1), w(2, 2, 3), c(1, 3, 4, 5)}) ==
        Said{"lost-write: write of 2 to key 5, acknowledged to process 1 at 0.003s, is in no read after 0.004s: cas of "
             "[1,3] to key 5 had swapped by 0.005s, and found 1, which is older"});
  }
  SECTION("another value in the middle of a chain") {
    CHECK(
        judge({w(1, 0, 100), c(1, 2, 0, 100), w(5, 0, 100), r(1, 10, 11), r(5, 12, 13), r(2, 14, 15)}) ==
        Said{
            "not-linearizable: 2 and 5 would each have to come before the other: 1, of the same chain, was there by "
            "0.011s, before read of key 5 by process 4 began at 0.012s; 5 was there by 0.013s, before read of key 5 by "
            "process 5 began at 0.014s"});
  }
}

TEST_CASE("cas registers: swaps that were refused") {
  CHECK(judge({w(1, 0, 1), x(7, 2, 2, 3)}) == Said{"valid"});
  CHECK(judge({w(1, 0, 1), w(2, 2, 3), x(1, 3, 4, 5)}) == Said{"valid"});
  CHECK(judge({w(1, 0, 1), x(1, 3, 2, 5), w(2, 4, 7)}) == Said{"valid"});
  CHECK(judge({w(1, 0, 1), w(2, 2, -1), x(1, 3, 4, 5)}) == Said{"valid"});
  CHECK(judge({w(1, 0, 1), c(1, 2, 2, -1), x(1, 3, 4, 5)}) == Said{"valid"});
  CHECK(judge({w(1, 0, 1), c(1, 2, 2, 9), x(2, 3, 4, 6), r(2, 7, 8)}) == Said{"valid"});
  CHECK(judge({w(1, 0, 1), x(1, 3, 4, 5), r(1, 6, 7)}) ==
        Said{"not-linearizable: cas of [1,3] to key 5 by process 1 at 0.005s returned that it saw another value than "
             "1, but 1 "
             "was there from 0.001s until 0.006s"});
  CHECK(judge({w(1, 0, 1), x(1, 3, 4, 5), c(1, 2, 6, 7)}) ==
        Said{"not-linearizable: cas of [1,3] to key 5 by process 1 at 0.005s returned that it saw another value than "
             "1, but 1 "
             "was there from 0.001s until 0.006s"});
  CHECK(judge({x(nil, 3, 4, 5), w(1, 6, 7)}) ==
        Said{"not-linearizable: cas of [null,3] to key 5 by process 0 at 0.005s returned that it saw another value "
             "than nil, "
             "but nil was there from the beginning on, and nothing can have replaced it by then"});
  CHECK(judge({w(1, 0, 1), w(1, 0, 1), x(1, 3, 4, 5)}) ==
        Said{"cas of [1,3] to key 5 by process 2 saw another value, and the one that it expected was written more than "
             "once"});
}
