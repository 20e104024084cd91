// Histories of transactions, written short.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "reports/check/transactions/dependencies.h"
#include "reports/history/history.h"

namespace heir::reports::test {

/// Of lists, "ax1 ry12 rz": append 1 to x, read [1,2] from y, read nothing from z. Keys are letters, elements digits.
/// Of registers, "wx10 ry=12 rz": write 10 to x, read 12 from y, read nothing from z.
struct Txn {
  std::uint32_t process = 0;
  std::string_view ops;
  std::int64_t begin = 0;
  std::int64_t end = 0;  ///< Negative: no answer at all.
  EventType outcome = EventType::ok;
};

/// Times are events: all different, from 0 on.
History history_of(const std::vector<Txn>& transactions);
/// One after the other, each by a process of its own.
History in_sequence(const std::vector<std::string_view>& ops);
/// All at once, each by a process of its own. What follows a transaction's "!" is its outcome: "ax1 !fail".
History at_once(const std::vector<std::string_view>& ops);

enum class Order : std::uint8_t { data, process, real_time };

/// Names of everything that is found: "G1c", "internal" …
std::set<std::string> anomalies(const History& history, Order order = Order::data);
Findings findings_of(const History& history, Order order = Order::data);

}  // namespace heir::reports::test
