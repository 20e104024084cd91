// A data directory, as a typed object in place of PostgreSQL's binary files: control data, log, timeline histories,
// slots, the server's message log. Configuration files, standby.signal and postmaster.pid are byte files beside it.
//
// DataDirectory is the plain value; DataFolder is that value in a folder of a simulated disk, with the LogFile that
// knows how much of the log is durable.
//
// Invariants: the log file is written up to wal.end(); control data, histories and slots are durable as soon as they
// are set (the real server syncs them on the spot); a crash of the machine takes away log that was not synced, and
// nothing else.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "sim/databases/postgresql/control.h"
#include "sim/databases/postgresql/tables.h"
#include "sim/databases/postgresql/timeline.h"
#include "sim/databases/postgresql/wal.h"
#include "sim/disk/disk.h"
#include "sim/disk/log_file.h"
#include "sim/process/process.h"

namespace heir::sim {

/// A physical replication slot.
struct ReplicationSlot {
  std::string name;
  Lsn restart;          ///< Log from here on is kept for it; 0/0 before its first use.
  bool active = false;  ///< A walsender uses it now.
  bool lost = false;    ///< The log that it needs has been removed (max_slot_wal_keep_size).
};

/// A cancelled commit wait, in the server's message log.
struct LoggedCancel {
  std::uint32_t log_number = 0;
  std::uint64_t offset = 0;
};

struct DataDirectory {
  ControlData control;
  Wal wal;          ///< As written, page cache included.
  Lsn oldest_kept;  ///< Log before this has been removed from pg_wal; a segment boundary.
  std::uint64_t segment_size = 16 << 20;
  std::vector<TimelineHistory> histories;  ///< The history files that are there; timeline 1 has none.
  std::vector<ReplicationSlot> slots;      ///< Ordered by name.
  /// Why no server can start here: an unfinished base backup or rewind. Empty if it is whole.
  std::string damage;
  /// Lines of the server's message log that told of a cancelled commit wait: where in the log each begins.
  std::vector<LoggedCancel> cancelled_waits;
  std::uint32_t log_number = 0;  ///< A new message log at every start of the server.
  std::uint64_t log_size = 0;

  /// The history of a timeline, nothing if its file is missing. Timeline 1 always has its trivial one.
  std::optional<TimelineHistory> history_of(TimelineId timeline) const;
  /// Stores a history file; one that is there already is left as it is.
  void keep_history(const TimelineHistory& history);
  /// The highest timeline that can be reached from `timeline` by history files without a gap in the numbers.
  TimelineId newest_timeline(TimelineId timeline) const;
  /// The timeline of the end of the log.
  TimelineId timeline() const { return wal.timeline() == 0 ? control.checkpoint_timeline : wal.timeline(); }

  ReplicationSlot* find_slot(std::string_view name);
  const ReplicationSlot* find_slot(std::string_view name) const;

  Lsn segment_begin(Lsn lsn) const { return Lsn(lsn.offset() - lsn.offset() % segment_size); }
  /// The oldest log that a checkpoint at `redo` must leave: for slots, for wal_keep_size, for its own recovery.
  Lsn needed_from(Lsn redo, std::uint64_t wal_keep_size) const;
  /// Removes log as a checkpoint does. True if something went.
  bool remove_old_log(Lsn redo, std::uint64_t wal_keep_size, std::int64_t max_slot_wal_keep_size);
  /// Name of the message log file: "postgresql-3.log".
  std::string log_name() const {
    std::string name;
    name.reserve(32);
    name += "postgresql-";
    name += std::to_string(log_number);
    name += ".log";
    return name;
  }
  /// Writes to the message log.
  void log_line(std::size_t bytes) { log_size += bytes; }
};

/// What reads as something else than was written, until it is lifted or written anew. The server sees it by checksums.
struct Damage {
  DiskFaultId id;
  std::optional<Lsn> log;  ///< In the record that holds this byte; else:
  WalKind table = WalKind::other;
  std::uint32_t key = 0;  ///< The row, or the list, of this key; a set as a whole.
};

/// Reads that go astray: each finds another block, with this chance.
struct StrayReads {
  DiskFaultId id;
  Ratio chance;
  RandomStream random;
};

/// A data directory in a folder of a machine's disk.
class DataFolder final : public FolderObject {
 public:
  /// `data` is written and durable as it is; `out_of_space` leaves an empty log file.
  DataFolder(Disk& disk, DataDirectory data);

  DataDirectory data;
  LogFile log;
  Pid server;                          ///< The server that runs on it; it may have died meanwhile.
  std::function<void()> tell_removed;  ///< Set by the server that runs on it.
  std::vector<Damage> damages;
  std::vector<StrayReads> stray_reads;

  Lsn durable() const { return Lsn(log.durable()); }
  Lsn readable_end() const { return std::min(Lsn(log.readable_end()), data.wal.end()); }
  /// Where a recovery that begins at `redo` finds the first record that is none, as the disk is now; its end if all are
  /// good.
  Lsn valid_end(Lsn redo);
  /// The log ends here from now on: a server has found no valid record beyond, and writes over what there is.
  void cut(Lsn end);
  /// Whether the page of this row passes its checksum.
  bool row_is_good(WalKind table, std::uint32_t key);
  bool pages_are_good();
  void lift(DiskFaultId fault);
  /// Another directory takes this one's place (a rewind): written and durable. `out_of_space`.
  Result<> replace(DataDirectory other);
  std::shared_ptr<const FolderImage> image() const override;
  void on_power_loss() override;
  void on_removed() override {
    if (tell_removed) tell_removed();
  }
};

/// A data directory as a disk's image holds it.
std::shared_ptr<const FolderImage> image_of(DataDirectory data);

/// True if everything in `prefix` is in `log` too (ground truth for checkers).
bool contains(const DataDirectory& log, const DataDirectory& prefix);

/// A fresh cluster, as initdb makes it: one checkpoint, shut down.
DataDirectory make_data_directory(std::uint64_t system_identifier, std::uint32_t writer, std::uint64_t segment_size,
                                  bool data_checksums);

}  // namespace heir::sim
