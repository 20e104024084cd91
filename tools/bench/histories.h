// Histories to measure checkers with: as clients of a correct store record them, or with one flaw near the end.
//
// Every operation takes effect at one moment between its invocation and its answer (of unknown outcome: perhaps later,
// or never), so a history without a flaw is linearizable, and strictly serializable. The same recipe gives the same
// history.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "reports/history/history.h"
#include "sim/kernel/random.h"

namespace heir::bench {

enum class Workload : std::uint8_t {
  register_,    ///< read and write of one register, every write with a value of its own
  keys,         ///< the same on 1,000 registers
  queue,        ///< enqueue and dequeue of one FIFO queue
  list_append,  ///< transactions of 1 to 4 reads and appends on 10 lists, each replaced after 32 appends
  kv,           ///< get, put and append of strings on 10 keys
  etcd,         ///< read, write and compare-and-set of one register, of five values that repeat
};
const char* to_string(Workload workload);
std::optional<Workload> workload_named(std::string_view name);

enum class Flaw : std::uint8_t {
  none,
  stale_read,  ///< One read shows what had certainly been replaced; a dequeue repeats an element.
  lost_write,  ///< The store goes back to what it was some acknowledged writes ago, or forgets one.
};
const char* to_string(Flaw flaw);
std::optional<Flaw> flaw_named(std::string_view name);

struct HistoryRecipe {
  Workload workload = Workload::register_;
  std::uint32_t operations = 1000;
  std::uint32_t clients = 20;
  sim::Ratio unknown;  ///< Share of operations whose answer never comes.
  Flaw flaw = Flaw::none;
  std::uint64_t seed = 1;
};

/// With a flaw: if there are enough operations on a key to show it, and none of unknown outcome to explain it, the
/// history is wrong; that of `etcd`, whose values repeat, may happen to be right.
reports::History make_history(const HistoryRecipe& recipe);

}  // namespace heir::bench
