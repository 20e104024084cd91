// Names and contents in the page cache.
#include "sim/disk/disk.h"

#include <algorithm>

#include "sim/disk/log_file.h"

namespace heir::sim {

Disk::Disk(Kernel& kernel, std::string_view name, const DiskParameters& parameters)
    : EventTarget(kernel, name),
      parameters_(parameters),
      random_(kernel.stream("disk/" + std::string(name))),
      power_random_(kernel.stream("disk/" + std::string(name) + "/power-loss")),
      fault_random_(kernel.stream("disk/" + std::string(name) + "/faults")),
      io_random_(kernel.stream("disk/" + std::string(name) + "/io")) {
  const std::uint32_t root = take_inode(true);
  ASSERT(root == kRoot, "the root is first");
}

Disk::~Disk() {
  // Objects in folders hold logs of this disk: they go first.
  for (Inode& inode : inodes_) {
    inode.object.reset();
    inode.durable_object.reset();
  }
}

bool Disk::exists(std::string_view path) const {
  return find(path) != kNone;
}

bool Disk::is_directory(std::string_view path) const {
  const std::uint32_t inode = find(path);
  return inode != kNone && inodes_[inode].is_directory;
}

Result<Bytes> Disk::read(std::string_view path) const {
  const std::uint32_t inode = find(path);
  if (inode == kNone) return {ErrorCode::not_found, std::string(path)};
  if (inodes_[inode].is_directory) return {ErrorCode::invalid, std::string(path) + " is a folder"};
  const Content& content = inodes_[inode].content;
  Bytes read = content ? *content : Bytes();
  if (!damaged_.empty()) damage(inode, read);
  return read;
}

Result<> Disk::write(std::string_view path, Bytes content) {
  if (auto may = may_write(); !may) return may;
  const std::uint32_t inode = find(path);
  if (inode != kNone) {
    if (inodes_[inode].is_directory) return {ErrorCode::invalid, std::string(path) + " is a folder"};
    return set_content(inode, std::move(content));
  }
  const auto at = place(path);
  if (!at) return at.error();
  const std::uint32_t made = take_inode(false);
  const auto written = set_content(made, std::move(content));
  // As open() with O_CREAT does: the name is there even if there was no room for the content.
  link(*at, made);
  return written;
}

Result<> Disk::append(std::string_view path, std::string_view content) {
  if (auto may = may_write(); !may) return may;
  const std::uint32_t inode = find(path);
  if (inode == kNone) return write(path, Bytes(content));
  if (inodes_[inode].is_directory) return {ErrorCode::invalid, std::string(path) + " is a folder"};
  const Content& old = inodes_[inode].content;
  Bytes whole;
  whole.reserve(size_of(old) + content.size());
  if (old) whole += *old;
  whole += content;
  return set_content(inode, std::move(whole), true);
}

Result<> Disk::make_directory(std::string_view path) {
  if (find(path) != kNone) return {ErrorCode::already_exists, std::string(path)};
  if (auto may = may_write(); !may) return may;
  const auto at = place(path);
  if (!at) return at.error();
  link(*at, take_inode(true));
  return {};
}

Result<> Disk::make_directories(std::string_view path) {
  for (std::size_t end = 1; end <= path.size(); ++end) {
    if (end < path.size() && path[end] != '/') continue;
    const std::string_view part = path.substr(0, end);
    if (is_directory(part)) continue;
    if (auto made = make_directory(part); !made) return made;
  }
  return {};
}

Result<> Disk::rename(std::string_view from, std::string_view to) {
  const std::uint32_t inode = find(from);
  if (inode == kNone) return {ErrorCode::not_found, std::string(from)};
  if (inode == kRoot) return {ErrorCode::invalid, "the root cannot be renamed"};
  if (auto may = may_write(); !may) return may;
  const auto at = place(to);
  if (!at) return at.error();
  for (std::uint32_t above = at->folder; above != kNone; above = inodes_[above].parent) {
    if (above == inode) return {ErrorCode::invalid, std::string(from) + " cannot be moved into itself"};
  }
  const std::uint32_t there = find(to);
  if (there == inode) return {};
  if (there != kNone) {
    const Inode& target = inodes_[there];
    if (!target.entries.empty() || target.object)
      return {ErrorCode::already_exists, std::string(to) + " is a folder with content"};
    if (inodes_[inode].is_directory && !target.is_directory)
      return {ErrorCode::invalid, std::string(to) + " is a file"};
    detach_tree(there);
  }
  const std::string name(at->name);
  unlink(inode);
  link({at->folder, name}, inode);
  return {};
}

Result<> Disk::remove(std::string_view path) {
  const std::uint32_t inode = find(path);
  if (inode == kNone) return {};
  if (inode == kRoot) return {ErrorCode::invalid, "the root cannot be removed"};
  if (auto may = may_write(); !may) return may;
  detach_tree(inode);
  return {};
}

Result<std::vector<std::string>> Disk::list(std::string_view path) const {
  const std::uint32_t inode = find(path);
  if (inode == kNone) return {ErrorCode::not_found, std::string(path)};
  if (!inodes_[inode].is_directory) return {ErrorCode::invalid, std::string(path) + " is a file"};
  std::vector<std::string> names;
  names.reserve(inodes_[inode].entries.size());
  for (const auto& [name, child] : inodes_[inode].entries) names.push_back(name);
  return names;
}

Result<> Disk::attach(std::string_view folder, std::shared_ptr<FolderObject> object) {
  const std::uint32_t inode = find(folder);
  if (inode == kNone) return {ErrorCode::not_found, std::string(folder)};
  if (!inodes_[inode].is_directory) return {ErrorCode::invalid, std::string(folder) + " is a file"};
  inodes_[inode].object = std::move(object);
  return {};
}

std::shared_ptr<FolderObject> Disk::attached(std::string_view folder) const {
  const std::uint32_t inode = find(folder);
  return inode == kNone ? nullptr : inodes_[inode].object;
}

Result<> Disk::take_space(std::uint64_t bytes) {
  const bool full = std::any_of(faults_.begin(), faults_.end(), [](const LaidOn& on) { return on.fault.full; });
  if (full && bytes > 0) return {ErrorCode::out_of_space, "no space left on the disk of " + name()};
  if (used_ > parameters_.capacity || bytes > parameters_.capacity - used_) {
    return {ErrorCode::out_of_space, "no space left on the disk of " + name()};
  }
  used_ += bytes;
  return {};
}

void Disk::give_space_back(std::uint64_t bytes) {
  ASSERT(bytes <= used_, "more space given back than taken");
  used_ -= bytes;
}

// --- Names
// --------------------------------------------------------------------------------------------------------------

std::uint32_t Disk::find(std::string_view path) const {
  if (path.empty() || path.front() != '/') return kNone;
  std::uint32_t inode = kRoot;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(name.size());
    if (name.empty()) continue;  // "/" and doubled or trailing slashes
    if (!inodes_[inode].is_directory) return kNone;
    const auto child = inodes_[inode].entries.find(name);
    if (child == inodes_[inode].entries.end()) return kNone;
    inode = child->second;
  }
  return inode;
}

Result<Disk::Place> Disk::place(std::string_view path) const {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (path.empty() || path.front() != '/')
    return {ErrorCode::invalid, "a path begins with /: \"" + std::string(path) + "\""};
  const std::string_view folder = slash == 0 ? "/" : path.substr(0, slash);
  const std::uint32_t parent = find(folder);
  if (parent == kNone) return {ErrorCode::not_found, std::string(folder)};
  if (!inodes_[parent].is_directory) return {ErrorCode::invalid, std::string(folder) + " is a file"};
  const std::string_view name = path.substr(slash + 1);
  if (name.empty()) return {ErrorCode::invalid, "a name is needed: \"" + std::string(path) + "\""};
  return Place{parent, name};
}

std::uint32_t Disk::take_inode(bool is_directory) {
  std::uint32_t inode = static_cast<std::uint32_t>(inodes_.size());
  if (free_inodes_.empty()) {
    inodes_.emplace_back();
  } else {
    inode = free_inodes_.back();
    free_inodes_.pop_back();
  }
  inodes_[inode].is_used = true;
  inodes_[inode].is_directory = is_directory;
  return inode;
}

void Disk::link(const Place& place, std::uint32_t inode) {
  inodes_[place.folder].entries.insert_or_assign(std::string(place.name), inode);
  inodes_[inode].parent = place.folder;
  inodes_[inode].name = place.name;
}

void Disk::unlink(std::uint32_t inode) {
  Inode& node = inodes_[inode];
  inodes_[node.parent].entries.erase(node.name);
  node.parent = kNone;
}

/// Takes a file, or a folder with all in it, out of the page cache.
void Disk::detach_tree(std::uint32_t inode) {
  while (!inodes_[inode].entries.empty()) detach_tree(inodes_[inode].entries.begin()->second);
  unlink(inode);
  used_ -= size_of(inodes_[inode].content);
  inodes_[inode].content.reset();
  const auto object = std::move(inodes_[inode].object);  // its destructor may come back to this disk
  free_if_unlinked(inode);
  if (object) object->on_removed();
}

Result<> Disk::set_content(std::uint32_t inode, Bytes content, bool is_append) {
  const std::size_t before = size_of(inodes_[inode].content);
  if (content.size() > before) {
    if (auto room = take_space(content.size() - before); !room) return room;
  } else {
    give_space_back(before - content.size());
  }
  inodes_[inode].content = content.empty() ? nullptr : std::make_shared<const Bytes>(std::move(content));
  // A sector that is written is good again; what was appended to keeps what lies before.
  std::erase_if(damaged_, [&](const Damaged& part) { return part.inode == inode && !is_append; });
  return {};
}

}  // namespace heir::sim
