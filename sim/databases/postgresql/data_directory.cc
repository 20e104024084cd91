#include "sim/databases/postgresql/data_directory.h"

#include <algorithm>

namespace heir::sim {

std::optional<TimelineHistory> DataDirectory::history_of(TimelineId timeline) const {
  for (const TimelineHistory& history : histories)
    if (history.timeline == timeline) return history;
  if (timeline == 1) return TimelineHistory{};
  return std::nullopt;
}

void DataDirectory::keep_history(const TimelineHistory& history) {
  const auto at = std::lower_bound(histories.begin(), histories.end(), history.timeline,
                                   [](const TimelineHistory& h, TimelineId t) { return h.timeline < t; });
  if (history.timeline == 1 || (at != histories.end() && at->timeline == history.timeline)) return;
  histories.insert(at, history);
}

TimelineId DataDirectory::newest_timeline(TimelineId timeline) const {
  TimelineId newest = timeline;
  for (const TimelineHistory& history : histories)
    if (history.timeline == newest + 1) newest = history.timeline;
  return newest;
}

ReplicationSlot* DataDirectory::find_slot(std::string_view name) {
  const auto at =
      std::find_if(slots.begin(), slots.end(), [&](const ReplicationSlot& slot) { return slot.name == name; });
  return at == slots.end() ? nullptr : &*at;
}

const ReplicationSlot* DataDirectory::find_slot(std::string_view name) const {
  const auto at =
      std::find_if(slots.begin(), slots.end(), [&](const ReplicationSlot& slot) { return slot.name == name; });
  return at == slots.end() ? nullptr : &*at;
}

Lsn DataDirectory::needed_from(Lsn redo, std::uint64_t wal_keep_size) const {
  Lsn needed = redo;
  if (wal_keep_size > 0)
    needed = std::min(needed, Lsn(wal.end().offset() - std::min(wal.end().offset(), wal_keep_size)));
  for (const ReplicationSlot& slot : slots)
    if (slot.restart.valid() && !slot.lost) needed = std::min(needed, slot.restart);
  return segment_begin(needed);
}

bool DataDirectory::remove_old_log(Lsn redo, std::uint64_t wal_keep_size, std::int64_t max_slot_wal_keep_size) {
  if (max_slot_wal_keep_size >= 0) {
    const std::uint64_t limit = static_cast<std::uint64_t>(max_slot_wal_keep_size);
    for (ReplicationSlot& slot : slots)
      if (slot.restart.valid() && wal.end().since(slot.restart) > limit + segment_size) slot.lost = true;
  }
  const Lsn from = std::max(needed_from(redo, wal_keep_size), oldest_kept);
  const bool removed = from > oldest_kept;
  oldest_kept = from;
  return removed;
}

DataFolder::DataFolder(Disk& disk, DataDirectory directory) : data(std::move(directory)), log(disk) {
  static_cast<void>(log.assign(data.oldest_kept.offset(), data.wal.end().offset()));
}

namespace {

class DataImage final : public FolderImage {
 public:
  explicit DataImage(DataDirectory data) : data_(std::move(data)) {}
  std::shared_ptr<FolderObject> restore(Disk& disk) const override { return std::make_shared<DataFolder>(disk, data_); }

 private:
  DataDirectory data_;
};

}  // namespace

std::shared_ptr<const FolderImage> DataFolder::image() const {
  DataDirectory durable = data;
  durable.wal.truncate(Lsn(log.durable()));
  for (ReplicationSlot& slot : durable.slots) slot.active = false;
  return image_of(std::move(durable));
}

std::shared_ptr<const FolderImage> image_of(DataDirectory data) {
  return std::make_shared<DataImage>(std::move(data));
}

Lsn DataFolder::valid_end(Lsn redo) {
  Lsn end = readable_end();
  for (const Damage& damage : damages) {
    if (!damage.log || *damage.log < redo || *damage.log >= end) continue;
    const WalPlace place = data.wal.first_after(*damage.log);
    if (!data.wal.at_end(place)) end = std::min(end, data.wal.at(place).start());
  }
  for (StrayReads& reads : stray_reads) {
    if (end <= redo || !reads.random.chance(reads.chance)) continue;
    const WalPlace place = data.wal.first_after(redo + reads.random.below(end.since(redo)));
    if (!data.wal.at_end(place)) end = std::min(end, data.wal.at(place).start());
  }
  return end;
}

void DataFolder::cut(Lsn end) {
  data.wal.truncate(end);
  log.truncate(std::max(data.wal.end().offset(), log.start()));
  std::erase_if(damages, [this](const Damage& damage) { return damage.log && *damage.log >= data.wal.end(); });
}

bool DataFolder::row_is_good(WalKind table, std::uint32_t key) {
  for (const Damage& damage : damages)
    if (!damage.log && damage.table == table && damage.key == key) return false;
  for (StrayReads& reads : stray_reads)
    if (reads.random.chance(reads.chance)) return false;
  return true;
}

bool DataFolder::pages_are_good() {
  for (const Damage& damage : damages)
    if (!damage.log) return false;
  return std::all_of(stray_reads.begin(), stray_reads.end(),
                     [](StrayReads& reads) { return !reads.random.chance(reads.chance); });
}

void DataFolder::lift(DiskFaultId fault) {
  std::erase_if(damages, [fault](const Damage& damage) { return damage.id == fault; });
  std::erase_if(stray_reads, [fault](const StrayReads& reads) { return reads.id == fault; });
}

Result<> DataFolder::replace(DataDirectory other) {
  std::erase_if(damages, [](const Damage& damage) { return damage.log.has_value(); });
  const Result<> assigned = log.assign(other.oldest_kept.offset(), other.wal.end().offset());
  if (assigned) data = std::move(other);
  return assigned;
}

void DataFolder::on_power_loss() {
  // A record that was cut through is no record: the log ends before it.
  data.wal.truncate(Lsn(log.written()));
  if (log.written() > data.wal.end().offset()) log.truncate(data.wal.end().offset());
  std::erase_if(damages, [this](const Damage& damage) { return damage.log && *damage.log >= data.wal.end(); });
  for (ReplicationSlot& slot : data.slots) slot.active = false;
  server = Pid();
}

bool contains(const DataDirectory& log, const DataDirectory& prefix) {
  return log.control.system_identifier == prefix.control.system_identifier &&
         contains(log.wal, prefix.wal, prefix.wal.end());
}

DataDirectory make_data_directory(std::uint64_t system_identifier, std::uint32_t writer, std::uint64_t segment_size,
                                  bool data_checksums) {
  DataDirectory directory;
  directory.segment_size = segment_size;
  const Lsn begin(std::max<std::uint64_t>(segment_size, 1 << 20) + 0x28);
  directory.wal = Wal(begin);
  directory.wal.begin_store({writer, 1, 0});
  const WalRecord& checkpoint = directory.wal.append(WalKind::checkpoint_shutdown, 0, 0);
  directory.oldest_kept = directory.segment_begin(begin);
  directory.control = {.system_identifier = system_identifier,
                       .state = ClusterState::shut_down,
                       .checkpoint = checkpoint.start(),
                       .redo = checkpoint.start(),
                       .checkpoint_timeline = 1,
                       .min_recovery_point = Lsn(),
                       .min_recovery_timeline = 0,
                       .data_checksums = data_checksums,
                       .wal_log_hints = false};
  return directory;
}

}  // namespace heir::sim
