// Exploration of a small world: every placement of up to K faults at every place at which it can matter.
//
// A place is a canonical state (canonical.h) that a run was in; the first moment at which a run is in it stands for
// all. Level by level: the run without faults shows the first places; each fault of the list is put at each of them, a
// run each; these show new places, at which the next fault is put, and so on. So the first failure found has the fewest
// faults.
#pragma once

#include <boost/graph/adjacency_list.hpp>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "scenarios/scenario.h"

namespace heir::tools {

/// A moment of a run: the state that it was in first then.
struct Moment {
  Duration at;
  std::string state;
};

/// What a run showed. Moments only from its last fault on, or, without faults, all.
struct Explored {
  std::string failure;  ///< The kind of the gravest failure; empty: it held, or has no verdict.
  std::string message;
  bool undecided = false;
  std::vector<Moment> moments;
};
std::string pack(const Explored& explored);
Result<Explored> unpack_explored(const std::string& bytes);

/// Runs a scenario and looks at it after every event at which a program of it had something to say.
Explored run_and_look(const scenarios::Scenario& scenario, std::uint64_t seed, Duration from);

/// States as vertices; edges are time, or the fault that led there.
struct StateLabel {
  std::string text;
  bool fails = false;
};
struct StepLabel {
  std::string fault;  ///< Empty: time.
};
using StateGraph = boost::adjacency_list<boost::setS, boost::vecS, boost::directedS, StateLabel, StepLabel>;

/// A run to be done, and what it is for.
struct Placement {
  std::vector<scenarios::Fault> faults;  ///< In the order of time, each at its exact time.
  std::string place;                     ///< The state at which the last one strikes.
};

class Exploration {
 public:
  /// `options`: the faults to place, whose times mean nothing.
  Exploration(std::vector<scenarios::Fault> options, unsigned most_faults)
      : options_(std::move(options)), most_faults_(most_faults) {}

  /// All runs of the next level; none: it is done.
  std::vector<Placement> next_level() const;
  /// What became of them, in their order.
  void level_done(const std::vector<Placement>& placements, const std::vector<Explored>& explored);

  struct Level {
    std::size_t placed = 0;  ///< Runs.
    std::size_t undecided = 0;
    std::size_t new_states = 0;
  };
  const std::vector<Level>& levels() const { return levels_; }
  std::size_t states() const { return states_.size(); }
  const StateGraph& graph() const { return graph_; }
  struct Failure {
    Placement placement;
    std::string kind;
    std::string message;
  };
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  struct Place {
    std::vector<scenarios::Fault> before;
    Moment moment;
  };
  StateGraph::vertex_descriptor vertex_of(const std::string& state, bool& is_new);

  std::vector<scenarios::Fault> options_;
  unsigned most_faults_;
  std::vector<Level> levels_;
  std::vector<Place> frontier_;
  std::map<std::string, StateGraph::vertex_descriptor> states_;
  StateGraph graph_;
  std::optional<Failure> failure_;
};

/// "power off host1 at 12.5s for 15s"
std::string words_of(const scenarios::Fault& fault);

}  // namespace heir::tools
