// Frontend: what every server of the store has towards its clients: the state that it shows, its answers, and the
// watches that wait.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/base/host.h"
#include "engine/store/codec.h"

namespace heir::store {

/// Whom to answer.
struct Asker {
  Address from;
  ClientId client;
  std::uint64_t request = 0;
  std::uint8_t attempt = 0;
};

class Frontend {
 public:
  explicit Frontend(Host& host) : host_(host) {}

  State state;

  /// Nobody waits for Superseded.
  void send(const Asker& to, Reply reply);
  /// The answer for now: a newer view, or that there is none yet; then the watch waits. REQUIRES that due expiries were
  /// carried out.
  Reply watch(const Asker& asker, Watch watch);
  /// Answers the watches whose service has changed.
  void push();
  /// Answers all watches, and forgets them.
  void dismiss(const Reply& reply);

 private:
  /// A watch that waits for a newer version.
  struct Waiting {
    Asker asker;
    ServiceName service;
    Version after;
  };

  Host& host_;
  std::vector<Waiting> watches_;  ///< In order of arrival.
  std::uint64_t pushed_changes_ = 0;
};

}  // namespace heir::store
