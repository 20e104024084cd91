#include "tools/command/release_source.h"

#include <algorithm>
#include <map>

namespace heir::tools {

Result<ReleaseSource> read_release_source(const std::string& path) {
  ReleaseSource source;
  source.path = path;
  // Before it is open here: closing any other descriptor of a file drops SQLite's locks on it.
  source.is_written = Results::is_written(path);
  Result<Results> results = Results::open(path, Results::Open::look);
  if (!results) return results.error();
  // One view of it all, though somebody may be adding to it.
  const Result<Transaction> view = Transaction::begin(results->database(), "BEGIN");
  if (!view) return view.error();
  const Result<std::vector<Campaign>> campaigns = results->campaigns();
  if (!campaigns) return campaigns.error();
  for (const Campaign& campaign : *campaigns) {
    Result<CampaignSummary> summary = summarize(*results, campaign);
    if (!summary) return summary.error();
    source.campaigns.push_back(std::move(*summary));
  }
  std::map<std::pair<std::string, std::string>, MutantSummary> mutants;
  Result<Statement> trials =
      results->database().prepare("SELECT mutant, strategy, seeds, found_kind FROM mutants ORDER BY campaign, trial");
  if (!trials) return trials.error();
  for (;;) {
    const Result<bool> row = trials->step();
    if (!row) return row.error();
    if (!*row) break;
    MutantSummary& of = mutants[{trials->text(0), trials->text(1)}];
    of.mutant = trials->text(0);
    of.strategy = trials->text(1);
    ++of.trials;
    of.most_seeds = std::max(of.most_seeds, trials->bits(2));
    if (trials->is_null(3)) continue;
    of.seeds.push_back(trials->bits(2));
    if (of.kind.empty()) of.kind = trials->text(3);
  }
  for (auto& [key, of] : mutants) source.mutants.push_back(std::move(of));
  return source;
}

}  // namespace heir::tools
