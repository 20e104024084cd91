// Stories of `heir shell`. Commands:
//   shell [policy=heir] [singleton] [peer=node1]   starts a shell; prints nothing
//   hex                  the input is bytes in hexadecimal, given to the shell as its standard input
//   repeat N TEXT…       one line made of TEXT, N times
//   tab TEXT…            what completion offers behind TEXT
//   anything else        lines for the shell, the input's too; prints the errors on the way and what the last line
//   answered
#include <cstdlib>
#include <memory>
#include <sstream>

#include "tests/story/datadriven.h"
#include "tests/story/shell/stories.h"
#include "tools/shell/command.h"
#include "tools/shell/terminal.h"

namespace heir {
namespace {

std::string from_hex(const std::string& digits) {
  std::string bytes;
  std::string pair;
  for (const char c : digits) {
    if (c == ' ' || c == '\n') continue;
    pair += c;
    if (pair.size() < 2) continue;
    bytes += static_cast<char>(std::strtol(pair.c_str(), nullptr, 16));
    pair.clear();
  }
  return bytes;
}

class Story {
 public:
  std::string carry_out(const story::Step& step) {
    if (step.command == "shell") return begin(step);
    if (!shell_) return "no shell yet";
    if (step.command == "hex") {
      std::istringstream in(from_hex(step.input));
      std::ostringstream out;
      shell::run_lines(*shell_, in, out);
      return out.str();
    }
    const std::string_view line = step.line_text;
    if (step.command == "tab") {
      std::string offered;
      for (const std::string& candidate : shell_->completions(line.substr(4))) offered += candidate + "\n";
      return offered;
    }
    if (step.command == "repeat") {
      const std::size_t text = line.find(' ', line.find(' ') + 1) + 1;
      std::string repeated;
      for (int i = std::atoi(step.arguments.front().key.c_str()); i > 0; --i) repeated += line.substr(text);
      return shell_->run(repeated).value_or("nothing");
    }
    return run(step.line_text + "\n" + step.input);
  }

 private:
  std::string begin(const story::Step& step) {
    tools::ShellOptions options;
    options.policy = step.get("policy").value_or("heir");
    options.singleton = step.has("singleton");
    options.peer = step.get("peer").value_or("node1");
    Result<shell::Setup> setup = tools::shell_setup(options);
    if (!setup) return setup.error().message;
    shell_ = std::make_unique<shell::Shell>(std::move(*setup));
    return "";
  }

  std::string run(const std::string& lines) {
    std::istringstream in(lines);
    std::string printed;
    std::optional<std::string> last;
    for (std::string line; std::getline(in, line);) {
      if (last && last->starts_with("{\"error\"")) printed += *last + "\n";
      last = shell_->run(line);
    }
    return printed + last.value_or("nothing");
  }

  std::unique_ptr<shell::Shell> shell_;
};

}  // namespace

int shell_story_main(int argc, char** argv) {
  return story::story_main(argc, argv, [] {
    return story::Handler(
        [story = std::make_shared<Story>()](const story::Step& step) { return story->carry_out(step); });
  });
}

}  // namespace heir
