// The general search: its limits, what it says, and the cases that random histories do not reach.
#include <catch2/catch.hpp>

#include "random_histories.h"
#include "reports/check/search/models.h"
#include "reports/check/search/search.h"

using namespace heir::reports;
using heir::reports::test::operations_of;
using Answer = Judgement::Answer;
using F = Function;

namespace {

Value number(std::int64_t n) {
  return Value::integer(n);
}

/// Writes a history, an event each millisecond.
class Recorder {
 public:
  explicit Recorder(std::string_view key = {}) : key_(key.empty() ? no_key : history.key(key)) {}

  void invoke(std::uint32_t process, F function, Value argument = Value::nil()) {
    history.invoke(ProcessId(process), function, key_, argument, now());
  }
  void ok(std::uint32_t process, Value result = Value::nil()) { history.ok_read(ProcessId(process), result, now()); }
  void info(std::uint32_t process) { history.info(ProcessId(process), now()); }
  /// At once.
  void run(std::uint32_t process, F function, Value argument = Value::nil(), Value result = Value::nil()) {
    invoke(process, function, argument);
    ok(process, result);
  }
  void set_key(std::string_view key) { key_ = history.key(key); }

  Judgement judge(Model model, const Limits& limits = {}) const {
    const std::vector<std::uint32_t> ops = operations_of(history);
    return judge_by_search(model, Object{&history, no_key, ops}, limits);
  }

  History history;

 private:
  HistoryTime now() { return HistoryTime::from_ns(++events_ * 1'000'000); }
  KeyId key_;
  std::int64_t events_ = 0;
};

/// Pushes of `count` clients at once, and pops in an order that could be, but for the last one.
Recorder hard(std::uint32_t count) {
  Recorder r("x");
  for (std::uint32_t p = 0; p < count; ++p) r.invoke(p, F::push, number(p));
  for (std::uint32_t p = 0; p < count; ++p) r.ok(p);
  for (std::uint32_t p = 0; p + 1 < count; ++p) r.run(0, F::pop, Value::nil(), number(p));
  r.run(0, F::pop, Value::nil(), number(0));
  return r;
}

}  // namespace

namespace example {

/// The user's own model in the header: acquire turns it on and answers 1 if it was off before.
struct Switch {
  using State = bool;
  State initial() const { return false; }
  bool apply(State& on, const Operation& op) const {
    if (op.ok() && op.result != Value::integer(on ? 0 : 1)) return false;
    on = true;
    return true;
  }
};

}  // namespace example

TEST_CASE("search: a model of one's own") {
  Recorder r;
  r.invoke(1, F::acquire);
  r.invoke(2, F::acquire);
  r.ok(1, number(0));
  r.ok(2, number(1));
  const auto judged = [&] {
    const std::vector<std::uint32_t> ops = operations_of(r.history);
    return judge(example::Switch{}, Object{&r.history, no_key, ops}).answer;
  };
  CHECK(judged() == Answer::valid);
  r.run(1, F::acquire, Value::nil(), number(0));
  CHECK(judged() == Answer::valid);
  r.run(1, F::acquire, Value::nil(), number(1));
  CHECK(judged() == Answer::invalid);
}

TEST_CASE("search: a failure names the answer, its window and the order that comes nearest") {
  Recorder r("x");
  r.run(1, F::write, number(1));
  r.invoke(1, F::write, number(2));
  r.invoke(2, F::write, number(3));
  r.run(3, F::read, Value::nil(), number(2));
  r.ok(1);
  r.ok(2);
  r.run(3, F::read, Value::nil(), number(1));
  r.run(3, F::write, number(4));
  const Judgement judgement = r.judge(Model::register_);
  REQUIRE(judgement.answer == Answer::invalid);
  REQUIRE(judgement.failures.size() == 1);
  const Failure& failure = judgement.failures[0];
  CHECK(failure.kind == FailureKind::not_linearizable);
  CHECK(failure.message == "read of key \"x\" by process 3 returned 1 at 0.010s, which nothing before it explains");
  CHECK(failure.at == HistoryTime::from_ns(10'000'000));
  REQUIRE(failure.ops.size() == 1);
  CHECK(failure.ops[0].result == number(1));

  Recorder open("x");
  open.invoke(1, F::write, number(1));
  open.invoke(2, F::write, number(2));
  open.run(3, F::read, Value::nil(), number(1));
  open.run(3, F::read, Value::nil(), number(2));
  open.run(3, F::read, Value::nil(), number(1));
  open.ok(1);
  open.ok(2);
  const Judgement second = open.judge(Model::register_);
  REQUIRE(second.answer == Answer::invalid);
  CHECK(second.failures[0].message ==
        "read of key \"x\" by process 3 returned 1 at 0.008s, which no order of the 5 operations from 0.001s on "
        "explains");
  CHECK(second.failures[0].ops.size() == 5);
  // write 1, read 1, write 2, read 2.
  REQUIRE(second.failures[0].order.size() == 4);
  CHECK(second.failures[0].order[3].result == number(2));
}

TEST_CASE("search: an answer that an open operation may explain later is not held against it") {
  Recorder r;
  r.invoke(1, F::write, number(7));
  r.run(2, F::read, Value::nil(), number(7));
  CHECK(r.judge(Model::register_).answer == Answer::valid);
  r.run(2, F::read, Value::nil(), Value::nil());
  CHECK(r.judge(Model::register_).answer == Answer::invalid);
}

TEST_CASE("search: what exceeds its limits is unknown, and named") {
  const Recorder r = hard(7);
  CHECK(r.judge(Model::stack).answer == Answer::invalid);

  Limits steps;
  steps.steps = 2'000;
  const Judgement stopped = r.judge(Model::stack, steps);
  CHECK(stopped.answer == Answer::unknown);
  CHECK(stopped.failures.empty());
  CHECK(stopped.reason ==
        "undecided: the search took too many steps among the 7 operations from 0.001s on, up to push of 4 to key \"x\" "
        "by process 4 was acknowledged at 0.012s");

  Limits time;
  time.out_of_time = [] { return true; };
  CHECK(r.judge(Model::stack, time).reason.find("the time for it was over") != std::string::npos);

  Limits memory;
  memory.memory = 100'000;
  const Judgement full = r.judge(Model::stack, memory);
  CHECK(full.answer == Answer::unknown);
  CHECK(full.reason.find("too much memory") != std::string::npos);
}

TEST_CASE("search: keys of a store are judged apart") {
  Recorder r;
  for (const char* key : {"a", "b", "c"}) {
    r.set_key(key);
    r.run(1, F::append, r.history.text("x"));
    r.run(1, F::append, r.history.text("yz"));
    r.run(1, F::read, Value::nil(), r.history.text("xyz"));
  }
  CHECK(r.judge(Model::kv).answer == Answer::valid);
  r.set_key("b");
  r.run(1, F::read, Value::nil(), r.history.text("x"));
  r.set_key("c");
  r.run(1, F::read, Value::nil(), Value::nil());
  const Judgement judgement = r.judge(Model::kv);
  CHECK(judgement.answer == Answer::invalid);
  REQUIRE(judgement.failures.size() == 2);
  CHECK(judgement.failures[0].message.find("key \"b\"") != std::string::npos);
  CHECK(judgement.failures[1].message.find("key \"c\"") != std::string::npos);
}

TEST_CASE("search: a key that failed counts more than one that is undecided, and that more than a good one") {
  Recorder r = hard(7);
  Limits limits;
  limits.steps = 2'000;
  r.set_key("good");
  r.run(1, F::push, number(1));
  CHECK(r.judge(Model::stack, limits).answer == Answer::unknown);
  r.set_key("bad");
  r.run(1, F::pop, Value::nil(), number(1));
  const Judgement judgement = r.judge(Model::stack, limits);
  CHECK(judgement.answer == Answer::invalid);
  CHECK(judgement.reason.empty());
}

TEST_CASE("search: a text that was never written is read by nobody; nil is the empty one") {
  Recorder r("k");
  r.run(1, F::read, Value::nil(), Value::nil());
  r.run(1, F::read, Value::nil(), r.history.text(""));
  CHECK(r.judge(Model::kv).answer == Answer::valid);
  r.run(1, F::write, r.history.text("ab"));
  r.run(1, F::append, number(5));
  r.run(1, F::read, Value::nil(), r.history.text("ab5"));
  CHECK(r.judge(Model::kv).answer == Answer::valid);
  r.run(1, F::read, Value::nil(), r.history.text("ab"));
  CHECK(r.judge(Model::kv).answer == Answer::invalid);
}

TEST_CASE("search: more operations open at once than a word has bits") {
  constexpr std::uint32_t clients = 150;
  Recorder r;
  for (std::uint32_t p = 0; p < clients; ++p) r.invoke(p, F::write, number(p));
  for (std::uint32_t p = 0; p < clients; ++p) r.run(clients, F::read, Value::nil(), number(p));
  for (std::uint32_t p = 0; p < clients; ++p) r.ok(p);
  CHECK(r.judge(Model::register_).answer == Answer::valid);
  r.run(0, F::read, Value::nil(), number(clients - 2));
  CHECK(r.judge(Model::register_).answer == Answer::invalid);
}

TEST_CASE("search: many unknown outcomes that are equal are no more work than one") {
  Recorder r;
  for (std::uint32_t p = 0; p < 200; ++p) {
    r.invoke(p, F::write, number(p % 3));
    r.info(p);
  }
  for (int i = 0; i < 100; ++i) r.run(500, F::read, Value::nil(), number(i % 3));
  CHECK(r.judge(Model::register_).answer == Answer::valid);
  for (int i = 0; i < 200; ++i) r.run(500, F::read, Value::nil(), number(i % 3));
  const Judgement judgement = r.judge(Model::register_);
  CHECK(judgement.answer == Answer::invalid);  // 300 changes, 200 writes
}

TEST_CASE("search: states and spares that are needed no more are forgotten") {
  // Each state holds all elements: together more than what is kept before the search tidies up.
  Recorder r;
  for (int i = 0; i < 3; ++i) {
    r.invoke(1, F::add, number(7));
    r.info(1);
  }
  r.run(2, F::read, Value::nil(), Value::nil());
  int added = 100;
  const auto grow = [&] {
    for (int i = 0; i < 2'000; ++i) r.run(2, F::add, number(++added));
    r.run(2, F::contains, number(7), number(1));
    r.run(2, F::remove, number(7));
  };
  for (int i = 0; i < 3; ++i) grow();
  CHECK(r.judge(Model::set).answer == Answer::valid);
  grow();
  const Judgement judgement = r.judge(Model::set);
  CHECK(judgement.answer == Answer::invalid);  // all three additions of 7 are used up
  REQUIRE(judgement.failures.size() == 1);
  CHECK(judgement.failures[0].ops[0].function == F::contains);
}

TEST_CASE("search: what it does not apply to") {
  Recorder r;
  r.run(1, F::write, number(1));
  r.run(1, F::append, number(2));
  CHECK(r.judge(Model::register_).answer == Answer::not_applicable);
  CHECK(r.judge(Model::register_).reason == "the model has no append: append of 2 by process 1");
  CHECK(r.judge(Model::bank).answer == Answer::not_applicable);

  Recorder list;
  list.run(1, F::add, number(1));
  list.run(1, F::read, Value::nil(), number(1));
  CHECK(list.judge(Model::set).answer == Answer::not_applicable);
  CHECK(list.judge(Model::counter).answer == Answer::valid);

  list.history.set_sessions_only();
  CHECK(list.judge(Model::counter).answer == Answer::not_applicable);

  Recorder failed;
  failed.invoke(1, F::append, number(2));
  failed.history.fail(ProcessId(1), HistoryTime::from_ns(1'000'000'000));
  CHECK(failed.judge(Model::register_).answer == Answer::valid);
}

TEST_CASE("search: nothing at all is valid") {
  CHECK(Recorder().judge(Model::register_).answer == Answer::valid);
  Recorder r;
  r.invoke(1, F::write, number(1));
  CHECK(r.judge(Model::register_).answer == Answer::valid);
}

TEST_CASE("search: transactions on keys that none holds together are judged apart") {
  Recorder r;
  const KeyId a = r.history.key("a"), b = r.history.key("b"), c = r.history.key("c");
  const auto transaction = [&](std::vector<MicroOp> asked, std::vector<MicroOp> answered) {
    r.run(1, F::transaction, r.history.micro_ops(asked), r.history.micro_ops(answered));
  };
  transaction({{F::write, a, number(1)}, {F::write, b, number(2)}},
              {{F::write, a, number(1)}, {F::write, b, number(2)}});
  transaction({{F::read, a, {}}, {F::read, b, {}}}, {{F::read, a, number(1)}, {F::read, b, number(2)}});
  transaction({{F::write, c, number(3)}, {F::read, c, {}}}, {{F::write, c, number(3)}, {F::read, c, number(3)}});
  CHECK(r.judge(Model::multi_register).answer == Answer::valid);
  transaction({{F::read, a, {}}, {F::read, b, {}}}, {{F::read, a, number(1)}, {F::read, b, Value::nil()}});
  CHECK(r.judge(Model::multi_register).failures.size() == 1);
  // It must see its own write.
  transaction({{F::write, c, number(4)}, {F::read, c, {}}}, {{F::write, c, number(4)}, {F::read, c, number(3)}});
  CHECK(r.judge(Model::multi_register).failures.size() == 2);
  transaction({{F::append, c, number(4)}}, {{F::append, c, number(4)}});
  CHECK(r.judge(Model::multi_register).answer == Answer::not_applicable);
}
