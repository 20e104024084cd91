#include "reports/history/json_lines.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "reports/history/function_names.h"

namespace heir::reports {

namespace {

void append_number(std::string& out, std::int64_t n) {
  char text[24];
  const auto [end, error] = std::to_chars(text, text + sizeof text, n);
  out.append(text, end);
}

}  // namespace

void append_json_line(std::string& out, const History& history, const Event& e) {
  out += "{\"process\":";
  append_number(out, e.process.value());
  out += ",\"type\":\"";
  out += to_string(e.type);
  out += "\",\"f\":\"";
  out += to_string(e.function);
  out += '"';
  if (e.key != no_key) {
    out += ",\"key\":";
    out += history.key_text(e.key);
  }
  out += ",\"value\":";
  if (e.answered) {
    out += e.value == Value::integer(0) ? "false" : "true";
  } else if (e.value.kind() == ValueKind::integer) {
    append_number(out, e.value.number());
  } else {
    out += history.value_text(e.value);
  }
  if (history.timed()) {
    out += ",\"time\":";
    append_number(out, e.time.ns());
  }
  if (e.by.peer != 0) {
    out += ",\"peer\":";
    append_number(out, e.by.peer);
  }
  if (e.by.generation != 0) {
    out += ",\"generation\":";
    append_number(out, e.by.generation);
  }
  out += "}\n";
}

bool JsonLinesReader::add(std::string_view line) {
  text_ = line;
  at_ = 0;
  skip_space();
  if (ended()) return true;
  seen_ = 0;
  shape_ = Shape::scalar;
  event_ = Event();
  if (!object()) return false;
  skip_space();
  if (!ended()) return expected("the end of the line");
  if (!complete()) return false;
  if (auto wrong = history_.add(event_)) return fail(0, std::move(*wrong));
  return true;
}

bool JsonLinesReader::object() {
  if (!take('{')) return expected("'{'");
  skip_space();
  if (take('}')) return true;
  for (;;) {
    skip_space();
    const std::size_t name_at = at_;
    std::string_view name;
    if (!peek('"')) return expected("the name of a field, in quotes");
    if (!string(name, unescaped_)) return false;
    const unsigned which = field(name);
    if (which & seen_) return fail(name_at, fmt::format("field {} is given twice", json_string(name)));
    seen_ |= which;
    skip_space();
    if (!take(':')) return expected("':'");
    skip_space();
    if (!field_value(which)) return false;
    skip_space();
    if (take('}')) return true;
    if (!take(',')) return expected("',' or '}'");
  }
}

unsigned JsonLinesReader::field(std::string_view name) {
  const auto if_named = [&](std::string_view ours, unsigned which) { return name == ours ? which : 0; };
  switch (name.size()) {
    case 1: return if_named("f", f);
    case 3: return if_named("key", key);
    case 4: return if_named("type", type) | if_named("time", time) | if_named("peer", peer);
    case 5: return if_named("value", value);
    case 7: return if_named("process", process);
    case 10: return if_named("generation", generation);
    default: return 0;
  }
}

bool JsonLinesReader::field_value(unsigned which) {
  std::int64_t n = 0;
  switch (which) {
    case process:
      if (!integer(n, 0, max_process, "a process number")) return false;
      event_.process = ProcessId(static_cast<std::uint32_t>(n));
      return true;
    case time:
      if (!integer(n, 0, INT64_MAX, "a time in nanoseconds")) return false;
      event_.time = HistoryTime::from_ns(n);
      return true;
    case peer:
      if (word("null")) return true;
      if (!integer(n, 0, UINT16_MAX, "a peer number")) return false;
      event_.by.peer = static_cast<std::uint16_t>(n);
      return true;
    case generation:
      if (word("null")) return true;
      if (!integer(n, 0, UINT32_MAX, "a generation")) return false;
      event_.by.generation = static_cast<std::uint32_t>(n);
      return true;
    case type: return type_value();
    case f: return function_value();
    case key: return key_value();
    case value: return value_value();
    default: return skip_value(0);
  }
}

/// An exact integer of `least` to `most`.
bool JsonLinesReader::integer(std::int64_t& out, std::int64_t least, std::int64_t most, std::string_view what) {
  const std::size_t begin = at_;
  const bool negative = take('-');
  const std::size_t first_digit = at_;
  std::uint64_t magnitude = 0;
  while (!ended() && is_digit(text_[at_])) magnitude = magnitude * 10 + static_cast<std::uint64_t>(text_[at_++] - '0');
  const std::size_t digits = at_ - first_digit;
  if (digits == 0) {
    at_ = begin;
    return expected(what);
  }
  if (text_[first_digit] == '0' && digits > 1) return fail(begin, "expected an integer without leading zeros");
  if (peek('.') || peek('e') || peek('E')) {
    return fail(begin, fmt::format("expected {}, found a number with a fraction or an exponent", what));
  }
  out = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  bool fits = true;
  if (digits > 18) {  // it may have overflowed
    const auto [end, error] = std::from_chars(text_.data() + begin, text_.data() + at_, out);
    fits = error == std::errc();
  }
  if (fits && out >= least && out <= most) return true;
  return fail(begin,
              fmt::format("expected {} of {} to {}, found {}", what, least, most, text_.substr(begin, at_ - begin)));
}

bool JsonLinesReader::type_value() {
  static constexpr std::array<std::pair<std::string_view, EventType>, 4> types{
      {{"invoke", EventType::invoke}, {"ok", EventType::ok}, {"fail", EventType::fail}, {"info", EventType::info}}};
  const std::size_t begin = at_;
  std::string_view name;
  if (!string(name, unescaped_)) return false;
  for (const auto& [text, meaning] : types) {
    if (name == text) return event_.type = meaning, true;
  }
  return fail(begin, fmt::format("expected \"invoke\", \"ok\", \"fail\" or \"info\", found {}", json_string(name)));
}

bool JsonLinesReader::function_value() {
  const std::size_t begin = at_;
  std::string_view name;
  if (!string(name, unescaped_)) return false;
  const auto function = function_named(name);
  if (!function) return fail(begin, unknown_function(name));
  event_.function = *function;
  return true;
}

bool JsonLinesReader::key_value() {
  if (word("null")) return true;
  if (peek('"')) {
    const std::size_t begin = at_;
    std::string_view name;
    if (!string(name, unescaped_)) return false;
    const std::string_view quoted = text_.substr(begin, at_ - begin);
    // What has no escapes stands in the file as it stands in ours.
    event_.key = quoted.size() == name.size() + 2 ? history_.key_from_text(quoted) : history_.key(name);
    return true;
  }
  std::int64_t n = 0;
  if (!integer(n, INT64_MIN, INT64_MAX, "a key (a string or an integer)")) return false;
  event_.key = history_.key(n);
  return true;
}

bool JsonLinesReader::value_value() {
  value_at_ = at_;
  if (peek('[')) return flat_list();
  if (peek('{')) return compound();
  event_.answered = peek('t') || peek('f');
  return element(event_.value);
}

bool JsonLinesReader::element(Value& out) {
  if (peek('"')) {
    std::string_view text;
    if (!string(text, unescaped_)) return false;
    out = history_.text(text);
    return true;
  }
  if (word("null")) return out = Value::nil(), true;
  if (word("true")) return out = Value::integer(1), true;
  if (word("false")) return out = Value::integer(0), true;
  Number n;
  if (!number(n, "a value")) return false;
  out = n.is_integer && Value::fits(n.integer) ? Value::integer(n.integer) : history_.literal(n.text);
  return true;
}

/// A list of what element() reads, or else anything.
bool JsonLinesReader::flat_list() {
  ++at_;
  list_.clear();
  shape_ = Shape::flat_list;
  skip_space();
  if (take(']')) return true;
  for (;;) {
    skip_space();
    if (peek('[') || peek('{')) return compound();
    if (!element(list_.emplace_back())) return false;
    skip_space();
    if (take(']')) return true;
    if (!take(',')) return expected("',' or ']'");
  }
}

/// The whole value, whatever it is.
bool JsonLinesReader::compound() {
  shape_ = Shape::compound;
  document_.clear();
  JsonParser parser(text_.substr(value_at_), "the end of the line", document_);
  root_ = parser.read();
  at_ = value_at_ + parser.at();
  return root_ != 0 || here(parser.problem());
}

/// A problem of a part of the value.
bool JsonLinesReader::here(const TextProblem& problem) {
  return fail(value_at_ + problem.at, problem.message);
}

bool JsonLinesReader::skip_value(int depth) {
  if (depth > max_nesting) return too_deep();
  std::string_view ignored;
  if (peek('"')) return string(ignored, unescaped_);
  if (word("null") || word("true") || word("false")) return true;
  if (!peek('{') && !peek('[')) {
    Number n;
    return number(n, "a value");
  }
  const bool is_object = take('{');
  if (!is_object) ++at_;
  const char close = is_object ? '}' : ']';
  skip_space();
  if (take(close)) return true;
  for (;;) {
    skip_space();
    if (is_object) {
      if (!string(ignored, unescaped_)) return false;
      skip_space();
      if (!take(':')) return expected("':'");
      skip_space();
    }
    if (!skip_value(depth + 1)) return false;
    skip_space();
    if (take(close)) return true;
    if (!take(',')) return expected(is_object ? "',' or '}'" : "',' or ']'");
  }
}

bool JsonLinesReader::complete() {
  for (const auto& [bit, name] : {std::pair{process, "process"}, {type, "type"}, {f, "f"}}) {
    if (!(seen_ & bit)) return fail(0, fmt::format("expected a field \"{}\"", name));
  }
  if (!complete_time()) return false;
  // Only now are the function, which tells what a list is, and the key, which lists share memory by, known for certain.
  if (shape_ == Shape::flat_list && !complete_list()) return false;
  if (shape_ == Shape::compound && !compound_value()) return false;
  event_.answered = event_.answered && event_.function == Function::add && event_.type == EventType::ok;
  if (event_.type == EventType::fail && event_.function == Function::cas &&
      fail_ == FailMeaning::compared_and_differed) {
    event_.type = EventType::ok;
    event_.value = Value::integer(0);
  }
  return true;
}

bool JsonLinesReader::complete_time() {
  if (!(seen_ & time)) {
    if (history_.empty()) history_.set_untimed();
    if (history_.timed()) return fail(0, "expected a field \"time\"");
    event_.time = HistoryTime::from_ns(static_cast<std::int64_t>(history_.size()));
    return true;
  }
  return history_.timed() || fail(0, "expected no field \"time\", as in the lines before");
}

bool JsonLinesReader::complete_list() {
  const bool is_result =
      event_.type == EventType::ok && (is_read(event_.function) || event_.function == Function::drain);
  if (is_result) {
    event_.value = history_.list(event_.key, list_);
  } else if (event_.function == Function::cas && list_.size() == 2) {
    event_.value = history_.pair(list_[0], list_[1]);
  } else {
    return compound() && compound_value();
  }
  return true;
}

bool JsonLinesReader::compound_value() {
  const Form& form = document_.at(root_);
  const bool is_ok = event_.type == EventType::ok;
  switch (event_.function) {
    case Function::transaction:
    case Function::transfer:
    case Function::initialize:
      return values_.micro_ops(document_, form, is_ok, event_.value) || here(values_.problem());
    case Function::read:
    case Function::read_standby:
    case Function::drain:
      if (!is_ok) break;
      if (FormValues::is_micro_ops(document_, form)) {
        return values_.micro_ops(document_, form, is_ok, event_.value) || here(values_.problem());
      }
      event_.value = form.is_sequence() ? values_.list(event_.key, document_, form) : values_.value(document_, form);
      return true;
    case Function::cas:
      if (form.is_sequence() && form.count == 2) {
        const Form& old = document_.first_in(form);
        event_.value = history_.pair(values_.value(document_, old), values_.value(document_, document_.after(old)));
        return true;
      }
      break;
    default: break;
  }
  event_.value = values_.value(document_, form);
  return true;
}

}  // namespace heir::reports
