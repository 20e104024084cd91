#include "tests/unit/hosts/bench.h"

using namespace heir;
using namespace heir::hosts;

namespace {

Task<void> keep(Host& host, std::string path) {
  const Result<> made = co_await host.make_directory(path);
  CHECK(made);
  const Result<> again = co_await host.make_directory(path);
  CHECK(again.error().code == ErrorCode::already_exists);
  std::string content(200'000, 'x');
  const Result<> written = co_await host.write_file(path + "/b", content);
  CHECK(written);
  const Result<> synced = co_await host.sync_file(path + "/b");
  CHECK(synced);
  const Result<> renamed = co_await host.rename(path + "/b", path + "/a");
  CHECK(renamed);
  const Result<> folder_synced = co_await host.sync_directory(path);
  CHECK(folder_synced);
  const Result<Bytes> read = co_await host.read_file(path + "/a");
  REQUIRE(read);
  CHECK(*read == content);
  const Result<> other = co_await host.write_file(path + "/c", "");
  CHECK(other);
  const auto names = co_await host.list_directory(path);
  REQUIRE(names);
  CHECK(*names == std::vector<std::string>{"a", "c"});
  const Result<> removed = co_await host.remove(path);
  CHECK(removed);
  const Result<> removed_again = co_await host.remove(path);
  CHECK(removed_again);
  const auto gone = co_await host.list_directory(path);
  CHECK(gone.error().code == ErrorCode::not_found);
}

Task<void> meet_errors(Host& host, std::string folder) {
  const Result<Bytes> missing = co_await host.read_file(folder + "/missing");
  CHECK(missing.error().code == ErrorCode::not_found);
  const Result<> full = co_await host.write_file("/dev/full", "x");
  CHECK(full.error().code == ErrorCode::out_of_space);
  const Result<> nowhere = co_await host.write_file(folder + "/missing/x", "x");
  CHECK(nowhere.error().code == ErrorCode::not_found);
  const Result<> unsynced = co_await host.sync_file(folder + "/missing");
  CHECK(unsynced.error().code == ErrorCode::not_found);
  const Result<> not_renamed = co_await host.rename(folder + "/missing", folder + "/x");
  CHECK(not_renamed.error().code == ErrorCode::not_found);
  const Result<Bytes> not_a_file = co_await host.read_file(folder);
  CHECK(not_a_file.error().code == ErrorCode::io_error);
}

Task<void> write(Host& host, std::string path, std::string content) {
  const Result<> written = co_await host.write_file(path, content);
  CHECK(written);
}

}  // namespace

TEST_CASE("Files are written, renamed, listed and removed") {
  Bench bench;
  bench.run(keep(bench.host, bench.folder / "f"));
}

TEST_CASE("A link is removed, not what it shows") {
  Bench bench;
  std::filesystem::create_directory(bench.folder / "kept");
  REQUIRE(files::write(bench.folder / "kept/x", "x"));
  std::filesystem::create_directory(bench.folder / "removed");
  std::filesystem::create_directory_symlink(bench.folder / "kept", bench.folder / "removed/link");
  CHECK(files::remove(bench.folder / "removed"));
  CHECK(std::filesystem::exists(bench.folder / "kept/x"));
}

TEST_CASE("What the disk refuses is told") {
  Bench bench;
  bench.run(meet_errors(bench.host, bench.folder.path()));
}

TEST_CASE("A write that was given up does not come after the one that took its place") {
  Bench bench;
  const std::string path = bench.folder / "x";
  for (int i = 0; i < 50; ++i) {
    {
      Scope given_up;
      given_up.spawn(write(bench.host, path, std::string(300'000, 'a')));
    }
    bench.run(write(bench.host, path, "b"));
    bench.pass(Duration::milliseconds(1));
    const Result<Bytes> content = files::read(path);
    REQUIRE(content);
    REQUIRE(*content == "b");
  }
}
