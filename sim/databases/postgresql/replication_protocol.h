// What simulated PostgreSQL servers, pg_basebackup and pg_rewind say to each other, as attachments of chunks on a
// stream.
//
// Streaming: Hello -> Welcome, then StreamFrom -> WalData and Keepalive one way, StandbyStatus the other; it ends with
// TimelineEnd (the timeline ended at the sender: StreamFrom again), Refused (an error, then the end) or the end of the
// stream. Copying: CopyRequest -> CopyAnswer or Refused, once for each stage.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/databases/postgresql/data_directory.h"

namespace heir::sim {

/// IDENTIFY_SYSTEM.
struct ReplicationHello {
  std::string application_name;
};

struct ReplicationWelcome {
  std::uint64_t system_identifier = 0;
  TimelineId timeline = 0;
  std::vector<TimelineHistory> histories;  ///< Every history file that the sender has.
};

/// START_REPLICATION.
struct StreamFrom {
  std::string slot;
  TimelineId timeline = 0;
  Lsn from;
};

/// Log records [span), which begin at `from`.
struct WalData {
  WalSpan span;
  Lsn from;
  Lsn previous;          ///< Where the record before `from` begins in the sender's log; 0/0 if there is none.
  bool readable = true;  ///< False if `from` is inside a record of the sender's log: no reader can make sense of it.
  bool report_write = false;  ///< Somebody waits for the write, or for the replay: report it when it is done.
  bool report_apply = false;
};

struct Keepalive {
  Lsn end;
  bool reply_now = false;
};

struct StandbyStatus {
  Lsn written;
  Lsn flushed;
  Lsn applied;
  bool reply_now = false;
};

struct TimelineEnd {
  TimelineId next = 0;
  Lsn at;
};

/// ErrorResponse: the words of the server.
struct ReplicationRefused {
  std::string message;
};

enum class CopyStage {
  identify,  ///< Control data and histories, as they are.
  begin,     ///< A checkpoint first; the copy starts.
  more,      ///< The next part of the data.
  end,       ///< The rest: the answer carries the log up to now, and the files.
};

struct CopyRequest {
  CopyStage stage = CopyStage::identify;
  std::string slot;  ///< Of a base backup that keeps log by a slot.
};

struct CopyAnswer {
  DataDirectory data;  ///< Its log only at the end.
  bool in_recovery = false;
  Lsn insert_end;  ///< The end of the log that was inserted: the copy is consistent from there on.
  std::vector<std::pair<std::string, std::string>> files;  ///< Name in the data directory, content.
};

}  // namespace heir::sim
