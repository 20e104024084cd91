#include "reports/check/transactions/check_transactions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "reports/check/transactions/closed_predicate.h"
#include "reports/check/transactions/commit_order.h"
#include "reports/check/transactions/cycles.h"
#include "reports/check/transactions/list_append.h"
#include "reports/check/transactions/realtime.h"
#include "reports/check/transactions/rw_register.h"

namespace heir::reports {
namespace {

/// What was asked for, with its defaults and with what it comes to.
struct Question {
  ModelSet models;
  AnomalySet forbidden;
  OrderVariant order = OrderVariant::data;
  /// Real time was asked for by name, and the history does not tell it.
  bool beyond_history = false;
  /// Elle does not look for violations of causality, so they are looked for only if asked for by name, or by default in
  /// histories of a kind that Elle does not read: of sessions only.
  bool causal = false;
  bool causal_by_name = false;
};

constexpr AnomalySet only_causality{AnomalyName::not_causal};

Question question(const History& history, const TransactionOptions& options) {
  Question asked;
  asked.models = options.consistency;
  const bool by_default = options.consistency.empty() && options.anomalies.empty();
  if (by_default) {
    asked.models.insert(history.real_time() ? ConsistencyModel::strong_serializable
                                            : ConsistencyModel::strong_session_serializable);
  }
  asked.forbidden = proscribed_by(asked.models) | instances_of(options.anomalies);
  asked.order = order_needed(asked.forbidden);
  asked.causal_by_name = options.anomalies.contains(AnomalyName::not_causal);
  for (const ConsistencyModel model : members(options.consistency)) {
    if (proscribed_by({model}) == only_causality) asked.causal_by_name = true;
  }
  asked.causal = asked.causal_by_name || (by_default && !history.real_time());
  asked.beyond_history = !history.real_time() && (asked.order == OrderVariant::real_time || options.linearizable_keys);
  if (asked.order == OrderVariant::real_time && !history.real_time()) asked.order = OrderVariant::process;
  return asked;
}

class Check {
 public:
  Check(const History& history, const TransactionOptions& options)
      : history_(history), options_(options), asked_(question(history, options)) {}

  TransactionVerdict run() {
    verdict_.model = to_string(options_.model);
    const Result<Transactions> transactions = Transactions::of(history_);
    if (!transactions) return unknown(transactions.error().message);
    count(*transactions);
    if (is_over()) return unknown(undecided());
    Result<Inference> inference = infer(*transactions);
    if (!inference) return unknown(inference.error().message);
    judge(*transactions, *inference);
    if (!options_.commit_order.empty()) compare_with_log(*transactions);
    return std::move(verdict_);
  }

 private:
  TransactionVerdict unknown(std::string reason) {
    verdict_.outcome = Outcome::unknown;
    verdict_.unknowns.push_back(std::move(reason));
    return std::move(verdict_);
  }

  bool is_over() const { return options_.is_over && options_.is_over(); }
  std::string undecided() const {
    const std::span<const Operation> all = history_.operations();
    if (all.empty()) return "the time was over";
    return fmt::format(
        "undecided: the time was over before all cycles among the {} transactions, from {} to {}, had been looked for",
        all.size(), moment(history_, all.front().invoked), moment(history_, all.back().invoked));
  }

  void count(const Transactions& transactions) {
    for (const Transaction& t : transactions) {
      ++(t.ok() ? verdict_.operations.ok : t.failed() ? verdict_.operations.fail : verdict_.operations.unknown);
    }
  }

  Result<Inference> infer(const Transactions& transactions) {
    switch (options_.model) {
      case TransactionModel::list_append:
        return infer_list_append(transactions,
                                 {.lost_appends = forbids_lost_appends(), .most_of_a_kind = options_.most_of_a_kind});
      case TransactionModel::rw_register: {
        RwRegisterOptions assumed;
        assumed.wfr_keys = options_.wfr_keys;
        assumed.linearizable_keys = options_.linearizable_keys && history_.real_time();
        assumed.sequential_keys = options_.sequential_keys || (options_.linearizable_keys && !history_.real_time());
        // Transactions::of(history) numbers them as the history its operations.
        assumed.commit_order = options_.commit_order;
        assumed.causal = asked_.causal;
        assumed.is_over = options_.is_over;
        assumed.most_of_a_kind = options_.most_of_a_kind;
        return infer_rw_register(transactions, assumed);
      }
      case TransactionModel::closed_predicate:
        return infer_closed_predicate(transactions,
                                      {.most_of_a_kind = options_.most_of_a_kind, .is_over = options_.is_over});
    }
    return {ErrorCode::invalid, "no model of transactions"};
  }

  /// A read that began after an append was acknowledged, and does not show it, comes before the append in the data and
  /// after it in real time.
  bool forbids_lost_appends() const {
    return asked_.order == OrderVariant::real_time &&
           asked_.forbidden.contains({AnomalyName::g_single_item, OrderVariant::real_time});
  }

  void judge(const Transactions& transactions, Inference& inference) {
    if (asked_.order == OrderVariant::process) add_process_order(transactions, inference.dependencies);
    if (asked_.order == OrderVariant::real_time) add_real_time_order(transactions, inference.dependencies);
    const bool relates = !inference.dependencies.empty() || inference.shows_order;
    if (!find_cycles(transactions, inference.dependencies, inference.findings, {.is_over = options_.is_over})) {
      left_out_.push_back(undecided());
    }

    for (const FailureKind kind : inference.findings.kinds()) {
      if (const auto anomaly = counted(kind)) verdict_.found.insert(*anomaly);
    }
    take_failures(inference.findings);
    take_left_out(inference.left_out);
    if (!verdict_.failures.empty()) {
      verdict_.outcome = Outcome::fail;
      verdict_.notes.insert(verdict_.notes.end(), left_out_.begin(), left_out_.end());
    } else {
      doubts(relates);
      if (!verdict_.unknowns.empty()) verdict_.outcome = Outcome::unknown;
    }
    if (verdict_.outcome != Outcome::pass) rule_out();
    tell_tolerated(inference.findings);
  }

  /// The anomaly of the literature that a kind of failure is, if it counts. Of registers Elle does not look for two of
  /// them; they count only if asked for by name.
  std::optional<Anomaly> counted(FailureKind kind) const {
    const auto anomaly = anomaly_of(kind);
    const bool on_request = options_.model == TransactionModel::rw_register &&
                            (kind == FailureKind::garbage_read || kind == FailureKind::future_read);
    return on_request && !options_.anomalies.contains(*anomaly) ? std::nullopt : anomaly;
  }

  bool is_forbidden(FailureKind kind) const {
    // Looked for only where what it breaks was promised.
    if (kind == FailureKind::lost_append) return true;
    const auto anomaly = counted(kind);
    return anomaly && asked_.forbidden.contains(*anomaly);
  }

  void take_failures(Findings& findings) {
    std::size_t forbidden = 0;
    for (const FailureKind kind : findings.kinds()) {
      if (is_forbidden(kind)) forbidden += findings.count_of(kind);
    }
    for (Failure& failure : findings.take()) {
      if (is_forbidden(failure.kind)) {
        verdict_.failures.push_back(std::move(failure));
      } else if (!counted(failure.kind)) {
        verdict_.notes.push_back(uncounted(failure));
      }
    }
    verdict_.more_failures = forbidden - verdict_.failures.size();
    std::stable_sort(verdict_.failures.begin(), verdict_.failures.end(), [](const Failure& a, const Failure& b) {
      return std::tuple(a.kind, a.at) < std::tuple(b.kind, b.at);
    });
  }

  static std::string uncounted(const Failure& failure) {
    const char* const why = failure.kind == FailureKind::garbage_read
                                ? "it may have been there before the history began, so this does not count"
                                : "no order explains that, but Elle lets it pass, so this does not count";
    return fmt::format("{}: {}; to have it count ask for the anomaly {}", failure.message, why,
                       to_string(failure.kind));
  }

  void take_left_out(std::vector<std::string>& left_out) {
    if (asked_.causal_by_name && options_.model != TransactionModel::rw_register) {
      left_out.push_back(
          fmt::format("causality is looked for in histories of {} only", to_string(TransactionModel::rw_register)));
    }
    std::vector<std::string>& where = asked_.causal_by_name ? left_out_ : verdict_.notes;
    where.insert(where.end(), left_out.begin(), left_out.end());
  }

  /// Why the absence of failures is no pass.
  void doubts(bool relates) {
    verdict_.unknowns = left_out_;
    for (const ConsistencyModel model : members(asked_.models)) {
      const AnomalySet rules = proscribed_by({model});
      if (rules.empty() || (rules == only_causality && !has_own_rules(model))) {
        verdict_.unknowns.push_back(
            fmt::format("no anomaly of transactions tells whether a history is {}", to_string(model)));
      } else if (!has_own_rules(model)) {
        verdict_.notes.push_back(fmt::format("{} was judged by the rules of weaker models only", to_string(model)));
      }
    }
    if (!relates) {
      verdict_.unknowns.push_back(
          "no transaction could be shown to come before another, so the history proves nothing");
    }
    if (asked_.beyond_history) {
      verdict_.unknowns.push_back(
          "the history tells the order of each process only: what must hold in real time was looked for in that order");
    }
  }

  void compare_with_log(const Transactions& transactions) {
    if (options_.model == TransactionModel::closed_predicate) return;
    CommitComparison comparison = compare_with_commits(transactions, options_.commit_order, options_.most_of_a_kind);
    if (!comparison.lost.empty()) verdict_.outcome = Outcome::fail;
    verdict_.failures.insert(verdict_.failures.begin(), comparison.lost.begin(), comparison.lost.end());
    verdict_.more_failures += comparison.more_lost;
    verdict_.notes.insert(verdict_.notes.end(), comparison.notes.begin(), comparison.notes.end());
  }

  void rule_out() {
    const Boundary boundary = heir::reports::boundary(verdict_.found);
    for (const RuledOut& row : boundary.weakest) {
      verdict_.not_models.emplace_back(to_string(row.model));
      verdict_.notes.push_back(
          row.found == row.forbidden
              ? fmt::format("not {}: it forbids {} ({})", to_string(row.model), to_string(row.found), row.source)
              : fmt::format("not {}: it forbids {} ({}), and {} is one", to_string(row.model), to_string(row.forbidden),
                            row.source, to_string(row.found)));
    }
    for (const ConsistencyModel model : boundary.also) verdict_.also_not.emplace_back(to_string(model));
  }

  void tell_tolerated(const Findings& findings) {
    std::vector<std::string> tolerated;
    for (const FailureKind kind : findings.kinds()) {
      if (counted(kind) && !is_forbidden(kind)) {
        tolerated.push_back(fmt::format("{} ({})", to_string(kind), findings.count_of(kind)));
      }
    }
    if (tolerated.empty()) return;
    verdict_.notes.push_back(
        fmt::format("also found, but not forbidden by what was asked for: {}", fmt::join(tolerated, ", ")));
  }

  const History& history_;
  const TransactionOptions& options_;
  Question asked_;
  TransactionVerdict verdict_;
  std::vector<std::string> left_out_;  ///< Of what was asked for by name, or not done in time.
};

}  // namespace

const char* to_string(TransactionModel model) {
  switch (model) {
    case TransactionModel::list_append: return "list-append";
    case TransactionModel::rw_register: return "rw-register";
    case TransactionModel::closed_predicate: return "closed-predicate";
  }
  return "?";
}

TransactionVerdict check_transactions(const History& history, const TransactionOptions& options) {
  return Check(history, options).run();
}

}  // namespace heir::reports
