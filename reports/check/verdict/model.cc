#include "reports/check/verdict/model.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <bitset>

namespace heir::reports {

namespace {

constexpr std::array names{
    "register",        "cas-register",   "mutex",          "kv",    "append",    "set",          "counter",
    "queue",           "stack",          "priority-queue", "deque", "semaphore", "rmw-register", "lease",
    "unique-ids",      "multi-register", "set-full",       "bank",  "long-fork", "list-append",  "rw-register",
    "closed-predicate"};
static_assert(names.size() == static_cast<std::size_t>(Model::last_model) + 1);

constexpr std::size_t function_count = static_cast<std::size_t>(Function::predicate_read) + 1;
using Functions = std::bitset<function_count>;

Functions functions(std::initializer_list<Function> list) {
  Functions set;
  for (const Function f : list) set.set(static_cast<std::size_t>(f));
  return set;
}

/// What recognition looks at.
struct Shape {
  Functions used;
  bool texts = false;       ///< Something written or read is a text.
  bool lists = false;       ///< A read returned a list,
  bool elements = false;    ///< with something in it,
  bool numbers = false;     ///< a number,
  bool groups = false;      ///< several values.
  bool tokens = false;      ///< An acquire answered, or a release was given, a token.
  bool appends = false;     ///< A transaction appends,
  bool predicates = false;  ///< or reads by a predicate.

  bool has(Function f) const { return used.test(static_cast<std::size_t>(f)); }
  bool only(std::initializer_list<Function> list) const { return (used & ~functions(list)).none(); }
  bool any(std::initializer_list<Function> list) const { return (used & functions(list)).any(); }
};

Shape shape_of(const History& history, std::span<const std::uint32_t> ops) {
  Shape shape;
  for (const std::uint32_t i : ops) {
    const Operation& op = history.operations()[i];
    shape.used.set(static_cast<std::size_t>(op.function));
    shape.texts |= op.argument.kind() == ValueKind::text || op.result.kind() == ValueKind::text;
    if (op.function == Function::transaction || op.argument.kind() == ValueKind::micro_ops) {
      for (const MicroOp& micro : history.micro_ops(op.argument)) {
        shape.appends |= micro.function == Function::append;
        shape.predicates |= micro.function == Function::predicate_read;
      }
    }
    if (op.function == Function::acquire) shape.tokens |= op.ok() && op.result.kind() == ValueKind::integer;
    if (!is_read(op.function) || !op.ok()) continue;
    shape.lists |= op.result.kind() == ValueKind::list;
    shape.elements |= op.result.kind() == ValueKind::list && op.result.list().length > 0;
    shape.numbers |= op.result.kind() == ValueKind::integer;
    shape.groups |= op.result.kind() == ValueKind::micro_ops;
  }
  return shape;
}

std::string list_of(const Functions& used) {
  std::vector<std::string> list;
  for (std::size_t i = 0; i < function_count; ++i) {
    if (used.test(i)) list.emplace_back(to_string(static_cast<Function>(i)));
  }
  return fmt::format("{}", fmt::join(list, ", "));
}

}  // namespace

const char* to_string(Model model) {
  return names[static_cast<std::size_t>(model)];
}

std::optional<Model> model_named(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (name == names[i]) return static_cast<Model>(i);
  }
  return std::nullopt;
}

std::vector<std::string_view> model_names() {
  return {names.begin(), names.end()};
}

Result<Model> recognise(const History& history, std::span<const std::uint32_t> ops) {
  using F = Function;
  const Shape shape = shape_of(history, ops);
  if (shape.has(F::initialize) || shape.predicates) {
    if (shape.only({F::transaction, F::initialize})) return Model::closed_predicate;
  } else if (shape.has(F::transaction)) {
    if (shape.only({F::transaction})) return shape.appends ? Model::list_append : Model::rw_register;
  } else if (shape.has(F::transfer)) {
    if (shape.only({F::transfer, F::read})) return Model::bank;
  } else if (shape.groups) {
    if (shape.only({F::read})) return Model::bank;
  } else if (shape.has(F::cas)) {
    if (shape.only({F::read, F::read_standby, F::write, F::cas})) return Model::cas_register;
  } else if (shape.any({F::append})) {
    if (shape.only({F::read, F::read_standby, F::append}) && !shape.texts) return Model::append;
    if (shape.only({F::read, F::write, F::append}) && shape.texts && !shape.lists) return Model::kv;
    if (shape.only({F::read, F::append}) && shape.lists) return Model::append;
  } else if (shape.any({F::add, F::remove, F::contains})) {
    if (shape.only({F::read, F::add}) && shape.numbers && !shape.lists) return Model::counter;
    if (shape.only({F::read, F::read_standby, F::add, F::remove, F::contains}) && !shape.numbers) return Model::set;
  } else if (shape.any({F::push_front, F::push_back, F::pop_front, F::pop_back, F::peek_front, F::peek_back})) {
    if (shape.only({F::push_front, F::push_back, F::pop_front, F::pop_back, F::peek_front, F::peek_back}))
      return Model::deque;
  } else if (shape.any({F::enqueue, F::dequeue, F::drain})) {
    if (shape.only({F::enqueue, F::dequeue, F::peek, F::drain})) return Model::queue;
  } else if (shape.any({F::push, F::pop})) {
    if (shape.only({F::push, F::pop, F::peek})) return Model::stack;
  } else if (shape.any({F::acquire, F::release})) {
    if (shape.only({F::acquire, F::release})) return shape.tokens ? Model::lease : Model::mutex;
  } else if (shape.any({F::increment, F::decrement})) {
    if (shape.only({F::increment, F::decrement})) return Model::semaphore;
  } else if (shape.has(F::read_modify_write)) {
    if (shape.only({F::read_modify_write, F::read, F::write})) return Model::rmw_register;
  } else if (shape.has(F::generate)) {
    if (shape.only({F::generate})) return Model::unique_ids;
  } else if (shape.lists) {
    if (shape.only({F::read, F::read_standby})) {
      // Nothing was written and nothing read: every model of them says the same.
      if (!shape.elements) return Model::append;
      return Error{ErrorCode::invalid, "only reads of lists, without anything written: append, set or set-full?"};
    }
  } else if (shape.only({F::read, F::read_standby, F::write})) {
    return Model::register_;
  }
  return Error{ErrorCode::invalid, fmt::format("no model has these functions together: {}", list_of(shape.used))};
}

}  // namespace heir::reports
