#include "reports/check/sessions/version_order.h"

#include <algorithm>
#include <deque>

namespace heir::reports::sessions {

// Nodes: the versions, then one for each version whose acknowledgement is known, in that order: "all up to here are
// done".

VersionOrder::VersionOrder(const Versions& versions) : version_count_(static_cast<std::uint32_t>(versions.size())) {
  std::vector<std::uint32_t> done;
  for (std::uint32_t v = 0; v < version_count_; ++v) {
    if (versions[v].end != Version::never) done.push_back(v);
  }
  std::sort(done.begin(), done.end(), [&](auto a, auto b) { return versions[a].end < versions[b].end; });
  node_count_ = version_count_ + static_cast<std::uint32_t>(done.size());
  const auto step = [this](std::size_t i) { return version_count_ + static_cast<std::uint32_t>(i); };
  for (std::size_t i = 0; i < done.size(); ++i) {
    add(done[i], step(i), Because::time, 0);
    if (i + 1 < done.size()) add(step(i), step(i + 1), Because::time, 0);
  }
  // Versions are in order of their beginnings, so this is one merge.
  std::size_t before = 0;
  for (std::uint32_t v = 1; v < version_count_; ++v) {
    while (before < done.size() && versions[done[before]].end < versions[v].begin) ++before;
    if (before > 0) add(step(before - 1), v, Because::time, 0);
  }
}

void VersionOrder::add(std::uint32_t from, std::uint32_t to, Because because, std::uint32_t op) {
  edges_.push_back({from, to, op, because});
}

void VersionOrder::index() {
  if (!first_.empty()) return;
  std::stable_sort(edges_.begin(), edges_.end(), [](const Edge& a, const Edge& b) { return a.from < b.from; });
  first_.assign(node_count_ + 1, 0);
  for (const Edge& edge : edges_) ++first_[edge.from + 1];
  for (std::size_t i = 1; i < first_.size(); ++i) first_[i] += first_[i - 1];
}

/// The nodes that are left when all that have nothing before them, or nothing after them, are taken away one by one.
std::vector<bool> VersionOrder::on_cycles(unsigned mask) const {
  std::vector<bool> left(node_count_, true);
  const auto take_away = [&](auto end_of, auto start_of) {
    std::vector<std::uint32_t> waiting_for(node_count_, 0);
    std::vector<std::uint32_t> begins(node_count_ + 1, 0);
    std::vector<std::uint32_t> leaving;
    const auto counts = [&](const Edge& e) { return (mask & bit(e.because)) != 0 && left[e.from] && left[e.to]; };
    for (const Edge& e : edges_) {
      if (!counts(e)) continue;
      ++waiting_for[end_of(e)];
      ++begins[start_of(e) + 1];
    }
    for (std::size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
    leaving.resize(begins.back());
    std::vector<std::uint32_t> at(begins.begin(), begins.end() - 1);
    for (const Edge& e : edges_) {
      if (counts(e)) leaving[at[start_of(e)]++] = end_of(e);
    }
    std::vector<std::uint32_t> free;
    for (std::uint32_t n = 0; n < node_count_; ++n) {
      if (left[n] && waiting_for[n] == 0) free.push_back(n);
    }
    while (!free.empty()) {
      const std::uint32_t n = free.back();
      free.pop_back();
      left[n] = false;
      for (std::uint32_t i = begins[n]; i < begins[n + 1]; ++i) {
        if (--waiting_for[leaving[i]] == 0) free.push_back(leaving[i]);
      }
    }
  };
  const auto from = [](const Edge& e) { return e.from; };
  const auto to = [](const Edge& e) { return e.to; };
  take_away(to, from);
  if (std::find(left.begin(), left.end(), true) != left.end()) take_away(from, to);
  return left;
}

/// Every node that is left has another after it, so a walk comes round; time alone never does.
std::uint32_t VersionOrder::version_on_a_cycle(unsigned mask, const std::vector<bool>& among) const {
  const auto after = [&](std::uint32_t node) {
    std::uint32_t i = first_[node];
    while ((mask & bit(edges_[i].because)) == 0 || !among[edges_[i].to]) ++i;
    return edges_[i].to;
  };
  std::vector<bool> visited(node_count_, false);
  auto at = static_cast<std::uint32_t>(std::find(among.begin(), among.end(), true) - among.begin());
  for (; !visited[at]; at = after(at)) visited[at] = true;
  while (at >= version_count_) at = after(at);
  return at;
}

/// Breadth first, where a step of time costs nothing. Empty if there is no way back.
std::vector<VersionOrder::Edge> VersionOrder::shortest_from(std::uint32_t start, unsigned mask,
                                                            const std::vector<bool>& among) const {
  constexpr std::uint32_t unseen = UINT32_MAX;
  std::vector<std::uint32_t> cost(node_count_, unseen);
  std::vector<std::uint32_t> through(node_count_, unseen);
  std::deque<std::pair<std::uint32_t, std::uint32_t>> queue{{start, 0}};
  std::uint32_t last = unseen;  // the edge that comes back
  while (!queue.empty() && last == unseen) {
    const auto [node, so_far] = queue.front();
    queue.pop_front();
    if (node != start && so_far > cost[node]) continue;
    for (std::uint32_t i = first_[node]; i < first_[node + 1]; ++i) {
      const Edge& e = edges_[i];
      if ((mask & bit(e.because)) == 0 || !among[e.to]) continue;
      if (e.to == start) {
        last = i;
        break;
      }
      const bool free = e.because == Because::time;
      const std::uint32_t now = so_far + (free ? 0 : 1);
      if (now >= cost[e.to]) continue;
      cost[e.to] = now;
      through[e.to] = i;
      if (free)
        queue.emplace_front(e.to, now);
      else
        queue.emplace_back(e.to, now);
    }
  }
  std::vector<Edge> path;
  if (last == unseen) return path;
  for (std::uint32_t i = last;; i = through[edges_[i].from]) {
    path.push_back(edges_[i]);
    if (edges_[i].from == start) break;
  }
  std::reverse(path.begin(), path.end());
  return path;
}

std::optional<std::vector<VersionOrder::Edge>> VersionOrder::cycle(unsigned mask) {
  mask |= bit(Because::time);
  const std::vector<bool> left = on_cycles(mask);
  const auto some = std::find(left.begin(), left.end(), true);
  if (some == left.end()) return std::nullopt;
  index();
  std::vector<Edge> best = shortest_from(version_on_a_cycle(mask, left), mask, left);
  // Not the shortest of all, which would take a search from each: the best of a few.
  int tries = 16;
  for (std::uint32_t v = 0; v < version_count_ && tries > 0; ++v) {
    if (!left[v]) continue;
    --tries;
    std::vector<Edge> found = shortest_from(v, mask, left);
    if (!found.empty() && found.size() < best.size()) best = std::move(found);
  }
  std::vector<Edge> told;
  for (const Edge& e : best) {
    const bool goes_on = !told.empty() && told.back().because == Because::time && e.because == Because::time;
    if (goes_on)
      told.back().to = e.to;
    else
      told.push_back(e);
  }
  return told;
}

}  // namespace heir::reports::sessions
