// From a history to a verdict: recognises what was recorded, gives every object to the fastest checker whose conditions
// hold and otherwise to the general search, and puts what they say together.
//
// Of reads on standbys it is asked only that what they show was written, by then, by an operation that did not fail;
// and, where they promise it, that they lack nothing that was acknowledged long before (objects/late_reads.h).
#pragma once

#include <optional>
#include <span>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "reports/check/objects/bank.h"
#include "reports/check/objects/long_fork.h"
#include "reports/check/objects/set_full.h"
#include "reports/check/transactions/check_transactions.h"
#include "reports/check/verdict/model.h"
#include "reports/check/verdict/object.h"
#include "reports/check/verdict/verdict.h"

namespace heir::reports {

struct CheckOptions {
  std::optional<Model> model;  ///< None: recognised, for each object apart.
  Limits limits;
  unsigned jobs = 1;  ///< Threads; objects are judged side by side.
  std::size_t max_failures = 20;
  /// The truth at the end, if known; a key that it does not name is not judged by it.
  std::span<const FinalValue> final_state;
  /// The database's own log, if it is at hand: operations of the history in the order in which they were committed, all
  /// of them and each at most once (commit_log.h). Registers, lists and transactions are held against it.
  std::vector<std::uint32_t> commit_order;
  /// Of kv: all keys are one map. Keys that have nothing to do with each other are found, not assumed.
  bool one_map = false;
  /// Reads on standbys show what was acknowledged so long before they began; none: they promise no freshness.
  std::optional<Duration> max_lag;
  SetFullOptions set_full;
  BankOptions bank;
  LongForkOptions long_fork;
  TransactionOptions transactions;
};

/// `invalid` if no model is given and none can be recognised, in words that name the candidates. Otherwise the same
/// verdict for any number of jobs.
Result<Verdict> check(const History& history, const CheckOptions& options = {});

/// Operations in an order that explains their answers: executed in it each key by itself gives what it answered, and
/// real time is respected. As far as one was found: of a key that is not linearizable up to the first answer without an
/// explanation; of one that takes more than the limits, of all of which there is only so much (`steps`), nothing. So
/// too of models that do not ask for an order (transactions, bank, long-fork, set-full, unique ids), of histories that
/// do not tell real time, and, since nobody could look at it, of more than `most_operations`: empty then.
///
/// check() needs none: its fast algorithms prove that there is one. This is the general search, and takes its time.
struct LinearizationOptions {
  std::optional<Model> model;  ///< As of CheckOptions.
  bool one_map = false;        ///< As of CheckOptions.
  std::size_t most_operations = 200'000;
  Limits limits{.steps = 2'000'000, .memory = std::size_t{256} << 20, .out_of_time = {}};
};
std::vector<std::uint32_t> linearization(const History& history, const LinearizationOptions& options = {});

/// What proves that an object is not linearizable, as small as it could be made.
struct Proof {
  KeyId key = no_key;  ///< Of the whole history.
  Model model = Model::register_;
  History history;  ///< Invalid alone; judged again.
};

/// A proof for each object that a failure of the verdict is about; of what is judged as a whole, for the gravest
/// failure. None where no part that is invalid alone was found in the time and work that there was.
std::vector<Proof> prove(const History& history, const Verdict& verdict, const CheckOptions& options);

}  // namespace heir::reports
