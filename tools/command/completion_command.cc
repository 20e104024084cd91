// heir completion: what shells need to complete its command line.
#include <cstdio>
#include <memory>

#include "tools/command/command_line.h"
#include "tools/command/commands.h"
#include "tools/command/text.h"

namespace heir::tools {

namespace {

const char* const completion_footer =
    "Examples:\n"
    "  heir completion bash > /etc/bash_completion.d/heir\n"
    "  heir completion zsh > /usr/local/share/zsh/site-functions/_heir\n"
    "  heir completion fish > ~/.config/fish/completions/heir.fish\n"
    "  . <(heir completion bash)                           # this shell only\n"
    "\n"
    "Exit status: 0 printed; 2 bad usage.\n";

std::string joined(const std::vector<std::string>& words, const char* between = " ") {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

/// "" for heir itself, "scenario check" for what is below.
std::string path_of(const CommandLine& command) {
  const std::size_t space = command.name.find(' ');
  return space == std::string::npos ? "" : command.name.substr(space + 1);
}

std::vector<std::string> names_of(const std::vector<CommandLine>& commands) {
  std::vector<std::string> names;
  for (const CommandLine& command : commands) names.push_back(command.last_name());
  return names;
}

// ---- bash

std::string bash_case(const CommandLine& command) {
  std::vector<std::string> words = names_of(command.commands);
  std::vector<std::string> options;
  std::string values;
  bool files = false;
  for (const CommandLineOption& option : command.options) {
    if (option.is_positional()) {
      words.insert(words.end(), option.values.begin(), option.values.end());
      files |= option.takes_files();
      continue;
    }
    options.insert(options.end(), option.names.begin(), option.names.end());
    if (option.value.empty()) continue;
    values += "        " + joined(option.names, " | ") + ") options= words=" + shell_word(joined(option.values)) +
              (option.takes_files() ? " files=yes" : " files=") + " ;;\n";
  }
  std::string text = "    " + shell_word(path_of(command)) + ")\n      options=" + shell_word(joined(options)) +
                     " words=" + shell_word(joined(words)) + (files ? " files=yes" : " files=") + "\n";
  if (!values.empty()) text += "      case $previous in\n" + values + "      esac\n";
  return text + "      ;;\n";
}

std::string bash(const CommandLine& heir) {
  std::string commands;
  std::string cases;
  for (const CommandLine* command : heir.all()) {
    if (command != &heir) commands += (commands.empty() ? "" : " | ") + shell_word(path_of(*command));
    cases += bash_case(*command);
  }
  return "# Completion of heir for bash.\n"
         "_heir() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}\n"
         "  local command= options= words= files= word i\n"
         "  COMPREPLY=()\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    word=${command:+$command }${COMP_WORDS[i]}\n"
         "    case $word in\n"
         "      " +
         commands +
         ") command=$word ;;\n"
         "    esac\n"
         "  done\n"
         "  case $command in\n" +
         cases +
         "  esac\n"
         "  case $current in -*) words=$options files= ;; esac\n"
         "  while IFS= read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen -W \"$words\" -- \"$current\")\n"
         "  [ -n \"$files\" ] || return 0\n"
         "  compopt -o filenames\n"
         "  while IFS= read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen -f -- \"$current\")\n"
         "}\n"
         "complete -F _heir heir\n";
}

// ---- zsh

/// Of a text within single quotes and `[…]`.
std::string zsh_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'')
      result += "'\\''";
    else if (c == '[' || c == ']' || c == ':' || c == '\\')
      result += std::string("\\") + c;
    else
      result += c;
  }
  return result;
}

std::string zsh_value(const CommandLineOption& option) {
  if (option.value.empty()) return "";
  std::string text = ":" + zsh_text(option.value) + ":";
  if (!option.values.empty())
    text += "(" + joined(option.values) + ")";
  else if (option.takes_files())
    text += "_files";
  return text;
}

std::string zsh_function(const CommandLine& command) {
  std::string name = command.name;
  for (char& c : name)
    if (c == ' ') c = '_';
  std::string text = "_" + name + "() {\n  _arguments -C";
  for (const CommandLineOption& option : command.options) {
    if (option.is_positional()) {
      text += std::string(" \\\n    '") + (option.may_repeat ? "*" : "") + zsh_value(option) + "'";
      continue;
    }
    const std::string repeat = option.may_repeat ? "*" : "";
    for (const std::string& each : option.names)
      text += " \\\n    '" + repeat + each + "[" + zsh_text(option.about) + "]" + zsh_value(option) + "'";
  }
  if (command.commands.empty()) return text + "\n}\n";
  text += " \\\n    '1: :->command' '*:: :->rest'\n  case $state in\n    command)\n      local -a commands=(\n";
  for (const CommandLine& each : command.commands)
    text += "        '" + zsh_text(each.last_name()) + ":" + zsh_text(each.about) + "'\n";
  text += "      )\n      _describe 'command' commands\n      ;;\n    rest)\n      case $line[1] in\n";
  for (const CommandLine& each : command.commands)
    text += "        " + each.last_name() + ") _" + name + "_" + each.last_name() + " ;;\n";
  return text + "      esac\n      ;;\n  esac\n}\n";
}

std::string zsh(const CommandLine& heir) {
  std::string text = "#compdef heir\n# Completion of heir for zsh.\n";
  for (const CommandLine* command : heir.all()) text += zsh_function(*command);
  return text + "if [ \"$funcstack[1]\" = _heir ]; then _heir \"$@\"; else compdef _heir heir; fi\n";
}

// ---- fish

std::string fish_text(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + "'";
}

/// The condition that the line stands at this command.
std::string fish_condition(const CommandLine& command) {
  const std::string path = path_of(command);
  if (path.empty()) return "__fish_use_subcommand";
  std::string condition;
  for (const std::string& word : CLI::detail::split(path, ' '))
    condition += (condition.empty() ? "" : "; and ") + ("__fish_seen_subcommand_from " + word);
  if (!command.commands.empty())
    condition += "; and not __fish_seen_subcommand_from " + joined(names_of(command.commands));
  return condition;
}

std::string fish(const CommandLine& heir) {
  std::string text = "# Completion of heir for fish.\ncomplete -c heir -f\n";
  for (const CommandLine* command : heir.all()) {
    const std::string begin = "complete -c heir -n " + fish_text(fish_condition(*command));
    for (const CommandLine& each : command->commands)
      text += begin + " -a " + fish_text(each.last_name()) + " -d " + fish_text(each.about) + "\n";
    for (const CommandLineOption& option : command->options) {
      std::string line = begin;
      for (const std::string& name : option.names)
        line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      if (!option.values.empty())
        line += " -x -a " + fish_text(joined(option.values));
      else if (option.takes_files())
        line += option.is_positional() ? " -F" : " -r -F";
      else if (option.is_positional())
        continue;
      else if (!option.value.empty())
        line += " -x";
      if (!option.is_positional()) line += " -d " + fish_text(option.about);
      text += line + "\n";
    }
  }
  return text;
}

}  // namespace

void add_completion_command(CLI::App& app, Chosen& chosen) {
  auto shell = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("completion", "Print what a shell needs to complete heir's command line");
  command->add_option("shell", *shell, "Which shell")
      ->type_name("SHELL")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(completion_footer);
  command->callback([shell, &app, &chosen] {
    chosen = [shell, &app] {
      const CommandLine heir = describe(app);
      const std::string text = *shell == "bash" ? bash(heir) : *shell == "zsh" ? zsh(heir) : fish(heir);
      std::fputs(text.c_str(), stdout);
      return Exit::as_expected;
    };
  });
}

}  // namespace heir::tools
