#include "sim/world/run.h"

#include <cstdio>

#include "sim/world/world.h"

namespace heir::sim {

namespace {

constexpr std::uint64_t slice = 20'000;                 ///< Events between two looks at the caller's wishes.
constexpr Duration look = Duration::milliseconds(100);  ///< Virtual time between two looks at the world.
/// A core that gets on without ever recovering is cut short after so many times the limit between two steps of it.
constexpr int longest_recovery = 20;
constexpr Duration settle_limit = Duration::seconds(30);  ///< For the last reads, once all faults have healed.

struct AssertionContext {
  const Kernel& kernel;
  const scenarios::Scenario& scenario;
};

void describe_failure(const void* context) {
  const auto& failed = *static_cast<const AssertionContext*>(context);
  std::fprintf(stderr, "  in \"%s\", seed %llu, event %llu, at %s\n", failed.scenario.title.c_str(),
               static_cast<unsigned long long>(failed.kernel.seed()),
               static_cast<unsigned long long>(failed.kernel.events()),
               to_string(failed.kernel.now() - VirtualTime()).c_str());
}

/// Runs until `done()`, `until`, or the caller's interruption (false).
template <class Done>
bool run_until(Kernel& kernel, VirtualTime until, const RunOptions& options, Done done) {
  while (kernel.now() < until && !done()) {
    Limits limits;
    limits.until = until;
    limits.events = kernel.events() + slice;
    const StopReason reason = kernel.run(limits);
    if (options.progress && !options.progress({kernel.now(), kernel.events()})) return false;
    if (reason == StopReason::idle || reason == StopReason::requested) return true;
  }
  return true;
}

/// Heals a core and waits until it has recovered, or for `limit` without progress. False: interrupted.
bool recover(World& world, Kernel& kernel, Duration limit, const RunOptions& options, RunResult& result) {
  world.heal_core();
  Recovery recovery{world.core_text(), kernel.now(), std::nullopt, {}, {}};
  const VirtualTime last = kernel.now() + limit * longest_recovery;
  bool goes_on = true;
  while (goes_on && !result.stopped && !recovery.recovered) {
    goes_on = run_until(kernel, kernel.now() + look, options, [] { return false; });
    if (world.core_has_recovered()) {
      recovery.recovered = kernel.now();
    } else if (kernel.now() >= std::min(last, world.last_progress() + limit)) {
      recovery.excuse = world.excuse();
      recovery.complaints = world.complaints();
      break;
    }
  }
  world.end_recovery();
  result.recovery = std::move(recovery);
  return goes_on;
}

}  // namespace

RunResult run(const scenarios::Scenario& scenario, Programs& programs, const RunOptions& options) {
  RunResult result;
  result.seed = options.seed;
  Kernel kernel(options.seed);
  if (options.trace) kernel.trace_to(options.trace);
  const AssertionContext context{kernel, scenario};
  set_assertion_handler(describe_failure, &context);
  {
    if (options.stop_at) {
      result.history.observe([&](std::size_t event) {
        if (result.stopped || !options.stop_at(result.history, event)) return;
        result.stopped = true;
        kernel.stop();
      });
    }
    World world(kernel, scenario, programs, options, result);
    const VirtualTime end = VirtualTime() + scenario.duration;
    bool goes_on = run_until(kernel, end, options, [] { return false; });
    if (goes_on && !result.stopped && scenario.expect.recovers_within)
      goes_on = recover(world, kernel, *scenario.expect.recovers_within, options, result);
    if (goes_on && !result.stopped) {
      world.end_faults();
      // What is still open ends by its timeout; then everything is read once more.
      const VirtualTime last = kernel.now() + settle_limit + settle_limit;
      const auto settle = [&](const auto& done) {
        while (goes_on && !result.stopped && kernel.now() < last && !done())
          goes_on = run_until(kernel, std::min(last, kernel.now() + look), options, [] { return false; });
      };
      const auto clients_are_done = [&] { return world.clients_are_done(); };
      settle(clients_are_done);
      if (goes_on && !result.stopped && world.clients_are_done()) {
        world.read_all(kernel.now() + settle_limit);
        settle(clients_are_done);
      }
      // The end may fall into a takeover, of which the result would say nothing.
      if (result.has_writers) settle([&] { return world.has_primary(); });
    }
    result.interrupted = !goes_on;
    result.history.observe({});
    world.conclude();
    result.trace_hash = kernel.trace_hash();
    result.events = kernel.events();
    result.ended = kernel.now();
    result.checkpoints = kernel.checkpoints();
    result.probes = kernel.probes().entries();
  }
  set_assertion_handler(nullptr, nullptr);
  return result;
}

}  // namespace heir::sim
