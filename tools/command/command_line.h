// The command line of `heir` as a value: what shell completions and manual pages are made of.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace heir::tools {

struct CommandLineOption {
  std::vector<std::string> names;   ///< "--seed", "-j"; none for a positional.
  std::string value;                ///< What stands behind it: "FILE"; empty for a flag.
  std::vector<std::string> values;  ///< All that it can be, where that is a closed list.
  std::string about;
  bool is_required = false;
  bool may_repeat = false;
  bool is_positional() const { return names.empty(); }
  /// Its value names files, or something that can be one.
  bool takes_files() const;
};

struct CommandLine {
  std::string name;  ///< With those above it: "heir scenario check".
  std::string about;
  std::string footer;
  std::vector<CommandLineOption> options;
  std::vector<CommandLine> commands;
  std::string last_name() const { return name.substr(name.rfind(' ') + 1); }
  /// Itself, then all below it.
  std::vector<const CommandLine*> all() const;
};

CommandLine describe(const CLI::App& app);

}  // namespace heir::tools
