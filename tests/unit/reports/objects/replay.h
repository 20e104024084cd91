// Recording a history again, event by event.
#pragma once

#include <vector>

#include "reports/history/history.h"

namespace heir::reports::test {

class Replay {
 public:
  explicit Replay(const History& from) : from_(from) {
    if (!from.timed()) history.set_untimed();
  }

  /// Adds the next event.
  void step() {
    const std::size_t event = history.size();
    const Operation& op = from_.operations()[from_.operation_of(event)];
    const KeyId key = history.key_from_text(from_.key_text(op.key));
    if (!from_.is_end(event)) {
      history.invoke(op.process, op.function, key, copy(op.argument, key), op.invoked);
      ops.push_back(static_cast<std::uint32_t>(ops.size()));
    } else if (op.ok()) {
      history.ok_read(op.process, copy(op.result, key), op.completed, op.by);
    } else if (op.failed()) {
      history.fail(op.process, op.completed, op.by);
    } else {
      history.info(op.process, op.completed, op.by);
    }
  }

  History history;
  std::vector<std::uint32_t> ops;  ///< All operations.

 private:
  Value copy(Value value, KeyId key) {
    switch (value.kind()) {
      case ValueKind::text: return history.text(from_.text_of(value));
      case ValueKind::pair: return history.pair(copy(from_.first(value), key), copy(from_.second(value), key));
      case ValueKind::list: {
        std::vector<Value> elements = from_.elements(value.list());
        for (Value& element : elements) element = copy(element, key);
        return history.list(key, elements);
      }
      default: return value;
    }
  }

  const History& from_;
};

}  // namespace heir::reports::test
