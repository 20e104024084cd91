#include "engine/store/durable_log.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/base/files.h"
#include "engine/base/match.h"
#include "engine/base/mutant.h"

namespace heir::store {

namespace {

constexpr std::size_t page = 4096;
constexpr std::uint64_t names_at_once = 32;
constexpr std::string_view record_prefix = "log-";

/// Where the second copy stands in a file of this size.
std::size_t second_copy(std::size_t file_size) {
  return (file_size + 2 * page - 1) / (2 * page) * page;
}

Bytes twice(const Bytes& record) {
  Bytes content = record;
  content.resize((record.size() + page - 1) / page * page);
  return content + record;
}

/// The record of a file that holds it twice; `damaged` if only one copy is whole.
template <class Decode>
auto decode_twice(const Bytes& content, Decode decode, bool& damaged) {
  const std::size_t second = second_copy(content.size());
  auto first = decode(std::string_view(content));
  auto other = decode(std::string_view(content).substr(std::min(second, content.size())));
  damaged = first.has_value() != other.has_value();
  return first ? std::move(first) : std::move(other);
}

std::optional<std::uint64_t> record_number(std::string_view name) {
  if (!name.starts_with(record_prefix)) return std::nullopt;
  name.remove_prefix(record_prefix.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return number;
}

/// Why a member does not start, and what helps.
Error damaged_at(const std::string& file, const std::string& what) {
  return {
      ErrorCode::invalid,
      file + " " + what +
          ". This member may have forgotten what it promised, so it does not start, and does not vote. Remedy: "
          "restore the file from a copy of this very disk; or take the member out of the store's members and add it "
          "anew, under a new id, with an empty folder: the others will give it everything"};
}

}  // namespace

DurableLog::DurableLog(Host& host, std::string folder, Owner owner)
    : host_(host), folder_(std::move(folder)), owner_(owner) {}

std::string DurableLog::record_path(std::uint64_t number) const {
  std::string digits = std::to_string(number);
  digits.insert(0, 12 - std::min<std::size_t>(12, digits.size()), '0');
  return folder_ + "/" + std::string(record_prefix) + digits;
}

// ---- Writing ----

Task<Result<>> DurableLog::create(raft::Durable initial) {
  const Result<> made = co_await host_.make_directory(folder_);
  if (!made && made.error().code != ErrorCode::already_exists) co_return made;
  const Result<> synced = co_await host_.sync_directory(folder_of(folder_));
  if (!synced) co_return synced;
  ASSERT(initial.entries.empty(), "a new member with a log");
  NewSnapshot first{std::move(initial.snapshot), raft::LogIndex(), true};
  const Result<> written = co_await write_snapshot(std::move(first));
  if (!written) co_return written;
  // The vote comes last: without it nothing was set up yet.
  co_return co_await write_vote(initial.ballot);
}

/// What is to be written for `writes`, in order: the last vote, and entries that follow each other become one record.
std::vector<DurableLog::Step> DurableLog::steps(std::vector<raft::Persist> writes) {
  std::vector<Step> steps;
  std::optional<raft::Ballot> ballot;
  for (const raft::Persist& w : writes)
    if (w.ballot) ballot = w.ballot;
  if (ballot) steps.emplace_back(*ballot);
  Pending pending;
  const auto end_record = [&] {
    if (!pending.entries.empty()) steps.emplace_back(std::exchange(pending, Pending()));
  };
  for (raft::Persist& w : writes) {
    if (w.snapshot) {
      end_record();
      steps.emplace_back(NewSnapshot{std::move(*w.snapshot), w.before.index, w.discard_log});
    }
    if (w.entries.empty()) continue;
    const bool goes_on = !pending.entries.empty() && w.previous.index >= pending.previous.index &&
                         w.previous.index <= pending.previous.index + pending.entries.size();
    if (goes_on) {
      pending.entries.resize(w.previous.index - pending.previous.index);
      std::move(w.entries.begin(), w.entries.end(), std::back_inserter(pending.entries));
      continue;
    }
    // What was to be written is taken back by this wholly, or lies before a snapshot that made a gap.
    const bool taken_back = !pending.entries.empty() && w.previous.index < pending.previous.index;
    if (!taken_back) end_record();
    pending = Pending{w.previous, std::move(w.entries)};
  }
  end_record();
  return steps;
}

Task<Result<>> DurableLog::write(std::vector<raft::Persist> writes) {
  std::vector<Step> all = steps(std::move(writes));
  for (Step& step : all) {
    const Result<> written = co_await write_step(std::move(step));
    if (!written) co_return written;
  }
  co_return Unit{};
}

Task<Result<>> DurableLog::refuse(std::string why) {
  return replace_file(host_, path("refused"), std::move(why));
}

Task<Result<>> DurableLog::write_step(Step step) {
  return std::visit(Match{[this](raft::Ballot ballot) { return write_vote(ballot); },
                          [this](Pending& record) { return write_record(std::move(record)); },
                          [this](NewSnapshot& snapshot) { return write_snapshot(std::move(snapshot)); }},
                    step);
}

Task<Result<>> DurableLog::write_vote(raft::Ballot ballot) {
  const BallotRecord record{ballot, next_record_ - 1};
  Bytes content = twice(encode(owner_, record));
  co_return co_await replace_file(host_, path("vote"), std::move(content));
}

Task<Result<>> DurableLog::write_record(Pending pending) {
  const Result<> named = co_await make_names();
  if (!named) co_return named;
  const std::uint64_t number = next_record_;
  const std::string file = record_path(number);
  const raft::LogIndex last = pending.previous.index + pending.entries.size();
  const LogRecord record{number, pending.previous, std::move(pending.entries)};
  Bytes content = twice(encode(owner_, record));
  const Result<> written = co_await host_.write_file(file, std::move(content));
  if (!written) co_return written;
  if (!HEIR_MUTANT("record-not-synced"))
    if (const Result<> synced = co_await host_.sync_file(file); !synced) co_return synced;
  next_record_ = number + 1;
  records_.push_back({number, last});
  co_return Unit{};
}

/// The names of the next records, as empty files.
Task<Result<>> DurableLog::make_names() {
  if (next_record_ <= names_through_) co_return Unit{};
  for (std::uint64_t number = next_record_; number < next_record_ + names_at_once; ++number) {
    const std::string file = record_path(number);
    Bytes nothing;
    const Result<> made = co_await host_.write_file(file, std::move(nothing));
    if (!made) co_return made;
  }
  const Result<> synced = co_await host_.sync_directory(folder_);
  if (synced) names_through_ = next_record_ + names_at_once - 1;
  co_return synced;
}

Task<Result<>> DurableLog::write_snapshot(NewSnapshot snapshot) {
  std::vector<Written> kept = records_;
  if (snapshot.discard_log) kept.clear();
  const auto counts = [before = snapshot.before](const Written& record) { return record.last > before; };
  kept.erase(kept.begin(), std::find_if(kept.begin(), kept.end(), counts));
  const std::uint64_t first = kept.empty() ? next_record_ : kept.front().number;
  const SnapshotRecord record{std::move(snapshot.snapshot), first};
  Bytes content = encode(owner_, record);
  const Result<> written = co_await replace_file(host_, path("snapshot"), std::move(content));
  if (!written) co_return written;
  // A crash may leave some of these; they do not count any more, because of their numbers.
  std::vector<Written> gone = std::exchange(records_, std::move(kept));
  for (const Written& old : gone) {
    if (old.number >= first) break;
    const std::string file = record_path(old.number);
    const Result<> removed = co_await host_.remove(file);
    if (!removed) co_return removed;
  }
  co_return Unit{};
}

// ---- Reading ----

Task<Result<raft::Durable>> DurableLog::open() {
  Result<std::vector<std::string>> listed = co_await host_.list_directory(folder_);
  if (!listed) co_return listed.error();
  std::vector<std::string> names = std::move(*listed);
  if (std::find(names.begin(), names.end(), "refused") != names.end()) {
    const Result<Bytes> why = co_await host_.read_file(path("refused"));
    if (!why) co_return why.error();
    co_return Error{ErrorCode::invalid, path("refused") + " says: " + *why};
  }
  const bool has_vote = std::find(names.begin(), names.end(), "vote") != names.end();
  const bool has_snapshot = std::find(names.begin(), names.end(), "snapshot") != names.end();
  const bool has_records =
      std::any_of(names.begin(), names.end(), [](const std::string& name) { return record_number(name).has_value(); });
  if (!has_vote && !has_records) co_return Error{ErrorCode::not_found, "no member's files are in " + folder_};
  if (!has_vote) co_return damaged_at(path("vote"), "is missing beside a log");
  if (!has_snapshot) co_return damaged_at(path("snapshot"), "is missing beside a vote");
  // The process before us may have been killed between a write and its fsync: what is read here counts as durable.
  const Result<> synced = co_await host_.sync_directory(folder_);
  if (!synced) co_return synced.error();
  Result<BallotRecord> vote = co_await read_vote();
  if (!vote) co_return vote.error();
  const Result<Bytes> content = co_await host_.read_file(path("snapshot"));
  if (!content) co_return content.error();
  Result<SnapshotRecord> snapshot = decode_snapshot_record(owner_, *content);
  if (!snapshot) co_return damaged_at(path("snapshot"), "at byte 0 " + snapshot.error().message);
  Result<std::vector<LogRecord>> records =
      co_await read_records(std::move(names), snapshot->first_record, vote->log_end);
  if (!records) co_return records.error();
  co_return assemble(*vote, std::move(*snapshot), std::move(*records));
}

Task<Result<BallotRecord>> DurableLog::read_vote() {
  const Result<Bytes> content = co_await host_.read_file(path("vote"));
  if (!content) co_return content.error();
  bool damaged = false;
  Result<BallotRecord> vote = decode_twice(
      *content, [this](std::string_view bytes) { return decode_ballot_record(owner_, bytes); }, damaged);
  if (!vote)
    co_return damaged_at(path("vote"),
                         "at bytes 0 and " + std::to_string(second_copy(content->size())) + " " + vote.error().message);
  if (damaged) {
    Bytes whole = twice(encode(owner_, *vote));
    const Result<> repaired = co_await repair(path("vote"), std::move(whole));
    if (!repaired) co_return repaired.error();
  }
  co_return vote;
}

Task<Result<>> DurableLog::repair(std::string path, Bytes whole) {
  host_.log(LogLevel::warning, "store-file-repaired", {{"file", path}, {"from", "its second copy"}});
  co_return co_await replace_file(host_, std::move(path), std::move(whole));
}

/// The records from `first` on, all of which must be whole; but the last may be torn, if it is behind `durable`.
Task<Result<std::vector<LogRecord>>> DurableLog::read_records(std::vector<std::string> names, std::uint64_t first,
                                                              std::uint64_t durable) {
  struct File {
    std::uint64_t number;
    Bytes content;
  };
  std::vector<File> files;
  std::uint64_t last = 0;
  for (const std::string& name : names) {
    const auto number = record_number(name);
    if (!number) continue;
    const std::string file = folder_ + "/" + name;
    if (*number < first) {
      const Result<> removed = co_await host_.remove(file);
      if (!removed) co_return removed.error();
      continue;
    }
    Result<Bytes> content = co_await host_.read_file(file);
    if (!content) co_return content.error();
    if (!content->empty()) last = std::max(last, *number);
    files.push_back({*number, std::move(*content)});
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.number < b.number; });

  std::vector<LogRecord> records;
  next_record_ = first;
  const bool cuts_all = HEIR_MUTANT("durable-record-cut");
  for (File& file : files) {
    if (file.number > last) break;
    const std::string path = record_path(file.number);
    if (file.number != next_record_)
      co_return damaged_at(record_path(next_record_), "is missing, but later ones are not");
    bool damaged = false;
    Result<LogRecord> record = decode_twice(
        file.content, [this](std::string_view bytes) { return decode_log_record(owner_, bytes); }, damaged);
    const bool may_be_torn = file.number > durable || cuts_all;
    if (!record && file.number == last && may_be_torn && record.error().code != ErrorCode::conflict) {
      host_.log(LogLevel::warning, "store-log-cut",
                {{"file", path}, {"reason", "never acknowledged: " + record.error().message}});
      if (cuts_all) durable = std::min(durable, next_record_ - 1);
      break;
    }
    if (!record)
      co_return damaged_at(
          path, "at bytes 0 and " + std::to_string(second_copy(file.content.size())) + " " + record.error().message);
    if (record->number != file.number)
      co_return damaged_at(path, "at byte 0 is record " + std::to_string(record->number));
    if (damaged) {
      Bytes whole = twice(encode(owner_, *record));
      const Result<> repaired = co_await repair(path, std::move(whole));
      if (!repaired) co_return repaired.error();
    }
    records.push_back(std::move(*record));
    next_record_ = file.number + 1;
  }
  if (next_record_ <= durable && !HEIR_MUTANT("lost-records-unnoticed"))
    co_return damaged_at(record_path(next_record_), "was durable once, and is not there");
  if (!records.empty() && !HEIR_MUTANT("failed-fsync-believed")) {
    // Its fsync may have failed: then the page cache shows what the disk has not, and another fsync of the file would
    // succeed without writing it.
    const std::string newest = record_path(next_record_ - 1);
    Bytes whole = twice(encode(owner_, records.back()));
    const Result<> written = co_await replace_file(host_, newest, std::move(whole));
    if (!written) co_return written.error();
  }
  co_return records;
}

Result<raft::Durable> DurableLog::assemble(const BallotRecord& vote, SnapshotRecord snapshot,
                                           std::vector<LogRecord> records) {
  raft::Durable durable;
  durable.ballot = vote.ballot;
  durable.snapshot = std::move(snapshot.snapshot);
  durable.before = durable.snapshot.last;
  records_.clear();
  for (LogRecord& record : records) {
    const std::string file = record_path(record.number);
    const raft::EntryId previous = record.previous;
    // The first one; or one that takes back all that is left of those before it, older ones being gone.
    if (records_.empty() || previous.index < durable.before.index) {
      durable.before = previous;
      durable.entries.clear();
    }
    const std::uint64_t kept = previous.index - durable.before.index;
    const bool fits = kept <= durable.entries.size();
    const raft::Term before = !fits ? raft::Term() : kept == 0 ? durable.before.term : durable.entries[kept - 1].term;
    if (!fits || before != previous.term)
      return damaged_at(file, "does not go on from where the record before it ends");
    raft::Term term = previous.term;
    for (const raft::Entry& entry : record.entries) {
      if (entry.term < term || entry.term > vote.ballot.term)
        return damaged_at(file, "has an entry of an impossible term");
      term = entry.term;
    }
    records_.push_back({record.number, previous.index + record.entries.size()});
    durable.entries.resize(kept);
    std::move(record.entries.begin(), record.entries.end(), std::back_inserter(durable.entries));
  }
  if (durable.before.index > durable.snapshot.last.index)
    return damaged_at(record_path(records_.front().number), "begins behind the end of the snapshot");
  return durable;
}

}  // namespace heir::store
