// Lsn: a byte position in PostgreSQL's write-ahead log. 0 is "none", as in the real one (InvalidXLogRecPtr).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace heir::sim {

class Lsn {
 public:
  constexpr Lsn() = default;
  explicit constexpr Lsn(std::uint64_t offset) : offset_(offset) {}
  constexpr std::uint64_t offset() const { return offset_; }
  constexpr bool valid() const { return offset_ != 0; }
  constexpr auto operator<=>(const Lsn&) const = default;
  constexpr Lsn operator+(std::uint64_t bytes) const { return Lsn(offset_ + bytes); }
  /// Bytes from `earlier` to this one; 0 if it is not earlier.
  constexpr std::uint64_t since(Lsn earlier) const { return offset_ > earlier.offset_ ? offset_ - earlier.offset_ : 0; }

 private:
  std::uint64_t offset_ = 0;
};

/// As the server prints it: "0/15000A0".
std::string to_string(Lsn lsn);

/// Reads "0/15000A0"; nothing if it is not an LSN.
std::optional<Lsn> parse_lsn(std::string_view text);

}  // namespace heir::sim
