// The session checks against their definitions, tried out literally, on small random histories.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "random_histories.h"
#include "reports/check/sessions/sessions.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

enum Guarantee { own_writes, reads, writes, follow };
using Violated = std::array<bool, 4>;

/// One session's operations that count, in its order.
using Sessions = std::map<std::uint32_t, std::vector<Operation>>;

Sessions sessions_of(const History& history) {
  Sessions sessions;
  for (const Operation& op : history.operations()) {
    if (op.failed() || (is_read(op.function) && !op.ok())) continue;
    sessions[op.process.value()].push_back(op);
  }
  return sessions;
}

// ---- Registers: is there an order of the versions that keeps a guarantee?

class Orders {
 public:
  explicit Orders(const History& history) : sessions_(sessions_of(history)) {
    for (const auto& [process, ops] : sessions_) {
      for (const Operation& op : ops) {
        if (!is_read(op.function)) writes_.push_back(op);
      }
    }
  }
  /// Does some order keep all the guarantees at once?
  bool keep(std::vector<Guarantee> wanted) {
    std::sort(writes_.begin(), writes_.end(), [](auto& a, auto& b) { return a.begin < b.begin; });
    std::vector<std::size_t> order(writes_.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    do {
      places_.clear();
      for (std::size_t i = 0; i < order.size(); ++i)
        places_[writes_[order[i]].argument.bits()] = static_cast<int>(i) + 1;
      const bool kept =
          in_time(order) && std::all_of(wanted.begin(), wanted.end(), [&](Guarantee g) { return keeps(g); });
      if (kept) return true;
    } while (std::next_permutation(order.begin(), order.end()));
    return false;
  }

 private:
  bool in_time(const std::vector<std::size_t>& order) const {
    for (std::size_t i = 0; i < order.size(); ++i) {
      for (std::size_t j = i + 1; j < order.size(); ++j) {
        const Operation &first = writes_[order[i]], &second = writes_[order[j]];
        if (second.ok() && second.end < first.begin) return false;
      }
    }
    return true;
  }
  /// 0 for nil; nothing for a value that nobody wrote.
  std::optional<int> place(Value value) const {
    if (value.is_nil()) return 0;
    const auto at = places_.find(value.bits());
    return at == places_.end() ? std::nullopt : std::optional(at->second);
  }
  bool keeps(Guarantee guarantee) const {
    for (const auto& [process, ops] : sessions_) {
      for (std::size_t i = 0; i < ops.size(); ++i) {
        for (std::size_t j = i + 1; j < ops.size(); ++j) {
          const bool first_reads = is_read(ops[i].function), second_reads = is_read(ops[j].function);
          const auto first = place(ops[i].value()), second = place(ops[j].value());
          if (!first || !second) continue;
          bool concerned = false;
          switch (guarantee) {
            case own_writes: concerned = !first_reads && ops[i].ok() && second_reads; break;
            case reads: concerned = first_reads && second_reads; break;
            case writes: concerned = !first_reads && !second_reads; break;
            case follow: concerned = first_reads && !second_reads; break;
          }
          if (concerned && *first > *second) return false;
        }
      }
    }
    return true;
  }

  Sessions sessions_;
  std::vector<Operation> writes_;
  std::map<std::int64_t, int> places_;
};

// ---- Lists and sets: as Terry et al. say it.

class Visible {
 public:
  Visible(const History& history, bool ordered)
      : history_(history), ordered_(ordered), sessions_(sessions_of(history)) {
    for (const auto& [process, ops] : sessions_) {
      for (const Operation& op : ops) {
        if (!is_read(op.function)) written_.push_back(op.argument.bits());
      }
    }
  }
  Violated violated() const {
    Violated violated{};
    for (const auto& [process, ops] : sessions_) {
      for (std::size_t i = 0; i < ops.size(); ++i) {
        const bool first_reads = is_read(ops[i].function);
        bool next_read = true;  // the first read after i
        for (std::size_t j = i + 1; j < ops.size(); ++j) {
          const bool second_reads = is_read(ops[j].function);
          if (second_reads) {
            if (!first_reads && ops[i].ok() && !has(list(ops[j]), ops[i].argument)) violated[own_writes] = true;
            if (first_reads && next_read && !extends(ops[i], ops[j])) violated[reads] = true;
            next_read = false;
            continue;
          }
          if (!first_reads && ops[i].ok() && seen_without(ops[j].argument, ops[i].argument)) violated[writes] = true;
          if (!first_reads) continue;
          for (const Value element : list(ops[i])) {
            if (seen_without(ops[j].argument, element)) violated[follow] = true;
          }
        }
      }
    }
    return violated;
  }

 private:
  /// What somebody wrote, once.
  std::vector<Value> list(const Operation& read) const {
    std::vector<Value> elements;
    if (read.result.kind() != ValueKind::list) return elements;
    for (const Value element : history_.elements(read.result.list())) {
      const bool known = std::find(written_.begin(), written_.end(), element.bits()) != written_.end();
      if (known && !has(elements, element)) elements.push_back(element);
    }
    return elements;
  }
  static bool has(const std::vector<Value>& elements, Value element) {
    return std::find(elements.begin(), elements.end(), element) != elements.end();
  }
  /// Is all that was written and seen still there, in a list at its place?
  bool extends(const Operation& earlier, const Operation& later) const {
    const std::vector<Value> known = list(earlier), now = list(later);
    return std::all_of(known.begin(), known.end(),
                       [&](Value e) { return has(now, e) && (!ordered_ || place(earlier, e) == place(later, e)); });
  }
  std::ptrdiff_t place(const Operation& read, Value element) const {
    const std::vector<Value> elements = history_.elements(read.result.list());
    return std::find(elements.begin(), elements.end(), element) - elements.begin();
  }
  /// Is there a read that shows `element`, but not `needed` (before it, in a list)?
  bool seen_without(Value element, Value needed) const {
    if (element == needed) return false;
    for (const auto& [process, ops] : sessions_) {
      for (const Operation& read : ops) {
        if (!is_read(read.function)) continue;
        const std::vector<Value> elements = list(read);
        const auto at = std::find(elements.begin(), elements.end(), element);
        const auto of_needed = std::find(elements.begin(), ordered_ ? at : elements.end(), needed);
        if (at != elements.end() && of_needed == (ordered_ ? at : elements.end())) return true;
      }
    }
    return false;
  }

  const History& history_;
  bool ordered_;
  Sessions sessions_;
  std::vector<std::int64_t> written_;
};

}  // namespace

TEST_CASE("registers: as trying every order of the versions says") {
  std::size_t own = 0, back = 0, together = 0;
  for (std::uint64_t seed = 0; seed < rounds(30'000); ++seed) {
    const RandomHistory random = random_history({.model = Model::register_, .processes = 3, .unique = true}, seed);
    const SessionReport report = check_sessions(random.history);
    INFO("seed " << seed << "\n"
                 << to_text(random.history) << (report.failures.empty() ? "" : report.failures[0].message));
    REQUIRE(report.notes.empty());
    Orders orders(random.history);
    const bool own_kept = orders.keep({own_writes}), reads_kept = orders.keep({reads});
    const bool all_kept = orders.keep({own_writes, reads, writes, follow});
    REQUIRE((report.found[own_writes] == 0) == own_kept);
    REQUIRE((reads_kept || report.found[reads] > 0));
    REQUIRE(report.failures.empty() == all_kept);
    if (reads_kept && report.found[reads] > 0) REQUIRE(!orders.keep({own_writes, reads}));
    own += own_kept ? 0 : 1;
    back += reads_kept ? 0 : 1;
    together += own_kept && reads_kept && !all_kept ? 1 : 0;
  }
  CHECK(own > rounds(30'000) / 100);
  CHECK(back > rounds(30'000) / 100);
  CHECK(together > 0);
}

namespace {

/// The same with `add` for `append`: its lists are sets then.
History as_sets(const History& lists) {
  History sets;
  std::vector<Value> elements;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    Event event = lists.event(i);
    if (event.key != no_key) event.key = sets.key(std::string_view(lists.key_text(event.key)));
    if (event.function == Function::append) event.function = Function::add;
    if (event.value.kind() == ValueKind::list) {
      lists.elements(event.value.list(), elements);
      event.value = sets.list(event.key, elements);
    }
    REQUIRE(!sets.add(event));
  }
  return sets;
}

}  // namespace

TEST_CASE("lists and sets: as the definitions say") {
  const bool ordered = GENERATE(true, false);
  std::array<std::size_t, 4> times{};
  for (std::uint64_t seed = 0; seed < rounds(30'000); ++seed) {
    const RandomHistory random =
        random_history({.model = Model::append, .operations = 9, .processes = 3, .unique = true}, seed);
    const History history = ordered ? random.history : as_sets(random.history);
    const SessionReport report = check_sessions(history);
    INFO("seed " << seed << "\n" << to_text(history) << (report.failures.empty() ? "" : report.failures[0].message));
    REQUIRE(report.notes.empty());
    const Violated violated = Visible(history, ordered).violated();
    for (std::size_t g = 0; g < violated.size(); ++g) {
      if (report.found[g] > 0) REQUIRE(violated[g]);
      times[g] += violated[g] ? 1 : 0;
    }
    // One thing that is wrong has one name: what was read once and then not is the reads' fault, whosoever wrote it;
    // what was seen before a write that is gone is the writes' fault.
    REQUIRE((report.found[reads] > 0) == violated[reads]);
    REQUIRE((report.found[writes] > 0) == violated[writes]);
    if (violated[own_writes]) REQUIRE(report.found[own_writes] + report.found[reads] > 0);
    if (violated[follow]) REQUIRE(report.found[follow] + report.found[writes] > 0);
  }
  for (std::size_t g = 0; g < times.size(); ++g) {
    INFO("guarantee " << g);
    CHECK(times[g] > rounds(30'000) / 300);
  }
}
