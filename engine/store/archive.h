// Fields to bytes and back, for whatever the store sends and keeps: numbers are of variable length (seven bits a byte,
// low first; signed ones zigzag), strings and lists are counted, an alternative is named by its place in the variant.
//
// fields(archive, value…) is the layout of each type, once for both directions; `value` is const when it is written.
// Layouts of further types are added to this namespace, where their users are. Reading takes anything from anybody: it
// never crashes, and allocates no more than the input's size calls for.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/host.h"
#include "engine/base/strong.h"
#include "engine/base/time.h"

namespace heir::store::archive {

/// To or from the order of bytes that is written.
constexpr std::uint64_t little_endian(std::uint64_t value) {
  return std::endian::native == std::endian::little ? value : __builtin_bswap64(value);
}

/// Appends fields to bytes.
class Writer {
 public:
  static constexpr bool reads = false;
  explicit Writer(std::size_t expected) : out_(expected, '\0') {}

  void byte(std::uint8_t value) { *room(1) = static_cast<char>(value); }
  void fixed(std::uint64_t value) {
    value = little_endian(value);
    std::memcpy(room(8), &value, 8);
  }
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) byte(static_cast<std::uint8_t>(value | 0x80));
    byte(static_cast<std::uint8_t>(value));
  }
  void text(std::string_view value) {
    number(value.size());
    std::copy(value.begin(), value.end(), room(value.size()));
  }
  Bytes take() {
    out_.resize(size_);
    return std::move(out_);
  }

 private:
  char* room(std::size_t bytes) {
    if (out_.size() - size_ < bytes) grow(bytes);
    size_ += bytes;
    return out_.data() + size_ - bytes;
  }
  void grow(std::size_t bytes) { out_.resize(std::max(2 * out_.size(), size_ + bytes)); }

  Bytes out_;
  std::size_t size_ = 0;  ///< So much of out_ is written.
};

/// Takes fields from bytes that anybody may have sent. After the first mistake it yields zeros and remembers the
/// mistake.
class Reader {
 public:
  static constexpr bool reads = true;
  explicit Reader(std::string_view in) : in_(in) {}

  std::uint8_t byte() {
    if (in_.empty()) return fail("ends in the middle");
    const auto value = static_cast<std::uint8_t>(in_.front());
    in_.remove_prefix(1);
    return value;
  }
  std::uint64_t fixed() {
    if (in_.size() < 8) return fail("ends in the middle");
    std::uint64_t value = 0;
    std::memcpy(&value, in_.data(), 8);
    in_.remove_prefix(8);
    return little_endian(value);
  }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint8_t next = byte();
      if (shift == 63 && next > 1) return fail("has a number of more than 64 bits");
      value |= std::uint64_t{next & 0x7fu} << shift;
      if (next < 0x80) return value;
    }
    return fail("has a number of more than 64 bits");
  }
  std::string_view text() {
    const std::uint64_t size = number();
    if (size > in_.size()) {
      fail("has a text that is longer than the rest");
      return {};
    }
    const std::string_view value = in_.substr(0, size);
    in_.remove_prefix(size);
    return value;
  }
  /// A count of items, each of which takes one byte at least.
  std::uint64_t count() {
    const std::uint64_t value = number();
    return value > in_.size() ? fail("has a list that is longer than the rest") : value;
  }
  std::uint8_t fail(const char* mistake) {
    if (!mistake_) mistake_ = mistake;
    in_ = {};
    return 0;
  }
  void end() {
    if (!mistake_ && !in_.empty()) fail("goes on behind its end");
  }
  const char* mistake() const { return mistake_; }

 private:
  std::string_view in_;
  const char* mistake_ = nullptr;
};

template <class T, class U>
concept Is = std::same_as<std::remove_const_t<T>, U>;

template <class A, class First, class Second, class... More>
void fields(A& a, First& first, Second& second, More&... more);

template <class A, Is<std::uint64_t> T>
void fields(A& a, T& value) {
  if constexpr (A::reads) {
    value = a.number();
  } else {
    a.number(value);
  }
}

template <class A, Is<bool> T>
void fields(A& a, T& value) {
  if constexpr (A::reads) {
    const std::uint8_t byte = a.byte();
    if (byte > 1) a.fail("has a yes or no that is neither");
    value = byte == 1;
  } else {
    a.byte(value ? 1 : 0);
  }
}

template <class A, Is<std::string> T>
void fields(A& a, T& value) {
  if constexpr (A::reads) {
    value = a.text();
  } else {
    a.text(value);
  }
}

template <class A, class T>
void zigzag(A& a, T& value) {
  if constexpr (A::reads) {
    const std::uint64_t n = a.number();
    value = static_cast<std::int64_t>(n >> 1) ^ -static_cast<std::int64_t>(n & 1);
  } else {
    a.number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
}

template <class A, Is<Duration> T>
void fields(A& a, T& value) {
  std::int64_t ns = value.ns();
  zigzag(a, ns);
  if constexpr (A::reads) value = Duration::nanoseconds(ns);
}

template <class A, class Clock>
void fields(A& a, Instant<Clock>& value) {
  std::int64_t ns = 0;
  zigzag(a, ns);
  value = Instant<Clock>::from_ns(ns);
}
template <class A, class Clock>
void fields(A& a, const Instant<Clock>& value) {
  const std::int64_t ns = value.ns();
  zigzag(a, ns);
}

template <class A, class Tag, class Rep>
void fields(A& a, Strong<Tag, Rep>& value) {
  Rep rep{};
  fields(a, rep);
  value = Strong<Tag, Rep>(std::move(rep));
}
template <class A, class Tag, class Rep>
void fields(A& a, const Strong<Tag, Rep>& value) {
  fields(a, value.value());
}

template <class A, class T>
void fields(A& a, std::optional<T>& value) {
  bool present = false;
  fields(a, present);
  if (present) fields(a, value.emplace());
}
template <class A, class T>
void fields(A& a, const std::optional<T>& value) {
  const bool present = value.has_value();
  fields(a, present);
  if (present) fields(a, *value);
}

template <class A, class T>
void fields(A& a, std::vector<T>& value) {
  for (std::uint64_t left = a.count(); left > 0 && !a.mistake(); --left) fields(a, value.emplace_back());
}
template <class A, class T>
void fields(A& a, const std::vector<T>& value) {
  a.number(value.size());
  for (const T& item : value) fields(a, item);
}

template <class A, class... T>
void fields(A& a, const std::variant<T...>& value) {
  a.byte(static_cast<std::uint8_t>(value.index()));
  std::visit([&a](const auto& alternative) { fields(a, alternative); }, value);
}
template <class A, class... T>
void fields(A& a, std::variant<T...>& value) {
  const std::size_t kind = a.byte();
  std::size_t index = 0;
  const bool known = ((kind == index++ && (fields(a, value.template emplace<T>()), true)) || ...);
  if (!known) a.fail("is of an unknown kind");
}

template <class A, class First, class Second, class... More>
void fields(A& a, First& first, Second& second, More&... more) {
  fields(a, first);
  fields(a, second);
  (fields(a, more), ...);
}

}  // namespace heir::store::archive
