#include "reports/check/objects/append_lists.h"

#include "../build_history.h"
#include "against_brute_force.h"
#include "sub_history.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

constexpr auto R = Function::read;
constexpr auto B = Function::read_standby;
constexpr auto A = Function::append;
constexpr auto info = EventType::info;
constexpr auto failed = EventType::fail;

Judgement judge(const History& history, const FinalValue* final_value = nullptr) {
  const std::vector<std::uint32_t> all = operations_of(history);
  const Object object{&history, KeyId(1), all};
  const Judgement judgement = judge_append_list(object, final_value);
  check_proofs(object, final_value, judgement, judge_append_list);
  return judgement;
}

/// "lost-write: append of 1 …"; "valid"
std::vector<std::string> said(const Judgement& judgement) {
  if (judgement.answer == Judgement::Answer::valid) return {"valid"};
  if (judgement.answer == Judgement::Answer::not_applicable) return {judgement.reason};
  std::vector<std::string> all;
  for (const Failure& f : judgement.failures) all.push_back(to_string(f.kind) + (": " + f.message));
  return all;
}
using Said = std::vector<std::string>;
Said lists(const std::vector<Op>& ops, const FinalValue* final_value = nullptr) {
  return said(judge(build(ops, true), final_value));
}

Said kinds(const std::vector<Op>& ops) {
  Said all;
  for (const Failure& f : judge(build(ops, true)).failures) all.emplace_back(to_string(f.kind));
  return all;
}

}  // namespace

TEST_CASE("append lists agree with trying every order, and prove what they say") {
  const auto judge_and_prove = [](const Object& object) {
    const Judgement judgement = judge_append_list(object);
    check_proofs(object, nullptr, judgement, judge_append_list);
    return judgement;
  };
  const Comparison all =
      compare_with_brute_force({.model = Model::append, .operations = 9, .unique = true}, 100'000, judge_and_prove);
  CHECK(all.not_applicable == 0);
  CHECK(all.invalid > all.valid / 10);
  const Comparison repeated =
      compare_with_brute_force({.model = Model::append, .operations = 7, .values = 6}, 30'000, judge_and_prove);
  CHECK(repeated.not_applicable > 0);
  CHECK(repeated.valid > 0);
  CHECK(repeated.invalid > 0);
}

TEST_CASE("append lists: a final value is a read after all others") {
  int valid = 0, invalid = 0;
  for (std::uint64_t seed = 0; seed < rounds(30'000); ++seed) {
    RandomHistory random = random_history({.model = Model::append, .operations = 7, .unique = true}, seed);
    History& history = random.history;
    const std::vector<std::uint32_t> ops = operations_of(history);
    // What was read last, and some more of what was appended.
    FinalValue value{KeyId(1), {}, {}};
    Random draw(seed);
    for (const Operation& op : history.operations()) {
      if (op.function == R && op.ok() && op.result.kind() == ValueKind::list) {
        value.list.clear();
        for (const Value v : history.elements(op.result.list())) value.list.push_back(v.number());
      }
    }
    for (const Operation& op : history.operations()) {
      const bool there = std::ranges::find(value.list, op.argument.number()) != value.list.end();
      if (op.function == A && !there && !op.failed() && !draw.one_in(3)) value.list.push_back(op.argument.number());
    }
    const Object object{&history, KeyId(1), ops};
    const Judgement judgement = judge_append_list(object, &value);
    check_proofs(object, &value, judgement, judge_append_list);

    const HistoryTime late = HistoryTime::from_ns(INT64_MAX / 4);
    history.invoke(ProcessId(99), R, KeyId(1), Value::nil(), late);
    history.ok_read(ProcessId(99), value.list, late);
    const bool expected = linearizable_by_brute_force(Model::append, history);
    INFO("seed " << seed << '\n' << to_text(history));
    REQUIRE(judgement.answer == (expected ? Judgement::Answer::valid : Judgement::Answer::invalid));
    (expected ? valid : invalid)++;
  }
  CHECK(valid > invalid / 10);
  CHECK(invalid > valid / 10);
}

TEST_CASE("append lists: lost appends") {
  CHECK(lists({{0, A, {1}, 0, 1}, {0, A, {2}, 2, 3}, {1, R, {1}, 4, 5}, {1, R, {1}, 6, 7}}) ==
        Said{"lost-write: append of 2 to key 5, acknowledged to process 0 at 0.003s, is in no read after 0.004s: read "
             "of key "
             "5 by process 1 at 0.005s returned [1]"});
  SECTION("each of them, and what came instead is not another failure") {
    CHECK(lists({{0, A, {1}, 0, 1},
                 {0, A, {2}, 2, 3},
                 {0, A, {3}, 4, 5},
                 {1, R, {1, 2, 3}, 6, 7},
                 {0, A, {4}, 8, 9},
                 {1, R, {1, 4}, 10, 11}}) == Said{"lost-write: append of 2 to key 5, acknowledged to process 0 at "
                                                  "0.003s, is in no read after 0.010s: read of "
                                                  "key 5 by process 1 at 0.011s returned [1,4]",
                                                  "lost-write: append of 3 to key 5, acknowledged to process 0 at "
                                                  "0.005s, is in no read after 0.010s: read of "
                                                  "key 5 by process 1 at 0.011s returned [1,4]"});
  }
  SECTION("shown by one that was appended later, though the read began earlier") {
    CHECK(lists({{1, R, {2}, 0, 9}, {0, A, {1}, 1, 2}, {0, A, {2}, 3, 4}}) ==
          Said{"lost-write: append of 1 to key 5, acknowledged to process 0 at 0.002s, is in no read: read of key 5 by "
               "process 1 at 0.009s returned [2], and 2 was appended only after it"});
  }
  SECTION("never acknowledged") {
    CHECK(
        lists({{0, A, {1}, 0, 1, info}, {1, R, {1}, 4, 5}, {2, R, {}, 6, 7}}) ==
        Said{
            "dirty-read: append of 1 to key 5, never acknowledged but seen by process 1 at 0.005s, is in no read after "
            "0.006s: read of key 5 by process 2 at 0.007s returned []"});
  }
}

TEST_CASE("append lists: stale reads") {
  CHECK(
      lists({{0, A, {1}, 0, 1}, {0, A, {2}, 2, 3}, {0, A, {3}, 4, 5}, {1, R, {1}, 8, 9}, {1, R, {1, 2, 3}, 10, 11}}) ==
      Said{"stale-read: read of key 5 by process 1 at 0.009s returned [1], at least 2 appends and 5ms stale: append of "
           "2 to "
           "key 5, acknowledged to process 0 at 0.003s, is seen again later"});
  CHECK(
      lists({{0, A, {1}, 0, 1, EventType::ok, {2, 2}}, {1, R, {}, 2, 3, EventType::ok, {1, 1}}}) ==
      Said{"stale-read: read of key 5 by process 1 from peer 1 in generation 1 at 0.003s returned [], at least 1 "
           "append and "
           "1ms stale: append of 1 to key 5, acknowledged to process 0 at 0.001s, was answered by a newer generation"});
  SECTION("once for each length") {
    CHECK(kinds({{0, A, {1}, 0, 1},
                 {0, A, {2}, 2, 3},
                 {1, R, {1}, 4, 5},
                 {1, R, {1}, 6, 7},
                 {1, R, {}, 8, 9},
                 {1, R, {1, 2}, 10, 11}}) == Said{"stale-read", "stale-read"});
  }
}

TEST_CASE("append lists: wrong orders") {
  CHECK(lists({{0, A, {1}, 0, 1}, {0, A, {2}, 2, 3}, {1, R, {2, 1}, 4, 5}}) ==
        Said{"wrong-order: read of key 5 by process 1 at 0.005s returned [2,1] with 2 not behind 1, but append of 1 to "
             "key 5, "
             "acknowledged to process 0 at 0.001s, was over when append of 2 to key 5 began at 0.002s"});
  CHECK(lists({{0, A, {1}, 0, 90}, {1, A, {2}, 0, 90}, {2, R, {1, 2}, 91, 92}, {3, R, {2, 1}, 91, 93}}) ==
        Said{"wrong-order: read of key 5 by process 3 at 0.093s returned [2,1] with 2 in place 1, but read of key 5 by "
             "process 2 at 0.092s returned [1,2] with 1 there"});
  SECTION("an unknown append took effect late, which is right") {
    CHECK(lists({{0, A, {1}, 0, 1, info}, {1, A, {2}, 2, 3}, {2, R, {2}, 4, 5}, {2, R, {2, 1}, 6, 7}}) ==
          Said{"valid"});
  }
}

TEST_CASE("append lists: elements that cannot be there") {
  CHECK(lists({{0, A, {1}, 0, 1, failed}, {1, R, {1}, 4, 5}}) ==
        Said{"dirty-read: read of key 5 by process 1 at 0.005s returned 1, but append of 1 to key 5 failed at 0.001s"});
  CHECK(lists({{0, A, {1}, 0, 1}, {1, R, {1, 1}, 4, 5}}) ==
        Said{"duplicate: read of key 5 by process 1 at 0.005s returned [1,1], 1 of them twice"});
  CHECK(kinds({{0, A, {1}, 0, 1}, {0, A, {2}, 2, 3}, {1, R, {1, 2}, 4, 5}, {1, R, {1, 1, 2}, 6, 7}})[0] == "duplicate");
  CHECK(lists({{1, R, {4}, 4, 5}, {0, A, {4}, 6, 7}}) ==
        Said{"garbage-read: read of key 5 by process 1 at 0.005s returned 4, but append of 4 to key 5 began only at "
             "0.006s"});
  CHECK(lists({{1, R, {4}, 4, 5}}) ==
        Said{"garbage-read: read of key 5 by process 1 at 0.005s returned 4, which nobody appended"});
}

TEST_CASE("append lists: standby reads promise little") {
  CHECK(lists({{0, A, {1}, 0, 1}, {0, A, {2}, 2, 3}, {1, B, {2}, 4, 5}, {1, B, {}, 6, 7}, {1, R, {1, 2}, 8, 9}}) ==
        Said{"valid"});
  CHECK(kinds({{0, A, {1}, 0, 1, failed}, {1, B, {1}, 4, 5}, {2, B, {1}, 4, 5}}) == Said{"dirty-read"});
  CHECK(kinds({{0, A, {1}, 0, 1}, {1, B, {1, 2}, 4, 5}, {0, A, {2}, 6, 7}}) == Said{"garbage-read"});
}

TEST_CASE("append lists: the final state") {
  const auto at_the_end = [](std::vector<std::int64_t> elements) {
    const FinalValue value{KeyId(1), {}, std::move(elements)};
    return lists({{0, A, {1}, 0, 1}, {0, A, {2}, 2, 3}, {1, A, {3}, 4, 5, info}, {0, A, {4}, 6, 7, failed}}, &value);
  };
  CHECK(at_the_end({1, 2}) == Said{"valid"});
  CHECK(at_the_end({1, 2, 3}) == Said{"valid"});
  CHECK(at_the_end({2}) == Said{"lost-write: append of 1 to key 5, acknowledged to process 0 at 0.001s, is gone at the "
                                "end: the final state of key 5 holds 1 element"});
  CHECK(at_the_end({}).size() == 2);
  CHECK(at_the_end({1, 2, 4}) ==
        Said{"dirty-read: the final state of key 5 holds 4, but append of 4 to key 5 failed at 0.007s"});
  CHECK(at_the_end({1, 2, 9}) == Said{"garbage-read: the final state of key 5 holds 9, which nobody appended"});
  CHECK(at_the_end({2, 1}).size() == 1);
}

TEST_CASE("append lists: what the longest read cannot tell") {
  CHECK(lists({{0, A, {1}, 0, 1}, {0, A, {1}, 2, 3}, {1, R, {1, 1}, 4, 5}}) ==
        Said{"1 was read, and was appended more than once"});
  CHECK(lists({{0, A, {1}, 0, 1}, {0, Function::write, {2}, 2, 3}}) ==
        Said{"there is another function: write of 2 to key 5 by process 0"});
  History history;
  history.invoke(ProcessId(1), R, history.key(5), Value::nil(), HistoryTime());
  history.ok_read(ProcessId(1), Value::nil(), HistoryTime());
  CHECK(said(judge(history)) == Said{"valid"});
  history.invoke(ProcessId(1), R, history.key(5), Value::nil(), HistoryTime());
  history.ok_read(ProcessId(1), Value::integer(5), HistoryTime());
  CHECK(said(judge(history)) == Said{"5 is not a list"});
}

TEST_CASE("append lists: lists that the History keeps apart are compared by what they hold") {
  // Standby reads that differ make the History keep several copies of the same beginnings.
  std::vector<Op> ops;
  std::vector<std::int64_t> all, other;
  for (std::int64_t i = 1; i <= 200; ++i) {
    ops.push_back({0, A, {i}, 10 * i, 10 * i + 1});
    all.push_back(i);
    other.insert(other.begin(), i);
    if (i % 3 == 0) ops.push_back({1, B, other, 10 * i + 2, 10 * i + 3});
    ops.push_back({2, R, all, 10 * i + 4, 10 * i + 5});
  }
  const History history = build(ops, true);
  CHECK(history.list_nodes().size() > 60);
  CHECK(said(judge(history)) == Said{"valid"});
  all.pop_back();
  ops.push_back({2, R, all, 9000, 9001});
  CHECK(kinds(ops) == Said{"lost-write"});
}

TEST_CASE("append lists: not more failures than anybody reads") {
  std::vector<Op> ops;
  for (std::int64_t i = 1; i <= 300; ++i) ops.push_back({0, A, {i}, 10 * i, 10 * i + 1});
  ops.push_back({2, R, {}, 9000, 9001});
  CHECK(kinds(ops).size() == 100);
}
