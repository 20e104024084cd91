// DurableLog: what a member of the store must not forget, in the files of one folder.
//
//   vote         the term and the vote, replaced as a whole
//   snapshot     the last snapshot, replaced as a whole; it names the first record of the log that still counts
//   log-N        the Nth record of the log: entries that became durable together. A record may take back what earlier
//                ones say: it stands behind the entry that it names.
//   refused      why this member must never start again, once it knows that its disk forgot something
//
// A record is a file of its own, so that appending never touches what is durable already. Its name was made durable
// beforehand, with those of the next ones (empty files), so that one fsync makes a record durable. Votes and records
// stand twice in their files, on different pages: one bad sector does not lose them, and is repaired at the next start.
//
// Record N + 1 is begun when N is durable. So only the last record can be torn, and it was never acknowledged: if
// neither copy of it is whole, it is cut off. Anything else that does not read as it was written makes open() refuse,
// with the file, the offset and the remedy: a member that may have forgotten must not vote.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "engine/base/host.h"
#include "engine/base/result.h"
#include "engine/store/raft/raft.h"
#include "engine/store/raft_codec.h"

namespace heir::store {

class DurableLog {
 public:
  /// `folder`: absolute; the folder above it exists. `host` outlives the log.
  DurableLog(Host& host, std::string folder, Owner owner);

  /// Sets up a new member: REQUIRES that open() has found nothing.
  Task<Result<>> create(raft::Durable initial);
  /// What is durable. `not_found`: nothing is here, and nothing ever was. `invalid`: damaged. After an error the log is
  /// not usable.
  Task<Result<raft::Durable>> open();
  /// Carries out the writes, in order; durable when it returns. One call at a time. After an error nothing is known of
  /// what is on the disk: the member has to stop (a second fsync may succeed without having written anything).
  Task<Result<>> write(std::vector<raft::Persist> writes);
  /// The disk was found to have forgotten something: from now on open() refuses, and says why.
  Task<Result<>> refuse(std::string why);

 private:
  struct Written {
    std::uint64_t number = 0;
    raft::LogIndex last;
  };
  /// Entries that are to become one record.
  struct Pending {
    raft::EntryId previous;
    std::vector<raft::Entry> entries;
  };
  struct NewSnapshot {
    raft::Snapshot snapshot;
    raft::LogIndex before;     ///< Records that end here or earlier go,
    bool discard_log = false;  ///< or all.
  };
  using Step = std::variant<raft::Ballot, Pending, NewSnapshot>;
  static std::vector<Step> steps(std::vector<raft::Persist> writes);
  Task<Result<>> write_step(Step step);
  Task<Result<>> write_vote(raft::Ballot ballot);
  Task<Result<>> write_record(Pending pending);
  Task<Result<>> write_snapshot(NewSnapshot snapshot);
  Task<Result<>> make_names();
  Task<Result<BallotRecord>> read_vote();
  Task<Result<std::vector<LogRecord>>> read_records(std::vector<std::string> names, std::uint64_t first,
                                                    std::uint64_t durable);
  Task<Result<>> repair(std::string path, Bytes whole);
  Result<raft::Durable> assemble(const BallotRecord& vote, SnapshotRecord snapshot, std::vector<LogRecord> records);

  std::string path(const char* name) const { return folder_ + "/" + name; }
  std::string record_path(std::uint64_t number) const;

  Host& host_;
  const std::string folder_;
  const Owner owner_;
  std::vector<Written> records_;  ///< That count, in order.
  std::uint64_t next_record_ = 1;
  std::uint64_t names_through_ = 0;  ///< Names up to here are durable.
};

}  // namespace heir::store
