// --set, as every command that reads scenarios has it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace heir::tools {

/// `what`: whose values are overridden: "a value of the scenario".
CLI::Option* add_overrides_option(CLI::App& command, std::vector<std::string>& overrides,
                                  const std::string& what = "a value of the scenario");

}  // namespace heir::tools
