#include "reports/check/transactions/all_pairs.h"

#include <vector>

namespace heir::reports {
namespace {

void add_relay_edge(Dependencies& dependencies, std::uint32_t from, KeyId key, const Overwrite& to) {
  dependencies.add({.from = from,
                    .to = to.transaction,
                    .kind = DependencyKind::relay,
                    .unread = to.unread,
                    .key = key,
                    .from_value = {},
                    .to_value = to.value});
}

}  // namespace

void add_all_pairs(Dependencies& dependencies, DependencyKind kind, KeyId key, Value seen,
                   std::span<const TransactionIndex> before, std::span<const Overwrite> after) {
  const auto depend = [&](TransactionIndex from, const Overwrite& to) {
    dependencies.add({.from = from,
                      .to = to.transaction,
                      .kind = kind,
                      .unread = to.unread,
                      .key = key,
                      .from_value = seen,
                      .to_value = to.value});
  };
  const auto relay = [](std::uint32_t node) { return Overwrite{node, {}, false}; };
  const std::size_t n = after.size();
  if (n == 0) return;
  if (before.size() * n <= 4 * (before.size() + n)) {
    for (const TransactionIndex t : before) {
      for (const Overwrite& overwrite : after) {
        if (overwrite.transaction != t) depend(t, overwrite);
      }
    }
    return;
  }
  // Two chains of relays: the i-th of the one leads to 0 … i of `after`, of the other to i … n-1. Who is itself the
  // i-th enters the one before its own place and the other behind it.
  std::vector<std::uint32_t> up_to(n);
  std::vector<std::uint32_t> onwards(n);
  for (std::size_t i = 0; i < n; ++i) {
    up_to[i] = dependencies.add_relay();
    add_relay_edge(dependencies, up_to[i], key, after[i]);
    if (i > 0) add_relay_edge(dependencies, up_to[i], key, relay(up_to[i - 1]));
  }
  for (std::size_t i = n; i-- > 0;) {
    onwards[i] = dependencies.add_relay();
    add_relay_edge(dependencies, onwards[i], key, after[i]);
    if (i + 1 < n) add_relay_edge(dependencies, onwards[i], key, relay(onwards[i + 1]));
  }
  std::size_t own = 0;
  for (const TransactionIndex t : before) {
    while (own < n && after[own].transaction < t) ++own;
    if (own == n || after[own].transaction != t) {
      depend(t, relay(up_to[n - 1]));
      continue;
    }
    if (own > 0) depend(t, relay(up_to[own - 1]));
    if (own + 1 < n) depend(t, relay(onwards[own + 1]));
  }
}

}  // namespace heir::reports
