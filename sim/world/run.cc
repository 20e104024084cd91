#include "sim/world/run.h"

#include <cstdio>

#include "sim/world/world.h"

namespace heir::sim {

namespace {

constexpr std::uint64_t slice = 20'000;                    ///< Events between two looks at the caller's wishes.
constexpr Duration look = Duration::milliseconds(100);     ///< Virtual time between two looks at the world.
constexpr Duration sampling = Duration::milliseconds(20);  ///< Between two samples for the timeline.
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

/// The loop of one run, with what its caller wants to look at.
class Course {
 public:
  Course(Kernel& kernel, const RunOptions& options, const std::vector<scenarios::Variation>& vary)
      : kernel_(kernel),
        options_(options),
        vary_(vary),
        next_sample_(options.keep_timeline ? VirtualTime() : VirtualTime::max()) {
    this->vary();
  }

  /// Asks for the first pause. False: the caller interrupts.
  bool begin(World& world) {
    world_ = &world;
    return !options_.pause || ask();
  }
  /// Runs until a time, or the caller's interruption (false).
  bool run_until(VirtualTime until) {
    while (kernel_.now() < until) {
      const bool pauses = next_.until <= until;
      const StopReason reason = kernel_.run({std::min({until, next_.until, next_variation(), next_sample_}),
                                             std::min(kernel_.events() + slice, next_.events)});
      for (; next_sample_ <= kernel_.now(); next_sample_ = next_sample_ + sampling) world_->sample();
      // Only when all events of its time are done: wherever a caller pauses between them, it is the same run.
      if (reason == StopReason::time_limit || reason == StopReason::idle) vary();
      if (options_.progress && !options_.progress({kernel_.now(), kernel_.events()})) return false;
      const bool at_pause = pauses && kernel_.now() >= next_.until;
      const bool reached = kernel_.events() >= next_.events ||
                           (at_pause && (reason == StopReason::time_limit || reason == StopReason::idle));
      if (options_.pause && reached && reason != StopReason::requested && !ask()) return false;
      if (reason == StopReason::requested || (reason == StopReason::idle && kernel_.now() >= until)) return true;
    }
    return true;
  }

 private:
  bool ask() {
    const std::optional<Limits> next = options_.pause(*world_);
    if (next) next_ = *next;
    return next.has_value();
  }

  VirtualTime next_variation() const {
    return varied_ < vary_.size() ? VirtualTime() + vary_[varied_].at : VirtualTime::max();
  }
  void vary() {
    for (; next_variation() <= kernel_.now(); ++varied_) RandomStream::vary_all(vary_[varied_].number);
  }

  Kernel& kernel_;
  const RunOptions& options_;
  const std::vector<scenarios::Variation>& vary_;
  std::size_t varied_ = 0;
  World* world_ = nullptr;
  VirtualTime next_sample_;
  Limits next_;
};

/// Heals a core and waits until it has recovered, or for `limit` without progress. False: interrupted.
bool recover(World& world, Kernel& kernel, Duration limit, Course& course, RunResult& result) {
  world.heal_core();
  Recovery recovery{world.core_text(), kernel.now(), std::nullopt, {}, {}};
  const VirtualTime last = kernel.now() + limit * longest_recovery;
  bool goes_on = true;
  while (goes_on && !result.stopped && !recovery.recovered) {
    goes_on = course.run_until(kernel.now() + look);
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
    Course course(kernel, options, scenario.vary);  // What varies from the start varies the world too.
    World world(kernel, scenario, programs, options, result);
    const VirtualTime end = VirtualTime() + scenario.duration;
    bool goes_on = course.begin(world) && course.run_until(end);
    if (goes_on && !result.stopped && scenario.expect.recovers_within)
      goes_on = recover(world, kernel, *scenario.expect.recovers_within, course, result);
    if (goes_on && !result.stopped) {
      world.end_faults();
      // What is still open ends by its timeout; then everything is read once more.
      const VirtualTime last = kernel.now() + settle_limit + settle_limit;
      const auto settle = [&](const auto& done) {
        while (goes_on && !result.stopped && kernel.now() < last && !done())
          goes_on = course.run_until(std::min(last, kernel.now() + look));
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
  if (!scenario.vary.empty()) RandomStream::salt_all(0);
  set_assertion_handler(nullptr, nullptr);
  return result;
}

}  // namespace heir::sim
