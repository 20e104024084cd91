// What faults do to the disk as a whole, and the disk as a value.
#include <algorithm>

#include "sim/disk/disk.h"

namespace heir::sim {

// --- Laid on and lifted

DiskFaultId Disk::lay_on(const DiskFault& fault) {
  faults_.push_back({new_fault(), fault});
  return faults_.back().id;
}

void Disk::lift(DiskFaultId fault) {
  const bool was_stuck = is_stuck();
  std::erase_if(faults_, [fault](const LaidOn& on) { return on.id == fault; });
  std::erase_if(damaged_, [fault](const DamagedByte& byte) { return byte.id == fault; });
  if (std::none_of(faults_.begin(), faults_.end(), [](const LaidOn& on) { return on.fault.sync == SyncAnswer::lie; }))
    make_lies_true();
  if (!was_stuck || is_stuck()) return;
  for (std::uint32_t slot = 0; slot < syncs_.size(); ++slot) {
    Sync& sync = syncs_[slot];
    if (!sync.is_used || sync.done || sync.event) continue;
    sync.event = kernel().schedule_after(sync_time(), *this, kSynced, (std::uint64_t{sync.generation} << 32) | slot);
  }
}

Result<> Disk::may_write() const {
  const bool read_only =
      std::any_of(faults_.begin(), faults_.end(), [](const LaidOn& on) { return on.fault.read_only; });
  if (read_only) return {ErrorCode::io_error, "Read-only file system"};
  return {};
}

bool Disk::is_stuck() const {
  return std::any_of(faults_.begin(), faults_.end(), [](const LaidOn& on) { return on.fault.stuck; });
}

Duration Disk::sync_time() {
  for (const LaidOn& on : faults_) {
    if (on.fault.slow && fault_random_.chance(on.fault.slow->chance))
      return fault_random_.between(on.fault.slow->low, on.fault.slow->high);
  }
  const bool slow = parameters_.tail_chance > Ratio() && random_.chance(parameters_.tail_chance);
  return slow ? random_.between(parameters_.tail_low, parameters_.tail_high)
              : random_.between(parameters_.sync_low, parameters_.sync_high);
}

SyncAnswer Disk::sync_answer() {
  for (const LaidOn& on : faults_) {
    if (on.fault.sync != SyncAnswer::honest && fault_random_.chance(on.fault.sync_chance)) return on.fault.sync;
  }
  return SyncAnswer::honest;
}

bool Disk::damage_file(std::string_view path, DiskFaultId id, RandomStream& random) {
  const std::uint32_t inode = find(path);
  if (inode == kNone || inodes_[inode].is_directory || size_of(inodes_[inode].content) == 0) return false;
  DamagedByte byte;
  byte.id = id;
  byte.inode = inode;
  byte.inode_generation = inodes_[inode].generation;
  byte.offset = random.below(size_of(inodes_[inode].content));
  byte.mask = static_cast<char>(1 << random.below(8));
  damaged_.push_back(byte);
  return true;
}

void Disk::damage(std::uint32_t inode, Bytes& content) const {
  for (const DamagedByte& byte : damaged_) {
    if (byte.inode != inode || byte.inode_generation != inodes_[inode].generation || byte.offset >= content.size())
      continue;
    content[byte.offset] = static_cast<char>(content[byte.offset] ^ byte.mask);
  }
}

// --- The disk as a value

DiskImage::Node Disk::image_of(std::uint32_t inode) const {
  const Inode& from = inodes_[inode];
  DiskImage::Node node;
  node.is_directory = from.is_directory;
  node.content = from.durable_content;
  if (from.durable_object) node.object = from.durable_object->image();
  for (const auto& [name, child] : from.durable_entries) node.entries.emplace(name, image_of(child));
  return node;
}

DiskImage Disk::image() const {
  return {image_of(kRoot)};
}

void Disk::build(std::uint32_t inode, const DiskImage::Node& node) {
  inodes_[inode].content = node.content;
  used_ += size_of(node.content);
  if (node.object) inodes_[inode].object = node.object->restore(*this);
  for (const auto& [name, entry] : node.entries) {
    const std::uint32_t child = take_inode(entry.is_directory);
    link({inode, name}, child);
    build(child, entry);
  }
}

void Disk::replace(const DiskImage& image) {
  const std::vector<LaidOn> laid_on = std::exchange(faults_, {});  // they hinder nobody who changes disks
  lied_.clear();
  damaged_.clear();
  while (!inodes_[kRoot].entries.empty()) detach_tree(inodes_[kRoot].entries.begin()->second);
  make_names_durable(kRoot);
  build(kRoot, image.root);
  make_tree_durable(kRoot);
  faults_ = laid_on;
}

}  // namespace heir::sim
