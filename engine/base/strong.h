// Strong types for names and numbers: a distinct type for each meaning, compared and hashed as values, no implicit way
// out.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <utility>

namespace heir {

template <class Tag, class Rep>
class Strong {
 public:
  constexpr Strong() = default;
  explicit constexpr Strong(Rep value) : value_(std::move(value)) {}
  constexpr const Rep& value() const { return value_; }
  auto operator<=>(const Strong&) const = default;
  bool operator==(const Strong&) const = default;

 private:
  Rep value_{};
};

}  // namespace heir
