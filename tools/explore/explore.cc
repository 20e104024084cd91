#include "tools/explore/explore.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "scenarios/load.h"
#include "scenarios/names.h"
#include "tools/explore/canonical.h"
#include "tools/simulation/judge.h"
#include "tools/simulation/programs.h"

namespace heir::tools {

std::string pack(const Explored& explored) {
  nlohmann::json moments = nlohmann::json::array();
  for (const Moment& moment : explored.moments) moments.push_back({moment.at.ns(), moment.state});
  return nlohmann::json{{"failure", explored.failure},
                        {"message", explored.message},
                        {"undecided", explored.undecided},
                        {"moments", std::move(moments)}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<Explored> unpack_explored(const std::string& bytes) {
  const nlohmann::json json = nlohmann::json::parse(bytes, nullptr, false);
  if (json.is_discarded()) return Error{ErrorCode::invalid, "a run said nothing that can be read"};
  Explored explored;
  explored.failure = json["failure"].get<std::string>();
  explored.message = json["message"].get<std::string>();
  explored.undecided = json["undecided"].get<bool>();
  for (const nlohmann::json& moment : json["moments"])
    explored.moments.push_back({Duration::nanoseconds(moment[0].get<std::int64_t>()), moment[1].get<std::string>()});
  return explored;
}

Explored run_and_look(const scenarios::Scenario& scenario, std::uint64_t seed, Duration from) {
  Explored explored;
  SimulatedPrograms programs;
  sim::RunOptions options;
  options.seed = seed;
  options.keep_story = false;
  bool something_said = true;
  options.log = [&](const sim::LogLine&) { something_said = true; };
  options.pause = [&, last = std::string()](const sim::Glance& glance) mutable -> std::optional<sim::Limits> {
    const Duration now = glance.now() - sim::VirtualTime();
    if (now < from) return sim::Limits{sim::VirtualTime() + from};
    if (std::exchange(something_said, false)) {
      std::string state = canonical_state(glance);
      if (state != last) {
        last = state;
        explored.moments.push_back({now, std::move(state)});
      }
    }
    sim::Limits next;
    next.events = glance.events() + 1;
    return next;
  };
  const sim::RunResult result = sim::run(scenario, programs, options);
  const Judgement judgement = judge(scenario, result);
  if (!judgement.failures.empty()) {
    explored.failure = reports::to_string(judgement.failures.front().kind);
    explored.message = judgement.failures.front().message;
  }
  explored.undecided = judgement.verdict == reports::Outcome::unknown;
  return explored;
}

StateGraph::vertex_descriptor Exploration::vertex_of(const std::string& state, bool& is_new) {
  const auto [found, inserted] = states_.try_emplace(state);
  if (inserted) found->second = boost::add_vertex(StateLabel{state, false}, graph_);
  is_new = inserted;
  return found->second;
}

std::vector<Placement> Exploration::next_level() const {
  if (levels_.empty()) return {Placement{}};
  if (failure_ || levels_.size() > most_faults_) return {};
  std::vector<Placement> placements;
  for (const Place& place : frontier_)
    for (const scenarios::Fault& option : options_) {
      Placement placement{place.before, place.moment.state};
      placement.faults.push_back(option);
      // Between this event and the next.
      const Duration at = place.moment.at + Duration::nanoseconds(1);
      placement.faults.back().at = {at, at};
      placements.push_back(std::move(placement));
    }
  return placements;
}

void Exploration::level_done(const std::vector<Placement>& placements, const std::vector<Explored>& explored) {
  Level level;
  std::vector<Place> frontier;
  for (std::size_t i = 0; i < placements.size(); ++i) {
    const Placement& placement = placements[i];
    ++level.placed;
    level.undecided += explored[i].undecided ? 1 : 0;
    std::optional<StateGraph::vertex_descriptor> from;
    bool is_new = false;
    if (!placement.faults.empty()) from = vertex_of(placement.place, is_new);
    std::string step = placement.faults.empty() ? "" : words_of(placement.faults.back());
    for (const Moment& moment : explored[i].moments) {
      const auto to = vertex_of(moment.state, is_new);
      if (is_new) {
        ++level.new_states;
        frontier.push_back({placement.faults, moment});
      }
      if (from && *from != to) boost::add_edge(*from, to, StepLabel{std::exchange(step, "")}, graph_);
      from = to;
    }
    if (explored[i].failure.empty()) continue;
    if (from) graph_[*from].fails = true;
    if (!failure_) failure_ = Failure{placement, explored[i].failure, explored[i].message};
  }
  levels_.push_back(level);
  frontier_ = std::move(frontier);
}

std::string words_of(const scenarios::Fault& fault) {
  std::string text = scenarios::to_string(fault.kind);
  for (const scenarios::Target& host : fault.hosts) text += " host" + std::to_string(host.host);
  if (fault.hosts.empty() && fault.target.kind == scenarios::TargetKind::host)
    text += " host" + std::to_string(fault.target.host);
  if (fault.hosts.empty() && fault.target.kind == scenarios::TargetKind::store_member)
    text += " store" + std::to_string(fault.target.host);
  if (fault.at) text += " at " + to_string(fault.at->low);
  if (fault.lasts) text += " for " + to_string(fault.lasts->low);
  return text;
}

}  // namespace heir::tools
