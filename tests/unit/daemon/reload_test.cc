#include "tools/daemon/reload.h"

#include <catch2/catch.hpp>

using namespace heir;
using namespace heir::tools;

TEST_CASE("What can change while the agent runs counts at once, the rest is named") {
  HostingConfig running;
  running.name = "a";
  CHECK(reload(running, running).changed.empty());
  CHECK(reload(running, running).need_restart.empty());

  HostingConfig read = running;
  read.operators = {{"alice", std::string(40, 'k')}};
  read.log_level = "debug";
  read.hand_over = false;
  read.timing.sync_stall = Duration::seconds(9);
  Reload result = reload(running, read);
  CHECK(result.changed == std::vector<std::string>{"operator", "log_level", "hand_over", "timing.sync_stall"});
  CHECK(result.need_restart.empty());
  CHECK(result.config.operators == read.operators);
  CHECK(result.config.timing == read.timing);
  // What was taken over is no news the next time.
  CHECK(reload(result.config, read).changed.empty());

  read.ports.gate = 1;
  read.timing.session_ttl = Duration::seconds(7);
  read.postgresql.settings = {"work_mem = '64MB'"};
  result = reload(running, read);
  CHECK(result.need_restart == std::vector<std::string>{"ports", "postgresql", "timing"});
  CHECK(result.config.ports == running.ports);
  CHECK(result.config.timing.session_ttl == running.timing.session_ttl);
  CHECK(result.config.timing.sync_stall == read.timing.sync_stall);
}
