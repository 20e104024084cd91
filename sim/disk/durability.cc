// Syncs, and what a loss of power leaves.
#include <algorithm>

#include "sim/disk/disk.h"
#include "sim/disk/log_file.h"

namespace heir::sim {

// --- Syncs under way
// ----------------------------------------------------------------------------------------------------

Disk::Sync& Disk::begin_sync(SyncKind kind, Gate* gate, DiskHandler& handler, std::uint64_t cookie) {
  if (free_syncs_ == kNone) {
    free_syncs_ = static_cast<std::uint32_t>(syncs_.size());
    syncs_.emplace_back();
  }
  const std::uint32_t slot = free_syncs_;
  Sync& sync = syncs_[slot];
  free_syncs_ = sync.next_free;
  sync.kind = kind;
  sync.is_used = true;
  sync.done = false;
  sync.found = true;
  sync.gate = gate;
  sync.handler = &handler;
  sync.cookie = cookie;
  const bool slow = parameters_.tail_chance > Ratio() && random_.chance(parameters_.tail_chance);
  const Duration takes = slow ? random_.between(parameters_.tail_low, parameters_.tail_high)
                              : random_.between(parameters_.sync_low, parameters_.sync_high);
  sync.event = kernel().schedule_after(takes, *this, kSynced, (std::uint64_t{sync.generation} << 32) | slot);
  if (sync_watcher_) sync_watcher_();
  return sync;
}

void Disk::sync_file(std::string_view path, Gate* gate, DiskHandler& handler, std::uint64_t cookie) {
  const std::uint32_t inode = find(path);
  const bool found = inode != kNone && !inodes_[inode].is_directory;
  Sync& sync = begin_sync(found ? SyncKind::file : SyncKind::nothing, gate, handler, cookie);
  sync.found = found;
  if (!found) return;
  sync.inode = inode;
  sync.inode_generation = inodes_[inode].generation;
  sync.content = inodes_[inode].content;
}

void Disk::sync_directory(std::string_view path, Gate* gate, DiskHandler& handler, std::uint64_t cookie) {
  const std::uint32_t inode = find(path);
  const bool found = inode != kNone && inodes_[inode].is_directory;
  Sync& sync = begin_sync(found ? SyncKind::directory : SyncKind::nothing, gate, handler, cookie);
  sync.found = found;
  if (!found) return;
  sync.inode = inode;
  sync.inode_generation = inodes_[inode].generation;
}

void Disk::on_event(std::uint32_t kind, std::uint64_t argument) {
  const auto slot = static_cast<std::uint32_t>(argument);
  Sync& sync = syncs_[slot];
  if (!sync.is_used || sync.generation != argument >> 32) return;
  if (kind == kSynced) {
    sync.event = EventId();
    apply(sync);
    sync.done = true;
    if (!sync.handler) return free_sync(slot);
    if (sync.gate && !sync.gate->admit(*this, kHandOver, argument)) return;
  }
  hand_over(slot);
}

void Disk::hand_over(std::uint32_t slot) {
  const Sync& sync = syncs_[slot];
  DiskHandler* handler = sync.handler;
  Gate* gate = sync.gate;
  const std::uint64_t cookie = sync.cookie;
  const bool found = sync.found;
  free_sync(slot);
  const Gate::Entry entry(gate);
  handler->on_disk_done(cookie, found ? Result<>() : Result<>(ErrorCode::not_found, "nothing to sync under this name"));
}

void Disk::free_sync(std::uint32_t slot) {
  Sync& sync = syncs_[slot];
  kernel().cancel(sync.event);
  sync.event = EventId();
  sync.is_used = false;
  sync.content.reset();
  sync.log = nullptr;
  sync.handler = nullptr;
  sync.gate = nullptr;
  sync.inode = kNone;
  ++sync.generation;
  sync.next_free = free_syncs_;
  free_syncs_ = slot;
}

void Disk::release(Gate& gate) {
  for (std::uint32_t slot = 0; slot < syncs_.size(); ++slot) {
    Sync& sync = syncs_[slot];
    if (!sync.is_used || sync.gate != &gate) continue;
    if (sync.done) {
      free_sync(slot);
    } else {
      sync.gate = nullptr;
      sync.handler = nullptr;
    }
  }
}

std::string Disk::describe(std::uint32_t kind, std::uint64_t argument) const {
  static constexpr const char* kKinds[] = {"file", "folder", "log", "nothing"};
  const Sync& sync = syncs_[static_cast<std::uint32_t>(argument)];
  return std::string(kind == kSynced ? "synced " : "sync handed over, of ") +
         kKinds[static_cast<std::size_t>(sync.kind)];
}

void Disk::apply(const Sync& sync) {
  switch (sync.kind) {
    case SyncKind::file:
      if (inodes_[sync.inode].generation == sync.inode_generation) inodes_[sync.inode].durable_content = sync.content;
      return;
    case SyncKind::directory:
      if (inodes_[sync.inode].generation == sync.inode_generation) make_names_durable(sync.inode);
      return;
    case SyncKind::log:
      if (sync.log && sync.log->epoch_ == sync.epoch) sync.log->durable_ = std::max(sync.log->durable_, sync.written);
      return;
    case SyncKind::nothing: return;
  }
}

// --- The durable layer
// --------------------------------------------------------------------------------------------------

/// Makes the folder's names those of the page cache. What has moved elsewhere is durable in its new place with that,
/// and what has come from elsewhere is durably gone from there: a rename is one entry of a file system's journal.
void Disk::make_names_durable(std::uint32_t folder) {
  inodes_[folder].durable_object = inodes_[folder].object;
  const Entries before = inodes_[folder].durable_entries;
  for (const auto& [name, child] : before) {
    const Inode& node = inodes_[child];
    if (!node.is_used || node.durable_parent != folder || (node.parent == folder && node.name == name)) continue;
    const std::uint32_t elsewhere = node.parent;
    unlink_durable(child);
    if (elsewhere != kNone && elsewhere != folder) link_durable(elsewhere, std::string(inodes_[child].name), child);
    free_if_unlinked(child);
  }
  const Entries now = inodes_[folder].entries;
  for (const auto& [name, child] : now) {
    const Inode& node = inodes_[child];
    if (node.durable_parent == folder && node.durable_name == name) continue;
    if (node.durable_parent != kNone) unlink_durable(child);
    link_durable(folder, name, child);
  }
}

void Disk::link_durable(std::uint32_t folder, const std::string& name, std::uint32_t inode) {
  const auto [place, is_new] = inodes_[folder].durable_entries.try_emplace(name, inode);
  if (!is_new) {
    const std::uint32_t displaced = place->second;
    place->second = inode;
    inodes_[displaced].durable_parent = kNone;
    free_if_unlinked(displaced);
  }
  inodes_[inode].durable_parent = folder;
  inodes_[inode].durable_name = name;
}

void Disk::unlink_durable(std::uint32_t inode) {
  Inode& node = inodes_[inode];
  inodes_[node.durable_parent].durable_entries.erase(node.durable_name);
  node.durable_parent = kNone;
}

void Disk::free_if_unlinked(std::uint32_t inode) {
  if (inode == kRoot || !inodes_[inode].is_used || inodes_[inode].parent != kNone ||
      inodes_[inode].durable_parent != kNone)
    return;
  // A folder that is nowhere: what was durable in it only has no place either.
  const Entries children = std::move(inodes_[inode].durable_entries);
  const auto object = std::move(inodes_[inode].durable_object);
  const std::uint32_t generation = inodes_[inode].generation + 1;
  inodes_[inode] = Inode();
  inodes_[inode].generation = generation;
  free_inodes_.push_back(inode);
  for (const auto& [name, child] : children) {
    inodes_[child].durable_parent = kNone;
    free_if_unlinked(child);
  }
}

void Disk::make_tree_durable(std::uint32_t inode) {
  if (!inodes_[inode].is_directory) {
    inodes_[inode].durable_content = inodes_[inode].content;
    return;
  }
  make_names_durable(inode);
  const Entries entries = inodes_[inode].entries;
  for (const auto& [name, child] : entries) make_tree_durable(child);
}

Result<> Disk::sync_tree_now(std::string_view path) {
  const std::uint32_t inode = find(path);
  if (inode == kNone) return {ErrorCode::not_found, std::string(path)};
  make_tree_durable(inode);
  // Its own name, and those of the folders above it.
  for (std::uint32_t each = inode; each != kRoot; each = inodes_[each].parent) {
    if (inodes_[each].durable_parent == inodes_[each].parent && inodes_[each].durable_name == inodes_[each].name)
      continue;
    if (inodes_[each].durable_parent != kNone) unlink_durable(each);
    const std::string name = inodes_[each].name;
    link_durable(inodes_[each].parent, name, each);
  }
  return {};
}

// --- Loss of power
// ------------------------------------------------------------------------------------------------------

void Disk::power_loss(UnsyncedFate fate) {
  for (std::uint32_t slot = 0; slot < syncs_.size(); ++slot) {
    if (syncs_[slot].is_used) free_sync(slot);
  }
  const auto survives = [this, fate] {
    return fate == UnsyncedFate::keep || (fate == UnsyncedFate::draw && random_.chance(Ratio::percent(50)));
  };
  for (std::uint32_t inode = 0; inode < inodes_.size(); ++inode) {
    if (!inodes_[inode].is_used || !survives()) continue;
    if (inodes_[inode].is_directory) {
      make_names_durable(inode);
    } else if (inodes_[inode].parent != kNone) {
      inodes_[inode].durable_content = inodes_[inode].content;
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
    const std::uint64_t end = fate == UnsyncedFate::drop ? log->durable_
                              : fate == UnsyncedFate::keep
                                  ? log->written_
                                  : log->durable_ + random_.below(log->written_ - log->durable_ + 1);
    log->power_loss(end);
  }
  lost.clear();
  std::vector<std::shared_ptr<FolderObject>> objects;
  for (const Inode& node : inodes_) {
    if (node.object) objects.push_back(node.object);
  }
  for (const auto& object : objects) object->on_power_loss();
}

// --- Logs
// ---------------------------------------------------------------------------------------------------------------

void Disk::add_log(LogFile& log) {
  logs_.push_back(&log);
}

void Disk::remove_log(LogFile& log) {
  std::erase(logs_, &log);
  for (Sync& sync : syncs_) {
    if (sync.log == &log) sync.log = nullptr;
  }
}

}  // namespace heir::sim
