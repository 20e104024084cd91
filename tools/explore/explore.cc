#include "tools/explore/explore.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "scenarios/fault_section.h"
#include "scenarios/names.h"
#include "tools/explore/canonical.h"
#include "tools/simulation/judge.h"
#include "tools/simulation/programs.h"

namespace heir::tools {

namespace {

/// The host that a fault strikes, as it is called; empty: not one host.
std::string host_of(const scenarios::Fault& fault) {
  if (!scenarios::has_target(fault) || !fault.hosts.empty()) return {};
  if (fault.target.kind == scenarios::TargetKind::host) return "host" + std::to_string(fault.target.host);
  if (fault.target.kind == scenarios::TargetKind::store_member) return "store" + std::to_string(fault.target.host);
  return {};
}

/// Looks at a run after every event.
class Looker {
 public:
  Looker(const std::vector<Mark>& marks, Duration from, Duration until, bool keep_texts)
      : marks_(marks), from_(from), until_(until), keep_texts_(keep_texts) {}

  sim::Limits look(const sim::Glance& glance) {
    const Duration now = glance.now() - sim::VirtualTime();
    if (now < from_) return {sim::VirtualTime() + from_};
    if (now > until_) return {};
    if (names_.empty()) {
      names_ = glance.everybody();
      std::erase_if(names_, [](const std::string& name) { return !is_in_state(name); });
    }
    // Most events change nothing that can be seen.
    if (std::string shown = all_shown(glance, now); shown != shown_) {
      shown_ = std::move(shown);
      see(now, canonical_state(glance, marks_));
    }
    sim::Limits next;
    next.events = glance.events() + 1;
    return next;
  }
  std::vector<Moment> take() { return std::move(moments_); }

 private:
  std::string all_shown(const sim::Glance& glance, Duration now) const {
    std::string shown;
    for (const std::string& name : names_) shown += glance.state_of(name);
    for (const Mark& mark : marks_) shown += mark.text(now);
    return shown;
  }
  void see(Duration now, CanonicalState state) {
    std::string hash = hash_of(state.text);
    if (!moments_.empty() && moments_.back().state == hash) return;
    // Between two events of one instant nothing can be placed.
    if (!moments_.empty() && moments_.back().at == now) moments_.pop_back();
    moments_.push_back({now, std::move(hash), std::move(state.twins), keep_texts_ ? std::move(state.text) : ""});
  }

  const std::vector<Mark>& marks_;
  Duration from_, until_;
  bool keep_texts_;
  std::vector<std::string> names_;  ///< Of whom the state tells.
  std::string shown_;
  std::vector<Moment> moments_;
};

}  // namespace

std::string pack(const Explored& explored) {
  nlohmann::json moments = nlohmann::json::array();
  for (const Moment& moment : explored.moments)
    moments.push_back({moment.at.ns(), moment.state, moment.twins, moment.text});
  return nlohmann::json{{"verdict", static_cast<int>(explored.verdict)},
                        {"failure", explored.failure},
                        {"message", explored.message},
                        {"struck", explored.struck},
                        {"moments", std::move(moments)}}
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Result<Explored> unpack_explored(const std::string& bytes) {
  const nlohmann::json json = nlohmann::json::parse(bytes, nullptr, false);
  if (json.is_discarded()) return Error{ErrorCode::invalid, "a run said nothing that can be read"};
  Explored explored;
  explored.verdict = static_cast<Explored::Verdict>(json["verdict"].get<int>());
  explored.failure = json["failure"].get<std::string>();
  explored.message = json["message"].get<std::string>();
  explored.struck = json["struck"].get<bool>();
  for (const nlohmann::json& moment : json["moments"])
    explored.moments.push_back({Duration::nanoseconds(moment[0].get<std::int64_t>()), moment[1].get<std::string>(),
                                moment[2].get<std::vector<std::string>>(), moment[3].get<std::string>()});
  return explored;
}

Explored run_and_look(const scenarios::Scenario& scenario, std::size_t placed, std::uint64_t seed, Looks looks,
                      const TellProgress& tell) {
  Explored explored;
  std::vector<Mark> marks;
  for (std::size_t i = scenario.faults.size() - placed; i < scenario.faults.size(); ++i)
    marks.emplace_back(scenario.faults[i]);
  const Duration from = placed == 0 ? Duration::zero() : scenario.faults.back().at->low;
  // Afterwards there is nobody to place anything any more.
  Looker looker(marks, from, scenario.duration, looks.keep_texts);
  SimulatedPrograms programs;
  sim::RunOptions options;
  options.seed = seed;
  options.keep_story = false;
  options.progress = [&tell](const sim::Progress& at) { return tell({at.at.ns(), at.events}); };
  if (looks.at_states)
    options.pause = [&looker](const sim::Glance& glance) { return std::optional(looker.look(glance)); };
  const sim::RunResult result = sim::run(scenario, programs, options);
  if (result.interrupted) {
    explored.verdict = Explored::Verdict::unknown;
    explored.message = "interrupted";
    return explored;
  }
  explored.struck = result.decisions.size() == scenario.faults.size();
  const Judgement judgement = judge(scenario, result);
  if (!judgement.failures.empty()) {
    explored.verdict = Explored::Verdict::fails;
    explored.failure = reports::to_string(judgement.failures.front().kind);
    explored.message = judgement.failures.front().message;
  } else if (judgement.verdict == reports::Outcome::unknown) {
    explored.verdict = Explored::Verdict::unknown;
    explored.message = judgement.sentence;
  }
  if (explored.struck) explored.moments = looker.take();
  return explored;
}

StateGraph::vertex_descriptor Exploration::vertex_of(const std::string& state, const std::string& text, bool& is_new) {
  const auto [found, inserted] = states_.try_emplace(state);
  if (inserted) found->second = boost::add_vertex(StateLabel{text, false}, graph_);
  is_new = inserted;
  return found->second;
}

std::vector<Placement> Exploration::next_level() {
  alike_ = 0;
  if (levels_.empty()) return {Placement{}};
  if (failure_ || levels_.size() > most_faults_) return {};
  std::vector<Placement> placements;
  for (const Place& place : frontier_) {
    // Between this event and the next.
    const Duration at = place.moment.at + Duration::nanoseconds(1);
    if (at > until_) continue;
    for (const scenarios::Fault& option : options_) {
      const std::vector<std::string>& twins = place.moment.twins;
      if (std::find(twins.begin(), twins.end(), host_of(option)) != twins.end()) {
        ++alike_;
        continue;
      }
      Placement placement{place.before, place.moment.state};
      placement.faults.push_back(option);
      placement.faults.back().at = {at, at};
      placements.push_back(std::move(placement));
    }
  }
  return placements;
}

void Exploration::level_done(const std::vector<Placement>& placements, const std::vector<Explored>& explored) {
  Level level;
  level.alike = alike_;
  std::vector<Place> frontier;
  for (std::size_t i = 0; i < explored.size() && !failure_; ++i) {
    const Placement& placement = placements[i];
    ++level.runs;
    level.nobody += explored[i].struck ? 0 : 1;
    std::optional<StateGraph::vertex_descriptor> from;
    bool is_new = false;
    if (!placement.faults.empty()) from = vertex_of(placement.place, "", is_new);
    std::string step = placement.faults.empty() ? "" : words_of(placement.faults.back());
    for (const Moment& moment : explored[i].moments) {
      const auto to = vertex_of(moment.state, moment.text, is_new);
      if (is_new) {
        ++level.new_states;
        frontier.push_back({placement.faults, moment});
      }
      if (from && *from != to) boost::add_edge(*from, to, StepLabel{std::exchange(step, "")}, graph_);
      from = to;
    }
    const Finding finding{placement, explored[i].failure, explored[i].message};
    if (explored[i].verdict == Explored::Verdict::fails) {
      if (from) graph_[*from].fails = true;
      failure_ = finding;
    } else if (explored[i].verdict == Explored::Verdict::unknown) {
      ++level.unknown;
      if (!unknown_) unknown_ = finding;
    }
  }
  levels_.push_back(level);
  frontier_ = std::move(frontier);
}

std::string words_of(const scenarios::Fault& fault) {
  std::string text = scenarios::to_string(fault.kind);
  if (fault.kind == scenarios::FaultKind::partition) text += " " + scenarios::to_string(fault.shape);
  if (fault.process != scenarios::ProcessKind::host) text += " the " + scenarios::to_string(fault.process) + " of";
  if (const std::string host = host_of(fault); !host.empty()) text += " " + host;
  if (fault.at) text += " at " + to_string(fault.at->low);
  if (fault.lasts) text += " for " + to_string(fault.lasts->low);
  return text;
}

}  // namespace heir::tools
