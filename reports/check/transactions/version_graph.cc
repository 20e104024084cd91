#include "reports/check/transactions/version_graph.h"

#include <algorithm>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/strong_components.hpp>
#include <deque>
#include <utility>

#include "engine/base/assert.h"

namespace heir::reports {

void VersionGraph::shrink(Size size) {
  nodes_ = size.nodes;
  edges_.resize(size.edges);
}

std::vector<std::uint32_t> VersionGraph::components() const {
  std::vector<std::pair<VersionNode, VersionNode>> ends;
  ends.reserve(edges_.size());
  for (const VersionEdge& e : edges_) ends.emplace_back(e.from, e.to);
  const boost::compressed_sparse_row_graph<boost::directedS> graph(boost::edges_are_unsorted_multi_pass, ends.begin(),
                                                                   ends.end(), nodes_);
  std::vector<std::uint32_t> component(nodes_);
  boost::strong_components(
      graph, boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, graph)));
  return component;
}

VersionWays::VersionWays(const VersionGraph& graph, const std::vector<std::uint32_t>& component)
    : graph_(graph), component_(component), out_(graph.nodes(), [&](auto emit) {
        for (std::uint32_t e = 0; e < graph.edges().size(); ++e) emit(graph.edge(e).from, e);
      }) {}

std::vector<std::uint32_t> VersionWays::find(VersionNode start, std::optional<VersionNode> goal) const {
  constexpr std::uint32_t unseen = UINT32_MAX;
  std::vector<std::uint32_t> by(graph_.nodes(), unseen);  // the edge by which a node was first reached
  std::deque<VersionNode> waiting{start};
  const auto is_goal = [&](VersionNode n) { return n != start && (goal ? n == *goal : graph_.is_version(n)); };
  while (!waiting.empty() && !is_goal(waiting.front())) {
    const VersionNode n = waiting.front();
    waiting.pop_front();
    for (const std::uint32_t e : out_[n]) {
      const VersionNode next = graph_.edge(e).to;
      if (next == start || by[next] != unseen || component_[next] != component_[start]) continue;
      by[next] = e;
      // To go on to a relay costs nothing.
      if (graph_.is_version(next)) {
        waiting.push_back(next);
      } else {
        waiting.push_front(next);
      }
    }
  }
  ASSERT(!waiting.empty(), "a component is strongly connected");
  std::vector<std::uint32_t> edges;
  for (VersionNode n = waiting.front(); n != start; n = graph_.edge(by[n]).from) edges.push_back(by[n]);
  std::reverse(edges.begin(), edges.end());
  return edges;
}

}  // namespace heir::reports
