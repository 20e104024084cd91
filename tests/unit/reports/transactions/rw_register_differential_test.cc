// Registers against the definition: random histories, many of them wrong, for which every pair of accesses is compared.
//
// The inference keeps few pairs of versions and joins others by relays; here all are written down. Both must rule out
// the same models, under every combination of what may be assumed.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "reports/check/transactions/consistency.h"
#include "reports/check/transactions/cycles.h"
#include "reports/check/transactions/realtime.h"
#include "reports/check/transactions/rw_register.h"
#include "transaction_history.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

#ifdef HEIR_FEWER_ROUNDS
constexpr int rounds = 100;
#else
constexpr int rounds = 2000;
#endif

constexpr int nil = 0;

struct Access {
  std::optional<int> read;
  std::optional<int> written;
  int found() const { return read.value_or(nil) != nil ? *read : written.value_or(nil); }
  int left() const { return written.value_or(read.value_or(nil)); }
};

struct Step {
  Txn txn;
  std::string text;
  std::map<char, Access> accesses;  ///< External ones; of unknown outcome, writes only.
  bool ok() const { return txn.outcome == EventType::ok; }
};

// ---- Random histories

class RandomHistory {
 public:
  explicit RandomHistory(std::uint32_t seed) : random_(seed) {
    const std::uint32_t count = 2 + random_() % 10;
    const std::uint32_t processes = 1 + random_() % 4;
    const std::uint32_t staleness = random_() % 3;
    std::vector<std::int64_t> free(processes, 0);
    std::vector<std::uint32_t> names(processes);
    for (std::uint32_t p = 0; p < processes; ++p) names[p] = p;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t p = random_() % processes;
      Step step;
      step.txn.process = names[p];
      step.txn.begin = std::max(free[p], std::int64_t{4} * i) * 100 + i;
      step.txn.end = step.txn.begin + 1 + 100 * (random_() % 20) + 50;
      free[p] = step.txn.end / 100 + 1;
      const std::uint32_t luck = random_() % 10;
      step.txn.outcome = luck == 0 ? EventType::info : luck == 1 ? EventType::fail : EventType::ok;
      if (step.txn.outcome == EventType::info) names[p] = ++crashed_ + 100;
      fill(step, staleness);
      steps_.push_back(step);
    }
    std::ranges::sort(steps_, {}, [](const Step& s) { return s.txn.begin; });
    for (Step& step : steps_) step.txn.ops = step.text;
  }
  const std::vector<Step>& steps() const { return steps_; }
  History history() const {
    std::vector<Txn> transactions;
    for (const Step& step : steps_) transactions.push_back(step.txn);
    return history_of(transactions);
  }

 private:
  void fill(Step& step, std::uint32_t staleness) {
    for (std::uint32_t n = 1 + random_() % 3; n > 0; --n) {
      const char key = random_() % 3 == 0 ? 'y' : 'x';
      Access& access = step.accesses[key];
      if (random_() % 2 == 0) {
        const int value = ++written_[key];
        step.text += std::string("w") + key + std::to_string(value) + " ";
        access.written = value;
      } else if (!access.read && !access.written) {
        int value = written_[key];
        for (std::uint32_t back = random_() % (staleness + 1); back > 0 && value > 0; --back) --value;
        step.text += std::string("r") + key + (value == nil ? "" : "=" + std::to_string(value)) + " ";
        access.read = value;
      }
    }
    if (!step.ok()) {
      for (auto& [key, access] : step.accesses) access.read.reset();
    }
    if (step.txn.outcome == EventType::fail) step.accesses.clear();
    std::erase_if(step.accesses, [](const auto& each) { return !each.second.read && !each.second.written; });
  }

  std::mt19937 random_;
  std::map<char, int> written_;
  std::uint32_t crashed_ = 0;
  std::vector<Step> steps_;
};

// ---- The definition

/// Of one key: which version precedes which.
using Pairs = std::set<std::pair<int, int>>;

class Definition {
 public:
  Definition(const std::vector<Step>& steps, const RwRegisterOptions& options) : steps_(steps) {
    assume([&](char key, const Step& step) {
      const Access& access = step.accesses.at(key);
      for (const auto& v : {access.read, access.written}) {
        if (v.value_or(nil) != nil) pairs_[key].emplace(nil, *v);
      }
    });
    if (options.wfr_keys) {
      assume([&](char key, const Step& step) {
        const Access& access = step.accesses.at(key);
        if (access.read.value_or(nil) != nil && access.written) pairs_[key].emplace(*access.read, *access.written);
      });
    }
    if (options.sequential_keys) {
      compare([](const Step& a, const Step& b) {
        return b.ok() && a.txn.process == b.txn.process && a.txn.begin < b.txn.begin;
      });
    }
    if (options.linearizable_keys) {
      compare([](const Step& a, const Step& b) { return a.txn.end < b.txn.begin; });
    }
  }

  bool contradictory() const { return contradictory_; }

  Dependencies dependencies() const {
    Dependencies all(static_cast<std::uint32_t>(steps_.size()));
    for (TransactionIndex a = 0; a < steps_.size(); ++a) {
      for (TransactionIndex b = 0; b < steps_.size(); ++b) {
        for (const auto& [key, access] : steps_[a].accesses) {
          const auto other = steps_[b].accesses.find(key);
          if (other == steps_[b].accesses.end() || !steps_[a].ok() || !steps_[b].ok()) continue;
          depend(all, a, access, b, other->second, pairs_.contains(key) ? pairs_.at(key) : Pairs{});
        }
      }
    }
    return all;
  }

 private:
  static void depend(Dependencies& all, TransactionIndex a, const Access& from, TransactionIndex b, const Access& to,
                     const Pairs& pairs) {
    const auto add = [&](DependencyKind kind) { all.add({.from = a, .to = b, .kind = kind}); };
    if (from.written && to.read == from.written) add(DependencyKind::wr);
    if (a == b || !to.written) return;
    if (from.written && pairs.contains({*from.written, *to.written})) add(DependencyKind::ww);
    if (from.read && pairs.contains({*from.read, *to.written})) add(DependencyKind::rw);
  }

  template <class Each>
  void assume(Each each) {
    const auto before = pairs_;
    for (const Step& step : steps_) {
      for (const auto& [key, access] : step.accesses) each(key, step);
    }
    drop_if_cyclic(before);
  }

  template <class Precedes>
  void compare(Precedes precedes) {
    const auto before = pairs_;
    for (const Step& a : steps_) {
      for (const Step& b : steps_) {
        if (!a.ok() || !precedes(a, b)) continue;
        for (const auto& [key, access] : a.accesses) {
          const auto other = b.accesses.find(key);
          if (other == b.accesses.end() || access.left() == other->second.found()) continue;
          pairs_[key].emplace(access.left(), other->second.found());
        }
      }
    }
    drop_if_cyclic(before);
  }

  void drop_if_cyclic(const std::map<char, Pairs>& before) {
    for (const auto& [key, pairs] : pairs_) {
      Pairs reach = pairs;
      for (bool grows = true; grows;) {
        const std::size_t size = reach.size();
        for (const auto& [a, b] : Pairs(reach)) {
          for (const auto& [c, d] : pairs) {
            if (b == c && b != a) reach.emplace(a, d);
          }
        }
        grows = reach.size() > size;
      }
      const bool cyclic = std::ranges::any_of(reach, [&](const auto& pair) {
        return pair.first != pair.second && reach.contains({pair.second, pair.first});
      });
      if (!cyclic) continue;
      contradictory_ = true;
      pairs_ = before;
      return;
    }
  }

  const std::vector<Step>& steps_;
  std::map<char, Pairs> pairs_;
  bool contradictory_ = false;
};

/// The weakest models that the cycles rule out: a pair of transactions that is there as ww need not be there as rw.
std::vector<std::string> ruled_out(const Transactions& transactions, Dependencies dependencies, Order order) {
  if (order == Order::process) add_process_order(transactions, dependencies);
  if (order == Order::real_time) add_real_time_order(transactions, dependencies);
  Findings findings;
  find_cycles(transactions, dependencies, findings);
  AnomalySet found;
  for (const FailureKind kind : findings.kinds()) found.insert(anomaly_of(kind).value());
  std::vector<std::string> names;
  for (const RuledOut& model : boundary(found).weakest) names.emplace_back(to_string(model.model));
  return names;
}

}  // namespace

TEST_CASE("registers: as by definition, with every pair of accesses compared") {
  int wrong = 0;
  int contradictory = 0;
  int related = 0;
  for (std::uint32_t seed = 0; seed < rounds; ++seed) {
    const RandomHistory random(seed);
    const History history = random.history();
    const auto transactions = Transactions::of(history);
    REQUIRE(transactions.has_value());
    for (int mask = 0; mask < 8; ++mask) {
      RwRegisterOptions options;
      options.wfr_keys = (mask & 1) != 0;
      options.sequential_keys = (mask & 2) != 0;
      options.linearizable_keys = (mask & 4) != 0;
      const Definition definition(random.steps(), options);
      const auto inference = infer_rw_register(*transactions, options);
      REQUIRE(inference.has_value());
      INFO("seed " << seed << ", assumed " << mask);
      CHECK(inference->findings.has(FailureKind::cyclic_versions) == definition.contradictory());
      contradictory += definition.contradictory() ? 1 : 0;
      for (const Order order : {Order::data, Order::process, Order::real_time}) {
        const std::vector<std::string> expected = ruled_out(*transactions, definition.dependencies(), order);
        CHECK(ruled_out(*transactions, inference->dependencies, order) == expected);
        wrong += expected.empty() ? 0 : 1;
        related += definition.dependencies().empty() ? 0 : 1;
      }
    }
  }
  CHECK(wrong > rounds);
  CHECK(contradictory > rounds / 10);
  CHECK(related > 10 * rounds);
}
