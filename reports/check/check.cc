#include "reports/check/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "reports/check/minimal.h"
#include "reports/check/minimal_whole.h"
#include "reports/check/objects/append_lists.h"
#include "reports/check/objects/cas_registers.h"
#include "reports/check/objects/counters.h"
#include "reports/check/objects/late_reads.h"
#include "reports/check/objects/locks.h"
#include "reports/check/objects/priority_queues.h"
#include "reports/check/objects/queues.h"
#include "reports/check/objects/registers.h"
#include "reports/check/objects/sets.h"
#include "reports/check/objects/stacks.h"
#include "reports/check/objects/unique_ids.h"
#include "reports/check/search/models.h"
#include "reports/check/transactions/commit_order.h"

namespace heir::reports {

namespace {

/// One object of the history, and by what it is judged.
struct Part {
  Object object;
  Model model = Model::register_;
};

std::string name_of(const Object& object) {
  return object.key == no_key ? std::string("operations without a key") : "key " + object.history->key_text(object.key);
}

std::optional<Model> model_of(const History& history, const CheckOptions& options) {
  return options.model ? options.model : model_named(history.model_hint());
}

/// The operations, by key; `places` keeps them.
std::vector<Object> split_by_key(const History& history, std::vector<std::uint32_t>& places) {
  const std::span<const Operation> operations = history.operations();
  std::vector<std::uint32_t> begins(history.key_count() + 1, 0);
  for (const Operation& op : operations) ++begins[op.key.value() + 1];
  for (std::size_t key = 1; key < begins.size(); ++key) begins[key] += begins[key - 1];
  places.resize(operations.size());
  std::vector<std::uint32_t> next(begins.begin(), begins.end() - 1);
  for (std::uint32_t i = 0; i < operations.size(); ++i) places[next[operations[i].key.value()]++] = i;
  std::vector<Object> objects;
  for (std::uint32_t key = 0; key + 1 < begins.size(); ++key) {
    if (begins[key] == begins[key + 1]) continue;
    objects.push_back({&history, KeyId(key), std::span(places).subspan(begins[key], begins[key + 1] - begins[key])});
  }
  return objects;
}

const FinalValue* find(std::span<const FinalValue> values, KeyId key) {
  const auto found = std::ranges::find(values, key, &FinalValue::key);
  return found == values.end() ? nullptr : &*found;
}

/// By the fastest checker for the model; not_applicable if there is none, or if its conditions do not hold.
Judgement judge_fast(const Part& part, const FinalValue* final_value, const CheckOptions& options) {
  switch (part.model) {
    case Model::register_: return judge_register(part.object, final_value);
    case Model::cas_register: return judge_cas_register(part.object, final_value);
    case Model::append: return judge_append_list(part.object, final_value);
    case Model::set: return judge_set(part.object, final_value);
    case Model::counter: return judge_counter(part.object);
    case Model::mutex: return judge_mutex(part.object);
    case Model::semaphore: return judge_semaphore(part.object);
    case Model::lease: return judge_lease(part.object);
    case Model::queue: return judge_queue(part.object);
    case Model::stack: return judge_stack(part.object);
    case Model::priority_queue: return judge_priority_queue(part.object);
    case Model::unique_ids: return judge_unique_ids(part.object);
    case Model::bank: return judge_bank(part.object, options.bank);
    case Model::long_fork: return judge_long_fork(part.object, options.long_fork);
    case Model::set_full: return judge_set_full(part.object, options.set_full).judgement;
    case Model::kv:
    case Model::deque:
    case Model::rmw_register:
    case Model::multi_register: break;
    case Model::list_append:
    case Model::rw_register:
    case Model::closed_predicate: ASSERT(false, "judged as transactions");
  }
  Judgement none;
  none.answer = Judgement::Answer::not_applicable;
  return none;
}

struct Judged {
  Judgement judgement;
  std::string note;
};

Judged judge_order(Part part, const CheckOptions& options) {
  const FinalValue* final_value = find(options.final_state, part.object.key);
  part.object.is_over = &options.limits.out_of_time;
  Judged judged;
  if (part.object.out_of_time()) {
    judged.judgement = out_of_time(part.object);
    return judged;
  }
  judged.judgement = judge_fast(part, final_value, options);
  if (judged.judgement.answer != Judgement::Answer::not_applicable) return judged;
  const std::string why = judged.judgement.reason;
  judged.judgement = judge_by_search(part.model, part.object, options.limits);
  if (!why.empty()) judged.note = fmt::format("{}: judged by the general search: {}", name_of(part.object), why);
  if (final_value && judged.judgement.answer == Judgement::Answer::valid) {
    judged.judgement.answer = Judgement::Answer::unknown;
    judged.judgement.reason = "the final state cannot be compared with it";
  }
  return judged;
}

Judged judge(const Part& part, const CheckOptions& options) {
  Judged judged = judge_order(part, options);
  if (!options.max_lag) return judged;
  std::vector<Failure> late = late_reads(part.object, part.model, *options.max_lag);
  if (!late.empty()) judged.judgement.answer = Judgement::Answer::invalid;
  std::ranges::move(late, std::back_inserter(judged.judgement.failures));
  return judged;
}

/// Side by side, each into its own place, so that the result does not depend on the number of jobs.
std::vector<Judged> judge_all(const std::vector<Part>& parts, const CheckOptions& options) {
  std::vector<Judged> results(parts.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t i; (i = next.fetch_add(1)) < parts.size();) results[i] = judge(parts[i], options);
  };
  std::vector<std::thread> helpers;
  const std::size_t jobs = std::min<std::size_t>(std::max(1U, options.jobs), parts.size());
  for (std::size_t i = 1; i < jobs; ++i) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
  return results;
}

void sort(std::vector<Failure>& failures) {
  std::stable_sort(failures.begin(), failures.end(),
                   [](const Failure& a, const Failure& b) { return a.kind != b.kind ? a.kind < b.kind : a.at < b.at; });
}

void limit(Verdict& verdict, std::size_t max_failures) {
  if (verdict.failures.size() <= max_failures) return;
  verdict.more_failures += verdict.failures.size() - max_failures;
  verdict.failures.resize(max_failures);
}

std::optional<TransactionModel> transactions_of(Model model) {
  switch (model) {
    case Model::list_append: return TransactionModel::list_append;
    case Model::rw_register: return TransactionModel::rw_register;
    case Model::closed_predicate: return TransactionModel::closed_predicate;
    default: return std::nullopt;
  }
}

Verdict judge_transactions(const History& history, TransactionModel model, const CheckOptions& options) {
  TransactionOptions chosen = options.transactions;
  chosen.model = model;
  chosen.commit_order = options.commit_order;
  chosen.is_over = options.limits.out_of_time;
  return check_transactions(history, chosen);
}

/// All operations are one object, for a model that judges them as a whole; otherwise one for each key. `places` keeps
/// the operations of each.
Result<std::vector<Part>> parts_of(const History& history, const std::optional<Model>& model, bool one_map,
                                   std::vector<std::uint32_t>& places) {
  std::vector<Part> parts;
  const std::vector<Object> objects = split_by_key(history, places);
  const auto as_whole = [&](Model of_all) {
    if (objects.size() > 1) std::ranges::sort(places);
    return std::vector<Part>{{{&history, no_key, places}, of_all}};
  };
  if (model && is_whole(*model)) return as_whole(*model);
  for (const Object& object : objects) {
    if (model) {
      parts.push_back({object, *model});
      continue;
    }
    Result<Model> recognised = recognise(history, object.ops);
    if (!recognised) {
      return Error{ErrorCode::invalid, fmt::format("{}: {}", name_of(object), recognised.error().message)};
    }
    if (is_whole(*recognised)) return as_whole(*recognised);
    parts.push_back({object, *recognised});
  }
  if (!one_map) return parts;
  if (std::ranges::any_of(parts, [](const Part& part) { return part.model != Model::kv; }))
    return Error{ErrorCode::invalid, "only of kv can all keys be one map"};
  return as_whole(Model::kv);
}

/// Registers and lists beside the database's own order; a write that got lost may have been told before.
void compare_with_log(const History& history, const std::vector<Part>& parts, const CheckOptions& options,
                      Verdict& verdict) {
  std::vector<std::uint32_t> ops;
  std::vector<std::string> others;
  for (const Part& part : parts) {
    if (part.model != Model::register_ && part.model != Model::append) {
      if (std::ranges::find(others, to_string(part.model)) == others.end()) others.emplace_back(to_string(part.model));
      continue;
    }
    std::ranges::copy_if(part.object.ops, std::back_inserter(ops),
                         [&](std::uint32_t i) { return history.operations()[i].function != Function::read_standby; });
  }
  for (const std::string& model : others)
    verdict.notes.push_back(fmt::format("the order of commits says nothing of {}, which was not compared", model));
  if (ops.empty()) return;
  std::ranges::sort(ops);
  const Result<Transactions> transactions = Transactions::of(history, ops);
  if (!transactions) {
    verdict.notes.push_back("the order of commits was not compared: " + transactions.error().message);
    return;
  }
  std::vector<TransactionIndex> order;
  for (const std::uint32_t i : options.commit_order) {
    const auto at = std::ranges::lower_bound(ops, i);
    if (at != ops.end() && *at == i) order.push_back(static_cast<TransactionIndex>(at - ops.begin()));
  }
  CommitComparison comparison = compare_with_commits(*transactions, order, options.max_failures);
  for (Failure& lost : comparison.lost) {
    const bool told = std::ranges::any_of(verdict.failures, [&](const Failure& failure) {
      return failure.kind == FailureKind::lost_write &&
             std::ranges::any_of(failure.ops, [&](const Operation& op) { return op.begin == lost.ops.front().begin; });
    });
    if (told) continue;
    const Operation& op = lost.ops.front();
    lost.message = fmt::format("{} was acknowledged at {} and never committed", describe(history, op),
                               moment(history, op.completed));
    verdict.failures.push_back(std::move(lost));
  }
  verdict.more_failures += comparison.more_lost;
  std::ranges::move(comparison.notes, std::back_inserter(verdict.notes));
}

std::string joined_models(const std::vector<Part>& parts) {
  std::vector<Model> models;
  for (const Part& part : parts) models.push_back(part.model);
  std::ranges::sort(models);
  models.erase(std::unique(models.begin(), models.end()), models.end());
  std::string text;
  for (const Model model : models) text += (text.empty() ? "" : "+") + std::string(to_string(model));
  return text;
}

Verdict::Counts counts_of(const History& history) {
  Verdict::Counts counts;
  for (const Operation& op : history.operations()) (op.ok() ? counts.ok : op.failed() ? counts.fail : counts.unknown)++;
  return counts;
}

/// Where nobody was answered nothing can have been wrong: that is no proof of anything.
void doubt_silence(const History& history, Verdict& verdict) {
  if (verdict.outcome != Outcome::pass || verdict.operations.ok > 0) return;
  verdict.outcome = Outcome::unknown;
  verdict.unknowns.emplace_back(history.empty() ? "there are no operations" : "no operation ever succeeded");
}

}  // namespace

Result<Verdict> check(const History& history, const CheckOptions& options) {
  std::vector<std::uint32_t> places;
  Result<std::vector<Part>> parts = parts_of(history, model_of(history, options), options.one_map, places);
  if (!parts) return parts.error();

  Verdict verdict;
  if (parts->size() == 1) {
    if (const auto model = transactions_of(parts->front().model))
      verdict = judge_transactions(history, *model, options);
  }
  verdict.model = joined_models(*parts);
  verdict.operations = counts_of(history);
  if (parts->size() == 1 && transactions_of(parts->front().model)) {
    limit(verdict, options.max_failures);
    doubt_silence(history, verdict);
    return verdict;
  }
  std::vector<Judged> all = judge_all(*parts, options);
  for (std::size_t i = 0; i < all.size(); ++i) {
    Judgement& judgement = all[i].judgement;
    if (!all[i].note.empty()) verdict.notes.push_back(std::move(all[i].note));
    std::ranges::move(judgement.failures, std::back_inserter(verdict.failures));
    if (judgement.answer == Judgement::Answer::unknown || judgement.answer == Judgement::Answer::not_applicable)
      verdict.unknowns.push_back(fmt::format("{}: {}", name_of((*parts)[i].object), judgement.reason));
  }
  if (!options.commit_order.empty()) compare_with_log(history, *parts, options, verdict);
  sort(verdict.failures);
  verdict.outcome = !verdict.failures.empty()   ? Outcome::fail
                    : !verdict.unknowns.empty() ? Outcome::unknown
                                                : Outcome::pass;
  limit(verdict, options.max_failures);
  doubt_silence(history, verdict);
  return verdict;
}

std::vector<std::uint32_t> linearization(const History& history, const LinearizationOptions& options) {
  if (history.operations().size() > options.most_operations) return {};
  CheckOptions chosen;
  chosen.model = options.model;
  std::vector<std::uint32_t> places;
  const Result<std::vector<Part>> parts = parts_of(history, model_of(history, chosen), options.one_map, places);
  if (!parts) return {};
  std::vector<std::vector<std::uint32_t>> orders;
  Limits limits = options.limits;
  for (Part part : *parts) {
    part.object.is_over = &limits.out_of_time;
    if (limits.steps == 0 || part.object.out_of_time()) break;
    PartialOrders found = orders_by_search(part.model, part.object, limits);
    limits.steps -= std::min(limits.steps, found.steps);
    std::ranges::move(found.parts, std::back_inserter(orders));
  }
  return merged(history, orders);
}

namespace {

/// Of the gravest failure.
std::optional<Proof> prove_whole(const Part& part, const Verdict& verdict, CheckOptions options) {
  if (verdict.failures.empty()) return std::nullopt;
  options.model = part.model;
  options.commit_order.clear();
  // Many parts are judged, each small.
  options.limits.steps = std::min<std::uint64_t>(options.limits.steps, 1'000'000);
  const FailureKind kind = verdict.failures.front().kind;
  const auto is_invalid = [&](bool same_kind) {
    return [&options, kind, same_kind](const History& candidate) {
      const Result<Verdict> judged = check(candidate, options);
      return judged && judged->outcome == Outcome::fail &&
             (!same_kind || std::ranges::any_of(judged->failures, [&](const Failure& f) { return f.kind == kind; }));
    };
  };
  auto minimal = minimise_whole(part.object, part.model, verdict.failures.front(), is_invalid(true));
  if (!minimal) minimal = minimise_whole(part.object, part.model, verdict.failures.front(), is_invalid(false));
  if (!minimal) return std::nullopt;
  return Proof{no_key, part.model, std::move(minimal->history)};
}

}  // namespace

std::vector<Proof> prove(const History& history, const Verdict& verdict, const CheckOptions& options) {
  std::vector<Proof> proofs;
  std::vector<std::uint32_t> places;
  const Result<std::vector<Part>> parts = parts_of(history, model_of(history, options), /*one_map=*/false, places);
  if (!parts) return proofs;
  CheckOptions alone = options;
  alone.final_state = {};
  for (Part part : *parts) {
    part.object.is_over = &options.limits.out_of_time;
    if (is_whole(part.model)) {
      if (auto proof = prove_whole(part, verdict, alone)) proofs.push_back(std::move(*proof));
      continue;
    }
    const auto about = std::ranges::find_if(verdict.failures, [&](const Failure& failure) {
      return !failure.ops.empty() && failure.ops.front().key == part.object.key;
    });
    if (about == verdict.failures.end()) continue;
    const IsInvalid is_invalid = [&](const History& candidate) {
      std::vector<std::uint32_t> ops(candidate.operations().size());
      for (std::uint32_t i = 0; i < ops.size(); ++i) ops[i] = i;
      const KeyId key = ops.empty() ? no_key : candidate.operations().front().key;
      return judge({{&candidate, key, ops}, part.model}, alone).judgement.answer == Judgement::Answer::invalid;
    };
    if (auto minimal = minimise(part.object, part.model, about->ops, is_invalid))
      proofs.push_back({part.object.key, part.model, std::move(minimal->history)});
  }
  return proofs;
}

}  // namespace heir::reports
