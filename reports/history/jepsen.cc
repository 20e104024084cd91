#include "reports/history/jepsen.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "reports/history/function_names.h"

namespace heir::reports {

namespace {

using Kind = Form::Kind;

const Form no_form;  // of kind nil

OperationForms parts_of(const Document& document, const Form& map) {
  OperationForms forms;
  forms.whole = &map;
  for (auto at = document.in(map).begin(); at != document.in(map).end(); ++at) {
    const Form& name = *at;
    ++at;
    const Form* const value = &*at;
    if (!name.is_name()) continue;
    if (name.text == "type") forms.type = value;
    if (name.text == "process") forms.process = value;
    if (name.text == "f") forms.f = value;
    if (name.text == "key") forms.key = value;
    if (name.text == "value") forms.value = value;
    if (name.text == "time") forms.time = value;
  }
  return forms;
}

/// A record, #jepsen.history.Op{…}, is a map with a tag.
const Form& untagged(const Document& document, const Form& form) {
  return form.is(Kind::tagged) ? document.first_in(form) : form;
}

bool is_pair(const Form& form) {
  return form.is_sequence() && form.count == 2;
}

/// [k nil]
bool looks_keyed(const Document& document, const Form& value) {
  return is_pair(value) && !document.first_in(value).is(Kind::nil) &&
         document.after(document.first_in(value)).is(Kind::nil);
}

bool is_absent(const Form* form) {
  return form == nullptr || form->is(Kind::nil);
}

bool is_tuple(const Document& document, const Form& form) {
  return form.is(Kind::tagged) && form.text.find("independent") != std::string_view::npos &&
         is_pair(document.first_in(form));
}

/// Long-fork's reads and writes are transactions, which only their invocations show.
bool may_end_transaction(Function f) {
  return f == Function::transaction || f == Function::read || f == Function::write;
}

/// The same micro-operations, as an invocation has them.
Value without_reads(History& history, Value ops) {
  std::vector<MicroOp> all(history.micro_ops(ops).begin(), history.micro_ops(ops).end());
  for (MicroOp& op : all) {
    if (op.function == Function::read || op.function == Function::predicate_read) op.value = Value::nil();
  }
  return history.micro_ops(all);
}

}  // namespace

// ---- Clients.

std::optional<ProcessId> Clients::numbered(std::int64_t number) {
  if (number < 0 || number > max_process) return named(std::to_string(number));
  const auto n = static_cast<std::uint32_t>(number);
  if (n >= uses_.size()) uses_.resize(std::max<std::size_t>(n + 1, 2 * uses_.size()));
  if (uses_[n] == Use::name) return named(std::to_string(number));
  uses_[n] = Use::number;
  return ProcessId(n);
}

std::optional<ProcessId> Clients::named(std::string_view name) {
  const std::uint32_t known = names_.number(name);
  if (known < by_name_.size()) return by_name_[known];
  while (next_ < uses_.size() && uses_[next_] != Use::none) ++next_;
  if (next_ > max_process) return std::nullopt;
  if (next_ >= uses_.size()) uses_.resize(next_ + 1);
  uses_[next_] = Use::name;
  by_name_.emplace_back(next_);
  return by_name_.back();
}

// ---- One operation.

bool JepsenReader::fail(const Form& at, std::string message) {
  problem_ = TextProblem{at.at, std::move(message)};
  return false;
}

bool JepsenReader::copy_problem(bool good) {
  if (!good) problem_ = values_.problem();
  return good;
}

std::optional<bool> JepsenReader::is_keyed(const Document& document, const Form& operation) {
  const Form& map = untagged(document, operation);
  if (!map.is(Kind::map)) return std::nullopt;
  const OperationForms forms = parts_of(document, map);
  if (!forms.type || !forms.f || function_known_as(forms.f->text) != Function::read) return std::nullopt;
  const Form& value = forms.value ? *forms.value : no_form;
  if (forms.type->text == "ok") return is_pair(value);
  if (forms.type->text == "invoke" && !looks_keyed(document, value)) return false;
  return std::nullopt;
}

bool JepsenReader::add(const Document& document, const Form& operation) {
  const Form& map = untagged(document, operation);
  if (!map.is(Kind::map)) return fail(operation, "expected an operation: a map with type, f, value and process");
  OperationForms forms = parts_of(document, map);
  forms.whole = &operation;
  return add(document, forms);
}

bool JepsenReader::add(const Document& document, const OperationForms& forms) {
  Event event;
  sign_ = 0;
  if (!type_of(forms, event.type)) return false;
  if (!is_client(forms, event.type)) return true;
  if (!time_of(forms, event) || !function_of(document, forms, event)) return false;
  if (!has_processes_) has_processes_ = !is_absent(forms.process);
  if (*has_processes_ == is_absent(forms.process)) {
    return fail(*forms.whole, *has_processes_ ? "expected a process: the operations before this one name theirs"
                                              : "expected no process: the operations before this one name none");
  }
  if (!*has_processes_ && event.function == Function::transaction &&
      (!endings_.empty() || (history_.empty() && event.type != EventType::invoke))) {
    return add_ending_only(document, forms, event);
  }
  return event.type == EventType::invoke ? invoke(document, forms, event) : end(document, forms, event);
}

bool JepsenReader::type_of(const OperationForms& forms, EventType& out) {
  if (!forms.type) return fail(*forms.whole, "expected an operation with a type: invoke, ok, fail or info");
  for (const EventType type : {EventType::invoke, EventType::ok, EventType::fail, EventType::info}) {
    if (forms.type->is_name() && forms.type->text == to_string(type)) return out = type, true;
  }
  return fail(*forms.type, "expected the type invoke, ok, fail or info");
}

bool JepsenReader::is_client(const OperationForms& forms, EventType type) const {
  if (is_absent(forms.process) || !forms.process->is_name()) return true;
  if (forms.process->text.find("nemesis") != std::string_view::npos) return false;
  return type != EventType::info || forms.process->is(Kind::string);
}

bool JepsenReader::time_of(const OperationForms& forms, Event& event) {
  if (is_absent(forms.time)) {
    if (history_.empty() && endings_.empty()) history_.set_untimed();
  } else if (!forms.time->is(Kind::integer)) {
    return fail(*forms.time, "expected a time in nanoseconds: an integer");
  } else if (history_.timed()) {
    latest_ = std::max(latest_, HistoryTime::from_ns(forms.time->integer));
  }
  event.time = history_.timed() ? latest_ : HistoryTime::from_ns(static_cast<std::int64_t>(history_.size()));
  return true;
}

bool JepsenReader::function_of(const Document& document, const OperationForms& forms, Event& event) {
  const bool in_parts = forms.value && FormValues::is_micro_ops(document, *forms.value);
  if (is_absent(forms.f)) {
    event.function = Function::transaction;
    const bool transaction = in_parts || event.type != EventType::invoke ||
                             (forms.value && forms.value->is_sequence() && forms.value->count == 0);
    return transaction || fail(*forms.whole, "expected an f: only transactions go without");
  }
  if (!forms.f->is_name()) return fail(*forms.f, "expected the name of a function");
  const auto function = function_known_as(forms.f->text);
  if (!function) return fail(*forms.f, unknown_function(forms.f->text));
  event.function = *function;
  if (in_parts && event.type == EventType::invoke && (*function == Function::read || *function == Function::write)) {
    event.function = Function::transaction;
    if (history_.model_hint().empty()) history_.set_model_hint("long-fork");
  }
  if (*function == Function::increment || *function == Function::decrement) {
    event.function = Function::add;
    sign_ = *function == Function::increment ? 1 : -1;
  }
  return true;
}

bool JepsenReader::split_key(const Document& document, const OperationForms& forms, KeyId& key, const Form*& value) {
  value = forms.value ? forms.value : &no_form;
  if (forms.key) key = values_.key(document, *forms.key);
  const bool tuple = is_tuple(document, *value);
  const Form& pair = tuple ? document.first_in(*value) : *value;
  if (tuple || (keyed_ && is_pair(pair))) {
    key = values_.key(document, document.first_in(pair));
    value = &document.after(document.first_in(pair));
    return true;
  }
  return !keyed_ || value->is(Kind::nil) ||
         fail(*value, "expected a key and a value, as in the first read of this history");
}

// ---- Invocations.

bool JepsenReader::invoke(const Document& document, const OperationForms& forms, Event& event) {
  if (*has_processes_) {
    if (!process_of(forms, event)) return false;
  } else {
    if (free_.empty()) free_.push(process_count_++);
    if (free_.top() > max_process)
      return fail(*forms.whole, fmt::format("expected at most {} open operations", max_process + 1));
    event.process = ProcessId(free_.top());
    free_.pop();
    open_.push_back(event.process);
  }
  const Form* value = nullptr;
  return split_key(document, forms, event.key, value) && argument(document, *value, event) && keep(event, *forms.whole);
}

bool JepsenReader::process_of(const OperationForms& forms, Event& event) {
  const Form& form = *forms.process;
  std::optional<ProcessId> process;
  if (form.is(Kind::integer)) {
    process = clients_.numbered(form.integer);
  } else if (form.is_name() || form.is(Kind::number)) {
    process = clients_.named(form.text);
  } else {
    return fail(form, "expected a process: an integer or a name");
  }
  if (!process) return fail(form, fmt::format("expected at most {} processes", max_process + 1));
  event.process = *process;
  return true;
}

bool JepsenReader::argument(const Document& document, const Form& value, Event& event) {
  switch (event.function) {
    case Function::read: seems_keyed_ |= looks_keyed(document, value); return true;
    case Function::read_standby:
    case Function::dequeue:
    case Function::peek:
    case Function::drain:
    case Function::pop:
    case Function::pop_front:
    case Function::pop_back:
    case Function::peek_front:
    case Function::peek_back:
    case Function::acquire:
    case Function::generate: return true;
    case Function::cas:
      if (!is_pair(value)) return fail(value, "expected two values: the expected and the new one");
      event.value = history_.pair(values_.value(document, document.first_in(value)),
                                  values_.value(document, document.after(document.first_in(value))));
      return true;
    case Function::transaction: return copy_problem(values_.micro_ops(document, value, false, event.value));
    case Function::transfer:
      if (!value.is(Kind::map)) return fail(value, "expected a transfer with :from, :to and :amount");
      return copy_problem(values_.transfer(document, value, event.value));
    case Function::initialize:
      if (!value.is(Kind::map)) return fail(value, "expected a map of keys and values");
      event.value = values_.map(document, value, Function::write);
      return true;
    case Function::add:
      if (sign_ == 0) return event.value = values_.value(document, value), true;
      if (value.is(Kind::nil)) return event.value = Value::integer(sign_), true;
      if (!value.is(Kind::integer) || value.integer > Value::most || value.integer < -Value::most) {
        return fail(value, "expected an integer to count by");
      }
      event.value = Value::integer(sign_ * value.integer);
      return true;
    case Function::write: compound_writes_ |= value.is_sequence(); [[fallthrough]];
    default: event.value = values_.value(document, value); return true;
  }
}

// ---- Ends.

bool JepsenReader::end(const Document& document, const OperationForms& forms, Event& event) {
  if (!(*has_processes_ ? process_of(forms, event) : end_without_process(document, forms, event))) return false;
  const Operation* const open = history_.open_operation(event.process);
  if (open == nullptr) return keep(event, *forms.whole);
  event.key = open->key;
  if (open->function == Function::transaction && may_end_transaction(event.function)) {
    event.function = Function::transaction;
  }
  if (event.type == EventType::fail && event.function == Function::cas && fail_ == FailMeaning::compared_and_differed) {
    event.type = EventType::ok;
    event.value = Value::integer(0);
    return keep(event, *forms.whole);
  }
  const Form* value = nullptr;
  if (event.type == EventType::ok &&
      (!split_key(document, forms, event.key, value) || !result(document, *value, event))) {
    return false;
  }
  return keep(event, *forms.whole);
}

bool JepsenReader::result(const Document& document, const Form& value, Event& event) {
  switch (event.function) {
    case Function::read:
    case Function::read_standby:
    case Function::drain:
      if (seems_keyed_ && is_pair(value)) {
        return fail(value,
                    "expected a value without a key, as the first read of this history has it: is this pair an "
                    "untagged key and value?");
      }
      if (value.is(Kind::map)) {
        event.value = values_.map(document, value, Function::read);
      } else if (FormValues::is_micro_ops(document, value)) {
        return copy_problem(values_.micro_ops(document, value, true, event.value));
      } else {
        event.value = value.is_sequence() && !compound_writes_ ? values_.list(event.key, document, value)
                                                               : values_.value(document, value);
      }
      return true;
    case Function::transaction: return copy_problem(values_.micro_ops(document, value, true, event.value));
    case Function::initialize:
      if (!value.is(Kind::map)) return value.is(Kind::nil) || fail(value, "expected a map of keys and values");
      event.value = values_.map(document, value, Function::write);
      return true;
    case Function::add: event.answered = value.is(Kind::boolean); [[fallthrough]];
    case Function::cas:
    case Function::transfer:
      if (value.is(Kind::nil)) return true;
      if (event.function == Function::cas && !is_pair(value)) return event.value = values_.value(document, value), true;
      return event.answered ? (event.value = values_.value(document, value), true) : argument(document, value, event);
    default: event.value = values_.value(document, value); return true;
  }
}

bool JepsenReader::end_without_process(const Document& document, const OperationForms& forms, Event& event) {
  const Form* value = nullptr;
  KeyId key = no_key;
  if (!split_key(document, forms, key, value)) return false;
  const auto may_end = [&](ProcessId process) {
    const Function begun = history_.open_operation(process)->function;
    return begun == Function::transaction ? may_end_transaction(event.function) : begun == event.function;
  };
  // Of several, the end of a write, which repeats its argument, ends that one.
  const bool compound = value->is_sequence() || value->is(Kind::map);
  const Value repeated = compound ? Value::nil() : values_.value(document, *value);
  auto at = std::find_if(open_.rbegin(), open_.rend(), [&](ProcessId process) {
    return may_end(process) && history_.open_operation(process)->argument == repeated;
  });
  if (at == open_.rend()) at = std::find_if(open_.rbegin(), open_.rend(), may_end);
  if (at == open_.rend()) {
    return fail(*forms.whole,
                fmt::format("expected an open {} that this {} ends", to_string(event.function), to_string(event.type)));
  }
  event.process = *at;
  open_.erase(std::next(at).base());
  free_.push(event.process.value());
  return true;
}

// ---- Histories without invocations.

bool JepsenReader::add_ending_only(const Document& document, const OperationForms& forms, Event& event) {
  if (event.type == EventType::invoke) {
    return fail(*forms.whole, "expected no invocation: the history began with an end that has none");
  }
  if (endings_.size() > max_process)
    return fail(*forms.whole, fmt::format("expected at most {} processes", max_process + 1));
  event.process = ProcessId(static_cast<std::uint32_t>(endings_.size()));
  const Form& value = forms.value ? *forms.value : no_form;
  if (!copy_problem(values_.micro_ops(document, value, true, event.value))) return false;
  endings_.push_back({without_reads(history_, event.value), event});
  return true;
}

bool JepsenReader::finish() {
  if (endings_.empty()) return true;
  history_.set_sessions_only();
  const HistoryTime begin = endings_.front().event.time;
  for (const Ending& ending : endings_) {
    history_.invoke(ending.event.process, ending.event.function, no_key, ending.argument, begin);
  }
  for (Ending& ending : endings_) {
    if (!history_.timed()) ending.event.time = HistoryTime::from_ns(static_cast<std::int64_t>(history_.size()));
    if (!keep(ending.event, no_form)) return false;
  }
  return true;
}

bool JepsenReader::keep(const Event& event, const Form& at) {
  if (auto wrong = history_.add(event)) return fail(at, std::move(*wrong));
  return true;
}

}  // namespace heir::reports
