// A run: one scenario and one seed in, everything that happened out. Judging it is another's business (tools, reports).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reports/check/verdict/object.h"
#include "reports/history/history.h"
#include "reports/timeline/timeline.h"
#include "scenarios/scenario.h"
#include "sim/faults/nemesis.h"
#include "sim/kernel/kernel.h"
#include "sim/world/programs.h"

namespace heir::sim {

/// A line of the run's story.
struct StoryLine {
  enum class Kind {
    fault,  ///< The nemesis struck.
    heal,
    state,    ///< A version of the cluster state: a generation declared, opened, a list changed.
    role,     ///< A peer took a role.
    gate,     ///< A gate opened, was held, closed.
    command,  ///< A database procedure of an agent ended.
    note,     ///< Anything else that a reader of the run wants to know.
  };
  VirtualTime at;
  Kind kind = Kind::note;
  std::string host;  ///< Empty: the whole world.
  std::string what;
};

/// Something that must never be, seen during the run from outside the system.
struct Violation {
  scenarios::FailureKind kind = scenarios::FailureKind::assertion;
  VirtualTime at;
  std::string message;
};

/// A time without an acknowledged write, although clients tried.
struct Outage {
  VirtualTime from;
  VirtualTime to;
  Duration length() const { return to - from; }
};

/// What became of the random core that was healed after the faults (Expect::recovers_within).
struct Recovery {
  std::string core;  ///< "host1, host3, store2"
  VirtualTime began;
  std::optional<VirtualTime> recovered;  ///< It took writes, and nobody of it was deposed any more.
  std::string excuse;                    ///< The rule that forbids it to get on; empty if there is none.
  std::string complaints;                ///< What its peers said that they waited for.
};

/// How near a run came to an edge.
struct Extremes {
  /// The least time from the last acknowledgement of a generation to the opening of the next one's gate; below zero if
  /// a client got that of the earlier one later.
  std::optional<Duration> handover_margin;
  /// The least log beyond what had been acknowledged that a takeover began with, in bytes.
  std::optional<std::int64_t> takeover_slack;
  std::uint64_t tail = 0;  ///< The most log of a former primary that was set aside, in bytes.
};

/// What operators asked for (switchover, freeze, unfreeze, rebuild).
struct Requests {
  int ok = 0;
  int failed = 0;  ///< Refused, or without success by the end of the run.
};

struct Progress {
  VirtualTime at;
  std::uint64_t events = 0;
};

/// What a run looks like between two of its events.
class Glance {
 public:
  virtual VirtualTime now() const = 0;
  virtual std::uint64_t events() const = 0;
  /// Whom one can ask about: "cluster", "network", "host1" …, "store1" …, "client1" ….
  virtual std::vector<std::string> everybody() const = 0;
  /// One "key: value" a line, always in the same order; empty for a name that is none of these.
  virtual std::string state_of(std::string_view name) const = 0;
  /// Up to now.
  virtual const std::vector<StoryLine>& story() const = 0;

 protected:
  ~Glance() = default;
};

struct RunOptions {
  std::uint64_t seed = 1;
  bool keep_story = true;      ///< Off: `story` stays empty; saves time in campaigns.
  bool keep_commits = false;   ///< RunResult::commits.
  bool keep_timeline = false;  ///< RunResult::timeline.
  /// Of a timeline: messages that were under way between these times are kept, which is most of its memory. None: none.
  std::optional<std::pair<VirtualTime, VirtualTime>> keep_messages;
  Kernel::TraceSink trace;                  ///< One line per event; null for none.
  std::function<void(const LogLine&)> log;  ///< Every log line of every program; null for none.
  /// Called after every event of the clients' history; true ends the run there: nothing more can be learnt.
  std::function<bool(const reports::History&, std::size_t event)> stop_at;
  /// Called before the first event, and whenever the limits that it returned last are reached, between two events;
  /// nothing interrupts the run. Pauses change nothing in a run.
  std::function<std::optional<Limits>(const Glance&)> pause;
  /// Called now and then; false interrupts the run.
  std::function<bool(const Progress&)> progress;
};

struct RunResult {
  std::uint64_t seed = 0;
  bool interrupted = false;
  bool stopped = false;  ///< By RunOptions::stop_at.
  std::uint64_t trace_hash = 0;
  std::uint64_t events = 0;
  VirtualTime ended;
  Checkpoints checkpoints;
  reports::History history;
  /// What the surviving primary holds of every key at the end; nothing if no primary was up then.
  std::optional<std::vector<reports::FinalValue>> final_state;
  /// What it committed, one operation after the other; with RunOptions::keep_commits only.
  reports::History commits;
  std::vector<StoryLine> story;
  /// What happened to the hosts; with RunOptions::keep_timeline only.
  std::optional<reports::Timeline> timeline;
  std::vector<scenarios::Fault> decisions;  ///< Every strike of the nemesis, in order (sim/faults/decisions.h).
  std::vector<Violation> violations;
  std::vector<Outage> outages;
  Extremes extremes;
  std::uint64_t generations = 0;  ///< The last one.
  std::vector<reports::Failover> failovers;
  VirtualTime healed_at;  ///< Of the last fault.
  std::optional<VirtualTime> first_write_after_heal;
  bool has_writers = false;
  Requests requests;
  std::optional<Recovery> recovery;
  Probes::Entries probes;
};

/// Outages shorter than this are not counted.
inline constexpr Duration shortest_outage = Duration::milliseconds(500);

RunResult run(const scenarios::Scenario& scenario, Programs& programs, const RunOptions& options);

}  // namespace heir::sim
