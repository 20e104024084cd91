#include "tools/command/command_line.h"

#include <algorithm>

namespace heir::tools {

namespace {

CommandLineOption describe_option(const CLI::Option& option) {
  CommandLineOption result;
  for (const std::string& name : option.get_lnames()) result.names.push_back("--" + name);
  for (const std::string& name : option.get_snames()) result.names.push_back("-" + name);
  // "FORMAT:{text,json}", "N:UINT in [1 - 1024]": behind the colon is what checks the value.
  const std::string type = option.get_type_name();
  if (option.get_expected_max() > 0) result.value = type.substr(0, type.find(':'));
  if (option.get_positional() && result.value.empty()) result.value = option.get_name(true);
  const std::size_t open = type.find(":{");
  const std::size_t close = type.find('}', open);
  if (open != std::string::npos && close != std::string::npos)
    result.values = CLI::detail::split(type.substr(open + 2, close - open - 2), ',');
  result.about = option.get_description();
  result.is_required = option.get_required();
  result.may_repeat = option.get_items_expected_max() > 1;
  return result;
}

void collect(const CommandLine& command, std::vector<const CommandLine*>& all) {
  all.push_back(&command);
  for (const CommandLine& each : command.commands) collect(each, all);
}

CommandLine describe_below(const CLI::App& app, const std::string& above) {
  CommandLine result;
  result.name = above.empty() ? app.get_name() : above + " " + app.get_name();
  result.about = app.get_description();
  result.footer = app.get_footer();
  // An option of no group is kept from `--help`, and from here.
  for (const CLI::Option* option : app.get_options())
    if (!option->get_group().empty()) result.options.push_back(describe_option(*option));
  for (const CLI::App* command : app.get_subcommands(nullptr))
    if (!command->get_group().empty()) result.commands.push_back(describe_below(*command, result.name));
  return result;
}

}  // namespace

bool CommandLineOption::takes_files() const {
  for (const char* const word : {"FILE", "DIR", "DB", "SCENARIO", "HISTORY", "CAPSULE"})
    if (value.find(word) != std::string::npos) return true;
  return false;
}

std::vector<const CommandLine*> CommandLine::all() const {
  std::vector<const CommandLine*> result;
  collect(*this, result);
  return result;
}

CommandLine describe(const CLI::App& app) {
  return describe_below(app, "");
}

}  // namespace heir::tools
