#include "reports/history/form_values.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "reports/history/function_names.h"

namespace heir::reports {

using Kind = Form::Kind;

Value FormValues::value(const Document& document, const Form& form) {
  switch (form.kind) {
    case Kind::nil: return Value::nil();
    case Kind::boolean: return Value::integer(form.integer);
    case Kind::integer:
      if (Value::fits(form.integer)) return Value::integer(form.integer);
      return history_.literal(std::to_string(form.integer));
    case Kind::number: return history_.literal(form.text);
    case Kind::string:
    case Kind::character:
    case Kind::symbol: return history_.text(form.text);
    case Kind::keyword: return history_.text(":" + std::string(form.text));
    default: break;
  }
  std::string json;
  append_json(json, document, form);
  return history_.literal(json);
}

KeyId FormValues::key(const Document& document, const Form& form) {
  switch (form.kind) {
    case Kind::nil: return no_key;
    case Kind::integer: return history_.key(form.integer);
    case Kind::string:
    case Kind::character:
    case Kind::symbol: return history_.key(form.text);
    case Kind::keyword: return history_.key(":" + std::string(form.text));
    default: break;
  }
  std::string json;
  append_json(json, document, form);
  return history_.key(std::string_view(json));
}

KeyId FormValues::map_key(const Document& document, const Form& form) {
  std::int64_t n = 0;
  const char* const last = form.text.data() + form.text.size();
  if (form.is(Kind::string) && std::from_chars(form.text.data(), last, n).ptr == last &&
      std::to_string(n) == form.text) {
    return history_.key(n);
  }
  return key(document, form);
}

Value FormValues::list(KeyId key, const Document& document, const Form& sequence) {
  elements_.clear();
  for (const Form& element : document.in(sequence)) elements_.push_back(value(document, element));
  // The order of a set's text is that of its hashes: sorted, one read shares its beginning with the next.
  if (sequence.is(Kind::set)) std::ranges::sort(elements_, {}, &Value::bits);
  return history_.list(key, elements_);
}

Value FormValues::map(const Document& document, const Form& map, Function function) {
  std::vector<MicroOp> ops;
  for (auto at = document.in(map).begin(); at != document.in(map).end(); ++at) {
    const KeyId key = map_key(document, *at);
    ++at;
    ops.push_back({function, key, value(document, *at)});
  }
  return history_.micro_ops(ops);
}

bool FormValues::transfer(const Document& document, const Form& map, Value& out) {
  const Form *from = nullptr, *to = nullptr, *amount = nullptr;
  for (auto at = document.in(map).begin(); at != document.in(map).end(); ++at) {
    const Form& name = *at;
    ++at;
    if (name.text == "from") from = &*at;
    if (name.text == "to") to = &*at;
    if (name.text == "amount") amount = &*at;
  }
  if (!from || !to || !amount) return fail(map, "expected a transfer with :from, :to and :amount");
  if (!amount->is(Kind::integer) || amount->integer > Value::most || amount->integer < -Value::most) {
    return fail(*amount, "expected an integer as amount");
  }
  const std::array ops{MicroOp{Function::add, map_key(document, *from), Value::integer(-amount->integer)},
                       MicroOp{Function::add, map_key(document, *to), Value::integer(amount->integer)}};
  out = history_.micro_ops(ops);
  return true;
}

bool FormValues::micro_ops(const Document& document, const Form& sequence, bool answered, Value& out) {
  if (!sequence.is_sequence()) return fail(sequence, "expected a list of micro-operations");
  std::vector<MicroOp> ops;
  ops.reserve(sequence.count);
  for (const Form& form : document.in(sequence)) {
    MicroOp op;
    if (!micro_op(document, form, answered, op)) return false;
    ops.push_back(op);
  }
  out = history_.micro_ops(ops);
  return true;
}

bool FormValues::micro_op(const Document& document, const Form& form, bool answered, MicroOp& out) {
  const Form& name = document.first_in(form);
  if (!form.is_sequence() || form.count < 2 || form.count > 3 || !name.is_name()) {
    return fail(form, "expected a micro-operation: a function, a key and a value");
  }
  const auto function = micro_op_known_as(name.text);
  if (!function) return fail(name, unknown_micro_op(name.text));
  const Form& key_form = document.after(name);
  const Form& value_form = document.after(key_form);  // of kind nil if there is none
  out.function = *function;
  out.key = *function == Function::predicate_read ? history_.key(std::string_view(predicate(document, key_form)))
                                                  : key(document, key_form);
  const bool observes = *function == Function::read || *function == Function::predicate_read;
  if (observes && !answered) return true;
  if (*function == Function::predicate_read) {
    if (value_form.is(Kind::map)) return out.value = map(document, value_form, Function::read), true;
    return value_form.is(Kind::nil) || micro_ops(document, value_form, answered, out.value);
  }
  out.value = observes && value_form.is_sequence() ? list(out.key, document, value_form) : value(document, value_form);
  return true;
}

/// :true, [:= 3], [:mod 2 1] as "true", "= 3", "mod 2 1".
std::string FormValues::predicate(const Document& document, const Form& form) {
  if (form.is_name()) return std::string(form.text);
  std::string text;
  for (const Form& part : document.in(form)) {
    if (!text.empty()) text += ' ';
    if (text.empty() && part.is_name()) {
      text += part.text;
    } else {
      append_json(text, document, part);
    }
  }
  return text;
}

bool FormValues::is_micro_ops(const Document& document, const Form& form) {
  if (!form.is_sequence() || form.count == 0) return false;
  for (const Form& part : document.in(form)) {
    if (!part.is_sequence() || part.count < 2 || part.count > 3) return false;
    const Form& name = document.first_in(part);
    if (!name.is_name() || !micro_op_known_as(name.text)) return false;
  }
  return true;
}

}  // namespace heir::reports
