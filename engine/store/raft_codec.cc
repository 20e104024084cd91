#include "engine/store/raft_codec.h"

#include <utility>

#include "engine/base/checksum.h"
#include "engine/base/mutant.h"
#include "engine/store/archive.h"

namespace heir::store {

namespace archive {

template <class A, class Number>
void number_of(A& a, Number& value) {
  std::uint64_t number = value.number();
  fields(a, number);
  if constexpr (A::reads) value = Number(number);
}
template <class A, Is<raft::Term> T>
void fields(A& a, T& v) {
  number_of(a, v);
}
template <class A, Is<raft::LogIndex> T>
void fields(A& a, T& v) {
  number_of(a, v);
}
template <class A, Is<raft::EntryId> T>
void fields(A& a, T& v) {
  fields(a, v.index, v.term);
}
template <class A, Is<raft::Member> T>
void fields(A& a, T& v) {
  fields(a, v.id, v.address, v.votes);
}
template <class A, Is<raft::Configuration> T>
void fields(A& a, T& v) {
  fields(a, v.members, v.highest);
}
template <class A, Is<raft::Nothing> T>
void fields(A&, T&) {}
template <class A, Is<raft::Command> T>
void fields(A& a, T& v) {
  fields(a, v.bytes);
}
template <class A, Is<raft::Entry> T>
void fields(A& a, T& v) {
  fields(a, v.term, v.payload);
}
template <class A, Is<raft::Snapshot> T>
void fields(A& a, T& v) {
  fields(a, v.last, v.configuration, v.state);
}
template <class A, Is<raft::Ballot> T>
void fields(A& a, T& v) {
  fields(a, v.term, v.vote);
}

template <class A, Is<raft::PreVoteRequest> T>
void fields(A& a, T& v) {
  fields(a, v.proposed, v.last);
}
template <class A, Is<raft::PreVoteReply> T>
void fields(A& a, T& v) {
  fields(a, v.proposed, v.granted);
}
template <class A, Is<raft::VoteRequest> T>
void fields(A& a, T& v) {
  fields(a, v.last, v.transfer);
}
template <class A, Is<raft::VoteReply> T>
void fields(A& a, T& v) {
  fields(a, v.granted);
}
template <class A, Is<raft::Append> T>
void fields(A& a, T& v) {
  fields(a, v.previous, v.entries, v.commit, v.round);
}
template <class A, Is<raft::Appended> T>
void fields(A& a, T& v) {
  fields(a, v.match, v.round);
}
template <class A, Is<raft::Rejected> T>
void fields(A& a, T& v) {
  fields(a, v.previous, v.hint, v.round);
}
template <class A, Is<raft::Heartbeat> T>
void fields(A& a, T& v) {
  fields(a, v.commit, v.round);
}
template <class A, Is<raft::HeartbeatReply> T>
void fields(A& a, T& v) {
  fields(a, v.round);
}
template <class A, Is<raft::InstallSnapshot> T>
void fields(A& a, T& v) {
  fields(a, v.last, v.configuration, v.size, v.offset, v.part, v.round);
}
template <class A, Is<raft::Received> T>
void fields(A& a, T& v) {
  fields(a, v.snapshot, v.size, v.round);
}
template <class A, Is<raft::TimeoutNow> T>
void fields(A&, T&) {}
template <class A, Is<raft::TermOver> T>
void fields(A&, T&) {}
template <class A, Is<raft::Message> T>
void fields(A& a, T& v) {
  fields(a, v.from, v.to, v.term, v.body);
}

template <class A, Is<Owner> T>
void fields(A& a, T& v) {
  fields(a, v.cluster, v.member);
}
template <class A, Is<LogRecord> T>
void fields(A& a, T& v) {
  fields(a, v.number, v.previous, v.entries);
}
template <class A, Is<BallotRecord> T>
void fields(A& a, T& v) {
  fields(a, v.ballot, v.log_end);
}
template <class A, Is<SnapshotRecord> T>
void fields(A& a, T& v) {
  fields(a, v.snapshot, v.first_record);
}

}  // namespace archive

namespace {

using archive::Reader;
using archive::Writer;

// A record on disk: what kind it is, its length, its checksum (of the rest), its owner, its fields.
constexpr std::string_view log_magic = "heir-raft-log-1\n";
constexpr std::string_view ballot_magic = "heir-raft-vote1\n";
constexpr std::string_view snapshot_magic = "heir-raft-snap1\n";
constexpr std::size_t magic_size = 16;
constexpr std::size_t head_size = magic_size + 16;
static_assert(log_magic.size() == magic_size && ballot_magic.size() == magic_size &&
              snapshot_magic.size() == magic_size);

template <class Record>
Bytes encode_record(std::string_view magic, const Owner& owner, const Record& record) {
  Writer body(256);
  fields(body, owner, record);
  const Bytes content = body.take();
  Writer head(head_size);
  head.fixed(content.size());
  head.fixed(crc32c(content));
  return Bytes(magic) + head.take() + content;
}

template <class Record>
Result<Record> decode_record(std::string_view magic, const Owner& owner, std::string_view bytes) {
  const auto invalid = [](const char* why) { return Error{ErrorCode::invalid, why}; };
  if (bytes.size() < head_size) return invalid("ends before its beginning does");
  if (!bytes.starts_with(magic)) return invalid("does not begin as one");
  Reader head(bytes.substr(magic_size));
  const std::uint64_t length = head.fixed();
  const std::uint64_t checksum = head.fixed();
  if (length > bytes.size() - head_size) return invalid("is shorter than it says");
  const std::string_view content = bytes.substr(head_size, length);
  if (crc32c(content) != checksum && !HEIR_MUTANT("store-checksum-unchecked"))
    return invalid("does not match its checksum");
  Reader in(content);
  Owner whose;
  Record record;
  fields(in, whose, record);
  in.end();
  if (in.mistake()) return invalid(in.mistake());
  if (whose != owner)
    return Error{ErrorCode::conflict, "belongs to member " + std::to_string(whose.member.value()) + " of cluster " +
                                          std::to_string(whose.cluster.value())};
  return record;
}

}  // namespace

Bytes encode(ClusterId cluster, const raft::Message& message) {
  Writer out(64);
  out.byte(static_cast<std::uint8_t>(raft_tag));
  out.fixed(cluster.value());
  fields(out, message);
  return out.take();
}

Result<raft::Message> decode_message(ClusterId cluster, std::string_view bytes) {
  Reader in(bytes);
  raft::Message message;
  if (in.byte() != static_cast<std::uint8_t>(raft_tag)) in.fail("does not begin as one");
  if (in.fixed() != cluster.value()) in.fail("is of another cluster");
  fields(in, message);
  in.end();
  if (in.mistake()) return Error{ErrorCode::invalid, std::string("a message between members ") + in.mistake()};
  return message;
}

Bytes encode(const Owner& owner, const LogRecord& record) {
  return encode_record(log_magic, owner, record);
}
Bytes encode(const Owner& owner, const BallotRecord& record) {
  return encode_record(ballot_magic, owner, record);
}
Bytes encode(const Owner& owner, const SnapshotRecord& record) {
  return encode_record(snapshot_magic, owner, record);
}
Result<LogRecord> decode_log_record(const Owner& owner, std::string_view bytes) {
  return decode_record<LogRecord>(log_magic, owner, bytes);
}
Result<BallotRecord> decode_ballot_record(const Owner& owner, std::string_view bytes) {
  return decode_record<BallotRecord>(ballot_magic, owner, bytes);
}
Result<SnapshotRecord> decode_snapshot_record(const Owner& owner, std::string_view bytes) {
  return decode_record<SnapshotRecord>(snapshot_magic, owner, bytes);
}

}  // namespace heir::store
