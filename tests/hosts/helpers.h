// What tests of real hosts share. Each waits long where something must happen, and never expects it soon: the machine
// may be busy.
#pragma once

#include <catch2/catch.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tools/testbed/world.h"

namespace heir::testbed {

inline constexpr NodeId A{0};
inline constexpr NodeId B{1};
inline constexpr NodeId C{2};

/// With hosts named host1, host2, …; ends the test program with status 77 where there can be no world.
std::unique_ptr<World> make_world(std::size_t hosts, WorldOptions options = {});

/// Runs a line of shell on a host and gives its output; it succeeds.
std::string shell(Container& host, const std::string& line);
/// Starts one.
ProgramId start_shell(Container& host, const std::string& line);

/// Processes of this machine that have this text in their command line.
int processes_with(const std::string& text);
/// The network devices of this machine.
std::vector<std::string> machine_devices();

/// False if it does not come true within 30 s.
bool eventually(const std::function<bool()>& holds);

double milliseconds_since(std::chrono::steady_clock::time_point begun);

// ---- Sockets on hosts, used from here. Whatever they wait for, they wait 30 s at most.

Descriptor udp_socket(World& world, NodeId host, std::uint16_t port);
void send_datagram(const Descriptor& from, NodeId to, std::uint16_t port, const std::string& text);
/// What has arrived; waits until nothing has for so long.
std::vector<std::string> receive_datagrams(const Descriptor& at, int quiet_ms);
/// Waits for one; empty if none comes.
std::string receive_datagram(const Descriptor& at);

struct Connection {
  Descriptor client;
  Descriptor server;
};
Connection connect(World& world, NodeId from, NodeId to, std::uint16_t port);
/// Can `from` connect to `to` within that time?
bool can_connect(World& world, NodeId from, NodeId to, std::uint16_t port, int milliseconds);
bool send_all(const Descriptor& to, const std::string& bytes);
/// Less, if the rest does not come.
std::string receive(const Descriptor& from, std::size_t count);
bool readable_within(const Descriptor& from, int milliseconds);
/// Of so many round trips of one byte, the shortest, in milliseconds.
double shortest_round_trip_ms(const Connection& connection, int count);

LinkFault fault_on(std::vector<sim::DirectedLink> links);

}  // namespace heir::testbed
