#include "tools/command/check_settings.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "reports/check/commit_log.h"
#include "reports/check/transactions/consistency.h"
#include "scenarios/mistakes.h"

namespace heir::tools {

namespace {

using reports::Outcome;

const std::map<std::string, double> time_units{{"ns", 1.0}, {"us", 1e3},   {"ms", 1e6},
                                               {"s", 1e9},  {"min", 60e9}, {"h", 3600e9}};

/// "500ms" becomes its nanoseconds.
CLI::Validator time_with_unit() {
  using Options = CLI::AsNumberWithUnit::Options;
  const auto strict = static_cast<Options>(Options::CASE_SENSITIVE | Options::UNIT_REQUIRED);
  return CLI::AsNumberWithUnit(time_units, strict, "TIME").description("");
}

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
  std::string time = equals == std::string::npos ? text : text.substr(equals + 1);
  const std::string name = equals == std::string::npos ? std::to_string(number) : text.substr(0, equals);
  double ns = -1;
  try {
    if (!time_with_unit()(time).empty() || !CLI::detail::lexical_cast(time, ns)) ns = -1;
  } catch (const CLI::ValidationError&) {
  }
  if (ns >= 0) return reports::FaultTime{name, reports::HistoryTime::from_ns(static_cast<std::int64_t>(ns))};
  return Error{ErrorCode::invalid, "--fault " + scenarios::printable(text) +
                                       ": expected a time with a unit, perhaps after a name: 20s or crash=20s"};
}

/// A number alone is in seconds.
CLI::Option* time(CLI::Option* option) {
  return option->type_name("TIME")->transform(time_with_unit())->transform([](std::string text) {
    const bool number = !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
    return number ? text + "s" : text;
  });
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
  list(command.add_option("--consistency,-c", consistency_,
                          "Of transactions: the consistency models that must hold, by Elle's names"))
      ->type_name("LEVEL");
  list(command.add_option("--anomalies,-a", anomalies_, "Of transactions: anomalies that must not be there besides"))
      ->type_name("ANOMALY");
  command.add_flag("--linearizable-keys", checking.transactions.linearizable_keys,
                   "Of rw-register: each key's versions follow real time");
  command.add_flag("--sequential-keys", checking.transactions.sequential_keys,
                   "Of rw-register: each key's versions follow each process's order");
  command.add_flag("--wfr-keys", checking.transactions.wfr_keys,
                   "Of rw-register: within a transaction writes follow reads");
  command.add_flag("--one-map", checking.one_map, "Of kv: judge all keys as one map, not key by key");
  command.add_flag("--linearizable", checking.set_full.linearizable, "Of set-full: a stale element is wrong");
  command.add_option("--group-size", checking.long_fork.group_size, "Of long-fork: registers that each read must see")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  list(command.add_option("--accounts", checking.bank.accounts, "Of bank: those that each read must see"))
      ->type_name("ACCOUNT");
  command.add_option("--total", checking.bank.total, "Of bank: what all accounts hold together")->type_name("N");
  command.add_flag("--negative-balances", checking.bank.negative_balances, "Of bank: they are allowed");
  command
      .add_option("--commit-log", commit_log_,
                  "The database's own order: a history of what it committed, one operation after the other")
      ->type_name("FILE");
  time(command.add_option("--max-lag", max_lag_ns_,
                          "Reads on standbys (read-standby) show what was acknowledged so long before they began "
                          "(default: they promise no freshness)"));
  command.add_flag("--sessions", sessions_,
                   "Judge session guarantees too: read your writes, monotonic reads and writes, writes follow reads");
  command.add_flag("--statistics", statistics_, "Latencies, and times without an answer");
  time(command.add_option("--unavailable", unavailable_ns_,
                          "With --statistics: the shortest time without an answer that is told (default 500ms)"));
  command
      .add_option("--fault", faults_,
                  "With --statistics: when a fault happened, to tell the time of recovery; may be repeated")
      ->type_name("[NAME=]TIME")
      ->take_all()
      ->expected(1)
      ->allow_extra_args(false);
  time(command.add_option("--timeout", timeout_ns_, "For each history, as 90s or 5min; beyond it there is no verdict"));
  command.add_option("--memory", memory_, "Of the search for each key, as 2GiB; beyond it there is no verdict")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false).description(""));
  command
      .add_option("--step-limit", checking.limits.steps, "Of the search for each key; beyond it there is no verdict")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  const long processors = sysconf(_SC_NPROCESSORS_ONLN);
  checking.jobs = static_cast<unsigned>(std::clamp(processors, 1L, 1024L));
  command
      .add_option("--jobs,-j", checking.jobs,
                  "Keys judged at a time (default: one a processor); never changes the verdict")
      ->type_name("N")
      ->check(CLI::Range(1U, 1024U));
  command.add_flag("--explain", explain, "Show every operation of each anomaly, and the smallest proof");
  command.add_option("--emit-minimal", minimal, "Write the smallest history found that is wrong for the same reason")
      ->type_name("FILE");
  CLI::Option* as_it_happens =
      command.add_flag("--follow", follow, "Judge standard input as it grows, line by line; see below");
  command.add_flag("--json", json, "One JSON object a history")->excludes(as_it_happens);
  command.add_flag("--quiet,-q", quiet, "Only verdicts, one line each");
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
  std::error_code ignored;
  const std::filesystem::path folder = std::filesystem::path(minimal).parent_path();
  if (!folder.empty() && !std::filesystem::is_directory(folder, ignored))
    return Error{ErrorCode::invalid, "--emit-minimal " + scenarios::printable(minimal) + ": there is no such folder"};
  if (!commit_log_.empty() && histories.size() > 1)
    return Error{ErrorCode::invalid, "--commit-log " + scenarios::printable(commit_log_) + " is of one history"};
  if (memory_ > 0) checking.limits.memory = memory_;
  if (max_lag_ns_ >= 0) checking.max_lag = Duration::nanoseconds(static_cast<std::int64_t>(max_lag_ns_));
  if (const Result<> names = understand_names(); !names) return names.error();
  return understand_faults();
}

Result<> CheckSettings::understand_names() {
  if (!model_.empty()) {
    checking.model = reports::model_named(model_);
    if (!checking.model) return unknown_name("--model", model_, "model", reports::model_names());
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
    if (!anomaly) return Error{ErrorCode::invalid, "--anomalies " + scenarios::printable(name) + ": no such anomaly"};
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
  return timeout_ns_ > 0 ? Deadline(std::chrono::nanoseconds(static_cast<std::int64_t>(timeout_ns_))) : Deadline();
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
    statistics.at_least = Duration::nanoseconds(static_cast<std::int64_t>(unavailable_ns_));
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
