// Probes: named rare branches of a run, counted. A campaign reports which were hit, and which of the expected ones
// never were.
//
// Invariants: a probe belongs to one run (there is no static state); counts are listed in the order of names. Probes
// are not part of the trace hash and never change a run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace heir::sim {

/// Whether a campaign may go by without hitting it.
enum class ProbeRarity { expected, rare };

/// A handle to a counter, resolved once by name; hit() is one increment. Lives no longer than its Probes.
class Probe {
 public:
  void hit() { ++*count_; }
  std::uint64_t count() const { return *count_; }

 private:
  friend class Probes;
  explicit Probe(std::uint64_t* count) : count_(count) {}
  std::uint64_t* count_;
};

class Probes {
 public:
  struct Entry {
    std::uint64_t count = 0;
    ProbeRarity rarity = ProbeRarity::expected;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;

  Probes() = default;
  Probes(const Probes&) = delete;
  Probes& operator=(const Probes&) = delete;

  /// The probe of this name, made at 0 if it is new. Keep the handle; do not look it up at every hit. A probe is rare
  /// only if every one who asked for it said so.
  Probe probe(std::string_view name, ProbeRarity rarity = ProbeRarity::expected);
  /// Times hit; 0 if nobody ever asked for it.
  std::uint64_t count(std::string_view name) const;
  /// All, ordered by name, those at 0 too.
  const Entries& entries() const { return entries_; }

 private:
  Entries entries_;
};

}  // namespace heir::sim
