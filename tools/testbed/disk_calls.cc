// The calls that the kernel hands to a Disk's file system.
#include <fcntl.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "tools/testbed/disk_state.h"

namespace heir::testbed {

namespace {

/// Nothing changes names but the kernel itself; sizes change when a failed sync drops what it was to write.
constexpr double for_long = 3600;

using Node = Volume::Node;

Disk::State& disk_of(fuse_req_t request) {
  return *static_cast<Disk::State*>(fuse_req_userdata(request));
}

/// Not null: the kernel names what it holds only.
Node* node_of(fuse_req_t request, fuse_ino_t number) {
  return disk_of(request).volume.node(number);
}

/// Where nothing may change now; it is replied then.
bool refuses_changes(fuse_req_t request) {
  if (!disk_of(request).is_read_only()) return false;
  fuse_reply_err(request, EROFS);
  return true;
}

/// Nothing of a file is kept in the kernel but of programs, which are mapped.
void set_cached(const struct stat& attributes, int flags, fuse_file_info& info) {
  const bool is_program = (flags & O_ACCMODE) == O_RDONLY && (attributes.st_mode & 0111) != 0;
  info.direct_io = !is_program;
  info.keep_cache = is_program;
}

int entry_of(fuse_req_t request, Node& node, fuse_entry_param& entry) {
  entry = {};
  if (const int failed = disk_of(request).volume.attributes(node, entry.attr); failed != 0) return failed;
  entry.ino = node.number;
  entry.entry_timeout = for_long;
  entry.attr_timeout = node.is_file() ? 0 : for_long;
  return 0;
}

void reply_entry(fuse_req_t request, int failed, Node* node) {
  fuse_entry_param entry{};
  if (failed == 0) failed = entry_of(request, *node, entry);
  if (failed != 0) return void(fuse_reply_err(request, failed));
  disk_of(request).volume.hold(*node);
  if (fuse_reply_entry(request, &entry) != 0) disk_of(request).volume.release(*node);
}

// ---- Names

void lookup(fuse_req_t request, fuse_ino_t folder, const char* name) {
  Node* const found = disk_of(request).volume.find(*node_of(request, folder), name);
  reply_entry(request, found ? 0 : ENOENT, found);
}

void forget(fuse_req_t request, fuse_ino_t number, std::uint64_t count) {
  if (Node* const node = node_of(request, number)) disk_of(request).volume.release(*node, count);
  fuse_reply_none(request);
}

Volume::New new_of(fuse_req_t request, mode_t mode) {
  const fuse_ctx* who = fuse_req_ctx(request);
  return {mode, who->uid, who->gid, 0, ""};
}

void make(fuse_req_t request, fuse_ino_t folder, const char* name, const Volume::New& what) {
  if (refuses_changes(request)) return;
  Node* made = nullptr;
  const int failed = disk_of(request).volume.make(*node_of(request, folder), name, what, made);
  reply_entry(request, failed, made);
}

void mknod(fuse_req_t request, fuse_ino_t folder, const char* name, mode_t mode, dev_t device) {
  Volume::New what = new_of(request, mode);
  what.device = device;
  make(request, folder, name, what);
}

void mkdir(fuse_req_t request, fuse_ino_t folder, const char* name, mode_t mode) {
  make(request, folder, name, new_of(request, S_IFDIR | (mode & 07777)));
}

void symlink(fuse_req_t request, const char* target, fuse_ino_t folder, const char* name) {
  Volume::New what = new_of(request, S_IFLNK | 0777);
  what.target = target;
  make(request, folder, name, what);
}

void link(fuse_req_t request, fuse_ino_t number, fuse_ino_t folder, const char* name) {
  if (refuses_changes(request)) return;
  Node& node = *node_of(request, number);
  reply_entry(request, disk_of(request).volume.link(node, *node_of(request, folder), name), &node);
}

void remove(fuse_req_t request, fuse_ino_t folder, const char* name) {
  if (refuses_changes(request)) return;
  fuse_reply_err(request, disk_of(request).volume.remove(*node_of(request, folder), name));
}

void rename(fuse_req_t request, fuse_ino_t from, const char* name, fuse_ino_t to, const char* new_name,
            unsigned flags) {
  if (refuses_changes(request)) return;
  fuse_reply_err(request,
                 disk_of(request).volume.rename(*node_of(request, from), name, *node_of(request, to), new_name, flags));
}

void readlink(fuse_req_t request, fuse_ino_t number) {
  std::string target;
  const int failed = disk_of(request).volume.read_link(*node_of(request, number), target);
  failed == 0 ? fuse_reply_readlink(request, target.c_str()) : fuse_reply_err(request, failed);
}

using Listing = Disk::State::Listing;

void opendir(fuse_req_t request, fuse_ino_t number, fuse_file_info* info) {
  Disk::State& disk = disk_of(request);
  Listing listing;
  listing.entries = {{".", number, S_IFDIR}, {"..", number, S_IFDIR}};
  for (const auto& [name, node] : disk.volume.list(*node_of(request, number)))
    listing.entries.push_back({name, node->number, node->type});
  info->fh = ++disk.last_listing;
  disk.listings.emplace(info->fh, std::move(listing));
  if (fuse_reply_open(request, info) != 0) disk.listings.erase(info->fh);
}

void readdir(fuse_req_t request, fuse_ino_t, std::size_t size, off_t offset, fuse_file_info* info) {
  std::string reply(size, '\0');
  std::size_t used = 0;
  const std::vector<Listing::Entry>& entries = disk_of(request).listings.at(info->fh).entries;
  for (auto i = static_cast<std::size_t>(offset); i < entries.size(); ++i) {
    struct stat status {};
    status.st_ino = entries[i].number;
    status.st_mode = entries[i].type;
    const std::size_t needed = fuse_add_direntry(request, reply.data() + used, size - used, entries[i].name.c_str(),
                                                 &status, static_cast<off_t>(i + 1));
    if (needed > size - used) break;
    used += needed;
  }
  fuse_reply_buf(request, reply.data(), used);
}

void releasedir(fuse_req_t request, fuse_ino_t, fuse_file_info* info) {
  disk_of(request).listings.erase(info->fh);
  fuse_reply_err(request, 0);
}

// ---- Attributes

void reply_attributes(fuse_req_t request, int failed, Node& node) {
  struct stat attributes {};
  if (failed == 0) failed = disk_of(request).volume.attributes(node, attributes);
  if (failed != 0) return void(fuse_reply_err(request, failed));
  fuse_reply_attr(request, &attributes, node.is_file() ? 0 : for_long);
}

void getattr(fuse_req_t request, fuse_ino_t number, fuse_file_info*) {
  reply_attributes(request, 0, *node_of(request, number));
}

int change(fuse_req_t request, Node& node, const struct stat& to, int what) {
  Volume& volume = disk_of(request).volume;
  int failed = 0;
  if ((what & FUSE_SET_ATTR_MODE) != 0) failed = volume.change_mode(node, to.st_mode);
  if (failed == 0 && (what & (FUSE_SET_ATTR_UID | FUSE_SET_ATTR_GID)) != 0)
    failed = volume.change_owner(node, (what & FUSE_SET_ATTR_UID) != 0 ? to.st_uid : static_cast<uid_t>(-1),
                                 (what & FUSE_SET_ATTR_GID) != 0 ? to.st_gid : static_cast<gid_t>(-1));
  if (failed == 0 && (what & FUSE_SET_ATTR_SIZE) != 0) {
    std::uint64_t now = 0;
    failed = volume.size(node, now);
    const auto size = static_cast<std::uint64_t>(to.st_size);
    if (failed == 0 && size > now && disk_of(request).is_full()) failed = ENOSPC;
    if (failed == 0 && size != now) failed = volume.resize(node, size);
  }
  if (failed == 0 && (what & (FUSE_SET_ATTR_ATIME | FUSE_SET_ATTR_MTIME)) != 0) {
    timespec times[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    if ((what & FUSE_SET_ATTR_ATIME) != 0) times[0] = to.st_atim;
    if ((what & FUSE_SET_ATTR_ATIME_NOW) != 0) times[0].tv_nsec = UTIME_NOW;
    if ((what & FUSE_SET_ATTR_MTIME) != 0) times[1] = to.st_mtim;
    if ((what & FUSE_SET_ATTR_MTIME_NOW) != 0) times[1].tv_nsec = UTIME_NOW;
    failed = volume.change_times(node, times);
  }
  return failed;
}

void setattr(fuse_req_t request, fuse_ino_t number, struct stat* to, int what, fuse_file_info*) {
  if (refuses_changes(request)) return;
  Node& node = *node_of(request, number);
  reply_attributes(request, change(request, node, *to, what), node);
}

void statfs(fuse_req_t request, fuse_ino_t) {
  struct statvfs status {};
  Volume& volume = disk_of(request).volume;
  if (::statvfs(volume.path(volume.root()).c_str(), &status) != 0) return void(fuse_reply_err(request, errno));
  if (disk_of(request).is_full()) status.f_bfree = status.f_bavail = 0;
  fuse_reply_statfs(request, &status);
}

// ---- Contents

int open_node(fuse_req_t request, Node& node, fuse_file_info& info) {
  Volume& volume = disk_of(request).volume;
  struct stat attributes {};
  int failed = volume.attributes(node, attributes);
  if (failed == 0 && (info.flags & O_TRUNC) != 0 && attributes.st_size > 0) failed = volume.resize(node, 0);
  if (failed == 0) failed = volume.open(node);
  set_cached(attributes, info.flags, info);
  return failed;
}

void open(fuse_req_t request, fuse_ino_t number, fuse_file_info* info) {
  if ((info->flags & O_ACCMODE) != O_RDONLY && refuses_changes(request)) return;
  Node& node = *node_of(request, number);
  if (const int failed = open_node(request, node, *info); failed != 0) return void(fuse_reply_err(request, failed));
  if (fuse_reply_open(request, info) != 0) disk_of(request).volume.close(node);
}

void create(fuse_req_t request, fuse_ino_t folder, const char* name, mode_t mode, fuse_file_info* info) {
  if (refuses_changes(request)) return;
  Volume& volume = disk_of(request).volume;
  Node* made = nullptr;
  fuse_entry_param entry{};
  int failed = volume.make(*node_of(request, folder), name, new_of(request, S_IFREG | (mode & 07777)), made);
  if (failed == 0) failed = entry_of(request, *made, entry);
  if (failed == 0) failed = open_node(request, *made, *info);
  if (failed != 0) return void(fuse_reply_err(request, failed));
  volume.hold(*made);
  if (fuse_reply_create(request, &entry, info) == 0) return;
  volume.close(*made);
  volume.release(*made);
}

void release(fuse_req_t request, fuse_ino_t number, fuse_file_info*) {
  disk_of(request).volume.close(*node_of(request, number));
  fuse_reply_err(request, 0);
}

void read(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t at, fuse_file_info*) {
  Disk::State& disk = disk_of(request);
  Node& node = *node_of(request, number);
  std::string content(size, '\0');
  std::size_t done = 0;
  const int failed = disk.volume.read(node, static_cast<std::uint64_t>(at), content.data(), size, done);
  if (failed != 0) return void(fuse_reply_err(request, failed));
  disk.damage(node, static_cast<std::uint64_t>(at), content.data(), done);
  disk.stray(node, static_cast<std::uint64_t>(at), content.data(), done);
  const sim::DiskParameters& times = disk.options.parameters;
  const Duration takes = disk.io_time(node, times.read_low, times.read_high);
  if (takes == Duration()) return void(fuse_reply_buf(request, content.data(), done));
  content.resize(done);
  disk.later(takes, [request, content = std::move(content)](int cut) {
    cut == 0 ? fuse_reply_buf(request, content.data(), content.size()) : fuse_reply_err(request, cut);
  });
}

void write(fuse_req_t request, fuse_ino_t number, const char* from, std::size_t size, off_t at, fuse_file_info* info) {
  Disk::State& disk = disk_of(request);
  if (refuses_changes(request)) return;
  Node& node = *node_of(request, number);
  std::uint64_t now = 0;
  int failed = disk.volume.size(node, now);
  const auto begin = static_cast<std::uint64_t>(at);
  if (failed == 0 && begin + size > now && disk.is_full()) failed = ENOSPC;
  if (failed == 0) failed = disk.volume.write(node, begin, from, size);
  if (failed != 0) return void(fuse_reply_err(request, failed));
  disk.repair(node, begin, size);
  const auto reply = [request, size](int cut) {
    cut == 0 ? fuse_reply_write(request, size) : fuse_reply_err(request, cut);
  };
  const sim::DiskParameters& times = disk.options.parameters;
  const Duration takes = disk.io_time(node, times.write_low, times.write_high);
  if ((info->flags & (O_SYNC | O_DSYNC)) != 0)
    disk.sync(node, reply);
  else if (takes > Duration())
    disk.later(takes, reply);
  else
    reply(0);
}

void fallocate(fuse_req_t request, fuse_ino_t number, int mode, off_t at, off_t length, fuse_file_info*) {
  if (refuses_changes(request)) return;
  Disk::State& disk = disk_of(request);
  fuse_reply_err(request, disk.is_full()
                              ? ENOSPC
                              : disk.volume.allocate(*node_of(request, number), mode, static_cast<std::uint64_t>(at),
                                                     static_cast<std::uint64_t>(length)));
}

void fsync(fuse_req_t request, fuse_ino_t number, int, fuse_file_info*) {
  disk_of(request).sync(*node_of(request, number), [request](int failed) { fuse_reply_err(request, failed); });
}

fuse_lowlevel_ops make_calls() {
  fuse_lowlevel_ops calls{};
  calls.lookup = lookup;
  calls.forget = forget;
  calls.getattr = getattr;
  calls.setattr = setattr;
  calls.readlink = readlink;
  calls.mknod = mknod;
  calls.mkdir = mkdir;
  calls.unlink = remove;
  calls.rmdir = remove;
  calls.symlink = symlink;
  calls.rename = rename;
  calls.link = link;
  calls.open = open;
  calls.read = read;
  calls.write = write;
  calls.release = release;
  calls.fsync = fsync;
  calls.opendir = opendir;
  calls.readdir = readdir;
  calls.releasedir = releasedir;
  calls.fsyncdir = fsync;
  calls.statfs = statfs;
  calls.create = create;
  calls.fallocate = fallocate;
  return calls;
}

}  // namespace

const fuse_lowlevel_ops& disk_calls() {
  static const fuse_lowlevel_ops calls = make_calls();
  return calls;
}

}  // namespace heir::testbed
