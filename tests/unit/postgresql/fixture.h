// What every unit test of the adapter needs: a fake host with one remote primary, an adapter, and a way to await.
#pragma once

#include <catch2/catch.hpp>

#include "engine/base/files.h"
#include "engine/databases/postgresql/adapter.h"
#include "tests/unit/postgresql/fake_host.h"

namespace heir::fake {

using namespace heir::postgresql;

inline Position log_of(std::uint64_t offset) {
  return Position{{Branch{1, 0, 0}}, offset};
}

struct Fixture {
  Host host;
  std::unique_ptr<Adapter> adapter;
  Endpoint there{PeerId("p2"), Address("there:2")};

  Fixture() {
    Server& primary = host.servers["there:2"];
    primary.up = true;
    primary.log = log_of(100);
    restart_agent();
  }

  static Config config() {
    Config config;
    config.self = PeerId("p1");
    config.cluster = "test";
    config.root = "/root";
    config.listen = Address("here:1");
    return config;
  }
  /// A new agent: nothing of the old one's memory is left.
  void restart_agent() { adapter = std::make_unique<Adapter>(host, config()); }

  /// This peer has a whole copy of the cluster, with a log of its own.
  void own_copy(Position log, bool standby) {
    Server& image = host.images["mine"];
    image.log = std::move(log);
    host.make_copy("/root/data", "mine", standby);
    host.files["/root/cluster"] = checked("test\n7\n");
  }
  Server& server() { return host.servers["here:1"]; }

  template <class T>
  static Task<void> keep(Task<Result<T>> task, std::optional<Result<T>>& result) {
    result.emplace(co_await std::move(task));
  }
  /// The result of a procedure that is not interrupted.
  template <class T>
  Result<T> await(Task<Result<T>> task) {
    std::optional<Result<T>> result;
    REQUIRE(host.run(keep(std::move(task), result)));
    return *result;
  }
  /// Runs it until it is killed before step `kill_at`; true if it had ended by then.
  template <class T>
  bool interrupt(Task<Result<T>> task, int kill_at) {
    std::optional<Result<T>> result;
    return host.run(keep(std::move(task), result), kill_at);
  }
  std::string copy() const {
    const auto found = host.files.find("/root/data/copy");
    return found == host.files.end() ? "" : found->second;
  }
};

/// "" for success, else the error.
template <class T>
std::string said(const Result<T>& result) {
  return result ? std::string() : to_string(result.error());
}

}  // namespace heir::fake
