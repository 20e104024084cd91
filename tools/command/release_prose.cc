#include "tools/command/release_prose.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "scenarios/fault_kinds.h"
#include "scenarios/names.h"
#include "tools/command/hunt_report.h"
#include "tools/command/text.h"
#include "tools/hunt/statistics.h"

namespace heir::tools {

using reports::Release;

std::string summary_of(const Release& release) {
  const reports::ReleaseRuns& totals = release.totals;
  if (totals.runs() == 0) return "Nothing was run.";
  std::string text = fmt::format("{} of {} passed", thousands(totals.passed), counted(totals.runs(), "run", "runs"));
  text += totals.failed == 0 ? ", none failed" : fmt::format(", {} failed", thousands(totals.failed));
  if (totals.unknown > 0) text += fmt::format(", {} without a verdict", thousands(totals.unknown));
  std::size_t not_run = 0;
  for (const reports::ReleaseUndecided& each : release.undecided) not_run += each.runs == 0;
  if (not_run > 0) text += ", " + counted(not_run, "scenario not run", "scenarios not run");
  text +=
      fmt::format(": {}, {} simulated hours, {} of the primary.", counted(release.scenarios, "scenario", "scenarios"),
                  hours_text(totals.virtual_ns), counted(totals.failovers, "change", "changes"));
  for (const reports::ReleaseCampaign& campaign : release.campaigns)
    if (!campaign.ended) return text + (release.live ? " A campaign is under way." : " A campaign has not ended.");
  return text;
}

void describe(Release& release, const std::vector<Part>& parts, const std::string& rules,
              const std::vector<std::string>& remarks) {
  release.design = {
      "heir keeps one database writable: a primary, a synchronous standby (the sync) that has every write before its "
      "client is told, and asynchronous standbys behind it. Which peer is what stands in a cluster state with a "
      "generation, in a store that agrees on it by consensus (Raft); every change of the primary is a new generation, "
      "declared by the sync of the one before.",
      "Clients speak to the primary through a gate, which answers only while the primary holds a lease. That no "
      "acknowledged write is lost rests on replication and generations alone, never on clocks; that reads are fresh "
      "rests on the lease, hence on a bound on how fast clocks may differ.",
  };
  if (rules != "heir") release.design.push_back("Under test are other rules than heir's: " + rules + ".");
  std::set<int> peers;
  std::set<scenarios::FaultFamily> families;
  for (const Part& part : parts) {
    peers.insert(part.target->scenario.cluster.peers);
    for (const scenarios::Fault& fault : part.target->scenario.faults)
      families.insert(scenarios::traits(fault.kind).family);
    if (part.target->scenario.swarm)
      families.insert(part.target->scenario.swarm->families.begin(), part.target->scenario.swarm->families.end());
  }
  if (!peers.empty())
    release.design.push_back(
        *peers.begin() == *peers.rbegin()
            ? fmt::format("Here: {}, unless a seed draws the cluster.",
                          counted(static_cast<std::uint64_t>(*peers.begin()), "peer", "peers"))
            : fmt::format("Here: {} to {} peers, unless a seed draws the cluster.", *peers.begin(), *peers.rbegin()));
  std::string names;
  for (const scenarios::FaultFamily family : families)
    names += (names.empty() ? "" : ", ") + std::string(scenarios::to_string(family));
  release.method = {
      "The program that runs on real hosts runs here on simulated ones, with simulated networks, clocks, disks, "
      "processes and databases. A scenario says what the world is, what clients do, which faults strike, and what must "
      "come out; all that it leaves open is drawn from a seed, so the same seed is the same run, event by event.",
      "Every answer that a client got is recorded. A run fails if an acknowledged write is missing at the end, if no "
      "order of all operations explains every answer (linearizability), if two primaries acknowledged writes in one "
      "generation, if a good copy was destroyed that nobody else had, if nothing gets on although what is left "
      "suffices, or if any assertion of the program failed.",
  };
  if (!names.empty()) release.method.push_back("Families of faults: " + names + ".");
  std::size_t canaries = 0;
  for (const reports::ReleaseCampaign& campaign : release.campaigns) canaries += !campaign.canary.empty();
  release.method.push_back(
      canaries == 0 ? "No canary is told of, a design that is known to be bad: that a hunt finds what is there must be "
                      "known from elsewhere."
      : canaries < release.campaigns.size()
          ? "Some campaigns, as the table says, began with a canary, a design that is known to be bad: had it passed, "
            "they would have ended, for then silence means nothing."
          : "Each campaign began with a canary, a design that is known to be bad: had it passed, the campaign would "
            "have ended, for then silence means nothing.");
  release.method.insert(release.method.end(), remarks.begin(), remarks.end());

  const reports::ReleaseRuns& totals = release.totals;
  if (totals.bound)
    release.discussion.push_back(fmt::format(
        "All runs passed. With 95% confidence a run of these scenarios with a random seed fails with a probability "
        "below {}: 1 - 0.05^(1/{}). This is about the scenarios as they are weighted here, not about the world.",
        percent_below(*totals.bound), totals.passed));
  else if (totals.runs() > 0 && totals.passed == totals.runs())
    release.discussion.push_back(
        "All runs passed, but some were chosen by what earlier ones reached, or may count twice, so how many are clean "
        "bounds no probability.");
  if (totals.failed > 0)
    release.discussion.push_back("Each finding is reproduced by its command, event by event; none of them is chance.");
  std::uint64_t missed = 0;
  for (const reports::ReleaseProbe& probe : release.probes) missed += probe.hits == 0 && !probe.rare;
  if (missed > 0)
    release.discussion.push_back(
        fmt::format("{} that a campaign should reach {} never reached: what lies behind is "
                    "untested.",
                    counted(missed, "branch", "branches"), missed == 1 ? "was" : "were"));
  if (!release.mutants)
    release.discussion.push_back(
        "No planted bugs were hunted in these results, so how soon a real one would be found is not said here.");
  release.limits = {
      "All runs of campaigns were simulated, by models of PostgreSQL, networks, clocks, disks and processes; where a "
      "model differs from the real thing, so may the result.",
      "Reads are fresh as long as no host's clock is off in its rate by more than the bound that the cluster is "
      "configured with; beyond it reads may be stale, while writes are still never lost.",
      "What was acknowledged survives as long as one of the copies that have it does: faults here leave one good copy "
      "at least.",
      "Other scenarios, other sizes and longer times than those listed say nothing here.",
  };
}

void add_reproduction(Release& release, const std::vector<ReleaseSource>& sources, const std::string& command) {
  if (!command.empty()) release.reproduce.emplace_back("This report", command);
  for (const ReleaseSource& source : sources) {
    for (const CampaignSummary& summary : source.campaigns) {
      const CampaignSettings& settings = summary.campaign.settings;
      if (summary.total().runs() == 0) continue;
      std::string line = command_words() + " hunt";
      for (const Target& target : summary.campaign.targets) line += " " + shell_word(target.path);
      std::uint64_t last = settings.seeds.first;
      for (const ScenarioSummary& scenario : summary.scenarios) last = std::max(last, scenario.greatest_seed);
      line += fmt::format(" --seeds {}..{}", settings.seeds.first, settings.seeds.last.value_or(last));
      if (settings.seconds) line += fmt::format(" --for {}s", *settings.seconds);
      if (settings.stop_on > 0) line += fmt::format(" --stop-on {}", settings.stop_on);
      if (summary.canary.empty() && summary.campaign.end) line += " --no-canary";
      for (const std::string& each : settings.overrides) line += " --set " + shell_word(each);
      if (settings.guided) line += " --guided";
      if (settings.seeds.shard.of > 1)
        line += fmt::format(" --shard {}/{}", settings.seeds.shard.index, settings.seeds.shard.of);
      release.reproduce.emplace_back(fmt::format("Campaign {} of {}", summary.campaign.id, source.path),
                                     line + " --db again.db");
    }
    if (!source.mutants.empty()) {
      std::uint64_t cap = 0, trials = 0;
      for (const MutantSummary& each : source.mutants) {
        cap = std::max(cap, each.most_seeds);
        trials = std::max(trials, each.trials);
      }
      release.reproduce.emplace_back(
          "Planted bugs of " + source.path,
          fmt::format("heir-mutants mutants --cap {} --repeats {} --db {}", cap, trials, shell_word(source.path)));
    }
  }
}

}  // namespace heir::tools
