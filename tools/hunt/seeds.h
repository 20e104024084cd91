// Seeds: which seeds of a scenario have been run, and which is the next.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

namespace heir::tools {

/// A set of numbers that is full of runs of neighbours.
class SeedSet {
 public:
  void add(std::uint64_t seed);
  bool contains(std::uint64_t seed) const;
  std::uint64_t size() const { return size_; }

 private:
  std::map<std::uint64_t, std::uint64_t> runs_;  ///< First and last.
  std::uint64_t size_ = 0;
};

/// A part of the seeds: every `of`th, beginning with number `index` (from 1).
struct Shard {
  std::uint64_t index = 1;
  std::uint64_t of = 1;
  bool operator==(const Shard&) const = default;
};

/// The seeds that a campaign wants of each scenario, in their order.
struct WantedSeeds {
  std::uint64_t first = 1;
  std::optional<std::uint64_t> last;  ///< Nothing: they go on without an end.
  Shard shard;

  /// How many there are; nothing if there is no end.
  std::optional<std::uint64_t> count() const;
  bool contains(std::uint64_t seed) const;
  std::optional<std::uint64_t> begin() const { return at_or_after(first); }
  std::optional<std::uint64_t> after(std::uint64_t seed) const;

 private:
  std::optional<std::uint64_t> at_or_after(std::uint64_t seed) const;
};

}  // namespace heir::tools
