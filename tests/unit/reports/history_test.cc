#include "reports/history/history.h"

#include <catch2/catch.hpp>

using namespace heir::reports;

namespace {

HistoryTime at(std::int64_t ns) {
  return HistoryTime::from_ns(ns);
}

Event event(std::uint32_t process, EventType type, Function f, KeyId key, Value value, std::int64_t time) {
  Event e;
  e.process = ProcessId(process);
  e.type = type;
  e.function = f;
  e.key = key;
  e.value = value;
  e.time = at(time);
  return e;
}

using Elements = std::vector<Value>;

Elements integers(std::int64_t count) {
  Elements all;
  for (std::int64_t i = 0; i < count; ++i) all.push_back(Value::integer(i * 3));
  return all;
}

}  // namespace

TEST_CASE("operations are invocations with their ends") {
  History h;
  const KeyId x = h.key("x");
  CHECK(h.key("x") == x);
  CHECK(h.key(std::int64_t{5}) != h.key("5"));
  CHECK(h.key_text(x) == "\"x\"");
  h.invoke(ProcessId(0), Function::write, x, Value::integer(-3), at(10));
  h.invoke(ProcessId(7), Function::read, x, Value::nil(), at(11));
  h.ok(ProcessId(0), at(12), {2, 4});
  h.invoke(ProcessId(0), Function::append, x, Value::integer(1), at(12));
  CHECK(h.is_open(ProcessId(0)));
  h.info(ProcessId(0), at(13));
  CHECK_FALSE(h.is_open(ProcessId(0)));
  const auto ops = h.operations();
  REQUIRE(ops.size() == 3);
  CHECK(ops[0].outcome == EventType::ok);
  CHECK(ops[0].value() == Value::integer(-3));
  CHECK(ops[0].by == Answerer{2, 4});
  CHECK(ops[0].begin == 0);
  CHECK(ops[0].end == 2);
  CHECK(ops[1].outcome == EventType::info);
  CHECK(ops[1].end == Operation::never);
  CHECK(ops[2].outcome == EventType::info);
  CHECK(ops[2].completed == at(13));
}

TEST_CASE("texts, literals and keys are the same exactly if their words are") {
  History h;
  CHECK(h.text("1.5") == h.text("1.5"));
  CHECK_FALSE(h.text("1.5") == h.literal("1.5"));
  CHECK(h.literal("1.5").kind() == ValueKind::text);
  CHECK(h.text_of(h.literal("[0,0]")) == "[0,0]");
  CHECK(h.value_text(h.literal("1.5")) == "1.5");
  CHECK(h.value_text(h.text("1.5")) == "\"1.5\"");
  // More names than fit the first tables, in the order of their first mention.
  std::vector<KeyId> keys;
  for (std::int64_t i = 0; i < 1000; ++i) keys.push_back(h.key(i * 1000 - 1000));
  for (std::int64_t i = 0; i < 1000; ++i) {
    REQUIRE(keys[static_cast<std::size_t>(i)] == KeyId(static_cast<std::uint32_t>(i + 1)));
    REQUIRE(h.key(i * 1000 - 1000) == keys[static_cast<std::size_t>(i)]);
    REQUIRE(h.key_text(keys[static_cast<std::size_t>(i)]) == std::to_string(i * 1000 - 1000));
    REQUIRE(h.key_from_text(std::to_string(i * 1000 - 1000)) == keys[static_cast<std::size_t>(i)]);
  }
  CHECK(h.key_from_text("") == no_key);
}

TEST_CASE("what a source may say of its history") {
  History h;
  CHECK(h.timed());
  CHECK(h.real_time());
  CHECK(h.model_hint().empty());
  h.set_untimed();
  h.set_sessions_only();
  h.set_model_hint("queue");
  CHECK_FALSE(h.timed());
  CHECK_FALSE(h.real_time());
  CHECK(h.model_hint() == "queue");
  CHECK(h.open_operation(ProcessId(3)) == nullptr);
  h.invoke(ProcessId(3), Function::enqueue, no_key, Value::integer(1), at(0));
  REQUIRE(h.open_operation(ProcessId(3)));
  CHECK(h.open_operation(ProcessId(3))->function == Function::enqueue);
  CHECK(h.add(event(3, EventType::invoke, Function::dequeue, no_key, {}, 1)) ==
        "process 3 invokes dequeue while its enqueue of event 0 is open");
}

TEST_CASE("the event of an end has the result, or the argument again where functions answer nothing") {
  History h;
  const auto end_of = [&](Function f, Value argument, Value result) {
    h.invoke(ProcessId(0), f, no_key, argument, at(0));
    h.ok_read(ProcessId(0), result, at(0));
    return h.event(h.size() - 1);
  };
  const Value one = Value::integer(1);
  CHECK(end_of(Function::write, one, {}).value == one);
  CHECK(end_of(Function::release, one, {}).value == one);
  CHECK(end_of(Function::remove, one, {}).value.is_nil());
  CHECK(end_of(Function::read_modify_write, one, {}).value.is_nil());
  CHECK(end_of(Function::dequeue, {}, {}).value.is_nil());
  CHECK(end_of(Function::remove, one, Value::integer(0)).value == Value::integer(0));
  CHECK_FALSE(end_of(Function::add, Value::integer(7), {}).answered);
  CHECK(end_of(Function::add, Value::integer(7), one).answered);
  CHECK(end_of(Function::add, Value::integer(7), one).value == one);
  const Value pair = h.pair(one, one);
  CHECK(end_of(Function::cas, pair, {}).value == pair);
  CHECK(end_of(Function::cas, pair, Value::integer(0)).value == Value::integer(0));
}

TEST_CASE("inconsistent events are refused and change nothing") {
  History h;
  const KeyId k = h.key(std::int64_t{5});
  const KeyId other = h.key("y");
  using enum EventType;
  CHECK(h.add(event(1, ok, Function::read, k, {}, 5)) == "ok of process 1, which has no operation open");
  CHECK_FALSE(h.add(event(1, invoke, Function::write, k, Value::integer(2), 5)));
  CHECK(h.add(event(1, invoke, Function::read, k, {}, 6)) ==
        "process 1 invokes read while its write of time 5 is open");
  CHECK(h.add(event(2, invoke, Function::read, k, {}, 4)) == "time goes backwards: 4 after 5");
  CHECK(h.add(event(1, ok, Function::read, k, {}, 6)) == "ok of a read by process 1, whose open operation is a write");
  CHECK(h.add(event(1, ok, Function::write, other, {}, 6)) ==
        "ok for key \"y\" by process 1, whose open operation is on key 5");
  CHECK(h.add(event(1, ok, Function::write, no_key, {}, 6)) ==
        "ok for no key by process 1, whose open operation is on key 5");
  CHECK(h.add(event(1, ok, Function::write, k, Value::integer(3), 6)) ==
        "ok of a write by process 1 with another value than its invocation's 2");
  CHECK(h.add(event(3, invoke, Function::read, k, Value::integer(3), 6)) ==
        "the invocation of a read has no value yet: expected null");
  CHECK(h.add(event(3, invoke, Function::add, k, {}, 6)) == "the invocation of add needs a value");
  CHECK(h.add(event(max_process + 1, invoke, Function::read, k, {}, 6)) == "process 1048576 is above 1048575");
  CHECK(h.size() == 1);
  CHECK_FALSE(h.add(event(1, ok, Function::write, k, {}, 6)));
  CHECK(h.event(1).value == Value::integer(2));
}

TEST_CASE("lists share what they have in common") {
  History h;
  const KeyId k = h.key(std::int64_t{1});
  const Elements growing = integers(2000);
  std::vector<Value> kept;
  for (std::size_t i = 1; i <= growing.size(); ++i) kept.push_back(h.list(k, std::span(growing).first(i)));
  CHECK(h.list_nodes().size() == 2);
  CHECK(h.memory() < 64 * 1024);
  for (std::size_t i = 0; i < kept.size(); i += 97) {
    CHECK(h.elements(kept[i].list()) == Elements(growing.begin(), growing.begin() + static_cast<long>(i) + 1));
  }
  SECTION("a fork keeps both branches, again and again") {
    std::vector<std::pair<Value, Elements>> forks;
    std::uint64_t state = 1;
    for (int i = 0; i < 500; ++i) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      Elements list(growing.begin(), growing.begin() + static_cast<long>((state >> 33) % 2000));
      for (int j = 0; j < i % 7; ++j) list.push_back(Value::integer(-static_cast<std::int64_t>(state >> 40) - j));
      forks.emplace_back(h.list(k, list), list);
    }
    for (const auto& [value, list] : forks) REQUIRE(h.elements(value.list()) == list);
  }
  SECTION("inserting in the middle is a chain of forks, kept short") {
    Elements list{Value::integer(0), Value::integer(1000000)};
    std::vector<std::pair<Value, Elements>> all;
    for (std::int64_t i = 1; i < 400; ++i) {
      list.insert(list.end() - 1, Value::integer(i));
      all.emplace_back(h.list(k, list), list);
    }
    for (const auto& [value, expected] : all) REQUIRE(h.elements(value.list()) == expected);
    for (const auto& node : h.list_nodes()) REQUIRE(node.depth <= 64);
  }
  CHECK(h.elements(h.list(k, {}).list()).empty());
}
