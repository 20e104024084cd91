// CRC-32C (Castagnoli): what our files are checked with. Finds every burst of up to 32 bits, and nearly all
// else.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace heir {

namespace detail {
constexpr std::array<std::uint32_t, 256> crc32c_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value & 1) != 0 ? (value >> 1) ^ 0x82f6'3b78 : value >> 1;
    table[i] = value;
  }
  return table;
}
inline constexpr std::array<std::uint32_t, 256> crc32c_of_byte = crc32c_table();
}  // namespace detail

constexpr std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char c : bytes) crc = (crc >> 8) ^ detail::crc32c_of_byte[(crc ^ static_cast<std::uint8_t>(c)) & 0xff];
  return ~crc;
}
static_assert(crc32c("123456789") == 0xe306'9283);

}  // namespace heir
