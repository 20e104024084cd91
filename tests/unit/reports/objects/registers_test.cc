#include "reports/check/objects/registers.h"

#include "../build_history.h"
#include "against_brute_force.h"
#include "sub_history.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

constexpr auto R = Function::read;
constexpr auto B = Function::read_standby;
constexpr auto W = Function::write;
constexpr auto info = EventType::info;
constexpr auto failed = EventType::fail;

Judgement judge(const std::vector<Op>& ops, const FinalValue* final_value = nullptr) {
  const History history = build(ops);
  const std::vector<std::uint32_t> all = operations_of(history);
  const Object object{&history, KeyId(1), all};
  const Judgement judgement = judge_register(object, final_value);
  check_proofs(object, final_value, judgement, judge_register);
  return judgement;
}

/// "lost-write: write of 1 …"; "valid"
std::vector<std::string> said(const Judgement& judgement) {
  if (judgement.answer == Judgement::Answer::valid) return {"valid"};
  if (judgement.answer == Judgement::Answer::not_applicable) return {judgement.reason};
  std::vector<std::string> all;
  for (const Failure& f : judgement.failures) all.push_back(to_string(f.kind) + (": " + f.message));
  return all;
}
using Said = std::vector<std::string>;

std::vector<std::string> kinds(const Judgement& judgement) {
  std::vector<std::string> all;
  for (const Failure& f : judgement.failures) all.emplace_back(to_string(f.kind));
  return all;
}

}  // namespace

TEST_CASE("registers agree with trying every order, and prove what they say") {
  const auto judge_and_prove = [](const Object& object) {
    const Judgement judgement = judge_register(object);
    check_proofs(object, nullptr, judgement, judge_register);
    return judgement;
  };
  const Comparison all =
      compare_with_brute_force({.model = Model::register_, .operations = 9, .unique = true}, 100'000, judge_and_prove);
  CHECK(all.not_applicable == 0);
  CHECK(all.invalid > all.valid / 10);
  // Values that repeat: not judged where that matters, and right otherwise.
  const Comparison repeated =
      compare_with_brute_force({.model = Model::register_, .operations = 7, .values = 6}, 30'000, judge_and_prove);
  CHECK(repeated.not_applicable > 0);
  CHECK(repeated.valid > 0);
  CHECK(repeated.invalid > 0);
}

TEST_CASE("registers: a final value is a read after all others") {
  int valid = 0, invalid = 0;
  for (std::uint64_t seed = 0; seed < rounds(30'000); ++seed) {
    RandomHistory random = random_history({.model = Model::register_, .operations = 7, .unique = true}, seed);
    FinalValue value{KeyId(1), {}, {}};
    if (seed % 4 != 0) value.number = static_cast<std::int64_t>(seed / 4 % 5);
    const std::vector<std::uint32_t> ops = operations_of(random.history);
    const Object object{&random.history, KeyId(1), ops};
    const Judgement judgement = judge_register(object, &value);
    check_proofs(object, &value, judgement, judge_register);

    History& history = random.history;
    const HistoryTime late = HistoryTime::from_ns(INT64_MAX / 4);
    history.invoke(ProcessId(99), R, KeyId(1), Value::nil(), late);
    history.ok_read(ProcessId(99), value.number ? Value::integer(*value.number) : Value::nil(), late);
    const bool expected = linearizable_by_brute_force(Model::register_, history);
    INFO("seed " << seed << '\n' << to_text(history));
    REQUIRE(judgement.answer == (expected ? Judgement::Answer::valid : Judgement::Answer::invalid));
    (expected ? valid : invalid)++;
  }
  CHECK(valid > 1000 / (rounds(30'000) < 30'000 ? 50 : 1));
  CHECK(invalid > valid / 10);
}

TEST_CASE("registers: lost writes") {
  CHECK(
      said(judge({{0, W, {7}, 0, 10}, {1, W, {9}, 12000, 12100}, {3, R, {7}, 12200, 12345}})) ==
      Said{
          "lost-write: write of 9 to key 5, acknowledged to process 1 at 12.100s, is in no read after 12.200s: read of "
          "key 5 by process 3 at 12.345s returned 7, which is older"});
  SECTION("seen before, and once more by a read that is still under way when the loss shows") {
    CHECK(
        said(judge(
            {{0, W, {1}, 0, 1}, {0, W, {2}, 2, 3}, {1, R, {2}, 4, 20}, {2, R, {1}, 10, 11}, {2, R, {1}, 30, 31}})) ==
        Said{
            "lost-write: write of 2 to key 5, acknowledged to process 0 at 0.003s, is in no read after 0.030s: read of "
            "key 5 by process 2 at 0.031s returned 1, which is older"});
  }
  SECTION("only the last of several is known to be lost, and that is said once") {
    const Judgement j = judge({{0, W, {1}, 0, 1},
                               {0, W, {2}, 2, 3},
                               {0, W, {3}, 4, 5},
                               {1, R, {1}, 6, 7},
                               {1, R, {2}, 8, 9},
                               {1, R, {}, 10, 11}});
    CHECK(kinds(j) == Said{"lost-write"});
    CHECK(j.failures[0].message.find("write of 3 to key 5") == 0);
    CHECK(j.failures[0].at.ns() == 7'000'000);
    REQUIRE(j.failures[0].ops.size() == 3);
    CHECK(j.failures[0].ops[0].function == R);
  }
  SECTION("nothing is left") {
    CHECK(
        said(judge({{0, W, {1}, 0, 1}, {1, R, {}, 6, 7}})) ==
        Said{
            "lost-write: write of 1 to key 5, acknowledged to process 0 at 0.001s, is in no read after 0.006s: read of "
            "key 5 by process 1 at 0.007s returned nil, which is older"});
  }
  SECTION("acknowledged only after it was seen and lost") {
    CHECK(
        said(judge({{0, W, {1}, 0, 100}, {1, R, {1}, 2, 3}, {2, R, {}, 4, 5}})) ==
        Said{
            "lost-write: write of 1 to key 5, already seen by process 1 at 0.003s, is in no read after 0.004s: read of "
            "key 5 by process 2 at 0.005s returned nil, which is older"});
  }
}

TEST_CASE("registers: stale reads and how stale they are") {
  CHECK(said(judge({{0, W, {1}, 0, 1},
                    {0, W, {2}, 2, 3},
                    {0, W, {3}, 4, 5},
                    {0, W, {4}, 6, 20},
                    {1, R, {1}, 10, 11},
                    {1, R, {3}, 12, 13}})) == Said{"stale-read: read of key 5 by process 1 at 0.011s returned 1, at "
                                                   "least 2 versions and 7ms stale: write of 3 to "
                                                   "key 5, acknowledged to process 0 at 0.005s, is seen again later"});
  SECTION("once for each value that was read") {
    CHECK(kinds(judge({{0, W, {1}, 0, 1},
                       {0, W, {2}, 2, 3},
                       {0, W, {3}, 4, 5},
                       {1, R, {1}, 10, 11},
                       {1, R, {1}, 12, 13},
                       {1, R, {2}, 14, 15},
                       {1, R, {3}, 16, 17}})) == Said{"stale-read", "stale-read"});
  }
  SECTION("an older generation answers late: not lost, though nobody reads it before it is overwritten") {
    CHECK(said(judge({{0, W, {1}, 0, 1, EventType::ok, {1, 1}},
                      {0, W, {2}, 2, 3, EventType::ok, {2, 2}},
                      {1, R, {1}, 6, 7, EventType::ok, {1, 1}},
                      {0, W, {3}, 8, 9, EventType::ok, {2, 2}}})) ==
          Said{"stale-read: read of key 5 by process 1 from peer 1 in generation 1 at 0.007s returned 1, at least 1 "
               "version "
               "and 3ms stale: write of 2 to key 5, acknowledged to process 0 at 0.003s, was answered by a newer "
               "generation"});
  }
}

TEST_CASE("registers: dirty reads") {
  CHECK(said(judge({{0, W, {1}, 0, 1, failed}, {1, R, {1}, 6, 7}})) ==
        Said{"dirty-read: read of key 5 by process 1 at 0.007s returned 1, but write of 1 to key 5 failed at 0.001s"});
  SECTION("it failed only later") {
    const Judgement j = judge({{0, W, {1}, 0, 10, failed}, {1, R, {1}, 6, 7}});
    CHECK(kinds(j) == Said{"dirty-read"});
    CHECK(j.failures[0].at.ns() == 10'000'000);
  }
  SECTION("never acknowledged, and gone") {
    CHECK(
        said(judge({{0, W, {1}, 0, 1, info}, {1, R, {1}, 2, 3}, {2, R, {}, 4, 5}})) ==
        Said{"dirty-read: write of 1 to key 5, never acknowledged but seen by process 1 at 0.003s, is in no read after "
             "0.004s: read of key 5 by process 2 at 0.005s returned nil, which is older"});
  }
}

TEST_CASE("registers: values from nowhere and from the future") {
  CHECK(said(judge({{1, R, {8}, 6, 7}, {2, R, {8}, 1, 4}, {1, R, {9}, 8, 9}})) ==
        Said{"garbage-read: read of key 5 by process 2 at 0.004s returned 8, which nobody wrote",
             "garbage-read: read of key 5 by process 1 at 0.009s returned 9, which nobody wrote"});
  CHECK(said(judge({{1, R, {8}, 6, 7}, {0, W, {8}, 9, 10}})) ==
        Said{"garbage-read: read of key 5 by process 1 at 0.007s returned 8, but write of 8 to key 5 began only at "
             "0.009s"});
  CHECK(said(judge({{1, R, {8}, 6, 7}, {0, W, {8}, 9, 10, failed}})) ==
        Said{"garbage-read: read of key 5 by process 1 at 0.007s returned 8, but write of 8 to key 5 began only at "
             "0.009s"});
}

TEST_CASE("registers: wrong, but nothing is known to be older") {
  CHECK(
      said(judge(
          {{0, W, {1}, 0, 100}, {1, W, {2}, 0, 100}, {2, R, {1}, 10, 11}, {3, R, {2}, 12, 13}, {2, R, {1}, 14, 15}})) ==
      Said{"not-linearizable: 1 and 2 would each have to come before the other: 1 was there by 0.011s, before read of "
           "key "
           "5 by process 3 began at 0.012s; 2 was there by 0.013s, before read of key 5 by process 2 began at 0.014s"});
}

TEST_CASE("registers: standby reads promise little") {
  CHECK(said(judge({{0, W, {1}, 0, 1}, {0, W, {2}, 2, 3}, {1, B, {1}, 4, 5}, {1, B, {}, 6, 7}, {1, B, {2}, 8, 9}})) ==
        Said{"valid"});
  CHECK(said(judge({{0, W, {1}, 0, 1, info}, {1, B, {1}, 4, 5}, {1, R, {}, 6, 7}})) == Said{"valid"});
  CHECK(said(judge({{0, W, {1}, 0, 1}, {1, W, {1}, 0, 1}, {1, B, {1}, 4, 5}})) == Said{"valid"});
  CHECK(said(judge({{0, W, {1}, 0, 1, failed}, {1, B, {1}, 4, 5}})) ==
        Said{"dirty-read: read-standby of key 5 by process 1 at 0.005s returned 1, but write of 1 to key 5 failed at "
             "0.001s"});
  CHECK(kinds(judge({{1, B, {1}, 4, 5}, {0, W, {1}, 6, 7}})) == Said{"garbage-read"});
}

TEST_CASE("registers: the final state") {
  const auto at_the_end = [](std::optional<std::int64_t> number) {
    const FinalValue value{KeyId(1), number, {}};
    return said(
        judge({{0, W, {1}, 0, 1}, {0, W, {2}, 2, 3}, {1, W, {3}, 4, 5, info}, {1, W, {4}, 6, 7, failed}}, &value));
  };
  CHECK(at_the_end(2) == Said{"valid"});
  CHECK(at_the_end(3) == Said{"valid"});
  CHECK(at_the_end(1) ==
        Said{"lost-write: write of 2 to key 5, acknowledged to process 0 at 0.003s, is gone at the end: "
             "the final state of key 5 holds 1, which is older"});
  CHECK(at_the_end(std::nullopt) == Said{"lost-write: write of 2 to key 5, acknowledged to process 0 at 0.003s, is "
                                         "gone at the end: the final state of "
                                         "key 5 holds nil, which is older"});
  CHECK(at_the_end(4) ==
        Said{"dirty-read: the final state of key 5 holds 4, but write of 4 to key 5 failed at 0.007s"});
  CHECK(at_the_end(8) == Said{"garbage-read: the final state of key 5 holds 8, which nobody wrote"});
}

TEST_CASE("registers: what zones cannot judge") {
  CHECK(said(judge({{0, W, {1}, 0, 1}, {0, W, {1}, 2, 3}})) == Said{"valid"});
  CHECK(said(judge({{0, W, {1}, 0, 1}, {0, W, {1}, 2, 3}, {1, R, {1}, 4, 5}})) ==
        Said{"1 was read, and was written more than once"});
  CHECK(said(judge({{0, W, {1}, 0, 1, failed}, {0, W, {1}, 2, 3}, {1, R, {1}, 4, 5}})) == Said{"valid"});
  CHECK(said(judge({{0, W, {1}, 0, 1}, {0, Function::append, {2}, 2, 3}})) ==
        Said{"there is another function: append of 2 to key 5 by process 0"});

  History history;
  const KeyId key = history.key(5);
  const Value a = history.text("a"), b = history.text("b");
  const auto judge_with_text = [&](Value written, Value read) {
    const HistoryTime time;
    History one = history;
    one.invoke(ProcessId(1), W, key, written, time);
    one.ok(ProcessId(1), time);
    one.invoke(ProcessId(1), R, key, Value::nil(), time);
    one.ok_read(ProcessId(1), read, time);
    const std::vector<std::uint32_t> all = operations_of(one);
    return said(judge_register({&one, key, all}));
  };
  CHECK(judge_with_text(a, a) == Said{"valid"});
  CHECK(judge_with_text(a, b).at(0).substr(0, 12) == "garbage-read");
  CHECK(judge_with_text(a, Value::integer(5)) == Said{"its values are integers and texts, and 5 may stand for \"5\""});
  CHECK(judge_with_text(Value::integer(5), Value::list({})) == Said{"[] is not the value of a register"});
}

TEST_CASE("registers: without times, events are named by their numbers") {
  History history = build({{0, W, {1}, 0, 1}, {0, W, {2}, 2, 3}, {1, R, {1}, 4, 5}, {1, R, {2}, 6, 7}});
  history.set_untimed();
  const std::vector<std::uint32_t> all = operations_of(history);
  const Judgement j = judge_register({&history, KeyId(1), all});
  REQUIRE(j.failures.size() == 1);
  CHECK(j.failures[0].message ==
        "read of key 5 by process 1 at event 5000000 returned 1, at least 1 version stale: write of 2 to key 5, "
        "acknowledged to process 0 at event 3000000, is seen again later");
}
