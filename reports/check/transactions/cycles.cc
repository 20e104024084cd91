#include "reports/check/transactions/cycles.h"

#include <algorithm>
#include <array>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/filtered_graph.hpp>
#include <boost/graph/strong_components.hpp>
#include <boost/throw_exception.hpp>
#include <exception>
#include <optional>
#include <tuple>
#include <utility>

#include "engine/base/assert.h"

#include "reports/check/transactions/proof.h"

namespace boost {

// Where there are no exceptions, Boost asks its users for these. Only running out of memory calls them.
void throw_exception(const std::exception& e) {
  heir::assertion_failed("no exception", __FILE__, __LINE__, e.what());
}
void throw_exception(const std::exception& e, const source_location&) {
  throw_exception(e);
}

}  // namespace boost

namespace heir::reports {

namespace {

// ---- Names

enum class Shape : std::uint8_t {
  g0,
  g1c,
  g_single,
  g_single_item,
  g_nonadjacent,
  g_nonadjacent_item,
  g2,
  g2_item,
};
/// In which they are looked for: whatever implies a shape comes before it.
constexpr std::array search_order{
    Shape::g0,      Shape::g1c, Shape::g_single_item, Shape::g_single, Shape::g_nonadjacent_item, Shape::g_nonadjacent,
    Shape::g2_item, Shape::g2};

enum class Suffix : std::uint8_t { none, process, realtime };
constexpr std::array suffixes{Suffix::none, Suffix::process, Suffix::realtime};

constexpr FailureKind kind_of(Shape shape, Suffix suffix) {
  return static_cast<FailureKind>(static_cast<std::size_t>(FailureKind::g0) + 3 * static_cast<std::size_t>(shape) +
                                  static_cast<std::size_t>(suffix));
}
static_assert(kind_of(Shape::g0, Suffix::process) == FailureKind::g0_process);
static_assert(kind_of(Shape::g_single_item, Suffix::none) == FailureKind::g_single_item);
static_assert(kind_of(Shape::g2_item, Suffix::realtime) == FailureKind::g2_item_realtime);

constexpr bool is_one_of(Shape shape, std::initializer_list<Shape> shapes) {
  return std::find(shapes.begin(), shapes.end(), shape) != shapes.end();
}
constexpr bool has_rw(Shape s) {
  return s != Shape::g0 && s != Shape::g1c;
}
constexpr bool is_item(Shape s) {
  return is_one_of(s, {Shape::g_single_item, Shape::g_nonadjacent_item, Shape::g2_item});
}
constexpr bool is_single(Shape s) {
  return is_one_of(s, {Shape::g_single, Shape::g_single_item});
}
constexpr bool is_nonadjacent(Shape s) {
  return is_one_of(s, {Shape::g_nonadjacent, Shape::g_nonadjacent_item});
}

/// Is every cycle of the one shape also, by the rules it breaks, one of the other?
constexpr bool implies(Shape a, Shape b) {
  if (a == b) return true;
  if (!has_rw(a) || !has_rw(b)) return a == Shape::g0 && b == Shape::g1c;
  if (is_item(b) && !is_item(a)) return false;
  if (is_single(b)) return is_single(a);
  if (is_nonadjacent(b)) return is_single(a) || is_nonadjacent(a);
  return true;
}

// ---- Kinds of edges, as sets

using Kinds = std::uint16_t;
constexpr Kinds set_of(DependencyKind kind) {
  return static_cast<Kinds>(1U << static_cast<unsigned>(kind));
}
constexpr Kinds ww_kinds = set_of(DependencyKind::ww) | set_of(DependencyKind::wwp);
constexpr Kinds wr_kinds = set_of(DependencyKind::wr) | set_of(DependencyKind::wrp);
constexpr Kinds rw_item = set_of(DependencyKind::rw);
constexpr Kinds rw_predicate = set_of(DependencyKind::rwp);
constexpr Kinds relays = set_of(DependencyKind::relay);

constexpr Kinds extra_kinds(Suffix suffix) {
  switch (suffix) {
    case Suffix::none: return 0;
    case Suffix::process: return set_of(DependencyKind::process);
    case Suffix::realtime: return set_of(DependencyKind::real_time);
  }
  return 0;
}

/// The edges that a name allows.
struct Rule {
  Kinds base = 0;   ///< Any number of these.
  Kinds rw = 0;     ///< And these: one, or never two in succession, or any, by shape.
  Kinds seeds = 0;  ///< At least one of these is in every cycle of the name, if no stronger name has a cycle.
};

constexpr Rule rule_of(Shape shape, Suffix suffix) {
  const Kinds extra = extra_kinds(suffix);
  if (shape == Shape::g0) return {static_cast<Kinds>(ww_kinds | extra), 0, ww_kinds};
  const auto base = static_cast<Kinds>(ww_kinds | wr_kinds | extra);
  if (shape == Shape::g1c) return {base, 0, wr_kinds};
  if (is_item(shape)) return {base, rw_item, rw_item};
  return {base, static_cast<Kinds>(rw_item | rw_predicate), rw_predicate};
}

// ---- Graphs

using Node = std::uint32_t;

struct Edge {
  std::uint32_t dependency = 0;
  DependencyKind kind = DependencyKind::ww;
};
using Graph = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, Edge, boost::no_property,
                                                 std::uint32_t, std::uint32_t>;
using EdgeOf = boost::graph_traits<Graph>::edge_descriptor;

/// Edges of some kinds only.
struct OfKinds {
  const Graph* graph = nullptr;
  Kinds kinds = 0;
  bool operator()(const EdgeOf& e) const { return (set_of((*graph)[e].kind) & kinds) != 0; }
};

/// Edges to be: sorted by their first node, in the order of addition for each.
class GraphBuilder {
 public:
  void reserve(std::size_t edges) { edges_.reserve(edges); }
  void add(Node from, Node to, Edge edge) { edges_.push_back({from, to, edge}); }
  Graph build(Node nodes) {
    std::vector<std::uint32_t> next(nodes + 1);
    for (const Line& line : edges_) ++next[line.from + 1];
    for (Node n = 0; n < nodes; ++n) next[n + 1] += next[n];
    std::vector<std::pair<Node, Node>> ends(edges_.size());
    std::vector<Edge> properties(edges_.size());
    for (const Line& line : edges_) {
      const std::uint32_t at = next[line.from]++;
      ends[at] = {line.from, line.to};
      properties[at] = line.edge;
    }
    return Graph(boost::edges_are_sorted, ends.begin(), ends.end(), properties.begin(), nodes,
                 static_cast<std::uint32_t>(edges_.size()));
  }

 private:
  struct Line {
    Node from;
    Node to;
    Edge edge;
  };
  std::vector<Line> edges_;
};

struct Components {
  std::vector<std::uint32_t> of;  ///< By node. An edge between two leads to the one with the smaller number.
  std::uint32_t count = 0;
};

template <class AnyGraph>
Components components_of(const AnyGraph& graph) {
  Components components;
  components.of.resize(boost::num_vertices(graph));
  components.count = boost::strong_components(
      graph, boost::make_iterator_property_map(components.of.begin(), boost::get(boost::vertex_index, graph)));
  return components;
}

/// Of the graph with edges of some kinds only.
Components components_by(const Graph& graph, Kinds kinds) {
  return components_of(boost::filtered_graph<Graph, OfKinds>(graph, {&graph, static_cast<Kinds>(kinds | relays)}));
}

template <class Visit>
void for_each_out(const Graph& graph, Node node, Visit visit) {
  const auto [begin, end] = boost::out_edges(node, graph);
  for (auto e = begin; e != end; ++e) visit(*e);
}

/// An edge of the core.
struct Seed {
  Node from = 0;
  Node to = 0;
  Edge edge;
};

// ---- The search

class CycleSearch {
 public:
  CycleSearch(const Transactions& transactions, const Dependencies& dependencies, Findings& findings,
              const CycleOptions& options)
      : transactions_(transactions),
        dependencies_(dependencies),
        findings_(findings),
        budget_(options.shortening),
        is_over_(options.is_over) {}

  /// False if the time was over before it was done.
  bool run() {
    reduce_to_core();
    if (nodes_.empty()) return true;
    found_.resize(component_count_);
    visits_.resize(2 * nodes_.size());
    for (const Suffix suffix : suffixes) {
      if (suffix != Suffix::none && (kinds_ & extra_kinds(suffix)) == 0) continue;
      const Rule widest = rule_of(Shape::g2, suffix);
      const auto all = static_cast<Kinds>(widest.base | widest.rw);
      if (inside(components_by(core_, all), all).empty()) continue;
      for (const Shape shape : search_order) {
        if (is_over()) return false;
        search(shape, suffix);
      }
    }
    return !stopped_;
  }

 private:
  /// Everything but the strongly connected components of two nodes and more is on no cycle and left behind.
  void reduce_to_core() {
    GraphBuilder builder;
    builder.reserve(dependencies_.edges().size());
    for (std::uint32_t i = 0; i < dependencies_.edges().size(); ++i) {
      const Dependency& d = dependencies_.edges()[i];
      builder.add(d.from, d.to, {i, d.kind});
    }
    const Components all = [&] {
      const Graph graph = builder.build(dependencies_.nodes());
      return components_of(graph);
    }();
    std::vector<std::uint32_t> size(all.count);
    for (const std::uint32_t c : all.of) ++size[c];
    constexpr std::uint32_t unnumbered = UINT32_MAX;
    std::vector<std::uint32_t> number(all.count, unnumbered);  // by component: in order of its first transaction
    std::vector<Node> core_of(dependencies_.nodes(), unnumbered);
    for (Node n = 0; n < dependencies_.nodes(); ++n) {
      const std::uint32_t c = all.of[n];
      if (size[c] == 1) continue;
      if (number[c] == unnumbered) number[c] = component_count_++;
      core_of[n] = static_cast<Node>(nodes_.size());
      nodes_.push_back(n);
      component_.push_back(number[c]);
    }
    GraphBuilder inner;
    for (std::uint32_t i = 0; i < dependencies_.edges().size(); ++i) {
      const Dependency& d = dependencies_.edges()[i];
      if (all.of[d.from] != all.of[d.to] || core_of[d.from] == unnumbered) continue;
      inner.add(core_of[d.from], core_of[d.to], {i, d.kind});
      kinds_ |= set_of(d.kind);
    }
    core_ = inner.build(static_cast<Node>(nodes_.size()));
  }

  void search(Shape shape, Suffix suffix) {
    const Rule rule = rule_of(shape, suffix);
    if ((kinds_ & rule.seeds) == 0 || is_implied_everywhere(shape, suffix)) return;
    std::vector<Seed> seeds;
    if (!has_rw(shape)) {
      seeds = inside(components_by(core_, rule.base), rule.seeds);
    } else if (is_single(shape) || is_nonadjacent(shape)) {
      seeds = never_two_in_succession(rule);
    } else {
      seeds = inside(components_by(core_, rule.base | rule.rw), rule.seeds);
    }
    std::erase_if(seeds, [&](const Seed& s) { return is_implied(component_of(s), shape, suffix); });
    if (is_single(shape)) seeds = exactly_one(rule, std::move(seeds));
    report(shape, suffix, rule, std::move(seeds));
  }

  bool is_implied_everywhere(Shape shape, Suffix suffix) const {
    for (std::uint32_t c = 0; c < component_count_; ++c) {
      if (!is_implied(c, shape, suffix)) return false;
    }
    return true;
  }

  bool is_implied(std::uint32_t component, Shape shape, Suffix suffix) const {
    for (const auto& [known, known_suffix] : found_[component]) {
      if (known_suffix <= suffix && implies(known, shape)) return true;
    }
    return false;
  }

  // ---- Which edges are on a cycle of a rule?

  /// Edges of some kinds within components.
  std::vector<Seed> inside(const Components& components, Kinds kinds) const {
    std::vector<Seed> seeds;
    for_each_edge(kinds, [&](const Seed& s) {
      if (components.of[s.from] == components.of[s.to]) seeds.push_back(s);
    });
    return seeds;
  }

  template <class Visit>
  void for_each_edge(Kinds kinds, Visit visit) const {
    for (Node n = 0; n < nodes_.size(); ++n) {
      for_each_out(core_, n, [&](const EdgeOf& e) {
        if (set_of(core_[e].kind) & kinds) visit(Seed{n, boost::target(e, core_), core_[e]});
      });
    }
  }

  // A state is a node and whether the last edge that led there was an rw. A relay passes on how it was entered.
  static Node state(Node node, bool after_rw) { return 2 * node + (after_rw ? 1 : 0); }
  static Node node_of(Node state) { return state / 2; }

  /// Where an edge leads from a state, if the rule allows it there.
  std::optional<Node> step(Node from, const EdgeOf& e, const Rule& rule, bool may_repeat_rw) const {
    const bool after_rw = from % 2 == 1;
    const Kinds kind = set_of(core_[e].kind);
    const Node to = boost::target(e, core_);
    if (kind & relays) return state(to, after_rw);
    if (kind & rule.base) return state(to, false);
    if ((kind & rule.rw) && (may_repeat_rw || !after_rw)) return state(to, true);
    return std::nullopt;
  }

  std::vector<Seed> never_two_in_succession(const Rule& rule) const {
    GraphBuilder builder;
    for (Node s = 0; s < 2 * nodes_.size(); ++s) {
      for_each_out(core_, node_of(s), [&](const EdgeOf& e) {
        if (const auto to = step(s, e, rule, false)) builder.add(s, *to, core_[e]);
      });
    }
    const auto states = static_cast<Node>(2 * nodes_.size());
    const Components components = components_of(builder.build(states));
    std::vector<Seed> seeds;
    for_each_edge(rule.seeds, [&](const Seed& s) {
      if (components.of[state(s.from, false)] == components.of[state(s.to, true)]) seeds.push_back(s);
    });
    return seeds;
  }

  /// Of the rw edges given those whose end reaches their beginning without another; once a component has some, its
  /// others may be left out. Follows 64 ends at a time through the components of the graph without rw, in their order;
  /// each component of the core has its own 64.
  std::vector<Seed> exactly_one(const Rule& rule, std::vector<Seed> seeds) {
    std::vector<Seed> proven;
    if (seeds.empty()) return proven;
    const Components components = components_by(core_, rule.base);
    std::vector<Node> order = in_topological_order(components);
    const std::vector<Candidate> candidates = numbered_by_end(std::move(seeds));
    std::vector<bool> done(component_count_, false);
    std::vector<std::uint64_t> reached(components.count);
    for (auto begin = candidates.begin(); begin != candidates.end() && !is_over();) {
      const auto end =
          std::find_if(begin, candidates.end(), [&](const Candidate& c) { return c.round() != begin->round(); });
      std::vector<bool> active(component_count_, false);
      for (auto c = begin; c != end; ++c) active[component_of(c->seed)] = !done[component_of(c->seed)];
      std::erase_if(order, [&](Node n) { return !active[component_[n]]; });  // nor is it in a later round
      for (const Node n : order) reached[components.of[n]] = 0;
      for (auto c = begin; c != end; ++c) reached[components.of[c->seed.to]] |= c->bit();
      spread(rule, components, order, reached);
      for (auto c = begin; c != end; ++c) {
        if (!active[component_of(c->seed)] || (reached[components.of[c->seed.from]] & c->bit()) == 0) continue;
        proven.push_back(c->seed);
        done[component_of(c->seed)] = true;
      }
      begin = end;
    }
    return proven;
  }

  /// A seed and the number of its end among those of its component's seeds.
  struct Candidate {
    Seed seed;
    std::uint32_t end = 0;
    std::uint32_t round() const { return end / 64; }
    std::uint64_t bit() const { return std::uint64_t{1} << (end % 64); }
  };

  /// By rounds.
  std::vector<Candidate> numbered_by_end(std::vector<Seed> seeds) const {
    sort_by_end(seeds);
    std::vector<Candidate> candidates;
    for (const Seed& s : seeds) {
      const bool first = candidates.empty() || component_of(candidates.back().seed) != component_of(s);
      candidates.push_back({s, first ? 0 : candidates.back().end + (candidates.back().seed.to != s.to ? 1 : 0)});
    }
    std::ranges::stable_sort(candidates, {}, &Candidate::round);
    return candidates;
  }

  /// By component, then by end, then by beginning.
  void sort_by_end(std::vector<Seed>& seeds) const {
    std::ranges::sort(seeds, {}, [&](const Seed& s) { return std::tuple(component_of(s), s.to, s.from); });
  }

  /// Adds to what reached each component all that reaches it from others.
  void spread(const Rule& rule, const Components& components, const std::vector<Node>& order,
              std::vector<std::uint64_t>& reached) const {
    for (const Node n : order) {
      const std::uint64_t here = reached[components.of[n]];
      if (here == 0) continue;
      for_each_out(core_, n, [&](const EdgeOf& e) {
        if (set_of(core_[e].kind) & (rule.base | relays)) reached[components.of[boost::target(e, core_)]] |= here;
      });
    }
  }

  /// All nodes, those of a component together, behind those of every component that leads to it.
  static std::vector<Node> in_topological_order(const Components& components) {
    std::vector<std::uint32_t> next(components.count + 1);
    for (const std::uint32_t c : components.of) ++next[components.count - c];
    for (std::uint32_t c = 0; c < components.count; ++c) next[c + 1] += next[c];
    std::vector<Node> order(components.of.size());
    for (Node n = 0; n < order.size(); ++n) order[next[components.count - 1 - components.of[n]]++] = n;
    return order;
  }

  // ---- Proofs

  void report(Shape shape, Suffix suffix, const Rule& rule, std::vector<Seed> seeds) {
    sort_by_end(seeds);
    for (std::size_t begin = 0; begin < seeds.size();) {
      const std::uint32_t component = component_of(seeds[begin]);
      std::size_t end = begin;
      while (end < seeds.size() && component_of(seeds[end]) == component) ++end;
      const std::vector<ProofStep> cycle = shortest_cycle(shape, rule, std::span(seeds).subspan(begin, end - begin));
      begin = end;
      if (cycle.empty()) continue;
      found_[component].emplace_back(shape, suffix);
      const FailureKind kind = kind_of(shape, suffix);
      if (findings_.count(kind)) findings_.add(explain_cycle(transactions_, kind, cycle));
    }
  }

  /// Through any of the seeds, which are sorted by their ends. Empty only of a nonadjacent shape: when every closed
  /// walk that was found passes a transaction twice, it is made of cycles of other shapes.
  std::vector<ProofStep> shortest_cycle(Shape shape, const Rule& rule, std::span<const Seed> seeds) {
    std::vector<ProofStep> best;
    for (std::size_t begin = 0; begin < seeds.size();) {
      std::size_t end = begin;
      while (end < seeds.size() && seeds[end].to == seeds[begin].to) ++end;
      std::vector<ProofStep> cycle =
          shortest_return(shape, rule, seeds.subspan(begin, end - begin), best.empty() ? SIZE_MAX : best.size());
      if (!cycle.empty() && (!is_nonadjacent(shape) || passes_each_once(cycle))) best = std::move(cycle);
      begin = end;
      if (!best.empty() && (best.size() == 2 || budget_ == 0 || is_over())) break;
    }
    return best;
  }

  static bool passes_each_once(const std::vector<ProofStep>& cycle) {
    std::vector<TransactionIndex> passed;
    for (const ProofStep& step : cycle) passed.push_back(step.from);
    std::ranges::sort(passed);
    return std::ranges::adjacent_find(passed) == passed.end();
  }

  /// Breadth first from the seeds' common end back to one of their beginnings, by transactions: what leads through
  /// relays is one step. Only if it is shorter than `shorter_than`.
  std::vector<ProofStep> shortest_return(Shape shape, const Rule& rule, std::span<const Seed> seeds,
                                         std::size_t shorter_than) {
    ++round_;
    const bool nonadjacent = is_nonadjacent(shape);
    const Rule back = is_single(shape) ? Rule{rule.base, 0, 0} : rule;
    const auto goal = [&](Node s) -> const Seed* {
      if (nonadjacent && s % 2 == 1) return nullptr;
      const auto at = std::ranges::lower_bound(seeds, node_of(s), {}, &Seed::from);
      return at != seeds.end() && at->from == node_of(s) ? &*at : nullptr;
    };
    Level level;
    const Node start = state(seeds[0].to, nonadjacent);
    visits_[start] = {round_, start, {}};
    add_to(level, start);
    for (std::size_t length = 1; !level.empty() && length < shorter_than; ++length) {
      Level next;
      const auto expand = [&](Node s, Level& onto) {
        for_each_out(core_, node_of(s), [&](const EdgeOf& e) {
          if (budget_ > 0) --budget_;
          auto to = step(s, e, back, !nonadjacent);
          if (!to) return;
          if (!nonadjacent) to = state(node_of(*to), false);
          if (visits_[*to].round == round_) return;
          visits_[*to] = {round_, s, core_[e]};
          add_to(onto, *to);
        });
      };
      // A step costs one when it leaves a transaction and nothing when it leaves a relay. So what the relays lead to is
      // as near as they are, and must be known before anything further is.
      for (std::size_t i = 0; i < level.relays.size(); ++i) expand(level.relays[i], level);
      for (const Node s : level.transactions) {
        if (const Seed* seed = goal(s)) return unwind(*seed, s);
      }
      for (const Node s : level.transactions) expand(s, next);
      level = std::move(next);
    }
    return {};
  }

  /// States that are equally far from where a search began.
  struct Level {
    std::vector<Node> transactions;
    std::vector<Node> relays;
    bool empty() const { return transactions.empty() && relays.empty(); }
  };
  void add_to(Level& level, Node s) const { (is_relay(node_of(s)) ? level.relays : level.transactions).push_back(s); }
  std::uint32_t component_of(const Seed& seed) const { return component_[seed.from]; }
  bool is_relay(Node node) const { return dependencies_.is_relay(nodes_[node]); }

  /// The cycle of a seed and the way back to its beginning that was found, from its first transaction.
  std::vector<ProofStep> unwind(const Seed& seed, Node reached) const {
    std::vector<const Dependency*> edges;
    for (Node s = reached; visits_[s].before != s; s = visits_[s].before) {
      edges.push_back(&dependencies_.edges()[visits_[s].edge.dependency]);
    }
    edges.push_back(&dependencies_.edges()[seed.edge.dependency]);
    std::ranges::reverse(edges);
    std::vector<ProofStep> cycle;
    for (const Dependency* d : edges) {
      if (!dependencies_.is_relay(d->from))
        cycle.push_back({d->from, d->to, d->kind, d->unread, d->key, d->from_value, {}});
      cycle.back().to = d->to;
      cycle.back().to_value = d->to_value;
      cycle.back().unread = d->unread;
    }
    std::ranges::rotate(cycle, std::ranges::min_element(cycle, {}, &ProofStep::from));
    return cycle;
  }

  /// Once it is, it stays so.
  bool is_over() { return stopped_ = stopped_ || (is_over_ && is_over_()); }

  const Transactions& transactions_;
  const Dependencies& dependencies_;
  Findings& findings_;
  std::uint64_t budget_;  ///< Edges that may still be looked at for a shorter cycle.
  const OutOfTime& is_over_;
  bool stopped_ = false;

  // The core. Its nodes are numbered in the order they have in the whole graph.
  Graph core_;
  std::vector<Node> nodes_;  ///< By node of the core: of the whole graph.
  std::vector<std::uint32_t> component_;
  std::uint32_t component_count_ = 0;
  Kinds kinds_ = 0;
  std::vector<std::vector<std::pair<Shape, Suffix>>> found_;  ///< By component.

  struct Visit {
    std::uint32_t round = 0;
    Node before = 0;
    Edge edge;
  };
  std::vector<Visit> visits_;  ///< By state.
  std::uint32_t round_ = 0;
};

}  // namespace

bool find_cycles(const Transactions& transactions, const Dependencies& dependencies, Findings& findings,
                 const CycleOptions& options) {
  return CycleSearch(transactions, dependencies, findings, options).run();
}

}  // namespace heir::reports
