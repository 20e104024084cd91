#include "sim/faults/nemesis.h"

#include <algorithm>

#include "scenarios/fault_kinds.h"
#include "scenarios/fault_section.h"
#include "scenarios/load.h"

namespace heir::sim {

namespace {

using scenarios::Fault;
using scenarios::FaultFamily;
using scenarios::FaultKind;

Duration draw(const scenarios::DurationRange& range, RandomStream& random) {
  return random.between(range.low, range.high);
}

constexpr Duration repair_time = Duration::milliseconds(500);  ///< Between two looks at whether a copy is repaired.

/// What a fault is, wherever in the file it stands: its own text in canonical form.
std::string identity(const Fault& fault) {
  scenarios::Scenario alone;
  alone.faults = {fault};
  return "fault: " + scenarios::write(alone);
}

std::vector<int> numbers_of(const std::vector<scenarios::Target>& hosts) {
  std::vector<int> numbers;
  for (const scenarios::Target& host : hosts)
    numbers.push_back(host.kind == scenarios::TargetKind::host ? host.host : store_member(host.host));
  return numbers;
}

std::optional<Harm> carry_out(const Strike& strike) {
  switch (scenarios::traits(strike.fault.kind).family) {
    case FaultFamily::network: return strike_network(strike);
    case FaultFamily::clock: return strike_clock(strike);
    case FaultFamily::disk: return strike_disk(strike);
    case FaultFamily::process: return strike_process(strike);
    case FaultFamily::store: return strike_store(strike);
    case FaultFamily::operators: return strike_operators(strike);
  }
  return std::nullopt;
}

}  // namespace

Nemesis::Nemesis(Kernel& kernel, const scenarios::Scenario& scenario, Actions& world, Sink sink)
    : EventTarget(kernel, "nemesis"), scenario_(scenario), world_(world), sink_(std::move(sink)) {
  for (std::size_t i = 0; i < scenario.faults.size(); ++i) {
    const Fault& fault = scenario.faults[i];
    const auto before = scenario.faults.begin() + static_cast<std::ptrdiff_t>(i);
    random_.push_back(
        kernel.stream(identity(fault), static_cast<std::uint64_t>(std::count(scenario.faults.begin(), before, fault))));
    const scenarios::DurationRange first = fault.at ? *fault.at : *fault.every;
    kernel.schedule(VirtualTime() + draw(first, random_[i]), *this, kStrike, i);
  }
  waits_.resize(scenario.faults.size());
  moments_.resize(scenario.faults.size());
  if (std::any_of(scenario.faults.begin(), scenario.faults.end(), [](const Fault& fault) { return fault.on; }))
    world.watch_moments([this](scenarios::Moment moment, int host) { on_moment(moment, host); });
}

void Nemesis::on_event(std::uint32_t kind, std::uint64_t argument) {
  switch (kind) {
    case kStrike: return due(argument);
    case kMoment: return strike(argument & UINT32_MAX, static_cast<std::int32_t>(argument >> 32));
    case kHeal: return heal(static_cast<std::uint32_t>(argument));
    case kStep: return step(static_cast<std::uint32_t>(argument >> 32), argument & UINT32_MAX);
    default: ASSERT(false, "no such event");
  }
}

std::string Nemesis::describe(std::uint32_t kind, std::uint64_t argument) const {
  if (kind == kStep) return "step of " + std::to_string(argument >> 32);
  if (kind == kMoment) return "the moment of fault " + std::to_string(argument & UINT32_MAX);
  return (kind == kStrike ? "strike fault " : "heal ") + std::to_string(argument);
}

bool Nemesis::strikes_alone(int host) const {
  const auto hinders = [](const Active& active) { return !active.loses_data; };
  return !strikes_everybody_ && std::none_of(active_.begin(), active_.end(), hinders) &&
         std::none_of(for_ever_.begin(), for_ever_.end(), hinders) &&
         std::all_of(striking_.begin(), striking_.end(), [host](int other) { return other == host; });
}

void Nemesis::due(std::size_t index) {
  if (stopped_) return;
  if (scenario_.faults[index].on)
    waits_[index] = true;
  else
    strike(index);
}

void Nemesis::on_moment(scenarios::Moment moment, int host) {
  if (stopped_) return;
  for (std::size_t i = 0; i < waits_.size(); ++i) {
    const Fault& fault = scenario_.faults[i];
    if (!waits_[i] || fault.on != moment) continue;
    const scenarios::TargetKind target = fault.target.kind;
    const bool of_any =
        target == scenarios::TargetKind::any || target == scenarios::TargetKind::all || !scenarios::has_target(fault);
    const std::vector<int> hosts = of_any ? std::vector<int>{} : hosts_of(fault.target, world_, random_[i]);
    if (of_any ? host < 0 : std::find(hosts.begin(), hosts.end(), host) == hosts.end()) continue;
    waits_[i] = false;
    moments_[i] = kernel().now();
    const Duration delay = fault.delay ? draw(*fault.delay, random_[i]) : Duration::zero();
    kernel().schedule_after(delay, *this, kMoment, (std::uint64_t{static_cast<std::uint32_t>(host)} << 32) | i);
  }
}

void Nemesis::strike(std::size_t index, int host) {
  if (stopped_) return;
  // A thaw is no harm: a frozen cluster could not be repaired.
  if (scenario_.faults[index].kind != FaultKind::unfreeze && world_.is_repairing()) {
    kernel().schedule(kernel().now() + repair_time, *this, kStrike, index);
    return;
  }
  const Fault& drawn_from = scenario_.faults[index];
  RandomStream& random = random_[index];
  Fault fault = drawn_from;
  if (fault.kind == FaultKind::random) fault.kind = fault.among[random.below(fault.among.size())];
  const Duration lasts = fault.lasts ? draw(*fault.lasts, random) : Duration::zero();

  std::vector<int> hosts = host != kNobody       ? std::vector<int>{host}
                           : fault.hosts.empty() ? hosts_of(fault.target, world_, random)
                                                 : numbers_of(fault.hosts);
  const std::uint32_t id = ++next_id_;
  striking_ = std::move(hosts);
  strikes_everybody_ = fault.kind == FaultKind::power_off_all;
  RandomStream decided = fault.draws ? RandomStream(fault.draws->state) : random;
  RandomStream& draws_from = fault.draws ? decided : random;
  RandomStream::State settled = draws_from.state();
  std::optional<Harm> harm = carry_out({fault, world_, draws_from, lasts, striking_, settled});
  if (settled != draws_from.state()) fault.draws = scenarios::Draws{settled};
  strikes_everybody_ = false;
  const std::vector<int> struck = std::exchange(striking_, {});
  if (harm) {
    const bool loses = scenarios::may_lose_data(fault, fault.kind) && fault.kind != FaultKind::swap_disk;
    if (host != kNobody) harm->what += ", at the moment: " + scenarios::to_string(*fault.on);
    const bool ends = harm->heal && fault.lasts.has_value();
    if (ends) harm->what += " for " + to_string(lasts);
    sink_({kernel().now(), true, harm->what, id, harm->heal != nullptr, struck,
           decision(std::move(fault), index, host != kNobody, lasts, struck)});
    if (ends) {
      kernel().schedule(kernel().now() + lasts, *this, kHeal, id);
      for (std::size_t i = 0; i < harm->steps.size(); ++i)
        kernel().schedule(kernel().now() + harm->steps[i].after, *this, kStep, (std::uint64_t{id} << 32) | i);
      active_.push_back({id, std::move(*harm), loses, struck});
    } else {
      healed_at_ = std::max(healed_at_, kernel().now());
      if (harm->heal) for_ever_.push_back({id, std::move(*harm), loses, struck});
    }
  }
  if (drawn_from.every) {
    const VirtualTime next = kernel().now() + draw(*drawn_from.every, random);
    if (next <= VirtualTime() + scenarios::strikes_until(drawn_from, scenario_))
      kernel().schedule(next, *this, kStrike, index);
  }
}

Fault Nemesis::decision(Fault fault, std::size_t index, bool at_moment, Duration lasts,
                        const std::vector<int>& hosts) const {
  const VirtualTime since = at_moment ? moments_[index] : kernel().now();
  const auto exactly = [](Duration value) { return scenarios::DurationRange{value, value}; };
  fault.at = exactly(since - VirtualTime());
  if (at_moment && fault.delay) fault.delay = exactly(kernel().now() - since);
  if (!at_moment) fault.on.reset();
  fault.every.reset();
  fault.until.reset();
  fault.among.clear();
  if (fault.lasts) fault.lasts = exactly(lasts);
  if (fault.target.kind == scenarios::TargetKind::clients || hosts.empty()) return fault;
  // It waited for the moment of any host, and draws whom it strikes.
  if (at_moment && !scenarios::has_target(fault)) return fault;
  fault.hosts.clear();
  fault.target = scenarios::Fault().target;
  if (static_cast<int>(hosts.size()) == world_.store_members() && hosts.size() > 1 && hosts.front() < 0 &&
      hosts.back() < 0) {
    fault.target = {scenarios::TargetKind::store, 0};
    return fault;
  }
  // A shape that draws its groups has no target, but nothing strikes where there is nobody.
  if (hosts.size() == 1 && !(fault.kind == FaultKind::partition && scenarios::draws_groups(fault.shape)))
    fault.target = target_of(hosts.front());
  else
    for (const int host : hosts) fault.hosts.push_back(target_of(host));
  return fault;
}

void Nemesis::step(std::uint32_t id, std::size_t index) {
  const auto found =
      std::find_if(active_.begin(), active_.end(), [&](const Active& active) { return active.id == id; });
  if (found == active_.end()) return;
  // Its own fault is what strikes now, and not broken beside it.
  const bool loses = std::exchange(found->loses_data, true);
  striking_ = found->hosts;
  found->harm.steps[index].act();
  striking_.clear();
  found->loses_data = loses;
}

void Nemesis::heal(std::uint32_t id) {
  const auto found =
      std::find_if(active_.begin(), active_.end(), [&](const Active& active) { return active.id == id; });
  if (found == active_.end()) return;
  const Active active = std::move(*found);
  active_.erase(found);
  active.harm.heal();
  healed_at_ = kernel().now();
  sink_({kernel().now(), false, active.harm.what, active.id});
}

void Nemesis::stop() {
  stopped_ = true;
  while (!active_.empty()) heal(active_.front().id);
}

void Nemesis::stop_and_heal_all() {
  stop();
  for (const Active& active : std::exchange(for_ever_, {})) active.harm.heal();
}

}  // namespace heir::sim
