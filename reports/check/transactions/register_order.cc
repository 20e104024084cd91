#include "reports/check/transactions/register_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "reports/check/transactions/version_graph.h"

namespace heir::reports {
namespace {

constexpr std::uint32_t nothing = UINT32_MAX;

/// The version that a transaction met first, and the one it left: nil only if it met no other.
RegisterVersion found(const RegisterAccess& access, const RegisterVersions& registers) {
  if (access.written == no_version) return access.read;
  if (access.read == no_version || registers.version(access.read).initial()) return access.written;
  return access.read;
}
RegisterVersion left(const RegisterAccess& access) {
  return access.written != no_version ? access.written : access.read;
}

class Orders {
 public:
  Orders(const Transactions& transactions, const RegisterVersions& registers, std::size_t most_explained)
      : transactions_(transactions),
        registers_(registers),
        most_explained_(most_explained),
        graph_(registers.versions().size()),
        initial_(transactions.history().key_count(), no_version),
        soonest_left_(registers.versions().size()),
        latest_found_(registers.versions().size()) {}

  void assume(const RwRegisterOptions& options) {
    add_initial();
    if (!options.commit_order.empty()) {
      consider([&] { add_commit_order(options.commit_order); });
    }
    if (options.wfr_keys) {
      consider([&] { add_writes_follow_reads(); });
    }
    if (options.sequential_keys) {
      consider([&] { add_processes(); });
    }
    if (options.linearizable_keys) {
      consider([&] { add_real_time(); });
    }
    link_initial();
  }

  Groups take_links() const {
    std::vector<std::pair<RegisterVersion, RegisterVersion>> links = links_;
    std::sort(links.begin(), links.end());
    links.erase(std::unique(links.begin(), links.end()), links.end());
    return Groups(graph_.versions(), [&](auto emit) {
      for (const auto& [from, to] : links) emit(from, to);
    });
  }
  std::vector<RegisterCycle> take_cycles() { return std::move(cycles_); }
  std::size_t contradictions() const { return contradictions_; }

 private:
  bool has_writer(RegisterVersion v) const { return !registers_.writers(v).empty(); }
  bool is_initial(RegisterVersion v) const { return registers_.version(v).initial(); }
  const Operation& operation(TransactionIndex t) const { return transactions_.operation(t); }

  void link(RegisterVersion from, RegisterVersion to) {
    if (has_writer(to)) links_.emplace_back(from, to);
  }

  /// Adds what an assumption says, and takes it back if that leads to a cycle.
  template <class Assumption>
  void consider(Assumption assumption) {
    const VersionGraph::Size before = graph_.size();
    const std::size_t links_before = links_.size();
    assumption();
    if (!has_cycles()) return;
    graph_.shrink(before);
    links_.resize(links_before);
  }

  // ---- What is known and what is assumed

  void add_initial() {
    for (RegisterVersion v = 0; v < graph_.versions(); ++v) {
      if (is_initial(v)) initial_[registers_.version(v).key.value()] = v;
    }
    for (RegisterVersion v = 0; v < graph_.versions(); ++v) {
      const RegisterVersion nil = initial_[registers_.version(v).key.value()];
      if (nil != no_version && nil != v) graph_.add({.from = nil, .to = v, .reason = VersionReason::initial});
    }
  }

  void add_writes_follow_reads() {
    for (const RegisterAccess& access : registers_.accesses()) {
      if (access.read == no_version || access.written == no_version) continue;
      if (is_initial(access.read) || is_initial(access.written)) continue;
      graph_.add({.from = access.read,
                  .to = access.written,
                  .reason = VersionReason::writes_follow_reads,
                  .witness = access.transaction});
      link(access.read, access.written);
    }
  }

  void add_commit_order(std::span<const TransactionIndex> order) {
    std::vector<std::uint32_t> place(transactions_.size(), nothing);
    for (std::uint32_t i = 0; i < order.size(); ++i) place[order[i]] = i;
    for_each_key([&](std::span<const RegisterAccess> accesses) {
      std::vector<RegisterAccess> writes;
      for (const RegisterAccess& access : accesses) {
        if (access.written != no_version && place[access.transaction] != nothing) writes.push_back(access);
      }
      std::sort(writes.begin(), writes.end(), [&](const RegisterAccess& a, const RegisterAccess& b) {
        return place[a.transaction] < place[b.transaction];
      });
      RegisterVersion next_known = no_version;  // the next version with a known writer
      for (std::size_t i = writes.size(); i-- > 0;) {
        const RegisterVersion v = writes[i].written;
        if (next_known != no_version) link(v, next_known);
        if (has_writer(v)) next_known = v;
        if (i > 0 && writes[i - 1].written != v) {
          graph_.add({.from = writes[i - 1].written, .to = v, .reason = VersionReason::commit_order});
        }
      }
    });
  }

  void add_processes() {
    std::vector<RegisterAccess> of_process;
    const auto process = [&](const RegisterAccess& access) { return operation(access.transaction).process; };
    for_each_key([&](std::span<const RegisterAccess> accesses) {
      of_process.clear();
      for (const RegisterAccess& access : accesses) {
        if (transactions_[access.transaction].ok()) of_process.push_back(access);
      }
      std::stable_sort(of_process.begin(), of_process.end(),
                       [&](const RegisterAccess& a, const RegisterAccess& b) { return process(a) < process(b); });
      for (auto begin = of_process.begin(); begin != of_process.end();) {
        const auto end = std::find_if(begin, of_process.end(),
                                      [&](const RegisterAccess& access) { return process(access) != process(*begin); });
        add_precedence({begin, end}, VersionReason::process);
        begin = end;
      }
    });
  }

  void add_real_time() {
    for_each_key([&](std::span<const RegisterAccess> accesses) { add_precedence(accesses, VersionReason::real_time); });
  }

  template <class Visit>
  void for_each_key(Visit visit) const {
    const std::span<const RegisterAccess> all = registers_.accesses();
    for (std::size_t begin = 0; begin < all.size();) {
      std::size_t end = begin;
      while (end < all.size() && all[end].key == all[begin].key) ++end;
      visit(all.subspan(begin, end - begin));
      begin = end;
    }
  }

  // ---- Precedence: whoever was answered before another began left a version that the other's cannot precede

  /// When a version was first left behind by an answer, or was last found by a transaction that began then.
  struct Moment {
    std::uint32_t event = nothing;
    RegisterVersion version = no_version;
    TransactionIndex witness = nothing;
  };

  void add_precedence(std::span<const RegisterAccess> accesses, VersionReason reason) {
    for (const RegisterAccess& access : accesses) {
      const RegisterVersion begins_with = found(access, registers_);
      if (begins_with == no_version) continue;
      const Operation& op = operation(access.transaction);
      Moment& last = latest_found_[begins_with];
      if (last.version == no_version || last.event < op.begin) last = {op.begin, begins_with, access.transaction};
      if (!op.ok() || is_initial(left(access))) continue;
      Moment& first = soonest_left_[left(access)];
      if (first.version == no_version || op.end < first.event) first = {op.end, left(access), access.transaction};
    }
    std::vector<Moment> sources;
    std::vector<Moment> targets;
    for (const RegisterAccess& access : accesses) {
      for (const RegisterVersion v : {access.read, access.written}) {
        if (v == no_version) continue;
        take(soonest_left_[v], sources);
        take(latest_found_[v], targets);
      }
    }
    const auto by_event = [](const Moment& a, const Moment& b) { return a.event < b.event; };
    std::sort(sources.begin(), sources.end(), by_event);
    std::sort(targets.begin(), targets.end(), by_event);
    add_relays(sources, targets, reason);
    std::erase_if(targets, [&](const Moment& m) { return !has_writer(m.version); });
    add_links(sources, targets);
  }

  static void take(Moment& moment, std::vector<Moment>& into) {
    if (moment.version != no_version) into.push_back(moment);
    moment = {};
  }

  /// All of it, for the search for cycles: a relay for each source, which leads to the next and to the targets between.
  void add_relays(std::span<const Moment> sources, std::span<const Moment> targets, VersionReason reason) {
    std::size_t passed = 0;
    VersionNode relay = nothing;
    for (const Moment& target : targets) {
      for (; passed < sources.size() && sources[passed].event < target.event; ++passed) {
        const VersionNode next = graph_.add_relay();
        if (relay != nothing) graph_.add({.from = relay, .to = next, .reason = reason});
        relay = next;
        graph_.add(
            {.from = sources[passed].version, .to = relay, .reason = reason, .witness = sources[passed].witness});
      }
      if (relay == nothing) continue;
      graph_.add({.from = relay, .to = target.version, .reason = reason, .witness = target.witness});
    }
  }

  /// As few as make the same dependencies. REQUIRES: every target has a writer.
  void add_links(std::span<const Moment> sources, std::span<const Moment> targets) {
    // By target the two of it and those behind it that are left soonest: what is not before one of these is implied.
    std::vector<std::uint32_t> left_at(targets.size(), nothing);
    for (const Moment& source : sources) soonest_left_[source.version] = source;
    for (std::size_t i = 0; i < targets.size(); ++i) left_at[i] = soonest_left_[targets[i].version].event;
    for (const Moment& source : sources) soonest_left_[source.version] = {};
    struct Soonest {
      std::uint32_t first = nothing;  ///< Of targets.
      std::uint32_t second = nothing;
    };
    std::vector<Soonest> soonest(targets.size() + 1);
    const auto sooner = [&](std::uint32_t a, std::uint32_t b) { return b == nothing || left_at[a] < left_at[b]; };
    for (std::size_t i = targets.size(); i-- > 0;) {
      soonest[i] = soonest[i + 1];
      if (left_at[i] == nothing) continue;
      const auto target = static_cast<std::uint32_t>(i);
      if (sooner(target, soonest[i].first)) {
        soonest[i] = {target, soonest[i].first};
      } else if (sooner(target, soonest[i].second)) {
        soonest[i].second = target;
      }
    }

    std::size_t begin = 0;
    for (const Moment& source : sources) {
      while (begin < targets.size() && targets[begin].event < source.event) ++begin;
      std::uint32_t between = soonest[begin].first;
      if (between != nothing && targets[between].version == source.version) between = soonest[begin].second;
      if (between != nothing) link(source.version, targets[between].version);
      const std::uint32_t until = between == nothing ? nothing : left_at[between];
      for (std::size_t i = begin; i < targets.size() && targets[i].event < until; ++i) {
        if (targets[i].version != source.version) link(source.version, targets[i].version);
      }
    }
  }

  /// nil comes before all; to name those that nothing else with a known writer precedes is enough.
  void link_initial() {
    std::vector<bool> follows(graph_.versions(), false);
    for (const auto& [from, to] : links_) {
      if (has_writer(from) && from != to) follows[to] = true;
    }
    for (RegisterVersion v = 0; v < graph_.versions(); ++v) {
      const RegisterVersion nil = initial_[registers_.version(v).key.value()];
      if (nil != no_version && nil != v && !follows[v]) link(nil, v);
    }
  }

  // ---- Cycles

  bool has_cycles() {
    const std::vector<std::uint32_t> component = graph_.components();
    std::vector<RegisterVersion> first(component.size(), no_version);  // by component
    std::vector<bool> known(component.size(), false);
    std::vector<RegisterVersion> knots;
    for (RegisterVersion v = 0; v < graph_.versions(); ++v) {
      const std::uint32_t c = component[v];
      if (first[c] == no_version) {
        first[c] = v;
      } else if (!known[c]) {
        known[c] = true;
        knots.push_back(first[c]);
      }
    }
    if (knots.empty()) return false;
    contradictions_ += knots.size();
    const VersionWays ways(graph_, component);
    for (const RegisterVersion v : knots) {
      if (cycles_.size() < most_explained_) cycles_.push_back(explain(v, ways));
    }
    return true;
  }

  RegisterCycle explain(RegisterVersion start, const VersionWays& ways) const {
    std::vector<std::uint32_t> edges = ways.find(start, std::nullopt);
    const VersionNode other = graph_.edge(edges.back()).to;
    const std::vector<std::uint32_t> back = ways.find(other, start);
    edges.insert(edges.end(), back.begin(), back.end());

    RegisterCycle cycle;
    cycle.key = registers_.version(start).key;
    std::size_t step = 0;  // the first edge of the way from a version to the next
    for (std::size_t i = 0; i < edges.size(); ++i) {
      const VersionEdge& edge = graph_.edge(edges[i]);
      if (edge.witness != nothing) cycle.witnesses.push_back(edge.witness);
      if (!graph_.is_version(edge.to)) continue;
      cycle.versions.push_back(graph_.edge(edges[step]).from);
      cycle.why += fmt::format("{}{}", cycle.why.empty() ? "" : "; ", clause(graph_.edge(edges[step]), edge));
      step = i + 1;
    }
    std::sort(cycle.witnesses.begin(), cycle.witnesses.end());
    cycle.witnesses.erase(std::unique(cycle.witnesses.begin(), cycle.witnesses.end()), cycle.witnesses.end());
    return cycle;
  }

  /// Why the version that the first edge leaves precedes the one that the last leads to.
  std::string clause(const VersionEdge& first, const VersionEdge& last) const {
    const std::string before = text(first.from);
    const std::string order = fmt::format("{} before {}", before, text(last.to));
    switch (first.reason) {
      case VersionReason::initial: return fmt::format("{}, since every key starts as nil", order);
      case VersionReason::commit_order: return fmt::format("{}, by the order of commits", order);
      case VersionReason::writes_follow_reads:
        return fmt::format("{}, since {} read the one and wrote the other", order,
                           transactions_.introduce(first.witness));
      case VersionReason::process:
        return fmt::format("{}, since process {} had done with {} in {} when it met {} in {}", order,
                           operation(first.witness).process.value(), before, transactions_.name(first.witness),
                           text(last.to), transactions_.name(last.witness));
      case VersionReason::real_time:
        return fmt::format("{}, since {} had done with {} when {}, which met {}, began at {}", order,
                           transactions_.introduce(first.witness), before, transactions_.introduce(last.witness),
                           text(last.to), moment(transactions_.history(), operation(last.witness).invoked));
    }
    return order;
  }

  std::string text(RegisterVersion v) const { return transactions_.history().value_text(registers_.version(v).value); }

  const Transactions& transactions_;
  const RegisterVersions& registers_;
  std::size_t most_explained_;
  VersionGraph graph_;
  std::vector<RegisterVersion> initial_;  ///< By key.
  std::vector<std::pair<RegisterVersion, RegisterVersion>> links_;
  std::vector<RegisterCycle> cycles_;
  std::size_t contradictions_ = 0;
  // By version; empty but within add_precedence.
  std::vector<Moment> soonest_left_;
  std::vector<Moment> latest_found_;
};

}  // namespace

RegisterOrder::RegisterOrder(const Transactions& transactions, const RegisterVersions& registers,
                             const RwRegisterOptions& options) {
  Orders orders(transactions, registers, options.most_of_a_kind);
  orders.assume(options);
  after_ = orders.take_links();
  cycles_ = orders.take_cycles();
  contradictions_ = orders.contradictions();
}

}  // namespace heir::reports
