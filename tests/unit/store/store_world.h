// A store's server and its clients as processes on the fake network.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/store/ideal_store.h"
#include "engine/store/remote_store.h"
#include "fake_host.h"

namespace heir::fake {

template <class T>
Task<void> keep(Task<T> task, std::optional<T>& result) {
  result.emplace(co_await std::move(task));
}

inline Task<void> note_end(Task<void> task, bool& over) {
  co_await std::move(task);
  over = true;
}

/// The server process; its host stays when it is killed.
struct ServerProcess {
  ServerProcess(Network& network, const std::string& address, store::IdealStoreOptions o = {})
      : host(network, address, Duration::seconds(1'000)), options(std::move(o)) {
    start();
  }
  void start() {
    ended = false;
    scope.spawn(note_end(store::run_ideal_store(host, options), ended));
  }
  void kill() {
    scope.cancel();
    host.forget_inbox();
  }
  FakeHost host;
  store::IdealStoreOptions options;
  bool ended = false;
  Scope scope;
};

/// A client process: everything in it goes with kill().
struct ClientProcess {
  ClientProcess(Network& n, const std::string& address, std::vector<Address> servers, Duration clock_offset = {})
      : network(n), host(n, address, clock_offset) {
    options.servers = std::move(servers);
    options.owner = PeerId(address);
    start();
  }
  void start() {
    inbox = std::make_unique<store::Inbox>(host);
    remote = std::make_unique<store::RemoteStore>(host, *inbox, options);
    views = std::make_unique<Queue<store::View>>(host.executor());
    scope.spawn(inbox->run());
  }
  void kill() {
    scope.cancel();
    views.reset();
    remote.reset();
    inbox.reset();
    host.forget_inbox();
  }
  void watch(const store::ServiceName& service) { scope.spawn(remote->watch(service, *views)); }
  /// What the watch has delivered so far.
  std::vector<store::View> delivered() {
    std::vector<store::View> all;
    while (!views->empty()) all.push_back(wait(take(*views)));
    return all;
  }
  static Task<store::View> take(Queue<store::View>& views) { co_return co_await views.pop(); }
  template <class T>
  void begin(Task<T> task, std::optional<T>& result) {
    scope.spawn(keep(std::move(task), result));
  }
  /// Runs the whole network until the task is over.
  template <class T>
  T wait(Task<T> task) {
    std::optional<T> result;
    begin(std::move(task), result);
    const bool over = network.run_until([&] { return result.has_value(); }, Duration::seconds(100));
    ASSERT(over, "a task of a test that does not end");
    return std::move(*result);
  }

  Network& network;
  FakeHost host;
  store::RemoteStoreOptions options;
  std::unique_ptr<store::Inbox> inbox;
  std::unique_ptr<store::RemoteStore> remote;
  std::unique_ptr<Queue<store::View>> views;
  Scope scope;
};

}  // namespace heir::fake
