#include "tools/command/check_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <span>

#include "engine/base/assert.h"
#include "reports/history/format.h"
#include "tools/command/json.h"
#include "tools/command/story.h"

namespace heir::tools {

namespace {

using reports::Failure;
using reports::History;
using reports::Operation;
using reports::Outcome;
using Colour = Style::Colour;

std::string count(std::uint64_t n, const char* what) {
  return thousands(n) + " " + what + (n == 1 ? "" : "s");
}

std::string painted_word(Outcome outcome, const Style& style) {
  switch (outcome) {
    case Outcome::pass: return style.paint(Colour::green, "valid");
    case Outcome::fail: return style.paint(Colour::red, "INVALID");
    case Outcome::unknown: return style.paint(Colour::yellow, "unknown");
  }
  return "?";
}

std::string model_of(const Checked& checked) {
  return checked.verdict.model.empty() ? std::string() : checked.verdict.model + ", ";
}

/// Rounded for people.
std::string seconds_text(double seconds) {
  return rounded(Duration::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)));
}

std::string numbers_text(const Checked& checked) {
  const reports::Verdict::Counts& operations = checked.verdict.operations;
  std::string text = fmt::format("{}: {}{} ({} ok, {} failed, {} unknown)", checked.path, model_of(checked),
                                 count(checked.history.operations().size(), "operation"), thousands(operations.ok),
                                 thousands(operations.fail), thousands(operations.unknown));
  if (checked.history.key_count() > 1) text += " on " + count(checked.history.key_count() - 1, "key");
  return text + "\n";
}

std::string cost_text(const Checked& checked) {
  return fmt::format("read in {}, judged in {}, {} MiB at most\n", seconds_text(checked.parse_seconds),
                     seconds_text(checked.seconds), (checked.peak_bytes + (1U << 19)) >> 20);
}

std::string levels_text(const reports::Verdict& verdict) {
  const auto list = [](const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
  };
  std::string text;
  if (!verdict.not_models.empty()) text += "not " + list(verdict.not_models) + "\n";
  if (!verdict.also_not.empty()) text += "     and so not " + list(verdict.also_not) + "\n";
  return text;
}

/// "lost-write (3), stale-read": each kind that is told, and how many more anomalies there are.
std::string kinds_text(const reports::Verdict& verdict) {
  std::map<reports::FailureKind, std::size_t> kinds;
  for (const Failure& failure : verdict.failures) ++kinds[failure.kind];
  std::string text;
  for (const auto& [kind, times] : kinds) {
    text += (text.empty() ? "" : ", ") + std::string(reports::to_string(kind));
    if (times > 1) text += " (" + thousands(times) + ")";
  }
  return verdict.more_failures == 0 ? text : text + " and " + thousands(verdict.more_failures) + " more";
}

std::string why_valid(const Checked& checked) {
  const std::optional<reports::Model> model = reports::model_named(checked.verdict.model);
  const bool linearized = !model || !reports::is_whole(*model) || *model == reports::Model::multi_register;
  return linearized ? "every answer was linearizable." : "nothing was found that must not be there.";
}

std::string verdict_text(const Checked& checked, const Style& style) {
  const reports::Verdict& verdict = checked.verdict;
  std::string text = painted_word(verdict.outcome, style) + ": ";
  switch (verdict.outcome) {
    case Outcome::pass: return text + why_valid(checked) + "\n";
    case Outcome::fail: return text + kinds_text(verdict) + "\n";
    case Outcome::unknown: return text + "nothing wrong was found, but not everything could be decided.\n";
  }
  return text;
}

/// The operations of a history in the order that explains most answers.
std::string order_text(const History& history, const std::vector<Operation>& order) {
  std::string text = "     in an order that explains as many answers as any can:\n";
  for (const Operation& op : order) text += operation_line(history, op);
  return text;
}

/// Were just these operations told already?
bool same_operations(const std::vector<Operation>& told, std::span<const Operation> proof) {
  return told.size() == proof.size() && std::all_of(proof.begin(), proof.end(), [&](const Operation& op) {
           return std::any_of(told.begin(), told.end(), [&](const Operation& other) {
             return other.process == op.process && other.invoked == op.invoked && other.function == op.function;
           });
         });
}

std::string proof_text(const Checked& checked, const reports::Proof& proof) {
  const std::span<const Operation> operations = proof.history.operations();
  const auto& failures = checked.verdict.failures;
  const auto told = std::find_if(failures.begin(), failures.end(),
                                 [&](const Failure& failure) { return same_operations(failure.ops, operations); });
  if (told != failures.end())
    return fmt::format("     the operations of {}., judged again alone as {}, are wrong too\n",
                       told - failures.begin() + 1, reports::to_string(proof.model));
  return fmt::format("     {} alone, judged again as {}, {} wrong too{}\n", count(operations.size(), "operation"),
                     reports::to_string(proof.model), operations.size() == 1 ? "is" : "are",
                     proof.key == reports::no_key ? ":" : ", on key " + checked.history.key_text(proof.key) + ":") +
         timeline(proof.history, {operations.begin(), operations.end()});
}

std::string explained(const Checked& checked, const Style& style) {
  std::string text;
  std::size_t number = 0;
  for (const Failure& failure : checked.verdict.failures) {
    text += fmt::format("{:>3}. {} at {}: {}\n", ++number, style.paint(Colour::red, reports::to_string(failure.kind)),
                        reports::moment(checked.history, failure.at), failure.message);
    text += timeline(checked.history, failure.ops);
    if (!failure.order.empty()) text += order_text(checked.history, failure.order);
  }
  if (checked.verdict.more_failures > 0) text += "     … and " + thousands(checked.verdict.more_failures) + " more\n";
  for (const reports::Proof& proof : checked.proofs) text += proof_text(checked, proof);
  return text;
}

// ---- Sessions and statistics.

constexpr std::array guarantees{"read-your-writes", "monotonic-reads", "monotonic-writes", "writes-follow-reads"};

std::string sessions_text(const reports::SessionReport& sessions) {
  std::string text =
      fmt::format("sessions of {} on {}: ", count(sessions.sessions, "client"), count(sessions.keys, "key"));
  std::string found;
  for (std::size_t i = 0; i < guarantees.size(); ++i) {
    if (sessions.found[i] > 0)
      found += fmt::format("{}{} ({})", found.empty() ? "" : ", ", guarantees[i], thousands(sessions.found[i]));
  }
  return text + (found.empty() ? "every guarantee was kept" : "violated " + found) + "\n";
}

std::string latency_text(const std::optional<reports::Latency>& latency) {
  if (!latency) return {};
  return fmt::format("{:>10} {:>10} {:>10} {:>10} {:>10}", rounded(latency->p50), rounded(latency->p90),
                     rounded(latency->p99), rounded(latency->p999), rounded(latency->most));
}

std::string statistics_text(const Checked& checked) {
  const Statistics& statistics = *checked.statistics;
  std::string text = fmt::format("{:<18} {:>10} {:>8} {:>8} {:>10} {:>10} {:>10} {:>10} {:>10}\n", "function", "ok",
                                 "failed", "unknown", "p50", "p90", "p99", "p99.9", "most");
  for (const reports::FunctionStatistics& f : statistics.functions)
    text += fmt::format("{:<18} {:>10} {:>8} {:>8} {}\n", reports::to_string(f.function), thousands(f.ok),
                        thousands(f.fail), thousands(f.unknown), latency_text(f.latency));
  if (!checked.history.timed()) return text + "no times: no latencies, no windows of unavailability\n";
  const reports::Availability& availability = statistics.availability;
  if (availability.windows.empty()) {
    text += "never was anybody kept waiting for " + to_string(statistics.at_least) + " with nobody answered\n";
  } else {
    text +=
        fmt::format("unavailable {} ({} and more): {} at most, {} in all\n", count(availability.windows.size(), "time"),
                    to_string(statistics.at_least), rounded(availability.longest), rounded(availability.total));
    for (const reports::Unavailable& window : availability.windows)
      text += fmt::format("  {} … {}  {}{}\n", reports::seconds(window.from), reports::seconds(window.until),
                          rounded(window.length()), window.ended ? "" : ", to the end of the history");
  }
  for (const reports::Recovery& recovery : statistics.recoveries) {
    text += fmt::format("fault {} at {}: ", recovery.name, reports::seconds(recovery.at));
    if (recovery.windows == 0)
      text += "not noticed\n";
    else if (recovery.after)
      text += "recovered after " + rounded(*recovery.after) + "\n";
    else
      text += "never recovered\n";
  }
  return text;
}

// ---- JSON.

std::string latency_json(const std::optional<reports::Latency>& latency) {
  if (!latency) return "null";
  return fmt::format("{{\"least\":{},\"p50\":{},\"p90\":{},\"p99\":{},\"p99.9\":{},\"most\":{}}}", latency->least.ns(),
                     latency->p50.ns(), latency->p90.ns(), latency->p99.ns(), latency->p999.ns(), latency->most.ns());
}

std::string statistics_json(const std::optional<Statistics>& statistics) {
  if (!statistics) return "null";
  const reports::Availability& availability = statistics->availability;
  const std::string functions = json_array(statistics->functions, [](const reports::FunctionStatistics& f) {
    return fmt::format("{{\"f\":\"{}\",\"ok\":{},\"fail\":{},\"unknown\":{},\"latency_ns\":{}}}",
                       reports::to_string(f.function), f.ok, f.fail, f.unknown, latency_json(f.latency));
  });
  const std::string windows = json_array(availability.windows, [](const reports::Unavailable& w) {
    return fmt::format("{{\"from_ns\":{},\"until_ns\":{},\"ended\":{}}}", w.from.ns(), w.until.ns(), w.ended);
  });
  const std::string recoveries = json_array(statistics->recoveries, [](const reports::Recovery& r) {
    return fmt::format("{{\"fault\":{},\"at_ns\":{},\"windows\":{},\"after_ns\":{}}}", json_string(r.name), r.at.ns(),
                       r.windows, r.after ? std::to_string(r.after->ns()) : "null");
  });
  return fmt::format(
      "{{\"functions\":{},\"unavailable\":{{\"at_least_ns\":{},\"count\":{},\"max_ns\":{},\"total_ns\":{},\"windows\":{"
      "}}},"
      "\"recoveries\":{}}}",
      functions, statistics->at_least.ns(), availability.windows.size(), availability.longest.ns(),
      availability.total.ns(), windows, recoveries);
}

std::string sessions_json(const std::optional<reports::SessionReport>& sessions) {
  if (!sessions) return "null";
  std::string text = fmt::format("{{\"clients\":{},\"keys\":{}", sessions->sessions, sessions->keys);
  for (std::size_t i = 0; i < guarantees.size(); ++i)
    text += fmt::format(",\"{}\":{}", guarantees[i], sessions->found[i]);
  return text + "}";
}

}  // namespace

const char* verdict_word(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass: return "valid";
    case Outcome::fail: return "invalid";
    case Outcome::unknown: return "unknown";
  }
  return "?";
}

std::string check_line(const Checked& checked, const Style& style) {
  std::string text = fmt::format("{}: {} ({}{})", checked.path, painted_word(checked.verdict.outcome, style),
                                 model_of(checked), count(checked.history.operations().size(), "operation"));
  if (checked.verdict.outcome == Outcome::fail)
    text += fmt::format(": {}: {}", reports::to_string(checked.verdict.failures.front().kind),
                        checked.verdict.failures.front().message);
  if (checked.verdict.outcome == Outcome::unknown && !checked.verdict.unknowns.empty())
    text += ": " + checked.verdict.unknowns.front();
  return text + "\n";
}

std::string check_text(const Checked& checked, bool explain, const Style& style) {
  const reports::Verdict& verdict = checked.verdict;
  std::string text = numbers_text(checked) + verdict_text(checked, style);
  text += explain ? explained(checked, style)
                  : failures_text(checked.history, verdict.failures, verdict.more_failures, style);
  text += levels_text(verdict);
  for (const std::string& unknown : verdict.unknowns) text += "     not judged: " + unknown + "\n";
  for (const std::string& note : verdict.notes) text += "     note: " + note + "\n";
  if (checked.sessions) text += sessions_text(*checked.sessions);
  if (checked.statistics) text += statistics_text(checked);
  return text + cost_text(checked);
}

std::string check_json(const Checked& checked) {
  const reports::Verdict& verdict = checked.verdict;
  std::string text =
      fmt::format("{{\"file\":{},\"model\":{},\"verdict\":\"{}\",\"operations\":{},\"anomalies\":{}",
                  json_string(checked.path), json_string(verdict.model), verdict_word(verdict.outcome),
                  checked.history.operations().size(), anomalies_json(checked.history, verdict.failures));
  text += fmt::format(",\"not\":{},\"also_not\":{},\"seconds\":{:.6f},\"peak_bytes\":{},\"parse_seconds\":{:.6f}",
                      json_strings(verdict.not_models), json_strings(verdict.also_not), checked.seconds,
                      checked.peak_bytes, checked.parse_seconds);
  text +=
      fmt::format(",\"ops\":{},\"more_anomalies\":{},\"unknown\":{},\"notes\":{},\"sessions\":{},\"statistics\":{}}}",
                  counts_json(verdict.operations), verdict.more_failures, json_strings(verdict.unknowns),
                  json_strings(verdict.notes), sessions_json(checked.sessions), statistics_json(checked.statistics));
  return text;
}

std::string timeline(const History& history, std::vector<Operation> operations) {
  std::stable_sort(operations.begin(), operations.end(),
                   [](const Operation& a, const Operation& b) { return a.begin < b.begin; });
  std::vector<std::uint32_t> events;
  for (const Operation& op : operations) {
    events.push_back(op.begin);
    if (op.end != Operation::never) events.push_back(op.end);
  }
  std::sort(events.begin(), events.end());
  events.erase(std::unique(events.begin(), events.end()), events.end());
  // Beyond this a line would not fit a terminal; then there is no picture.
  constexpr std::size_t widest = 40;
  const bool drawn = events.size() <= widest;
  std::string text;
  for (const Operation& op : operations) {
    if (drawn) {
      const auto place = [&](std::uint32_t event) {
        return static_cast<std::size_t>(std::lower_bound(events.begin(), events.end(), event) - events.begin());
      };
      const bool open = op.unknown() || op.end == Operation::never;
      const std::size_t from = place(op.begin), to = open ? events.size() - 1 : place(op.end);
      text += "       " + std::string(from, ' ') + "├";
      for (std::size_t i = from + 1; i < to; ++i) text += "─";
      if (to > from) text += open ? "┄" : "┤";
      text += std::string(events.size() - std::max(to, from) - 1, ' ');
    }
    text += operation_line(history, op);
  }
  return text;
}

const char* const check_json_help =
    "One object a history, in one line, with these keys in this order:\n"
    "  file           as it was named; - is standard input\n"
    "  model          by which it was judged; several kinds of keys are joined by +\n"
    "  verdict        \"valid\", \"invalid\" or \"unknown\"\n"
    "  operations     how many\n"
    "  anomalies      [{kind, message, at_ns, ops}], gravest first; ops: [{process, f, key, value, result, type,\n"
    "                 invoked_ns, completed_ns, peer, generation}]; in a history without times they count events\n"
    "  not            isolation levels that are ruled out, the weakest only\n"
    "  also_not       the stronger ones, which therefore are ruled out too\n"
    "  seconds        of judging\n"
    "  peak_bytes     most memory at a time, reading included\n"
    "  parse_seconds  of reading\n"
    "  ops            {ok, fail, unknown}: operations by outcome\n"
    "  more_anomalies how many more there are\n"
    "  unknown        why parts of it have no verdict, with the undecided window\n"
    "  notes          what the reader should know, as which slower method was needed and why\n"
    "  sessions       with --sessions {clients, keys, read-your-writes, monotonic-reads, monotonic-writes,\n"
    "                 writes-follow-reads}: how often each was violated; else null\n"
    "  statistics     with --statistics {functions, unavailable, recoveries}; else null\n";

}  // namespace heir::tools
