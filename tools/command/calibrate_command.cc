// heir calibrate: how long things take on this host, for scenarios that are to be like it.
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "tools/command/commands.h"
#include "tools/command/option_types.h"
#include "tools/command/progress_line.h"
#include "tools/command/text.h"
#include "tools/daemon/calibration.h"
#include "tools/daemon/config.h"
#include "tools/daemon/setup.h"

namespace heir::tools {

namespace {

const char* const calibrate_footer =
    "Examples:\n"
    "  heir calibrate\n"
    "  heir calibrate --folder /var/lib/postgresql --rounds 10 > this-host.toml\n"
    "\n"
    "Runs two PostgreSQL servers of its own on 127.0.0.1, in a new folder below --folder, which is gone at the end: "
    "put it\n"
    "on the disk that the database is to be on. As root it becomes --user first. What it prints is a part of a "
    "scenario:\n"
    "the tables [disk] and [server], each number from the 10th to the 90th percentile of what was measured.\n"
    "\n"
    "Exit status: 0 measured; 1 something could not be; 2 bad usage.\n";

struct CalibrateOptions {
  std::string folder = "/var/tmp";
  std::string user = "postgres";
  std::string binaries = PostgresqlSection().binaries;
  int rounds = 5;
  bool json = false;
};

Exit refuse(const std::string& why) {
  complain("heir calibrate: " + why);
  return Exit::bad_usage;
}

std::string json_of(const std::vector<Measurement>& measurements) {
  nlohmann::ordered_json all;
  for (const Measurement& each : measurements)
    all.push_back({{"name", each.name},
                   {"samples", each.samples.size()},
                   {"p10_ns", each.quantile(10).ns()},
                   {"p50_ns", each.quantile(50).ns()},
                   {"p90_ns", each.quantile(90).ns()},
                   {"max_ns", each.quantile(100).ns()}});
  return all.dump();
}

std::string table_of(const std::vector<Measurement>& measurements) {
  std::string text = fmt::format("# {:12} {:>9} {:>9} {:>9}  samples\n", "", "p10", "median", "p90");
  for (const Measurement& each : measurements)
    text += fmt::format("# {:12} {:>9} {:>9} {:>9}  {:>7}  {}\n", each.name, rounded(each.quantile(10)),
                        rounded(each.quantile(50)), rounded(each.quantile(90)), each.samples.size(), each.what);
  return text;
}

Exit run_calibrate(const CalibrateOptions& options) {
  if (!std::filesystem::exists(options.binaries + "/postgres"))
    return refuse("there is no PostgreSQL in " + options.binaries + "; --binaries names the folder of its programs");
  if (geteuid() == 0)
    if (const Result<> became = become_user(options.user); !became) return refuse(became.error().message);
  std::string folder = options.folder + "/heir-calibrate-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr)
    return refuse("making a folder in " + options.folder + ": " + std::strerror(errno) + "; --folder names another");
  if (::chdir("/") != 0) return refuse("leaving for /");

  ProgressLine line;
  CalibrationOptions settings{folder, options.binaries, options.rounds, {}};
  const bool is_terminal = ::isatty(STDERR_FILENO) != 0;
  settings.progress = [&](std::string_view doing) {
    if (is_terminal) line.show("calibrate: " + std::string(doing));
  };
  const Result<std::vector<Measurement>> measured = calibrate(settings);
  line.clear();
  std::error_code ignored;
  if (!measured) {
    complain("heir calibrate: " + measured.error().message + "; what the servers said is in " + folder);
    return Exit::expectation_failed;
  }
  std::filesystem::remove_all(folder, ignored);
  if (options.json)
    std::printf("%s\n", json_of(*measured).c_str());
  else
    std::printf("%s\n%s", table_of(*measured).c_str(), scenario_fragment(*measured).c_str());
  return Exit::as_expected;
}

}  // namespace

void add_calibrate_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<CalibrateOptions>();
  CLI::App* command = app.add_subcommand("calibrate", "Measure this host's disk and PostgreSQL, for scenarios like it");
  command->add_option("--folder", options->folder, "Where to measure (default /var/tmp)")->type_name("DIR");
  command->add_option("--user", options->user, "Whom root becomes (default postgres)")->type_name("NAME");
  command->add_option("--binaries", options->binaries, "The folder of pg_ctl and the others")->type_name("DIR");
  add_count_option(*command, "--rounds", options->rounds, "Changes of the primary to measure (default 5)", 1, 1000);
  command->add_flag("--json", options->json, "One JSON array: [{name, samples, p10_ns, p50_ns, p90_ns, max_ns}]");
  command->footer(calibrate_footer);
  command->callback([options, &chosen] { chosen = [options] { return run_calibrate(*options); }; });
}

}  // namespace heir::tools
