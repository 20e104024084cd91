#include "reports/check/transactions/list_versions.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

using namespace heir::reports;

namespace {

/// Random lists read from two keys, many of which begin alike; the history keeps them as it likes.
struct Lists {
  History history;
  std::vector<std::vector<Value>> read;  ///< By transaction.

  Lists(std::uint32_t seed, bool one_key_in_history) {
    std::mt19937 random(seed);
    history.set_untimed();
    const std::vector<KeyId> keys{history.key("x"), history.key("y")};
    std::vector<std::vector<Value>> known{{}};
    for (std::uint32_t t = 0; t < 60; ++t) {
      std::vector<Value> list = known[random() % known.size()];
      list.resize(random() % (list.size() + 1));
      while (random() % 3 != 0) list.push_back(Value::integer(random() % 6));
      known.push_back(list);
      read.push_back(list);
      const KeyId key = keys[t % 2];
      const auto time = HistoryTime::from_ns(2 * t);
      const std::vector<MicroOp> asked{{Function::read, key, Value::nil()}};
      history.invoke(ProcessId(t), Function::transaction, no_key, history.micro_ops(asked), time);
      const Value kept = list.empty() ? Value::nil() : history.list(one_key_in_history ? no_key : key, list);
      const std::vector<MicroOp> answered{{Function::read, key, kept}};
      history.ok_read(ProcessId(t), history.micro_ops(answered), time);
    }
  }
};

bool is_beginning(const std::vector<Value>& a, const std::vector<Value>& b) {
  return a.size() <= b.size() && std::equal(a.begin(), a.end(), b.begin());
}

}  // namespace

TEST_CASE("list versions: equal lists of a key are one version, and what they hold is known without looking") {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    const Lists lists(seed, seed % 2 == 0);
    const auto transactions = Transactions::of(lists.history);
    REQUIRE(transactions.has_value());
    const auto versions = ListVersions::of(*transactions);
    REQUIRE(versions.has_value());
    for (std::uint32_t a = 0; a < lists.read.size(); ++a) {
      const VersionId va = versions->item(a, 0);
      REQUIRE(versions->versions()[va].length == lists.read[a].size());
      for (std::uint32_t b = a % 2; b < lists.read.size(); b += 2) {
        const VersionId vb = versions->item(b, 0);
        REQUIRE((va == vb) == (lists.read[a] == lists.read[b]));
        REQUIRE(versions->begins(va, vb) == is_beginning(lists.read[a], lists.read[b]));
      }
      for (ElementId e = 0; e < versions->elements().size(); ++e) {
        const auto& element = versions->elements()[e];
        const bool same_key = element.key == (*transactions)[a].micro_ops[0].key;
        const bool holds = std::ranges::find(lists.read[a], element.value) != lists.read[a].end();
        REQUIRE(versions->contains(va, e) == (same_key && holds));
      }
      // The last element repeats an earlier one.
      if (lists.read[a].empty()) continue;
      const auto last = lists.read[a].end() - 1;
      REQUIRE(versions->repeats(va) == (std::find(lists.read[a].begin(), last, *last) != last));
    }
  }
}

TEST_CASE("pair table: finds what it keeps, also after growing") {
  PairTable table(0);
  for (std::uint32_t i = 0; i < 1000; ++i) REQUIRE(table.find_or_add(i % 7, i, i) == i);
  for (std::uint32_t i = 0; i < 1000; ++i) REQUIRE(table.find_or_add(i % 7, i, 5000) == i);
  CHECK(table.find_or_add(8, 0, 5000) == 5000);
}
