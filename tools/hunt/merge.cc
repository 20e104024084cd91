#include "tools/hunt/merge.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tools/hunt/results.h"

namespace heir::tools {

namespace {

bool same_scenarios(const Campaign& a, const Campaign& b) {
  if (a.targets.size() != b.targets.size()) return false;
  for (std::size_t i = 0; i < a.targets.size(); ++i)
    if (a.targets[i].path != b.targets[i].path || a.targets[i].text != b.targets[i].text) return false;
  return true;
}

/// Parts of one campaign?
bool belong_together(const Campaign& a, const Campaign& b) {
  const CampaignSettings& x = a.settings;
  const CampaignSettings& y = b.settings;
  return x.heir == y.heir && x.overrides == y.overrides && x.seeds.first == y.seeds.first &&
         x.seeds.last == y.seeds.last && x.seconds == y.seconds && x.stop_on == y.stop_on && x.guided == y.guided &&
         same_scenarios(a, b);
}

/// All of a source's rows of one scenario; ?1 is our number of it, ?2 the source's.
constexpr const char* copies[] = {
    "INSERT INTO runs SELECT ?1, seed, verdict, reason, trace_hash, events, virtual_ns, wall_ns, ok, failed, unknown, "
    "failovers, generations, outages, longest_outage_ns, total_outage_ns, run_seed, vary FROM source.runs WHERE "
    "scenario = ?2",
    "INSERT INTO features SELECT ?1, feature, runs FROM source.features WHERE scenario = ?2 "
    "ON CONFLICT DO UPDATE SET runs = runs + excluded.runs",
    "INSERT INTO corpus SELECT ?1, feature, seed FROM source.corpus WHERE scenario = ?2",
    "INSERT INTO failures (scenario, seed, kind, message, at_ns) SELECT ?1, seed, kind, message, at_ns "
    "FROM source.failures WHERE scenario = ?2 ORDER BY id",
    "INSERT INTO tallies SELECT ?1, verdict, runs, virtual_ns, wall_ns, events, failovers, longest_outage_ns "
    "FROM source.tallies WHERE scenario = ?2 ON CONFLICT DO UPDATE SET runs = runs + excluded.runs, "
    "virtual_ns = virtual_ns + excluded.virtual_ns, wall_ns = wall_ns + excluded.wall_ns, "
    "events = events + excluded.events, failovers = failovers + excluded.failovers, "
    "longest_outage_ns = max(longest_outage_ns, excluded.longest_outage_ns)",
    "INSERT INTO probes SELECT ?1, name, rare, runs, hits FROM source.probes WHERE scenario = ?2 "
    "ON CONFLICT DO UPDATE SET rare = min(rare, excluded.rare), runs = runs + excluded.runs, "
    "hits = hits + excluded.hits",
    "INSERT INTO phases SELECT ?1, phase, bucket_ns, count, greatest_ns FROM source.phases WHERE scenario = ?2 "
    "ON CONFLICT DO UPDATE SET count = count + excluded.count, greatest_ns = max(greatest_ns, excluded.greatest_ns)",
    "INSERT INTO endured SELECT ?1, fault, runs, strikes, longest_ns, greatest FROM source.endured WHERE scenario = "
    "?2 ON CONFLICT DO UPDATE SET runs = runs + excluded.runs, strikes = strikes + excluded.strikes, "
    "longest_ns = max(longest_ns, excluded.longest_ns), greatest = max(greatest, excluded.greatest)",
};

class Merge {
 public:
  explicit Merge(Results& into) : into_(into) {}

  Result<> take(const std::string& path) {
    Result<Results> source = Results::open(path, Results::Open::look);
    if (!source) return source.error();
    const Result<std::vector<Campaign>> campaigns = source->campaigns();
    if (!campaigns) return Error{campaigns.error().code, path + ": " + campaigns.error().message};
    Database& database = into_.database();
    Result<Statement> attach = database.prepare("ATTACH ?1 AS source");
    if (!attach) return attach.error();
    if (const Result<> attached = attach->bind(1, std::string_view(path)).run(); !attached) return attached;
    const Result<> copied = copy(path, *campaigns);
    if (const Result<> detached = database.execute("DETACH source"); copied && !detached) return detached;
    return copied;
  }

  Result<> finish() {
    for (Part& part : parts_) {
      const WantedSeeds& seeds = part.campaign.settings.seeds;
      const std::optional<std::uint64_t> each = seeds.count();
      bool complete = part.all_complete && part.shards == part.of;
      if (each) complete = part.runs == *each * part.campaign.targets.size();
      const std::optional<CampaignEnd> end = complete ? std::optional(CampaignEnd::complete) : part.end;
      if (const Result<> set = into_.set_end(part.campaign, end, part.canary); !set) return set;
    }
    return {};
  }

 private:
  struct Part {
    Campaign campaign;  ///< Ours.
    std::uint64_t runs = 0;
    std::uint64_t shards = 0, of = 0;
    bool all_complete = true;
    std::optional<CampaignEnd> end;  ///< Of one that is not complete.
    std::string canary;
  };

  Result<Part*> part_for(const Campaign& source) {
    for (Part& part : parts_)
      if (belong_together(part.campaign, source)) return &part;
    CampaignSettings settings = source.settings;
    settings.seeds.shard = {};
    const Result<Campaign> begun = into_.begin_campaign(settings, source.targets);
    if (!begun) return begun.error();
    parts_.push_back({*begun, 0, 0, source.settings.seeds.shard.of, true, std::nullopt, ""});
    return &parts_.back();
  }

  Result<> copy(const std::string& path, const std::vector<Campaign>& campaigns) {
    Database& database = into_.database();
    for (const Campaign& source : campaigns) {
      const Result<Part*> found = part_for(source);
      if (!found) return found.error();
      Part& part = **found;
      // The source is only read: a hunt that goes on there is not kept from writing.
      Result<Transaction> transaction = Transaction::begin(database, "BEGIN");
      if (!transaction) return transaction.error();
      for (std::size_t i = 0; i < source.targets.size(); ++i) {
        const std::int64_t ours = part.campaign.target_ids[i];
        if (const Result<> apart = check_apart(path, source, i, ours); !apart) return apart;
        for (const char* copying : copies) {
          Result<Statement> statement = database.prepare(copying);
          if (!statement) return statement.error();
          if (const Result<> done = statement->bind(1, ours).bind(2, source.target_ids[i]).run(); !done) return done;
        }
      }
      if (const Result<> noted = note(path, source, part); !noted) return noted;
      if (const Result<> done = transaction->commit(); !done) return done;
    }
    return {};
  }

  /// That no run of it is here already: its tallies and probes would count twice.
  Result<> check_apart(const std::string& path, const Campaign& source, std::size_t target, std::int64_t ours) {
    Result<Statement> both = into_.database().prepare(
        "SELECT theirs.seed, theirs.trace_hash <> ours.trace_hash FROM source.runs theirs JOIN main.runs ours "
        "ON ours.scenario = ?1 AND ours.seed = theirs.seed WHERE theirs.scenario = ?2 "
        "ORDER BY theirs.trace_hash <> ours.trace_hash DESC LIMIT 1");
    if (!both) return both.error();
    const Result<bool> row = both->bind(1, ours).bind(2, source.target_ids[target]).step();
    if (!row) return row.error();
    if (!*row) return {};
    return Error{ErrorCode::conflict,
                 path + ": seed " + std::to_string(both->bits(0)) + " of " + source.targets[target].path +
                     " is in an earlier one of the files too" +
                     (both->integer(1) != 0 ? ", and the two runs are not the same: they have different traces" : "") +
                     "; merge files of different shards"};
  }

  Result<> note(const std::string& path, const Campaign& source, Part& part) {
    Database& database = into_.database();
    const std::string id = std::to_string(source.id);
    const Result<std::string> canary = database.value("SELECT canary FROM source.campaigns WHERE id = " + id);
    if (!canary) return canary.error();
    if (part.canary.empty() || part.canary.rfind("lives", 0) != 0) part.canary = *canary;
    const Result<std::vector<SeedSet>> seeds = into_.seeds_of(part.campaign);
    if (!seeds) return seeds.error();
    part.runs = 0;
    for (const SeedSet& set : *seeds) part.runs += set.size();
    ++part.shards;
    part.all_complete &= source.end == CampaignEnd::complete;
    if (source.end != CampaignEnd::complete) part.end = source.end;
    part.campaign.active_seconds += source.active_seconds;
    const Result<std::string> twice = database.value(
        "SELECT mutant FROM source.mutants theirs JOIN main.mutants ours USING (mutant, strategy, trial) "
        "WHERE theirs.campaign = " +
        id + " AND ours.campaign = " + std::to_string(part.campaign.id) + " UNION ALL SELECT '' LIMIT 1");
    if (!twice) return twice.error();
    if (!twice->empty())
      return Error{ErrorCode::conflict,
                   path + ": has trials of the mutant " + *twice +
                       " that an earlier one of the files has too; merge files of different mutants"};
    return database.execute(("INSERT INTO mutants SELECT " + std::to_string(part.campaign.id) +
                             ", mutant, strategy, trial, seeds, found_kind FROM source.mutants WHERE campaign = " + id)
                                .c_str());
  }

  Results& into_;
  std::vector<Part> parts_;
};

}  // namespace

Result<> merge(const std::vector<std::string>& paths, const std::string& out) {
  if (::access(out.c_str(), F_OK) == 0)
    return Error{ErrorCode::already_exists, out + ": exists already, and was left as it is; name another file"};
  const std::string part = out + ".part-" + std::to_string(::getpid());
  const auto made = [&]() -> Result<> {
    Result<Results> into = Results::open(part, Results::Open::begin);
    if (!into) return into.error();
    Merge merging(*into);
    for (const std::string& path : paths)
      if (const Result<> taken = merging.take(path); !taken) return taken;
    if (const Result<> finished = merging.finish(); !finished) return finished;
    // The file alone gets the name: all must be in it, and not in its write-ahead log.
    const Result<std::string> busy = into->database().value("PRAGMA wal_checkpoint(TRUNCATE)");
    if (!busy) return busy.error();
    if (*busy != "0") return Error{ErrorCode::io_error, out + ": could not be written whole"};
    return {};
  }();
  if (made && std::rename(part.c_str(), out.c_str()) == 0) return {};
  const int why = errno;
  for (const char* ending : {"", "-wal", "-shm", "-journal"}) ::unlink((part + ending).c_str());
  if (!made) return made;
  return Error{ErrorCode::io_error, out + ": cannot be written: " + std::strerror(why)};
}

}  // namespace heir::tools
