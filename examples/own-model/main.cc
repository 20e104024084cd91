// A checker of your own: a register that keeps the largest number it was given. `own-model h.jsonl` judges a history.
#include <algorithm>
#include <cstdio>

#include "reports/check/search/search.h"
#include "reports/history/format.h"

using namespace heir::reports;

struct LargestSoFar {
  using State = std::int64_t;
  State initial() const { return 0; }
  /// May `op` take effect now, with the answer it had? Then the state becomes what it is after it.
  bool apply(State& largest, const Operation& op) const {
    if (op.function == Function::read) return op.result == Value::integer(largest);
    largest = std::max(largest, op.argument.number());
    return op.function == Function::write;
  }
};

int main(int count, char** arguments) {
  const heir::Result<History> history = read_history(count > 1 ? arguments[1] : "/dev/stdin");
  if (!history) return std::fprintf(stderr, "%s\n", history.error().message.c_str()), 2;
  const Judgement judgement = judge(LargestSoFar(), *history);
  if (judgement.answer == Judgement::Answer::valid) return std::puts("valid"), 0;
  if (judgement.failures.empty()) return std::printf("unknown: %s\n", judgement.reason.c_str()), 3;
  return std::printf("invalid: %s\n", judgement.failures[0].message.c_str()), 1;
}
