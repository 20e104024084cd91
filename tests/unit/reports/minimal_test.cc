// The smallest proof: small, invalid by itself, and made only of what may be left out.
#include "reports/check/minimal.h"

#include <catch2/catch.hpp>

#include "build_history.h"
#include "reports/check/check.h"
#include "reports/history/format.h"

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

namespace {

History from_edn(const std::string& maps) {
  Result<History> history = read_history_text(maps, "test.edn", {Format::edn, {}});
  REQUIRE(history);
  return std::move(*history);
}

std::string txn(int process, const std::string& asked, const std::string& answered) {
  const std::string who = "{:process " + std::to_string(process) + " :f :txn ";
  return who + ":type :invoke :value [" + asked + "]}\n" + who + ":type :ok :value [" + answered + "]}\n";
}

}  // namespace

TEST_CASE("a whole: transactions of lists, without what only others appended") {
  std::string maps;
  for (int i = 0; i < 40; ++i) {
    const std::string k = std::to_string(i % 4), v = std::to_string(i);
    std::string list;
    for (int j = i % 4; j < i; j += 4) list += std::to_string(j) + " ";
    maps += txn(i % 3, "[:r " + k + " nil] [:append " + k + " " + v + "]",
                "[:r " + k + " [" + list + "]] [:append " + k + " " + v + "]");
  }
  // The last read of key 1 misses all but its first element.
  maps += txn(5, "[:r 1 nil]", "[:r 1 [1]]");
  const std::vector<Proof> proofs = proofs_of(from_edn(maps), Model::list_append);
  REQUIRE(proofs.size() == 1);
  CHECK(proofs[0].history.operations().size() <= 3);
}

TEST_CASE("a whole: transactions of registers, with the writes that were read and nothing else of them") {
  std::string maps;
  for (int i = 1; i <= 30; ++i) {
    const std::string v = std::to_string(i), before = i == 1 ? "nil" : std::to_string(i - 1);
    maps += txn(i % 3, "[:r 1 nil] [:w 1 " + v + "] [:w 2 " + v + "]",
                "[:r 1 " + before + "] [:w 1 " + v + "] [:w 2 " + v + "]");
  }
  SECTION("multi-register") {
    maps += txn(5, "[:r 1 nil] [:r 2 nil]", "[:r 1 7] [:r 2 8]");
    const std::vector<Proof> proofs = proofs_of(from_edn(maps), Model::multi_register);
    REQUIRE(proofs.size() == 1);
    CHECK(proofs[0].history.operations().size() <= 5);
  }
  SECTION("rw-register") {
    maps += txn(5, "[:r 1 nil] [:w 1 100]", "[:r 1 7] [:w 1 100]");
    const std::vector<Proof> proofs = proofs_of(from_edn(maps), Model::rw_register);
    REQUIRE(proofs.size() == 1);
    CHECK(proofs[0].history.operations().size() <= 4);
  }
}

TEST_CASE("a whole: the first balances, which tell the total, and the wrong ones") {
  const auto balances = [](int process, const char* value) {
    const std::string who = "{:process " + std::to_string(process) + " :f :read ";
    return who + ":type :invoke :value nil}\n" + who + ":type :ok :value " + value + "}\n";
  };
  std::string maps = balances(0, "{0 10 1 10}");
  for (int i = 0; i < 20; ++i) maps += balances(1, "{0 5 1 15}");
  maps += balances(2, "{0 5 1 10}");
  for (int i = 0; i < 20; ++i) maps += balances(1, "{0 5 1 15}");
  const std::vector<Proof> proofs = proofs_of(from_edn(maps), Model::bank);
  REQUIRE(proofs.size() == 1);
  CHECK(proofs[0].history.operations().size() == 2);
}

TEST_CASE("a whole: a long fork is two reads and two writes") {
  std::string maps = txn(0, "[:w 1 1]", "[:w 1 1]") + txn(1, "[:w 2 1]", "[:w 2 1]") + txn(0, "[:w 3 1]", "[:w 3 1]");
  for (int i = 0; i < 10; ++i) maps += txn(3, "[:r 1 nil] [:r 2 nil]", "[:r 1 1] [:r 2 1]");
  maps +=
      txn(3, "[:r 1 nil] [:r 2 nil]", "[:r 1 1] [:r 2 nil]") + txn(4, "[:r 1 nil] [:r 2 nil]", "[:r 1 nil] [:r 2 1]");
  const std::vector<Proof> proofs = proofs_of(from_edn(maps), Model::long_fork);
  REQUIRE(proofs.size() == 1);
  CHECK(proofs[0].history.operations().size() <= 4);
}

TEST_CASE("a whole: of set-full one element, and no reads that the verdict does not need") {
  std::vector<Op> ops = busy(20, 0, 1, Function::add);
  std::vector<std::int64_t> rest;
  for (std::int64_t i = 1; i <= 20; ++i) {
    if (i != 7) rest.push_back(i);
  }
  for (std::int64_t i = 0; i < 10; ++i) ops.push_back({2, Function::read, rest, 200 + 2 * i, 201 + 2 * i});
  const std::vector<Proof> proofs = proofs_of(build(ops, true), Model::set_full);
  REQUIRE(proofs.size() == 1);
  CHECK(proofs[0].history.operations().size() <= 3);
}
