#include "helpers.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

namespace heir::testbed {

namespace {

using Clock = std::chrono::steady_clock;
constexpr int kPatienceMs = 30'000;

sockaddr_in socket_address(NodeId host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(ipv4_of(host));
  return address;
}

const sockaddr* plain(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

Command shell_command(const std::string& line) {
  Command command;
  command.arguments = {"/bin/sh", "-c", line};
  command.environment = {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"};
  return command;
}

Descriptor make_socket(World& world, NodeId host, int type) {
  Result<Descriptor> made = world.host(host).socket(AF_INET, type);
  REQUIRE(made);
  return std::move(*made);
}

Descriptor listen_at(World& world, NodeId host, std::uint16_t port) {
  Descriptor listener = make_socket(world, host, SOCK_STREAM);
  const int on = 1;
  REQUIRE(::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0);
  const sockaddr_in address = socket_address(host, port);
  REQUIRE(::bind(listener.get(), plain(address), sizeof address) == 0);
  REQUIRE(::listen(listener.get(), 16) == 0);
  return listener;
}

/// Connected within that time, or nothing.
Descriptor try_connect(World& world, NodeId from, NodeId to, std::uint16_t port, int milliseconds) {
  Descriptor client = make_socket(world, from, SOCK_STREAM);
  const int flags = ::fcntl(client.get(), F_GETFL);
  ::fcntl(client.get(), F_SETFL, flags | O_NONBLOCK);
  const sockaddr_in address = socket_address(to, port);
  if (::connect(client.get(), plain(address), sizeof address) != 0) {
    pollfd waits{client.get(), POLLOUT, 0};
    int error = 1;
    socklen_t size = sizeof error;
    if (errno != EINPROGRESS || ::poll(&waits, 1, milliseconds) != 1 ||
        ::getsockopt(client.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0)
      return {};
  }
  ::fcntl(client.get(), F_SETFL, flags);
  return client;
}

}  // namespace

std::unique_ptr<World> make_world(std::size_t hosts, WorldOptions options) {
  if (const Result<> can = can_make_worlds(); !can) {
    std::fprintf(stderr, "skipped: %s\n", can.error().message.c_str());
    std::exit(77);
  }
  for (std::size_t i = 1; i <= hosts; ++i) options.hosts.push_back("host" + std::to_string(i));
  Result<std::unique_ptr<World>> world = World::make(options);
  INFO((world ? std::string() : world.error().message));
  REQUIRE(world);
  return std::move(*world);
}

std::string shell(Container& host, const std::string& line) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  Descriptor reads(ends[0]);
  Descriptor writes(ends[1]);
  Command command = shell_command(line);
  command.output = writes.get();
  command.errors = writes.get();
  const Result<int> status = host.run(command, Duration::seconds(30));
  writes.close();
  std::string output;
  char buffer[4096];
  for (ssize_t length; (length = ::read(reads.get(), buffer, sizeof buffer)) > 0;)
    output.append(buffer, static_cast<std::size_t>(length));
  INFO(line << "\n" << output << (status ? "" : status.error().message));
  REQUIRE(status);
  REQUIRE(*status == 0);
  return output;
}

ProgramId start_shell(Container& host, const std::string& line) {
  const Result<ProgramId> program = host.start(shell_command(line));
  INFO((program ? std::string() : program.error().message));
  REQUIRE(program);
  return *program;
}

int processes_with(const std::string& text) {
  int count = 0;
  for (const auto& each : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(each.path() / "cmdline", std::ios::binary);
    std::string line;
    std::getline(file, line);  // Of a process that ends meanwhile: empty.
    if (line.find(text) != std::string::npos) ++count;
  }
  return count;
}

std::vector<std::string> machine_devices() {
  std::vector<std::string> names;
  for (const auto& each : std::filesystem::directory_iterator("/sys/class/net"))
    names.push_back(each.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

bool eventually(const std::function<bool()>& holds) {
  const auto begun = Clock::now();
  while (!holds()) {
    if (milliseconds_since(begun) > kPatienceMs) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

double milliseconds_since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

Descriptor udp_socket(World& world, NodeId host, std::uint16_t port) {
  Descriptor made = make_socket(world, host, SOCK_DGRAM);
  const int bytes = 4 << 20;
  ::setsockopt(made.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
  const sockaddr_in address = socket_address(host, port);
  REQUIRE(::bind(made.get(), plain(address), sizeof address) == 0);
  return made;
}

void send_datagram(const Descriptor& from, NodeId to, std::uint16_t port, const std::string& text) {
  const sockaddr_in address = socket_address(to, port);
  REQUIRE(::sendto(from.get(), text.data(), text.size(), 0, plain(address), sizeof address) ==
          static_cast<ssize_t>(text.size()));
}

bool readable_within(const Descriptor& from, int milliseconds) {
  pollfd waits{from.get(), POLLIN, 0};
  return ::poll(&waits, 1, milliseconds) == 1;
}

std::vector<std::string> receive_datagrams(const Descriptor& at, int quiet_ms) {
  std::vector<std::string> all;
  char buffer[2048];
  while (readable_within(at, quiet_ms)) {
    const ssize_t length = ::recv(at.get(), buffer, sizeof buffer, 0);
    if (length >= 0) all.emplace_back(buffer, static_cast<std::size_t>(length));
  }
  return all;
}

std::string receive_datagram(const Descriptor& at) {
  char buffer[2048];
  if (!readable_within(at, kPatienceMs)) return {};
  const ssize_t length = ::recv(at.get(), buffer, sizeof buffer, 0);
  return length < 0 ? std::string() : std::string(buffer, static_cast<std::size_t>(length));
}

Connection connect(World& world, NodeId from, NodeId to, std::uint16_t port) {
  const Descriptor listener = listen_at(world, to, port);
  Connection made;
  made.client = try_connect(world, from, to, port, kPatienceMs);
  REQUIRE(made.client);
  REQUIRE(readable_within(listener, kPatienceMs));
  made.server = Descriptor(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  REQUIRE(made.server);
  const int on = 1;
  for (const Descriptor* each : {&made.client, &made.server})
    ::setsockopt(each->get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return made;
}

bool can_connect(World& world, NodeId from, NodeId to, std::uint16_t port, int milliseconds) {
  const Descriptor listener = listen_at(world, to, port);
  return static_cast<bool>(try_connect(world, from, to, port, milliseconds));
}

bool send_all(const Descriptor& to, const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = ::send(to.get(), bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count < 0) return false;
    sent += static_cast<std::size_t>(count);
  }
  return true;
}

std::string receive(const Descriptor& from, std::size_t count) {
  std::string all(count, '\0');
  std::size_t received = 0;
  while (received < count && readable_within(from, kPatienceMs)) {
    const ssize_t length = ::recv(from.get(), all.data() + received, count - received, 0);
    if (length <= 0) break;
    received += static_cast<std::size_t>(length);
  }
  all.resize(received);
  return all;
}

double shortest_round_trip_ms(const Connection& connection, int count) {
  double shortest = 1e9;
  for (int i = 0; i < count; ++i) {
    const auto begun = Clock::now();
    REQUIRE(send_all(connection.client, "x"));
    REQUIRE(receive(connection.server, 1) == "x");
    REQUIRE(send_all(connection.server, "y"));
    REQUIRE(receive(connection.client, 1) == "y");
    shortest = std::min(shortest, milliseconds_since(begun));
  }
  return shortest;
}

LinkFault fault_on(std::vector<sim::DirectedLink> links) {
  LinkFault fault;
  fault.links = std::move(links);
  return fault;
}

}  // namespace heir::testbed
