#include "tools/shrink/tale.h"

#include <fmt/format.h>

#include <algorithm>

#include "scenarios/fault_section.h"

namespace heir::tools {

namespace {

using Kind = sim::StoryLine::Kind;
using Mark = TaleLine::Mark;
using scenarios::FaultKind;
using scenarios::TargetKind;

constexpr std::size_t longest_tale = 12;
constexpr std::size_t most_operations = 4;

struct Candidate {
  int rank = 0;  ///< The lower, the more it has to be told.
  TaleLine line;
};

std::string host_name(const scenarios::Scenario& scenario, const scenarios::Target& target) {
  if (target.kind == TargetKind::host) return "host" + std::to_string(target.host);
  if (scenarios::members_of(scenario.store) == 1) return "store";
  return "store" + std::to_string(target.host);
}

std::vector<std::string> struck_by(const scenarios::Scenario& scenario, const scenarios::Fault& decision) {
  const scenarios::Fault fault = scenarios::only_what_its_kind_means(decision);
  std::vector<std::string> who;
  if (fault.kind == FaultKind::power_off_all)
    for (int host = 1; host <= scenario.cluster.peers; ++host) who.push_back("host" + std::to_string(host));
  for (const scenarios::Target& host : fault.hosts) who.push_back(host_name(scenario, host));
  if (fault.target.kind == TargetKind::host || fault.target.kind == TargetKind::store_member)
    who.push_back(host_name(scenario, fault.target));
  return who;
}

/// "host2" of "generation 2: primary host2, sync host3, …".
std::vector<std::string> primary_in(const std::string& what) {
  constexpr std::string_view before = "primary ";
  const std::size_t at = what.find(before);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + before.size();
  return {what.substr(begin, what.find_first_of(", ", begin) - begin)};
}

bool takes_down(const scenarios::Fault& fault) {
  return fault.kind == FaultKind::crash || fault.kind == FaultKind::power_off_all || fault.kind == FaultKind::stop ||
         fault.kind == FaultKind::suspend || fault.kind == FaultKind::swap_disk ||
         (fault.kind == FaultKind::pause && fault.process == scenarios::ProcessKind::host);
}

Mark mark_of(const scenarios::Fault& fault) {
  switch (fault.kind) {
    case FaultKind::crash:
    case FaultKind::crash_database:
    case FaultKind::crash_agent:
    case FaultKind::crash_backend:
    case FaultKind::crash_store:
    case FaultKind::out_of_memory:
    case FaultKind::restart_loop:
    case FaultKind::power_off_all:
    case FaultKind::swap_disk:
    case FaultKind::wipe_store:
    case FaultKind::stop:
    case FaultKind::stop_by_hand: return Mark::death;
    case FaultKind::pause:
    case FaultKind::suspend: return Mark::pause;
    default: return Mark::hindrance;
  }
}

std::vector<Candidate> of_story(const scenarios::Scenario& scenario, const std::vector<sim::StoryLine>& story,
                                const std::vector<scenarios::Fault>& decisions, Duration failed_at) {
  std::vector<Candidate> all;
  std::vector<std::pair<std::string, std::size_t>> struck;  // what a strike is called, and its decision
  std::size_t strikes = 0;
  for (const sim::StoryLine& line : story) {
    const Duration at = line.at - sim::VirtualTime();
    TaleLine told;
    told.at = at;
    told.what = line.what;
    if (!line.host.empty()) told.who = {line.host};
    int rank = 9;
    switch (line.kind) {
      case Kind::fault:
        rank = 0;
        told.mark = Mark::hindrance;
        if (strikes < decisions.size()) {
          told.mark = mark_of(decisions[strikes]);
          told.who = struck_by(scenario, decisions[strikes]);
          told.stops = takes_down(decisions[strikes]);
          struck.emplace_back(line.what, strikes++);
        }
        break;
      case Kind::heal: {
        rank = 3;
        told.mark = Mark::heal;
        for (const auto& [what, index] : struck) {
          if (line.what != "healed: " + what) continue;
          told.who = struck_by(scenario, decisions[index]);
          told.goes_on = takes_down(decisions[index]);
        }
        break;
      }
      case Kind::state:
        rank = line.what.starts_with("generation ") ? 1 : 4;
        told.mark = Mark::state;
        if (told.who.empty()) told.who = primary_in(line.what);
        break;
      case Kind::gate: rank = line.what.starts_with("gate open") && strikes > 0 ? 2 : 5; break;
      case Kind::note: rank = strikes > 0 && !line.what.starts_with("VIOLATION") ? 6 : 9; break;
      case Kind::role:
      case Kind::command: break;
    }
    if (rank < 9 && at <= failed_at) all.push_back({rank, std::move(told)});
  }
  return all;
}

void add_operations(const sim::RunResult& result, const reports::Failure& failure, std::vector<Candidate>& all) {
  std::size_t told_of = 0;
  for (const reports::Operation& op : failure.ops) {
    if (told_of++ == most_operations) break;
    TaleLine line;
    line.mark = Mark::operation;
    line.began = Duration::nanoseconds(op.invoked.ns());
    line.at = op.end == reports::Operation::never ? *line.began : Duration::nanoseconds(op.completed.ns());
    line.who = {"client" + std::to_string(op.process.value())};
    if (op.by.peer != 0) line.answerer = "host" + std::to_string(op.by.peer);
    const std::string described = reports::describe(result.history, op);
    line.asked = described.substr(0, described.find(" by process "));
    const bool is_read = reports::is_read(op.function);
    line.answer = !op.ok()   ? op.outcome == reports::EventType::fail ? "failed" : "nobody knows"
                  : !is_read ? "acknowledged"
                  : op.result.kind() == reports::ValueKind::list ? std::to_string(op.result.list().length) + " elements"
                                                                 : result.history.value_text(op.result);
    line.what = line.asked + ": " + line.answer;
    if (!line.answerer.empty())
      line.what += " by " + line.answerer + ", generation " + std::to_string(op.by.generation);
    all.push_back({0, std::move(line)});
  }
}

const char* column(const TaleLine& line) {
  switch (line.mark) {
    case Mark::death:
    case Mark::pause:
    case Mark::hindrance:
    case Mark::heal: return "fault";
    case Mark::state: return "cluster";
    case Mark::failure: return "";
    case Mark::gate:
    case Mark::operation: break;
  }
  return line.who.empty() ? "" : line.who.front().c_str();
}

}  // namespace

std::vector<TaleLine> tale_of(const scenarios::Scenario& scenario, const std::vector<sim::StoryLine>& story,
                              const sim::RunResult& result, const Judgement& judgement, std::string_view kind) {
  const reports::Failure* failure = nullptr;
  for (const auto* list : {&judgement.caught, &judgement.failures})  // In this order: see fails_with().
    for (const reports::Failure& candidate : *list)
      if (!failure && kind == reports::to_string(candidate.kind)) failure = &candidate;
  ASSERT(failure != nullptr, "a tale of what did not happen");
  const Duration failed_at = Duration::nanoseconds(failure->at.ns());
  std::vector<Candidate> all = of_story(scenario, story, result.decisions, failed_at);
  add_operations(result, *failure, all);
  TaleLine end;
  end.mark = Mark::failure;
  end.at = failed_at;
  end.what = std::string(kind) + ": " + failure->message;
  // What is told longest is kept; among equals the later, which is nearer to the failure.
  std::stable_sort(all.begin(), all.end(), [](const Candidate& a, const Candidate& b) {
    return a.rank != b.rank ? a.rank < b.rank : a.rank > 1 && a.line.at > b.line.at;
  });
  std::vector<TaleLine> tale;
  for (Candidate& candidate : all)
    if (candidate.rank <= 1 || tale.size() + 1 < longest_tale) tale.push_back(std::move(candidate.line));
  std::stable_sort(tale.begin(), tale.end(), [](const TaleLine& a, const TaleLine& b) { return a.at < b.at; });
  tale.push_back(std::move(end));
  return tale;
}

std::string text_of(const std::vector<TaleLine>& tale) {
  std::string text;
  for (const TaleLine& line : tale)
    text += fmt::format("{:>5}.{:03}  {:<8} {}\n", line.at.ns() / 1'000'000'000, line.at.ns() / 1'000'000 % 1000,
                        column(line), line.what);
  return text;
}

}  // namespace heir::tools
