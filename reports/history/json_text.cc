#include "reports/history/json_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace heir::reports {

namespace {

/// Bytes of the UTF-8 sequence that `text` begins with; 0 if it begins with none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 && first < 0xf5   ? 4
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xc2 && first < 0xe0 ? 2
                                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  // Neither longer than it need be, nor a surrogate, nor beyond the last character.
  const bool good = length == 2 ||
                    (length == 3 && (first != 0xe0 || byte(1) >= 0xa0) && (first != 0xed || byte(1) < 0xa0)) ||
                    (length == 4 && (first != 0xf0 || byte(1) >= 0x90) && (first != 0xf4 || byte(1) < 0x90));
  return good ? length : 0;
}

}  // namespace

std::string well_formed(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    out += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
  return out;
}

bool JsonCursor::escaped_string(std::string_view& out, std::string& unescaped) {
  unescaped.assign(out);
  while (!ended()) {
    const char c = text_[at_];
    if (c == '"') {
      ++at_;
      out = unescaped;
      return true;
    }
    if (static_cast<unsigned char>(c) < 0x20) break;
    ++at_;
    if (c != '\\') {
      unescaped.push_back(c);
    } else if (!escape(unescaped)) {
      return false;
    }
  }
  return expected("'\"' at the end of the string");
}

bool JsonCursor::escape(std::string& unescaped) {
  static constexpr std::string_view from = "\"\\/bfnrt";
  static constexpr std::string_view to = "\"\\/\b\f\n\r\t";
  if (take('u')) {
    std::uint32_t c = 0;
    if (!hex4(c)) return false;
    if (c >= 0xD800 && c < 0xDC00) {
      std::uint32_t low = 0;
      if (!take('\\') || !take('u')) return expected("the second half of a surrogate pair");
      if (!hex4(low)) return false;
      if (low < 0xDC00 || low > 0xDFFF) return fail(at_ - 4, "expected the second half of a surrogate pair");
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    } else if (c >= 0xDC00 && c < 0xE000) {
      return fail(at_ - 4, "expected the first half of a surrogate pair before its second");
    }
    append_utf8(unescaped, c);
    return true;
  }
  const std::size_t which = ended() ? std::string_view::npos : from.find(text_[at_]);
  if (which == std::string_view::npos) return expected("an escape of JSON");
  unescaped.push_back(to[which]);
  ++at_;
  return true;
}

bool JsonCursor::number(Number& out, std::string_view what) {
  const std::size_t begin = at_;
  const bool negative = take('-');
  const std::size_t first_digit = at_;
  std::uint64_t magnitude = 0;
  while (!ended() && is_digit(text_[at_])) magnitude = magnitude * 10 + static_cast<std::uint64_t>(text_[at_++] - '0');
  const std::size_t digits = at_ - first_digit;
  if (digits == 0) {
    if (!ended()) at_ = begin;
    return expected(what);
  }
  if (text_[first_digit] == '0' && digits > 1) return fail(begin, "expected a number without leading zeros");
  out.is_integer = true;
  out.integer = static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
  if (take('.')) {
    out.is_integer = false;
    if (skip_digits() == 0) return expected("a digit");
  }
  if (take('e') || take('E')) {
    out.is_integer = false;
    if (!take('+')) take('-');
    if (skip_digits() == 0) return expected("a digit");
  }
  out.text = text_.substr(begin, at_ - begin);
  if (out.is_integer && digits > 18) {  // it may have overflowed
    const auto [end, error] = std::from_chars(out.text.data(), out.text.data() + out.text.size(), out.integer);
    out.is_integer = error == std::errc();
  }
  return true;
}

std::uint32_t JsonParser::read() {
  skip_space();
  std::uint32_t root = 0;
  return value(root, 0) ? root : 0;
}

bool JsonParser::value(std::uint32_t& out, int depth) {
  if (depth > max_nesting) return too_deep();
  Form form;
  form.at = static_cast<std::uint32_t>(at_);
  bool good = true;
  if (peek('"')) {
    form.kind = Form::Kind::string;
    good = text(form);
  } else if (peek('[')) {
    good = array(form, depth);
  } else if (peek('{')) {
    good = object(form, depth);
  } else if (peek('n') || peek('t') || peek('f')) {
    good = constant(form);
  } else {
    Number n;
    good = number(n, "a value");
    form.kind = n.is_integer ? Form::Kind::integer : Form::Kind::number;
    form.integer = n.integer;
    form.text = n.text;
  }
  if (good) out = document_.add(form);
  return good;
}

bool JsonParser::constant(Form& form) {
  const std::size_t begin = at_;
  while (!ended() && text_[at_] >= 'a' && text_[at_] <= 'z') ++at_;
  const std::string_view name = text_.substr(begin, at_ - begin);
  form.kind = name == "null" ? Form::Kind::nil : Form::Kind::boolean;
  form.integer = name == "true" ? 1 : 0;
  if (name == "null" || name == "true" || name == "false") return true;
  if (!ended()) at_ = begin;
  return expected("a value");
}

bool JsonParser::text(Form& form) {
  std::string unescaped;
  if (!string(form.text, unescaped)) return false;
  if (!unescaped.empty()) form.text = document_.keep(std::move(unescaped));
  return true;
}

bool JsonParser::array(Form& form, int depth) {
  form.kind = Form::Kind::vector;
  ++at_;
  skip_space();
  if (take(']')) return true;
  for (std::uint32_t last = 0;; ++form.count) {
    skip_space();
    std::uint32_t part = 0;
    if (!value(part, depth + 1)) return false;
    (last == 0 ? form.first : document_.at(last).next) = part;
    last = part;
    skip_space();
    if (take(']')) return ++form.count, true;
    if (!take(',')) return expected("',' or ']'");
  }
}

bool JsonParser::object(Form& form, int depth) {
  form.kind = Form::Kind::map;
  ++at_;
  skip_space();
  if (take('}')) return true;
  for (std::uint32_t last = 0;;) {
    skip_space();
    if (!peek('"')) return expected("the name of a field, in quotes");
    std::uint32_t name = 0;
    if (!value(name, depth + 1)) return false;
    (last == 0 ? form.first : document_.at(last).next) = name;
    skip_space();
    if (!take(':')) return expected("':'");
    skip_space();
    std::uint32_t part = 0;
    if (!value(part, depth + 1)) return false;
    document_.at(name).next = part;
    last = part;
    form.count += 2;
    skip_space();
    if (take('}')) return true;
    if (!take(',')) return expected("',' or '}'");
  }
}

}  // namespace heir::reports
