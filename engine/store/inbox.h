// Inbox: a process has one stream of incoming messages; this hands each to whoever wants it, by its first byte.
#pragma once

#include <array>
#include <cstdint>

#include "engine/base/host.h"

namespace heir::store {

/// Somebody who takes messages. Called from the inbox's task; must not destroy the inbox or its scope.
class Receiver {
 public:
  virtual void receive(Message message) = 0;

 protected:
  ~Receiver() = default;
};

/// The only caller of Host::receive in its process. Receivers leave (route with null) before they are destroyed. A
/// message that nobody wants is dropped and counted.
class Inbox {
 public:
  explicit Inbox(Host& host) : host_(&host) {}
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  /// Messages that begin with `tag` go to `receiver`; null for nobody.
  void route(char tag, Receiver* receiver) { routes_[static_cast<std::uint8_t>(tag)] = receiver; }
  Receiver* route(char tag) const { return routes_[static_cast<std::uint8_t>(tag)]; }

  /// Receives for ever; spawn it in the process's scope, once.
  Task<void> run();

  std::uint64_t unwanted() const { return unwanted_; }

 private:
  Host* host_;
  std::array<Receiver*, 256> routes_{};
  std::uint64_t unwanted_ = 0;
};

}  // namespace heir::store
