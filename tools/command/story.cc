#include "tools/command/story.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "scenarios/names.h"
#include "sim/faults/swarm.h"
#include "tools/command/json.h"
#include "tools/command/run_chart.h"

namespace heir::tools {

namespace {

using Colour = Style::Colour;
using Kind = sim::StoryLine::Kind;
using reports::Outcome;

std::string count(std::uint64_t n, std::string_view what) {
  return thousands(n) + " " + std::string(what) + (n == 1 ? "" : "s");
}

Colour colour_of(const sim::StoryLine& line) {
  switch (line.kind) {
    case Kind::fault: return Colour::red;
    case Kind::heal: return Colour::green;
    case Kind::state: return Colour::bold;
    case Kind::role: return Colour::cyan;
    case Kind::gate: return Colour::blue;
    case Kind::command: return Colour::grey;
    case Kind::note: return line.what.rfind("VIOLATION", 0) == 0 ? Colour::red : Colour::none;
  }
  return Colour::none;
}

const char* who(const sim::StoryLine& line) {
  if (!line.host.empty()) return line.host.c_str();
  switch (line.kind) {
    case Kind::fault:
    case Kind::heal: return "fault";
    case Kind::state: return "cluster";
    case Kind::role:
    case Kind::gate:
    case Kind::command:
    case Kind::note: break;
  }
  return "";
}

std::string story_line(std::int64_t at_ns, std::string_view host, std::string_view what, Colour colour,
                       const Style& style) {
  return fmt::format("{:>9}  {:<8} {}\n", clock_text(at_ns), host, style.paint(colour, what));
}

/// Peers' identities, which nobody can tell apart, and the hosts that they are on, as their agents' first words tell.
using Hosts = std::map<std::string, std::string>;

Hosts hosts_of(const std::vector<sim::StoryLine>& story) {
  Hosts hosts;
  for (const sim::StoryLine& line : story) {
    constexpr std::string_view begin = "agent-started peer=";
    if (line.what.rfind(begin, 0) != 0) continue;
    hosts.emplace(line.what.substr(begin.size(), line.what.find(' ', begin.size()) - begin.size()), line.host);
  }
  return hosts;
}

std::string with_names(std::string text, const Hosts& hosts) {
  for (const auto& [peer, host] : hosts) {
    if (text == "agent-started peer=" + peer + " data=no") return "the agent starts, with an empty disk";
    if (text == "agent-started peer=" + peer + " data=yes") return "the agent starts, with the data that it has";
    for (std::size_t at = text.find(peer); at != std::string::npos; at = text.find(peer, at + host.size()))
      text.replace(at, peer.size(), host);
  }
  return text;
}

std::string lines_of(const sim::RunResult& result, bool verbose, const Style& style) {
  std::string text;
  std::size_t outage = 0;
  const auto tell_outages_until = [&](sim::VirtualTime at) {
    for (; outage < result.outages.size() && result.outages[outage].from <= at; ++outage) {
      const sim::Outage& gap = result.outages[outage];
      text += story_line(gap.from.ns(), "clients", "no write is acknowledged for " + rounded(gap.length()),
                         Colour::yellow, style);
    }
  };
  for (const sim::StoryLine& line : named_story(result.story)) {
    if (line.kind == Kind::command && !verbose) continue;
    tell_outages_until(line.at);
    text += story_line(line.at.ns(), who(line), line.what, colour_of(line), style);
  }
  tell_outages_until(sim::VirtualTime::max());
  return text;
}

std::string header(const Finished& run, const Style& style) {
  const scenarios::Scenario& scenario = run.scenario;
  return style.paint(Colour::bold, scenario.title) + "\n" +
         fmt::format("{}, seed {}: {}, policy {}, {}\n", run.job.file->path, run.job.seed,
                     count(static_cast<std::uint64_t>(scenario.cluster.peers), "peer"),
                     scenarios::to_string(scenario.cluster.policy), to_string(scenario.duration)) +
         (run.job.file->scenario.swarm ? "drawn by the seed: " + sim::summary(scenario) + "\n" : "") + "\n";
}

std::string numbers(const Finished& run) {
  const sim::RunResult& result = run.result;
  const reports::Verdict::Counts& ops = run.judgement.operations;
  std::string text = fmt::format("operations   {} ok, {} failed, {} unknown\n", thousands(ops.ok), thousands(ops.fail),
                                 thousands(ops.unknown));
  text += fmt::format("failovers    {} (generation {} at the end)\n", result.failovers.size(), result.generations);
  const sim::Requests& requests = result.requests;
  if (requests.ok + requests.failed > 0)
    text += fmt::format("requests     {} ok, {} failed\n", requests.ok, requests.failed);
  const auto [longest, total] = outage_lengths(result);
  if (result.has_writers && result.outages.empty())
    text += fmt::format("unavailable  never for {} or longer\n", to_string(sim::shortest_outage));
  if (!result.outages.empty())
    text += fmt::format("unavailable  {}, {} at most, {} in all\n", count(result.outages.size(), "time"),
                        rounded(longest), rounded(total));
  if (result.recovery) {
    const std::string after = result.recovery->recovered
                                  ? "recovered in " + rounded(*result.recovery->recovered - result.recovery->began)
                              : result.recovery->excuse.empty() ? "never recovered"
                                                                : "did not recover, by " + result.recovery->excuse;
    text += fmt::format("core         {}: {}\n", result.recovery->core, after);
  }
  const Duration wall = Duration::nanoseconds(run.wall_ns);
  if (run.host_limits) {
    text += fmt::format("on hosts     {}s, with set-up and verdict {}\n", clock_text(result.ended.ns()), rounded(wall));
    for (const std::string& limit : *run.host_limits) text += "not shown    " + limit + "\n";
    return text;
  }
  const std::uint64_t speed = static_cast<std::uint64_t>(result.ended.ns() / std::max<std::int64_t>(run.wall_ns, 1));
  text += fmt::format("simulated    {}s in {}: {} times real time; {}, trace {}{}\n", clock_text(result.ended.ns()),
                      rounded(wall), thousands(speed), count(result.events, "event"), hash_text(result.trace_hash),
                      run.determinism_checked ? ", twice the same" : "");
  return text;
}

std::string probes_of(const sim::RunResult& result) {
  std::string text = "probes\n";
  for (const auto& [name, entry] : result.probes)
    text += fmt::format("{:>13}  {}{}\n", thousands(entry.count), name,
                        entry.rarity == sim::ProbeRarity::rare ? " (rare)" : "");
  return text + "\n";
}

std::string word(const Judgement& judgement, const Style& style) {
  switch (judgement.verdict) {
    case Outcome::pass: return style.paint(Colour::green, "pass");
    case Outcome::fail: return style.paint(Colour::red, "FAIL");
    case Outcome::unknown: return style.paint(Colour::yellow, "unknown");
  }
  return "?";
}

std::string verdict_of(const Finished& run, const Style& style) {
  return word(run.judgement, style) + ": " + run.judgement.sentence + "\n";
}

}  // namespace

std::vector<sim::StoryLine> named_story(std::vector<sim::StoryLine> story) {
  const Hosts hosts = hosts_of(story);
  for (sim::StoryLine& line : story) line.what = with_names(std::move(line.what), hosts);
  return story;
}

OutageLengths outage_lengths(const sim::RunResult& result) {
  OutageLengths lengths;
  for (const sim::Outage& outage : result.outages) {
    lengths.longest = std::max(lengths.longest, outage.length());
    lengths.total += outage.length();
  }
  return lengths;
}

std::string story_text(std::span<const sim::StoryLine> named_story) {
  std::string text;
  for (const sim::StoryLine& line : named_story)
    if (line.kind != Kind::command) text += story_line(line.at.ns(), who(line), line.what, Colour::none, Style(false));
  return text;
}

std::string operation_line(const reports::History& history, const reports::Operation& op) {
  std::string text = "       " + reports::moment(history, op.invoked);
  text += op.end == reports::Operation::never ? " … no answer" : " … " + reports::moment(history, op.completed);
  text += "  " + reports::describe(history, op) + ": ";
  // Of a read, a dequeue and so on null is an answer too.
  const bool takes_nothing =
      op.argument.is_nil() && op.function != reports::Function::acquire && op.function != reports::Function::release;
  if (op.ok() && (takes_nothing || !op.result.is_nil())) {
    const reports::Value value = op.result;
    text +=
        value.kind() == reports::ValueKind::list ? count(value.list().length, "element") : history.value_text(value);
  } else {
    text += op.outcome == reports::EventType::ok     ? "acknowledged"
            : op.outcome == reports::EventType::fail ? "failed"
                                                     : "unknown";
  }
  if (op.by.peer != 0) text += fmt::format(" by host{}, generation {}", op.by.peer, op.by.generation);
  return text + "\n";
}

std::string failures_text(const reports::History& history, const std::vector<reports::Failure>& failures,
                          std::size_t more, const Style& style) {
  constexpr std::size_t most_shown = 10;
  constexpr std::size_t most_operations = 8;
  std::string text;
  std::size_t number = 0;
  for (const reports::Failure& failure : failures) {
    if (number == most_shown) break;
    text += fmt::format("{:>3}. {} at {}: {}\n", ++number, style.paint(Colour::red, reports::to_string(failure.kind)),
                        reports::moment(history, failure.at), failure.message);
    std::size_t shown = 0;
    for (const reports::Operation& op : failure.ops) {
      if (shown++ == most_operations) {
        text += "       … and " + count(failure.ops.size() - most_operations, "more operation") + "\n";
        break;
      }
      text += operation_line(history, op);
    }
  }
  if (const std::size_t rest = failures.size() - number + more; rest > 0)
    text += "     … and " + thousands(rest) + " more\n";
  return text;
}

std::string failures_of(const Finished& run, const Style& style) {
  const Judgement& judgement = run.judgement;
  std::string text = failures_text(run.result.history, judgement.failures,
                                   judgement.caught.empty() ? judgement.more_failures : 0, style);
  for (const std::string& unknown : judgement.unknowns) text += "     not judged: " + unknown + "\n";
  return text + replay_line(run);
}

std::string replayed_story(const Finished& run, const Style& style) {
  const std::vector<reports::Failure>& failures =
      run.judgement.caught.empty() ? run.judgement.failures : run.judgement.caught;
  return "\n" + lines_of(run.result, false, style) + "\n" +
         failures_text(run.result.history, failures, run.judgement.more_failures, style);
}

std::string replay_line(const Finished& run) {
  if (run.judgement.verdict == Outcome::pass) return {};
  return "To see it again:\n" + run.replay + "\n";
}

std::string verdict_line(const Finished& run, const Style& style) {
  std::string text = word(run.judgement, style) + std::string(run.judgement.verdict == Outcome::unknown ? 1 : 4, ' ');
  text += fmt::format(" {}  seed {}", run.job.file->path, run.job.seed);
  if (run.result.events > 0)
    text += fmt::format("  {} ok, {}", thousands(run.judgement.operations.ok),
                        count(run.result.failovers.size(), "failover"));
  if (run.judgement.verdict != Outcome::pass || run.judgement.wanted) text += "  " + run.judgement.sentence;
  return text + "\n";
}

std::string story_of(const Finished& run, Telling telling, const Style& style) {
  std::string text = header(run, style);
  if (telling.story) text += lines_of(run.result, telling.verbose, style) + "\n";
  if (telling.story && telling.chart_width > 0 && run.result.timeline)
    text += run_chart(*run.result.timeline, run.result.history, reports::HistoryTime::from_ns(run.result.ended.ns()),
                      telling.chart_width, style) +
            "\n";
  if (telling.verbose) text += probes_of(run.result);
  text += numbers(run);
  text += verdict_of(run, style);
  if (!run.judgement.caught.empty())
    text += "What was found:\n" +
            failures_text(run.result.history, run.judgement.caught, run.judgement.more_failures, style);
  text += failures_of(run, style);
  return text;
}

}  // namespace heir::tools
