// Whenever the time is over, what is said is right, or that it is not known.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "random_histories.h"
#include "reports/check/check.h"
#include "reports/history/format.h"

using namespace heir::reports;
using namespace heir::reports::test;

namespace {

/// Over when it is asked for the n-th time.
OutOfTime after(int n) {
  return [n]() mutable { return --n < 0; };
}

Verdict judged(const History& history, CheckOptions options, OutOfTime is_over) {
  options.limits.out_of_time = std::move(is_over);
  const auto verdict = check(history, options);
  REQUIRE(verdict);
  return *verdict;
}

/// The verdict in time, and with ever more of it.
void compare(const History& history, const CheckOptions& options) {
  const Outcome whole = judged(history, options, {}).outcome;
  const Verdict none = judged(history, options, after(0));
  CHECK(none.outcome == Outcome::unknown);
  REQUIRE_FALSE(none.unknowns.empty());
  CHECK(none.unknowns[0].find("the time") != std::string::npos);
  for (const int asked : {1, 2, 3, 5, 8, 13}) {
    const Outcome outcome = judged(history, options, after(asked)).outcome;
    CHECK((outcome == Outcome::unknown || outcome == whole));
  }
}

}  // namespace

TEST_CASE("deadline: objects") {
  for (const Model model : {Model::register_, Model::cas_register, Model::mutex, Model::kv, Model::append, Model::set,
                            Model::counter, Model::queue, Model::stack, Model::deque, Model::priority_queue,
                            Model::semaphore, Model::rmw_register, Model::lease, Model::multi_register}) {
    INFO(to_string(model));
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      CheckOptions options;
      options.model = model;
      compare(random_history({.model = model, .keys = 2, .unique = seed % 2 == 0}, seed).history, options);
    }
  }
}

TEST_CASE("deadline: transactions") {
  const std::string corpus = std::string(HEIR_SOURCE_DIR) + "/tests/histories/elle-corpus/";
  for (const char* const file : {"mutation-rw-register/stale_read-03.edn", "cycle-list-append/", "cycle-rw-register/",
                                 "cycle-closed-predicate/"}) {
    const std::string path = corpus + file;
    std::vector<std::string> files{path};
    if (path.back() == '/') {
      files.clear();
      for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
      std::ranges::sort(files);
      if (files.size() > 12) files.resize(12);
    }
    for (const std::string& each : files) {
      INFO(each);
      const auto history = read_history(each);
      REQUIRE(history);
      CheckOptions options;
      options.model = each.find("list-append") != std::string::npos   ? Model::list_append
                      : each.find("rw-register") != std::string::npos ? Model::rw_register
                                                                      : Model::closed_predicate;
      compare(*history, options);
    }
  }
}

TEST_CASE("deadline: what was found by then stays a proof") {
  // A stale read; then the search for something smaller has no time.
  History history;
  const KeyId key = history.key("x");
  std::int64_t now = 0;
  const auto at = [&] { return HistoryTime::from_ns(++now); };
  const auto write = [&](std::int64_t value) {
    history.invoke(ProcessId(1), Function::write, key, Value::integer(value), at());
    history.ok(ProcessId(1), at());
  };
  write(1);
  write(2);
  history.invoke(ProcessId(2), Function::read, key, Value::nil(), at());
  history.ok_read(ProcessId(2), Value::integer(1), at());
  CheckOptions options;
  const auto verdict = check(history, options);
  REQUIRE(verdict);
  REQUIRE(verdict->outcome == Outcome::fail);
  CHECK(prove(history, *verdict, options).size() == 1);
  options.limits.out_of_time = [] { return true; };
  CHECK(prove(history, *verdict, options).empty());
}
