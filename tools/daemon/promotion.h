// Moving roles, as an operator's command does it: step after step, each asked of the cluster, watched until it is done.
// Given up in between, nothing is left half done: every step leaves a cluster that takes writes.
#pragma once

#include <functional>
#include <string>
#include <variant>

#include "tools/daemon/client.h"

namespace heir::tools {

enum class Goal { sync, primary };

struct PromotionOptions {
  Goal goal = Goal::primary;
  bool waits = true;  ///< Until the last step is done, too, rather than asked for.
  Duration limit = Duration::seconds(60);
  std::function<void(const std::string&)> tell = [](const std::string&) {};  ///< Hears of every step.
};

struct Promoted {
  std::string from;  ///< Who was primary.
  std::string to;
  std::uint64_t generation = 0;  ///< Of which `to` is what it was to be; 0 if that was not waited for.
  Duration took;                 ///< Of the last step.
};

/// Where a promotion ended that did not succeed: `steps` were done before.
struct Stuck {
  Error error;
  int steps = 0;
};

/// `to` "": the sync.
std::variant<Promoted, Stuck> promote(const Client& client, const std::string& to, const PromotionOptions& options);

}  // namespace heir::tools
