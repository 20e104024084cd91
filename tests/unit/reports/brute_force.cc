#include "brute_force.h"

#include <algorithm>

#include "engine/base/assert.h"
#include "random_histories.h"

namespace heir::reports::test {

namespace {

Answer impossible() {
  Answer answer;
  answer.possible = false;
  return answer;
}
Answer nothing() {
  return {};
}
Answer value(Value v) {
  Answer answer;
  answer.kind = Answer::Kind::value;
  answer.values = {v};
  return answer;
}
Answer number(std::int64_t n) {
  return value(Value::integer(n));
}

/// Integers by size, then others by their text's number: any fixed order would do.
bool less(Value a, Value b) {
  return a.bits() < b.bits();
}

/// The value of a register; `initial` before anything was written.
Value& single(Contents& contents, Value initial = Value::nil()) {
  if (contents.values.empty()) contents.values.push_back(initial);
  return contents.values[0];
}

std::int64_t amount(const Operation& op) {
  return op.argument.is_nil() ? 1 : op.argument.number();
}

Answer take(std::vector<Value>& values, bool front, bool remove) {
  if (values.empty()) return value(Value::nil());
  const auto at = front ? values.begin() : values.end() - 1;
  const Value taken = *at;
  if (remove) values.erase(at);
  return value(taken);
}

Answer on_register(const History& history, Contents& contents, const Operation& op) {
  Value& now = single(contents);
  if (op.function == Function::read) return value(now);
  if (op.function == Function::write) {
    now = op.argument;
    return nothing();
  }
  if (op.function == Function::read_modify_write) {
    const Value before = now;
    now = op.argument;
    return value(before);
  }
  ASSERT(op.function == Function::cas);
  if (now != history.first(op.argument)) return number(0);
  now = history.second(op.argument);
  return number(1);
}

Answer on_text(const History& history, Contents& contents, const Operation& op) {
  if (op.function == Function::read) {
    Answer answer;
    answer.kind = Answer::Kind::text;
    answer.text = contents.text;
    return answer;
  }
  if (op.function == Function::write) contents.text.clear();
  contents.text += history.text_of(op.argument);
  return nothing();
}

Answer on_set(Contents& contents, const Operation& op) {
  std::vector<Value>& values = contents.values;
  if (op.function == Function::read) {
    Answer answer;
    answer.kind = Answer::Kind::set;
    answer.values = values;
    return answer;
  }
  const auto at = std::lower_bound(values.begin(), values.end(), op.argument, less);
  const bool there = at != values.end() && *at == op.argument;
  if (op.function == Function::contains) return number(there ? 1 : 0);
  if (op.function == Function::add) {
    if (!there) values.insert(at, op.argument);
    return number(there ? 0 : 1);
  }
  ASSERT(op.function == Function::remove);
  if (there) values.erase(at);
  return number(there ? 1 : 0);
}

Answer on_elements(Model model, Contents& contents, const Operation& op, bool greatest_first) {
  std::vector<Value>& values = contents.values;
  const bool from_back = model == Model::stack || greatest_first;
  switch (op.function) {
    case Function::append:
    case Function::push:
    case Function::push_back: values.push_back(op.argument); return nothing();
    case Function::push_front: values.insert(values.begin(), op.argument); return nothing();
    case Function::enqueue:
      values.push_back(op.argument);
      if (model == Model::priority_queue) std::sort(values.begin(), values.end(), less);
      return nothing();
    case Function::dequeue: return take(values, !from_back, true);
    case Function::pop_front: return take(values, true, true);
    case Function::pop:
    case Function::pop_back: return take(values, false, true);
    case Function::peek: return take(values, !from_back, false);
    case Function::peek_front: return take(values, true, false);
    case Function::peek_back: return take(values, false, false);
    case Function::read:
    case Function::drain: {
      Answer answer;
      answer.kind = Answer::Kind::list;
      answer.values = values;
      if (op.function == Function::drain) values.clear();
      return answer;
    }
    default: ASSERT(false, "a function that the model does not have");
  }
  return impossible();
}

Answer on_number(Contents& contents, const Operation& op) {
  Value& now = single(contents, Value::integer(0));
  const std::int64_t before = now.number();
  switch (op.function) {
    case Function::read: return value(now);
    case Function::add: now = Value::integer(before + op.argument.number()); return nothing();
    case Function::increment: now = Value::integer(before + amount(op)); return number(1);
    case Function::decrement:
      if (before < amount(op)) return number(0);
      now = Value::integer(before - amount(op));
      return number(1);
    default: ASSERT(false, "a function that the model does not have");
  }
  return impossible();
}

Answer on_mutex(Contents& contents, const Operation& op) {
  Value& held = single(contents, Value::integer(0));
  const std::int64_t needed = op.function == Function::acquire ? 0 : 1;
  if (held.number() != needed) return impossible();
  held = Value::integer(1 - needed);
  return nothing();
}

Answer on_lease(Contents& contents, const Operation& op) {
  if (contents.values.empty()) contents.values = {Value::integer(0), Value::nil(), Value::nil(), Value::integer(0)};
  Value& held = contents.values[0];
  Value& holder = contents.values[1];
  Value& token = contents.values[2];
  Value& greatest = contents.values[3];
  const Value process = Value::integer(op.process.value());
  if (op.function == Function::acquire) {
    const Value given = op.ok() ? op.result : Value::nil();
    if (held.number() == 1) return impossible();
    if (!given.is_nil() && given.number() <= greatest.number()) return impossible();
    held = Value::integer(1);
    holder = process;
    token = given;
    // A token that nobody saw is at least the next one.
    greatest = given.is_nil() ? Value::integer(greatest.number() + 1) : given;
    return value(given);
  }
  if (held.number() == 0) return impossible();
  if (op.argument.is_nil()) {
    if (holder != process) return impossible();
  } else if (token.is_nil()) {
    if (op.argument.number() < greatest.number()) return impossible();
    greatest = op.argument;
  } else if (token != op.argument) {
    return impossible();
  }
  held = Value::integer(0);
  return nothing();
}

Answer on_registers(const History& history, State& state, const Operation& op) {
  if (op.function != Function::transaction) return on_register(history, state[op.key.value()], op);
  Answer answer;
  answer.kind = Answer::Kind::micro_ops;
  for (MicroOp micro : history.micro_ops(op.argument)) {
    Value& now = single(state[micro.key.value()]);
    if (micro.function == Function::read) {
      micro.value = now;
    } else {
      now = micro.value;
    }
    answer.micro_ops.push_back(micro);
  }
  return answer;
}

/// Places one operation after the other, and takes them back.
class Enumerator {
 public:
  Enumerator(Model model, const History& history, std::vector<Operation> ops, bool greatest_first = false)
      : model_(model),
        history_(history),
        ops_(std::move(ops)),
        placed_(ops_.size(), false),
        greatest_first_(greatest_first) {}

  bool place(const State& state) {
    bool complete = true;
    for (std::size_t i = 0; i < ops_.size(); ++i) complete &= placed_[i] || ops_[i].unknown();
    if (complete) return true;
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      if (placed_[i] || preceded(i)) continue;
      State next = state;
      const Answer answer = execute(model_, history_, next, ops_[i], greatest_first_);
      if (!answer.possible || (ops_[i].ok() && !agrees(model_, history_, ops_[i], answer))) continue;
      placed_[i] = true;
      const bool found = place(next);
      placed_[i] = false;
      if (found) return true;
    }
    return false;
  }

 private:
  /// By an operation that is not placed yet and must be.
  bool preceded(std::size_t i) const {
    for (std::size_t j = 0; j < ops_.size(); ++j) {
      if (!placed_[j] && ops_[j].ok() && ops_[j].end < ops_[i].begin) return true;
    }
    return false;
  }

  Model model_;
  const History& history_;
  std::vector<Operation> ops_;
  std::vector<bool> placed_;
  bool greatest_first_;
};

}  // namespace

Answer execute(Model model, const History& history, State& state, const Operation& op, bool greatest_first) {
  if (model == Model::multi_register) return on_registers(history, state, op);
  Contents& contents = state[op.key.value()];
  switch (model) {
    case Model::register_:
    case Model::cas_register:
    case Model::rmw_register: return on_register(history, contents, op);
    case Model::kv: return on_text(history, contents, op);
    case Model::set: return on_set(contents, op);
    case Model::counter:
    case Model::semaphore: return on_number(contents, op);
    case Model::mutex: return on_mutex(contents, op);
    case Model::lease: return on_lease(contents, op);
    case Model::append:
    case Model::queue:
    case Model::stack:
    case Model::priority_queue:
    case Model::deque: return on_elements(model, contents, op, greatest_first);
    default: ASSERT(false, "brute force does not know this model");
  }
  return impossible();
}

bool agrees(Model model, const History& history, const Operation& op, const Answer& answer) {
  const Value result = op.result;
  switch (answer.kind) {
    case Answer::Kind::nothing: return true;
    case Answer::Kind::value:
      if (result == answer.values[0]) return true;
      if (!result.is_nil()) return false;
      switch (op.function) {
        case Function::add:
        case Function::remove: return true;
        case Function::cas:
        case Function::increment:
        case Function::decrement: return answer.values[0] == Value::integer(1);
        case Function::read: return model == Model::counter && answer.values[0] == Value::integer(0);
        default: return false;
      }
    case Answer::Kind::list:
    case Answer::Kind::set: {
      std::vector<Value> elements;
      if (result.kind() == ValueKind::list) elements = history.elements(result.list());
      if (answer.kind == Answer::Kind::set) std::sort(elements.begin(), elements.end(), less);
      return elements == answer.values && (result.is_nil() || result.kind() == ValueKind::list);
    }
    case Answer::Kind::text:
      return result.is_nil() ? answer.text.empty()
                             : result.kind() == ValueKind::text && history.text_of(result) == answer.text;
    case Answer::Kind::micro_ops:
      return std::ranges::equal(history.micro_ops(result), answer.micro_ops, [](const MicroOp& a, const MicroOp& b) {
        return a.function == b.function && a.key == b.key && a.value == b.value;
      });
  }
  return false;
}

bool linearizable_by_brute_force(Model model, const Object& object) {
  std::vector<Operation> ops;
  for (std::size_t i = 0; i < object.size(); ++i) {
    const Operation& op = object.operation(i);
    // What failed never happened; what a standby shows has no place in the order.
    if (!op.failed() && op.function != Function::read_standby) ops.push_back(op);
  }
  if (model == Model::priority_queue && Enumerator(model, *object.history, ops, true).place({})) return true;
  return Enumerator(model, *object.history, std::move(ops)).place({});
}

bool linearizable_by_brute_force(Model model, const History& history) {
  const std::vector<std::uint32_t> ops = operations_of(history);
  return linearizable_by_brute_force(model, Object{&history, no_key, ops});
}

}  // namespace heir::reports::test
