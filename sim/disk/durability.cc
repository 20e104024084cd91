// Syncs, and the durable layer.
#include <algorithm>
#include <utility>

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
  sync.result = Result<>();
  sync.gate = gate;
  sync.handler = &handler;
  sync.cookie = cookie;
  const Duration takes = sync_time();
  if (!is_stuck())
    sync.event = kernel().schedule_after(takes, *this, kSynced, (std::uint64_t{sync.generation} << 32) | slot);
  if (sync_watcher_) sync_watcher_();
  return sync;
}

void Disk::sync_file(std::string_view path, Gate* gate, DiskHandler& handler, std::uint64_t cookie) {
  const std::uint32_t inode = find(path);
  const bool found = inode != kNone && !inodes_[inode].is_directory;
  Sync& sync = begin_sync(found ? SyncKind::file : SyncKind::nothing, gate, handler, cookie);
  if (!found) {
    sync.result = Error{ErrorCode::not_found, "nothing to sync under this name"};
    return;
  }
  sync.inode = inode;
  sync.inode_generation = inodes_[inode].generation;
  sync.content = inodes_[inode].content;
}

void Disk::sync_directory(std::string_view path, Gate* gate, DiskHandler& handler, std::uint64_t cookie) {
  const std::uint32_t inode = find(path);
  const bool found = inode != kNone && inodes_[inode].is_directory;
  Sync& sync = begin_sync(found ? SyncKind::directory : SyncKind::nothing, gate, handler, cookie);
  if (!found) {
    sync.result = Error{ErrorCode::not_found, "nothing to sync under this name"};
    return;
  }
  sync.inode = inode;
  sync.inode_generation = inodes_[inode].generation;
}

void Disk::on_event(std::uint32_t kind, std::uint64_t argument) {
  const auto slot = static_cast<std::uint32_t>(argument);
  Sync& sync = syncs_[slot];
  if (!sync.is_used || sync.generation != argument >> 32) return;
  if (kind == kSynced) {
    sync.event = EventId();
    if (sync.kind != SyncKind::nothing) sync.result = end_sync(sync);
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
  Result<> result = sync.result;
  free_sync(slot);
  const Gate::Entry entry(gate);
  handler->on_disk_done(cookie, std::move(result));
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
  static constexpr const char* kKinds[] = {"file", "folder", "log", "tree", "nothing"};
  const Sync& sync = syncs_[static_cast<std::uint32_t>(argument)];
  return std::string(kind == kSynced ? "synced " : "sync handed over, of ") +
         kKinds[static_cast<std::size_t>(sync.kind)];
}

Result<> Disk::end_sync(const Sync& sync) {
  if (auto may = may_write(); !may) return may;
  switch (sync_answer()) {
    case SyncAnswer::honest:
      make_lies_true();  // a flush of the drive's cache flushes all of it
      apply(sync);
      return {};
    case SyncAnswer::error_dropped: drop(sync); [[fallthrough]];
    case SyncAnswer::error: return {ErrorCode::io_error, "Input/output error"};
    case SyncAnswer::lie:
      lied_.push_back(sync);
      lied_.back().handler = nullptr;
      lied_.back().gate = nullptr;
      return {};
  }
  return {};
}

/// The page cache forgets what could not be written. Names stay: they are the journal's.
void Disk::drop(const Sync& sync) {
  if (sync.kind == SyncKind::log && sync.log) sync.log->lose_unsynced();
  if (sync.kind != SyncKind::file || inodes_[sync.inode].generation != sync.inode_generation) return;
  Inode& node = inodes_[sync.inode];
  used_ -= size_of(node.content);
  node.content = node.durable_content;
  used_ += size_of(node.content);
}

void Disk::make_lies_true() {
  // In place: one that makes names durable may end a log that another is of (remove_log).
  for (std::size_t i = 0; i < lied_.size(); ++i) apply(lied_[i]);
  lied_.clear();
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
      if (sync.log && sync.log->epoch_ == sync.epoch) sync.log->make_durable(sync.written);
      return;
    case SyncKind::tree:
      if (inodes_[sync.inode].generation == sync.inode_generation) make_path_durable(sync.inode);
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
  Sync sync;
  sync.kind = SyncKind::tree;
  sync.inode = inode;
  sync.inode_generation = inodes_[inode].generation;
  return end_sync(sync);
}

/// Everything under it, its own name, and those of the folders above it.
void Disk::make_path_durable(std::uint32_t inode) {
  make_tree_durable(inode);
  for (std::uint32_t each = inode; each != kRoot && each != kNone; each = inodes_[each].parent) {
    if (inodes_[each].durable_parent == inodes_[each].parent && inodes_[each].durable_name == inodes_[each].name)
      continue;
    if (inodes_[each].parent == kNone) return;  // it was removed meanwhile
    if (inodes_[each].durable_parent != kNone) unlink_durable(each);
    const std::string name = inodes_[each].name;
    link_durable(inodes_[each].parent, name, each);
  }
}

// --- Logs
// ---------------------------------------------------------------------------------------------------------------

void Disk::add_log(LogFile& log) {
  logs_.push_back(&log);
}

void Disk::remove_log(LogFile& log) {
  std::erase(logs_, &log);
  for (std::vector<Sync>* syncs : {&syncs_, &lied_})
    for (Sync& sync : *syncs)
      if (sync.log == &log) sync.log = nullptr;
}

}  // namespace heir::sim
