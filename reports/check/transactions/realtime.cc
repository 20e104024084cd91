#include "reports/check/transactions/realtime.h"

#include <algorithm>

namespace heir::reports {

namespace {

constexpr std::uint32_t nothing = UINT32_MAX;

/// By transaction: does another depend on it for its data?
std::vector<bool> leads_on(const Dependencies& dependencies) {
  std::vector<bool> leads(dependencies.nodes(), false);
  for (const Dependency& d : dependencies.edges()) leads[d.from] = true;
  return leads;
}

}  // namespace

void add_process_order(const Transactions& transactions, Dependencies& dependencies) {
  std::vector<std::uint32_t> latest;  // by process
  for (TransactionIndex t = 0; t < transactions.size(); ++t) {
    if (!transactions[t].ok()) continue;
    const std::uint32_t process = transactions.operation(t).process.value();
    if (process >= latest.size()) latest.resize(process + 1, nothing);
    if (latest[process] != nothing) {
      dependencies.add({.from = latest[process], .to = t, .kind = DependencyKind::process});
    }
    latest[process] = t;
  }
}

void add_real_time_order(const Transactions& transactions, Dependencies& dependencies) {
  struct Answer {
    std::uint32_t event;
    TransactionIndex transaction;
  };
  std::vector<Answer> answers;
  for (TransactionIndex t = 0; t < transactions.size(); ++t) {
    if (transactions[t].ok()) answers.push_back({transactions.operation(t).end, t});
  }
  std::ranges::sort(answers, {}, &Answer::event);

  const std::vector<bool> leads = leads_on(dependencies);
  std::uint32_t relay = nothing;  // which all answered so far lead to, but those from `waiting` on
  std::size_t waiting = 0;
  std::size_t answered = 0;
  for (TransactionIndex t = 0; t < transactions.size(); ++t) {
    const Operation& op = transactions.operation(t);
    while (answered < answers.size() && answers[answered].event < op.begin) ++answered;
    // A transaction without an answer that nothing depends on tells nothing, not even that there is an order.
    if (op.end == Operation::never && !leads[t]) continue;
    if (waiting < answered) {
      const std::uint32_t next = dependencies.add_relay();
      if (relay != nothing) dependencies.add({.from = relay, .to = next, .kind = DependencyKind::relay});
      relay = next;
      for (; waiting < answered; ++waiting) {
        dependencies.add({.from = answers[waiting].transaction, .to = relay, .kind = DependencyKind::real_time});
      }
    }
    if (relay != nothing) dependencies.add({.from = relay, .to = t, .kind = DependencyKind::relay});
  }
}

}  // namespace heir::reports
