// List-append against the definition: small random executions, some of them wrong, for which all orders are tried.
//
// A history is serializable exactly if some order of its transactions explains every read: all acknowledged ones, and
// any of those of unknown outcome. For lists Elle's inference loses nothing, so both must agree: about serializability,
// and about the same with the order of processes and of real time.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>

#include "transaction_history.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

#ifdef HEIR_FEWER_ROUNDS
constexpr std::uint32_t rounds = 500;
#else
constexpr std::uint32_t rounds = 10'000;
#endif

using State = std::map<char, std::string>;

/// A transaction's text with its reads filled in from a state, which its appends change.
std::string execute(const std::string& ops, State& state) {
  std::string done;
  for (std::size_t at = 0; at < ops.size(); at += ops[at] == 'a' ? 4 : 3) {
    const char key = ops[at + 1];
    if (ops[at] == 'a') {
      state[key] += ops[at + 2];
      done += ops.substr(at, 4);
    } else {
      done += std::string("r") + key + state[key] + " ";
    }
  }
  return done;
}

struct Planned {
  std::string ops;       ///< "ax1 ry ": reads without values.
  std::string answered;  ///< With them.
  Txn txn;
};

class RandomExecution {
 public:
  explicit RandomExecution(std::uint32_t seed) : random_(seed) {
    plan(2 + random_() % 4);
    run();
    for (Planned& p : planned_) {
      p.txn.ops = p.answered;
      transactions_.push_back(p.txn);
    }
  }
  const std::vector<Planned>& planned() const { return planned_; }
  History history() const { return history_of(transactions_); }

 private:
  void plan(std::uint32_t count) {
    std::map<char, int> appended;
    std::vector<std::size_t> open;
    std::vector<std::uint32_t> free{0, 1, 2};
    std::uint32_t next_process = 3;
    std::int64_t time = 0;
    while (planned_.size() < count || !open.empty()) {
      if (planned_.size() < count && !free.empty() && (open.empty() || random_() % 2 == 0)) {
        Planned p;
        for (std::uint32_t i = 1 + random_() % 3; i > 0; --i) {
          const char key = random_() % 3 == 0 ? 'y' : 'x';
          p.ops += random_() % 2 == 0 ? std::string("r") + key + " "
                                      : std::string("a") + key + static_cast<char>('1' + appended[key]++) + " ";
        }
        const std::size_t process = random_() % free.size();
        p.txn.process = free[process];
        free.erase(free.begin() + static_cast<std::ptrdiff_t>(process));
        p.txn.begin = time++;
        open.push_back(planned_.size());
        planned_.push_back(p);
        continue;
      }
      const std::size_t at = random_() % open.size();
      Planned& p = planned_[open[at]];
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
      p.txn.end = -1;
      if (random_() % 10 == 0) {  // never answered: another process takes its place
        free.push_back(next_process++);
        continue;
      }
      p.txn.end = time++;
      free.push_back(p.txn.process);
      if (random_() % 6 == 0) p.txn.outcome = random_() % 2 == 0 ? EventType::fail : EventType::info;
    }
  }

  /// In the order of beginnings, each on the current state or, now and then, on an older one or with lost appends.
  void run() {
    std::vector<State> states{{}};
    for (Planned& p : planned_) {
      const bool failed = p.txn.outcome == EventType::fail;
      const bool wrong = random_() % 2 == 0;
      const std::size_t age = wrong ? random_() % states.size() : 0;
      State seen = states[states.size() - 1 - age];
      p.answered = execute(p.ops, seen);
      State next = states.back();
      execute(p.ops, next);
      const bool dropped = wrong && random_() % 3 == 0;
      if ((failed && random_() % 8 != 0) || dropped) next = states.back();
      if (p.txn.outcome != EventType::ok && !failed && random_() % 2 == 0) next = states.back();
      states.push_back(next);
    }
    // Orders other than that of the beginnings, where the intervals allow them.
    if (planned_.size() > 1 && random_() % 3 == 0) {
      const std::size_t i = random_() % (planned_.size() - 1);
      std::swap(planned_[i].txn.begin, planned_[i + 1].txn.begin);
      std::swap(planned_[i].txn.end, planned_[i + 1].txn.end);
      std::swap(planned_[i].txn.process, planned_[i + 1].txn.process);
      std::swap(planned_[i].txn.outcome, planned_[i + 1].txn.outcome);
    }
  }

  std::mt19937 random_;
  std::vector<Planned> planned_;
  std::vector<Txn> transactions_;
};

bool must_precede(const Txn& a, const Txn& b, Order order) {
  if (order == Order::data || a.outcome != EventType::ok || a.end < 0 || a.end > b.begin) return false;
  if (order == Order::real_time) return true;
  return a.process == b.process && b.outcome == EventType::ok && b.end >= 0;
}

bool is_explained(const std::vector<Planned>& planned, Order order) {
  std::vector<std::size_t> certain;
  std::vector<std::size_t> unknown;
  for (std::size_t i = 0; i < planned.size(); ++i) {
    const Txn& t = planned[i].txn;
    if (t.end >= 0 && t.outcome == EventType::fail) continue;
    (t.end >= 0 && t.outcome == EventType::ok ? certain : unknown).push_back(i);
  }
  for (std::uint32_t chosen = 0; chosen < 1U << unknown.size(); ++chosen) {
    std::vector<std::size_t> in = certain;
    for (std::size_t i = 0; i < unknown.size(); ++i) {
      if (chosen >> i & 1) in.push_back(unknown[i]);
    }
    std::ranges::sort(in);
    do {
      State state;
      bool fits = true;
      for (std::size_t i = 0; fits && i < in.size(); ++i) {
        for (std::size_t j = i + 1; fits && j < in.size(); ++j) {
          fits = !must_precede(planned[in[j]].txn, planned[in[i]].txn, order);
        }
        const Planned& p = planned[in[i]];
        const std::string done = execute(p.ops, state);
        if (p.txn.outcome == EventType::ok && p.txn.end >= 0) fits = fits && done == p.answered;
      }
      if (fits) return true;
    } while (std::ranges::next_permutation(in).found);
  }
  return false;
}

}  // namespace

TEST_CASE("list-append: agrees with trying all orders") {
  std::uint32_t explained = 0;
  for (std::uint32_t seed = 0; seed < rounds; ++seed) {
    const RandomExecution execution(seed);
    const History history = execution.history();
    for (const Order order : {Order::data, Order::process, Order::real_time}) {
      const bool expected = is_explained(execution.planned(), order);
      const std::set<std::string> found = anomalies(history, order);
      std::string shown;
      for (const Planned& p : execution.planned()) {
        shown += fmt::format("process {} [{}, {}] {} {}\n", p.txn.process, p.txn.begin, p.txn.end,
                             to_string(p.txn.outcome), p.answered);
      }
      for (const std::string& name : found) shown += name + " ";
      INFO("seed " << seed << ", order " << static_cast<int>(order) << "\n" << shown);
      REQUIRE(found.empty() == expected);
      explained += expected ? 1 : 0;
    }
  }
  // Neither nearly all nor nearly none, or it would prove little.
  CHECK(explained > rounds / 2);
  CHECK(explained < 11 * rounds / 4);
}
