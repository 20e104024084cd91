// Model: by what rules an object, or a whole history, must have behaved.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "reports/history/history.h"

namespace heir::reports {

enum class Model : std::uint8_t {
  // Judged object by object (key by key).
  register_,       ///< read, write
  cas_register,    ///< read, write, cas
  mutex,           ///< acquire, release, by anybody
  kv,              ///< read, write, append of strings
  append,          ///< read of the whole list, append
  set,             ///< read of the whole set or contains; add, remove
  counter,         ///< read, add: each read within what the additions allow
  queue,           ///< FIFO: enqueue, dequeue, peek
  stack,           ///< push, pop, peek
  priority_queue,  ///< enqueue; dequeue and peek of the least
  deque,
  semaphore,     ///< increment, decrement
  rmw_register,  ///< read_modify_write, read, write
  lease,         ///< acquire and release with fencing tokens; never two holders
  unique_ids,    ///< generate
  // Judged as a whole.
  multi_register,    ///< transactions of reads and writes, linearizable
  set_full,          ///< Jepsen's set-full: what became of each element
  bank,              ///< transfers keep the total
  long_fork,         ///< reads of groups of registers that are each written once see writes in one order
  list_append,       ///< Elle's
  rw_register,       ///< Elle's
  closed_predicate,  ///< Elle's
  last_model = closed_predicate,
};

/// "cas-register"
const char* to_string(Model model);
std::optional<Model> model_named(std::string_view name);
std::vector<std::string_view> model_names();
constexpr bool is_whole(Model m) {
  return m >= Model::multi_register;
}

/// The model of the operations given (of one key, or of a history), told by the functions used and the shape of what
/// was read; `invalid` with the candidates if it is ambiguous, or with the functions that no model has together.
Result<Model> recognise(const History& history, std::span<const std::uint32_t> ops);

}  // namespace heir::reports
