#include "reports/check/projection.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace heir::reports {

namespace {

class Copy {
 public:
  Copy(const History& whole, const Projection& projection) : whole_(whole), projection_(projection) {}

  History run() {
    if (!whole_.timed()) part_.set_untimed();
    if (!whole_.real_time()) part_.set_sessions_only();
    std::vector<std::pair<std::uint32_t, std::uint32_t>> events;
    for (const std::uint32_t i : projection_.ops) {
      const Operation& op = whole_.operations()[i];
      if (op.begin < projection_.until) events.emplace_back(op.begin, i);
      if (op.end < projection_.until) events.emplace_back(op.end, i);
    }
    std::ranges::sort(events);
    for (const auto& [at, i] : events) add(at, i);
    return std::move(part_);
  }

 private:
  void add(std::uint32_t at, std::uint32_t i) {
    const Operation& op = whole_.operations()[i];
    if (at == op.begin) {
      part_.invoke(op.process, op.function, key(op.key), value(op.argument, op.key, i), op.invoked);
    } else if (op.ok()) {
      part_.ok_read(op.process, value(op.result, op.key, i), op.completed, op.by);
    } else if (op.failed()) {
      part_.fail(op.process, op.completed, op.by);
    } else {
      part_.info(op.process, op.completed, op.by);
    }
  }

  KeyId key(KeyId of_whole) { return part_.key_from_text(whole_.key_text(of_whole)); }

  /// Of operation `i`; lists are of the key `of`.
  Value value(Value v, KeyId of, std::uint32_t i) {
    switch (v.kind()) {
      case ValueKind::integer:
      case ValueKind::nil: return v;
      case ValueKind::text: return text(v);
      case ValueKind::pair: {
        const Value first = value(whole_.first(v), of, i);
        return part_.pair(first, value(whole_.second(v), of, i));
      }
      case ValueKind::list: {
        std::vector<Value> elements;
        for (const Value element : whole_.elements(v.list())) {
          if (!projection_.has_element || projection_.has_element(of, element))
            elements.push_back(value(element, of, i));
        }
        return part_.list(key(of), elements);
      }
      case ValueKind::micro_ops: {
        std::vector<MicroOp> ops;
        for (const MicroOp& op : whole_.micro_ops(v)) {
          if (projection_.has_micro_op && !projection_.has_micro_op(i, op)) continue;
          ops.push_back({op.function, key(op.key), value(op.value, op.key, i)});
        }
        return part_.micro_ops(ops);
      }
    }
    return v;
  }

  Value text(Value v) {
    // A literal is no text, though both be "1.5".
    const std::string& text = whole_.text_of(v);
    return whole_.value_text(v) == text ? part_.literal(text) : part_.text(text);
  }

  const History& whole_;
  const Projection& projection_;
  History part_;
};

}  // namespace

History project(const History& whole, const Projection& projection) {
  return Copy(whole, projection).run();
}

}  // namespace heir::reports
