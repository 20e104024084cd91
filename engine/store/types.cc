#include "engine/store/types.h"

#include <array>

namespace heir::store {

namespace {

constexpr std::array<int, 5> groups = {8, 4, 4, 4, 12};

}  // namespace

std::string to_string(const StoreId& id) {
  std::string text;
  text.reserve(36);
  int digit = 0;
  for (int length : groups) {
    if (!text.empty()) text += '-';
    for (int i = 0; i < length; ++i, ++digit) {
      const std::uint64_t half = digit < 16 ? id.high : id.low;
      text += "0123456789abcdef"[(half >> (60 - 4 * (digit % 16))) & 15];
    }
  }
  return text;
}

std::optional<StoreId> parse_store_id(const std::string& text) {
  if (text.size() != 36) return std::nullopt;
  StoreId id;
  int digit = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return std::nullopt;
      continue;
    }
    std::uint64_t value = 0;
    if (c >= '0' && c <= '9') {
      value = static_cast<std::uint64_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      value = static_cast<std::uint64_t>(c - 'a') + 10;
    } else {
      return std::nullopt;
    }
    std::uint64_t& half = digit < 16 ? id.high : id.low;
    half = half << 4 | value;
    ++digit;
  }
  return id;
}

StoreId random_store_id(Host& host) {
  std::array<std::byte, 16> bytes{};
  host.random_bytes(bytes);
  StoreId id;
  for (std::size_t i = 0; i < 8; ++i) {
    id.high = id.high << 8 | std::to_integer<std::uint64_t>(bytes[i]);
    id.low = id.low << 8 | std::to_integer<std::uint64_t>(bytes[i + 8]);
  }
  // A random UUID says that it is one: version 4, variant 1.
  id.high = (id.high & ~(std::uint64_t{0xf} << 12)) | (std::uint64_t{4} << 12);
  id.low = (id.low & ~(std::uint64_t{3} << 62)) | (std::uint64_t{2} << 62);
  return id;
}

}  // namespace heir::store
