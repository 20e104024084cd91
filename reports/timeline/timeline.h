// Timeline: what happened to the hosts of a run beside its clients' operations, by the same clock as the History. Both
// worlds, the simulated and the real, write one; pages show it (reports/page).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reports/history/history.h"

namespace heir::reports {

/// Something was so from one time to another.
struct Span {
  HistoryTime from;
  HistoryTime to;
  std::string value;
  bool operator==(const Span&) const = default;
};

/// What one thing was, all the time: spans in order, which do not overlap. Written as time goes by.
class Track {
 public:
  /// From now on it is `value`; "": nothing that is worth a span.
  void set(HistoryTime now, std::string_view value);
  /// The end of the run.
  void end(HistoryTime now) { set(now, {}); }
  const std::vector<Span>& spans() const { return spans_; }

 private:
  std::string value_;
  HistoryTime since_;
  std::vector<Span> spans_;
};

enum class HostKind : std::uint8_t { peer, store, client };
const char* to_string(HostKind kind);

struct HostTimeline {
  std::string name;
  HostKind kind = HostKind::peer;
  Track role;      ///< Of a peer its role, of a member of the store "leader".
  Track gate;      ///< "open", "held", "closed".
  Track lease;     ///< "held": by its own clock the lease, with which its gate may answer, has not run out.
  Track database;  ///< "primary", "standby", "starting", "promoting", "shutting down", "down".
  Track machine;   ///< "off", "paused", "paused: agent"; otherwise it runs.
};

struct GenerationTimeline {
  std::uint64_t generation = 0;
  HistoryTime declared;
  std::optional<HistoryTime> opened;  ///< When its gate opened first.
  std::string primary;
  std::string sync;  ///< "": none.
  std::string why;
};

struct FaultTimeline {
  std::string kind;    ///< "partition"
  std::string family;  ///< "network"
  HistoryTime from;
  std::optional<HistoryTime> to;   ///< Nothing: it never healed. `from`: it struck once.
  std::string what;                ///< In words.
  std::vector<std::string> hosts;  ///< That it hit; empty: the world.
  /// Of a partition: who is not heard by whom because of it, (from, to).
  std::vector<std::pair<std::string, std::string>> cut;
};

/// A change of the primary, phase by phase.
struct Failover {
  std::uint64_t generation = 0;  ///< That began with it.
  std::string from;
  std::string to;
  std::string why;
  std::optional<HistoryTime> last_write;   ///< The last that was acknowledged in an earlier generation.
  std::optional<HistoryTime> severed;      ///< The new primary's replication, to take over; nothing: it had no need to.
  HistoryTime declared;                    ///< The new generation.
  std::optional<HistoryTime> promoted;     ///< Its database.
  std::optional<HistoryTime> opened;       ///< Its gate.
  std::optional<HistoryTime> first_write;  ///< The first that was acknowledged in the new generation.
  bool operator==(const Failover&) const = default;
};

/// Fills in the writes: the failovers' are those of the history.
void add_writes(std::vector<Failover>& failovers, const History& history);

/// From one step of a failover to the next.
struct FailoverPhase {
  std::string_view name;  ///< "detect", "decide", "promote", "open", "serve"; and "failover", from write to write.
  std::string_view what;  ///< From what to what, in words.
  /// Nothing: it has not come to its end, or there was no such step.
  std::optional<std::int64_t> (*ns)(const Failover& failover);
};
/// In the order in which they follow each other; the whole last.
std::span<const FailoverPhase> failover_phases();

/// A quantity of one host, sampled.
struct Series {
  enum class Quantity : std::uint8_t {
    replication_lag,  ///< Bytes of the primary's log that the host has not flushed.
    clock_error,      ///< Nanoseconds by which its wall clock is ahead of the observer's.
  };
  std::string host;
  Quantity quantity = Quantity::replication_lag;
  /// Where it changed; nothing: from then on it is not known.
  std::vector<std::pair<HistoryTime, std::optional<std::int64_t>>> samples;
};

/// What could be asked about somebody ("cluster", "network", "host1"), and which answers changed, when.
struct StateLog {
  using Keys = std::map<std::string, std::string, std::less<>>;
  std::string who;
  /// "" for a key that is no more.
  std::vector<std::pair<HistoryTime, Keys>> changes;
};

/// A datagram; or data on a connection, of which only what arrives is told, for what is lost there is sent again.
struct Message {
  HistoryTime sent;
  std::optional<HistoryTime> arrived;  ///< Nothing: lost.
  std::uint32_t from = 0;              ///< Places in Timeline::hosts.
  std::uint32_t to = 0;
  std::string_view what;  ///< "consensus", "client request": of static storage.
};

struct Timeline {
  std::vector<HostTimeline> hosts;
  std::vector<GenerationTimeline> generations;
  std::vector<FaultTimeline> faults;
  std::vector<Series> series;
  std::vector<StateLog> states;
  std::vector<Message> messages;  ///< In the order of their arrival, or of their loss.
};

}  // namespace heir::reports
