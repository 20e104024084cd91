#include "sim/disk/log_file.h"

namespace heir::sim {

LogFile::LogFile(Disk& disk, std::uint64_t start) : disk_(&disk), start_(start), written_(start), durable_(start) {
  disk.add_log(*this);
}

LogFile::~LogFile() {
  disk_->give_space_back(written_ - start_);
  disk_->remove_log(*this);
}

Result<> LogFile::append(std::uint64_t bytes) {
  if (auto may = disk_->may_write(); !may) return may;
  if (auto room = disk_->take_space(bytes); !room) return room;
  written_ += bytes;
  return {};
}

void LogFile::sync(Gate* gate, DiskHandler& handler, std::uint64_t cookie) {
  Disk::Sync& sync = disk_->begin_sync(Disk::SyncKind::log, gate, handler, cookie);
  sync.log = this;
  sync.written = written_;
  sync.epoch = epoch_;
}

void LogFile::truncate(std::uint64_t offset) {
  ASSERT(offset >= start_ && offset <= written_, "a log is cut within its range");
  disk_->give_space_back(written_ - offset);
  written_ = offset;
  if (durable_ > offset) durable_ = offset;
  if (lost_from_ >= offset) lost_from_ = UINT64_MAX;
  ++epoch_;
}

void LogFile::drop_before(std::uint64_t offset) {
  if (offset <= start_) return;
  ASSERT(offset <= durable_, "what is dropped from a log's beginning is durable");
  disk_->give_space_back(offset - start_);
  start_ = offset;
}

Result<> LogFile::assign(std::uint64_t start, std::uint64_t end) {
  ASSERT(start <= end, "a range");
  disk_->give_space_back(written_ - start_);
  start_ = written_ = durable_ = start;
  lost_from_ = UINT64_MAX;
  ++epoch_;
  if (auto room = disk_->take_space(end - start); !room) return room;
  written_ = durable_ = end;
  return {};
}

void LogFile::power_loss(std::uint64_t survives) {
  disk_->give_space_back(written_ - survives);
  written_ = durable_ = survives;
  lost_from_ = UINT64_MAX;
  ++epoch_;
}

void LogFile::make_durable(std::uint64_t offset) {
  durable_ = std::max(durable_, std::min(offset, lost_from_));
}

}  // namespace heir::sim
