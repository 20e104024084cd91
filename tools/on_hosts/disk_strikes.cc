// HostedWorld: what the nemesis does to disks, and which copies the atlas lets be lost.
#include <cstring>
#include <filesystem>

#include "engine/databases/postgresql/programs.h"
#include "tools/on_hosts/cluster_files.h"
#include "tools/on_hosts/disks.h"
#include "tools/on_hosts/hosted_world.h"

namespace heir::on_hosts {

namespace {

/// Where on a disk is what the host's programs have made.
std::string data_on_disk() {
  return std::string(data_root).substr(std::strlen(disk_root));
}

constexpr Duration initdb_limit = Duration::seconds(60);

}  // namespace

void HostedWorld::begin(std::function<bool(int)> strikes_alone) {
  strikes_alone_ = std::move(strikes_alone);
  for (const Host* host : all_hosts())
    if (testbed::Disk* const disk = world_->disk(node(host->number))) disk->make_durable();
}

bool HostedWorld::is_sound(int host) {
  const Host& on = of(host);
  const bool is_paused = std::any_of(on.pauses.begin(), on.pauses.end(), [](int pauses) { return pauses > 0; });
  const testbed::Disk* const disk = world_->disk(node(host));
  return is_up(host) && !on.programs.empty() && on.programs.front() && !is_paused && !(disk && disk->has_lied());
}

bool HostedWorld::is_damaged(int host) const {
  const testbed::Disk* const disk = world_->disk(node(host));
  return disk && disk->is_damaged();
}

/// What a member of the store has caught up with nobody sees, so that it is spared.
bool HostedWorld::may_lose(int host) {
  const bool granted = host > 0 ? atlas_.grant(host, strikes_alone_ && strikes_alone_(host)) : !atlas_.is_on();
  if (host > 0 && granted) copies_.lose(host);
  if (!granted) observer_.tell(sim::StoryLine::Kind::note, observer_.host_name(host), "the atlas spares this copy");
  return granted;
}

sim::DiskFaultId HostedWorld::lay_on(int host, const sim::DiskFault& fault) {
  return world_->disk(node(host))->lay_on(fault);
}

void HostedWorld::lift(int host, sim::DiskFaultId fault) {
  world_->disk(node(host))->lift(fault);
}

std::optional<sim::DiskFaultId> HostedWorld::rot(int host, scenarios::RotPlace where, sim::RandomStream& random) {
  testbed::Disk& disk = *world_->disk(node(host));
  const std::optional<StoredPart> byte = draw_stored(disk, where, random);
  if (!byte || (where == scenarios::RotPlace::table && !may_lose(host))) return std::nullopt;
  // Nobody is asked for leave, for the log is read again after a crash only; but the copy is no good one.
  if (where == scenarios::RotPlace::log) copies_.lose(host);
  return on_hosts::rot(disk, *byte, random);
}

std::optional<sim::DiskFaultId> HostedWorld::misdirect_write(int host, sim::RandomStream& random) {
  testbed::Disk& disk = *world_->disk(node(host));
  const std::optional<StoredPart> log = draw_stored(disk, scenarios::RotPlace::log, random);
  const std::optional<StoredPart> table = draw_stored(disk, scenarios::RotPlace::table, random);
  if (!log || !table || !may_lose(host)) return std::nullopt;
  return misdirect(disk, *log, *table);
}

std::optional<sim::DiskFaultId> HostedWorld::misdirect_reads(int host, sim::Ratio chance, sim::RandomStream&) {
  if (!may_lose(host)) return std::nullopt;
  sim::DiskFault fault;
  fault.stray_reads = chance;
  return lay_on(host, fault);
}

/// Of what the host's programs have made, as a folder of this machine; what the set-up has put there goes nowhere.
sim::DiskImage HostedWorld::disk_image(int host) const {
  const std::string folder = world_->folder(node(host)) + "/kept-" + std::to_string(++kept_disks_);
  const Instant begun = now_of_machine();
  note(world_->disk(node(host))->copy_durable(data_on_disk(), folder),
       "what is on the disk of " + observer_.host_name(host));
  // Meanwhile the disk, and this harness with all its faults and clocks, stood still.
  const Duration took = between(begun, now_of_machine());
  observer_.tell(sim::StoryLine::Kind::note, observer_.host_name(host),
                 "its disk was copied, and served nobody for " + to_string(took));
  sim::DiskImage image;
  image.root.object = std::make_shared<KeptDisk>(folder);
  return image;
}

/// A new cluster, made by the operator, who can be struck by nothing.
sim::DiskImage HostedWorld::with_foreign_data(sim::DiskImage image) {
  const std::string name = "/foreign-" + std::to_string(kept_disks_);
  const std::string foreign = world_->folder(operator_node()) + disk_root + name;
  std::error_code error;
  std::filesystem::create_directories(foreign, error);
  if (!error && ::chown(foreign.c_str(), postgres_user().user, postgres_user().group) != 0)
    error = std::error_code(errno, std::generic_category());
  Program program = postgresql::programs::initdb(postgresql_programs, disk_root + name, "heir", "");
  program.arguments.insert(program.arguments.begin(), program.name);
  testbed::Command initdb = command_of(std::move(program.arguments));
  initdb.user = postgres_user();
  const Result<int> made = world_->host(operator_node()).run(with_output(initdb, *operator_log_), initdb_limit);
  if (!made || *made != 0) {
    note(made ? Result<>(ErrorCode::failed, "initdb failed") : Result<>(made.error()), "another cluster's data");
    return image;
  }
  const auto kept = std::dynamic_pointer_cast<const KeptDisk>(image.root.object);
  const std::string own = kept->folder() + copies_of(SystemKind::heir).substr(data_on_disk().size());
  std::filesystem::remove_all(own, error);
  if (!error) std::filesystem::rename(foreign, own, error);
  note(error ? Result<>(ErrorCode::io_error, own + ": " + error.message()) : Result<>(), "another cluster's data");
  return image;
}

void HostedWorld::replace_disk(int host, const sim::DiskImage& image) {
  observer_.tell(sim::StoryLine::Kind::note, observer_.host_name(host), "another disk is put in");
  auto kept = std::dynamic_pointer_cast<const KeptDisk>(image.root.object);
  if (!kept) {
    kept = std::make_shared<KeptDisk>(world_->folder(node(host)) + "/empty");
    std::filesystem::create_directory(kept->folder());
  }
  note(world_->disk(node(host))->replace(data_on_disk(), kept->folder()),
       "putting another disk into " + observer_.host_name(host));
}

}  // namespace heir::on_hosts
