#include "reports/check/objects/online.h"

#include <catch2/catch.hpp>

#include "../random_histories.h"
#include "replay.h"
#include "reports/check/objects/append_lists.h"
#include "reports/check/objects/cas_registers.h"
#include "reports/check/objects/registers.h"
#include "reports/check/objects/sets.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

struct Stops {
  std::uint64_t at_the_first_event = 0;
  std::uint64_t missed = 0;  ///< Because of compare-and-sets that should not have been refused.
  std::uint64_t given_up = 0;
};

bool is_of_refusal(const Failure& failure) {
  const Operation& op = failure.ops.at(0);
  return op.function == Function::cas && op.ok() && op.result == Value::integer(0);
}

/// Stops at the first event with which the history is invalid, and only there.
template <class Online, class Judge>
Stops compare_with_prefixes(const Recipe& recipe, std::uint64_t histories, Judge judge) {
  Stops stops;
  for (std::uint64_t seed = 0; seed < rounds(histories); ++seed) {
    const RandomHistory random = random_history(recipe, seed);
    Replay replay(random.history);
    Online online;
    for (std::size_t event = 0; event < random.history.size(); ++event) {
      replay.step();
      const Judgement judgement = judge(Object{&replay.history, KeyId(1), replay.ops}, nullptr);
      const bool invalid = judgement.answer == Judgement::Answer::invalid;
      const bool wrong = online.add(replay.history, event);
      if (online.given_up() || (!recipe.unique && judgement.answer == Judgement::Answer::not_applicable)) {
        ++stops.given_up;
        break;
      }
      if (invalid && !wrong && std::ranges::all_of(judgement.failures, is_of_refusal)) {
        ++stops.missed;
        break;
      }
      if (wrong != invalid) {
        INFO("seed " << seed << ", event " << event << '\n' << to_text(random.history));
        REQUIRE(wrong == invalid);
      }
      if (!wrong) continue;
      // Each of what is wrong by then was shown by this event.
      if (!recipe.unique) break;
      for (const Failure& failure : judgement.failures) {
        INFO("seed " << seed << ", event " << event << '\n' << to_text(random.history) << failure.message);
        // That a write fails makes a read wrong that was over before.
        const bool writer_failed = replay.history.event(event).type == EventType::fail;
        REQUIRE((is_of_refusal(failure) || writer_failed || failure.at == replay.history.event(event).time));
      }
      ++stops.at_the_first_event;
      break;
    }
  }
  return stops;
}

template <class Online, class Judge>
void compare(Recipe recipe, Judge judge) {
  recipe.operations = 10;
  recipe.unique = true;
  const Stops unique = compare_with_prefixes<Online>(recipe, 100'000, judge);
  CHECK(unique.at_the_first_event > rounds(100'000) / 10);
  CHECK(unique.missed < rounds(100'000) / 200);
  CHECK(unique.given_up == 0);
  recipe.unique = false;
  recipe.values = 8;
  CHECK(compare_with_prefixes<Online>(recipe, 20'000, judge).given_up > 0);
  // Long ones, right for long: few are wrong before they are over.
  recipe.unique = true;
  recipe.operations = 200;
  recipe.processes = 10;
  CHECK(compare_with_prefixes<Online>(recipe, 300, judge).at_the_first_event > rounds(300) / 10);
}

/// Adds all events; the failures with the events that showed them.
std::vector<std::pair<std::size_t, Failure>> failures_of(const History& history) {
  std::vector<std::pair<std::size_t, Failure>> all;
  Replay replay(history);
  OnlineCheck online;
  for (std::size_t event = 0; event < history.size(); ++event) {
    replay.step();
    if (auto failure = online.add(replay.history, event)) all.emplace_back(event, *failure);
  }
  return all;
}

}  // namespace

TEST_CASE("online: a register stops at the first invalid beginning") {
  compare<objects::OnlineRegister>({.model = Model::register_}, judge_register);
}

TEST_CASE("online: a cas register stops at the first invalid beginning") {
  compare<objects::OnlineRegister>({.model = Model::cas_register}, judge_cas_register);
}

TEST_CASE("online: an append list stops at the first invalid beginning") {
  compare<objects::OnlineList>({.model = Model::append}, judge_append_list);
}

TEST_CASE("online: a set stops at the first invalid beginning") {
  Recipe recipe{
      .model = Model::set, .operations = 10, .values = 6, .functions = {Function::add, Function::add, Function::read}};
  for (const bool unique : {true, false}) {
    recipe.unique = unique;
    const Stops stops = compare_with_prefixes<objects::OnlineSet>(recipe, 50'000, judge_set);
    CHECK(stops.missed == 0);
    if (!unique) continue;
    CHECK(stops.at_the_first_event > rounds(50'000) / 10);
    CHECK(stops.given_up < rounds(50'000) / 5);
  }
  recipe.unique = true;
  recipe.operations = 200;
  recipe.processes = 10;
  CHECK(compare_with_prefixes<objects::OnlineSet>(recipe, 300, judge_set).at_the_first_event > rounds(300) / 10);
}

TEST_CASE("online: several keys, each by what is done to it, each once") {
  History history;
  const KeyId a = history.key("a"), b = history.key("b"), c = history.key("c"), d = history.key("d");
  std::int64_t now = 0;
  const auto write = [&](KeyId key, Function function, std::int64_t value) {
    history.invoke(ProcessId(1), function, key, Value::integer(value), HistoryTime::from_ns(++now));
    history.ok(ProcessId(1), HistoryTime::from_ns(++now));
  };
  const auto read = [&](KeyId key, Value value) {
    history.invoke(ProcessId(2), Function::read, key, Value::nil(), HistoryTime::from_ns(++now));
    history.ok_read(ProcessId(2), value, HistoryTime::from_ns(++now));
  };
  const auto list = [&](KeyId key, std::vector<Value> elements) { return history.list(key, elements); };
  const Value one = Value::integer(1);

  read(a, Value::nil());
  read(b, list(b, {}));
  read(c, one);  // of a counter: never judged
  read(d, one);  // of a register that nobody has written: known as soon as it is known to be one
  write(c, Function::add, 7);
  write(a, Function::write, 1);
  write(b, Function::append, 1);
  read(c, one);
  read(a, one);
  read(a, Value::nil());  // lost
  const std::size_t lost = history.size() - 1;
  read(a, Value::nil());
  read(b, list(b, {one}));
  write(b, Function::append, 2);
  read(b, list(b, {one}));  // lost
  const std::size_t lost_append = history.size() - 1;
  write(d, Function::write, 2);

  const auto all = failures_of(history);
  REQUIRE(all.size() == 3);
  CHECK(all[0].first == lost);
  CHECK(all[0].second.kind == FailureKind::lost_write);
  CHECK(all[0].second.message.find("write of 1 to key \"a\"") == 0);
  CHECK(all[1].first == lost_append);
  CHECK(all[1].second.message.find("append of 2 to key \"b\"") == 0);
  CHECK(all[2].first == history.size() - 2);
  CHECK(all[2].second.kind == FailureKind::garbage_read);
}

TEST_CASE("online: standby reads, and what fails after it was seen") {
  for (const Function function : {Function::write, Function::append}) {
    for (const Function reading : {Function::read, Function::read_standby}) {
      History history;
      const KeyId key = history.key(5);
      history.invoke(ProcessId(1), function, key, Value::integer(1), HistoryTime());
      history.invoke(ProcessId(2), reading, key, Value::nil(), HistoryTime());
      const std::vector<Value> list{Value::integer(1)};
      history.ok_read(ProcessId(2), function == Function::write ? list[0] : history.list(key, list), HistoryTime());
      CHECK(failures_of(history).empty());
      history.fail(ProcessId(1), HistoryTime());
      const auto all = failures_of(history);
      REQUIRE(all.size() == 1);
      CHECK(all[0].first == 3);
      CHECK(all[0].second.kind == FailureKind::dirty_read);
    }
  }
}

TEST_CASE("online: a refused compare-and-set, though what it expected was there before and after") {
  for (const bool again : {false, true}) {
    History history;
    const KeyId key = history.key(5);
    const Value one = Value::integer(1), two = Value::integer(2), three = Value::integer(3);
    history.invoke(ProcessId(1), Function::write, key, one, HistoryTime());
    history.ok(ProcessId(1), HistoryTime());
    history.invoke(ProcessId(1), Function::write, key, two, HistoryTime());  // it may have been current in between
    history.invoke(ProcessId(2), Function::cas, key, history.pair(one, three), HistoryTime());
    history.ok_read(ProcessId(2), Value::integer(0), HistoryTime());
    history.invoke(ProcessId(3), Function::read, key, Value::nil(), HistoryTime());
    history.ok_read(ProcessId(3), again ? one : two, HistoryTime());
    const auto all = failures_of(history);
    REQUIRE(all.size() == (again ? 1 : 0));
    if (again) CHECK(all[0].first == history.size() - 1);
  }
}
