#include "reports/history/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/assert.h"

#include "reports/history/json_text.h"

namespace heir::reports {

namespace {

/// A chain of forks longer than this is copied flat, so that reading a list stays proportional to its length.
constexpr std::uint32_t max_depth = 64;

/// Keys that are numbers below this are found without a hash.
constexpr std::int64_t small_keys = 1 << 16;

constexpr std::array<std::string_view, 30> function_names{
    "read",         "write",     "cas",         "append",     "add",
    "read-standby", "remove",    "contains",    "enqueue",    "dequeue",
    "peek",         "drain",     "push",        "pop",        "push-front",
    "push-back",    "pop-front", "pop-back",    "peek-front", "peek-back",
    "acquire",      "release",   "increment",   "decrement",  "read-modify-write",
    "generate",     "transfer",  "transaction", "initialize", "predicate-read"};
/// Their `ok` has no result; many recorders repeat the argument there.
constexpr bool answers_nothing(Function f) {
  return f == Function::write || f == Function::append || f == Function::add || f == Function::enqueue ||
         f == Function::push || f == Function::push_front || f == Function::push_back || f == Function::release ||
         f == Function::transfer;
}

/// What the invocation of a function must have as its argument; empty if it is free.
constexpr std::string_view missing_argument(Function f, Value argument) {
  switch (f) {
    case Function::write:
    case Function::append:
    case Function::add:
    case Function::remove:
    case Function::contains:
    case Function::enqueue:
    case Function::push:
    case Function::push_front:
    case Function::push_back:
    case Function::read_modify_write: return argument.is_nil() ? "a value" : "";
    case Function::cas: return argument.kind() != ValueKind::pair ? "a pair of values, expected and new" : "";
    case Function::transaction:
    case Function::transfer:
    case Function::initialize: return argument.kind() != ValueKind::micro_ops ? "a list of micro-operations" : "";
    case Function::predicate_read: return "a transaction around it";
    default: return "";
  }
}

static_assert(function_names.size() == static_cast<std::size_t>(Function::predicate_read) + 1);

}  // namespace

const char* to_string(EventType type) {
  switch (type) {
    case EventType::invoke: return "invoke";
    case EventType::ok: return "ok";
    case EventType::fail: return "fail";
    case EventType::info: return "info";
  }
  return "?";
}

const char* to_string(Function function) {
  return function_names[static_cast<std::size_t>(function)].data();
}

std::optional<Function> function_named(std::string_view name) {
  for (std::size_t i = 0; i < function_names.size(); ++i) {
    if (name == function_names[i]) return static_cast<Function>(i);
  }
  return std::nullopt;
}

History::History() : nodes_(1) {
  intern("");
}

KeyId History::key(std::int64_t number) {
  const bool small = number >= 0 && number < small_keys;
  if (small && static_cast<std::size_t>(number) < small_keys_.size()) {
    const KeyId known = small_keys_[static_cast<std::size_t>(number)];
    if (known != no_key) return known;
  }
  const KeyId key = intern(std::to_string(number));
  if (small) {
    if (static_cast<std::size_t>(number) >= small_keys_.size())
      small_keys_.resize(static_cast<std::size_t>(number) + 1);
    small_keys_[static_cast<std::size_t>(number)] = key;
  }
  return key;
}

KeyId History::key(std::string_view name) {
  return intern(json_string(name));
}

KeyId History::intern(std::string_view text) {
  const std::uint32_t number = keys_.number(text);
  if (number == heads_.size()) heads_.push_back(0);
  return KeyId(number);
}

void History::reserve(std::size_t operations) {
  operations_.reserve(operations);
  order_.reserve(operations * 2);
}

void History::invoke(ProcessId process, Function function, KeyId key, Value argument, HistoryTime time) {
  ASSERT(process.value() <= max_process && key.value() < keys_.size());
  ASSERT(!is_read(function) || argument.is_nil(), "a read invoked with a value");
  ASSERT(latest_ <= time.ns(), "time goes backwards");
  if (process.value() >= open_.size()) open_.resize(process.value() + 1, 0);
  ASSERT(open_[process.value()] == 0, fmt::format("process {} has an operation open", process.value()));
  Operation op;
  op.invoked = time;
  op.argument = argument;
  op.process = process;
  op.key = key;
  op.begin = static_cast<std::uint32_t>(order_.size());
  op.function = function;
  order_.push_back(static_cast<std::uint32_t>(operations_.size()) << 1);
  operations_.push_back(op);
  open_[process.value()] = static_cast<std::uint32_t>(operations_.size());
  latest_ = time.ns();
  if (observer_) observer_(order_.size() - 1);
}

void History::end(ProcessId process, EventType type, Value result, HistoryTime time, Answerer by) {
  ASSERT(is_open(process), fmt::format("process {} has no operation open", process.value()));
  ASSERT(latest_ <= time.ns(), "time goes backwards");
  std::uint32_t& open = open_[process.value()];
  Operation& op = operations_[open - 1];
  op.outcome = type;
  op.result = result;
  op.completed = time;
  op.end = static_cast<std::uint32_t>(order_.size());
  op.by = by;
  order_.push_back(((open - 1) << 1) | 1U);
  open = 0;
  latest_ = time.ns();
  if (observer_) observer_(order_.size() - 1);
}

void History::ok_read(ProcessId process, Value result, HistoryTime time, Answerer by) {
  end(process, EventType::ok, result, time, by);
}

void History::ok_read(ProcessId process, std::span<const std::int64_t> elements, HistoryTime time, Answerer by) {
  ASSERT(is_open(process), fmt::format("process {} has no operation open", process.value()));
  std::vector<Value> values;
  values.reserve(elements.size());
  for (const std::int64_t n : elements) values.push_back(Value::integer(n));
  end(process, EventType::ok, list(operations_[open_[process.value()] - 1].key, values), time, by);
}

void History::fail(ProcessId process, HistoryTime time, Answerer by) {
  end(process, EventType::fail, Value::nil(), time, by);
}

void History::info(ProcessId process, HistoryTime time, Answerer by) {
  end(process, EventType::info, Value::nil(), time, by);
}

std::optional<std::string> History::add(const Event& e) {
  const std::uint32_t process = e.process.value();
  if (process > max_process) return fmt::format("process {} is above {}", process, max_process);
  if (latest_ > e.time.ns()) return fmt::format("time goes backwards: {} after {}", e.time.ns(), latest_);
  const std::uint32_t open = process < open_.size() ? open_[process] : 0;
  if (e.type == EventType::invoke) {
    if (open != 0) {
      const Operation& begun = operations_[open - 1];
      return fmt::format("process {} invokes {} while its {} of {} {} is open", process, to_string(e.function),
                         to_string(begun.function), timed_ ? "time" : "event", begun.invoked.ns());
    }
    if (is_read(e.function) && !e.value.is_nil()) {
      return fmt::format("the invocation of a {} has no value yet: expected null", to_string(e.function));
    }
    if (const std::string_view needed = missing_argument(e.function, e.value); !needed.empty()) {
      return fmt::format("the invocation of {} needs {}", to_string(e.function), needed);
    }
    invoke(e.process, e.function, e.key, e.value, e.time);
    return std::nullopt;
  }
  if (open == 0) return fmt::format("{} of process {}, which has no operation open", to_string(e.type), process);
  const Operation& begun = operations_[open - 1];
  if (begun.function != e.function) {
    return fmt::format("{} of a {} by process {}, whose open operation is a {}", to_string(e.type),
                       to_string(e.function), process, to_string(begun.function));
  }
  if (begun.key != e.key) {
    const auto name = [&](KeyId k) { return k == no_key ? std::string("no key") : "key " + keys_[k.value()]; };
    return fmt::format("{} for {} by process {}, whose open operation is on {}", to_string(e.type), name(e.key),
                       process, name(begun.key));
  }
  Value result = e.value;
  if (e.type != EventType::ok) result = Value::nil();
  if (answers_nothing(e.function) && !e.answered) {
    if (!e.value.is_nil() && !equal(e.value, begun.argument)) {
      return fmt::format("{} of a {} by process {} with another value than its invocation's {}", to_string(e.type),
                         to_string(e.function), process, value_text(begun.argument));
    }
    result = Value::nil();
  }
  // Recorders repeat the argument of a compare-and-swap that swapped.
  if (e.function == Function::cas && result.kind() == ValueKind::pair) result = Value::nil();
  end(e.process, e.type, result, e.time, e.by);
  return std::nullopt;
}

Value History::list(KeyId key, std::span<const Value> elements) {
  ASSERT(key.value() < heads_.size());
  const auto wanted = static_cast<std::uint32_t>(elements.size());
  std::uint32_t& head = heads_[key.value()];
  // How much of the head do we share? Compared piece by piece, from the head's own elements down to its oldest parent.
  std::uint32_t shared = std::min(wanted, nodes_[head].length());
  std::uint32_t limit = nodes_[head].length();
  for (std::uint32_t at = head;; at = nodes_[at].parent.node) {
    const ListNode& node = nodes_[at];
    const std::uint32_t begin = node.parent.length;
    const std::uint32_t until = std::min(limit, wanted);
    if (until > begin) {
      const auto own = node.own.begin();
      const auto [in_node, in_new] = std::mismatch(own, own + (until - begin), elements.begin() + begin);
      if (in_node != own + (until - begin)) shared = begin + static_cast<std::uint32_t>(in_node - own);
    }
    if (begin == 0) break;
    limit = std::min(limit, begin);  // a fork may leave below its parent's own beginning
  }
  if (shared == wanted) return Value::list({head, wanted});
  const auto rest = elements.subspan(shared);
  if (head != 0 && shared == nodes_[head].length()) {
    nodes_[head].own.insert(nodes_[head].own.end(), rest.begin(), rest.end());
    return Value::list({head, wanted});
  }
  ListNode fork;
  const std::uint32_t depth = nodes_[head].depth + 1;
  if (shared == 0 || depth > max_depth) {
    fork.own.assign(elements.begin(), elements.end());
  } else {
    fork.parent = {head, shared};
    fork.depth = depth;
    fork.own.assign(rest.begin(), rest.end());
  }
  nodes_.push_back(std::move(fork));
  head = static_cast<std::uint32_t>(nodes_.size() - 1);
  return Value::list({head, wanted});
}

Value History::pair(Value first, Value second) {
  const auto index = static_cast<std::uint32_t>(pairs_.size() / 2);
  pairs_.push_back(first);
  pairs_.push_back(second);
  return Value::tagged(ValueKind::pair, 0, index);
}

Value History::micro_ops(std::span<const MicroOp> ops) {
  const auto first = static_cast<std::uint32_t>(micro_ops_.size());
  micro_ops_.insert(micro_ops_.end(), ops.begin(), ops.end());
  return Value::tagged(ValueKind::micro_ops, first, static_cast<std::uint32_t>(ops.size()));
}

Event History::event(std::size_t index) const {
  const Operation& op = operations_[operation_of(index)];
  Event e;
  e.process = op.process;
  e.function = op.function;
  e.key = op.key;
  if (is_end(index)) {
    e.time = op.completed;
    e.type = op.outcome;
    e.value = op.result;
    e.by = op.by;
    if (op.result.is_nil()) {
      const bool repeats = !op.ok() || answers_nothing(op.function) || op.function == Function::cas;
      if (repeats) e.value = op.argument;
    } else {
      e.answered = answers_nothing(op.function);
    }
  } else {
    e.time = op.invoked;
    e.value = op.argument;
  }
  return e;
}

void History::elements(ListRef list, std::vector<Value>& out) const {
  out.resize(list.length);
  std::uint32_t until = list.length;
  for (std::uint32_t at = list.node; until > 0; at = nodes_[at].parent.node) {
    const ListNode& node = nodes_[at];
    const std::uint32_t begin = node.parent.length;
    if (until <= begin) continue;
    std::copy(node.own.begin(), node.own.begin() + (until - begin), out.begin() + begin);
    until = begin;
  }
}

std::vector<Value> History::elements(ListRef list) const {
  std::vector<Value> out;
  elements(list, out);
  return out;
}

bool History::equal(Value a, Value b) const {
  if (a == b) return true;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case ValueKind::integer:
    case ValueKind::nil:
    case ValueKind::text: return false;
    case ValueKind::list:
      return a.list().length == b.list().length && std::ranges::equal(elements(a.list()), elements(b.list()));
    case ValueKind::pair: return equal(first(a), first(b)) && equal(second(a), second(b));
    case ValueKind::micro_ops:
      return std::ranges::equal(micro_ops(a), micro_ops(b), [&](const MicroOp& x, const MicroOp& y) {
        return x.function == y.function && x.key == y.key && equal(x.value, y.value);
      });
  }
  return false;
}

std::string History::value_text(Value value) const {
  switch (value.kind()) {
    case ValueKind::integer: return std::to_string(value.number());
    case ValueKind::nil: return "null";
    case ValueKind::text: return value.high() == 0 ? json_string(text_of(value)) : text_of(value);
    case ValueKind::pair: return fmt::format("[{},{}]", value_text(first(value)), value_text(second(value)));
    case ValueKind::list: {
      std::string text = "[";
      for (const Value element : elements(value.list())) {
        if (text.size() > 1) text += ',';
        text += value_text(element);
      }
      return text + "]";
    }
    case ValueKind::micro_ops: {
      std::string text = "[";
      for (const MicroOp& op : micro_ops(value)) {
        if (text.size() > 1) text += ',';
        text += fmt::format("[\"{}\",{},{}]", to_string(op.function), op.key == no_key ? "null" : key_text(op.key),
                            value_text(op.value));
      }
      return text + "]";
    }
  }
  return "?";
}

std::size_t History::memory() const {
  std::size_t bytes = operations_.capacity() * sizeof(Operation) + order_.capacity() * sizeof(order_[0]) +
                      open_.capacity() * sizeof(open_[0]) + nodes_.capacity() * sizeof(ListNode) +
                      heads_.capacity() * sizeof(heads_[0]) + pairs_.capacity() * sizeof(Value) +
                      micro_ops_.capacity() * sizeof(MicroOp);
  for (const ListNode& node : nodes_) bytes += node.own.capacity() * sizeof(Value);
  return bytes;
}

}  // namespace heir::reports
