// Campaigns: `heir hunt` with a worker on every processor, against processes that do nothing but run and judge, as many
// as there are processors. What it costs to hand out seeds, to send results and to keep them is the difference.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>
#include <vector>

#include "groups.h"
#include "scenarios/load.h"
#include "tools/hunt/hunt.h"
#include "tools/hunt/summary.h"

namespace heir::bench {

namespace {

constexpr std::uint64_t kSeeds = 3;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "heir-bench: hunt/first: {}\n", why);
  std::exit(2);
}

class Silent final : public tools::HuntListener {
 public:
  void on_bad_run(const tools::Target& target, const tools::RunRecord& record) override {
    give_up(target.path + ": " + record.reason);
  }
  void on_progress(const tools::HuntProgress&) override {}
};

/// Every scenario of scenarios/first, with a few seeds.
class First {
 public:
  std::uint64_t hunt() {
    load();
    Result<tools::Results> results = tools::Results::temporary();
    if (!results) give_up(results.error().message);
    tools::CampaignSettings settings;
    settings.seeds.last = kSeeds;
    Result<tools::Campaign> campaign = results->begin_campaign(settings, targets_);
    if (!campaign) give_up(campaign.error().message);
    tools::HuntOptions options;
    options.workers = processors();
    Silent listener;
    const Result<tools::HuntEnd> end = tools::hunt(*results, *campaign, options, listener);
    if (!end || end->end != tools::CampaignEnd::complete) give_up("the campaign did not complete");
    return runs();
  }

  /// The same runs; whoever is free takes the next one.
  std::uint64_t run_only() {
    load();
    void* shared =
        ::mmap(nullptr, sizeof(std::atomic<std::uint64_t>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) give_up("no shared memory");
    auto* next = new (shared) std::atomic<std::uint64_t>(0);
    for (unsigned i = 0; i < processors(); ++i) {
      const pid_t pid = ::fork();
      if (pid < 0) give_up("cannot start a process");
      if (pid > 0) continue;
      for (std::uint64_t run = (*next)++; run < runs(); run = (*next)++)
        keep(tools::run_and_judge(targets_[run % targets_.size()].scenario, 1 + run / targets_.size(),
                                  [](tools::TaskProgress) { return true; })
                 ->trace_hash);
      ::_exit(0);
    }
    while (::wait(nullptr) > 0) {
    }
    ::munmap(shared, sizeof *next);
    return runs();
  }

 private:
  static unsigned processors() { return static_cast<unsigned>(std::max(::sysconf(_SC_NPROCESSORS_ONLN), 1L)); }
  std::uint64_t runs() const { return kSeeds * targets_.size(); }

  void load() {
    if (!targets_.empty()) return;
    std::vector<std::string> paths;
    for (const auto& entry : std::filesystem::directory_iterator(HEIR_SCENARIOS "/first"))
      paths.push_back(entry.path().string());
    std::sort(paths.begin(), paths.end());
    for (const std::string& path : paths) {
      scenarios::Loaded loaded = scenarios::load_file(path);
      if (!loaded) give_up(loaded.messages.front());
      targets_.push_back({path, scenarios::write(*loaded.scenario), *loaded.scenario});
    }
  }

  std::vector<tools::Target> targets_;
};

/// What a campaign of a million runs tells of itself.
class MillionRuns {
 public:
  std::uint64_t summarize() {
    fill();
    const Result<tools::CampaignSummary> summary = tools::summarize(*results_, *campaign_);
    if (!summary || summary->total().runs() != 1'000'000) give_up("a summary lacks runs");
    return 1;
  }

 private:
  void fill() {
    if (campaign_) return;
    Result<tools::Results> results = tools::Results::temporary();
    if (!results) give_up(results.error().message);
    results_.emplace(std::move(*results));
    tools::CampaignSettings settings;
    settings.seeds.last = 1'000'000;
    tools::Target target;
    target.path = "a.toml";
    Result<tools::Campaign> campaign = results_->begin_campaign(settings, {target});
    if (!campaign) give_up(campaign.error().message);
    campaign_.emplace(std::move(*campaign));
    std::vector<tools::NewRun> runs;
    for (std::uint64_t seed = 1; seed <= 1'000'000; ++seed) {
      tools::NewRun run;
      run.record.seed = seed;
      run.record.verdict = seed % 1000 == 0 ? reports::Outcome::fail : reports::Outcome::pass;
      run.record.probes = {{"common", false, seed}, {"never", true, 0}};
      runs.push_back(std::move(run));
      if (runs.size() < 50'000) continue;
      if (const Result<> added = results_->add(*campaign_, runs); !added) give_up(added.error().message);
      runs.clear();
    }
  }

  std::optional<tools::Results> results_;
  std::optional<tools::Campaign> campaign_;
};

}  // namespace

void add_hunt_group(std::vector<Benchmark>& benchmarks) {
  const auto first = std::make_shared<First>();
  benchmarks.push_back({"hunt/first",
                        "a run of scenarios/first in a campaign; against processes that only run and judge",
                        [first] { return first->hunt(); }, [first] { return first->run_only(); }, 0.9, 0, true});
  const auto million = std::make_shared<MillionRuns>();
  benchmarks.push_back({"hunt/report",
                        "the summary of a campaign of a million runs; against a second",
                        [million] { return million->summarize(); },
                        {},
                        1,
                        1e9,
                        true});
}

}  // namespace heir::bench
