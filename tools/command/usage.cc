// What `heir` says of a command line that it does not understand.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "scenarios/mistakes.h"
#include "tools/command/commands.h"
#include "tools/command/text.h"
#include "tools/workers/worker.h"

namespace heir::tools {

namespace {

int weight(Exit status) {
  switch (status) {
    case Exit::as_expected: return 0;
    case Exit::no_verdict: return 1;
    case Exit::expectation_failed: return 2;
    case Exit::bad_usage: return 3;
    case Exit::partly_done: return 0;  // Of no command that sums up several.
    case Exit::internal: return 4;
  }
  return 4;
}

/// The innermost command that the line named.
const CLI::App& innermost(const CLI::App& app, std::string& name) {
  const CLI::App* at = &app;
  name = app.get_name();
  for (auto parsed = at->get_subcommands(); !parsed.empty(); parsed = at->get_subcommands()) {
    at = parsed.front();
    name += " " + at->get_name();
  }
  return *at;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands(nullptr))
    if (!command->get_group().empty()) names.push_back(command->get_name());  // One of no group is not shown.
  return names;
}

}  // namespace

Exit worse(Exit a, Exit b) {
  return weight(a) < weight(b) ? b : a;
}

Exit with_output_written(Exit status) {
  std::cout.flush();
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout) return status;
  if (noted_signal() == SIGPIPE) exit_interrupted(SIGPIPE);
  complain("cannot write to standard output");
  return worse(status, Exit::not_written);
}

void complain(std::string_view message) {
  const char* prefix = message.rfind("heir ", 0) == 0 || message.rfind("heir:", 0) == 0 ? "" : "heir: ";
  std::fprintf(stderr, "%s%.*s\n", prefix, static_cast<int>(message.size()), message.data());
}

void exit_interrupted(int signal) {
  std::fflush(nullptr);
  ::_exit(128 + signal);
}

void require_command(CLI::App& command, Chosen& chosen) {
  command.require_subcommand(0, 1);
  command.callback([&command, &chosen] {
    if (!command.get_subcommands().empty()) return;
    chosen = [&command] {
      std::fputs(command.help().c_str(), stderr);
      return Exit::bad_usage;
    };
  });
}

std::string usage_message(const CLI::App& app, const CLI::ParseError& error) {
  std::string name;
  const CLI::App& command = innermost(app, name);
  std::string text;
  std::vector<std::string> rest = command.remaining();
  if (rest.empty()) rest = app.remaining();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) && !rest.empty()) {
    const std::string& word = rest.front();
    const bool is_option = word.size() > 1 && word.front() == '-';
    const std::vector<std::string> commands = command_names(command);
    if (is_option)
      text = name + " has no option '" + scenarios::printable(word) + "'" +
             scenarios::suggestion(word, option_names(command));
    else if (!commands.empty())
      text = name + " has no command '" + scenarios::printable(word) + "'" + scenarios::suggestion(word, commands);
    else
      text = name + " does not expect '" + scenarios::printable(word) + "' here";
  } else {
    text = name + ": " + scenarios::printable(error.what());
  }
  return text + "\nTry '" + name + " --help'.";
}

}  // namespace heir::tools
