#include "reports/check/search/models.h"

#include <fmt/format.h>

#include "reports/check/search/element_models.h"
#include "reports/check/search/list_model.h"
#include "reports/check/search/lock_models.h"
#include "reports/check/search/multi_register_model.h"
#include "reports/check/search/number_models.h"
#include "reports/check/search/register_model.h"
#include "reports/check/search/search.h"
#include "reports/check/search/set_model.h"
#include "reports/check/search/text_model.h"

namespace heir::reports {

namespace {

Judgement not_applicable(std::string reason) {
  Judgement judgement;
  judgement.answer = Judgement::Answer::not_applicable;
  judgement.reason = std::move(reason);
  return judgement;
}

/// The functions of a model that the search knows; empty of the others.
std::vector<Function> functions_of(Model model) {
  using F = Function;
  switch (model) {
    case Model::register_: return {F::read, F::write};
    case Model::cas_register: return {F::read, F::write, F::cas};
    case Model::rmw_register: return {F::read, F::write, F::cas, F::read_modify_write};
    case Model::mutex:
    case Model::lease: return {F::acquire, F::release};
    case Model::kv: return {F::read, F::write, F::append};
    case Model::append: return {F::read, F::append};
    case Model::set: return {F::read, F::add, F::remove, F::contains};
    case Model::counter: return {F::read, F::add};
    case Model::queue:
    case Model::priority_queue: return {F::enqueue, F::dequeue, F::peek, F::drain};
    case Model::stack: return {F::push, F::pop, F::peek};
    case Model::deque: return {F::push_front, F::push_back, F::pop_front, F::pop_back, F::peek_front, F::peek_back};
    case Model::semaphore: return {F::increment, F::decrement, F::acquire, F::release};
    case Model::multi_register: return {F::read, F::write, F::transaction};
    default: return {};
  }
}

bool is_number(Value value) {
  return value.is_nil() || value.kind() == ValueKind::integer;
}

bool is_registers_only(const History& history, Value micro_ops) {
  return micro_ops.kind() == ValueKind::micro_ops &&
         std::ranges::all_of(history.micro_ops(micro_ops), [](const MicroOp& micro) {
           return micro.function == Function::read || micro.function == Function::write;
         });
}

/// Does the operation have what its model reckons with?
bool is_understood(Model model, const History& history, const Operation& op) {
  switch (model) {
    case Model::counter:
    case Model::semaphore:
    case Model::lease: return is_number(op.argument) && is_number(op.result);
    case Model::priority_queue: return is_number(op.argument);
    case Model::append:
    case Model::set: return op.function != Function::read || op.result.is_nil() || op.result.kind() == ValueKind::list;
    case Model::multi_register:
      return op.function != Function::transaction ||
             (is_registers_only(history, op.argument) && (op.result.is_nil() || is_registers_only(history, op.result)));
    default: return op.function != Function::cas || op.argument.kind() == ValueKind::pair;
  }
}

/// Why an operation is none of the model's, if one is not.
std::optional<std::string> foreign(Model model, const Object& object) {
  const std::vector<Function> functions = functions_of(model);
  if (functions.empty()) return "the general search does not have this model";
  for (std::size_t i = 0; i < object.size(); ++i) {
    const Operation& op = object.operation(i);
    if (op.failed() || op.function == Function::read_standby) continue;
    const std::string what = describe(*object.history, op);
    if (std::ranges::find(functions, op.function) == functions.end()) {
      return fmt::format("the model has no {}: {}", to_string(op.function), what);
    }
    if (!is_understood(model, *object.history, op)) {
      return fmt::format("the model does not understand {}: argument {}, result {}", what,
                         object.history->value_text(op.argument), object.history->value_text(op.result));
    }
  }
  return std::nullopt;
}

/// Judges by a model, and adds an order to `orders` if there are some.
template <SequentialModel M>
Judgement judge_with(M& model, const Object& object, const Limits& limits, PartialOrders* orders) {
  const SearchOutcome outcome = find_linearization(model, object, limits, orders ? Wanted::order : Wanted::answer);
  if (orders) {
    orders->steps += outcome.steps;
    if (outcome.answer != SearchOutcome::Answer::undecided && !outcome.partial.empty() &&
        explains(model, object, outcome.partial)) {
      std::vector<std::uint32_t>& order = orders->parts.emplace_back();
      for (const std::uint32_t i : outcome.partial) order.push_back(object.ops[i]);
    }
  }
  return judgement_of(outcome, object);
}

template <SequentialModel M>
Judgement judge_whole(M model, const Object& object, const Limits& limits, PartialOrders* orders) {
  return judge_with(model, object, limits, orders);
}

/// Judges the parts of an object apart, each with a model of its own.
template <class Touches, class JudgePart>
Judgement judge_parts(const Object& object, Touches touches, JudgePart judge_part) {
  Judgement judgement;
  for (const std::vector<std::uint32_t>& ops : independent_parts(object, touches)) {
    const Object part{object.history, object.key, ops, object.is_over};
    add_part(judgement, part.out_of_time() ? out_of_time(part) : judge_part(part));
  }
  return judgement;
}

Judgement judge_text(const Object& object, const Limits& limits, PartialOrders* orders) {
  TextModel model(object);
  if (model.too_large()) return not_applicable("more than 4 GiB of text was read of one key");
  return judge_with(model, object, limits, orders);
}

Judgement judge_set(const Object& object, const Limits& limits, PartialOrders* orders) {
  for (std::size_t i = 0; i < object.size(); ++i) {
    if (object.operation(i).function == Function::read) return judge_whole(SetModel(object), object, limits, orders);
  }
  // Nobody read the whole: elements have nothing to do with one another.
  const auto element = [](const Operation& op, std::vector<std::uint64_t>& parts) {
    parts.push_back(static_cast<std::uint64_t>(op.argument.bits()));
  };
  return judge_parts(object, element,
                     [&](const Object& part) { return judge_whole(SetModel(part), part, limits, orders); });
}

Judgement judge_priority_queue(const Object& object, const Limits& limits, PartialOrders* orders) {
  using Answer = Judgement::Answer;
  const Model model = Model::priority_queue;
  const std::size_t before = orders ? orders->parts.size() : 0;
  Judgement least = judge_whole(ElementsModel(model, object), object, limits, orders);
  if (least.answer == Answer::valid) return least;
  if (orders) orders->parts.resize(before);  // It may have been meant the other way round.
  Judgement greatest = judge_whole(ElementsModel(model, object, true), object, limits, orders);
  if (greatest.answer != Answer::invalid) return greatest;
  if (least.answer != Answer::invalid) return least;
  // The order that explains more of the history is more likely to have been meant.
  const auto failed_at = [](const Judgement& judgement) { return judgement.failures[0].ops[0].end; };
  return failed_at(greatest) > failed_at(least) ? greatest : least;
}

Judgement judge_key(Model model, const Object& object, const Limits& limits, PartialOrders* orders) {
  switch (model) {
    case Model::register_:
    case Model::cas_register:
    case Model::rmw_register: return judge_whole(RegisterModel(object), object, limits, orders);
    case Model::mutex: return judge_whole(MutexModel(), object, limits, orders);
    case Model::lease: return judge_whole(LeaseModel(), object, limits, orders);
    case Model::kv: return judge_text(object, limits, orders);
    case Model::append: return judge_whole(ListModel(object), object, limits, orders);
    case Model::set: return judge_set(object, limits, orders);
    case Model::counter: return judge_whole(CounterModel(), object, limits, orders);
    case Model::semaphore: return judge_whole(SemaphoreModel(), object, limits, orders);
    case Model::priority_queue: return judge_priority_queue(object, limits, orders);
    case Model::multi_register: return judge_whole(MultiRegisterModel(object), object, limits, orders);
    default: return judge_whole(ElementsModel(model, object), object, limits, orders);
  }
}

Judgement search(Model model, const Object& object, const Limits& limits, PartialOrders* orders) {
  if (std::optional<Judgement> no = refused(object)) return std::move(*no);
  if (std::optional<std::string> reason = foreign(model, object)) return not_applicable(std::move(*reason));
  const auto keys = [&](const Operation& op, std::vector<std::uint64_t>& parts) {
    if (op.function != Function::transaction) {
      parts.push_back(op.key.value());
    } else {
      for (const MicroOp& micro : object.history->micro_ops(op.argument)) parts.push_back(micro.key.value());
    }
  };
  return judge_parts(object, keys, [&](const Object& part) { return judge_key(model, part, limits, orders); });
}

}  // namespace

Judgement judge_by_search(Model model, const Object& object, const Limits& limits) {
  return search(model, object, limits, nullptr);
}

PartialOrders orders_by_search(Model model, const Object& object, const Limits& limits) {
  PartialOrders orders;
  search(model, object, limits, &orders);
  return orders;
}

std::vector<std::uint32_t> merged(const History& history, const std::vector<std::vector<std::uint32_t>>& parts) {
  // Each takes effect as early as its own order allows: at the last invocation in it so far, which is before its
  // answer.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> effects;  // The event, and the operation.
  for (const std::vector<std::uint32_t>& part : parts) {
    std::uint32_t begun = 0;
    for (const std::uint32_t op : part) {
      begun = std::max(begun, history.operations()[op].begin);
      effects.emplace_back(begun, op);
    }
  }
  // What takes effect at one event is of one part, for the event is an invocation in it.
  std::ranges::stable_sort(effects, {}, &std::pair<std::uint32_t, std::uint32_t>::first);
  std::vector<std::uint32_t> order;
  order.reserve(effects.size());
  for (const auto& [event, op] : effects) order.push_back(op);
  return order;
}

}  // namespace heir::reports
