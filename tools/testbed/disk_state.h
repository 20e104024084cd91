// What a Disk consists of, for disk.cc and the calls of its file system.
#pragma once

#define FUSE_USE_VERSION 35
#include <fuse3/fuse_lowlevel.h>

#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

#include "sim/kernel/random.h"
#include "tools/testbed/disk.h"

namespace heir::testbed {

struct Disk::State {
  using Clock = std::chrono::steady_clock;
  /// 0, or the errno with which it failed.
  using Reply = std::function<void(int failed)>;
  struct Pending {
    std::optional<Volume::Sync> sync;
    Clock::time_point due;
    Reply reply;
  };
  struct LaidOn {
    sim::DiskFaultId id;
    sim::DiskFault fault;
  };

  struct Damaged {
    sim::DiskFaultId id;
    Descriptor opened;  ///< So that its number is no other file's.
    ino_t file = 0;     ///< Of this machine: it outlives a loss of power.
    std::uint64_t at = 0;
    Bytes reads_as;
    std::uint64_t end() const { return at + reads_as.size(); }
  };

  /// What was in a folder when it was opened.
  struct Listing {
    struct Entry {
      std::string name;
      std::uint64_t number;
      mode_t type;
    };
    std::vector<Entry> entries;
  };

  State(const std::string& its_folder, const std::string& set_aside, const DiskOptions& given, std::uint64_t seed,
        const std::string& name);

  /// The lock, for what asks what is on the disk: a loss of power is worked out.
  std::unique_lock<std::mutex> lock_settled();

  // With the lock held:
  void settle();
  /// Replies when it has ended, one way or another.
  void sync(Volume::Node& node, Reply reply);
  void later(Duration time, Reply reply) { pending.push_back({std::nullopt, Clock::now() + nanoseconds(time), reply}); }
  bool is_read_only() const;
  bool is_full() const;
  bool is_stuck() const;
  Duration sync_time(bool has_work);
  Duration io_time(const Volume::Node& node, Duration low, Duration high);
  int end_sync(const Volume::Sync& sync);
  void make_lies_true();
  /// What was read from that place on, as the faults would have it.
  void damage(const Volume::Node& node, std::uint64_t at, char* content, std::size_t length);
  void repair(const Volume::Node& node, std::uint64_t at, std::size_t length);
  void stray(Volume::Node& node, std::uint64_t at, char* content, std::size_t length);
  ino_t file_of(const Volume::Node& node) const;
  void end_due();
  Clock::time_point next_due() const;
  static std::chrono::nanoseconds nanoseconds(Duration time) { return std::chrono::nanoseconds(time.ns()); }

  void run();
  void wake() const;

  const DiskOptions options;
  const std::string folder;
  const std::string aside;
  mutable std::mutex mutex;  ///< Of all that follows but the thread's own.
  Volume volume;
  sim::RandomStream random;
  sim::RandomStream power_random;
  sim::RandomStream fault_random;
  sim::RandomStream io_random;
  std::vector<LaidOn> faults;
  std::uint32_t last_fault = 0;
  std::vector<Damaged> damaged;
  std::vector<Volume::Sync> lied;
  std::optional<sim::UnsyncedFate> fate;  ///< Of what was not synced; what is left is not worked out yet.
  std::optional<Volume::Lost> lost;
  Result<> settled;                           ///< An error is this machine's, and told with the next boot.
  std::map<std::uint64_t, Listing> listings;  ///< Of folders that are open.
  std::uint64_t last_listing = 0;
  std::vector<Pending> pending;
  bool has_synced = false;
  bool stops = false;

  fuse_session* session = nullptr;
  Descriptor waker;
  std::thread thread;
};

/// What the kernel asks of a file system; the user data is a Disk::State.
const fuse_lowlevel_ops& disk_calls();

}  // namespace heir::testbed
