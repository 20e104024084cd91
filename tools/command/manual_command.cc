// heir manual: its manual pages, of what `--help` says.
#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "tools/command/command_line.h"
#include "tools/command/commands.h"
#include "tools/command/output_file.h"

namespace heir::tools {

namespace {

const char* const manual_footer =
    "Examples:\n"
    "  heir manual hunt | man -l -\n"
    "  heir manual --out /usr/local/share/man/man1\n"
    "\n"
    "With --out: every page, a file each, heir.1, heir-run.1 and so on; those that are there are replaced.\n"
    "\n"
    "Exit status: 0 written; 2 bad usage; 3 a page could not be written.\n";

/// "heir-scenario-check".
std::string page_name(const CommandLine& command) {
  std::string name = command.name;
  for (char& c : name)
    if (c == ' ') c = '-';
  return name;
}

/// As roff shows it: no escapes, no requests, hyphens that can be copied.
std::string plain(std::string_view text) {
  std::string result;
  bool begins = true;
  for (const char c : text) {
    if (begins && (c == '.' || c == '\'')) result += "\\&";
    if (c == '\\')
      result += "\\e";
    else if (c == '-')
      result += "\\-";
    else
      result += c;
    begins = c == '\n';
  }
  return result;
}

std::vector<std::string> paragraphs(const std::string& text) {
  std::vector<std::string> result;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find("\n\n", begin), text.size());
    std::string paragraph = text.substr(begin, end - begin);
    while (!paragraph.empty() && paragraph.back() == '\n') paragraph.pop_back();
    if (!paragraph.empty()) result.push_back(std::move(paragraph));
    begin = end + 2;
  }
  return result;
}

/// Lines that are indented stand as they are.
std::string body(const std::string& paragraph) {
  std::string text;
  bool is_example = false;
  std::size_t begin = 0;
  while (begin < paragraph.size()) {
    const std::size_t end = std::min(paragraph.find('\n', begin), paragraph.size());
    const std::string line = paragraph.substr(begin, end - begin);
    const bool indented = line.starts_with("  ");
    if (indented != is_example) text += indented ? (begin == 0 ? ".EX\n" : ".PP\n.EX\n") : ".EE\n";
    is_example = indented;
    text += plain(line) + "\n";
    begin = end + 1;
  }
  return text + (is_example ? ".EE\n" : "");
}

std::string options_of(const CommandLine& command, bool positional) {
  std::string text;
  for (const CommandLineOption& option : command.options) {
    if (option.is_positional() != positional) continue;
    text += ".TP\n";
    if (positional) {
      text += "\\fI" + plain(option.value) + "\\fR" + (option.may_repeat ? " ...\n" : "\n");
    } else {
      std::string names;
      for (const std::string& name : option.names) names += (names.empty() ? "\\fB" : ", \\fB") + plain(name) + "\\fR";
      text += names + (option.value.empty() ? "" : " \\fI" + plain(option.value) + "\\fR") + "\n";
    }
    std::string about = option.about;
    if (!option.values.empty()) {
      about += about.empty() ? "One of:" : "; one of:";
      for (const std::string& value : option.values) about += " " + value;
    }
    text += plain(about) + "\n";
  }
  return text;
}

std::string page(const CommandLine& command) {
  std::string text = ".TH " + page_name(command) + " 1 \"\" \"heir " HEIR_VERSION "\" \"heir\"\n";
  text += ".SH NAME\n" + plain(page_name(command)) + " \\- " + plain(command.about) + "\n";
  text += ".SH SYNOPSIS\n.B " + plain(command.name) + "\n";
  bool has_options = false;
  std::string positionals;
  for (const CommandLineOption& option : command.options) {
    has_options |= !option.is_positional();
    if (option.is_positional())
      positionals += " " + std::string(option.is_required ? "" : "[") + "\\fI" + plain(option.value) + "\\fR" +
                     (option.may_repeat ? "..." : "") + (option.is_required ? "" : "]");
  }
  if (has_options) text += "[\\fIoptions\\fR]";
  if (!command.commands.empty()) text += " \\fIcommand\\fR ...";
  text += positionals + "\n";

  std::string sections;
  std::string description;
  for (const std::string& each : paragraphs(command.footer)) {
    if (each.starts_with("Examples:\n"))
      sections += ".SH EXAMPLES\n" + body(each.substr(std::strlen("Examples:\n")));
    else if (each.starts_with("Exit status: "))
      sections += ".SH EXIT STATUS\n" + body(each.substr(std::strlen("Exit status: ")));
    else if (each.starts_with("--json: "))
      sections += ".SH JSON\n" + body(each.substr(std::strlen("--json: ")));
    else
      description += (description.empty() ? "" : ".PP\n") + body(each);
  }
  description += options_of(command, true);
  if (!description.empty()) text += ".SH DESCRIPTION\n" + description;
  if (has_options) text += ".SH OPTIONS\n" + options_of(command, false);
  if (!command.commands.empty()) {
    text += ".SH COMMANDS\n";
    for (const CommandLine& each : command.commands)
      text += ".TP\n\\fB" + plain(page_name(each)) + "\\fR(1)\n" + plain(each.about) + "\n";
  }
  return text + sections;
}

Exit print_page(const CommandLine& heir, const std::vector<std::string>& words) {
  std::string wanted = "heir";
  for (const std::string& word : words) wanted += " " + word;
  for (const CommandLine* command : heir.all())
    if (command->name == wanted) {
      std::fputs(page(*command).c_str(), stdout);
      return Exit::as_expected;
    }
  complain("heir manual: there is no command '" + wanted + "'. `heir --help` lists them.");
  return Exit::bad_usage;
}

Exit write_pages(const CommandLine& heir, const std::string& folder) {
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
    complain("heir manual: making " + folder + ": " + std::strerror(errno));
    return Exit::bad_usage;
  }
  for (const CommandLine* command : heir.all()) {
    const Result<> saved = save(page(*command), folder + "/" + page_name(*command) + ".1");
    if (saved) continue;
    complain("heir manual: " + saved.error().message);
    return Exit::not_written;
  }
  return Exit::as_expected;
}

struct ManualOptions {
  std::vector<std::string> command;
  std::string out;
};

}  // namespace

void add_manual_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<ManualOptions>();
  CLI::App* command = app.add_subcommand("manual", "Print a manual page, or write all of them");
  CLI::Option* of = command->add_option("command", options->command, "Of which command (default: of heir itself)")
                        ->type_name("COMMAND");
  command->add_option("--out", options->out, "Write all pages to this folder")->type_name("DIR")->excludes(of);
  command->footer(manual_footer);
  command->callback([options, &app, &chosen] {
    chosen = [options, &app] {
      const CommandLine heir = describe(app);
      return options->out.empty() ? print_page(heir, options->command) : write_pages(heir, options->out);
    };
  });
}

}  // namespace heir::tools
