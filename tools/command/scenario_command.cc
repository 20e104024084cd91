// heir scenario: what the scenario files can say, and whether one says it right.
#include <cstdio>

#include "scenarios/load.h"
#include "tools/command/commands.h"
#include "tools/command/overrides_option.h"

namespace heir::tools {

namespace {

struct Options {
  std::vector<std::string> files;
  std::vector<std::string> overrides;
};

Exit load(const Options& options, bool print) {
  Exit status = Exit::as_expected;
  for (const std::string& file : options.files) {
    const scenarios::Loaded loaded = scenarios::load_file(file, options.overrides);
    for (const std::string& message : loaded.messages) std::fprintf(stderr, "%s\n", message.c_str());
    if (!loaded) status = Exit::bad_usage;
    if (loaded && print) std::fputs(scenarios::write(*loaded.scenario).c_str(), stdout);
    if (loaded && !print) std::printf("%s: %s\n", file.c_str(), loaded.scenario->title.c_str());
  }
  return status;
}

void add_loader(CLI::App& parent, const char* name, const char* description, bool print, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = parent.add_subcommand(name, description);
  command->add_option("file", options->files, "Scenario files")->required()->type_name("FILE");
  add_overrides_option(*command, options->overrides, "a value");
  command->footer(std::string("Example:\n  heir scenario ") + name + " scenarios/first/primary-crash.toml");
  command->callback([options, print, &chosen] { chosen = [options, print] { return load(*options, print); }; });
}

}  // namespace

void add_scenario_command(CLI::App& app, Chosen& chosen) {
  CLI::App* command = app.add_subcommand("scenario", "Check and print scenario files; their reference");
  require_command(*command, chosen);
  add_loader(*command, "check", "Say whether files are scenarios, and every mistake in them", false, chosen);
  add_loader(*command, "print", "Print files in canonical form, defaults left out", true, chosen);
  CLI::App* reference = command->add_subcommand("reference", "Every key, name and switch, as Markdown");
  reference->callback([&chosen] {
    chosen = [] {
      std::fputs(scenarios::reference().c_str(), stdout);
      return Exit::as_expected;
    };
  });
  command->footer(
      "Examples:\n  heir scenario reference\n  heir scenario check my.toml\n  heir scenario print my.toml --set "
      "duration=10s");
}

}  // namespace heir::tools
