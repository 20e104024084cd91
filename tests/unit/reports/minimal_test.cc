// The smallest proof: small, invalid by itself, and made only of what may be left out.
#include "reports/check/minimal.h"

#include <catch2/catch.hpp>

#include "build_history.h"
#include "reports/check/check.h"

using namespace heir;
using namespace heir::reports;
using heir::reports::test::build;
using heir::reports::test::Op;

namespace {

/// The proofs of an invalid history, each judged invalid again.
std::vector<Proof> proofs_of(const History& history, std::optional<Model> model = {}) {
  CheckOptions options;
  options.model = model;
  const Result<Verdict> verdict = check(history, options);
  REQUIRE(verdict);
  REQUIRE(verdict->outcome == Outcome::fail);
  std::vector<Proof> proofs = prove(history, *verdict, options);
  for (const Proof& proof : proofs) {
    CheckOptions again;
    again.model = proof.model;
    const Result<Verdict> alone = check(proof.history, again);
    REQUIRE(alone);
    CHECK(alone->outcome == Outcome::fail);
  }
  return proofs;
}

/// `n` writes and reads of them, one after the other, from `begin` on.
std::vector<Op> busy(std::int64_t n, std::int64_t begin, std::int64_t first_value, Function write) {
  std::vector<Op> ops;
  std::vector<std::int64_t> list;
  for (std::int64_t i = 0; i < n; ++i) {
    ops.push_back({0, write, {first_value + i}, begin + 4 * i, begin + 4 * i + 1});
    list.push_back(first_value + i);
    ops.push_back({1, Function::read, write == Function::write ? std::vector{first_value + i} : list, begin + 4 * i + 2,
                   begin + 4 * i + 3});
  }
  return ops;
}

}  // namespace

TEST_CASE(
    "a stale read among hundreds of operations: the write, what overwrote it, the read, and what proves the order") {
  std::vector<Op> ops = busy(200, 0, 1, Function::write);
  ops.push_back({2, Function::read, {150}, 900, 901});
  const std::vector<Proof> proofs = proofs_of(build(ops));
  REQUIRE(proofs.size() == 1);
  CHECK(proofs[0].history.operations().size() <= 4);
  CHECK(proofs[0].history.key_text(proofs[0].history.operations()[0].key) == "5");
}

TEST_CASE("a lost append: the append and one read, in which nothing else is left") {
  std::vector<Op> ops = busy(50, 0, 1, Function::append);
  std::vector<std::int64_t> without;
  for (std::int64_t i = 1; i <= 50; ++i) {
    if (i != 20) without.push_back(i);
  }
  ops.push_back({2, Function::read, without, 900, 901});
  const std::vector<Proof> proofs = proofs_of(build(ops, true));
  REQUIRE(proofs.size() == 1);
  CHECK(proofs[0].history.operations().size() <= 4);
}

TEST_CASE("repeated values are reduced too, though only the general search judges them") {
  std::vector<Op> ops = busy(20, 0, 1, Function::write);
  const std::vector<Op> again = busy(20, 200, 1, Function::write);
  ops.insert(ops.end(), again.begin(), again.end());
  ops.push_back({2, Function::read, {3}, 900, 901});
  const std::vector<Proof> proofs = proofs_of(build(ops));
  REQUIRE(proofs.size() == 1);
  CHECK(proofs[0].history.operations().size() <= 5);
}

TEST_CASE("few values, written over and over: what came before the last lone write is left out, failures too") {
  std::vector<Op> ops;
  for (std::int64_t i = 0; i < 100; ++i) {
    ops.push_back({0, Function::write, {i % 3}, 10 * i, 10 * i + 1});
    ops.push_back({1, Function::write, {7}, 10 * i + 2, 10 * i + 3, EventType::fail});
    ops.push_back({1, Function::read, {i % 3}, 10 * i + 4, 10 * i + 5});
  }
  ops.push_back({2, Function::read, {1}, 2000, 2001});
  const std::vector<Proof> proofs = proofs_of(build(ops));
  REQUIRE(proofs.size() == 1);
  CHECK(proofs[0].history.operations().size() == 2);
}

TEST_CASE("a queue: two elements, and the dequeue that took the later one first") {
  std::vector<Op> ops;
  for (std::int64_t i = 0; i < 30; ++i) ops.push_back({0, Function::enqueue, {i}, 2 * i, 2 * i + 1});
  History history = build(ops);
  const KeyId key = history.key(5);
  for (std::int64_t i = 0; i < 30; ++i) {
    const std::int64_t out = i == 10 ? 11 : i == 11 ? 10 : i;
    history.invoke(ProcessId(1), Function::dequeue, key, Value::nil(), HistoryTime::from_ns(1'000'000'000 + 2 * i));
    history.ok_read(ProcessId(1), Value::integer(out), HistoryTime::from_ns(1'000'000'001 + 2 * i));
  }
  const std::vector<Proof> proofs = proofs_of(history);
  REQUIRE(proofs.size() == 1);
  CHECK(proofs[0].history.operations().size() == 3);
}

TEST_CASE("a valid history has no minimal part") {
  const History history = build(busy(5, 0, 1, Function::write));
  std::vector<std::uint32_t> ops(history.operations().size());
  for (std::uint32_t i = 0; i < ops.size(); ++i) ops[i] = i;
  CHECK_FALSE(minimise({&history, KeyId(1), ops}, Model::register_, {}, [](const History&) { return false; }));
}
