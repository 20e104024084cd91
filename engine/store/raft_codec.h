// Raft's messages between the store's members, and what of it stands on disk, as bytes. (archive.h says how.)
#pragma once

#include <cstdint>
#include <string_view>

#include "engine/base/result.h"
#include "engine/store/raft/raft.h"

namespace heir::store {

/// First byte of a datagram between members.
inline constexpr char raft_tag = 'R';

/// Which store this is: a member of another one, who was given our address by mistake, is not listened to.
using ClusterId = Strong<struct ClusterIdTag, std::uint64_t>;

Bytes encode(ClusterId cluster, const raft::Message& message);
/// `invalid`: no such message, damaged, or of another cluster.
Result<raft::Message> decode_message(ClusterId cluster, std::string_view bytes);

/// Entries that stand behind `previous`, as one record of the log. `number` counts the records.
struct LogRecord {
  std::uint64_t number = 0;
  raft::EntryId previous;
  std::vector<raft::Entry> entries;
  bool operator==(const LogRecord&) const = default;
};
/// The vote, and how far the log was when it was written: a record of a lower number must be there.
struct BallotRecord {
  raft::Ballot ballot;
  std::uint64_t log_end = 0;
  bool operator==(const BallotRecord&) const = default;
};
/// A snapshot, and the first record of the log that still counts.
struct SnapshotRecord {
  raft::Snapshot snapshot;
  std::uint64_t first_record = 0;
  bool operator==(const SnapshotRecord&) const = default;
};

/// Whose files they are; told in every one of them, so that another disk is noticed.
struct Owner {
  ClusterId cluster;
  raft::MemberId member;
  bool operator==(const Owner&) const = default;
};

Bytes encode(const Owner& owner, const LogRecord& record);
Bytes encode(const Owner& owner, const BallotRecord& record);
Bytes encode(const Owner& owner, const SnapshotRecord& record);
/// `invalid` and why; `conflict` if it is whole, but another's.
Result<LogRecord> decode_log_record(const Owner& owner, std::string_view bytes);
Result<BallotRecord> decode_ballot_record(const Owner& owner, std::string_view bytes);
Result<SnapshotRecord> decode_snapshot_record(const Owner& owner, std::string_view bytes);

}  // namespace heir::store
