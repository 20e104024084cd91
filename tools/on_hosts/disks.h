// The disks of a scenario's hosts: what is where on them, for the faults that must know.
#pragma once

#include <optional>
#include <string>

#include "scenarios/scenario.h"
#include "tools/on_hosts/system.h"
#include "tools/testbed/disk.h"

namespace heir::on_hosts {

/// Whether a strike of this kind shows only on a disk that forgets and fails: it cuts the power, or befalls disks.
bool needs_disk(const scenarios::Fault& fault, scenarios::FaultKind kind);
/// Whether it shows of a run that its hosts' disks forget and fail: something cuts the power, befalls disks, waits for
/// their syncs, or [disk] is not the usual. Else folders of this machine do, which cost less.
bool needs_disks(const scenarios::Scenario& scenario);
/// Whether that goes for the hosts of the store, too. Those of other systems have folders: etcd maps its file, which no
/// Disk allows.
constexpr bool stores_have_disks(SystemKind system) {
  return system == SystemKind::heir;
}

/// As the scenario's [disk] says. Times of reads and writes are for the files of agents and of the store's members, as
/// in the simulator. Garbage is left only in files whose readers tell it from what was written: heir's own, and
/// PostgreSQL's log. Its tables and its commit log stand what is torn, but nothing tells it of a sector of theirs that
/// is noise, nor another system of one in what it keeps beside them.
testbed::DiskOptions disk_options(const scenarios::Scenario& scenario, SystemKind system);

/// A part of a file that a peer has stored.
struct StoredPart {
  std::string file;
  std::uint64_t at = 0;
  Bytes content;
};
/// One byte of the log that crash recovery would read, of a page of a client's table, or of what the agent must be able
/// to read before it takes part. Nothing if there is none.
std::optional<StoredPart> draw_stored(const testbed::Disk& disk, scenarios::RotPlace where, sim::RandomStream& random);
/// The same byte, with one bit flipped; it is one fault.
sim::DiskFaultId rot(testbed::Disk& disk, const StoredPart& byte, sim::RandomStream& random);
/// The page of log at that byte is in the place of the table's page at that one.
sim::DiskFaultId misdirect(testbed::Disk& disk, const StoredPart& log, const StoredPart& table);

/// What is durable of a host's disk, kept in a folder of this machine for as long as an image of it.
class KeptDisk final : public sim::FolderImage {
 public:
  explicit KeptDisk(std::string folder) : folder_(std::move(folder)) {}
  ~KeptDisk() override;
  const std::string& folder() const { return folder_; }
  std::shared_ptr<sim::FolderObject> restore(sim::Disk&) const override { return nullptr; }

 private:
  std::string folder_;
};

}  // namespace heir::on_hosts
