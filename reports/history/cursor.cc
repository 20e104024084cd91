#include "reports/history/cursor.h"

#include <fmt/format.h>

#include <utility>

namespace heir::reports {

bool Cursor::fail(std::size_t at, std::string message) {
  problem_ = TextProblem{at, std::move(message), false};
  return false;
}

bool Cursor::expected(std::string_view what) {
  fail(at_, fmt::format("expected {}, found {}", what, found()));
  problem_.incomplete = ended();
  return false;
}

bool Cursor::too_deep() {
  return fail(at_, fmt::format("expected at most {} levels of nesting", max_nesting));
}

std::string Cursor::found() const {
  if (ended()) return std::string(end_of_text_);
  const auto c = static_cast<unsigned char>(text_[at_]);
  return c >= 0x20 && c < 0x7F ? fmt::format("'{}'", static_cast<char>(c)) : fmt::format("byte 0x{:02x}", c);
}

bool Cursor::hex4(std::uint32_t& out) {
  out = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char c = ended() ? ' ' : text_[at_];
    const char lower = static_cast<char>(c | 0x20);
    out <<= 4;
    if (is_digit(c)) {
      out |= static_cast<std::uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      out |= static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return expected("four hexadecimal digits");
    }
  }
  return true;
}

void Cursor::append_utf8(std::string& out, std::uint32_t c) {
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | (c >> 18));
    put(0x80 | ((c >> 12) & 0x3F));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

}  // namespace heir::reports
