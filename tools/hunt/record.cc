#include "tools/hunt/record.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <map>

#include "scenarios/fault_kinds.h"
#include "sim/faults/swarm.h"
#include "sim/world/run.h"
#include "tools/simulation/judge.h"
#include "tools/simulation/programs.h"

namespace heir::tools {

namespace {

std::vector<PhaseTime> phases_of(const sim::RunResult& result) {
  std::vector<PhaseTime> phases;
  std::vector<reports::Failover> failovers = result.failovers;
  reports::add_writes(failovers, result.history);
  for (const reports::Failover& failover : failovers)
    for (const reports::FailoverPhase& phase : reports::failover_phases())
      if (const std::optional<std::int64_t> ns = phase.ns(failover)) phases.push_back({std::string(phase.name), *ns});
  for (const sim::Outage& outage : result.outages) phases.push_back({unavailable, outage.length().ns()});
  return phases;
}

std::vector<Endured> endured_by(const sim::RunResult& result) {
  std::map<scenarios::FaultKind, Endured> endured;
  for (const scenarios::Fault& fault : result.decisions) {
    Endured& of = endured[fault.kind];
    of.fault = scenarios::traits(fault.kind).name;
    ++of.strikes;
    if (fault.lasts) of.longest_ns = std::max(of.longest_ns, fault.lasts->high.ns());
    // A fault that was drawn among several kinds has the others' keys too.
    using Kind = scenarios::FaultKind;
    if ((fault.kind == Kind::clock_step || fault.kind == Kind::clock_slew) && fault.by)
      of.greatest = std::max({of.greatest, fault.by->high.ns(), -fault.by->low.ns()});
    if (fault.kind == Kind::clock_rate)
      for (const std::optional<scenarios::Ratio>& rate : {fault.fast, fault.slow, fault.within})
        if (rate) of.greatest = std::max(of.greatest, rate->ppb());
  }
  std::vector<Endured> list;
  for (auto& [kind, of] : endured) list.push_back(std::move(of));
  return list;
}

}  // namespace

std::optional<RunRecord> run_and_judge(const scenarios::Scenario& scenario, std::uint64_t seed,
                                       const TellProgress& tell) {
  const auto began = std::chrono::steady_clock::now();
  const scenarios::Scenario expanded = sim::expand(scenario, seed);
  SimulatedPrograms programs;
  sim::RunOptions options;
  options.seed = seed;
  options.keep_story = false;
  options.progress = [&tell](const sim::Progress& at) { return tell({at.at.ns(), at.events}); };
  const sim::RunResult result = sim::run(expanded, programs, options);
  if (result.interrupted) return std::nullopt;
  const Judgement judgement = judge(expanded, result);

  RunRecord record;
  record.seed = seed;
  record.verdict = judgement.verdict;
  record.reason = judgement.sentence;
  for (const reports::Failure& failure : judgement.failures)
    record.failures.push_back({to_string(failure.kind), failure.message, failure.at.ns()});
  record.trace_hash = result.trace_hash;
  record.events = result.events;
  record.virtual_ns = result.ended.ns();
  record.ok = judgement.operations.ok;
  record.failed = judgement.operations.fail;
  record.unknown = judgement.operations.unknown;
  record.failovers = result.failovers.size();
  record.generations = result.generations;
  record.outages = result.outages.size();
  for (const sim::Outage& outage : result.outages) {
    record.longest_outage_ns = std::max(record.longest_outage_ns, outage.length().ns());
    record.total_outage_ns += outage.length().ns();
  }
  for (const auto& [name, entry] : result.probes)
    record.probes.push_back({name, entry.rarity == sim::ProbeRarity::rare, entry.count});
  if (!result.outages.empty()) record.extremes.push_back({"outage", record.longest_outage_ns});
  if (const auto& margin = result.extremes.handover_margin)
    record.extremes.push_back({"handover-margin", margin->ns()});
  if (const auto& slack = result.extremes.takeover_slack) record.extremes.push_back({"takeover-slack", *slack});
  if (result.extremes.tail > 0) record.extremes.push_back({"tail", static_cast<std::int64_t>(result.extremes.tail)});
  record.phases = phases_of(result);
  record.endured = endured_by(result);
  record.wall_ns = std::chrono::nanoseconds(std::chrono::steady_clock::now() - began).count();
  return record;
}

RunRecord lost_record(std::uint64_t seed, const Lost& lost) {
  using reports::FailureKind;
  RunRecord record;
  record.seed = seed;
  record.reason = lost.what + ".";
  switch (lost.cause) {
    case Lost::Cause::killed:
    case Lost::Cause::out_of_memory: return record;
    case Lost::Cause::crashed: record.failures.push_back({to_string(FailureKind::assertion), lost.what, 0}); break;
    case Lost::Cause::stuck: record.failures.push_back({to_string(FailureKind::stuck), lost.what, 0}); break;
  }
  record.verdict = reports::Outcome::fail;
  return record;
}

// ---- Packing ----
// One function says which members there are, for both ways.

namespace {

class Packer {
 public:
  void number(std::uint64_t value) { bytes_.append(reinterpret_cast<const char*>(&value), sizeof value); }
  void text(const std::string& value) {
    number(value.size());
    bytes_ += value;
  }
  template <class Item, class Each>
  void list(const std::vector<Item>& items, const Each& each) {
    number(items.size());
    for (const Item& item : items) each(item);
  }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Trusts that what it reads was packed by this program.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : bytes_(bytes) {}
  template <class Number>
  void number(Number& value) {
    std::uint64_t read = 0;
    std::memcpy(&read, bytes_.data(), sizeof read);
    bytes_.remove_prefix(sizeof read);
    value = static_cast<Number>(read);
  }
  void text(std::string& value) {
    std::size_t size = 0;
    number(size);
    value = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
  }
  template <class Item, class Each>
  void list(std::vector<Item>& items, const Each& each) {
    std::size_t size = 0;
    number(size);
    items.resize(size);
    for (Item& item : items) each(item);
  }

 private:
  std::string_view bytes_;
};

template <class Way, class Record>
void pass(Way& way, Record& record) {
  const auto number = [&way](auto& value) {
    if constexpr (std::is_same_v<Way, Packer>)
      way.number(static_cast<std::uint64_t>(value));
    else
      way.number(value);
  };
  number(record.seed);
  number(record.verdict);
  way.text(record.reason);
  way.list(record.failures, [&](auto& failure) {
    way.text(failure.kind);
    way.text(failure.message);
    number(failure.at_ns);
  });
  number(record.trace_hash);
  number(record.events);
  number(record.virtual_ns);
  number(record.wall_ns);
  number(record.ok);
  number(record.failed);
  number(record.unknown);
  number(record.failovers);
  number(record.generations);
  number(record.outages);
  number(record.longest_outage_ns);
  number(record.total_outage_ns);
  way.list(record.probes, [&](auto& probe) {
    way.text(probe.name);
    number(probe.rare);
    number(probe.hits);
  });
  way.list(record.extremes, [&](auto& extreme) {
    way.text(extreme.name);
    number(extreme.value);
  });
  way.list(record.phases, [&](auto& phase) {
    way.text(phase.phase);
    number(phase.ns);
  });
  way.list(record.endured, [&](auto& endured) {
    way.text(endured.fault);
    number(endured.strikes);
    number(endured.longest_ns);
    number(endured.greatest);
  });
}

}  // namespace

std::string pack(const std::optional<RunRecord>& record) {
  if (!record) return {};
  Packer packer;
  pass(packer, *record);
  return packer.take();
}

std::optional<RunRecord> unpack(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  RunRecord record;
  Unpacker unpacker(bytes);
  pass(unpacker, record);
  return record;
}

}  // namespace heir::tools
