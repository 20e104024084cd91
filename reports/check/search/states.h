// Numbers for the states of a model: equal states, and only they, have the same number.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <optional>
#include <ranges>
#include <tuple>
#include <utility>
#include <vector>

namespace heir::reports {

/// The finalizer of splitmix64.
constexpr std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

/// A hash of what a state may be made of: numbers, enumerations, containers of them, pairs and tuples; anything else
/// has a member `std::uint64_t hash() const`. Equal states have equal hashes; the same hash proves nothing.
template <class T>
std::uint64_t state_hash(const T& state) {
  if constexpr (requires {
                  { state.hash() } -> std::convertible_to<std::uint64_t>;
                }) {
    return state.hash();
  } else if constexpr (requires {
                         { state.bits() } -> std::convertible_to<std::int64_t>;
                       }) {
    return mix(static_cast<std::uint64_t>(state.bits()));
  } else if constexpr (std::integral<T> || std::is_enum_v<T>) {
    return mix(static_cast<std::uint64_t>(state));
  } else if constexpr (std::ranges::input_range<const T&>) {
    std::uint64_t hash = 0;
    for (const auto& element : state) hash = mix(hash ^ state_hash(element));
    return hash;
  } else {
    const auto fold = [](const auto&... part) {
      std::uint64_t hash = 0;
      ((hash = mix(hash ^ state_hash(part))), ...);
      return hash;
    };
    return std::apply(fold, state);
  }
}

template <class State>
class StateTable {
 public:
  /// Of a state equal to this one.
  std::uint32_t number(State state) {
    const std::uint64_t hash = state_hash(state);
    if (slots_.empty()) slots_.assign(16, 0);
    std::size_t at = hash & (slots_.size() - 1);
    for (; slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
      const std::uint32_t found = slots_[at] - 1;
      if (states_[found].hash == hash && states_[found].state == state) return found;
    }
    const auto added = static_cast<std::uint32_t>(states_.size());
    bytes_ += sizeof(Kept) + 2 * sizeof(std::uint32_t) + outside(state);
    states_.push_back({hash, std::move(state)});
    slots_[at] = added + 1;
    if (states_.size() * 2 > slots_.size()) grow();
    return added;
  }
  /// Of a state that was given a number before.
  std::optional<std::uint32_t> find(const State& state) const {
    if (slots_.empty()) return std::nullopt;
    const std::uint64_t hash = state_hash(state);
    for (std::size_t at = hash & (slots_.size() - 1); slots_[at] != 0; at = (at + 1) & (slots_.size() - 1)) {
      const std::uint32_t found = slots_[at] - 1;
      if (states_[found].hash == hash && states_[found].state == state) return found;
    }
    return std::nullopt;
  }
  const State& operator[](std::uint32_t number) const { return states_[number].state; }
  std::size_t size() const { return states_.size(); }
  std::size_t memory() const { return bytes_; }

  /// Forgets all others; the state that was `numbers[i]` becomes i.
  void keep_only(const std::vector<std::uint32_t>& numbers) {
    StateTable kept;
    for (const std::uint32_t n : numbers) kept.number(std::move(states_[n].state));
    *this = std::move(kept);
  }

 private:
  struct Kept {
    std::uint64_t hash = 0;
    State state;
  };
  /// Bytes that a state keeps outside itself.
  static std::size_t outside(const State& state) {
    if constexpr (std::ranges::sized_range<const State&>) {
      return std::ranges::size(state) * sizeof(std::ranges::range_value_t<const State&>);
    } else {
      return 0;
    }
  }
  void grow() {
    slots_.assign(slots_.size() * 4, 0);
    for (std::uint32_t i = 0; i < states_.size(); ++i) {
      std::size_t at = states_[i].hash & (slots_.size() - 1);
      while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = i + 1;
    }
  }

  std::vector<Kept> states_;
  std::vector<std::uint32_t> slots_;  ///< Number + 1; 0 is free.
  std::size_t bytes_ = 0;
};

}  // namespace heir::reports
