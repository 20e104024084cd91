// Hosts: what they share with the machine and with each other, and what not; programs, signals, losses of power.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <filesystem>
#include <thread>

#include "helpers.h"

using namespace heir;
using namespace heir::testbed;

TEST_CASE("A host has a name, an address, processes and files of its own") {
  const std::vector<std::string> devices = machine_devices();
  const auto world = make_world(2);
  Container& a = world->host(A);
  CHECK(shell(a, "uname -n") == "host1\n");
  CHECK(shell(world->host(B), "uname -n") == "host2\n");
  CHECK(shell(a, "getent hosts host2") == "10.77.0.2       host2\n");
  CHECK(shell(a, "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ' | sort") == "eth0\nlo\n");
  CHECK(shell(a, "cd /proc && ls -d [0-9]* | head -1") == "1\n");
  CHECK(shell(a, "cat /proc/1/comm") == "heir-host\n");
  // One route, to the other hosts.
  CHECK(shell(a, "tail -n +2 /proc/net/route | cut -f1,2,3").substr(0, 27) == "eth0\t00004D0A\t00000000\n");
  CHECK(shell(a, "cat /proc/sys/net/ipv4/ip_forward") == "0\n");
  for (const std::string folder : {"tmp", "run", "srv"}) {
    const std::string file = "/" + folder + "/heir-testbed-test";
    shell(a, "echo here > " + file);
    CHECK_FALSE(std::filesystem::exists(file));
    CHECK(shell(world->host(B), "ls /" + folder).find("heir-testbed-test") == std::string::npos);
    CHECK(std::filesystem::exists(world->folder(A) + file));
  }
  CHECK(machine_devices() == devices);
}

TEST_CASE("Nothing on a host reaches the machine's network") {
  const auto world = make_world(1);
  for (const char* target : {"192.0.2.2", "8.8.8.8", "127.0.0.1"}) {
    Result<Descriptor> socket = world->host(A).socket(AF_INET, SOCK_STREAM);
    REQUIRE(socket);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(22);
    REQUIRE(::inet_pton(AF_INET, target, &address.sin_addr) == 1);
    const bool connected = ::connect(socket->get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const int error = errno;
    INFO(target);
    CHECK_FALSE(connected);
    CHECK(error == (std::string(target) == "127.0.0.1" ? ECONNREFUSED : ENETUNREACH));
  }
}

TEST_CASE("Programs: how they end, and why they cannot start") {
  const auto world = make_world(1);
  Container& a = world->host(A);
  Command command;
  command.arguments = {"/bin/sh", "-c", "exit 7"};
  const Result<int> seven = a.run(command, Duration::seconds(30));
  REQUIRE(seven);
  CHECK(WEXITSTATUS(*seven) == 7);

  command.arguments = {"/no/such/program"};
  const Result<ProgramId> missing = a.start(command);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ErrorCode::not_found);
  CHECK(missing.error().message.find("/no/such/program") != std::string::npos);

  command.arguments = {"sleep", "1000"};
  const Result<int> late = a.run(command, Duration::milliseconds(50));
  REQUIRE_FALSE(late);
  CHECK(late.error().code == ErrorCode::timed_out);

  const ProgramId sleeps = start_shell(a, "exec sleep 1000");
  const Result<std::optional<int>> still = a.wait(sleeps, Duration::zero());
  REQUIRE(still);
  CHECK_FALSE(*still);
  REQUIRE(a.signal(sleeps, SIGTERM));
  const Result<std::optional<int>> ended = a.wait(sleeps, Duration::seconds(30));
  REQUIRE(ended);
  REQUIRE(*ended);
  CHECK(WTERMSIG(**ended) == SIGTERM);
  CHECK(a.signal(sleeps, SIGTERM).error().code == ErrorCode::not_found);

  command.arguments = {"id", "-u"};
  command.user = User{65534, 65534};
  CHECK(a.run(command, Duration::seconds(30)).value_or(1) == 0);
}

TEST_CASE("A stopped host stands still, and goes on") {
  const auto world = make_world(1);
  Container& a = world->host(A);
  start_shell(a, "while :; do echo >> /tmp/beats; sleep 0.02; done");
  const std::string beats = world->folder(A) + "/tmp/beats";
  const auto count = [&] {
    std::error_code error;
    const auto size = std::filesystem::file_size(beats, error);
    return error ? 0 : size;
  };
  REQUIRE(eventually([&] { return count() > 3; }));
  REQUIRE(a.signal_all(SIGSTOP));
  const auto stopped = count();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  CHECK(count() <= stopped + 1);  // One that was being written.
  REQUIRE(a.signal_all(SIGCONT));
  CHECK(eventually([&] { return count() > stopped + 3; }));
}

TEST_CASE("A loss of power ends every process of the host, and no other") {
  const auto world = make_world(2);
  const std::string token = "31" + std::to_string(::getpid());
  // One that runs on, one in a session of its own whose parent is gone, and a stopped one.
  start_shell(world->host(A),
              "sleep " + token + ".1 & setsid sh -c 'sleep " + token + ".2 & exit' & sleep " + token + ".3");
  start_shell(world->host(B), "exec sleep " + token + ".4");
  REQUIRE(eventually([&] {
    return processes_with(token + ".1") + processes_with(token + ".2") + processes_with(token + ".3") >= 4 &&
           processes_with(token + ".4") == 1;
  }));
  shell(world->host(A), "echo kept > /srv/kept; echo gone > /run/gone");
  REQUIRE(world->host(A).signal_all(SIGSTOP));
  world->power_off(A);
  CHECK_FALSE(world->is_up(A));
  CHECK(processes_with(token + ".1") + processes_with(token + ".2") + processes_with(token + ".3") == 0);
  CHECK(processes_with(token + ".4") == 1);
  REQUIRE(world->boot(A));
  CHECK(shell(world->host(A), "cat /srv/kept; ls /run") == "kept\n");
  CHECK(connect(*world, A, B, 7000).client);
  CHECK(connect(*world, B, A, 7001).client);
}

TEST_CASE("What cannot be a world is refused") {
  make_world(1);
  const auto refused = [](std::vector<std::string> names) {
    WorldOptions options;
    options.hosts = std::move(names);
    const auto world = World::make(options);
    REQUIRE_FALSE(world);
    return world.error().message;
  };
  CHECK(refused({}).find("1 to") != std::string::npos);
  CHECK(refused({"a", "b", "a"}) == "two hosts of one name: a");
  CHECK(refused({"../etc"}).find("../etc") != std::string::npos);
  const pid_t other = ::fork();
  if (other == 0) {
    if (::setuid(65534) != 0) ::_exit(2);
    const Result<> can = can_make_worlds();
    ::_exit(!can && can.error().message.find("needs root, because") == 0 ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(other, &status, 0) == other);
  CHECK(status == 0);
}
