// Stories of the `heir` command. One command:
//   sh [mask=numbers]   the input is a shell script, in a scratch folder of the story's own where `heir` and
//   `scenarios` are
// It prints what went to standard output, then each line of standard error behind "! ", then "exit STATUS". Times of
// the machine that runs it are masked always; with mask=numbers all numbers and hashes, for output that changes with
// the engine.
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <sstream>

#include "tests/story/datadriven.h"

namespace heir {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "heir-story-XXXXXX").string();
    if (!::mkdtemp(name.data())) std::abort();
    root_ = name;
    fs::create_directory(root_ / "bin");
    fs::create_directory(root_ / "here");
    fs::create_symlink(HEIR_BINARY, root_ / "bin/heir");
    fs::create_symlink(HEIR_SOURCE_DIR "/scenarios", root_ / "here/scenarios");
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code error;
    fs::remove_all(root_, error);
  }

  std::string run(const story::Step& step) const {
    std::ofstream(root_ / "script") << step.input;
    const std::string root = root_.string();
    const std::string command = "cd '" + root + "/here' && PATH='" + root +
                                "/bin':$PATH HEIR_COMMAND=heir NO_COLOR=1 sh '" + root + "/script' >'" + root +
                                "/out' 2>'" + root + "/err' </dev/null";
    const int status = std::system(command.c_str());
    std::string text = read(root_ / "out");
    std::istringstream errors(read(root_ / "err"));
    for (std::string line; std::getline(errors, line);) text += "! " + line + "\n";
    text += WIFEXITED(status) ? "exit " + std::to_string(WEXITSTATUS(status))
                              : "killed by signal " + std::to_string(WTERMSIG(status));
    return masked(std::regex_replace(text + "\n", std::regex(root), "SCRATCH"), step.get("mask") == "numbers");
  }

 private:
  static std::string masked(std::string text, bool numbers) {
    text = std::regex_replace(text, std::regex("\"wall_ns\":[0-9]+"), "\"wall_ns\":N");
    text = std::regex_replace(text, std::regex("in [0-9.]+(ns|us|ms|s): [0-9,]+ times"), "in TIME: N times");
    text = std::regex_replace(text, std::regex("\"((parse_)?seconds|peak_bytes)\":[0-9.]+"), "\"$1\":N");
    text = std::regex_replace(text, std::regex("read in [^,]+, judged in [^,]+, [0-9]+ MiB"),
                              "read in TIME, judged in TIME, N MiB");
    text = std::regex_replace(text, std::regex("runs in [0-9.]+(ns|us|ms|s)"), "runs in TIME");
    if (!numbers) return text;
    text = std::regex_replace(text, std::regex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UUID");
    text = std::regex_replace(text, std::regex("\\b[0-9a-f]{16}\\b"), "HASH");
    // The exit status is what it is.
    const std::size_t last = text.rfind("\nexit ") + 1;
    return std::regex_replace(text.substr(0, last), std::regex("[0-9]([0-9,.]*[0-9])?(ns|us|ms|s\\b)?"), "N") +
           text.substr(last);
  }

  fs::path root_;
};

}  // namespace
}  // namespace heir

int main(int argc, char** argv) {
  return heir::story::story_main(argc, argv, [] {
    auto scratch = std::make_shared<heir::Scratch>();
    return [scratch](const heir::story::Step& step) {
      return step.command == "sh" ? scratch->run(step) : std::string("no such command");
    };
  });
}
