// Hand-made histories: each operation with its interval, turned into events in order of time.
#pragma once

#include <algorithm>
#include <vector>

#include "reports/history/history.h"

namespace heir::reports::test {

struct Op {
  std::uint32_t process = 0;
  Function function = Function::read;
  std::vector<std::int64_t> values;  ///< Written; or read: none is nil (or the empty list).
  std::int64_t begin = 0;            ///< Milliseconds.
  std::int64_t end = 0;              ///< Negative: no end at all.
  EventType outcome = EventType::ok;
  Answerer by = {};
};

/// All on key 5. Of events at the same time, the endings of earlier ones come first.
inline History build(const std::vector<Op>& ops, bool lists = false) {
  struct Moment {
    std::int64_t time;
    bool begins;
    std::size_t op;
  };
  std::vector<Moment> moments;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    moments.push_back({ops[i].begin, true, i});
    if (ops[i].end >= 0) moments.push_back({ops[i].end, false, i});
  }
  std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) {
    return a.time != b.time ? a.time < b.time : !a.begins && b.begins;
  });
  History history;
  const KeyId key = history.key(5);
  for (const Moment& m : moments) {
    const Op& op = ops[m.op];
    const ProcessId process(op.process);
    const HistoryTime time = HistoryTime::from_ns(m.time * 1'000'000);
    if (m.begins) {
      history.invoke(process, op.function, key, is_read(op.function) ? Value::nil() : Value::integer(op.values[0]),
                     time);
    } else if (op.outcome == EventType::info) {
      history.info(process, time, op.by);
    } else if (op.outcome == EventType::fail) {
      history.fail(process, time, op.by);
    } else if (!is_read(op.function)) {
      history.ok(process, time, op.by);
    } else if (lists) {
      history.ok_read(process, op.values, time, op.by);
    } else {
      history.ok_read(process, op.values.empty() ? Value::nil() : Value::integer(op.values[0]), time, op.by);
    }
  }
  return history;
}

}  // namespace heir::reports::test
