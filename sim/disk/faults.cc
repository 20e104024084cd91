// What faults do to the disk as a whole, and the disk as a value.
#include <algorithm>

#include "sim/disk/disk.h"

namespace heir::sim {

namespace {

/// From `offset` on it reads as this, as far as it reaches.
void overwrite(Bytes& content, std::size_t offset, std::string_view with) {
  if (offset >= content.size()) return;
  const std::size_t length = std::min(with.size(), content.size() - offset);
  content.replace(offset, length, with.substr(0, length));
}

}  // namespace

// --- Laid on and lifted

DiskFaultId Disk::lay_on(const DiskFault& fault) {
  faults_.push_back({new_fault(), fault});
  return faults_.back().id;
}

void Disk::lift(DiskFaultId fault) {
  const bool was_stuck = is_stuck();
  std::erase_if(faults_, [fault](const LaidOn& on) { return on.id == fault; });
  std::erase_if(damaged_, [fault](const Damaged& part) { return part.id == fault; });
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

/// Of a file that holds something; else kNone.
std::uint32_t Disk::find_content(std::string_view path) const {
  const std::uint32_t inode = find(path);
  return inode != kNone && !inodes_[inode].is_directory && inodes_[inode].content ? inode : kNone;
}

void Disk::reads_as(std::uint32_t inode, std::size_t offset, Bytes content, DiskFaultId id) {
  damaged_.push_back({id, inode, inodes_[inode].generation, offset, std::move(content)});
}

bool Disk::damage_file(std::string_view path, DiskFaultId id, RandomStream& random) {
  const std::uint32_t inode = find_content(path);
  if (inode == kNone) return false;
  const Bytes& content = *inodes_[inode].content;
  const std::size_t offset = random.below(content.size());
  reads_as(inode, offset, Bytes(1, static_cast<char>(content[offset] ^ (1 << random.below(8)))), id);
  return true;
}

/// Where one of its pages begins. REQUIRES that it is not empty.
std::size_t Disk::draw_page(std::size_t file_size, RandomStream& random) const {
  return random.below((file_size - 1) / page_size + 1) * page_size;
}

bool Disk::damage_page(std::string_view path, DiskFaultId id, RandomStream& random) {
  const std::uint32_t inode = find_content(path);
  if (inode == kNone) return false;
  const Bytes& content = *inodes_[inode].content;
  const std::size_t offset = draw_page(content.size(), random);
  Bytes noise = content.substr(offset, page_size);
  for (char& byte : noise) byte = static_cast<char>(byte ^ (1 + random.below(255)));
  reads_as(inode, offset, std::move(noise), id);
  return true;
}

bool Disk::misdirect_page(std::string_view from, std::string_view to, DiskFaultId id, RandomStream& random) {
  const std::uint32_t lacks = find_content(from);
  const std::uint32_t takes = find_content(to);
  if (lacks == kNone || takes == kNone || lacks == takes) return false;
  const std::size_t gone = draw_page(size_of(inodes_[lacks].content), random);
  const std::size_t hit = draw_page(size_of(inodes_[takes].content), random);
  const Bytes lost = inodes_[lacks].content->substr(gone, page_size);
  reads_as(lacks, gone, Bytes(lost.size(), '\0'), id);
  reads_as(takes, hit, lost, id);
  return true;
}

bool Disk::is_damaged() const {
  return std::any_of(damaged_.begin(), damaged_.end(), [this](const Damaged& part) {
    return inodes_[part.inode].is_used && inodes_[part.inode].generation == part.inode_generation;
  });
}

void Disk::damage(std::uint32_t inode, Bytes& content) const {
  for (const Damaged& part : damaged_)
    if (part.inode == inode && part.inode_generation == inodes_[inode].generation)
      overwrite(content, part.offset, part.reads_as);
}

Result<Bytes> Disk::read_by_program(std::string_view path) {
  Result<Bytes> content = read(path);
  if (!content || content->empty()) return content;
  for (const LaidOn& on : faults_) {
    if (on.fault.stray_reads == Ratio::never() || !fault_random_.chance(on.fault.stray_reads)) continue;
    const Entries& beside = inodes_[inodes_[find(path)].parent].entries;
    auto other = beside.begin();
    std::advance(other, static_cast<std::ptrdiff_t>(fault_random_.below(beside.size())));
    const std::size_t offset = draw_page(content->size(), fault_random_);
    Bytes page = inodes_[other->second].content ? inodes_[other->second].content->substr(0, page_size) : Bytes();
    page.resize(page_size);
    overwrite(*content, offset, page);
    break;
  }
  return content;
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
