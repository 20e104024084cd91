// A digest of bytes for the trace hash: equal on every machine, a few ns for a message. Not for anything else.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace heir::sim {

inline std::uint64_t digest(std::string_view bytes) {
  std::uint64_t value = bytes.size() * 0x9e3779b97f4a7c15;
  const auto add = [&value](std::uint64_t word) {
    value = (value ^ word) * 0xd6e8feb86659fd93;
    value ^= value >> 32;
  };
  const auto load = [](const char* from, std::size_t count) {
    std::uint64_t word = 0;
    std::memcpy(&word, from, count);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
  };
  while (bytes.size() >= 8) {
    add(load(bytes.data(), 8));
    bytes.remove_prefix(8);
  }
  if (!bytes.empty()) add(load(bytes.data(), bytes.size()));
  return value;
}

}  // namespace heir::sim
