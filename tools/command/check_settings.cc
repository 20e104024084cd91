#include "tools/command/check_settings.h"

#include <unistd.h>

#include <algorithm>

#include "reports/check/commit_log.h"
#include "reports/check/transactions/consistency.h"
#include "scenarios/mistakes.h"
#include "tools/command/option_types.h"
#include "tools/command/outputs.h"

namespace heir::tools {

namespace {

using reports::Outcome;

/// "--model regster: no such model; did you mean 'register'?"
template <class Names>
Error unknown_name(const std::string& option, const std::string& word, const char* what, const Names& names) {
  const std::vector<std::string> known(names.begin(), names.end());
  return Error{ErrorCode::invalid,
               option + " " + scenarios::printable(word) + ": no such " + what + scenarios::suggestion(word, known)};
}

/// "20s" or "crash=20s".
Result<reports::FaultTime> fault_time(const std::string& text, std::size_t number) {
  const std::size_t equals = text.rfind('=');
  const std::string time = equals == std::string::npos ? text : text.substr(equals + 1);
  const std::string name = equals == std::string::npos ? std::to_string(number) : text.substr(0, equals);
  if (const Result<Duration> at = read_duration(time, Duration::zero(), longest_time))
    return reports::FaultTime{name, reports::HistoryTime::from_ns(at->ns())};
  return Error{ErrorCode::invalid, "--fault " + scenarios::printable(text) +
                                       ": expected a time with a unit, perhaps after a name: 20s or crash=20s"};
}

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (const std::string_view name : names) text += (text.empty() ? "" : ", ") + std::string(name);
  return text;
}

/// Several by commas or by repetition: what follows after a space is the next argument.
CLI::Option* list(CLI::Option* option) {
  return option->take_all()->expected(1)->allow_extra_args(false)->delimiter(',');
}

}  // namespace

void CheckSettings::add_options(CLI::App& command) {
  command.add_option("history", histories, "Histories; - is standard input")->type_name("FILE");
  command.add_option("--model,-m", model_, "By which rules; see below (default: recognised, key by key)")
      ->type_name("MODEL");
  command.add_option("--format,-f", format_, "jsonl, edn, etcd-log, kv-log, elle-json or lines (default: recognised)")
      ->type_name("FORMAT");
  command
      .add_option("--fail-means", fail_means_,
                  "What a fail of a compare-and-set says: did-not-happen, or differed (it looked and found another "
                  "value; default in etcd logs)")
      ->type_name("MEANING");
  add_options_of_models(command);
  command
      .add_option("--commit-log", commit_log_,
                  "The database's own order: a history of what it committed, one operation after the other")
      ->type_name("FILE");
  add_time_option(
      command, "--max-lag", max_lag_,
      "Reads on standbys (read-standby) show what was acknowledged so long before they began (default: they "
      "promise no freshness)",
      Duration::zero());
  command.add_flag("--sessions", sessions_,
                   "Judge session guarantees too: read your writes, monotonic reads and writes, writes follow reads");
  CLI::Option* statistics = command.add_flag("--statistics", statistics_, "Latencies, and times without an answer");
  add_time_option(command, "--unavailable", unavailable_,
                  "With --statistics: the shortest time without an answer that is told (default 500ms)")
      ->needs(statistics);
  command
      .add_option("--fault", faults_,
                  "With --statistics: when a fault happened, to tell the time of recovery; may be repeated")
      ->type_name("[NAME=]TIME")
      ->needs(statistics)
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
  add_time_option(command, "--timeout", timeout_, "For each history, as 90s or 5min; beyond it there is no verdict");
  add_size_option(command, "--memory", memory_, "Of the search for each key, as 2GiB; beyond it there is no verdict");
  add_count_option(command, "--step-limit", checking.limits.steps,
                   "Of the search for each key; beyond it there is no verdict", 1);
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  checking.jobs = static_cast<unsigned>(std::clamp(processors, 1L, 1024L));
  add_count_option(command, "--jobs,-j", checking.jobs,
                   "Keys judged at a time (default: one a processor); never changes the verdict", 1, 1024);
  command.add_flag("--explain", explain, "Show every operation of each anomaly, and the smallest proof");
  add_output_option(command, "--emit-minimal", minimal,
                    "Write the smallest history found that is wrong for the same reason");
  CLI::Option* as_it_happens =
      command.add_flag("--follow", follow, "Judge standard input as it grows, line by line; see below");
  command.add_flag("--json", json, "One JSON object a history")->excludes(as_it_happens);
  command.add_flag("--quiet,-q", quiet, "Only verdicts, one line each");
}

void CheckSettings::add_options_of_models(CLI::App& command) {
  using reports::Model;
  const auto of = [this](std::vector<Model> models, CLI::Option* option) {
    options_of_models_.push_back({option, std::move(models)});
    return option;
  };
  const std::vector<Model> transactions{Model::list_append, Model::rw_register, Model::closed_predicate};
  reports::TransactionOptions& chosen = checking.transactions;
  of(transactions, list(command.add_option("--consistency,-c", consistency_,
                                           "Of transactions: the consistency models that must hold, by Elle's names")))
      ->type_name("LEVEL");
  of(transactions, list(command.add_option("--anomalies,-a", anomalies_,
                                           "Of transactions: anomalies that must not be there besides")))
      ->type_name("ANOMALY");
  of({Model::rw_register}, command.add_flag("--linearizable-keys", chosen.linearizable_keys,
                                            "Of rw-register: each key's versions follow real time"));
  of({Model::rw_register}, command.add_flag("--sequential-keys", chosen.sequential_keys,
                                            "Of rw-register: each key's versions follow each process's order"));
  of({Model::rw_register},
     command.add_flag("--wfr-keys", chosen.wfr_keys, "Of rw-register: within a transaction writes follow reads"));
  of({Model::kv}, command.add_flag("--one-map", checking.one_map, "Of kv: judge all keys as one map, not key by key"));
  of({Model::set_full},
     command.add_flag("--linearizable", checking.set_full.linearizable, "Of set-full: a stale element is wrong"));
  of({Model::long_fork}, add_count_option(command, "--group-size", checking.long_fork.group_size,
                                          "Of long-fork: registers that each read must see", 1));
  of({Model::bank},
     list(command.add_option("--accounts", checking.bank.accounts, "Of bank: those that each read must see")))
      ->type_name("ACCOUNT");
  of({Model::bank}, command.add_option("--total", checking.bank.total, "Of bank: what all accounts hold together"))
      ->type_name("N");
  of({Model::bank},
     command.add_flag("--negative-balances", checking.bank.negative_balances, "Of bank: they are allowed"));
}

Result<> CheckSettings::belong_to(const std::string& models, const std::string& subject) const {
  const std::string each_ended = "+" + models + "+";
  for (const OptionOfModels& each : options_of_models_) {
    std::vector<std::string_view> of;
    for (const reports::Model model : each.models) of.emplace_back(to_string(model));
    const auto is_used = [&](std::string_view model) {
      return each_ended.find("+" + std::string(model) + "+") != std::string::npos;
    };
    if (each.option->count() == 0 || std::ranges::any_of(of, is_used)) continue;
    return Error{ErrorCode::invalid,
                 "--" + each.option->get_lnames().front() + " is for " + joined(of) + "; " + subject + " " + models};
  }
  return {};
}

Result<> CheckSettings::understand() {
  if (follow) {
    if (histories.empty()) histories.emplace_back("-");
    if (histories != std::vector<std::string>{"-"})
      return Error{ErrorCode::invalid, "--follow reads standard input, not files"};
  }
  if (histories.empty()) return Error{ErrorCode::invalid, "history is required\nTry 'heir check --help'."};
  if (std::count(histories.begin(), histories.end(), "-") > 1)
    return Error{ErrorCode::invalid, "standard input can be read only once"};
  if (!minimal.empty() && histories.size() > 1)
    return Error{ErrorCode::invalid, "--emit-minimal " + minimal + " is for one history at a time"};
  std::vector<std::string> inputs = histories;
  if (!commit_log_.empty()) inputs.push_back(commit_log_);
  if (const auto problems = output_problems({{"--emit-minimal", minimal}}, inputs); !problems.empty())
    return Error{ErrorCode::invalid, problems.front()};
  if (!commit_log_.empty() && histories.size() > 1)
    return Error{ErrorCode::invalid, "--commit-log " + scenarios::printable(commit_log_) + " is of one history"};
  if (memory_ > 0) checking.limits.memory = memory_;
  if (max_lag_ >= Duration::zero()) checking.max_lag = max_lag_;
  if (const Result<> names = understand_names(); !names) return names.error();
  return understand_faults();
}

Result<> CheckSettings::understand_names() {
  if (!model_.empty()) {
    checking.model = reports::model_named(model_);
    if (!checking.model) return unknown_name("--model", model_, "model", reports::model_names());
    if (const Result<> fit = belong_to(model_, "--model is"); !fit) return fit;
  }
  if (!format_.empty()) {
    reading.format = reports::format_named(format_);
    if (!reading.format) return unknown_name("--format", format_, "format", reports::format_names());
    if (follow && reading.format != reports::Format::jsonl)
      return Error{ErrorCode::invalid, "--follow reads jsonl only"};
  }
  if (!fail_means_.empty()) {
    constexpr std::string_view happened = "did-not-happen", differed = "differed";
    if (fail_means_ != happened && fail_means_ != differed)
      return unknown_name("--fail-means", fail_means_, "meaning", std::vector<std::string_view>{happened, differed});
    reading.fail =
        fail_means_ == happened ? reports::FailMeaning::did_not_happen : reports::FailMeaning::compared_and_differed;
  }
  for (const std::string& name : consistency_) {
    const auto level = reports::consistency_model_named(name);
    if (!level) return unknown_name("--consistency", name, "consistency model", reports::consistency_model_names());
    checking.transactions.consistency.insert(*level);
  }
  for (const std::string& name : anomalies_) {
    const auto anomaly = reports::anomaly_named(name);
    if (!anomaly) return unknown_name("--anomalies", name, "anomaly", reports::anomaly_names());
    checking.transactions.anomalies.insert(*anomaly);
  }
  return {};
}

Result<> CheckSettings::understand_faults() {
  for (const std::string& text : faults_) {
    const Result<reports::FaultTime> fault = fault_time(text, fault_times_.size() + 1);
    if (!fault) return fault.error();
    fault_times_.push_back(*fault);
  }
  return {};
}

Result<> CheckSettings::read_commit_log(const Checked& checked, reports::CheckOptions& options) const {
  if (commit_log_.empty()) return {};
  const Result<reports::History> log = reports::read_history(commit_log_);
  if (!log) return log.error();
  Result<std::vector<std::uint32_t>> order = reports::match_commits(checked.history, *log);
  if (!order) return Error{ErrorCode::invalid, commit_log_ + ": " + order.error().message};
  if (order->empty()) return Error{ErrorCode::invalid, commit_log_ + ": expected commits that write something"};
  options.commit_order = std::move(*order);
  return {};
}

Deadline CheckSettings::deadline() const {
  return timeout_ > Duration::zero() ? Deadline(std::chrono::nanoseconds(timeout_.ns())) : Deadline();
}

Result<> CheckSettings::judge(Checked& checked, const Deadline& deadline) const {
  const Stopwatch watch;
  reports::CheckOptions options = checking;
  if (deadline.is_set()) options.limits.out_of_time = [&deadline] { return deadline.over(); };
  if (deadline.over()) {
    checked.verdict.outcome = Outcome::unknown;
    checked.peak_bytes = peak_memory_bytes();
    for (const reports::Operation& op : checked.history.operations()) {
      reports::Verdict::Counts& counts = checked.verdict.operations;
      (op.ok() ? counts.ok : op.failed() ? counts.fail : counts.unknown)++;
    }
    if (checked.verdict.unknowns.empty())
      checked.verdict.unknowns.emplace_back("the time was over when it had been read");
    return {};
  }
  if (const Result<> read = read_commit_log(checked, options); !read) return read.error();
  Result<reports::Verdict> verdict = reports::check(checked.history, options);
  if (!verdict) {
    std::string message = checked.path + ": " + verdict.error().message;
    if (!checking.model) message += "; --model chooses one of " + joined(reports::model_names());
    return Error{verdict.error().code, message};
  }
  checked.verdict = std::move(*verdict);
  if (!checked.verdict.model.empty())
    if (const Result<> fit = belong_to(checked.verdict.model, checked.path + " is judged as"); !fit) return fit;
  if (sessions_) {
    reports::Verdict& all = checked.verdict;
    checked.sessions = reports::check_sessions(checked.history);
    const auto& failures = checked.sessions->failures;
    all.failures.insert(all.failures.end(), failures.begin(), failures.end());
    for (const std::size_t found : checked.sessions->found) all.more_failures += found;
    all.more_failures -= failures.size();
    all.notes.insert(all.notes.end(), checked.sessions->notes.begin(), checked.sessions->notes.end());
    if (!failures.empty()) all.outcome = Outcome::fail;
  }
  if (statistics_) {
    Statistics& statistics = checked.statistics.emplace();
    statistics.functions = reports::statistics(checked.history);
    statistics.at_least = unavailable_;
    statistics.availability = reports::availability(checked.history, {.at_least = statistics.at_least});
    statistics.recoveries = reports::recoveries(statistics.availability, fault_times_);
  }
  checked.seconds = watch.seconds();
  if ((explain || !minimal.empty()) && checked.verdict.outcome == Outcome::fail)
    checked.proofs = reports::prove(checked.history, checked.verdict, options);
  checked.peak_bytes = peak_memory_bytes();
  return {};
}

}  // namespace heir::tools
