// What a loss of power leaves.
#include <algorithm>

#include "sim/disk/disk.h"
#include "sim/disk/log_file.h"

namespace heir::sim {

namespace {

constexpr std::size_t sector_size = 512;

/// [begin, end) of the content, with zeros where a file has a hole.
void copy_range(const std::shared_ptr<const Bytes>& from, std::size_t begin, std::size_t end, Bytes& to) {
  for (std::size_t i = begin; i < end; ++i) to[i] = from && i < from->size() ? (*from)[i] : '\0';
}

}  // namespace

Disk::Fate Disk::draw_fate() {
  const DiskParameters& weights = parameters_;
  std::uint64_t drawn =
      power_random_.below(std::uint64_t{weights.kept} + weights.dropped + weights.torn + weights.garbage);
  if (drawn < weights.kept) return Fate::kept;
  drawn -= weights.kept;
  if (drawn < weights.dropped) return Fate::dropped;
  return drawn - weights.dropped < weights.torn ? Fate::torn : Fate::garbage;
}

/// Page by page, sector by sector, between what was durable and what was written.
Disk::Content Disk::survivor(const Content& durable, const Content& written) {
  if (durable == written || (durable && written && *durable == *written)) return durable;
  const bool resized = size_of(durable) != size_of(written) && draw_fate() == Fate::kept;
  const std::size_t size = size_of(resized ? written : durable);
  if (size == 0) return nullptr;
  Bytes left(size, '\0');
  copy_range(durable, 0, size, left);
  for (std::size_t page = 0; page < size; page += page_size) {
    const std::size_t page_end = std::min(page + page_size, size);
    Bytes changed = left;
    copy_range(written, page, page_end, changed);
    if (changed == left) continue;
    const Fate fate = draw_fate();
    if (fate == Fate::kept) left = changed;
    if (fate == Fate::kept || fate == Fate::dropped) continue;
    for (std::size_t sector = page; sector < page_end; sector += sector_size) {
      const std::size_t end = std::min(sector + sector_size, page_end);
      const std::uint64_t drawn = power_random_.below(fate == Fate::torn ? 2 : 3);
      if (drawn == 1) copy_range(written, sector, end, left);
      for (std::size_t i = sector; drawn == 2 && i < end; ++i) left[i] = static_cast<char>(power_random_.below(256));
    }
  }
  return std::make_shared<const Bytes>(std::move(left));
}

/// A log is read up to its first sector that is not as it was written.
std::uint64_t Disk::surviving_end(std::uint64_t durable, std::uint64_t written) {
  std::uint64_t end = durable;
  while (end < written) {
    const Fate fate = draw_fate();
    if (fate == Fate::dropped) return end;
    const std::uint64_t page_end = std::min((end / page_size + 1) * page_size, written);
    while (fate != Fate::kept && end < page_end) {
      if (power_random_.below(2) == 0) return end;
      end = std::min((end / sector_size + 1) * sector_size, page_end);
    }
    end = page_end;
  }
  return end;
}

void Disk::power_loss(UnsyncedFate fate) {
  for (std::uint32_t slot = 0; slot < syncs_.size(); ++slot) {
    if (syncs_[slot].is_used) free_sync(slot);
  }
  lied_.clear();
  for (std::uint32_t inode = 0; inode < inodes_.size() && fate != UnsyncedFate::drop; ++inode) {
    if (!inodes_[inode].is_used) continue;
    if (inodes_[inode].is_directory) {
      if (fate == UnsyncedFate::keep || draw_fate() == Fate::kept) make_names_durable(inode);
    } else if (inodes_[inode].parent != kNone) {
      Inode& node = inodes_[inode];
      node.durable_content = fate == UnsyncedFate::keep ? node.content : survivor(node.durable_content, node.content);
    }
  }

  // The page cache is what is durable.
  for (std::uint32_t inode = 0; inode < inodes_.size(); ++inode) used_ -= size_of(inodes_[inode].content);
  std::vector<std::shared_ptr<FolderObject>>
      lost;  // objects whose destructors come back to this disk, when all is in order
  for (Inode& node : inodes_) {
    if (!node.is_used) continue;
    node.content = node.durable_content;
    node.entries = node.durable_entries;
    node.parent = node.durable_parent;
    node.name = node.durable_name;
    lost.push_back(std::move(node.object));
    node.object = node.durable_object;
    lost.push_back(node.durable_object);
  }
  std::vector<std::uint32_t> reached{kRoot};
  std::vector<bool> is_reached(inodes_.size());
  is_reached[kRoot] = true;
  for (std::size_t i = 0; i < reached.size(); ++i) {
    for (const auto& [name, child] : inodes_[reached[i]].entries) {
      reached.push_back(child);
      is_reached[child] = true;
    }
  }
  for (std::uint32_t inode = 0; inode < inodes_.size(); ++inode) {
    if (!inodes_[inode].is_used || is_reached[inode]) continue;
    const std::uint32_t generation = inodes_[inode].generation + 1;
    inodes_[inode] = Inode();
    inodes_[inode].generation = generation;
    free_inodes_.push_back(inode);
  }
  for (const Inode& node : inodes_) used_ += size_of(node.content);

  for (LogFile* log : logs_) {
    const std::uint64_t written = log->readable_end();
    const std::uint64_t end = fate == UnsyncedFate::drop   ? log->durable_
                              : fate == UnsyncedFate::keep ? written
                                                           : surviving_end(log->durable_, written);
    log->power_loss(end);
  }
  lost.clear();
  std::vector<std::shared_ptr<FolderObject>> objects;
  for (const Inode& node : inodes_) {
    if (node.object) objects.push_back(node.object);
  }
  for (const auto& object : objects) object->on_power_loss();
}

}  // namespace heir::sim
