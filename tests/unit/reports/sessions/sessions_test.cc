#include "reports/check/sessions/sessions.h"

#include <catch2/catch.hpp>

#include "script.h"

using namespace heir::reports;
using heir::reports::test::Script;

namespace {

using Found = std::array<std::size_t, 4>;

Found found(const History& history) {
  const SessionReport report = check_sessions(history);
  for (const Failure& failure : report.failures) {
    CHECK(!failure.ops.empty());
    CHECK(!failure.message.empty());
    UNSCOPED_INFO(to_string(failure.kind) << ": " << failure.message);
  }
  return report.found;
}

constexpr Found none{0, 0, 0, 0};
constexpr Found own_writes{1, 0, 0, 0};
constexpr Found reads{0, 1, 0, 0};
constexpr Found writes{0, 0, 1, 0};
constexpr Found follow{0, 0, 0, 1};

Script registers() {
  return Script(Function::write);
}
Script lists() {
  return Script(Function::append);
}
Script sets() {
  return Script(Function::add);
}

using List = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a register: a client reads what it wrote, or newer") {
  CHECK(found(registers().write(1, 5).read(1, 5).history) == none);
  CHECK(found(registers().write(1, 5).read(1, 0).history) == own_writes);
  CHECK(found(registers().write(1, 5).read(2, 0).history) == none);
  CHECK(found(registers().write(1, 5).write(2, 6).read(1, 6).history) == none);
  CHECK(found(registers().write(2, 6).write(1, 5).read(1, 6).history) == own_writes);
  CHECK(found(registers().write(2, 6).write(1, 5).read(2, 6).history) == none);
}

TEST_CASE("a register: a write of unknown outcome promises nothing, but is newer than what came before it") {
  CHECK(found(registers().lost_answer(1, 5).read(1, 0).history) == none);
  CHECK(found(registers().fail(1, 5).read(1, 0).history) == none);
  CHECK(found(registers().write(1, 5).lost_answer(1, 6).read(1, 6).read(1, 5).history) == reads);
  CHECK(found(registers().write(1, 5).lost_answer(2, 6).read(1, 6).history) == none);
  // It may take effect after what came later.
  CHECK(found(registers().lost_answer(2, 6).write(1, 5).read(1, 6).history) == none);
}

TEST_CASE("a register: reads of a client do not go back") {
  CHECK(found(registers().write(1, 5).write(1, 6).read(2, 5).read(2, 6).history) == none);
  CHECK(found(registers().write(1, 5).write(1, 6).read(2, 6).read(2, 5).history) == reads);
  CHECK(found(registers().write(1, 5).write(1, 6).read(2, 6).read(3, 5).history) == none);
  CHECK(found(registers().write(1, 5).read(2, 5).read(2, 0).history) == reads);
}

TEST_CASE("a register: reads on standbys count") {
  CHECK(found(registers().write(1, 5).read(1, 0, Function::read_standby).history) == own_writes);
  CHECK(found(registers().write(1, 5).read(2, 5).read(2, 0, Function::read_standby).history) == reads);
}

TEST_CASE("a register: overlapping writes have one order for everybody") {
  Script agreed = registers();
  agreed.begin_write(1, 5).begin_write(2, 6).ok(1).ok(2);
  Script disagreed = agreed;
  CHECK(found(agreed.read(1, 6).read(2, 6).history) == none);
  // Each was overtaken by the other.
  CHECK(found(disagreed.read(1, 6).read(2, 5).history) == own_writes);

  Script turns = registers();
  turns.begin_write(1, 5).begin_write(2, 6).ok(1).ok(2);
  CHECK(found(turns.read(3, 5).read(3, 6).read(4, 6).read(4, 5).history) == reads);
}

TEST_CASE("a register: what only shows when the guarantees are taken together") {
  SECTION("a write that followed a read") {
    // 5 may take effect late, but process 2 had seen it before it wrote 6.
    Script s = registers();
    s.lost_answer(1, 5).read(2, 5).write(2, 6).read(3, 6);
    CHECK(found(s.history) == none);
    CHECK(found(s.read(3, 5).history) == follow);
  }
  SECTION("a client's own writes") {
    Script s = registers();
    s.lost_answer(1, 5).write(1, 6).read(3, 6);
    CHECK(found(s.history) == none);
    CHECK(found(s.read(3, 5).history) == writes);
  }
  SECTION("reads, and reads of own writes") {
    Script s = registers();
    s.begin_write(1, 5).begin_write(2, 6).ok(1).ok(2).read(1, 6);
    CHECK(found(s.read(3, 6).read(3, 5).history) == reads);
  }
}

TEST_CASE("a register: a compare-and-swap reads and writes, one that did not swap does neither") {
  const auto swapped = [](Value result) {
    Script s = registers();
    s.write(1, 5).write(2, 6);
    const KeyId key = s.history.key("x");
    const auto time = HistoryTime::from_ns(10'000'000'000);
    s.history.invoke(ProcessId(2), Function::cas, key, s.history.pair(Value::integer(5), Value::integer(7)), time);
    s.history.ok_read(ProcessId(2), result, time);
    return found(s.history);
  };
  CHECK(swapped(Value::nil()) == own_writes);  // it saw 5 after it had written 6
  CHECK(swapped(Value::integer(0)) == none);
}

TEST_CASE("a register whose source tells the order of each process only") {
  Script s = registers();
  s.write(2, 6).write(1, 5).read(1, 6);
  s.history.set_sessions_only();
  CHECK(found(s.history) == none);
  CHECK(found(s.read(1, 0).history) == Found{1, 1, 0, 0});
}

TEST_CASE("a list: each guarantee") {
  CHECK(found(lists().write(1, 5).read(1, List{5}).history) == none);
  CHECK(found(lists().write(1, 5).read(1, List{}).history) == own_writes);
  CHECK(found(lists().lost_answer(1, 5).read(1, List{}).history) == none);
  CHECK(found(lists().write(1, 5).read(2, List{}).history) == none);

  CHECK(found(lists().write(1, 5).write(2, 6).read(3, List{5, 6}).read(3, List{5}).history) == reads);
  CHECK(found(lists().write(1, 5).write(2, 6).read(3, List{5}).read(3, List{5, 6}).history) == none);
  CHECK(found(lists().write(1, 5).write(2, 6).read(3, List{5, 6}).read(3, List{6, 5}).history) == reads);

  CHECK(found(lists().write(1, 5).write(1, 6).read(3, List{5, 6}).history) == none);
  CHECK(found(lists().write(1, 5).write(1, 6).read(3, List{5}).history) == none);
  CHECK(found(lists().write(1, 5).write(1, 6).read(3, List{6}).history) == writes);
  CHECK(found(lists().write(1, 5).write(1, 6).read(3, List{6, 5}).history) == writes);
  CHECK(found(lists().lost_answer(1, 5).write(1, 6).read(3, List{6}).history) == none);

  CHECK(found(lists().write(1, 5).read(2, List{5}).write(2, 6).read(3, List{6}).history) == follow);
  CHECK(found(lists().write(1, 5).read(2, List{5}).write(2, 6).read(3, List{6, 5}).history) == follow);
  CHECK(found(lists().write(1, 5).read(2, List{5}).write(2, 6).read(3, List{5, 6}).history) == none);
  CHECK(found(lists().write(1, 5).write(2, 6).read(3, List{6}).history) == none);
  // Its own write of unknown outcome, which it had seen.
  CHECK(found(lists().lost_answer(1, 5).read(1, List{5}).write(1, 6).read(3, List{6}).history) == follow);
}

TEST_CASE("a set: as a list, but without order") {
  CHECK(found(sets().write(1, 5).read(1, List{}).history) == own_writes);
  CHECK(found(sets().write(1, 5).write(2, 6).read(3, List{5, 6}).read(3, List{6, 5}).history) == none);
  CHECK(found(sets().write(1, 5).write(2, 6).read(3, List{5, 6}).read(3, List{6}).history) == reads);
  CHECK(found(sets().write(1, 5).write(1, 6).read(3, List{6, 5}).history) == none);
  CHECK(found(sets().write(1, 5).write(1, 6).read(3, List{6}).history) == writes);
  CHECK(found(sets().write(1, 5).read(2, List{5}).write(2, 6).read(3, List{6, 5}).history) == none);
  CHECK(found(sets().write(1, 5).read(2, List{5}).write(2, 6).read(3, List{6}).history) == follow);
}

TEST_CASE("a list of which one read is a fork: the others are still compared") {
  Script s = lists();
  s.write(1, 1).write(2, 2).write(1, 3).read(3, List{1, 2, 3}).read(4, List{1, 3}).read(3, List{1, 2, 3});
  CHECK(found(s.history) == none);
  CHECK(found(s.read(4, List{1, 2, 3}).history) == reads);  // 3 has moved
}

TEST_CASE("transactions are sessions' operations too") {
  History history;
  const KeyId x = history.key("x"), y = history.key("y");
  std::int64_t now = 0;
  const auto run = [&](std::uint32_t process, std::vector<MicroOp> asked, std::vector<MicroOp> answered) {
    history.invoke(ProcessId(process), Function::transaction, no_key, history.micro_ops(asked),
                   HistoryTime::from_ns(++now));
    history.ok_read(ProcessId(process), history.micro_ops(answered), HistoryTime::from_ns(++now));
  };
  const auto list = [&](KeyId key, List elements) {
    std::vector<Value> values;
    for (const std::int64_t e : elements) values.push_back(Value::integer(e));
    return history.list(key, values);
  };
  const MicroOp append_x{Function::append, x, Value::integer(1)};
  const MicroOp read_x{Function::read, x, Value::nil()}, read_y{Function::read, y, Value::nil()};
  run(1, {append_x, read_x}, {append_x, {Function::read, x, list(x, {1})}});
  CHECK(found(history) == none);
  run(1, {read_x, read_y}, {{Function::read, x, Value::nil()}, {Function::read, y, Value::nil()}});
  CHECK(found(history) == reads);
}

TEST_CASE("keys that cannot be judged are named, with the reason") {
  SECTION("a value that was written twice") {
    Script s = registers();
    s.write(1, 5).write(2, 5).read(2, 0);
    const SessionReport report = check_sessions(s.history);
    CHECK(report.keys == 0);
    CHECK(report.failures.empty());
    REQUIRE(report.notes.size() == 1);
    CHECK(report.notes[0] ==
          "sessions of key \"x\" were not judged: 5 was written twice, so a read does not tell which write it saw");
  }
  SECTION("a queue") {
    History history;
    history.invoke(ProcessId(1), Function::enqueue, no_key, Value::integer(1), HistoryTime());
    CHECK(check_sessions(history).notes ==
          std::vector<std::string>{"sessions of what has no key were not judged: it is not a register, a list that is "
                                   "appended to, or a set that is added to"});
  }
  SECTION("a counter") {
    Script s(Function::add);
    s.write(1, 5).read(1, 0).read(1, 5);
    const SessionReport report = check_sessions(s.history);
    REQUIRE(report.notes.size() == 1);
    CHECK(report.notes[0] == "sessions of key \"x\" were not judged: sums do not tell which additions a client saw");
  }
  SECTION("many") {
    History history;
    for (std::int64_t k = 0; k < 9; ++k) {
      history.invoke(ProcessId(1), Function::push, history.key(k), Value::integer(1), HistoryTime());
      history.ok(ProcessId(1), HistoryTime());
    }
    const SessionReport report = check_sessions(history);
    REQUIRE(report.notes.size() == 6);
    CHECK(report.notes[5] == "sessions of 4 more keys were not judged");
  }
}

TEST_CASE("an empty history has no sessions") {
  const SessionReport report = check_sessions(History());
  CHECK(report.sessions == 0);
  CHECK(report.keys == 0);
  CHECK(report.failures.empty());
  CHECK(report.notes.empty());
}

TEST_CASE("what is wrong is told with values and moments") {
  Script s = registers();
  s.write(1, 5).write(2, 6).read(2, 5);
  const SessionReport report = check_sessions(s.history);
  CHECK(report.sessions == 2);
  CHECK(report.keys == 1);
  REQUIRE(report.failures.size() == 1);
  CHECK(report.failures[0].message ==
        "read of key \"x\" by process 2 at 6.000s returned 5, but the same process had its write of 6 acknowledged at "
        "4.000s, whose write began after that of 5 was acknowledged at 2.000s");
  CHECK(report.failures[0].at.ns() == 6'000'000'000);
  CHECK(report.failures[0].ops.size() == 3);

  Script untimed(Function::append, false);
  untimed.write(1, 5).read(1, List{});
  REQUIRE(check_sessions(untimed.history).failures.size() == 1);
  CHECK(check_sessions(untimed.history).failures[0].message ==
        "read of key \"x\" by process 1 at event 4 did not show 5, which the same process had written, acknowledged at "
        "event 2");

  Script cycle = registers();
  cycle.begin_write(1, 5).begin_write(2, 6).ok(1).ok(2).read(1, 6).read(2, 5);
  REQUIRE(check_sessions(cycle.history).failures.size() == 1);
  CHECK(check_sessions(cycle.history).failures[0].message ==
        "no order of the writes to key \"x\" lets every process read its own writes: process 1 wrote 5, then read 6; "
        "process 2 wrote 6, then read 5");
}

TEST_CASE("all violations are counted, few are told") {
  Script s = registers();
  s.write(1, 5).write(1, 6);
  for (int i = 0; i < 50; ++i) s.read(2, 6).read(2, 5);
  SessionOptions options;
  options.max_failures = 3;
  const SessionReport report = check_sessions(s.history, options);
  CHECK(report.found == Found{0, 50, 0, 0});
  CHECK(report.failures.size() == 3);
}
