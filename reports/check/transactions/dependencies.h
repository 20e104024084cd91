// Dependencies: which transaction must come before which, and why (Adya 1999, section 3: the direct serialization
// graph). This is what every inference (list_append.h, rw_register.h, closed_predicate.h) hands to the cycle search
// (cycles.h), beside the anomalies that need no cycle.
//
// Nodes are transactions, numbered as in Transactions, and behind them relays. A relay stands for all pairs of a set of
// transactions and another set without naming the pairs: an edge into it says what the dependency is, edges out of it
// (or between relays) are `relay` and go on with the same dependency. So n transactions that finish before m others
// begin are n + m edges. An edge from a transaction to itself is no dependency and must not be added, also not by way
// of relays; but for wr, of a transaction that reads what it writes later (rw_register.h): it counts where the
// transaction is on a cycle with others.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "reports/check/transactions/transaction.h"
#include "reports/check/verdict/verdict.h"

namespace heir::reports {

enum class DependencyKind : std::uint8_t {
  ww,   ///< `to` overwrote what `from` wrote, with nothing between them.
  wr,   ///< `to` read what `from` wrote.
  rw,   ///< `to` overwrote what `from` had read.
  wwp,  ///< The same three, where what `from` or `to` read was a predicate (Adya 4.4).
  wrp,
  rwp,
  process,    ///< One process answered `from` before it asked for `to`.
  real_time,  ///< `from` was answered before `to` was asked for.
  relay,      ///< Out of a relay.
};
/// "ww"
const char* to_string(DependencyKind kind);

/// `from` comes before `to`, with the evidence from which a sentence is made.
struct Dependency {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  DependencyKind kind = DependencyKind::ww;
  /// The longest read of the key does not show what `to` wrote, which is why it comes after all that it shows. Of an
  /// edge into a relay it means nothing: the edge out of it tells.
  bool unread = false;
  KeyId key = no_key;
  /// What `from` wrote to the key or read from it: nil for its initial state, of a list the last element, of a
  /// predicate the number of the key that names it; of a removal nil. Of an edge out of a relay it means nothing: the
  /// edge into it has it.
  Value from_value = {};
  /// What `to` wrote or read. Of an edge into a relay it means nothing: the edge out of it has it.
  Value to_value = {};
};
static_assert(sizeof(Dependency) == 32);

class Dependencies {
 public:
  explicit Dependencies(std::uint32_t transactions) : transactions_(transactions), nodes_(transactions) {}

  /// REQUIRES: from != to, unless it is a wr; both are transactions or relays of this graph.
  void add(const Dependency& dependency) { edges_.push_back(dependency); }
  std::uint32_t add_relay() { return nodes_++; }
  void reserve(std::size_t edges) { edges_.reserve(edges); }

  std::uint32_t transactions() const { return transactions_; }
  std::uint32_t nodes() const { return nodes_; }
  bool is_relay(std::uint32_t node) const { return node >= transactions_; }
  const std::vector<Dependency>& edges() const { return edges_; }
  bool empty() const { return edges_.empty(); }

 private:
  std::uint32_t transactions_;
  std::uint32_t nodes_;
  std::vector<Dependency> edges_;
};

/// Failures found, of each kind only the first few with words: what is ruled out depends on the kinds alone, and a
/// broken database breaks a rule ten thousand times.
class Findings {
 public:
  explicit Findings(std::size_t most_of_a_kind = 10) : most_(most_of_a_kind) {}

  /// Counts one more of a kind. True if it should also be put in words and given to `add`.
  bool count(FailureKind kind) { return counts_[static_cast<std::size_t>(kind)]++ < most_; }
  void add(Failure failure) { failures_.push_back(std::move(failure)); }

  std::size_t count_of(FailureKind kind) const { return counts_[static_cast<std::size_t>(kind)]; }
  bool has(FailureKind kind) const { return count_of(kind) > 0; }
  /// Kinds found, in their order.
  std::vector<FailureKind> kinds() const;
  const std::vector<Failure>& failures() const { return failures_; }
  std::vector<Failure> take() { return std::move(failures_); }
  /// Counted but not put in words.
  std::size_t left_out() const;

 private:
  static constexpr std::size_t kinds_known = static_cast<std::size_t>(FailureKind::last_kind) + 1;
  std::size_t most_;
  std::array<std::size_t, kinds_known> counts_{};
  std::vector<Failure> failures_;
};

/// What an inference concludes from a history.
struct Inference {
  Dependencies dependencies;  ///< Data only: process and real-time edges are added by realtime.h.
  Findings findings;          ///< Anomalies that are no cycles.
  /// Something was inferred, if only of a transaction and itself, which is no dependency.
  bool shows_order = false;
  std::vector<std::string> left_out = {};  ///< What was asked for and not looked at, and why.
};

}  // namespace heir::reports
