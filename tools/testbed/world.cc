#include "tools/testbed/world.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "tools/testbed/device.h"

namespace heir::testbed {

namespace {

namespace fs = std::filesystem;

/// Numbers of hosts are two bytes of an address.
constexpr std::size_t kMostHosts = 1000;

struct OwnFolder {
  const char* name;  ///< In the host's folder, and at the host's root.
  mode_t mode;
};
constexpr std::array kOwnFolders{OwnFolder{"tmp", 01777}, OwnFolder{"run", 0755}, OwnFolder{"srv", 0755}};

Result<> check_names(const std::vector<std::string>& names) {
  if (names.empty() || names.size() > kMostHosts)
    return Error{ErrorCode::invalid, "a world has 1 to " + std::to_string(kMostHosts) + " hosts"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto allowed = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    };
    if (names[i].empty() || names[i].size() > 63 || !std::all_of(names[i].begin(), names[i].end(), allowed))
      return Error{ErrorCode::invalid, "a host's name is letters, digits and '-', not \"" + names[i] + "\""};
    if (std::find(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<std::ptrdiff_t>(i))
      return Error{ErrorCode::already_exists, "two hosts of one name: " + names[i]};
  }
  return {};
}

Result<> make_own_folder(const std::string& path, mode_t mode) {
  // The umask must not have a say.
  if ((::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) || ::chmod(path.c_str(), mode) != 0)
    return system_error(path);
  return {};
}

/// The file /etc/hosts of a host.
Result<> write_names(const std::string& path, const std::vector<std::string>& names) {
  std::string text = "127.0.0.1 localhost\n::1 localhost\n";
  for (std::size_t i = 0; i < names.size(); ++i)
    text += address_text(NodeId(static_cast<std::uint16_t>(i))) + " " + names[i] + "\n";
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!file || ::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return system_error(path);
  return {};
}

}  // namespace

Result<> can_make_worlds() {
  if (::geteuid() != 0)
    return Error{ErrorCode::refused, "needs root, because it makes namespaces and network devices for its hosts"};
  if (::access("/dev/net/tun", R_OK | W_OK) != 0)
    return Error{
        ErrorCode::not_found,
        "needs /dev/net/tun, which a host's network device is made with: `modprobe tun`, or give the container "
        "that device"};
  for (const char* each : {"net", "mnt", "pid", "uts", "ipc"}) {
    if (::access((std::string("/proc/self/ns/") + each).c_str(), F_OK) != 0)
      return Error{ErrorCode::not_found, std::string("needs a kernel with namespaces; it has none of ") + each};
  }
  return {};
}

Result<std::unique_ptr<World>> World::make(const WorldOptions& options) {
  if (const Result<> can = can_make_worlds(); !can) return can.error();
  if (const Result<> good = check_names(options.hosts); !good) return good.error();
  if (options.disks > 0)
    if (const Result<> can = can_make_disks(); !can) return can.error();
  Result<Registration> registration = Registration::make();
  if (!registration) return registration.error();
  std::unique_ptr<World> world(new World(std::move(*registration), options.hosts, options.mtu));
  SwitchOptions between;
  between.hosts = options.hosts.size();
  between.seed = options.seed;
  between.link = options.link;
  between.capture = options.capture;
  Result<std::unique_ptr<Switch>> made = Switch::start(between);
  if (!made) return made.error();
  world->switch_ = std::move(*made);
  const std::size_t end_of_disks = std::min(options.first_disk + options.disks, options.hosts.size());
  for (auto i = static_cast<std::uint16_t>(options.first_disk); i < end_of_disks; ++i) {
    const std::string folder = world->folder(NodeId(i));
    for (const std::string& path : {folder, folder + "/srv"})
      if (const Result<> own = make_own_folder(path, 0755); !own) return own.error();
    world->disks_[i] =
        std::make_unique<Disk>(folder + "/srv", folder + "/aside", options.disk, options.seed, options.hosts[i]);
  }
  for (std::uint16_t i = 0; i < options.hosts.size(); ++i) {
    if (const Result<> booted = world->boot(NodeId(i)); !booted) return booted.error();
  }
  return world;
}

World::~World() {
  for (std::uint16_t i = 0; i < hosts_.size(); ++i) power_off(NodeId(i), sim::UnsyncedFate::keep);
}

std::optional<NodeId> World::find(std::string_view name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  if (found == names_.end()) return std::nullopt;
  return NodeId(static_cast<std::uint16_t>(found - names_.begin()));
}

Container& World::host(NodeId host) {
  ASSERT(is_up(host), name(host) + " is off");
  return *hosts_[host.value()];
}

void World::cut_off(NodeId host) {
  if (!is_up(host)) return;
  switch_->unplug(host);
  if (disk(host)) disk(host)->cut();
}

void World::power_off(NodeId host, sim::UnsyncedFate fate) {
  if (!is_up(host)) return;
  // Before the programs: one that waits for its disk cannot be killed.
  cut_off(host);
  hosts_[host.value()].reset();
  if (disk(host)) disk(host)->lose_power(fate);
}

Result<Container> World::boot_container(NodeId host, const InitPlan& given) {
  if (!disk(host)) return Container::boot(given);
  Result<Disk::Device> device = disk(host)->open();
  if (!device) return device.error();
  InitPlan plan = given;
  plan.mount = {device->file.get(), device->options, "/srv"};
  Result<Container> booted = Container::boot(plan);
  if (!booted) return booted.error();
  if (const Result<> served = disk(host)->serve(std::move(*device)); !served) return served.error();
  return booted;
}

Result<> World::boot(NodeId host) {
  if (is_up(host)) return {};
  Result<> booted = try_to_boot(host);
  if (booted) return booted;
  if (disk(host)) disk(host)->cut();
  hosts_[host.value()].reset();
  return booted;
}

Result<> World::try_to_boot(NodeId host) {
  std::error_code error;
  fs::remove_all(folder(host) + "/run", error);
  if (error) return system_error(folder(host) + "/run", error.value());
  if (const Result<> made = make_own_folder(folder(host), 0755); !made) return made;
  InitPlan plan{name(host), {}, {}};
  for (const OwnFolder& each : kOwnFolders) {
    const std::string path = folder(host) + "/" + each.name;
    if (const Result<> made = make_own_folder(path, each.mode); !made) return made;
    if (!disk(host) || std::string_view(each.name) != "srv") plan.binds.push_back({path, std::string("/") + each.name});
  }
  const std::string names = folder(host) + "/hosts";
  if (const Result<> written = write_names(names, names_); !written) return written;
  plan.binds.push_back({names, "/etc/hosts"});
  Result<Container> booted = boot_container(host, plan);
  if (!booted) return booted.error();
  if (const Result<> recorded = registration_.add_init(booted->init()); !recorded) return recorded;
  Result<Descriptor> device = make_device(*booted, host, size(), mtu_);
  if (!device) return device.error();
  hosts_[host.value()].emplace(std::move(*booted));
  return switch_->plug(host, std::move(*device));
}

}  // namespace heir::testbed
