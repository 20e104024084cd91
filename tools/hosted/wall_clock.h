// WallClock: of the programs of one host, which can be stepped without touching the machine's.
#pragma once

#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/base/time.h"
#include "tools/testbed/descriptor.h"

namespace heir::hosted {

/// Whether programs of this build can be preloaded with something. The error says what is in the way.
Result<> can_step_clocks();

class WallClock {
 public:
  /// `folder`: of this machine, which the host's programs see as `on_host`; it keeps what it holds when the power goes.
  static Result<WallClock> make(const std::string& folder, const std::string& on_host);

  /// In force at once, and for programs that start later.
  Result<> step(Duration by);
  /// For the environment of the host's programs, and of those that they start.
  std::vector<std::string> environment() const;

 private:
  testbed::Descriptor file_;
  Duration ahead_;
  std::string on_host_;
};

}  // namespace heir::hosted
