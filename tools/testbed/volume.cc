// Names, contents and what is durable of them.
#include "tools/testbed/volume.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace heir::testbed {

namespace {

int outcome(int returned) {
  return returned == 0 ? 0 : errno;
}

/// A file that is open as long as this is.
class Opened {
 public:
  Opened(Volume& volume, Volume::Node& node, Volume::Access access)
      : volume_(volume), node_(node), failed_(volume.open(node, access)) {}
  ~Opened() {
    if (failed_ == 0) volume_.close(node_);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;
  int failed() const { return failed_; }

 private:
  Volume& volume_;
  Volume::Node& node_;
  int failed_;
};

}  // namespace

Volume::Volume(std::string folder, std::string aside) : folder_(std::move(folder)), aside_(std::move(aside)) {
  ::mkdir(aside_.c_str(), 0700);
  add(S_IFDIR);
}

Volume::~Volume() {
  for (const auto& [number, node] : nodes_)
    if (node->file >= 0) ::close(node->file);
}

// ---- Nodes
// -----------------------------------------------------------------------------------------------------------------

Volume::Node& Volume::add(mode_t type) {
  auto node = std::make_unique<Node>();
  node->number = ++last_number_;
  node->type = type & S_IFMT;
  return *nodes_.emplace(last_number_, std::move(node)).first->second;
}

Volume::Node* Volume::node(std::uint64_t number) {
  const auto found = nodes_.find(number);
  return found == nodes_.end() ? nullptr : found->second.get();
}

std::string Volume::path(const Node& node) const {
  if (node.number == nodes_.begin()->first) return folder_;
  if (node.places.empty()) return aside_path(node);
  return path(*node.places.front().folder) + "/" + node.places.front().name;
}

std::string Volume::name_on_host(const Node& node) const {
  const std::vector<Place>& places = node.places.empty() ? node.durable_places : node.places;
  if (places.empty()) return "";
  return name_on_host(*places.front().folder) + "/" + places.front().name;
}

Volume::Node* Volume::at(std::string_view name_on_host) {
  Node* found = &root();
  while (found && !name_on_host.empty()) {
    name_on_host.remove_prefix(1);
    const std::string_view name = name_on_host.substr(0, name_on_host.find('/'));
    name_on_host.remove_prefix(name.size());
    found = find(*found, name);
  }
  return found;
}

void Volume::release(Node& node, std::uint64_t count) {
  node.holds -= std::min(node.holds, count);
  collect(node);
}

/// A node that is nowhere and in nobody's hands is no more.
void Volume::collect(Node& node) {
  if (&node == &root() || !node.places.empty() || is_needed(node)) return;
  if (std::exchange(node.is_set_aside, false)) ::unlink(aside_path(node).c_str());
  // A folder that is nowhere: what was durable in it only has no place either.
  const Entries children = std::exchange(node.durable_entries, {});
  std::vector<std::uint64_t> numbers;  // One of several names is collected once.
  for (const auto& [name, child] : children) {
    displace_durable(*child, {&node, name});
    numbers.push_back(child->number);
  }
  for (const std::uint64_t number : numbers)
    if (Node* const child = this->node(number)) collect(*child);
  // There is no file any more of which anything could be lost.
  node.unsynced.forget();
  if (node.holds > 0) return;
  std::erase_if(linked_, [&](const auto& entry) { return entry.second == &node; });
  nodes_.erase(node.number);
}

void Volume::read_folder(Node& folder) {
  if (std::exchange(folder.is_read, true)) return;
  const std::string where = path(folder);
  DIR* const open = ::opendir(where.c_str());
  if (!open) return;
  while (const dirent* entry = ::readdir(open)) {
    const std::string name = entry->d_name;
    struct stat status {};
    if (name == "." || name == ".." || ::lstat((where + "/" + name).c_str(), &status) != 0) continue;
    Node*& linked = linked_[status.st_ino];
    Node& node = linked ? *linked : add(status.st_mode);
    if (status.st_nlink > 1 && !S_ISDIR(status.st_mode))
      linked = &node;
    else
      linked_.erase(status.st_ino);
    place(node, folder, name);
    place_durable(node, {&folder, name});
  }
  ::closedir(open);
}

Volume::Node* Volume::find(Node& folder, std::string_view name) {
  read_folder(folder);
  const auto found = folder.entries.find(name);
  return found == folder.entries.end() ? nullptr : found->second;
}

const Volume::Entries& Volume::list(Node& folder) {
  read_folder(folder);
  return folder.entries;
}

// ---- Attributes
// ------------------------------------------------------------------------------------------------------------

int Volume::attributes(const Node& node, struct stat& attributes) const {
  if (node.is_folder() && node.places.empty() && node.number != nodes_.begin()->first)
    attributes = node.as_removed;
  else if (node.file >= 0 ? ::fstat(node.file, &attributes) != 0 : ::lstat(path(node).c_str(), &attributes) != 0)
    return errno;
  attributes.st_ino = node.number;
  return 0;
}

int Volume::change_mode(const Node& node, mode_t mode) {
  return outcome(::fchmodat(AT_FDCWD, path(node).c_str(), mode & 07777, 0));
}

int Volume::change_owner(const Node& node, uid_t user, gid_t group) {
  return outcome(::lchown(path(node).c_str(), user, group));
}

int Volume::change_times(const Node& node, const timespec (&times)[2]) {
  return outcome(::utimensat(AT_FDCWD, path(node).c_str(), times, AT_SYMLINK_NOFOLLOW));
}

// ---- Names
// -----------------------------------------------------------------------------------------------------------------

void Volume::place(Node& node, Node& folder, const std::string& name) {
  folder.entries[name] = &node;
  node.places.push_back({&folder, name});
}

void Volume::displace(Node& node, Node& folder, const std::string& name) {
  folder.entries.erase(name);
  std::erase(node.places, Place{&folder, name});
}

int Volume::make(Node& folder, const std::string& name, const New& what, Node*& made) {
  read_folder(folder);
  const std::string at = path(folder) + "/" + name;
  const mode_t mode = what.mode & 07777;
  int failed = 0;
  if (S_ISDIR(what.mode))
    failed = outcome(::mkdir(at.c_str(), mode));
  else if (S_ISLNK(what.mode))
    failed = outcome(::symlink(what.target.c_str(), at.c_str()));
  else
    failed = outcome(::mknod(at.c_str(), what.mode, what.device));
  if (failed != 0) return failed;
  // This process's umask has had a say, and its own user is the owner.
  if (failed = outcome(::lchown(at.c_str(), what.user, what.group)); failed == 0 && !S_ISLNK(what.mode))
    failed = outcome(::chmod(at.c_str(), mode));
  made = &add(what.mode);
  made->is_read = true;
  place(*made, folder, name);
  return failed;
}

int Volume::link(Node& node, Node& folder, const std::string& name) {
  read_folder(folder);
  if (node.places.empty()) return ENOENT;
  if (::link(path(node).c_str(), (path(folder) + "/" + name).c_str()) != 0) return errno;
  place(node, folder, name);
  return 0;
}

int Volume::remove(Node& folder, const std::string& name) {
  Node* const node = find(folder, name);
  if (!node) return ENOENT;
  const std::string at = path(folder) + "/" + name;
  if (node->is_folder()) {
    if (::lstat(at.c_str(), &node->as_removed) != 0 || ::rmdir(at.c_str()) != 0) return errno;
    node->is_read = true;
  } else if (node->places.size() == 1 && is_needed(*node)) {
    if (::rename(at.c_str(), aside_path(*node).c_str()) != 0) return errno;
    node->is_set_aside = true;
  } else if (::unlink(at.c_str()) != 0) {
    return errno;
  }
  displace(*node, folder, name);
  collect(*node);
  return 0;
}

int Volume::rename(Node& from, const std::string& name, Node& to, const std::string& new_name, unsigned flags) {
  if ((flags & ~static_cast<unsigned>(RENAME_NOREPLACE)) != 0) return EINVAL;
  Node* const node = find(from, name);
  Node* const replaced = find(to, new_name);
  if (!node) return ENOENT;
  if (node == replaced && flags == 0) return 0;
  const std::string at = path(to) + "/" + new_name;
  const bool sets_aside = replaced && !replaced->is_folder() && replaced->places.size() == 1 && is_needed(*replaced);
  if (replaced && replaced->is_folder() && ::lstat(at.c_str(), &replaced->as_removed) != 0) return errno;
  if (sets_aside && ::link(at.c_str(), aside_path(*replaced).c_str()) != 0) return errno;
  if (::renameat2(AT_FDCWD, (path(from) + "/" + name).c_str(), AT_FDCWD, at.c_str(), flags) != 0) {
    const int failed = errno;
    if (sets_aside) ::unlink(aside_path(*replaced).c_str());
    return failed;
  }
  if (replaced) {
    replaced->is_set_aside = sets_aside;
    if (replaced->is_folder()) replaced->is_read = true;
    displace(*replaced, to, new_name);
    collect(*replaced);
  }
  displace(*node, from, name);
  place(*node, to, new_name);
  return 0;
}

int Volume::read_link(const Node& node, std::string& target) const {
  target.resize(4096);
  const ssize_t length = ::readlink(path(node).c_str(), target.data(), target.size());
  if (length < 0) return errno;
  target.resize(static_cast<std::size_t>(length));
  return 0;
}

// ---- Contents
// --------------------------------------------------------------------------------------------------------------

int Volume::open(Node& node, Access access) {
  const bool writes = access == Access::to_write;
  if (node.file < 0 || (writes && !node.is_writable)) {
    const int file = ::open(path(node).c_str(), (writes ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0) return errno;
    if (node.file >= 0) ::close(node.file);
    node.file = file;
    node.is_writable = writes;
  }
  ++node.opens;
  return 0;
}

void Volume::close(Node& node) {
  if (--node.opens > 0) return;
  ::close(std::exchange(node.file, -1));
  collect(node);
}

int Volume::size(Node& node, std::uint64_t& size) {
  struct stat status {};
  if (const int failed = attributes(node, status); failed != 0) return failed;
  size = static_cast<std::uint64_t>(status.st_size);
  return 0;
}

int Volume::read(Node& node, std::uint64_t at, char* to, std::size_t length, std::size_t& done) {
  std::uint64_t end = 0;
  if (const int failed = size(node, end); failed != 0) return failed;
  done = static_cast<std::size_t>(std::min<std::uint64_t>(length, end - std::min(at, end)));
  const Opened open(*this, node, Access::to_read);
  return open.failed() != 0 ? open.failed() : read_at(node.file, at, to, done);
}

int Volume::write(Node& node, std::uint64_t at, const char* from, std::size_t length) {
  const Opened open(*this, node, Access::to_write);
  std::uint64_t before = 0;
  int failed = open.failed();
  if (failed == 0) failed = size(node, before);
  if (failed == 0) failed = node.unsynced.keep(node.file, before, at, at + length);
  return failed != 0 ? failed : write_at(node.file, at, from, length);
}

int Volume::resize(Node& node, std::uint64_t to) {
  const Opened open(*this, node, Access::to_write);
  std::uint64_t before = 0;
  int failed = open.failed();
  if (failed == 0) failed = size(node, before);
  if (failed == 0) failed = node.unsynced.keep(node.file, before, to, UINT64_MAX);
  return failed != 0 ? failed : outcome(::ftruncate(node.file, static_cast<off_t>(to)));
}

int Volume::allocate(Node& node, int mode, std::uint64_t at, std::uint64_t length) {
  if ((mode & ~FALLOC_FL_KEEP_SIZE) != 0) return EOPNOTSUPP;
  const Opened open(*this, node, Access::to_write);
  std::uint64_t before = 0;
  int failed = open.failed();
  if (failed == 0) failed = size(node, before);
  if (failed == 0) failed = node.unsynced.keep(node.file, before, at, at);
  return failed != 0 ? failed
                     : outcome(::fallocate(node.file, mode, static_cast<off_t>(at), static_cast<off_t>(length)));
}

// ---- What is durable
// -------------------------------------------------------------------------------------------------------

bool Volume::has(const Node& node, const Place& place) const {
  return std::find(node.places.begin(), node.places.end(), place) != node.places.end();
}

bool Volume::has_durable(const Node& node, const Place& place) const {
  return std::find(node.durable_places.begin(), node.durable_places.end(), place) != node.durable_places.end();
}

void Volume::place_durable(Node& node, const Place& place) {
  Node*& there = place.folder->durable_entries[place.name];
  if (there == &node) return;
  Node* const displaced = std::exchange(there, &node);
  node.durable_places.push_back(place);
  if (!displaced) return;
  std::erase(displaced->durable_places, place);
  collect(*displaced);
}

void Volume::displace_durable(Node& node, const Place& place) {
  place.folder->durable_entries.erase(place.name);
  std::erase(node.durable_places, place);
}

/// Makes the folder's names those that it has. What has moved elsewhere is durable in its new place with that, and what
/// has come from elsewhere is durably gone from there: a rename is one entry of a file system's journal.
void Volume::make_names_durable(Node& folder) {
  if (!folder.is_read) return;
  const Entries before = folder.durable_entries;
  for (const auto& [name, child] : before) {
    const Place place{&folder, name};
    if (has(*child, place)) continue;
    for (const Place& elsewhere : std::vector<Place>(child->places)) {
      if (elsewhere.folder == &folder) continue;
      place_durable(*child, elsewhere);
      make_own_names_durable(*elsewhere.folder);
    }
    displace_durable(*child, place);
    collect(*child);
  }
  const Entries now = folder.entries;
  for (const auto& [name, child] : now) {
    const Place place{&folder, name};
    if (has_durable(*child, place)) continue;
    for (const Place& old : std::vector<Place>(child->durable_places))
      if (!has(*child, old)) displace_durable(*child, old);
    place_durable(*child, place);
  }
}

void Volume::make_own_names_durable(Node& node) {
  if (!node.durable_places.empty() || &node == &root()) return;
  for (const Place& place : std::vector<Place>(node.places)) {
    place_durable(node, place);
    make_own_names_durable(*place.folder);
  }
}

Volume::Sync Volume::begin_sync(Node& node) {
  return {node.number, node.unsynced.begin_sync()};
}

bool Volume::is_durable(const Node& node) const {
  const bool has_name = !node.durable_places.empty() || node.number == nodes_.begin()->first;
  return has_name && (node.is_folder() ? node.entries == node.durable_entries : node.unsynced.is_clean());
}

void Volume::synced(const Sync& sync) {
  Node* const found = node(sync.node);
  if (!found) return;
  make_own_names_durable(*found);
  if (found->is_folder())
    make_names_durable(*found);
  else
    found->unsynced.synced(sync.number);
}

void Volume::make_durable() {
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, node] : nodes_) numbers.push_back(number);
  for (const std::uint64_t number : numbers) {
    Node* const found = node(number);
    if (!found) continue;
    found->unsynced.forget();
    if (found->is_folder()) make_names_durable(*found);
  }
}

int Volume::drop_unsynced(Node& node) {
  if (node.unsynced.is_clean()) return 0;
  const Opened open(*this, node, Access::to_write);
  int failed = open.failed();
  const Unsynced::Durable durable = node.unsynced.durable();
  for (const auto& [page, content] : durable.pages)
    if (failed == 0) failed = write_at(node.file, page * Unsynced::page_size, content.data(), content.size());
  if (failed == 0) failed = outcome(::ftruncate(node.file, static_cast<off_t>(durable.size)));
  if (failed == 0) node.unsynced.forget();
  return failed;
}

}  // namespace heir::testbed
