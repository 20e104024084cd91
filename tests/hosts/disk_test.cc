// The disks of hosts, through the kernel, by programs that know nothing of them.
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "helpers.h"

namespace heir::testbed {
namespace {

/// What is durable is left, and nothing else; syncs take no time.
DiskOptions plain_disk() {
  DiskOptions options;
  sim::DiskParameters& is = options.parameters;
  is.sync_low = is.sync_high = is.tail_low = is.tail_high = Duration();
  is.kept = is.torn = is.garbage = 0;
  is.dropped = 1;
  return options;
}

std::unique_ptr<World> world_with_disks(std::size_t hosts = 1) {
  if (const Result<> can = can_make_disks(); !can) {
    std::fprintf(stderr, "skipped: %s\n", can.error().message.c_str());
    std::exit(77);
  }
  WorldOptions options;
  options.disks = hosts;
  options.disk = plain_disk();
  return make_world(hosts, options);
}

void lose_power(World& world, NodeId host) {
  world.power_off(host);
  REQUIRE(world.boot(host));
}

std::string mounts_of_machine() {
  std::ifstream file("/proc/self/mounts");
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// "done", or the words of the error.
std::string outcome_of(World& world, const std::string& line) {
  return shell(world.host(A), "if " + line + " >/dev/null 2>/tmp/error; then echo done; else cat /tmp/error; fi");
}

bool has(const std::string& text, const std::string& words) {
  return text.find(words) != std::string::npos;
}

sim::DiskFault faulty_sync(sim::SyncAnswer answer) {
  sim::DiskFault fault;
  fault.sync = answer;
  return fault;
}

}  // namespace

TEST_CASE("A host's disk is a file system like others") {
  const std::unique_ptr<World> world = world_with_disks(2);
  Container& host = world->host(A);
  CHECK(shell(host, "stat -f -c %T /srv") == "fuseblk\n");
  CHECK(shell(host,
              "cd /srv && mkdir -p a/b && echo one > a/b/file && echo two >> a/b/file && cat a/b/file && rm a/b/file "
              "&& ls a/b && rmdir a/b && ls a") == "one\ntwo\n");
  CHECK(shell(host,
              "cd /srv && echo x > f && ln f g && ln -s f h && rm f && cat g && readlink h && mkfifo p && test -p p && "
              "mv g f && cat h && ls") == "x\nf\nx\na\nf\nh\np\n");
  CHECK(
      shell(host,
            "cd /srv && truncate -s 3000000 big && echo end | dd of=big bs=1 seek=2999996 conv=notrunc 2>/dev/null && "
            "stat -c %s big && tail -c 4 big && fallocate -l 4000000 big && stat -c %s big") ==
      "3000000\nend\n4000000\n");
  // Bytes go through as they are, in calls of every size.
  CHECK(shell(host,
              "cd /srv && head -c 5000000 /dev/urandom > /tmp/r && cp /tmp/r r && cmp r /tmp/r && "
              "dd if=/tmp/r of=r2 bs=777 2>/dev/null && cmp r2 /tmp/r && rm r r2 && echo same") == "same\n");
  // Programs run from it, and other users have their rights.
  CHECK(shell(host,
              "cd /srv && cp /bin/echo echo && ./echo runs && mkdir -m 700 own && chown nobody own && "
              "setpriv --reuid nobody --clear-groups sh -c 'touch /srv/own/x && ! touch /srv/y 2>/dev/null' && "
              "stat -c %U own/x") == "runs\nnobody\n");
  CHECK(shell(host, "cd /srv && flock f -c 'flock -n f true || echo locked'") == "locked\n");
  CHECK(shell(world->host(B), "ls /srv") == "");
  CHECK_FALSE(has(mounts_of_machine(), "heir-disk"));
}

TEST_CASE("The power takes what was not synced, however it was written") {
  const std::unique_ptr<World> world = world_with_disks();
  shell(world->host(A),
        "cd /srv && echo old > file && sync file && echo durable > kept && sync kept . && echo new > file && "
        "echo lost > lost && mv kept moved");
  CHECK(shell(world->host(A), "cd /srv && cat file moved lost") == "new\ndurable\nlost\n");
  lose_power(*world, A);
  CHECK(shell(world->host(A), "cd /srv && ls && cat file kept") == "file\nkept\nold\ndurable\n");
  // With O_DSYNC nothing is to be synced.
  shell(world->host(A), "cd /srv && printf NEW | dd of=file oflag=dsync conv=notrunc 2>/dev/null");
  lose_power(*world, A);
  CHECK(shell(world->host(A), "cat /srv/file") == "NEW\n");
  REQUIRE(world->disk(A)->take_lost());
  CHECK_FALSE(world->disk(A)->take_lost());
  // In order: all is there.
  shell(world->host(A), "echo unsynced > /srv/file");
  world->power_off(A, sim::UnsyncedFate::keep);
  REQUIRE(world->boot(A));
  CHECK(shell(world->host(A), "cat /srv/file") == "unsynced\n");
}

TEST_CASE("What a loss of power has left is there for whoever looks first, and it is told what was lost") {
  const std::unique_ptr<World> world = world_with_disks();
  Disk& disk = *world->disk(A);
  shell(world->host(A), "cd /srv && printf durable > file && sync file && printf lost!!! > file && touch unsynced");
  const bool is_cut_off_before = GENERATE(false, true);
  if (is_cut_off_before) {
    world->cut_off(A);
    CHECK(world->is_up(A));
    CHECK(outcome_of(*world, "cat /srv/file") != "done\n");
  }
  world->power_off(A);
  CHECK_FALSE(world->is_up(A));
  CHECK(disk.stored("/file", 0, 100) == "durable");
  CHECK(disk.list("") == std::vector<std::string>{"file"});
  const std::optional<Volume::Lost> lost = disk.take_lost();
  REQUIRE(lost);
  CHECK(lost->folders == 1);
  CHECK(lost->dropped == 1);
  CHECK(lost->torn + lost->garbage + lost->kept == 0);
  REQUIRE(world->boot(A));
  CHECK(shell(world->host(A), "cat /srv/file") == "durable");
}

TEST_CASE("A program that runs on one host is run on others that have the same file") {
  const std::unique_ptr<World> world = world_with_disks();
  const std::string program = world->folder(A) + "/srv/bin";
  std::filesystem::create_directory(program);
  std::filesystem::copy_file("/bin/sleep", program + "/heir-sleep");
  std::filesystem::create_hard_link(program + "/heir-sleep", world->folder(A) + "/beside");
  const ProgramId running = start_shell(world->host(A), "exec /srv/bin/heir-sleep 1000");
  REQUIRE(eventually(
      [] { return processes_with("exec /srv/bin/heir-sleep") == 0 && processes_with("/srv/bin/heir-sleep") == 1; }));
  CHECK(std::system((world->folder(A) + "/beside 0").c_str()) == 0);
  REQUIRE(world->host(A).signal(running, SIGKILL));
}

TEST_CASE("A host that did not boot is off, and boots later") {
  const std::unique_ptr<World> world = world_with_disks();
  shell(world->host(A), "echo kept > /srv/file && sync /srv/file");
  world->power_off(A);
  // It runs, and its disk is there, when it cannot be recorded.
  const std::filesystem::path records = "/run/heir-testbed";
  const std::string name = std::filesystem::path(world->folder(A)).parent_path().filename();
  std::filesystem::rename(records / name, records / ("." + name));
  CHECK_FALSE(world->boot(A));
  CHECK_FALSE(world->is_up(A));
  std::filesystem::rename(records / ("." + name), records / name);
  REQUIRE(world->boot(A));
  CHECK(shell(world->host(A), "cat /srv/file") == "kept\n");
}

TEST_CASE("A full disk lets nothing grow, and a read-only one nothing change") {
  const std::unique_ptr<World> world = world_with_disks();
  Disk& disk = *world->disk(A);
  shell(world->host(A), "cd /srv && echo 12345 > file && sync file .");
  sim::DiskFault full;
  full.full = true;
  const sim::DiskFaultId is_full = disk.lay_on(full);
  CHECK(has(outcome_of(*world, "dd if=/dev/zero of=/srv/new bs=8192 count=1"), "No space left on device"));
  CHECK(has(outcome_of(*world, "fallocate -l 100000 /srv/file"), "No space left on device"));
  CHECK(outcome_of(*world, "dd if=/dev/zero of=/srv/file bs=4 count=1 conv=notrunc,fsync") == "done\n");
  CHECK(shell(world->host(A), "df --output=avail /srv | tail -n 1 | tr -d ' '") == "0\n");
  disk.lift(is_full);
  CHECK(outcome_of(*world, "dd if=/dev/zero of=/srv/new bs=8192 count=1") == "done\n");
  sim::DiskFault read_only;
  read_only.read_only = true;
  const sim::DiskFaultId is_read_only = disk.lay_on(read_only);
  for (const char* line : {"touch /srv/x", "rm /srv/new", "mv /srv/new /srv/x", "mkdir /srv/x",
                           "sh -c 'echo x > /srv/new'", "sync /srv/new", "chmod 600 /srv/new", "ln /srv/new /srv/x"}) {
    INFO(line);
    CHECK(has(outcome_of(*world, line), "Read-only file system"));
  }
  CHECK(outcome_of(*world, "cat /srv/new") == "done\n");
  disk.lift(is_read_only);
  CHECK(outcome_of(*world, "rm /srv/new") == "done\n");
}

TEST_CASE("Syncs fail, fail and drop, and lie") {
  const std::unique_ptr<World> world = world_with_disks();
  Disk& disk = *world->disk(A);
  const auto write = [&](const std::string& content) { shell(world->host(A), "printf " + content + " > /srv/file"); };
  const auto sync = [&] { return outcome_of(*world, "sync /srv/file"); };
  const auto content = [&] { return shell(world->host(A), "cat /srv/file"); };
  write("one");
  REQUIRE(sync() == "done\n");

  const sim::DiskFaultId fails = disk.lay_on(faulty_sync(sim::SyncAnswer::error));
  write("two");
  CHECK(has(sync(), "Input/output error"));
  CHECK(content() == "two");
  disk.lift(fails);
  CHECK(sync() == "done\n");

  const sim::DiskFaultId drops = disk.lay_on(faulty_sync(sim::SyncAnswer::error_dropped));
  write("three");
  CHECK(has(sync(), "Input/output error"));
  CHECK(content() == "two");
  disk.lift(drops);
  CHECK(sync() == "done\n");
  CHECK(content() == "two");

  const sim::DiskFaultId lies = disk.lay_on(faulty_sync(sim::SyncAnswer::lie));
  write("four");
  CHECK(sync() == "done\n");
  CHECK(disk.has_lied());
  lose_power(*world, A);
  CHECK_FALSE(disk.has_lied());
  CHECK(content() == "two");
  // A lie of a disk that keeps its power comes true.
  write("five");
  CHECK(sync() == "done\n");
  disk.lift(lies);
  CHECK_FALSE(disk.has_lied());
  lose_power(*world, A);
  CHECK(content() == "five");
}

TEST_CASE("A slow sync is in nobody's way, and a stuck one ends with the fault or with the power") {
  const std::unique_ptr<World> world = world_with_disks();
  Disk& disk = *world->disk(A);
  sim::DiskFault slow;
  slow.slow = sim::SlowSyncs{Duration::milliseconds(300), Duration::milliseconds(300)};
  const sim::DiskFaultId is_slow = disk.lay_on(slow);
  auto begun = std::chrono::steady_clock::now();
  shell(world->host(A), "echo x > /srv/file && sync /srv/file");
  CHECK(milliseconds_since(begun) >= 300);
  disk.lift(is_slow);

  sim::DiskFault stuck;
  stuck.stuck = true;
  const sim::DiskFaultId is_stuck = disk.lay_on(stuck);
  const ProgramId first = start_shell(world->host(A), "sync /srv/file");
  const ProgramId second = start_shell(world->host(A), "echo x > /srv/second; sync /srv/second");
  // Others go on, but on what is being synced: the kernel holds that.
  CHECK(shell(world->host(A), "echo y > /srv/other && cat /srv/other") == "y\n");
  for (ProgramId each : {first, second}) {
    const Result<std::optional<int>> ended = world->host(A).wait(each, Duration::milliseconds(200));
    REQUIRE(ended);
    CHECK_FALSE(*ended);
  }
  disk.lift(is_stuck);
  for (ProgramId each : {first, second}) {
    const Result<std::optional<int>> ended = world->host(A).wait(each, Duration::seconds(30));
    REQUIRE(ended);
    CHECK(*ended == std::optional(0));
  }

  disk.lay_on(stuck);
  start_shell(world->host(A), "exec sync /srv/other # waits for ever");
  REQUIRE(eventually([&] { return processes_with("/srv/other") == 1; }));
  begun = std::chrono::steady_clock::now();
  world->power_off(A);
  CHECK(milliseconds_since(begun) < 10'000);
  CHECK(processes_with("/srv/other") == 0);
}

TEST_CASE(
    "A place reads as something else until it is written anew or the fault is lifted, also after a loss of power") {
  const std::unique_ptr<World> world = world_with_disks();
  Disk& disk = *world->disk(A);
  shell(world->host(A), "cd /srv && mkdir folder && printf 0123456789 > folder/file && sync folder/file");
  const auto content = [&] { return shell(world->host(A), "cat /srv/folder/file"); };
  const sim::DiskFaultId first = disk.new_fault();
  disk.reads_as("/folder/file", 2, "xx", first);
  disk.reads_as("/folder/file", 8, "yyyy", disk.new_fault());
  CHECK(content() == "01xx4567yy");
  CHECK(disk.stored("/folder/file", 0, 100) == "0123456789");
  lose_power(*world, A);
  CHECK(content() == "01xx4567yy");
  shell(world->host(A), "printf N | dd of=/srv/folder/file bs=1 seek=9 conv=notrunc 2>/dev/null");
  CHECK(content() == "01xx45678N");
  disk.lift(first);
  CHECK(content() == "012345678N");
  CHECK(disk.size("/folder/file") == 10);
  CHECK(disk.list("/folder") == std::vector<std::string>{"file"});
  CHECK(disk.list("/nothing").empty());
  // One that is gone reads as nothing.
  CHECK_FALSE(disk.is_damaged());
  disk.reads_as("/folder/file", 0, "x", disk.new_fault());
  CHECK(disk.is_damaged());
  shell(world->host(A), "rm /srv/folder/file");
  CHECK(disk.is_damaged());
  shell(world->host(A), "sync /srv/folder");
  CHECK_FALSE(disk.is_damaged());
}

TEST_CASE("Reads go astray to a file beside") {
  const std::unique_ptr<World> world = world_with_disks();
  shell(world->host(A), "cd /srv && for name in a b c d; do yes $name | head -c 8192 > $name; done");
  const auto letters = [&] {
    return shell(world->host(A), "tr -d '\\n' < /srv/a | fold -w 1 | sort -u | tr -d '\\n'");
  };
  CHECK(letters() == "a");
  sim::DiskFault astray;
  astray.stray_reads = sim::Ratio::always();
  const sim::DiskFaultId fault = world->disk(A)->lay_on(astray);
  CHECK(eventually([&] { return letters() != "a"; }));
  CHECK(world->disk(A)->is_damaged());
  world->disk(A)->lift(fault);
  CHECK_FALSE(world->disk(A)->is_damaged());
  CHECK(letters() == "a");
}

TEST_CASE("Another disk is put into a host that is off, as its image was") {
  const std::unique_ptr<World> world = world_with_disks();
  Disk& disk = *world->disk(A);
  const std::string kept = world->folder(A) + "/kept";
  shell(
      world->host(A),
      "cd /srv && mkdir -m 750 data && printf durable > data/file && ln -s file data/link && chown -h nobody data/* && "
      "chmod 640 data/file && sync data/file data && printf ' and more' >> data/file && touch data/lost");
  REQUIRE(disk.copy_durable("/data", kept));
  shell(world->host(A), "rm -r /srv/data && mkdir /srv/data && touch /srv/data/new");
  world->power_off(A);
  REQUIRE(disk.replace("/data", kept));
  REQUIRE(world->boot(A));
  CHECK(shell(world->host(A), "cd /srv/data && cat file && ls && stat -c '%a %U' . file && readlink link") ==
        "durablefile\nlink\n750 root\n640 nobody\nfile\n");
}

}  // namespace heir::testbed
