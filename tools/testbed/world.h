// World: hosts on this machine, as namespaces, with a switch of our own between them. What nemesis and runner act on
// when a scenario runs on real hosts.
//
// On a host, the others' names resolve; /tmp and /run are its own, and so is /srv, its disk: what the host shall still
// have after a loss of power. It is a folder of this machine, which forgets nothing, or a Disk, which forgets what was
// not synced and has faults. Everything else is the machine's, the user "root" included: programs on hosts are trusted.
// They reach the other hosts, through the switch, and nothing else.
//
// When the World is destroyed, hosts, devices and files are gone. When its process is killed, hosts and devices are
// gone too; clean_worlds() (`heir hosts clean`) removes the files.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/testbed/container.h"
#include "tools/testbed/disk.h"
#include "tools/testbed/registry.h"
#include "tools/testbed/switch.h"

namespace heir::testbed {

struct WorldOptions {
  std::vector<std::string> hosts;  ///< Their names: letters, digits and '-'; numbered from 0 in this order.
  std::uint64_t seed = 1;          ///< Of all that the switch draws.
  LinkParameters link = plain_link();
  std::string capture;  ///< As SwitchOptions::capture.
  int mtu = 1500;       ///< Of the hosts' devices.
  /// So many of the hosts, from that one on, have a Disk; needs can_make_disks().
  std::size_t disks = 0;
  std::size_t first_disk = 0;
  DiskOptions disk{};
};

/// Whether this process and machine can have worlds at all: needs root, namespaces and /dev/net/tun. The error says
/// what is missing and why it is needed.
Result<> can_make_worlds();

class World {
 public:
  /// All hosts are up.
  static Result<std::unique_ptr<World>> make(const WorldOptions& options);
  ~World();

  std::size_t size() const { return names_.size(); }
  std::optional<NodeId> find(std::string_view name) const;
  const std::string& name(NodeId host) const { return names_[host.value()]; }
  bool is_up(NodeId host) const { return hosts_[host.value()].has_value(); }
  /// REQUIRES that it is up.
  Container& host(NodeId host);
  Switch& network() { return *switch_; }
  /// Null if its /srv is a folder.
  Disk* disk(NodeId host) { return disks_[host.value()].get(); }
  /// With the host's files, as this machine sees them: its /tmp is `tmp` there, its /run `run`, its /srv `srv`. What is
  /// put into the latter is seen by programs if a Disk is not: if nobody has looked into the folder it is in.
  std::string folder(NodeId host) const { return registration_.folder() + "/" + name(host); }

  /// Nobody hears of the host any more, and whatever its programs ask of a Disk fails. It is still up. Nothing, if it
  /// is off.
  void cut_off(NodeId host);
  /// The link first, so that nobody hears a farewell; then the disk, then all that runs dies. Of what was not synced a
  /// Disk has left what its fate says, once somebody looks; all else of /srv and /tmp stays as it is. Nothing, if the
  /// host is off.
  void power_off(NodeId host, sim::UnsyncedFate fate = sim::UnsyncedFate::draw);
  /// Nothing, if it is up. An error is one of this machine's; the host is off then.
  Result<> boot(NodeId host);

 private:
  World(Registration registration, std::vector<std::string> names, int mtu)
      : registration_(std::move(registration)),
        names_(std::move(names)),
        mtu_(mtu),
        disks_(names_.size()),
        hosts_(names_.size()) {}
  Result<> try_to_boot(NodeId host);
  Result<Container> boot_container(NodeId host, const InitPlan& plan);

  Registration registration_;  ///< Its end is the last thing that happens.
  std::vector<std::string> names_;
  int mtu_;
  std::unique_ptr<Switch> switch_;
  std::vector<std::unique_ptr<Disk>> disks_;
  std::vector<std::optional<Container>> hosts_;
};

}  // namespace heir::testbed
