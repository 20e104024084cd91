#include "reports/history/edn.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace heir::reports {

namespace {

/// What ends a number, a symbol or a keyword.
constexpr std::array<bool, 256> delimiters = [] {
  std::array<bool, 256> all{};
  for (const unsigned char c : std::string_view(" \t\r\n\f\v,;\"()[]{}^@`~\\")) all[c] = true;
  all[0] = true;
  return all;
}();

bool is_delimiter(char c) {
  return delimiters[static_cast<unsigned char>(c)];
}

bool is_space(char c) {
  return c == ' ' || c == ',' || (c >= '\t' && c <= '\r');
}

bool is_json_number(std::string_view text) {
  const auto skip_digits = [&] {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(digits);
    return digits > 0;
  };
  const auto take = [&](std::string_view any) {
    const bool taken = !text.empty() && any.find(text[0]) != std::string_view::npos;
    if (taken) text.remove_prefix(1);
    return taken;
  };
  take("-");
  if (!skip_digits() || (take(".") && !skip_digits())) return false;
  if (!take("eE")) return text.empty();
  take("+-");
  return skip_digits() && text.empty();
}

}  // namespace

bool EdnParser::skip_blank(int depth) {
  if (depth > max_nesting) return too_deep();
  for (;;) {
    while (!ended() && is_space(text_[at_])) ++at_;
    if (ended()) return true;
    const std::size_t begin = at_;
    if (text_[at_] == ';') {
      at_ = text_.find('\n', at_);
      if (at_ == std::string_view::npos) {
        at_ = text_.size();
        expected("the end of the comment's line");
        at_ = begin;
        return false;
      }
    } else if (word("#_")) {
      const std::size_t forms = document_.size();
      std::uint32_t ignored = 0;
      if (!skip_blank(depth + 1) || !value(ignored, depth + 1)) return at_ = begin, false;
      document_.shrink(forms);
    } else {
      return true;
    }
  }
}

std::uint32_t EdnParser::read() {
  std::uint32_t root = 0;
  return skip_blank() && value(root, 0) ? root : 0;
}

bool EdnParser::value(std::uint32_t& out, int depth) {
  if (depth > max_nesting) return too_deep();
  if (ended()) return expected("a value");
  Form form;
  form.at = static_cast<std::uint32_t>(at_);
  bool good = true;
  switch (text_[at_]) {
    case '{': good = container(form, Form::Kind::map, '}', depth); break;
    case '[': good = container(form, Form::Kind::vector, ']', depth); break;
    case '(': good = container(form, Form::Kind::list, ')', depth); break;
    case '"': good = string(form); break;
    case '\\': good = character(form); break;
    case '#': good = dispatch(form, depth); break;
    case '^': {
      ++at_;
      std::uint32_t metadata = 0;
      if (!skip_blank(depth + 1) || !value(metadata, depth + 1) || !skip_blank(depth + 1)) return false;
      return value(out, depth + 1);
    }
    default: good = atom(form);
  }
  if (good) out = document_.add(form);
  return good;
}

bool EdnParser::container(Form& form, Form::Kind kind, char close, int depth) {
  form.kind = kind;
  ++at_;
  for (std::uint32_t last = 0;; ++form.count) {
    if (!skip_blank(depth + 1)) return false;
    if (take(close)) break;
    if (ended() || peek(')') || peek(']') || peek('}')) return expected(fmt::format("'{}' or a value", close));
    std::uint32_t part = 0;
    if (!value(part, depth + 1)) return false;
    (last == 0 ? form.first : document_.at(last).next) = part;
    last = part;
  }
  if (kind == Form::Kind::map && form.count % 2 != 0)
    return fail(at_ - 1, "expected a value for the last key of the map");
  return true;
}

bool EdnParser::dispatch(Form& form, int depth) {
  ++at_;
  if (ended()) return expected("a tag, '{', '_' or '#'");
  if (peek('{')) return container(form, Form::Kind::set, '}', depth);
  if (take('#')) {  // ##Inf, ##NaN
    form.kind = Form::Kind::symbol;
    form.text = token();
    return !form.text.empty() || expected("Inf, -Inf or NaN");
  }
  const bool names_keys = take(':');
  form.text = token();
  if (form.text.empty()) return expected("a tag, '{', '_' or '#'");
  if (!skip_blank(depth + 1)) return false;
  if (names_keys) {
    if (!peek('{')) return expected("'{'");
    form.text = {};
    return container(form, Form::Kind::map, '}', depth);
  }
  form.kind = Form::Kind::tagged;
  form.count = 1;
  return value(form.first, depth + 1);
}

bool EdnParser::string(Form& form) {
  form.kind = Form::Kind::string;
  const std::size_t begin = ++at_;
  const std::size_t special = text_.find_first_of("\"\\", begin);
  at_ = std::min(special, text_.size());
  form.text = text_.substr(begin, at_ - begin);
  if (take('"')) return true;
  std::string unescaped(form.text);
  while (!ended()) {
    const char c = text_[at_++];
    if (c == '"') return form.text = document_.keep(std::move(unescaped)), true;
    if (c != '\\') {
      unescaped.push_back(c);
    } else if (!escape(unescaped)) {
      return false;
    }
  }
  return expected("'\"' at the end of the string");
}

bool EdnParser::escape(std::string& unescaped) {
  static constexpr std::string_view from = "\"\\tnrbf";
  static constexpr std::string_view to = "\"\\\t\n\r\b\f";
  if (take('u')) {
    std::uint32_t c = 0;
    if (!hex4(c)) return false;
    // Java's strings are UTF-16: what lies outside the first plane is written as two escapes.
    std::uint32_t low = 0;
    if (c >= 0xD800 && c < 0xDC00 && word("\\u")) {
      if (!hex4(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return fail(at_ - 4, "expected the second half of a surrogate pair");
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    append_utf8(unescaped, c);
    return true;
  }
  const std::size_t which = ended() ? std::string_view::npos : from.find(text_[at_]);
  if (which == std::string_view::npos) return expected("an escape of EDN");
  unescaped.push_back(to[which]);
  ++at_;
  return true;
}

bool EdnParser::character(Form& form) {
  static constexpr std::array<std::pair<std::string_view, char>, 6> names{
      {{"newline", '\n'}, {"return", '\r'}, {"space", ' '}, {"tab", '\t'}, {"formfeed", '\f'}, {"backspace", '\b'}}};
  form.kind = Form::Kind::character;
  ++at_;
  if (ended()) return expected("a character");
  const std::size_t begin = at_;
  ++at_;  // whatever it is, also a delimiter
  token();
  form.text = text_.substr(begin, at_ - begin);
  for (const auto& [name, c] : names) {
    if (form.text == name) return form.text = document_.keep(std::string(1, c)), true;
  }
  if (form.text.size() == 5 && form.text[0] == 'u') {
    const std::size_t end = at_;
    at_ = begin + 1;
    std::uint32_t c = 0;
    if (!hex4(c)) return false;
    at_ = end;
    std::string utf8;
    append_utf8(utf8, c);
    form.text = document_.keep(std::move(utf8));
  }
  return true;
}

std::string_view EdnParser::token() {
  const std::size_t begin = at_;
  while (!ended() && !is_delimiter(text_[at_])) ++at_;
  return text_.substr(begin, at_ - begin);
}

bool EdnParser::atom(Form& form) {
  const std::size_t begin = at_;
  if (take(':')) {
    form.kind = Form::Kind::keyword;
    form.text = token();
    return !form.text.empty() || expected("the name of a keyword");
  }
  const std::string_view text = token();
  if (text.empty()) return expected("a value");
  const char first = text[0];
  const char second = text.size() > 1 ? text[1] : ' ';
  if (is_digit(first) || ((first == '-' || first == '+') && is_digit(second))) {
    if (number(form, text)) return true;
    at_ = begin;
    return fail(begin, fmt::format("expected a number, found {}", text));
  }
  const auto c = static_cast<unsigned char>(first);
  if (c < 0x20 || c == 0x7F) {
    at_ = begin;
    return expected("a value");
  }
  if (text == "nil") {
    form.kind = Form::Kind::nil;
  } else if (text == "true" || text == "false") {
    form.kind = Form::Kind::boolean;
    form.integer = text == "true" ? 1 : 0;
  } else {
    form.kind = Form::Kind::symbol;
    form.text = text;
  }
  return true;
}

bool EdnParser::number(Form& form, std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.ends_with('N') || text.ends_with('M')) text.remove_suffix(1);
  const std::size_t digit = text.starts_with('-') ? 1 : 0;
  if (text.size() > digit + 1 && text[digit] == '0' && is_digit(text[digit + 1])) return false;
  const char* const last = text.data() + text.size();
  if (const auto [end, error] = std::from_chars(text.data(), last, form.integer); end == last && error == std::errc()) {
    form.kind = Form::Kind::integer;
    return true;
  }
  form.kind = is_json_number(text) ? Form::Kind::number : Form::Kind::symbol;  // 1/2
  form.text = text;
  return std::ranges::all_of(
      text, [](char c) { return is_digit(c) || std::string_view(".-+eE/").find(c) != std::string_view::npos; });
}

}  // namespace heir::reports
