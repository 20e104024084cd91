// Stories of the scenario format. Commands:
//   load [set=(KEY=VALUE, …)]   the input is a scenario; prints the mistakes, or the scenario in canonical form
//   file PATH [set=(…)]         the same of a file, under the root of the sources
//   hex [NAME]                  the input is bytes in hexadecimal
//   repeat N                    the input's one line, N times
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "scenarios/load.h"
#include "tests/story/datadriven.h"

namespace heir {
namespace {

std::string outcome(const scenarios::Loaded& loaded) {
  if (loaded) return scenarios::write(*loaded.scenario);
  std::string text;
  for (const std::string& message : loaded.messages) text += message + "\n";
  return text;
}

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

std::string carry_out(const story::Step& step) {
  std::vector<std::string> overrides;
  for (const story::Argument& argument : step.arguments) {
    if (argument.key == "set") overrides.insert(overrides.end(), argument.values.begin(), argument.values.end());
  }
  if (step.command == "load") return outcome(scenarios::load_text("x.toml", step.input, overrides));
  if (step.command == "hex") return outcome(scenarios::load_text("x.toml", from_hex(step.input), overrides));
  if (step.command == "file" && !step.arguments.empty()) {
    std::filesystem::current_path(HEIR_SOURCE_DIR);
    return outcome(scenarios::load_file(step.arguments.front().key, overrides));
  }
  if (step.command == "repeat" && !step.arguments.empty()) {
    std::string text;
    for (int i = std::atoi(step.arguments.front().key.c_str()); i > 0; --i) text += step.input;
    return outcome(scenarios::load_text("x.toml", text, overrides));
  }
  return "no such command";
}

}  // namespace
}  // namespace heir

int main(int argc, char** argv) {
  // For scenarios/README.md, whose second half this is.
  if (argc == 2 && std::strcmp(argv[1], "--reference") == 0) {
    std::fputs(heir::scenarios::reference().c_str(), stdout);
    return 0;
  }
  return heir::story::story_main(argc, argv, [] { return heir::carry_out; });
}
