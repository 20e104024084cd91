// Whatever happens to the harness, nothing of its worlds stays that `heir hosts clean` does not remove.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>

#include "helpers.h"

using namespace heir;
using namespace heir::testbed;

namespace {

const WorldRecord* find(const std::vector<WorldRecord>& worlds, const std::string& name) {
  const auto found = std::find_if(worlds.begin(), worlds.end(), [&](const auto& each) { return each.name == name; });
  return found == worlds.end() ? nullptr : &*found;
}

/// A process that makes a world whose hosts run something with this token, and is killed then. What was on record of
/// it while it lived: somebody else may clean once it is dead.
WorldRecord kill_harness(const std::string& token) {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const Descriptor reads(ends[0]);
  Descriptor writes(ends[1]);
  const pid_t harness = ::fork();
  if (harness == 0) {
    WorldOptions options;
    options.hosts = {"left1", "left2"};
    options.disks = can_make_disks() ? 1 : 0;
    Result<std::unique_ptr<World>> world = World::make(options);
    if (!world) ::_exit(1);
    for (const NodeId host : {A, B}) {
      Command command;
      command.arguments = {"/bin/sh", "-c", "setsid sleep " + token + ".5 & trap '' TERM HUP; sleep " + token + ".6"};
      command.environment = {"PATH=/usr/bin:/bin"};
      if (!(*world)->host(host).start(command)) ::_exit(1);
    }
    if (Disk* const disk = (*world)->disk(A)) {
      // One that waits for its disk, which nobody can kill.
      sim::DiskFault stuck;
      stuck.stuck = true;
      disk->lay_on(stuck);
      Command command;
      command.arguments = {"/bin/sh", "-c", "echo > /srv/file; exec sync /srv/file " + token + ".7"};
      command.environment = {"PATH=/usr/bin:/bin"};
      if (!(*world)->host(A).start(command)) ::_exit(1);
    }
    const std::string name = std::filesystem::path((*world)->folder(A)).parent_path().filename();
    if (::write(writes.get(), name.data(), name.size()) < 0) ::_exit(1);
    for (;;) ::pause();
  }
  writes.close();
  char name[64];
  const ssize_t length = ::read(reads.get(), name, sizeof name);
  REQUIRE(length > 0);
  REQUIRE(eventually([&] { return processes_with(token + ".5") >= 2 && processes_with(token + ".6") >= 2; }));
  REQUIRE(eventually([&] { return processes_with(token + ".7") == (can_make_disks() ? 1 : 0); }));
  const Result<std::vector<WorldRecord>> worlds = recorded_worlds();
  REQUIRE(worlds);
  const WorldRecord* record = find(*worlds, std::string(name, static_cast<std::size_t>(length)));
  REQUIRE(record);
  CHECK(record->in_use());
  CHECK(record->harness.process == harness);
  REQUIRE(::kill(harness, SIGKILL) == 0);
  REQUIRE(::waitpid(harness, nullptr, 0) == harness);
  CHECK_FALSE(record->in_use());
  return *record;
}

}  // namespace

TEST_CASE("After SIGKILL of the harness nothing of its world runs, and cleaning removes the rest") {
  make_world(1);
  const std::vector<std::string> devices = machine_devices();
  const std::string token = "32" + std::to_string(::getpid());
  const WorldRecord killed = kill_harness(token);
  const auto in_use = make_world(1);

  REQUIRE(killed.inits.size() == 2);
  // Without any cleaning: the kernel and each host's init see to it. With its init gone a host's namespaces are too.
  for (const ProcessMark& init : killed.inits) CHECK(eventually([&] { return mark_of(init.process) != init; }));
  CHECK(eventually([&] { return processes_with(token) == 0; }));
  CHECK(machine_devices() == devices);

  const Result<CleanedWorlds> cleaned = clean_worlds();
  INFO((cleaned ? std::string() : cleaned.error().message));
  REQUIRE(cleaned);
  CHECK_FALSE(std::filesystem::exists("/run/heir-testbed/" + killed.name));
  CHECK_FALSE(std::filesystem::exists("/var/lib/heir-testbed/" + killed.name));
  // The world of this process is untouched.
  CHECK(std::any_of(cleaned->in_use.begin(), cleaned->in_use.end(),
                    [](const WorldRecord& each) { return each.harness.process == ::getpid(); }));
  CHECK(shell(in_use->host(A), "echo here") == "here\n");
}

TEST_CASE("A world that ends leaves nothing") {
  std::string folder;
  {
    const auto world = make_world(2);
    folder = std::filesystem::path(world->folder(A)).parent_path();
    CHECK(std::filesystem::exists(folder));
  }
  CHECK_FALSE(std::filesystem::exists(folder));
  const Result<std::vector<WorldRecord>> worlds = recorded_worlds();
  REQUIRE(worlds);
  CHECK_FALSE(find(*worlds, std::filesystem::path(folder).filename()));
}
