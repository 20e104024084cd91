// Disk: the disk of a host: a Volume behind a FUSE file system, which takes the time that the scenario says, fails as
// its faults say, and loses what was not synced when the power goes. In the terms of sim/disk.
//
// What programs write reaches the Volume before their call returns: nothing of it is in the kernel's page cache, but
// programs that are run. So every shared mapping of a file is refused (ENODEV), one that is only read, too; PostgreSQL
// has none on its disk.
// A sync costs no write of this machine: it takes the time of `DiskParameters::sync_low` and so on, or none if it has
// nothing to write, and others go on meanwhile, but for changes of the very file or folder: Linux holds its inode while
// a FUSE file system syncs it, as ext4 does not. Locks are the kernel's.
//
// A thread of its own serves it while the host is up. If this process dies, the kernel fails all calls.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/disk/disk.h"
#include "tools/testbed/descriptor.h"
#include "tools/testbed/volume.h"

namespace heir::testbed {

/// The names are as the host has them, from its disk's root.
using IsFile = std::function<bool(const std::string& name)>;

struct DiskOptions {
  sim::DiskParameters parameters;
  /// Files whose reads and writes take the times of the parameters; none if empty.
  IsFile is_timed;
  /// As Volume::Loss.
  IsFile may_be_garbage;
  /// Files of which a read may find another's page (DiskFault::stray_reads); all if empty.
  IsFile may_be_astray;
};

/// Whether this machine has file systems in user space. The error says what is missing.
Result<> can_make_disks();

class Disk {
 public:
  /// `folder` and `aside` as those of Volume. `name` is the host's: it and the seed name the draws.
  Disk(const std::string& folder, const std::string& aside, const DiskOptions& options, std::uint64_t seed,
       const std::string& name);
  ~Disk();

  /// For mount(2), of type "fuse" and with those options, by the host's init.
  struct Device {
    Descriptor file;
    std::string options;
  };
  /// REQUIRES that it is not served.
  Result<Device> open();
  /// Once it is mounted. The device is no longer needed by whoever mounted it.
  Result<> serve(Device device);
  /// Whatever programs wait for fails at once, and all that they try from now on. Nothing, if it is not served.
  void cut();
  /// What is left is worked out when somebody asks for it next. REQUIRES that it is not served.
  void lose_power(sim::UnsyncedFate fate);
  /// What the last loss of power has taken, told once.
  std::optional<Volume::Lost> take_lost();

  sim::DiskFaultId lay_on(const sim::DiskFault& fault);
  void lift(sim::DiskFaultId fault);
  sim::DiskFaultId new_fault();
  /// From that place on the file reads as this, until the fault is lifted or the place is written anew. What is stored
  /// stays as it is. Nothing if there is no such file.
  void reads_as(const std::string& name, std::uint64_t at, const Bytes& content, sim::DiskFaultId fault);
  /// What is stored there; less at the end of the file, nothing if there is none.
  Bytes stored(const std::string& name, std::uint64_t at, std::size_t length) const;
  /// The names in a folder; none if there is none.
  std::vector<std::string> list(const std::string& folder) const;
  std::uint64_t size(const std::string& name) const;

  /// What is durable of a folder of the disk, as a new one of this machine; an empty one if there is none.
  Result<> copy_durable(const std::string& name, const std::string& to) const;
  /// The folder of the disk becomes that one of this machine, by copy_durable(). REQUIRES that it is not served.
  Result<> replace(const std::string& name, const std::string& by);
  /// A place in a file that is still there reads as something else than what is stored, or reads go astray.
  bool is_damaged() const;
  /// Something was synced that the disk only says it holds.
  bool has_lied() const;
  void make_lies_true();
  /// All that is there now is durable.
  void make_durable();
  /// Whether a sync has begun since this was asked last.
  bool take_synced();

  struct State;  ///< disk_state.h

 private:
  std::unique_ptr<State> state_;
};

}  // namespace heir::testbed
