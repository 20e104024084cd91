// The tale of a failed run: what has to be known of it, in some ten lines, in the order in which it happened; and the
// same as a Lamport diagram, a line down for everybody who takes part.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/world/run.h"
#include "tools/simulation/judge.h"

namespace heir::tools {

struct TaleLine {
  enum class Mark {
    death,      ///< A strike that ends something: a host, a process, a disk.
    pause,      ///< One that makes it stand still.
    hindrance,  ///< Any other: of the network, a disk, a clock, an operator.
    heal,
    state,      ///< A generation of the cluster.
    gate,       ///< A gate, or what else a peer did.
    operation,  ///< Of a client.
    failure,    ///< What is wrong.
  };
  Mark mark = Mark::gate;
  Duration at;
  std::optional<Duration> began;  ///< Of an operation: when it was asked.
  std::vector<std::string> who;  ///< To whom it happened: "host1", "store2", "client3"; empty: to nobody in particular.
  std::string answerer;          ///< Of an operation: the peer that answered.
  std::string what;
  std::string asked;     ///< Of an operation: "write of 17 to r2",
  std::string answer;    ///< and what was answered.
  bool stops = false;    ///< From here on `who` does nothing,
  bool goes_on = false;  ///< or does again.
};

/// `story`: that of the result, with peers by their hosts' names. REQUIRES that the run failed with `kind`.
std::vector<TaleLine> tale_of(const scenarios::Scenario& scenario, const std::vector<sim::StoryLine>& story,
                              const sim::RunResult& result, const Judgement& judgement, std::string_view kind);

/// "   42.000  fault    power off host1 (primary)", a line each.
std::string text_of(const std::vector<TaleLine>& tale);

/// Everybody who takes part, in the order of the columns: clients, peers, members of the store.
std::vector<std::string> lanes_of(const std::vector<TaleLine>& tale);
/// The diagram for a terminal, and as an SVG document.
std::string diagram_text(const std::vector<TaleLine>& tale);
std::string diagram_svg(const std::vector<TaleLine>& tale, const std::string& title);

}  // namespace heir::tools
