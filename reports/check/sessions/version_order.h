// VersionOrder: what is known of the order of one register's versions, as a graph, and whether it is an order at all.
// Inside this folder only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "reports/check/sessions/accesses.h"

namespace heir::reports::sessions {

/// Why one version comes before another. The first four are the guarantees, in the order of their FailureKinds.
enum class Because : std::uint8_t { reads_own_writes, monotonic_reads, monotonic_writes, writes_follow_reads, time };

class VersionOrder {
 public:
  struct Edge {
    std::uint32_t from = 0;
    std::uint32_t to = 0;
    std::uint32_t op = 0;  ///< Of the session: its later operation.
    Because because = Because::time;
  };
  /// Knows what time tells: with one more node for each acknowledged version instead of an edge for each pair.
  explicit VersionOrder(const Versions& versions);

  void add(std::uint32_t from, std::uint32_t to, Because because, std::uint32_t op);

  /// A cycle of the guarantees in `mask` (bit of each Because) and of time, with few operations; from the version where
  /// it begins back to it. Between versions `time` edges are one edge.
  std::optional<std::vector<Edge>> cycle(unsigned mask);

 private:
  void index();
  std::vector<bool> on_cycles(unsigned mask) const;
  std::uint32_t version_on_a_cycle(unsigned mask, const std::vector<bool>& among) const;
  std::vector<Edge> shortest_from(std::uint32_t start, unsigned mask, const std::vector<bool>& among) const;

  std::uint32_t version_count_;
  std::uint32_t node_count_;
  std::vector<Edge> edges_;           ///< By `from` once indexed.
  std::vector<std::uint32_t> first_;  ///< By node: its first edge; one more at the end.
};

constexpr unsigned bit(Because because) {
  return 1U << static_cast<unsigned>(because);
}

}  // namespace heir::reports::sessions
