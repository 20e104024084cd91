// The graph of versions behind RegisterOrder: which version must precede which, and why.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reports/check/transactions/groups.h"
#include "reports/check/transactions/transaction.h"

namespace heir::reports {

/// A version, or behind all versions a relay: it stands for all that came before a moment.
using VersionNode = std::uint32_t;

enum class VersionReason : std::uint8_t { initial, commit_order, writes_follow_reads, process, real_time };

struct VersionEdge {
  static constexpr TransactionIndex nobody = UINT32_MAX;
  VersionNode from = 0;
  VersionNode to = 0;
  VersionReason reason = VersionReason::initial;
  TransactionIndex witness = nobody;  ///< Who left the version, or, out of a relay, who found it.
};

class VersionGraph {
 public:
  explicit VersionGraph(std::size_t versions) : versions_(static_cast<VersionNode>(versions)), nodes_(versions_) {}

  void add(const VersionEdge& edge) { edges_.push_back(edge); }
  VersionNode add_relay() { return nodes_++; }
  bool is_version(VersionNode n) const { return n < versions_; }
  VersionNode versions() const { return versions_; }
  VersionNode nodes() const { return nodes_; }
  std::span<const VersionEdge> edges() const { return edges_; }
  const VersionEdge& edge(std::uint32_t e) const { return edges_[e]; }

  /// To go back to.
  struct Size {
    VersionNode nodes;
    std::size_t edges;
  };
  Size size() const { return {nodes_, edges_.size()}; }
  void shrink(Size size);

  /// By node the number of its strongly connected component.
  std::vector<std::uint32_t> components() const;

 private:
  VersionNode versions_;
  VersionNode nodes_;
  std::vector<VersionEdge> edges_;
};

/// Shortest ways within components, counted in versions. Graph and components must outlive it.
class VersionWays {
 public:
  VersionWays(const VersionGraph& graph, const std::vector<std::uint32_t>& component);

  /// Edges from a version to `goal`, or to the nearest other version of its component. REQUIRES: there is a way.
  std::vector<std::uint32_t> find(VersionNode start, std::optional<VersionNode> goal) const;

 private:
  const VersionGraph& graph_;
  const std::vector<std::uint32_t>& component_;
  Groups out_;  ///< By node: edges.
};

}  // namespace heir::reports
