// `heir shell`: one real peer against a scripted world, driven line by line.
#pragma once

#include <CLI/CLI.hpp>
#include <istream>
#include <ostream>
#include <string>

#include "engine/base/result.h"
#include "tools/shell/world.h"

namespace heir::tools {

struct ShellOptions {
  std::string policy = "heir";  ///< "heir", "manatee" or "sirenia".
  bool singleton = false;
  std::string peer = "node1";  ///< The peer under test.
};

/// The world that the options describe; `invalid` for an unknown policy or an impossible name.
Result<shell::Setup> shell_setup(const ShellOptions& options);

/// Runs the lines of `in` until `exit` or its end. Exit status: 0, or 2 for bad options, which go to standard error.
int run_shell(std::istream& in, std::ostream& out, const ShellOptions& options);

/// On standard input and output: with prompt, history and completion if both are a terminal. SIGINT ends the program
/// with status 130.
int run_shell(const ShellOptions& options);

/// Adds `shell` to the command line. It runs from its callback, and throws CLI::RuntimeError if it ends other than with
/// 0.
void add_shell_command(CLI::App& app);

}  // namespace heir::tools
