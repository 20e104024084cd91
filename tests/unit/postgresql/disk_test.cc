// The copy on disk: first copies, claims, interruptions.
#include "tests/unit/postgresql/fixture.h"

using namespace heir;
using namespace heir::fake;

TEST_CASE("the first copy is made beside, claimed, and then put in place") {
  Fixture f;
  CHECK(*f.await(f.adapter->is_empty()));
  REQUIRE(said(f.await(f.adapter->initialize())).empty());
  CHECK(f.copy() == "new");
  CHECK(f.host.files["/root/cluster"] == checked("test\n7\n"));
  CHECK(f.host.place("initdb") < f.host.place("rename /root/data.next /root/data"));
  CHECK_FALSE(*f.await(f.adapter->is_empty()));
  REQUIRE(said(f.await(f.adapter->initialize())).empty());
  CHECK(f.host.count("initdb") == 1);
}

TEST_CASE("initialize can be killed at any step and started again") {
  for (int step = 0;; ++step) {
    Fixture f;
    const bool ended = f.interrupt(f.adapter->initialize(), step);
    f.restart_agent();
    INFO("killed before step " << step);
    const auto disk = f.await(f.adapter->inspect());
    REQUIRE(disk);
    CHECK((disk->empty || (disk->whole && disk->cluster == "test" && f.copy() == "new")));
    REQUIRE(said(f.await(f.adapter->initialize())).empty());
    CHECK(f.copy() == "new");
    CHECK_FALSE(f.host.exists("/root/data.next"));
    if (ended) {
      CHECK(step > 10);
      break;
    }
  }
}

TEST_CASE("a failing initdb is told with its words and leaves nothing in place") {
  Fixture f;
  f.host.program_fails["initdb"] = {1, "no space left on device"};
  const auto result = f.await(f.adapter->initialize());
  CHECK(said(result).find("no space left on device") != std::string::npos);
  CHECK(*f.await(f.adapter->is_empty()));
  f.host.program_fails.clear();
  CHECK(f.await(f.adapter->initialize()));
}

TEST_CASE("data that is there is not initialized over, until the operator adopts it") {
  Fixture f;
  f.own_copy(log_of(60), false);
  f.host.files.erase("/root/cluster");
  const auto refused = f.await(f.adapter->initialize());
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::refused);
  CHECK(f.copy() == "mine");
  CHECK(f.host.count("initdb") == 0);
  REQUIRE(f.await(f.adapter->adopt()));
  const auto disk = f.await(f.adapter->inspect());
  REQUIRE(disk);
  CHECK(disk->cluster == "test");
  CHECK(disk->system_identifier == 7);
}

TEST_CASE("another cluster's data is refused") {
  Fixture f;
  f.own_copy(log_of(60), false);
  SECTION("by its name") {
    f.host.files["/root/cluster"] = checked("other\n7\n");
  }
  SECTION("by PostgreSQL's identifier") {
    f.host.files["/root/cluster"] = checked("test\n8\n");
  }
  const auto disk = f.await(f.adapter->inspect());
  REQUIRE_FALSE(disk);
  CHECK(disk.error().code == ErrorCode::refused);
}

TEST_CASE("damaged files of ours are named") {
  Fixture f;
  f.own_copy(log_of(60), false);
  std::string path;
  SECTION("cluster") {
    path = "/root/cluster";
  }
  SECTION("store") {
    path = "/root/store";
  }
  f.host.files[path] = "rubbish";
  const auto disk = f.await(f.adapter->inspect());
  REQUIRE_FALSE(disk);
  CHECK(disk.error().message.find(path) != std::string::npos);
}

TEST_CASE("a flipped bit in a file of ours is found, wherever it is, and nothing is taken for nothing") {
  for (const char* path : {"/root/cluster", "/root/identity", "/root/store"}) {
    Fixture f;
    f.own_copy(log_of(60), false);
    REQUIRE(f.await(f.adapter->keep_identity(PeerId("0e2f"))));
    REQUIRE(f.await(f.adapter->keep_store(StoreMark{"store-1", Generation(9)})));
    const Bytes whole = f.host.files[path];
    for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
      f.host.files[path] = whole;
      f.host.files[path][bit / 8] = static_cast<char>(whole[bit / 8] ^ (1 << bit % 8));
      const auto disk = f.await(f.adapter->inspect());
      REQUIRE_FALSE(disk);
      CHECK(disk.error().code == ErrorCode::invalid);
      CHECK(disk.error().message.find(std::string(path) + " is damaged") == 0);
    }
    f.host.files[path] = "";
    CHECK_FALSE(f.await(f.adapter->inspect()));
    f.host.files[path] = whole;
    CHECK(f.await(f.adapter->inspect()));
    CHECK(f.copy() == "mine");
  }
}

TEST_CASE("identity and store are kept beside the data") {
  Fixture f;
  REQUIRE(f.await(f.adapter->keep_identity(PeerId("0e2f"))));
  CHECK_FALSE(f.await(f.adapter->keep_identity(PeerId("two\nlines"))));
  const StoreMark mark{"store-1", Generation(9)};
  REQUIRE(f.await(f.adapter->keep_store(mark)));
  const auto disk = f.await(f.adapter->inspect());
  REQUIRE(disk);
  CHECK(disk->identity == PeerId("0e2f"));
  CHECK(disk->store == mark);
  CHECK(disk->empty);
}

TEST_CASE("interrupted swaps are put right") {
  Fixture f;
  f.own_copy(log_of(60), false);
  SECTION("an unfinished copy is thrown away") {
    f.host.make_copy("/root/data.next", "clone", true);
    REQUIRE(f.await(f.adapter->inspect()));
    CHECK(f.copy() == "mine");
    CHECK_FALSE(f.host.exists("/root/data.next"));
  }
  SECTION("without a copy in place the old one returns, and what was beside goes") {
    f.host.make_copy("/root/data.old", "older", false);
    f.host.make_copy("/root/data.next", "clone", true);
    f.host.images["older"].log = log_of(50);
    f.host.files["/root/unproven"] = "";
    f.host.files.erase("/root/data/copy");
    f.host.files.erase("/root/data/PG_VERSION");
    f.host.folders.erase("/root/data");
    const auto disk = f.await(f.adapter->inspect());
    REQUIRE(said(disk).empty());
    CHECK(f.copy() == "older");
    CHECK(disk->whole);
    CHECK_FALSE(f.host.exists("/root/data.next"));
    CHECK_FALSE(f.host.exists("/root/unproven"));
  }
  SECTION("an interrupted rewind is not whole") {
    f.host.files["/root/rewinding"] = "";
    f.host.files["/root/data/copy"] = "half";
    const auto disk = f.await(f.adapter->inspect());
    REQUIRE(said(disk).empty());
    CHECK_FALSE(disk->whole);
    CHECK_FALSE(disk->empty);
    Role role = Severed();
    const auto started = f.await(f.adapter->start(role));
    REQUIRE_FALSE(started);
    CHECK(started.error().code == ErrorCode::refused);
    CHECK_FALSE(f.await(f.adapter->position()));
  }
}
