// heir mutants, in a build that has none: they are in `heir-mutants`, beside it.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "tools/command/mutants.h"

namespace heir::tools {

namespace {

/// "" if it cannot be told.
std::string own_folder() {
  std::array<char, 4096> path{};
  const ssize_t length = ::readlink("/proc/self/exe", path.data(), path.size());
  if (length <= 0) return {};
  const std::string_view whole(path.data(), static_cast<std::size_t>(length));
  return std::string(whole.substr(0, whole.rfind('/')));
}

Exit hand_over(std::vector<std::string> arguments) {
  const std::string program = own_folder() + "/heir-mutants";
  arguments.insert(arguments.begin(), {"heir-mutants", "mutants"});
  std::vector<char*> words;
  for (std::string& argument : arguments) words.push_back(argument.data());
  words.push_back(nullptr);
  ::execv(program.c_str(), words.data());
  complain("heir mutants: this build has none in it, and " + program + " cannot be run (" + std::strerror(errno) +
           "). It is built where tests are: cmake --preset release -DHEIR_TESTS=ON && cmake --build build/release "
           "--target heir-mutants");
  return Exit::bad_usage;
}

}  // namespace

void add_mutants_command(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("mutants", "Hunt planted bugs: how many seeds does it take to find each?");
  // All that follows is for the other program.
  command->prefix_command();
  command->set_help_flag();
  command->callback([command, &chosen] { chosen = [command] { return hand_over(command->remaining()); }; });
}

}  // namespace heir::tools
