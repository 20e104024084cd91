// Outputs are distinct, are no input, and can be written: said before anything is done.
#include "tools/command/outputs.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

using namespace heir::tools;
namespace fs = std::filesystem;

namespace {

/// A folder with a file `input`, a symbolic and a hard link to it, and a folder `folder`; gone at the end.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "heir-outputs-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    root_ = name;
    std::ofstream(root_ / "input") << "evidence\n";
    fs::create_symlink("input", root_ / "link");
    fs::create_hard_link(root_ / "input", root_ / "twin");
    fs::create_directory(root_ / "folder");
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { fs::remove_all(root_); }
  std::string operator/(const std::string& name) const { return (root_ / name).string(); }

 private:
  fs::path root_;
};

std::string problem(const std::vector<Output>& outputs, const std::vector<std::string>& inputs = {}) {
  const std::vector<std::string> problems = output_problems(outputs, inputs);
  REQUIRE(problems.size() <= 1);
  return problems.empty() ? "" : problems.front();
}

}  // namespace

TEST_CASE("nothing is written over what is read, under whatever name") {
  const Scratch scratch;
  for (const char* name : {"input", "./input", "folder/../input", "link", "twin"}) {
    const std::string path = scratch / name;
    CHECK(problem({{"--out", path}}, {scratch / "input"}) ==
          "--out " + path + ": would be written over " + (scratch / "input") + ", which is read; name another");
  }
  CHECK(problem({{"--out", scratch / "input"}}, {scratch / "other"}).empty());
  CHECK(problem({{"--out", scratch / "new"}}, {scratch / "input"}).empty());
  CHECK_FALSE(problem({{"--out", scratch / "new"}}, {scratch / "folder/../new"}).empty());
}

TEST_CASE("no two outputs are one file, be it there or still to be made") {
  const Scratch scratch;
  const auto both = [&](const std::string& a, const std::string& b) {
    return problem({{"--a", scratch / a}, {"--none", ""}, {"--b", scratch / b}});
  };
  CHECK(both("new", "other").empty());
  CHECK(both("input", "link") == "--b " + (scratch / "link") + ": is what --a writes, too; name another");
  CHECK_FALSE(both("input", "twin").empty());
  CHECK_FALSE(both("new", "new").empty());
  CHECK_FALSE(both("new", "./new").empty());
  CHECK_FALSE(both("new", "folder/../new").empty());
  CHECK(problem({{"--a", "/dev/null"}, {"--b", "/dev/null"}}, {"/dev/null"}).empty());
}

TEST_CASE("what cannot be written is said") {
  const Scratch scratch;
  const std::string lost = scratch / "nowhere/x";
  CHECK(problem({{"--out", lost}}) == "--out " + lost + ": there is no such folder");
  CHECK(problem({{"--out", scratch / "folder"}}) == "--out " + (scratch / "folder") + ": is a folder");
  CHECK_FALSE(problem({{"--out", scratch / "input/x"}}).empty());
  CHECK(output_problems({{"--a", lost}, {"--b", scratch / "folder"}}, {}).size() == 2);
}

TEST_CASE("a report takes an empty folder or an earlier report's place, and nothing that is read with it") {
  const Scratch scratch;
  using Kind = Output::Kind;
  const std::string folder = scratch / "folder";
  CHECK(problem({{"--out", folder, Kind::report}}).empty());
  CHECK(problem({{"--out", scratch / "new/deep", Kind::report}}).empty());
  CHECK(problem({{"--out", scratch / "input", Kind::report}}).find("--out " + (scratch / "input") + ": is no folder") ==
        0);
  std::ofstream(folder + "/notes") << "mine\n";
  CHECK(problem({{"--out", folder, Kind::report}}).find("has files in it, but no report") != std::string::npos);
  std::ofstream(folder + "/report.json") << R"({"format":"heir report"})";
  CHECK(problem({{"--out", folder, Kind::report}}).empty());
  CHECK(problem({{"--out", folder, Kind::report}}, {folder + "/scenario.toml"}).empty());  // Not there: said by others.
  CHECK(problem({{"--out", folder, Kind::report}}, {folder + "/notes"}).find("lies in it") != std::string::npos);
  const Output within{"--history", folder + "/history.jsonl.zst", Kind::file};
  CHECK(problem({{"--report", folder, Kind::report}, within}).find("lies in what --report makes anew") !=
        std::string::npos);
  CHECK(problem({within, {"--report", folder, Kind::report}}).find("lies in what --report makes anew") !=
        std::string::npos);
}
