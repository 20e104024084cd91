#include "tools/testbed/volume.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

using namespace heir;
using namespace heir::testbed;
using sim::UnsyncedFate;
namespace fs = std::filesystem;

namespace {

using Node = Volume::Node;

/// A disk without a host: what programs do, and the power that goes.
class TestDisk {
 public:
  TestDisk() {
    char pattern[] = "/tmp/heir-volume-XXXXXX";
    REQUIRE(::mkdtemp(pattern));
    base_ = pattern;
    fs::create_directory(base_ + "/srv");
    boot();
  }
  ~TestDisk() { fs::remove_all(base_); }

  Volume& volume() { return *volume_; }
  Node& folder(const std::string& path) { return *at(path); }
  /// Null if it is not there.
  Node* at(const std::string& path) {
    Node* node = &volume_->root();
    for (const fs::path& part : fs::path(path))
      if (node) node = volume_->find(*node, part.string());
    return node;
  }
  void make(const std::string& path, mode_t type = S_IFREG | 0600) {
    Node* made = nullptr;
    REQUIRE(volume_->make(parent(path), leaf(path), {type, ::geteuid(), ::getegid(), 0, ""}, made) == 0);
  }
  void make_folder(const std::string& path) { make(path, S_IFDIR | 0700); }
  void write(const std::string& path, std::uint64_t offset, const std::string& content) {
    if (!at(path)) make(path);
    REQUIRE(volume_->write(*at(path), offset, content.data(), content.size()) == 0);
  }
  void resize(const std::string& path, std::uint64_t size) { REQUIRE(volume_->resize(*at(path), size) == 0); }
  void rename(const std::string& from, const std::string& to) {
    REQUIRE(volume_->rename(parent(from), leaf(from), parent(to), leaf(to), 0) == 0);
  }
  void remove(const std::string& path) { REQUIRE(volume_->remove(parent(path), leaf(path)) == 0); }
  void link(const std::string& from, const std::string& to) {
    REQUIRE(volume_->link(*at(from), parent(to), leaf(to)) == 0);
  }
  void sync(const std::string& path) {
    volume_->synced(volume_->begin_sync(path == "/" ? volume_->root() : *at(path)));
  }
  void make_durable(const std::string& path, const std::string& content) {
    write(path, 0, content);
    sync(path);
  }
  std::optional<std::string> content(const std::string& path) {
    Node* const node = at(path);
    if (!node) return std::nullopt;
    std::uint64_t size = 0;
    REQUIRE(volume_->size(*node, size) == 0);
    std::string read(size, '?');
    std::size_t done = 0;
    REQUIRE(volume_->read(*node, 0, read.data(), size, done) == 0);
    REQUIRE(done == size);
    return read;
  }
  std::set<std::string> names(const std::string& path) {
    std::set<std::string> all;
    for (const auto& [name, node] : volume_->list(path == "/" ? volume_->root() : folder(path))) all.insert(name);
    return all;
  }
  void lose_power(UnsyncedFate fate = UnsyncedFate::drop, sim::DiskParameters weights = {}, std::uint64_t seed = 1,
                  bool may_be_garbage = true) {
    sim::RandomStream random(seed, "power");
    const Result<Volume::Lost> lost =
        volume_->lose_power({fate, weights, [=](const std::string&) { return may_be_garbage; }}, random);
    INFO((lost ? "" : lost.error().message));
    REQUIRE(lost);
    CHECK(fs::is_empty(base_ + "/aside"));
    lost_ = *lost;
  }
  /// By the last loss of power.
  const Volume::Lost& lost() const { return lost_; }
  const std::string& base() const { return base_; }

 private:
  void boot() { volume_.emplace(base_ + "/srv", base_ + "/aside"); }
  static std::string leaf(const std::string& path) { return fs::path(path).filename(); }
  Node& parent(const std::string& path) {
    const std::string above = fs::path(path).parent_path();
    return above.empty() ? volume_->root() : folder(above);
  }
  std::string base_;
  std::optional<Volume> volume_;
  Volume::Lost lost_;
};

std::string text(char letter, std::size_t length) {
  return std::string(length, letter);
}

sim::DiskParameters only(std::uint32_t sim::DiskParameters::*weight) {
  sim::DiskParameters weights;
  weights.kept = weights.dropped = weights.torn = weights.garbage = 0;
  weights.*weight = 1;
  return weights;
}

}  // namespace

TEST_CASE("A file that was never synced is gone with the power, and its first sync makes its name durable") {
  TestDisk disk;
  disk.write("unsynced", 0, "lost");
  disk.make_durable("synced", "kept");
  disk.lose_power();
  CHECK(disk.names("/") == std::set<std::string>{"synced"});
  CHECK(disk.content("synced") == "kept");
}

TEST_CASE("What was there before this program is durable") {
  TestDisk disk;
  fs::create_directories(disk.base() + "/srv/etc");
  std::ofstream(disk.base() + "/srv/etc/key") << "secret";
  CHECK(disk.content("etc/key") == "secret");
  disk.write("etc/key", 0, "SECRET!");
  disk.lose_power();
  CHECK(disk.content("etc/key") == "secret");
}

TEST_CASE("Of what was written over, extended and cut after a sync nothing is left") {
  TestDisk disk;
  const std::string durable = text('a', 4096) + text('b', 4096) + text('c', 1000);
  disk.make_durable("file", durable);
  SECTION("written over") {
    disk.write("file", 4000, text('x', 200));
  }
  SECTION("extended") {
    disk.write("file", 9000, text('x', 9000));
  }
  SECTION("beyond its end") {
    disk.write("file", 100'000, "x");
  }
  SECTION("cut") {
    disk.resize("file", 10);
  }
  SECTION("cut and extended") {
    disk.resize("file", 4100);
    disk.resize("file", 9192);
    disk.write("file", 5000, "x");
  }
  SECTION("in two syncs that did not end") {
    disk.write("file", 0, "x");
    disk.volume().begin_sync(*disk.at("file"));
    disk.resize("file", 1);
    disk.volume().begin_sync(*disk.at("file"));
    disk.write("file", 0, text('y', 20'000));
  }
  CHECK(disk.content("file") != durable);
  disk.lose_power();
  CHECK(disk.content("file") == durable);
}

TEST_CASE("A sync makes durable what was there when it began") {
  TestDisk disk;
  disk.make_durable("file", "aaaa");
  disk.write("file", 0, "b");
  const Volume::Sync first = disk.volume().begin_sync(*disk.at("file"));
  disk.write("file", 1, "c");
  const Volume::Sync second = disk.volume().begin_sync(*disk.at("file"));
  disk.write("file", 2, "d");
  SECTION("the first ends") {
    disk.volume().synced(first);
    disk.lose_power();
    CHECK(disk.content("file") == "baaa");
  }
  SECTION("the second ends, before the first") {
    disk.volume().synced(second);
    disk.volume().synced(first);
    disk.lose_power();
    CHECK(disk.content("file") == "bcaa");
  }
  SECTION("what is dropped after a failed sync is what was not durable") {
    disk.volume().synced(first);
    CHECK(disk.volume().drop_unsynced(*disk.at("file")) == 0);
    CHECK(disk.content("file") == "baaa");
  }
}

TEST_CASE("A rename is durable when a folder of it is synced") {
  TestDisk disk;
  disk.make_durable("old", "old");
  disk.make_durable("new", "new");
  disk.sync("/");
  disk.rename("new", "old");
  CHECK(disk.names("/") == std::set<std::string>{"old"});
  SECTION("not synced, though the file is") {
    disk.sync("old");
    disk.lose_power();
    CHECK(disk.content("old") == "old");
    CHECK(disk.content("new") == "new");
  }
  SECTION("synced") {
    disk.sync("/");
    disk.lose_power();
    CHECK(disk.names("/") == std::set<std::string>{"old"});
    CHECK(disk.content("old") == "new");
  }
}

TEST_CASE("A file that moves between folders is in one of them, whichever is synced") {
  TestDisk disk;
  for (const char* folder : {"a", "b"}) {
    disk.make_folder(folder);
    disk.sync(folder);
  }
  disk.make_durable("a/file", "content");
  disk.rename("a/file", "b/other");
  SECTION("neither") {
    disk.lose_power();
    CHECK(disk.content("a/file") == "content");
    CHECK(disk.names("b").empty());
  }
  SECTION("where it was") {
    disk.sync("a");
  }
  SECTION("where it is") {
    disk.sync("b");
  }
  disk.lose_power();
  CHECK(disk.at("a/file") == (disk.at("b/other") ? nullptr : disk.at("a/file")));
  CHECK((disk.content("a/file") ? disk.content("a/file") : disk.content("b/other")) == "content");
}

TEST_CASE("A file that was removed comes back, unless its folder was synced") {
  TestDisk disk;
  disk.make_durable("file", "content");
  disk.write("file", 0, "CONTENT");
  Node& node = *disk.at("file");
  REQUIRE(disk.volume().open(node) == 0);
  disk.remove("file");
  CHECK_FALSE(disk.at("file"));
  // Whoever has it open goes on with it.
  REQUIRE(disk.volume().write(node, 0, "!", 1) == 0);
  char read[8] = {};
  std::size_t done = 0;
  REQUIRE(disk.volume().read(node, 0, read, 7, done) == 0);
  CHECK(std::string(read) == "!ONTENT");
  disk.volume().close(node);
  SECTION("not synced") {
    disk.lose_power();
    CHECK(disk.content("file") == "content");
  }
  SECTION("synced") {
    disk.sync("/");
    CHECK(fs::is_empty(disk.base() + "/aside"));
    disk.lose_power();
    CHECK_FALSE(disk.at("file"));
  }
}

TEST_CASE("What is made in a new folder needs the folder's name") {
  TestDisk disk;
  disk.make_folder("new");
  disk.write("new/file", 0, "content");
  SECTION("the name of the folder alone") {
    disk.sync("/");
    disk.lose_power();
    CHECK(disk.names("/") == std::set<std::string>{"new"});
    CHECK(disk.names("new").empty());
  }
  SECTION("the sync of the file, which has no durable name") {
    disk.sync("new/file");
    disk.lose_power();
    CHECK(disk.content("new/file") == "content");
  }
  SECTION("the names, without the content") {
    disk.sync("new");
    disk.lose_power();
    CHECK(disk.content("new/file") == "");
  }
}

TEST_CASE("A folder that was removed comes back with what was durable in it") {
  TestDisk disk;
  disk.make_folder("folder");
  disk.make_durable("folder/file", "content");
  disk.remove("folder/file");
  disk.remove("folder");
  CHECK(disk.names("/").empty());
  disk.lose_power();
  CHECK(disk.content("folder/file") == "content");
  disk.remove("folder/file");
  disk.remove("folder");
  disk.sync("/");
  disk.lose_power();
  CHECK(disk.names("/").empty());
}

TEST_CASE("A folder that was moved takes along what is in it, read or not") {
  TestDisk disk;
  fs::create_directories(disk.base() + "/srv/data/base");
  std::ofstream(disk.base() + "/srv/data/base/1") << "table";
  const bool looks_inside = GENERATE(false, true);
  if (looks_inside) CHECK(disk.content("data/base/1") == "table");
  disk.rename("data", "data.old");
  const bool is_synced = GENERATE(false, true);
  if (is_synced) disk.sync("/");
  disk.lose_power();
  CHECK(disk.content(is_synced ? "data.old/base/1" : "data/base/1") == "table");
  CHECK(disk.names("/").size() == 1);
}

TEST_CASE("A file with two names loses the one that is not durable") {
  TestDisk disk;
  disk.make_durable("file", "content");
  disk.link("file", "second");
  SECTION("the new one") {
    disk.lose_power();
    CHECK(disk.names("/") == std::set<std::string>{"file"});
  }
  SECTION("linked and unlinked is renamed") {
    disk.remove("file");
    disk.sync("/");
    disk.lose_power();
    CHECK(disk.names("/") == std::set<std::string>{"second"});
    CHECK(disk.content("second") == "content");
  }
}

TEST_CASE("A file with two durable names in a folder that is removed is gone once") {
  TestDisk disk;
  disk.make_folder("folder");
  disk.make_durable("folder/file", "content");
  disk.link("folder/file", "folder/second");
  disk.sync("folder");
  disk.remove("folder/file");
  disk.remove("folder/second");
  disk.remove("folder");
  disk.sync("/");
  disk.lose_power();
  CHECK(disk.names("/").empty());
}

TEST_CASE("A file that is gone is no loss, though the kernel has not forgotten it") {
  TestDisk disk;
  disk.make_durable("file", "old");
  disk.write("file", 0, "new");
  disk.write("unsynced", 0, "never synced");
  Node& unsynced = *disk.at("unsynced");
  disk.volume().hold(unsynced);
  const bool is_replaced = GENERATE(false, true);
  if (is_replaced) {
    disk.write("other", 0, "other");
    disk.rename("other", "unsynced");
  } else {
    disk.remove("unsynced");
  }
  CHECK(unsynced.unsynced.is_clean());
  disk.lose_power();
  CHECK(disk.names("/") == std::set<std::string>{"file"});
  CHECK(disk.content("file") == "old");
}

TEST_CASE("A program is run elsewhere while it is open, and a file that is written is not") {
  TestDisk disk;
  const std::string program = disk.base() + "/srv/program";
  fs::copy_file("/bin/true", program);
  Volume& volume = disk.volume();
  Node& node = *disk.at("program");
  REQUIRE(volume.open(node) == 0);
  CHECK(disk.content("program")->size() == fs::file_size(program));
  CHECK(std::system(program.c_str()) == 0);
  // It is written by the one, and still open for the other.
  const std::uint64_t size = fs::file_size(program);
  disk.write("program", size, "more");
  CHECK(disk.content("program")->substr(size) == "more");
  volume.close(node);
  CHECK(std::system(program.c_str()) == 0);
  REQUIRE(volume.open(node, Volume::Access::to_write) == 0);
  CHECK(std::system((program + " 2>/dev/null").c_str()) != 0);
  volume.close(node);
}

TEST_CASE("In order, everything is kept") {
  TestDisk disk;
  disk.make_durable("file", "old");
  disk.write("file", 0, "newer");
  disk.write("unsynced", 0, "kept");
  disk.lose_power(UnsyncedFate::keep);
  CHECK(disk.content("file") == "newer");
  CHECK(disk.content("unsynced") == "kept");
}

TEST_CASE("What is durable is copied, and what is not is left behind") {
  TestDisk disk;
  disk.make_folder("data");
  disk.make_durable("data/file", text('a', 5000));
  disk.write("data/file", 4000, text('b', 5000));
  disk.write("data/new", 0, "new");
  disk.make_durable("data/removed", "back");
  disk.remove("data/removed");
  const std::string copy = disk.base() + "/copy";
  REQUIRE(disk.volume().copy_durable(*disk.at("data"), copy) == 0);
  const auto copied = [&](const std::string& name) {
    std::ifstream file(copy + "/" + name, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  CHECK(copied("file") == text('a', 5000));
  CHECK(copied("removed") == "back");
  CHECK_FALSE(fs::exists(copy + "/new"));
  // And the disk is as it was.
  CHECK(disk.content("data/file") == text('a', 4000) + text('b', 5000));
  CHECK(disk.names("data") == std::set<std::string>{"file", "new"});
}

TEST_CASE("All that is there can be made durable at once") {
  TestDisk disk;
  disk.make_folder("folder");
  disk.write("folder/file", 0, "content");
  disk.make_durable("removed", "gone");
  disk.remove("removed");
  CHECK_FALSE(disk.volume().is_durable(*disk.at("folder")));
  CHECK_FALSE(disk.volume().is_durable(*disk.at("folder/file")));
  disk.volume().make_durable();
  CHECK(disk.volume().is_durable(*disk.at("folder")));
  CHECK(disk.volume().is_durable(*disk.at("folder/file")));
  CHECK(disk.volume().is_durable(disk.volume().root()));
  disk.lose_power();
  CHECK(disk.names("/") == std::set<std::string>{"folder"});
  CHECK(disk.content("folder/file") == "content");
}

TEST_CASE("Pages are kept, dropped, torn by sectors or garbage, as the weights say") {
  TestDisk disk;
  const std::string old_page = text('o', 4096);
  const std::string new_page = text('n', 4096);
  constexpr int pages = 64;
  for (int i = 0; i < pages; ++i) disk.write("file", static_cast<std::uint64_t>(i) * 4096, old_page);
  disk.sync("file");
  for (int i = 0; i < pages; ++i) disk.write("file", static_cast<std::uint64_t>(i) * 4096, new_page);
  const auto sectors = [&] {
    std::map<std::string, int> counts;
    const std::string content = *disk.content("file");
    for (std::size_t at = 0; at < content.size(); at += 512) {
      const std::string sector = content.substr(at, 512);
      ++counts[sector == text('o', 512) ? "old" : sector == text('n', 512) ? "new" : "noise"];
    }
    return counts;
  };
  SECTION("kept") {
    disk.lose_power(UnsyncedFate::draw, only(&sim::DiskParameters::kept));
    CHECK(sectors() == std::map<std::string, int>{{"new", pages * 8}});
    CHECK(disk.lost().kept == pages);
  }
  SECTION("dropped") {
    disk.lose_power(UnsyncedFate::draw, only(&sim::DiskParameters::dropped));
    CHECK(sectors() == std::map<std::string, int>{{"old", pages * 8}});
    CHECK(disk.lost().dropped == pages);
    CHECK(disk.lost().folders == 0);
  }
  SECTION("torn") {
    disk.lose_power(UnsyncedFate::draw, only(&sim::DiskParameters::torn));
    CHECK(sectors()["old"] > 150);
    CHECK(sectors()["new"] > 150);
    CHECK(sectors()["noise"] == 0);
    CHECK(disk.lost().torn == pages);
  }
  SECTION("garbage") {
    disk.lose_power(UnsyncedFate::draw, only(&sim::DiskParameters::garbage));
    CHECK(disk.lost().garbage == pages);
    CHECK(sectors()["noise"] > 100);
    CHECK(sectors()["old"] > 100);
    CHECK(sectors()["new"] > 100);
  }
  SECTION("no garbage where there may be none") {
    disk.lose_power(UnsyncedFate::draw, only(&sim::DiskParameters::garbage), 1, false);
    CHECK(sectors()["noise"] == 0);
    CHECK(sectors()["new"] > 150);
    CHECK(disk.lost().torn == pages);
    CHECK(disk.lost().garbage == 0);
  }
}

TEST_CASE("An extended file has its old size or its new one, and what it had") {
  std::set<std::size_t> sizes;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    TestDisk disk;
    disk.make_durable("file", text('a', 5000));
    disk.write("file", 5000, text('b', 15'000));
    disk.lose_power(UnsyncedFate::draw, {}, seed);
    const std::string left = *disk.content("file");
    sizes.insert(left.size());
    CHECK(left.substr(0, 4096) == text('a', 4096));
  }
  CHECK(sizes == std::set<std::size_t>{5000, 20'000});
}
