// HostedWorld: what the nemesis does to connections that there are; what it does to links is the switch's business.
#include "tools/on_hosts/hosted_world.h"

namespace heir::on_hosts {

namespace {

constexpr Duration patience = Duration::seconds(10);

}  // namespace

/// Of `on` with `with`; with `-K`, they are destroyed, and the other side is told.
std::size_t HostedWorld::sockets_of(sim::NodeId on, sim::NodeId with, const std::string& options) {
  if (!world_->is_up(on)) return 0;
  Result<LogPipe> output = LogPipe::make("");
  if (!output) return 0;
  testbed::Command command;
  command.arguments = {"/bin/sh", "-c",
                       "seen=$(ss " + options + " -tnHO state established dst " + testbed::address_text(with) +
                           ") || exit 1; [ -z \"$seen\" ] || printf '%s\\n' \"$seen\" | wc -l"};
  command.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
  command.output = output->writer();
  const Result<int> done = world_->host(on).run(command, patience);
  const std::string what = "looking at the connections of " + world_->name(on);
  if (!done) note(done.error(), what);
  if (done && *done != 0) note(Error{ErrorCode::failed, "ss failed"}, what);
  std::size_t count = 0;
  for (const LogEntry& entry : output->read()) count += std::stoul(std::string(entry.field("words")));
  return count;
}

/// A kernel that cannot destroy sockets says nothing of it.
std::size_t HostedWorld::destroy_sockets(sim::NodeId on, sim::NodeId with) {
  const std::size_t there = sockets_of(on, with, "");
  const std::size_t destroyed = sockets_of(on, with, "-K");
  if (there > 0 && destroyed == 0)
    note(Error{ErrorCode::failed, "`ss -K` destroyed none of " + std::to_string(there) + " connections"},
         "breaking the connections of " + world_->name(on));
  return destroyed;
}

std::size_t HostedWorld::break_connections(sim::NodeId a, sim::NodeId b, scenarios::ToldOfBreak told) {
  using scenarios::ToldOfBreak;
  testbed::Switch& network = world_->network();
  if (told == ToldOfBreak::both) return destroy_sockets(a, b);
  const bool swaps = random_.chance(sim::Ratio::percent(50));
  const sim::NodeId one = swaps ? b : a;
  const sim::NodeId other = swaps ? a : b;
  if (told == ToldOfBreak::one) {
    // Only the farewell is lost: when the other speaks, it is told that there is no such connection.
    network.forget(one, other);
    const std::size_t broken = destroy_sockets(one, other);
    network.remember(one, other);
    return broken;
  }
  const std::size_t broken = sockets_of(one, other, "");
  network.forget(one, other);
  if (told == ToldOfBreak::nobody) network.forget(other, one);
  return broken;
}

}  // namespace heir::on_hosts
