// Exploration of a small world: every placement of up to K faults at every place at which it can matter.
//
// A place is a canonical state (canonical.h) that a run was in; the first moment at which a run is in it stands for
// all. Level by level: the run without faults shows the first places; each fault of the list is put at each of them, a
// run each; these show new places, at which the next fault is put, and so on. So the first failure found has the fewest
// faults. Of hosts that are alike in a state only the first one is struck there.
#pragma once

#include <boost/graph/adjacency_list.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "scenarios/scenario.h"
#include "tools/workers/pool.h"

namespace heir::tools {

/// A moment of a run: the state that it was in first then.
struct Moment {
  Duration at;
  std::string state;               ///< hash_of its text
  std::vector<std::string> twins;  ///< CanonicalState::twins
  std::string text;                ///< Empty unless it was asked for.
};

/// What a run showed.
struct Explored {
  enum class Verdict { holds, fails, unknown };
  Verdict verdict = Verdict::holds;
  std::string failure;          ///< The kind of the gravest failure.
  std::string message;          ///< Of the failure; why there is no verdict.
  bool struck = true;           ///< Its last fault found somebody to strike; else the run is that of the faults before.
  std::vector<Moment> moments;  ///< Only from its last fault on, or, without faults, all.
};
std::string pack(const Explored& explored);
Result<Explored> unpack_explored(const std::string& bytes);

/// What to look at in a run.
struct Looks {
  bool at_states = true;
  bool keep_texts = false;
};
/// Runs a scenario whose last so many faults were placed, and looks at its states.
Explored run_and_look(const scenarios::Scenario& scenario, std::size_t placed, std::uint64_t seed, Looks looks,
                      const TellProgress& tell);

/// States as vertices; edges are time, or the fault that led there.
struct StateLabel {
  std::string text;
  bool fails = false;
};
struct StepLabel {
  std::string fault;  ///< Empty: time.
};
using StateGraph = boost::adjacency_list<boost::setS, boost::vecS, boost::bidirectionalS, StateLabel, StepLabel>;

/// A run to be done, and what it is for.
struct Placement {
  std::vector<scenarios::Fault> faults;  ///< In the order of time, each at its exact time.
  std::string place;                     ///< The state at which the last one strikes.
};

class Exploration {
 public:
  /// `options`: the faults to place, whose times mean nothing. None is placed later than `until`.
  Exploration(std::vector<scenarios::Fault> options, unsigned most_faults, Duration until)
      : options_(std::move(options)), most_faults_(most_faults), until_(until) {}

  /// All runs of the next level; none: it is done.
  std::vector<Placement> next_level();
  /// What became of them, in their order; after a failure there need be no more.
  void level_done(const std::vector<Placement>& placements, const std::vector<Explored>& explored);
  /// No faults are placed at what this level shows.
  bool is_last_level() const { return levels_.size() == most_faults_; }

  struct Level {
    std::size_t runs = 0;
    std::size_t nobody = 0;   ///< Runs whose last fault struck nobody.
    std::size_t unknown = 0;  ///< Runs without a verdict.
    std::size_t alike = 0;    ///< Placements left out, because the same was placed on a host that is alike.
    std::size_t new_states = 0;
  };
  const std::vector<Level>& levels() const { return levels_; }
  std::size_t states() const { return states_.size(); }
  const StateGraph& graph() const { return graph_; }
  struct Finding {
    Placement placement;
    std::string kind;
    std::string message;
  };
  /// The first of the failures with the fewest faults.
  const std::optional<Finding>& failure() const { return failure_; }
  /// The first run without a verdict.
  const std::optional<Finding>& unknown() const { return unknown_; }

 private:
  struct Place {
    std::vector<scenarios::Fault> before;
    Moment moment;
  };
  StateGraph::vertex_descriptor vertex_of(const std::string& state, const std::string& text, bool& is_new);

  std::vector<scenarios::Fault> options_;
  unsigned most_faults_;
  Duration until_;
  std::vector<Level> levels_;
  std::size_t alike_ = 0;
  std::vector<Place> frontier_;
  std::map<std::string, StateGraph::vertex_descriptor> states_;
  StateGraph graph_;
  std::optional<Finding> failure_;
  std::optional<Finding> unknown_;
};

/// "crash host1 at 12.5s for 15s"; without the time of one that is not placed.
std::string words_of(const scenarios::Fault& fault);

}  // namespace heir::tools
