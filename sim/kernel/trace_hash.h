// The rolling hash of a run's events, and its value at checkpoints, by which two runs are bisected to where they part.
//
// Invariants: the hash is a function of the sequence of events and mixed values alone. Checkpoint number i is the hash
// just before event (i + 1) * 2^interval_log2 + 1; when there are too many, every second one is dropped and the
// interval doubles.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/kernel/virtual_time.h"

namespace heir::sim {

/// The hash of a run after each 2^interval_log2 events.
struct Checkpoints {
  std::uint32_t interval_log2 = 0;
  std::vector<std::uint64_t> hashes;
  std::uint64_t interval() const { return std::uint64_t{1} << interval_log2; }
  bool operator==(const Checkpoints&) const = default;
};

/// Events by number: the first one after `after`, up to and including `upto`.
struct EventRange {
  std::uint64_t after = 0;
  std::uint64_t upto = 0;
  bool operator==(const EventRange&) const = default;
};

/// Where two runs part, as far as their checkpoints tell: the first differing event is in that range. Nothing if all
/// checkpoints that both have agree (what comes after the last common one is not compared).
std::optional<EventRange> first_difference(const Checkpoints& a, const Checkpoints& b);

class TraceHash {
 public:
  /// Keeps at most this many checkpoints.
  static constexpr std::size_t kMostCheckpoints = 4096;

  explicit TraceHash(std::uint64_t seed) : value_(seed ^ kKeyA) {}

  void event(VirtualTime at, std::uint32_t target, std::uint32_t kind, std::uint64_t argument) {
    if (events_ == next_checkpoint_) take_checkpoint();
    ++events_;
    const std::uint64_t who = (std::uint64_t{target} << 32) | kind;
    const std::uint64_t what = fold(static_cast<std::uint64_t>(at.ns()) ^ kKeyB, argument ^ kKeyC) ^ (who * kKeyD);
    value_ = fold(value_ ^ what, kKeyA) + what;
  }
  void mix(std::uint64_t value) { value_ = fold(value_ ^ value, kKeyB) + value; }

  std::uint64_t value() const { return value_; }
  std::uint64_t events() const { return events_; }
  const Checkpoints& checkpoints() const { return checkpoints_; }

 private:
  static constexpr std::uint64_t kKeyA = 0x9e3779b97f4a7c15;
  static constexpr std::uint64_t kKeyB = 0xd1b54a32d192ed03;
  static constexpr std::uint64_t kKeyC = 0xaef17502108ef2d9;
  static constexpr std::uint64_t kKeyD = 0xf1357aea2e62a9c5;

  /// Both halves of the 128-bit product, together.
  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = Wide{a} * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  void take_checkpoint();

  std::uint64_t value_;
  std::uint64_t events_ = 0;
  std::uint64_t next_checkpoint_ = 1;
  Checkpoints checkpoints_;
};

}  // namespace heir::sim
