// A real host for a test: a loop, workers, and a folder that is gone at the end.
#pragma once

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "engine/hosts/clocks.h"
#include "engine/hosts/linux_host.h"

namespace heir::hosts {

class Folder {
 public:
  Folder() { REQUIRE(mkdtemp(path_.data()) != nullptr); }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_ = "/tmp/heir-unit-XXXXXX";
};

struct Bench {
  Folder folder;
  Loop loop;
  Log log{open("/dev/null", O_WRONLY | O_CLOEXEC), LogFormat::text, LogLevel::debug};
  Workers workers{3};
  LinuxHost host{loop, workers, log, nullptr, {}};

  /// Runs a task to its end; fails the test if that takes longer than ten seconds.
  void run(Task<void> task) { REQUIRE(loop.run_to_end(std::move(task), Duration::seconds(10))); }
  /// Turns the loop for a while.
  void pass(Duration time) { run(wait(host, time)); }

 private:
  static Task<void> wait(Host& host, Duration time) { co_await host.sleep(time); }
};

/// A port of loopback that nobody listens on now.
Address free_address();

}  // namespace heir::hosts
