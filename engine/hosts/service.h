// What a service manager and an operator say to a process, and hear of it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/time.h"
#include "engine/hosts/loop.h"

namespace heir::hosts {

/// Signals as events of the loop. Make it before the first thread: all threads of the process have these blocked.
class Signals {
 public:
  Signals(Loop& loop, std::vector<int> signals, std::function<void(int)> call);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  void await();

  int descriptor_ = -1;
  std::function<void(int)> call_;
  std::unique_ptr<Watch> watch_;
};

/// What systemd calls sd_notify: "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…". False if there is nobody to tell.
bool notify_service_manager(std::string_view state);

/// Within what time the service manager wants to hear "WATCHDOG=1", if it does.
std::optional<Duration> watchdog_limit();

}  // namespace heir::hosts
