#include "sim/databases/postgresql/lsn.h"

namespace heir::sim {

namespace {

void append_hex(std::string& text, std::uint32_t number) {
  static constexpr char digits[] = "0123456789ABCDEF";
  int shift = 28;
  while (shift > 0 && ((number >> shift) & 15) == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) text += digits[(number >> shift) & 15];
}

std::optional<std::uint64_t> parse_hex(std::string_view text) {
  if (text.empty() || text.size() > 8) return std::nullopt;
  std::uint64_t number = 0;
  for (char c : text) {
    std::uint64_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<std::uint64_t>(c - '0');
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<std::uint64_t>(c - 'A') + 10;
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<std::uint64_t>(c - 'a') + 10;
    } else {
      return std::nullopt;
    }
    number = number * 16 + digit;
  }
  return number;
}

}  // namespace

std::string to_string(Lsn lsn) {
  std::string text;
  append_hex(text, static_cast<std::uint32_t>(lsn.offset() >> 32));
  text += '/';
  append_hex(text, static_cast<std::uint32_t>(lsn.offset()));
  return text;
}

std::optional<Lsn> parse_lsn(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto high = parse_hex(text.substr(0, slash));
  const auto low = parse_hex(text.substr(slash + 1));
  if (!high || !low) return std::nullopt;
  return Lsn((*high << 32) | *low);
}

}  // namespace heir::sim
