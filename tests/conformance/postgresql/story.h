// What the steps of the story share: the three adapters, and the ways to check something and to note it for the
// transcript. Internal to steps.cc.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/conformance/postgresql/steps.h"
#include "tests/conformance/postgresql/transcript.h"

namespace heir::conformance {

struct Story {
  explicit Story(World& w)
      : world(w),
        adapters{postgresql::Adapter(w.host(0), w.config(0)), postgresql::Adapter(w.host(1), w.config(1)),
                 postgresql::Adapter(w.host(2), w.config(2))},
        step_began(w.host(0).monotonic_now()) {}

  World& world;
  postgresql::Adapter adapters[3];
  Report report;
  MonotonicTime step_began;
  bool stop = false;

  postgresql::Endpoint endpoint(int peer) const {
    postgresql::Endpoint endpoint;
    endpoint.peer = adapters[peer].config().self;
    endpoint.server = adapters[peer].config().listen;
    return endpoint;
  }
  PeerId id(int peer) const { return adapters[peer].config().self; }

  void done(const std::string& what) {
    const MonotonicTime now = world.host(0).monotonic_now();
    report.steps.push_back(what + " (" + to_string((now - step_began) / 1'000'000 * 1'000'000) + ")");
    step_began = now;
  }
  void check(bool condition, const std::string& expected) {
    ++report.checks;
    if (!condition) report.failures.push_back("not so: " + expected);
  }
  template <class T>
  bool check(const Result<T>& result, const std::string& expected) {
    ++report.checks;
    if (result) return true;
    report.failures.push_back("not so: " + expected + ": " + to_string(result.error()));
    stop = true;
    return false;
  }
  /// `expected` as "1 2 3"; texts are literals: a coroutine must not take temporaries.
  Task<void> check_values(int peer, std::string_view expected, std::string_view why) {
    ++report.checks;
    const Result<std::vector<int>> seen = co_await world.values(peer);
    std::string text;
    if (seen)
      for (const int value : *seen) text += (text.empty() ? "" : " ") + std::to_string(value);
    else
      text = to_string(seen.error());
    if (!seen || text != expected)
      report.failures.push_back(std::string(why) + ": peer " + std::to_string(peer) + " shows " + text);
  }
  /// A line of the transcript.
  void saw(std::string line) { report.transcript.push_back(std::move(line)); }
  template <class T>
  void saw(const std::string& what, const Result<T>& result) {
    saw(what + ": " + (result ? "done" : to_string(result.error().code)));
  }
  void saw_write(const std::string& what, int write) {
    static constexpr const char* names[] = {"waiting", "acknowledged", "failed"};
    const std::string told = world.told(write);
    saw(what + ": " + names[static_cast<int>(world.state(write))] + (told.empty() ? "" : ", " + told));
  }
  void saw(const std::string& what, const Result<postgresql::Observation>& seen) {
    if (!seen) return saw(what + ": " + to_string(seen.error().code));
    const auto flag = [](const char* name, bool value) { return value ? std::string(" ") + name : std::string(); };
    saw(what + ":" + flag("recovery", seen->in_recovery) + flag("streaming", seen->streaming) +
        flag("received", seen->received.has_value()) + flag("sync-flushed", seen->sync_flushed.has_value()) +
        flag("sync-streaming", seen->sync_streaming) + flag("sync-counts", seen->sync_counts) +
        flag("restarted", seen->restarted) + " waiting " + std::to_string(seen->waiting_commits) + " cancelled " +
        std::to_string(seen->cancelled_waits));
  }
  void saw(const std::string& what, const Result<postgresql::Disk>& disk) {
    if (!disk) return saw(what + ": " + to_string(disk.error().code));
    saw(what + ": " +
        (disk->empty   ? "empty"
         : disk->whole ? "whole"
                       : "broken") +
        (disk->standby ? " standby" : "") + (disk->system_identifier != 0 ? " identified" : "") + " cluster " +
        disk->cluster + " identity " + (disk->identity ? disk->identity->value() : "none"));
  }
  /// Every peer's server, once nothing moves any more.
  Task<void> look(std::string_view when) {
    for (int peer = 0; peer < 3; ++peer) {
      std::vector<std::string> lines = co_await snapshot(world, peer, when);
      for (std::string& line : lines) saw(std::move(line));
    }
  }
  Task<WriteState> settled(int write, Duration limit) {
    const MonotonicTime give_up = world.host(0).monotonic_now() + limit;
    while (world.state(write) == WriteState::waiting && world.host(0).monotonic_now() < give_up)
      co_await world.host(0).sleep(Duration::milliseconds(20));
    co_return world.state(write);
  }
  Task<void> until_shown(int peer, int value) {
    const MonotonicTime give_up = world.host(0).monotonic_now() + Duration::seconds(10);
    while (world.host(0).monotonic_now() < give_up) {
      const Result<std::vector<int>> seen = co_await world.values(peer);
      if (seen && !seen->empty() && seen->back() == value) co_return;
      co_await world.host(0).sleep(Duration::milliseconds(20));
    }
    report.failures.push_back("peer " + std::to_string(peer) + " never showed " + std::to_string(value));
  }
};

}  // namespace heir::conformance
