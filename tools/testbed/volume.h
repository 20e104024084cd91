// Volume: the files of a host's disk, in a folder of this machine, with what would be left of them if the power went
// now. As sim/disk/disk.h has it: a page cache (the folder, as it is) over a durable layer (what is remembered here).
//
// What is durable:
//   - of a file's content, what was there when its last sync began that ended well;
//   - the names in a folder as its last sync found them; one that moved between two folders is in one of them.
//   - A file or folder that has no durable name gets its names with its first sync, and so do the folders above:
//     journalling file systems of Linux do so, and PostgreSQL counts on it.
//   - Modes, owners and times at once.
// The folder is read when somebody looks into it: what this machine puts there before that is durable.
//
// Functions give 0 or an errno, as system calls do. Of one thread.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"
#include "sim/disk/disk.h"
#include "tools/testbed/unsynced.h"

namespace heir::testbed {

class Volume {
 public:
  struct Node;
  using Entries = std::map<std::string, Node*, std::less<>>;
  struct Place {
    Node* folder = nullptr;
    std::string name;
    bool operator==(const Place&) const = default;
  };
  /// A file, a folder, a symbolic link, a socket or a pipe. Not to be kept beyond its last release().
  struct Node {
    std::uint64_t number = 0;
    mode_t type = 0;  ///< S_IFREG, …
    bool is_read = false;
    Entries entries;
    Entries durable_entries;
    std::vector<Place> places;
    std::vector<Place> durable_places;
    Unsynced unsynced;
    int file = -1;             ///< While it is open.
    bool is_writable = false;  ///< As this machine has it open.
    int opens = 0;
    std::uint64_t holds = 0;
    bool is_set_aside = false;  ///< It has no name, but is needed.
    struct stat as_removed {};  ///< Of a folder.
    bool is_folder() const { return S_ISDIR(type); }
    bool is_file() const { return S_ISREG(type); }
  };

  /// `folder` exists; `aside` is another one, in the same file system, for what has no name any more. It is made.
  Volume(std::string folder, std::string aside);
  ~Volume();
  Volume(const Volume&) = delete;
  Volume& operator=(const Volume&) = delete;

  Node& root() { return *nodes_.begin()->second; }
  /// Null if there is none of that number.
  Node* node(std::uint64_t number);
  /// Null if there is none of that name.
  Node* find(Node& folder, std::string_view name);
  /// The names in a folder.
  const Entries& list(Node& folder);
  /// Where this machine has it.
  std::string path(const Node& node) const;
  /// By its name on the host, "/a/b"; null if there is none.
  Node* at(std::string_view name_on_host);
  /// As the host sees it, "/a/b"; where it was, if it has no name any more.
  std::string name_on_host(const Node& node) const;
  /// Held, it stays a node though it has neither name nor content.
  void hold(Node& node) { ++node.holds; }
  void release(Node& node, std::uint64_t count = 1);

  int attributes(const Node& node, struct stat& attributes) const;
  int change_mode(const Node& node, mode_t mode);
  int change_owner(const Node& node, uid_t user, gid_t group);
  int change_times(const Node& node, const timespec (&times)[2]);

  struct New {
    mode_t mode = 0;  ///< And type.
    uid_t user = 0;
    gid_t group = 0;
    dev_t device = 0;
    std::string target;  ///< Of a symbolic link.
  };
  int make(Node& folder, const std::string& name, const New& what, Node*& made);
  int link(Node& node, Node& folder, const std::string& name);
  int remove(Node& folder, const std::string& name);
  /// `flags` as those of renameat2.
  int rename(Node& from, const std::string& name, Node& to, const std::string& new_name, unsigned flags);
  int read_link(const Node& node, std::string& target) const;

  enum class Access { to_read, to_write };
  /// To write, this machine has it open only once somebody asks for that, or writes: it lets nobody run a program that
  /// is open to be written, and a host's program may be the same file as another's.
  int open(Node& node, Access access = Access::to_read);
  void close(Node& node);
  // Of a file. One that is not open is opened meanwhile.
  int size(Node& node, std::uint64_t& size);
  int read(Node& node, std::uint64_t at, char* to, std::size_t length, std::size_t& done);
  int write(Node& node, std::uint64_t at, const char* from, std::size_t length);
  int resize(Node& node, std::uint64_t size);
  int allocate(Node& node, int mode, std::uint64_t at, std::uint64_t length);

  /// A sync of a file or folder that has begun.
  struct Sync {
    std::uint64_t node = 0;
    std::uint64_t number = 0;
  };
  Sync begin_sync(Node& node);
  /// A sync would change nothing.
  bool is_durable(const Node& node) const;
  /// It has ended well.
  void synced(const Sync& sync);
  /// All that is there.
  void make_durable();
  /// What is durable of a file or folder, as a new one of this machine. A folder that was not looked into is looked
  /// into.
  int copy_durable(Node& node, const std::string& to);
  /// It has failed, and what it was to write is thrown away: the file is what is durable of it.
  int drop_unsynced(Node& node);

  struct Loss {
    sim::UnsyncedFate fate = sim::UnsyncedFate::drop;
    sim::DiskParameters weights;
    /// Whether garbage may be in the file of that name_on_host(); it is torn otherwise.
    std::function<bool(const std::string&)> may_be_garbage;
  };
  /// What became of what was not synced.
  struct Lost {
    std::uint64_t folders = 0;  ///< That have names of an earlier time.
    std::uint64_t kept = 0;     ///< Pages of files, all of these.
    std::uint64_t dropped = 0;
    std::uint64_t torn = 0;
    std::uint64_t garbage = 0;
  };
  /// The power goes; nothing is open any more. The folder is what is left, and all of it durable. No node stays.
  Result<Lost> lose_power(const Loss& loss, sim::RandomStream& random);

 private:
  Node& add(mode_t type);
  void read_folder(Node& folder);
  bool is_needed(const Node& node) const { return !node.durable_places.empty() || node.opens > 0; }
  std::string aside_path(const Node& node) const { return aside_ + "/" + std::to_string(node.number); }
  void place(Node& node, Node& folder, const std::string& name);
  void displace(Node& node, Node& folder, const std::string& name);
  void collect(Node& node);
  bool has_durable(const Node& node, const Place& place) const;
  bool has(const Node& node, const Place& place) const;
  void place_durable(Node& node, const Place& place);
  void displace_durable(Node& node, const Place& place);
  void make_names_durable(Node& folder);
  void make_own_names_durable(Node& node);
  int settle_content(Node& node, const Loss& loss, sim::RandomStream& random, Lost& lost);
  static int copy_attributes(const struct stat& from, const std::string& to);
  int copy_content(Node& node, const std::string& to);
  int settle_size(Node& node, std::uint64_t size);
  int build(Node& folder, const std::string& path);
  void start_over();

  std::string folder_;
  std::string aside_;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, std::unique_ptr<Node>> nodes_;
  std::map<ino_t, Node*> linked_;  ///< By the number of a file that this machine has under several names.
};

}  // namespace heir::testbed
