#include <catch2/catch.hpp>

#include <string>
#include <vector>

#include "sim/disk/disk.h"
#include "sim/disk/log_file.h"

using namespace heir;
using namespace heir::sim;

namespace {

struct TestGate : Gate {
  void shut() { close(); }
  void lift() { reopen(); }
  void kill() { discard(); }
};

struct World final : DiskHandler {
  Kernel kernel{1};
  Disk disk{kernel, "a", DiskParameters{}};
  std::vector<std::pair<std::uint64_t, bool>> done;
  std::string last_error;
  void on_disk_done(std::uint64_t cookie, Result<> result) override {
    done.emplace_back(cookie, result.has_value());
    last_error = result ? "" : result.error().message;
  }
  void sync_file(std::string_view path) {
    disk.sync_file(path, nullptr, *this);
    kernel.run();
  }
  void sync_directory(std::string_view path) {
    disk.sync_directory(path, nullptr, *this);
    kernel.run();
  }
  std::string content(std::string_view path) { return disk.read(path).value_or("(nothing)"); }
};

struct Object : FolderObject {
  explicit Object(Disk& disk) : log(disk) {}
  std::shared_ptr<const FolderImage> image() const override {
    struct Image : FolderImage {
      explicit Image(std::uint64_t end) : end_(end) {}
      std::shared_ptr<FolderObject> restore(Disk& disk) const override {
        auto made = std::make_shared<Object>(disk);
        REQUIRE(made->log.assign(0, end_));
        return made;
      }
      std::uint64_t end_;
    };
    return std::make_shared<Image>(log.durable());
  }
  void on_power_loss() override { seen_at_loss = log.written(); }
  LogFile log;
  std::uint64_t seen_at_loss = 0;
};

}  // namespace

TEST_CASE("files and folders in the page cache") {
  World w;
  CHECK(w.disk.make_directories("/var/lib/x"));
  CHECK(w.disk.make_directory("/var").error().code == ErrorCode::already_exists);
  CHECK(w.disk.make_directory("/no/such").error().code == ErrorCode::not_found);
  CHECK(w.disk.write("/var/lib/x/a", "1"));
  CHECK(w.disk.append("/var/lib/x/a", "2"));
  CHECK(w.content("/var/lib/x/a") == "12");
  CHECK(w.disk.read("/var/lib").error().code == ErrorCode::invalid);
  CHECK(w.disk.write("/var/lib", "x").error().code == ErrorCode::invalid);
  CHECK(w.disk.write("relative", "x").error().code == ErrorCode::invalid);
  CHECK(w.disk.write("/var/lib/x/b", "b"));
  CHECK(w.disk.list("/var/lib/x").value() == std::vector<std::string>{"a", "b"});
  CHECK(w.disk.used() == 3);
  CHECK(w.disk.remove("/var/lib/nothing"));
  CHECK(w.disk.remove("/var"));
  CHECK_FALSE(w.disk.exists("/var/lib/x/a"));
  CHECK(w.disk.used() == 0);
}

TEST_CASE("rename replaces files and empty folders only") {
  World w;
  REQUIRE(w.disk.make_directories("/a/b"));
  REQUIRE(w.disk.make_directory("/empty"));
  REQUIRE(w.disk.write("/a/f", "f"));
  REQUIRE(w.disk.write("/g", "g"));
  CHECK(w.disk.rename("/none", "/x").error().code == ErrorCode::not_found);
  CHECK(w.disk.rename("/a", "/a/b/c").error().code == ErrorCode::invalid);
  CHECK(w.disk.rename("/empty", "/a").error().code == ErrorCode::already_exists);
  CHECK(w.disk.rename("/empty", "/g").error().code == ErrorCode::invalid);
  CHECK(w.disk.rename("/g", "/a/f"));
  CHECK(w.content("/a/f") == "g");
  CHECK(w.disk.rename("/a", "/empty"));
  CHECK(w.content("/empty/f") == "g");
  CHECK_FALSE(w.disk.exists("/a"));
  CHECK(w.disk.used() == 1);
}

TEST_CASE("power loss drops what was not synced: content, and names") {
  World w;
  REQUIRE(w.disk.write("/named-only", "x"));
  w.sync_directory("/");
  REQUIRE(w.disk.write("/content-only", "x"));
  w.sync_file("/content-only");
  REQUIRE(w.disk.write("/both", "old"));
  w.sync_file("/both");
  w.sync_directory("/");
  REQUIRE(w.disk.remove("/content-only"));
  REQUIRE(w.disk.write("/both", "new"));
  REQUIRE(w.disk.write("/unsynced", "x"));
  w.disk.power_loss();
  CHECK(w.content("/named-only") == "");
  CHECK(w.content("/content-only") == "x");  // its removal was not durable
  CHECK(w.content("/both") == "old");
  CHECK_FALSE(w.disk.exists("/unsynced"));
  CHECK(w.disk.used() == 4);
}

TEST_CASE("an unsynced rename is lost with the power, and kept otherwise") {
  World w;
  REQUIRE(w.disk.write("/f", "old"));
  w.sync_file("/f");
  w.sync_directory("/");
  REQUIRE(w.disk.write("/f.new", "new"));
  w.sync_file("/f.new");
  REQUIRE(w.disk.rename("/f.new", "/f"));
  CHECK(w.content("/f") == "new");  // as it is after a crash of the process
  SECTION("not synced") {
    w.disk.power_loss();
    CHECK(w.content("/f") == "old");
    CHECK_FALSE(w.disk.exists("/f.new"));
  }
  SECTION("synced") {
    w.sync_directory("/");
    w.disk.power_loss();
    CHECK(w.content("/f") == "new");
    CHECK(w.disk.list("/").value() == std::vector<std::string>{"f"});
  }
}

TEST_CASE("a rename between folders is durable wholly or not at all") {
  for (const char* synced : {"/from", "/to", ""}) {
    World w;
    REQUIRE(w.disk.make_directory("/from"));
    REQUIRE(w.disk.make_directory("/to"));
    REQUIRE(w.disk.make_directory("/from/d"));
    REQUIRE(w.disk.write("/from/d/f", "x"));
    REQUIRE(w.disk.sync_tree_now("/"));
    REQUIRE(w.disk.rename("/from/d", "/to/e"));
    if (*synced) w.sync_directory(synced);
    w.disk.power_loss();
    INFO(synced);
    CHECK(w.content("/to/e/f") == (*synced ? "x" : "(nothing)"));
    CHECK(w.content("/from/d/f") == (*synced ? "(nothing)" : "x"));
  }
}

TEST_CASE("a folder whose name was never durable is lost with all in it, its files' space too") {
  World w;
  REQUIRE(w.disk.make_directories("/x/y/z"));
  REQUIRE(w.disk.write("/x/y/z/f", "data"));
  w.sync_file("/x/y/z/f");
  w.sync_directory("/x/y/z");
  w.sync_directory("/x/y");
  w.disk.power_loss();
  CHECK(w.disk.list("/").value().empty());
  CHECK(w.disk.used() == 0);
}

TEST_CASE("a sync makes durable what was written when it began; power lost meanwhile, nothing") {
  World w;
  REQUIRE(w.disk.write("/f", "1"));
  REQUIRE(w.disk.sync_tree_now("/"));
  REQUIRE(w.disk.write("/f", "2"));
  w.disk.sync_file("/f", nullptr, w, 5);
  REQUIRE(w.disk.write("/f", "3"));
  SECTION("done") {
    w.kernel.run();
    CHECK(w.done == std::vector<std::pair<std::uint64_t, bool>>{{5, true}});
    w.disk.power_loss();
    CHECK(w.content("/f") == "2");
  }
  SECTION("power lost before") {
    w.disk.power_loss();
    w.kernel.run();
    CHECK(w.done.empty());
    CHECK(w.content("/f") == "1");
  }
  SECTION("power lost, all kept") {
    w.disk.power_loss(UnsyncedFate::keep);
    CHECK(w.content("/f") == "3");
  }
}

TEST_CASE("syncing what is not there says so, later") {
  World w;
  w.disk.sync_file("/none", nullptr, w, 1);
  w.disk.sync_directory("/none", nullptr, w, 2);
  CHECK(w.done.empty());
  w.kernel.run();
  CHECK(w.done.size() == 2);
  CHECK_FALSE(w.done[0].second);
  CHECK_FALSE(w.done[1].second);
}

TEST_CASE("a program's crash loses nothing, and its syncs still happen, unheard") {
  World w;
  TestGate gate;
  REQUIRE(w.disk.write("/f", "x"));
  REQUIRE(w.disk.sync_tree_now("/"));
  REQUIRE(w.disk.write("/f", "y"));
  w.disk.sync_file("/f", &gate, w, 1);
  gate.kill();
  w.disk.release(gate);
  w.kernel.run();
  CHECK(w.done.empty());
  w.disk.power_loss();
  CHECK(w.content("/f") == "y");
}

TEST_CASE("a sync of a paused program completes, and is told at resume") {
  World w;
  TestGate gate;
  LogFile log(w.disk);
  REQUIRE(log.append(10));
  log.sync(&gate, w, 1);
  gate.shut();
  w.kernel.run();
  CHECK(log.durable() == 10);
  CHECK(w.done.empty());
  gate.lift();
  CHECK(w.done.size() == 1);
}

TEST_CASE("a log is durable up to where it was written when the sync began") {
  World w;
  LogFile log(w.disk, 1'000);
  REQUIRE(log.append(100));
  log.sync(nullptr, w, 1);
  REQUIRE(log.append(50));
  CHECK(log.durable() == 1'000);
  SECTION("the sync completes") {
    w.kernel.run();
    CHECK(log.durable() == 1'100);
    CHECK(log.written() == 1'150);
    w.disk.power_loss();
    CHECK(log.written() == 1'100);
    CHECK(w.disk.used() == 100);
  }
  SECTION("the power goes first") {
    w.disk.power_loss();
    w.kernel.run();
    CHECK(log.written() == 1'000);
    CHECK(w.done.empty());
  }
  SECTION("some of it may survive") {
    w.disk.power_loss(UnsyncedFate::draw);
    CHECK(log.written() >= 1'000);
    CHECK(log.written() <= 1'150);
    CHECK(log.durable() == log.written());
  }
  SECTION("it is cut meanwhile: the sync is void") {
    log.truncate(1'020);
    REQUIRE(log.append(500));
    w.kernel.run();
    CHECK(w.done.size() == 1);
    CHECK(log.durable() <= 1'020);
  }
}

TEST_CASE("objects move, come back and go with their folder, and hear of power loss") {
  World w;
  REQUIRE(w.disk.make_directory("/data"));
  auto object = std::make_shared<Object>(w.disk);
  REQUIRE(w.disk.attach("/data", object));
  CHECK(w.disk.attach("/none", object).error().code == ErrorCode::not_found);
  REQUIRE(w.disk.sync_tree_now("/data"));
  REQUIRE(object->log.append(64));
  REQUIRE(w.disk.rename("/data", "/old"));
  CHECK(w.disk.attached("/data") == nullptr);
  CHECK(w.disk.attached_as<Object>("/old") == object);
  SECTION("the rename was not durable") {
    object->log.sync(nullptr, w, 1);
    w.kernel.run();
    REQUIRE(object->log.append(64));
    w.disk.power_loss();
    CHECK(w.disk.attached_as<Object>("/data") == object);
    CHECK_FALSE(w.disk.exists("/old"));
    CHECK(object->seen_at_loss == 64);
  }
  SECTION("removed, but not durably") {
    REQUIRE(w.disk.remove("/old"));
    w.disk.power_loss();
    CHECK(w.disk.attached_as<Object>("/data") == object);
  }
  SECTION("removed durably: its space is free when nobody holds it any more") {
    REQUIRE(w.disk.remove("/old"));
    w.sync_directory("/");
    CHECK(w.disk.used() == 64);
    object.reset();
    CHECK(w.disk.used() == 0);
  }
  SECTION("attached anew, not durably") {
    auto newer = std::make_shared<Object>(w.disk);
    REQUIRE(w.disk.attach("/old", newer));
    w.disk.power_loss();
    CHECK(w.disk.attached_as<Object>("/data") == object);
  }
}

TEST_CASE("a full disk refuses, and says so") {
  World w;
  w.disk.set_capacity(100);
  CHECK(w.disk.write("/f", std::string(60, 'x')));
  CHECK(w.disk.write("/g", std::string(60, 'x')).error().code == ErrorCode::out_of_space);
  CHECK(w.content("/g") == "");
  LogFile log(w.disk);
  CHECK(log.append(41).error().code == ErrorCode::out_of_space);
  CHECK(log.written() == 0);
  CHECK(log.append(40));
  CHECK(w.disk.used() == 100);
  CHECK(w.disk.write("/f", "less"));
  CHECK(log.append(50));
  CHECK(w.disk.take_space(7).error().code == ErrorCode::out_of_space);
}
