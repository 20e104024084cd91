// Faults of disks: what a loss of power leaves of a page, and overlays that are laid on and lifted.
#include <catch2/catch.hpp>

#include <set>
#include <string>
#include <vector>

#include "sim/disk/disk.h"
#include "sim/disk/log_file.h"

using namespace heir;
using namespace heir::sim;

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t sector = 512;

struct World final : DiskHandler {
  explicit World(DiskParameters parameters = {}, std::uint64_t seed = 1)
      : kernel(seed), disk(kernel, "a", parameters) {}
  Kernel kernel;
  Disk disk;
  std::vector<Result<>> done;
  void on_disk_done(std::uint64_t, Result<> result) override { done.push_back(std::move(result)); }
  Result<> sync(std::string_view path) {
    done.clear();
    disk.sync_file(path, nullptr, *this);
    kernel.run();
    return done.empty() ? Result<>(ErrorCode::timed_out, "it did not end") : done.back();
  }
  Result<> sync(LogFile& log) {
    done.clear();
    log.sync(nullptr, *this);
    kernel.run();
    return done.empty() ? Result<>(ErrorCode::timed_out, "it did not end") : done.back();
  }
  std::string content(std::string_view path) { return disk.read(path).value_or("(nothing)"); }
};

DiskParameters only(std::uint32_t kept, std::uint32_t dropped, std::uint32_t torn, std::uint32_t garbage) {
  DiskParameters parameters;
  parameters.kept = kept;
  parameters.dropped = dropped;
  parameters.torn = torn;
  parameters.garbage = garbage;
  return parameters;
}

/// A file of four pages of 'o', durable, over which 'n' was written; what a loss of power leaves.
std::string left_of_rewrite(const DiskParameters& parameters, std::uint64_t seed) {
  World w(parameters, seed);
  REQUIRE(w.disk.write("/f", std::string(4 * page, 'o')));
  REQUIRE(w.disk.sync_tree_now("/"));
  REQUIRE(w.disk.write("/f", std::string(4 * page, 'n')));
  w.disk.power_loss(UnsyncedFate::draw);
  return w.content("/f");
}

/// The letter of a piece that is of one; else '?'.
char letter(const std::string& content, std::size_t begin, std::size_t size) {
  const std::string piece = content.substr(begin, size);
  return piece.find_first_not_of(piece.front()) == std::string::npos ? piece.front() : '?';
}

}  // namespace

TEST_CASE("power loss decides page by page what is kept") {
  CHECK(left_of_rewrite(only(1, 0, 0, 0), 1) == std::string(4 * page, 'n'));
  CHECK(left_of_rewrite(only(0, 1, 0, 0), 1) == std::string(4 * page, 'o'));
  std::set<std::string> seen;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const std::string left = left_of_rewrite(only(1, 1, 0, 0), seed);
    std::string pages;
    for (std::size_t at = 0; at < left.size(); at += page) pages += letter(left, at, page);
    CHECK(pages.find_first_not_of("on") == std::string::npos);
    seen.insert(pages);
  }
  CHECK(seen.size() > 8);
}

TEST_CASE("a torn page is new or old sector by sector; a garbage one may be neither") {
  bool mixed = false;
  bool noise = false;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::string torn = left_of_rewrite(only(0, 0, 1, 0), seed);
    std::string sectors;
    for (std::size_t at = 0; at < torn.size(); at += sector) sectors += letter(torn, at, sector);
    CHECK(sectors.find_first_not_of("on") == std::string::npos);
    mixed = mixed || sectors.substr(0, 8).find_first_not_of(sectors[0]) != std::string::npos;
    const std::string garbage = left_of_rewrite(only(0, 0, 0, 1), seed);
    for (std::size_t at = 0; at < garbage.size(); at += sector) noise = noise || letter(garbage, at, sector) == '?';
  }
  CHECK(mixed);
  CHECK(noise);
}

TEST_CASE("what was synced is left as it was, whatever becomes of the rest of its file") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    World w(only(1, 1, 1, 1), seed);
    REQUIRE(w.disk.write("/f", std::string(page, 's')));
    REQUIRE(w.disk.sync_tree_now("/"));
    REQUIRE(w.disk.append("/f", std::string(3 * page, 'n')));
    LogFile log(w.disk);
    REQUIRE(log.append(10'000));
    REQUIRE(w.sync(log));
    REQUIRE(log.append(20'000));
    w.disk.power_loss(UnsyncedFate::draw);
    CHECK(w.content("/f").substr(0, page) == std::string(page, 's'));
    CHECK(log.written() >= 10'000);
    CHECK(log.written() <= 30'000);
    CHECK(w.disk.used() == w.content("/f").size() + log.written());
  }
}

TEST_CASE("what a loss of power leaves is drawn from a stream of its own") {
  CHECK(left_of_rewrite(only(1, 1, 1, 1), 7) == left_of_rewrite(only(1, 1, 1, 1), 7));
  // Syncs in between draw times, and change nothing of it.
  const auto left = [](int syncs) {
    World w(only(1, 1, 1, 1), 7);
    REQUIRE(w.disk.write("/f", std::string(4 * page, 'o')));
    REQUIRE(w.disk.sync_tree_now("/"));
    for (int i = 0; i < syncs; ++i) REQUIRE(w.sync("/f"));
    REQUIRE(w.disk.write("/f", std::string(4 * page, 'n')));
    w.disk.power_loss(UnsyncedFate::draw);
    return w.content("/f");
  };
  CHECK(left(0) == left(5));
}

TEST_CASE("an fsync that fails keeps what it was to write, or drops it") {
  World w;
  REQUIRE(w.disk.write("/f", "old"));
  REQUIRE(w.disk.sync_tree_now("/"));
  LogFile log(w.disk);
  REQUIRE(log.append(100));
  REQUIRE(w.sync(log));
  REQUIRE(w.disk.write("/f", "new"));
  REQUIRE(log.append(100));
  DiskFault fault;
  SECTION("keeps") {
    fault.sync = SyncAnswer::error;
    const DiskFaultId id = w.disk.lay_on(fault);
    CHECK(w.sync("/f").error().code == ErrorCode::io_error);
    CHECK(w.sync(log).error().code == ErrorCode::io_error);
    CHECK(w.disk.sync_tree_now("/").error().code == ErrorCode::io_error);
    CHECK(w.content("/f") == "new");
    CHECK(log.readable_end() == 200);
    w.disk.lift(id);
    CHECK(w.sync("/f"));
    CHECK(w.sync(log));
    CHECK(log.durable() == 200);
  }
  SECTION("drops, and the next one succeeds without it") {
    fault.sync = SyncAnswer::error_dropped;
    const DiskFaultId id = w.disk.lay_on(fault);
    CHECK_FALSE(w.sync("/f"));
    CHECK_FALSE(w.sync(log));
    w.disk.lift(id);
    CHECK(w.sync("/f"));
    CHECK(w.sync(log));
    CHECK(w.content("/f") == "old");
    CHECK(log.readable_end() == 100);
    CHECK(log.durable() == 100);
  }
  w.disk.power_loss();
  CHECK(w.content("/f") == (fault.sync == SyncAnswer::error ? "new" : "old"));
  CHECK(log.written() == (fault.sync == SyncAnswer::error ? 200u : 100u));
}

TEST_CASE("an fsync that lies is found out by a loss of power, unless the fault was lifted or another was honest") {
  World w;
  REQUIRE(w.disk.write("/f", "old"));
  REQUIRE(w.disk.sync_tree_now("/"));
  LogFile log(w.disk);
  REQUIRE(log.append(100));
  DiskFault lie;
  lie.sync = SyncAnswer::lie;
  const DiskFaultId id = w.disk.lay_on(lie);
  REQUIRE(w.disk.write("/f", "new"));
  CHECK(w.sync("/f"));
  CHECK(w.sync(log));
  CHECK(w.disk.has_lied());
  CHECK(log.durable() == 0);
  SECTION("the power goes") {
    w.disk.power_loss();
    CHECK(w.content("/f") == "old");
    CHECK(log.written() == 0);
  }
  SECTION("it is over") {
    w.disk.lift(id);
    CHECK_FALSE(w.disk.has_lied());
    w.disk.power_loss();
    CHECK(w.content("/f") == "new");
    CHECK(log.written() == 100);
  }
  SECTION("the atlas has it be true") {
    w.disk.make_lies_true();
    w.disk.power_loss();
    CHECK(w.content("/f") == "new");
  }
}

TEST_CASE("a full disk, one that is read-only, one that is stuck") {
  World w;
  REQUIRE(w.disk.write("/f", "12345"));
  LogFile log(w.disk);
  REQUIRE(log.append(10));
  DiskFault fault;
  SECTION("full: nothing grows, and what is freed is taken") {
    fault.full = true;
    const DiskFaultId id = w.disk.lay_on(fault);
    CHECK(w.disk.append("/f", "6").error().code == ErrorCode::out_of_space);
    CHECK(log.append(1).error().code == ErrorCode::out_of_space);
    CHECK(w.disk.write("/f", "1"));
    CHECK(w.disk.write("/f", "12").error().code == ErrorCode::out_of_space);
    CHECK(w.sync("/f"));
    w.disk.lift(id);
    CHECK(w.disk.write("/f", "123456"));
  }
  SECTION("read-only: every change and every fsync is refused") {
    fault.read_only = true;
    const DiskFaultId id = w.disk.lay_on(fault);
    for (const Result<>& refused :
         {w.disk.write("/g", ""), w.disk.append("/f", "6"), w.disk.make_directory("/d"), w.disk.rename("/f", "/g"),
          w.disk.remove("/f"), log.append(1), w.sync("/f"), w.sync(log)}) {
      REQUIRE_FALSE(refused);
      CHECK(refused.error().code == ErrorCode::io_error);
    }
    CHECK(w.content("/f") == "12345");
    w.disk.lift(id);
    CHECK(w.sync(log));
  }
  SECTION("stuck: no fsync ends before the last such fault is lifted") {
    fault.stuck = true;
    const DiskFaultId one = w.disk.lay_on(fault);
    const DiskFaultId other = w.disk.lay_on(fault);
    CHECK(w.sync(log).error().code == ErrorCode::timed_out);
    w.disk.lift(one);
    w.kernel.run();
    CHECK(w.done.empty());
    w.disk.lift(other);
    w.kernel.run();
    REQUIRE(w.done.size() == 1);
    CHECK(w.done[0]);
    CHECK(log.durable() == 10);
  }
  SECTION("slow: as long as it says, for some") {
    fault.slow = SlowSyncs{Duration::seconds(2), Duration::seconds(2), Ratio::always()};
    w.disk.lay_on(fault);
    CHECK(w.sync(log));
    CHECK(w.kernel.now() - VirtualTime() == Duration::seconds(2));
  }
}

TEST_CASE("a rotten byte is an overlay: lifted, or written over, it is gone") {
  World w;
  RandomStream random(1, "rot");
  REQUIRE(w.disk.write("/f", "content"));
  CHECK_FALSE(w.disk.damage_file("/none", w.disk.new_fault(), random));
  const DiskFaultId id = w.disk.new_fault();
  REQUIRE(w.disk.damage_file("/f", id, random));
  const std::string rotten = w.content("/f");
  CHECK(rotten != "content");
  CHECK(w.content("/f") == rotten);
  SECTION("lifted") {
    w.disk.lift(id);
    CHECK(w.content("/f") == "content");
  }
  SECTION("appended to") {
    REQUIRE(w.disk.append("/f", "!"));
    CHECK(w.content("/f") == rotten + "!");
    w.disk.lift(id);
    CHECK(w.content("/f") == "content!");
  }
  SECTION("written anew") {
    REQUIRE(w.disk.write("/f", "content"));
    CHECK(w.content("/f") == "content");
  }
}

TEST_CASE("a page rots, and a page goes to another's place") {
  World w;
  RandomStream random(1, "rot");
  const std::string ones(2 * page, '1');
  const std::string twos(page, '2');
  REQUIRE(w.disk.write("/log", ones));
  REQUIRE(w.disk.write("/table", twos));
  CHECK_FALSE(w.disk.is_damaged());
  const DiskFaultId id = w.disk.new_fault();
  SECTION("rots") {
    REQUIRE(w.disk.damage_page("/log", id, random));
    CHECK(w.disk.is_damaged());
    const std::string read = w.content("/log");
    CHECK((letter(read, 0, page) == '1') != (letter(read, page, page) == '1'));
  }
  SECTION("goes astray") {
    CHECK_FALSE(w.disk.misdirect_page("/log", "/none", id, random));
    REQUIRE(w.disk.misdirect_page("/log", "/table", id, random));
    const std::string read = w.content("/log");
    CHECK((letter(read, 0, page) == '\0') != (letter(read, page, page) == '\0'));
    CHECK(w.content("/table") == std::string(page, '1'));
  }
  w.disk.lift(id);
  CHECK_FALSE(w.disk.is_damaged());
  CHECK(w.content("/log") == ones);
  CHECK(w.content("/table") == twos);
}

TEST_CASE("what is damaged and removed is damaged no more") {
  World w;
  RandomStream random(1, "rot");
  REQUIRE(w.disk.write("/f", "content"));
  REQUIRE(w.disk.damage_page("/f", w.disk.new_fault(), random));
  REQUIRE(w.disk.remove("/f"));
  REQUIRE(w.disk.write("/f", "content"));
  CHECK_FALSE(w.disk.is_damaged());
  CHECK(w.content("/f") == "content");
}

TEST_CASE("a program's read goes astray in one page at most, and a look at the disk never does") {
  World w;
  const std::string ones(3 * page, '1');
  REQUIRE(w.disk.write("/f", ones));
  REQUIRE(w.disk.write("/g", std::string(page, '2')));
  DiskFault fault;
  fault.stray_reads = Ratio::percent(50);
  const DiskFaultId id = w.disk.lay_on(fault);
  int astray = 0;
  for (int i = 0; i < 100; ++i) {
    const Bytes read = w.disk.read_by_program("/f").value();
    REQUIRE(read.size() == ones.size());
    int pages = 0;
    for (std::size_t at = 0; at < read.size(); at += page)
      if (letter(read, at, page) != '1') ++pages;
    CHECK(pages <= 1);
    astray += pages;
    CHECK(w.content("/f") == ones);
  }
  CHECK(astray > 10);  // Half of them; and half of those find the file's own page.
  w.disk.lift(id);
  CHECK(w.disk.read_by_program("/f").value() == ones);
}

TEST_CASE("a disk's image is what is durable, and takes another's place whole") {
  World w;
  REQUIRE(w.disk.make_directories("/a/b"));
  REQUIRE(w.disk.write("/a/b/f", "1"));
  REQUIRE(w.disk.sync_tree_now("/"));
  REQUIRE(w.disk.write("/a/b/f", "2"));
  REQUIRE(w.disk.write("/a/g", "unsynced"));
  const DiskImage image = w.disk.image();
  World other;
  REQUIRE(other.disk.write("/was-here", "x"));
  REQUIRE(other.disk.sync_tree_now("/"));
  other.disk.replace(image);
  CHECK(other.content("/a/b/f") == "1");
  CHECK_FALSE(other.disk.exists("/a/g"));
  CHECK_FALSE(other.disk.exists("/was-here"));
  CHECK(other.disk.used() == 1);
  other.disk.power_loss();
  CHECK(other.content("/a/b/f") == "1");
  other.disk.replace(DiskImage());
  CHECK(other.disk.list("/").value().empty());
  CHECK(other.disk.used() == 0);
}
