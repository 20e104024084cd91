#include "tools/daemon/promotion.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/hosts/clocks.h"

namespace heir::tools {

namespace {

constexpr std::chrono::milliseconds pause{100};

bool takes_writes(const std::vector<NamedAnswer>& hosts, const std::string& name, std::uint64_t after) {
  return std::any_of(hosts.begin(), hosts.end(), [&](const NamedAnswer& each) {
    return each.host == name && each.view && each.view->is_writable && each.view->generation > after;
  });
}

enum class Step { reorder, to_sync, to_primary };

Step step_of(const PromotionView& asked) {
  return asked.steps.size() == 1 ? Step::to_primary : asked.steps.size() == 2 ? Step::to_sync : Step::reorder;
}

/// What became of a step: nothing yet, the generation in which it is done, or why it will not be.
struct Outcome {
  bool is_done = false;
  std::uint64_t generation = 0;
  std::optional<Error> refused;
};

Outcome outcome_of(const std::vector<NamedAnswer>& hosts, const PromotionView& asked, Step step) {
  Outcome outcome;
  if (step == Step::to_primary && takes_writes(hosts, asked.to, asked.generation)) outcome.is_done = true;
  const std::optional<StateView> state = newest_state(hosts);
  if (!state) return outcome;
  outcome.generation = state->generation;
  if (outcome.is_done) return outcome;
  // The request itself was the version after the one that was looked at.
  const bool is_answered = state->index > asked.index + 1 && state->promote.empty();
  if (is_answered && state->generation == asked.generation && state->why.find("dropped") != std::string::npos) {
    outcome.refused = Error{ErrorCode::refused, state->primary + " did not do it: " + state->why};
    return outcome;
  }
  if (state->generation > asked.generation && state->primary != asked.from && state->primary != asked.to) {
    outcome.refused = Error{ErrorCode::refused, state->primary + " became the primary meanwhile: " + state->why};
    return outcome;
  }
  if (step == Step::reorder) outcome.is_done = is_answered;
  if (step == Step::to_sync)
    outcome.is_done = state->generation > asked.generation && state->sync == asked.to && state->opened;
  return outcome;
}

}  // namespace

std::variant<Promoted, Stuck> promote(const Client& client, const std::string& to, const PromotionOptions& options) {
  const MonotonicTime until = hosts::boot_time() + options.limit;
  Order order;
  order.what = orders::promote;
  order.host = to;
  order.goal = options.goal == Goal::sync ? "sync" : "primary";
  Stuck stuck;
  while (true) {
    order.valid_for = std::max(until - hosts::boot_time(), Duration::milliseconds(1));
    const MonotonicTime began = hosts::boot_time();
    const Result<std::string> answer = client.ask_any(order);
    const Result<PromotionView> read = answer ? read_promotion(*answer) : Result<PromotionView>(answer.error());
    if (!read) {
      stuck.error = read.error();
      return stuck;
    }
    const PromotionView& asked = *read;
    order.host = asked.to;  // whoever is the sync meanwhile
    const Step step = step_of(asked);
    const bool is_last = step == Step::to_primary || (step == Step::to_sync && options.goal == Goal::sync);
    options.tell(asked.steps.front());
    if (is_last && !options.waits) return Promoted{asked.from, asked.to, 0, Duration()};
    Outcome outcome;
    while (!outcome.is_done) {
      std::this_thread::sleep_for(pause);
      outcome = outcome_of(client.look(), asked, step);
      if (outcome.refused) {
        stuck.error = *outcome.refused;
        return stuck;
      }
      if (!outcome.is_done && hosts::boot_time() >= until) {
        stuck.error = Error{ErrorCode::timed_out, asked.steps.front() + ": not done in " + to_string(options.limit) +
                                                      "; `heir status` tells what it waits for"};
        return stuck;
      }
    }
    if (is_last) return Promoted{asked.from, asked.to, outcome.generation, hosts::boot_time() - began};
    ++stuck.steps;
  }
}

}  // namespace heir::tools
