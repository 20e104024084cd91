// What of a scenario real hosts cannot do. It is refused before the start: a fault that silently does not happen would
// make a run that proves nothing look like one that does.
#pragma once

#include <string>
#include <vector>

#include "scenarios/scenario.h"

namespace heir::on_hosts {

struct Refusal {
  std::string table;  ///< Of the file: "fault", "workload", …, or a key at its top.
  int number = 0;     ///< Which [[fault]] or [[workload]], from 0.
  std::string key;    ///< In that table; empty: the table itself.
  std::string why;
};

/// Everything that is refused, in the order of the file.
std::vector<Refusal> refusals(const scenarios::Scenario& scenario);

/// Whether its hosts need clocks of their own: it says something of them, or strikes them.
bool has_own_clocks(const scenarios::Scenario& scenario);

/// As a run's report says it: what a run on real hosts does not show, though a simulated one does.
std::vector<std::string> limits_of_hosts(const scenarios::Scenario& scenario);

}  // namespace heir::on_hosts
