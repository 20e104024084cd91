// Disk: the file system of one host: a page cache over a durable layer.
//
// Reads and writes are of the page cache and take effect at once; what time they cost a program (read_time, write_time)
// is the program's to wait. Syncs take a time from a range with a tail, and then make durable what was there when they
// began.
//   - sync_file makes the content of a file durable, not its name. sync_directory makes the names in a folder durable
//   (those
//     at its end), not what is in them. A rename between two folders survives a power loss wholly or not at all.
//   - Process crash: nothing is lost. Power loss: what was not synced is lost (`drop`), or kept (`keep`), or drawn
//   (`draw`): a folder's names all together, a file's size, and of its content each 4 KiB page: kept, dropped, torn
//   (each 512 B sector new or old) or garbage (each sector new, old or noise). A log ends at its first sector that was
//   not kept. A sync under way has not happened.
//   - Faults are overlays (fault.h, damage_file): what is stored stays as it was, and shows again when they are lifted.
// FolderObject: a typed object that lives in a folder (a simulated database's data directory) and goes where it goes.
// LogFile (log_file.h): a file of typed records.
//
// Not modelled: bandwidth. The capacity is a number of bytes of file content, object
// and log sizes; names cost nothing.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/host.h"
#include "engine/base/result.h"
#include "sim/clock/gate.h"
#include "sim/disk/fault.h"
#include "sim/kernel/kernel.h"

namespace heir::sim {

class LogFile;

class Disk;
class FolderObject;

/// What is durable of a FolderObject, apart from any disk.
class FolderImage {
 public:
  virtual ~FolderImage() = default;
  virtual std::shared_ptr<FolderObject> restore(Disk& disk) const = 0;
};

/// What lives in a folder beside files.
class FolderObject {
 public:
  virtual ~FolderObject() = default;
  virtual std::shared_ptr<const FolderImage> image() const = 0;
  /// The host has lost its power; the object's LogFiles have been cut already. Go back to what is durable.
  virtual void on_power_loss() = 0;
  /// Its folder was removed; what holds the object, as an open file does, keeps it.
  virtual void on_removed() {}
};

/// Told when a sync is done.
class DiskHandler {
 public:
  virtual void on_disk_done(std::uint64_t cookie, Result<> result) = 0;

 protected:
  ~DiskHandler() = default;
};

struct DiskParameters {
  Duration sync_low = Duration::microseconds(200);
  Duration sync_high = Duration::milliseconds(4);
  Ratio tail_chance = Ratio::parts_per_million(1000);
  Duration tail_low = Duration::milliseconds(4);
  Duration tail_high = Duration::milliseconds(100);
  Duration read_low;
  Duration read_high;
  Duration write_low;
  Duration write_high;
  std::uint64_t capacity = std::uint64_t{1} << 40;
  /// How often an unsynced page is kept, dropped, torn, garbage when the power goes (UnsyncedFate::draw), against each
  /// other; not all 0.
  std::uint32_t kept = 4;
  std::uint32_t dropped = 4;
  std::uint32_t torn = 1;
  std::uint32_t garbage = 1;
};

/// What becomes of unsynced writes when the power goes.
enum class UnsyncedFate { drop, keep, draw };

/// What is durable on a disk, as a value: a backup, a snapshot, the disk in another's hands.
struct DiskImage {
  struct Node {
    bool is_directory = true;
    std::shared_ptr<const Bytes> content;
    std::shared_ptr<const FolderImage> object;
    std::map<std::string, Node, std::less<>> entries;
  };
  Node root;
};

class Disk final : private EventTarget {
 public:
  Disk(Kernel& kernel, std::string_view name, const DiskParameters& parameters);
  ~Disk() override;

  // Files and folders, in the page cache. Paths are absolute; "/" exists. Errors as in Host: not_found, already_exists,
  // out_of_space, invalid (a bad path, a file where a folder is needed, renaming a folder into itself).
  bool exists(std::string_view path) const;
  bool is_directory(std::string_view path) const;
  Result<Bytes> read(std::string_view path) const;
  /// As a program reads it: some reads go astray.
  Result<Bytes> read_by_program(std::string_view path);
  /// Of one read or change by a program; drawn.
  Duration read_time() { return io_random_.between(parameters_.read_low, parameters_.read_high); }
  Duration write_time() { return io_random_.between(parameters_.write_low, parameters_.write_high); }
  /// Creates or replaces. The folder must exist.
  Result<> write(std::string_view path, Bytes content);
  /// Creates or extends.
  Result<> append(std::string_view path, std::string_view content);
  Result<> make_directory(std::string_view path);
  /// Makes the folders above too.
  Result<> make_directories(std::string_view path);
  /// Replaces `to` if it is a file or an empty folder.
  Result<> rename(std::string_view from, std::string_view to);
  /// A file, or a folder with all in it. What is not there is removed already.
  Result<> remove(std::string_view path);
  Result<std::vector<std::string>> list(std::string_view path) const;

  // Durability. handler.on_disk_done(cookie, result), through the gate, from a later event (not_found too).
  void sync_file(std::string_view path, Gate* gate, DiskHandler& handler, std::uint64_t cookie = 0);
  void sync_directory(std::string_view path, Gate* gate, DiskHandler& handler, std::uint64_t cookie = 0);
  /// Everything under a folder, it and its name too, is durable at once: for the world's setup and for programs that
  /// sync what they have made before they end.
  /// `io_error` where a fault refuses.
  Result<> sync_tree_now(std::string_view path);

  // Objects in folders. They move with the folder, are removed with it, and come back with it if its removal was not
  // durable.
  /// Puts an object into a folder, in place of one that was there. Durable with the folder's sync_directory or
  /// sync_tree_now.
  Result<> attach(std::string_view folder, std::shared_ptr<FolderObject> object);
  /// Null if the folder or an object in it is not there. Follows the folder's name at this moment.
  std::shared_ptr<FolderObject> attached(std::string_view folder) const;
  template <class T>
  std::shared_ptr<T> attached_as(std::string_view folder) const {
    return std::dynamic_pointer_cast<T>(attached(folder));
  }

  // Space.
  std::uint64_t capacity() const { return parameters_.capacity; }
  void set_capacity(std::uint64_t bytes) { parameters_.capacity = bytes; }
  std::uint64_t used() const { return used_; }
  /// Takes space for something that an object holds; `out_of_space`.
  Result<> take_space(std::uint64_t bytes);
  void give_space_back(std::uint64_t bytes);

  // For Machine and Process.
  void power_loss(UnsyncedFate fate = UnsyncedFate::drop);
  /// The program behind the gate has died: nobody is told of its syncs any more; they still happen.
  void release(Gate& gate);

  // Faults.
  DiskFaultId lay_on(const DiskFault& fault);
  void lift(DiskFaultId fault);
  /// A byte of the file reads as another until lifted, or until the file is written anew. False: there is nothing to
  /// damage.
  bool damage_file(std::string_view path, DiskFaultId id, RandomStream& random);
  /// A page of the file reads as something else, all of it.
  bool damage_page(std::string_view path, DiskFaultId id, RandomStream& random);
  /// A page that was written to one file is in the place of another's page: the one lacks it, the other reads as it,
  /// until lifted or written anew. False: there is no such page.
  bool misdirect_page(std::string_view from, std::string_view to, DiskFaultId id, RandomStream& random);
  /// Some file reads as something else than what was written.
  bool is_damaged() const;
  /// A number for a fault that others keep (a FolderObject's).
  DiskFaultId new_fault() { return DiskFaultId(++last_fault_); }
  /// Something was synced that the disk only says it holds.
  bool has_lied() const { return !lied_.empty(); }
  /// What the disk only said that it holds, it holds.
  void make_lies_true();

  // The disk as a whole: what is durable, and putting another in its place while the machine is off.
  DiskImage image() const;
  void replace(const DiskImage& image);
  /// Called whenever a sync begins.
  void on_sync(std::function<void()> watcher) { sync_watcher_ = std::move(watcher); }

 private:
  friend class LogFile;
  static constexpr std::size_t page_size = 4096;
  static constexpr std::uint32_t kNone = UINT32_MAX;
  static constexpr std::uint32_t kRoot = 0;
  enum Kind : std::uint32_t { kSynced, kHandOver };
  using Entries = std::map<std::string, std::uint32_t, std::less<>>;
  using Content = std::shared_ptr<const Bytes>;  ///< Null for empty.

  /// A file or a folder, linked at most once in the page cache and at most once in the durable layer; freed when in
  /// neither.
  struct Inode {
    bool is_used = false;
    bool is_directory = false;
    std::uint32_t generation = 0;
    std::uint32_t parent = kNone;
    std::uint32_t durable_parent = kNone;
    std::string name;          ///< In `parent`.
    std::string durable_name;  ///< In `durable_parent`.
    Content content;
    Content durable_content;
    Entries entries;
    Entries durable_entries;
    std::shared_ptr<FolderObject> object;
    std::shared_ptr<FolderObject> durable_object;
  };
  enum class SyncKind : std::uint8_t { file, directory, log, tree, nothing };
  struct Sync {
    SyncKind kind = SyncKind::nothing;
    bool is_used = false;
    bool done = false;  ///< Waits behind a closed gate.
    Result<> result{};
    std::uint32_t inode = kNone;
    std::uint32_t inode_generation = 0;
    std::uint32_t generation = 0;
    std::uint32_t next_free = kNone;
    Content content;  ///< Of a file, when the sync began.
    LogFile* log = nullptr;
    std::uint64_t written = 0;  ///< Of a log, when the sync began.
    std::uint64_t epoch = 0;    ///< Of a log: a truncation meanwhile makes the sync void.
    Gate* gate = nullptr;
    DiskHandler* handler = nullptr;
    std::uint64_t cookie = 0;
    EventId event;
  };

  void on_event(std::uint32_t kind, std::uint64_t argument) override;
  std::string describe(std::uint32_t kind, std::uint64_t argument) const override;

  // disk.cc: names
  std::uint32_t find(std::string_view path) const;
  struct Place {
    std::uint32_t folder = kNone;
    std::string_view name;
  };
  Result<Place> place(std::string_view path) const;
  std::uint32_t take_inode(bool is_directory);
  void link(const Place& place, std::uint32_t inode);
  void unlink(std::uint32_t inode);
  void detach_tree(std::uint32_t inode);
  Result<> set_content(std::uint32_t inode, Bytes content, bool is_append = false);
  static std::size_t size_of(const Content& content) { return content ? content->size() : 0; }

  Result<> may_write() const;

  // faults.cc
  struct LaidOn {
    DiskFaultId id;
    DiskFault fault;
  };
  struct Damaged {
    DiskFaultId id;
    std::uint32_t inode = kNone;
    std::uint32_t inode_generation = 0;
    std::size_t offset = 0;
    Bytes reads_as;  ///< From there on.
  };
  bool is_stuck() const;
  Duration sync_time();
  SyncAnswer sync_answer();
  void damage(std::uint32_t inode, Bytes& content) const;
  std::uint32_t find_content(std::string_view path) const;
  std::size_t draw_page(std::size_t file_size, RandomStream& random) const;
  void reads_as(std::uint32_t inode, std::size_t offset, Bytes content, DiskFaultId id);
  DiskImage::Node image_of(std::uint32_t inode) const;
  void build(std::uint32_t inode, const DiskImage::Node& node);

  // power_loss.cc
  enum class Fate : std::uint8_t { kept, dropped, torn, garbage };
  Fate draw_fate();
  Content survivor(const Content& durable, const Content& written);
  std::uint64_t surviving_end(std::uint64_t durable, std::uint64_t written);

  // durability.cc
  /// Carries out a sync as its answer says.
  Result<> end_sync(const Sync& sync);
  void drop(const Sync& sync);
  Sync& begin_sync(SyncKind kind, Gate* gate, DiskHandler& handler, std::uint64_t cookie);
  void hand_over(std::uint32_t slot);
  void free_sync(std::uint32_t slot);
  void apply(const Sync& sync);
  void make_names_durable(std::uint32_t folder);
  void link_durable(std::uint32_t folder, const std::string& name, std::uint32_t inode);
  void unlink_durable(std::uint32_t inode);
  void make_tree_durable(std::uint32_t inode);
  void make_path_durable(std::uint32_t inode);
  void free_if_unlinked(std::uint32_t inode);
  void add_log(LogFile& log);
  void remove_log(LogFile& log);

  DiskParameters parameters_;
  RandomStream random_;        ///< Times.
  RandomStream power_random_;  ///< What a loss of power leaves.
  RandomStream fault_random_;
  RandomStream io_random_;  ///< Times of reads and writes.
  std::uint32_t last_fault_ = 0;
  std::vector<LaidOn> faults_;
  std::vector<Damaged> damaged_;
  std::vector<Sync> lied_;  ///< In the order of their answers.
  std::uint64_t used_ = 0;
  std::vector<Inode> inodes_;
  std::vector<std::uint32_t> free_inodes_;
  std::vector<Sync> syncs_;
  std::uint32_t free_syncs_ = kNone;
  std::function<void()> sync_watcher_;
  std::vector<LogFile*> logs_;  ///< In the order in which they were made.
};

}  // namespace heir::sim
