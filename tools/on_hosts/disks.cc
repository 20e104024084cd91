#include "tools/on_hosts/disks.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "engine/databases/postgresql/layout.h"
#include "scenarios/fault_kinds.h"
#include "scenarios/fault_section.h"
#include "sim/world/parameters.h"
#include "tools/on_hosts/cluster_files.h"

namespace heir::on_hosts {

namespace {

using testbed::Disk;

constexpr std::uint64_t page_size = 4096;
constexpr std::uint64_t segment_size = 16 << 20;
/// Numbers below are those of tables that initdb makes.
constexpr unsigned long first_of_users = 16384;

/// As names on the disk.
postgresql::Layout layout() {
  return postgresql::Layout(std::string(database_root).substr(std::strlen(disk_root)));
}

template <class Number>
Number number_at(const Bytes& bytes, std::size_t at) {
  Number number{};
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

/// Where crash recovery begins, by PostgreSQL 15's pg_control: its checkPointCopy.redo.
std::optional<std::uint64_t> redo_of(const Disk& disk) {
  constexpr std::size_t place = 40;
  const Bytes control = disk.stored(layout().data() + "/global/pg_control", 0, place + sizeof(std::uint64_t));
  if (control.size() < place + sizeof(std::uint64_t)) return std::nullopt;
  return number_at<std::uint64_t>(control, place);
}

std::optional<StoredPart> draw_of_log(const Disk& disk, sim::RandomStream& random) {
  const std::optional<std::uint64_t> redo = redo_of(disk);
  if (!redo) return std::nullopt;
  const std::uint64_t segment = *redo / segment_size;
  const std::string suffix = fmt::format("{:08X}{:08X}", segment / 256, segment % 256);
  const std::string folder = layout().data() + "/pg_wal";
  // Of the last timeline that has it.
  std::string file;
  for (const std::string& name : disk.list(folder))
    if (name.size() == 24 && name.ends_with(suffix)) file = folder + "/" + name;
  Bytes log = disk.stored(file, *redo % segment_size, std::size_t{64} << 10);
  log.resize(log.find_last_not_of('\0') + 1);
  if (file.empty() || log.empty()) return std::nullopt;
  const std::size_t drawn = random.below(log.size());
  return StoredPart{file, *redo % segment_size + drawn, log.substr(drawn, 1)};
}

bool is_number(const std::string& name) {
  return !name.empty() && name.size() < 10 && name.find_first_not_of("0123456789") == std::string::npos;
}

std::optional<StoredPart> draw_of(const Disk& disk, const std::vector<std::string>& files, sim::RandomStream& random) {
  std::vector<std::string> filled;
  for (const std::string& file : files)
    if (disk.size(file) > 0) filled.push_back(file);
  if (filled.empty()) return std::nullopt;
  const std::string& file = random.pick(filled);
  const std::uint64_t at = random.below(disk.size(file));
  return StoredPart{file, at, disk.stored(file, at, 1)};
}

std::vector<std::string> tables_of_users(const Disk& disk) {
  std::vector<std::string> files;
  const std::string base = layout().data() + "/base";
  for (const std::string& database : disk.list(base))
    for (const std::string& name : disk.list(base + "/" + database))
      if (is_number(name) && std::stoul(name) >= first_of_users) files.push_back(base + "/" + database + "/" + name);
  return files;
}

}  // namespace

bool needs_disk(const scenarios::Fault& fault, scenarios::FaultKind kind) {
  using scenarios::FaultKind;
  return kind == FaultKind::crash || kind == FaultKind::power_off_all ||
         (kind == FaultKind::restart_loop && fault.process == scenarios::ProcessKind::host) ||
         scenarios::traits(kind).family == scenarios::FaultFamily::disk;
}

bool needs_disks(const scenarios::Scenario& scenario) {
  const auto needs = [](const scenarios::Fault& fault) {
    const std::vector<scenarios::FaultKind> kinds = scenarios::possible_kinds(fault);
    return fault.on == scenarios::Moment::fsync ||
           std::any_of(kinds.begin(), kinds.end(), [&](auto kind) { return needs_disk(fault, kind); });
  };
  return scenario.disk != scenarios::Disk() || std::any_of(scenario.faults.begin(), scenario.faults.end(), needs);
}

testbed::DiskOptions disk_options(const scenarios::Scenario& scenario, SystemKind system) {
  const auto is_of_a_copy = [copies = copies_of(system)](const std::string& name) { return name.starts_with(copies); };
  testbed::DiskOptions options;
  options.parameters = sim::disk_parameters(scenario.disk);
  options.is_timed = [=](const std::string& name) { return !is_of_a_copy(name); };
  options.may_be_garbage = [=](const std::string& name) {
    return is_of_a_copy(name) ? name.find("/pg_wal/") != std::string::npos : system == SystemKind::heir;
  };
  options.may_be_astray = [=](const std::string& name) {
    return is_of_a_copy(name) && name.find("/base/") != std::string::npos;
  };
  return options;
}

std::optional<StoredPart> draw_stored(const Disk& disk, scenarios::RotPlace where, sim::RandomStream& random) {
  switch (where) {
    case scenarios::RotPlace::log: return draw_of_log(disk, random);
    case scenarios::RotPlace::table: return draw_of(disk, tables_of_users(disk), random);
    case scenarios::RotPlace::agent:
      return draw_of(disk, {layout().identity(), layout().cluster(), layout().store()}, random);
  }
  return std::nullopt;
}

sim::DiskFaultId rot(Disk& disk, const StoredPart& byte, sim::RandomStream& random) {
  const sim::DiskFaultId fault = disk.new_fault();
  const Bytes rotten(1, static_cast<char>(byte.content[0] ^ (1 << random.below(8))));
  disk.reads_as(byte.file, byte.at, rotten, fault);
  return fault;
}

sim::DiskFaultId misdirect(Disk& disk, const StoredPart& log, const StoredPart& table) {
  const sim::DiskFaultId fault = disk.new_fault();
  const std::uint64_t from = log.at / page_size * page_size;
  const Bytes lost = disk.stored(log.file, from, page_size);
  disk.reads_as(log.file, from, Bytes(lost.size(), '\0'), fault);
  disk.reads_as(table.file, table.at / page_size * page_size, lost, fault);
  return fault;
}

KeptDisk::~KeptDisk() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

}  // namespace heir::on_hosts
