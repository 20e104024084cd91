// DatabaseWatch: who is who, as the databases of a cluster say themselves: which of them takes writes, on which
// timeline, and who streams from whom. For systems whose own words the harness does not understand, and to see who came
// back.
#pragma once

#include <mutex>
#include <thread>
#include <vector>

#include "tools/on_hosts/observer.h"
#include "tools/on_hosts/session.h"
#include "tools/testbed/container.h"

namespace heir::on_hosts {

/// What one database said last; nothing: it did not answer.
struct DatabaseWords {
  bool in_recovery = false;
  std::uint64_t timeline = 0;  ///< Of a standby the one that it streams; 0: it does not stream.
  struct Follower {
    std::string address;
    std::string sync_state;  ///< As in pg_stat_replication.
  };
  std::vector<Follower> followers;  ///< Those that stream.
};

/// `words[i]` and `addresses[i]` are of host i + 1. The primary is, of those that are none's standby, the one on the
/// highest timeline; standbys are those that stream that timeline. Nothing if nobody is the primary.
std::optional<ClusterView> view_of(const std::vector<std::optional<DatabaseWords>>& words,
                                   const std::vector<std::string>& addresses);

class DatabaseWatch {
 public:
  /// Asks from that host's network, a few times a second, until it is destroyed. `host` is up for so long.
  DatabaseWatch(const testbed::Container& host, std::vector<Access> databases);
  ~DatabaseWatch();
  std::optional<ClusterView> view() const;

 private:
  void ask(std::size_t which);

  const testbed::Container& host_;
  const std::vector<Access> databases_;
  std::vector<std::string> addresses_;
  Stop stop_;
  mutable std::mutex mutex_;
  std::vector<std::optional<DatabaseWords>> words_;
  std::vector<std::thread> threads_;
};

}  // namespace heir::on_hosts
