// heir merge: results of several machines into one file.
#include <cstdio>

#include "tools/command/commands.h"
#include "tools/command/hunt_report.h"
#include "tools/hunt/merge.h"

namespace heir::tools {

namespace {

struct Options {
  std::vector<std::string> files;
  std::string out;
  bool json = false;
};

const char* const footer =
    "Examples:\n"
    "  heir hunt scenarios/first --seeds 1..1000 --shard 1/2 --db a.db     # on one machine\n"
    "  heir hunt scenarios/first --seeds 1..1000 --shard 2/2 --db b.db     # on another\n"
    "  heir merge a.db b.db --out all.db\n"
    "\n"
    "What is merged equals the results of one machine that ran it all; what is missing still, `heir hunt --resume` "
    "runs.\n"
    "\n"
    "Exit status: 0 all passed; 1 a run failed; 2 bad usage or input, nothing was written; 3 no failure, but a run "
    "without "
    "a verdict.\n";

Exit merge_files(const Options& given) {
  if (const Result<> merged = merge(given.files, given.out); !merged) {
    complain(merged.error().message);
    return Exit::bad_usage;
  }
  Result<Results> results = Results::open(given.out, Results::Open::look);
  const Result<std::vector<Campaign>> campaigns =
      results ? results->campaigns() : Result<std::vector<Campaign>>(results.error());
  if (!campaigns) {
    complain(campaigns.error().message);
    return Exit::bad_usage;
  }
  Exit status = Exit::as_expected;
  for (const Campaign& campaign : *campaigns) {
    const Result<CampaignSummary> summary = summarize(*results, campaign);
    if (!summary) {
      complain(summary.error().message);
      return Exit::bad_usage;
    }
    const std::string text =
        given.json ? summary_json(*summary, given.out) : summary_text(*summary, Style::of_standard_output());
    std::fputs(text.c_str(), stdout);
    const ScenarioSummary total = summary->total();
    if (total.unknown > 0 || total.runs() == 0) status = worse(status, Exit::no_verdict);
    if (total.failed > 0) status = worse(status, Exit::expectation_failed);
  }
  return status;
}

}  // namespace

void add_merge_command(CLI::App& app, Chosen& chosen) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("merge", "Put the results of several hunts into one file");
  command->add_option("results", options->files, "Files of results (heir hunt --db)")->required()->type_name("DB");
  command->add_option("--out", options->out, "The file to make; it must not exist")->required()->type_name("DB");
  command->add_flag("--json", options->json, "One JSON object a campaign; see heir hunt --help");
  command->footer(footer);
  command->callback([options, &chosen] { chosen = [options] { return merge_files(*options); }; });
}

}  // namespace heir::tools
