#include "tools/hunt/results.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <map>
#include <tuple>

#include "scenarios/load.h"
#include "tools/hunt/corpus.h"
#include "tools/hunt/distribution.h"
#include "tools/hunt/schema.h"

namespace heir::tools {

namespace {

constexpr std::array ends{CampaignEnd::complete, CampaignEnd::stopped, CampaignEnd::interrupted,
                          CampaignEnd::out_of_space, CampaignEnd::canary_lived};

std::optional<CampaignEnd> end_named(const std::string& name) {
  for (const CampaignEnd end : ends)
    if (name == to_string(end)) return end;
  return std::nullopt;
}

std::uint32_t big_endian(const unsigned char* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

Error refused(const std::string& path, const std::string& what) {
  return {ErrorCode::invalid, path + ": " + what + "; nothing was changed in it"};
}

/// What stands at the path, by the first bytes of the file, read before SQLite may touch it.
/// True: results of this version, as far as those tell. False: nothing at all.
Result<bool> look_at(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return false;
  struct stat status {};
  if (fd < 0 || ::fstat(fd, &status) != 0) {
    const int why = errno;
    if (fd >= 0) ::close(fd);
    return Error{ErrorCode::io_error, path + ": cannot be opened: " + std::strerror(why)};
  }
  std::array<unsigned char, 100> head{};
  const ssize_t size = S_ISREG(status.st_mode) ? ::read(fd, head.data(), head.size()) : -1;
  ::close(fd);
  const std::string expected = "; expected results of `heir hunt`";
  if (size < 0) return refused(path, "is no regular file" + expected);
  if (size == 0) return false;
  if (size < static_cast<ssize_t>(head.size()) || std::memcmp(head.data(), "SQLite format 3", 16) != 0)
    return refused(path, "is no SQLite database" + expected);
  const std::uint32_t version = big_endian(head.data() + 60);
  if (const std::uint32_t application = big_endian(head.data() + 68); application != results_application)
    return refused(path, "is an SQLite database of another program (application_id " + std::to_string(application) +
                             ")" + expected + " (application_id " + std::to_string(results_application) + ")");
  if (version != results_version)
    return refused(path, "holds results of version " + std::to_string(version) + "; this heir reads version " +
                             std::to_string(results_version) +
                             (version > results_version ? ": use a newer heir" : ": use the heir that made it"));
  return true;
}

Result<std::string> tables_of(Database& database) {
  return database.value("SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_schema ORDER BY name)");
}

/// That it is whole, and has the tables that we expect.
Result<> examine(const std::string& path, Database& database) {
  const std::string advice = "; restore it from a copy, or name another file";
  const Result<std::string> check = database.value("PRAGMA quick_check(1)");
  if (!check) return refused(path, "is damaged: " + check.error().message + advice);
  // What is wrong stands in its last line.
  if (*check != "ok") return refused(path, "is damaged: " + check->substr(check->rfind('\n') + 1) + advice);
  Result<Database> fresh = Database::open("");
  if (!fresh) return fresh.error();
  if (const Result<> made = fresh->execute(results_schema); !made) return made;
  const Result<std::string> expected = tables_of(*fresh);
  const Result<std::string> found = tables_of(database);
  if (!found) return refused(path, "is damaged: " + found.error().message + advice);
  if (!expected || *found != *expected)
    return refused(path, "has other tables than results of version " + std::to_string(results_version) + " have");
  return {};
}

Result<> make_tables(Database& database) {
  const std::string statements = "BEGIN IMMEDIATE;" + std::string(results_schema) +
                                 "PRAGMA application_id = " + std::to_string(results_application) +
                                 "; PRAGMA user_version = " + std::to_string(results_version) + "; COMMIT;";
  return database.execute(statements.c_str());
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace

const char* to_string(CampaignEnd end) {
  switch (end) {
    case CampaignEnd::complete: return "complete";
    case CampaignEnd::stopped: return "stopped";
    case CampaignEnd::interrupted: return "interrupted";
    case CampaignEnd::out_of_space: return "out-of-space";
    case CampaignEnd::canary_lived: return "canary-lived";
  }
  return "?";
}

/// That nobody else adds to the file.
struct Results::Lock {
  int fd = -1;
  Lock() = default;
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() {
    if (fd >= 0) ::close(fd);
  }
  Result<> take(const std::string& path) {
    fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) return Error{ErrorCode::io_error, path + ": cannot be opened for writing: " + std::strerror(errno)};
    // The workers of a campaign that was killed hold it for a moment longer.
    for (int tries = 0; ::flock(fd, LOCK_EX | LOCK_NB) != 0; ++tries) {
      if (tries >= 20) return Error{ErrorCode::conflict, path + ": another `heir` is writing to it"};
      ::usleep(100'000);
    }
    return {};
  }
};

bool Results::is_written(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool taken = ::flock(fd, LOCK_SH | LOCK_NB) != 0;
  ::close(fd);
  return taken;
}

Result<Results> Results::temporary() {
  Result<Database> database = Database::open("");
  if (!database) return database.error();
  if (const Result<> made = make_tables(*database); !made) return made.error();
  return Results("", std::make_shared<Lock>(), std::move(*database));
}

Result<Results> Results::open(const std::string& path, Open how) {
  const Result<bool> exists = look_at(path);
  if (!exists) return exists.error();
  if (how == Open::begin && *exists) return refused(path, "exists already; name another file");
  if ((how == Open::existing || how == Open::look) && !*exists)
    return Error{ErrorCode::not_found, path + ": there are no results; `heir hunt --db " + path + " …` makes some"};
  auto lock = std::make_shared<Lock>();
  if (how != Open::look)
    if (const Result<> taken = lock->take(path); !taken) return taken.error();
  Result<Database> database = Database::open(path);
  const auto failed = [&](const Error& error) { return Error{error.code, path + ": " + error.message}; };
  if (!database) return failed(database.error());
  if (*exists) {
    database->leave_log_alone(true);
    if (const Result<> good = examine(path, *database); !good) return good.error();
    database->leave_log_alone(false);
  } else if (const Result<> made = make_tables(*database); !made) {
    return failed(made.error());
  }
  if (how != Open::look)
    if (const Result<> set = database->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"); !set)
      return failed(set.error());
  return Results(path, std::move(lock), std::move(*database));
}

Result<Campaign> Results::begin_campaign(const CampaignSettings& settings, std::vector<Target> targets) {
  Result<Transaction> transaction = Transaction::begin(database_);
  if (!transaction) return transaction.error();
  Result<Statement> insert = database_.prepare(
      "INSERT INTO campaigns (heir, overrides, first_seed, last_seed, shard, shards, seconds, stop_on, began, "
      "guided) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
  if (!insert) return insert.error();
  const WantedSeeds& seeds = settings.seeds;
  insert->bind(1, settings.heir).bind(2, joined(settings.overrides)).bind_bits(3, seeds.first);
  insert->bind(4, seeds.last ? std::optional(static_cast<std::int64_t>(*seeds.last)) : std::nullopt);
  insert->bind_bits(5, seeds.shard.index).bind_bits(6, seeds.shard.of);
  insert->bind(7, settings.seconds).bind_bits(8, settings.stop_on);
  const std::int64_t now = std::time(nullptr);
  insert->bind(9, now).bind(10, std::int64_t{settings.guided});
  if (const Result<> done = insert->run(); !done) return done.error();
  Campaign campaign;
  campaign.id = database_.last_row();
  campaign.began = now;
  campaign.settings = settings;
  campaign.targets = std::move(targets);
  Result<Statement> scenario = database_.prepare("INSERT INTO scenarios (campaign, path, text) VALUES (?1, ?2, ?3)");
  if (!scenario) return scenario.error();
  for (const Target& target : campaign.targets) {
    scenario->bind(1, campaign.id).bind(2, target.path).bind(3, target.text);
    if (const Result<> done = scenario->run(); !done) return done.error();
    campaign.target_ids.push_back(database_.last_row());
  }
  if (const Result<> done = transaction->commit(); !done) return done.error();
  return campaign;
}

Result<std::vector<Campaign>> Results::campaigns() {
  std::vector<Campaign> campaigns;
  Result<Statement> select = database_.prepare(
      "SELECT id, heir, overrides, first_seed, last_seed, shard, shards, seconds, stop_on, active_seconds, ended, "
      "guided, began FROM campaigns ORDER BY id");
  Result<Statement> scenarios =
      database_.prepare("SELECT id, path, text FROM scenarios WHERE campaign = ?1 ORDER BY id");
  if (!select) return select.error();
  if (!scenarios) return scenarios.error();
  for (;;) {
    const Result<bool> row = select->step();
    if (!row) return row.error();
    if (!*row) return campaigns;
    Campaign campaign;
    campaign.id = select->integer(0);
    CampaignSettings& settings = campaign.settings;
    settings.heir = select->text(1);
    settings.overrides = split(select->text(2));
    settings.seeds.first = select->bits(3);
    if (!select->is_null(4)) settings.seeds.last = select->bits(4);
    settings.seeds.shard = {select->bits(5), select->bits(6)};
    if (!select->is_null(7)) settings.seconds = select->integer(7);
    settings.stop_on = select->bits(8);
    campaign.active_seconds = select->real(9);
    campaign.end = end_named(select->text(10));
    settings.guided = select->integer(11) != 0;
    campaign.began = select->integer(12);
    for (scenarios->bind(1, campaign.id);;) {
      const Result<bool> more = scenarios->step();
      if (!more) return more.error();
      if (!*more) break;
      const std::string path = scenarios->text(1);
      scenarios::Loaded loaded = scenarios::load_text(path, scenarios->text(2));
      if (!loaded) return refused(path_, "holds a scenario that this heir does not read: " + loaded.messages.front());
      campaign.target_ids.push_back(scenarios->integer(0));
      campaign.targets.push_back({path, scenarios->text(2), std::move(*loaded.scenario)});
    }
    scenarios->reset();
    campaigns.push_back(std::move(campaign));
  }
}

Result<std::vector<SeedSet>> Results::seeds_of(const Campaign& campaign) {
  std::vector<SeedSet> seeds(campaign.targets.size());
  Result<Statement> select = database_.prepare("SELECT seed FROM runs WHERE scenario = ?1");
  if (!select) return select.error();
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    for (select->bind(1, campaign.target_ids[i]);;) {
      const Result<bool> row = select->step();
      if (!row) return row.error();
      if (!*row) break;
      seeds[i].add(select->bits(0));
    }
    select->reset();
  }
  return seeds;
}

Result<std::vector<std::int64_t>> Results::time_of(const Campaign& campaign) {
  std::vector<std::int64_t> times;
  Result<Statement> select = database_.prepare("SELECT coalesce(sum(wall_ns), 0) FROM tallies WHERE scenario = ?1");
  if (!select) return select.error();
  for (const std::int64_t id : campaign.target_ids) {
    select->bind(1, id);
    const Result<bool> row = select->step();
    if (!row) return row.error();
    times.push_back(select->integer(0));
    select->reset();
  }
  return times;
}

Result<> Results::load_corpus(const Campaign& campaign, std::size_t target, Corpus& corpus) {
  Result<Statement> select = database_.prepare(
      "SELECT feature, run_seed, vary, virtual_ns FROM corpus JOIN runs USING (scenario, seed) WHERE scenario = ?1 "
      "ORDER BY feature, seed");
  if (!select) return select.error();
  for (select->bind(1, campaign.target_ids[target]);;) {
    const Result<bool> row = select->step();
    if (!row) return row.error();
    if (!*row) break;
    Result<std::vector<scenarios::Variation>> vary = parse_vary(select->text(2));
    if (!vary) return refused(path_, "holds a run that this heir does not read: " + vary.error().message);
    corpus.keep(select->text(0), {select->bits(1), std::move(*vary)}, select->integer(3));
  }
  Result<Statement> counts = database_.prepare(
      "SELECT feature, runs FROM features WHERE scenario = ?1 AND feature IN (SELECT feature FROM corpus WHERE "
      "scenario "
      "= ?1)");
  if (!counts) return counts.error();
  for (counts->bind(1, campaign.target_ids[target]);;) {
    const Result<bool> row = counts->step();
    if (!row) return row.error();
    if (!*row) return {};
    corpus.count(counts->text(0), counts->bits(1));
  }
}

Result<FailedRun> Results::failed_run(std::int64_t failure) {
  Result<Statement> select = database_.prepare(
      "SELECT scenarios.path, scenarios.text, run_seed, vary, heir, trace_hash, kind, message, at_ns FROM failures "
      "JOIN runs USING (scenario, seed) JOIN scenarios ON scenarios.id = failures.scenario "
      "JOIN campaigns ON campaigns.id = campaign WHERE failures.id = ?1");
  if (!select) return select.error();
  const Result<bool> row = select->bind(1, failure).step();
  if (!row) return row.error();
  if (!*row) {
    const Result<std::string> last = database_.value("SELECT coalesce(max(id), 0) FROM failures");
    if (!last) return last.error();
    return Error{ErrorCode::not_found, path_ + ": has no failure " + std::to_string(failure) +
                                           (*last == "0" ? "; it has none at all" : "; they are 1 to " + *last)};
  }
  Result<std::vector<scenarios::Variation>> vary = parse_vary(select->text(3));
  if (!vary) return refused(path_, "holds a run that this heir does not read: " + vary.error().message);
  FailedRun found;
  found.path = select->text(0);
  found.text = select->text(1);
  found.recipe = {select->bits(2), std::move(*vary)};
  found.heir = select->text(4);
  found.trace_hash = select->bits(5);
  found.failure = {select->text(6), select->text(7), select->integer(8)};
  return found;
}

namespace {

/// What one batch adds to a bucket of a phase.
struct PhaseGrowth {
  std::uint64_t count = 0;
  std::int64_t greatest_ns = 0;
};

/// What one batch adds to a probe.
struct ProbeGrowth {
  bool rare = true;
  std::int64_t runs = 0;
  std::int64_t hits = 0;
};

}  // namespace

Result<> Results::add(const Campaign& campaign, const std::vector<NewRun>& runs) {
  Result<Transaction> transaction = Transaction::begin(database_);
  if (!transaction) return transaction.error();
  Result<Statement> run = database_.prepare(
      "INSERT INTO runs (scenario, seed, verdict, reason, trace_hash, events, virtual_ns, wall_ns, ok, failed, "
      "unknown, failovers, generations, outages, longest_outage_ns, total_outage_ns, run_seed, vary) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)");
  Result<Statement> tally = database_.prepare(
      "INSERT INTO tallies (scenario, verdict, runs, virtual_ns, wall_ns, events, failovers, longest_outage_ns) "
      "VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO UPDATE SET runs = runs + 1, "
      "virtual_ns = virtual_ns + ?3, wall_ns = wall_ns + ?4, events = events + ?5, failovers = failovers + ?6, "
      "longest_outage_ns = max(longest_outage_ns, ?7)");
  Result<Statement> failure =
      database_.prepare("INSERT INTO failures (scenario, seed, kind, message, at_ns) VALUES (?1, ?2, ?3, ?4, ?5)");
  Result<Statement> probe = database_.prepare(
      "INSERT INTO probes (scenario, name, rare, runs, hits) VALUES (?1, ?2, ?3, ?4, ?5) "
      "ON CONFLICT DO UPDATE SET rare = min(rare, ?3), runs = runs + ?4, hits = hits + ?5");
  Result<Statement> feature = database_.prepare(
      "INSERT INTO features (scenario, feature, runs) VALUES (?1, ?2, 1) ON CONFLICT DO UPDATE SET runs = runs + 1");
  Result<Statement> corpus = database_.prepare("INSERT INTO corpus (scenario, feature, seed) VALUES (?1, ?2, ?3)");
  Result<Statement> phase = database_.prepare(
      "INSERT INTO phases (scenario, phase, bucket_ns, count, greatest_ns) VALUES (?1, ?2, ?3, ?4, ?5) "
      "ON CONFLICT DO UPDATE SET count = count + ?4, greatest_ns = max(greatest_ns, ?5)");
  Result<Statement> endured = database_.prepare(
      "INSERT INTO endured (scenario, fault, runs, strikes, longest_ns, greatest) VALUES (?1, ?2, 1, ?3, ?4, ?5) "
      "ON CONFLICT DO UPDATE SET runs = runs + 1, strikes = strikes + ?3, longest_ns = max(longest_ns, ?4), "
      "greatest = max(greatest, ?5)");
  for (const Result<Statement>* prepared : {&run, &tally, &failure, &probe, &feature, &corpus, &phase, &endured})
    if (!*prepared) return prepared->error();

  std::map<std::pair<std::int64_t, std::string>, ProbeGrowth> growth;
  std::map<std::tuple<std::int64_t, std::string, std::int64_t>, PhaseGrowth> phases;
  for (const auto& [target, record, lesson] : runs) {
    const std::int64_t scenario = campaign.target_ids[target];
    const std::string verdict = reports::to_string(record.verdict);
    const auto number = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
    run->bind(1, scenario).bind_bits(2, record.seed).bind(3, verdict);
    if (record.verdict == reports::Outcome::pass)
      run->bind(4, std::nullopt);
    else
      run->bind(4, record.reason);
    run->bind_bits(5, record.trace_hash).bind(6, number(record.events)).bind(7, record.virtual_ns);
    run->bind(8, record.wall_ns).bind(9, number(record.ok)).bind(10, number(record.failed));
    run->bind(11, number(record.unknown)).bind(12, number(record.failovers)).bind(13, number(record.generations));
    run->bind(14, number(record.outages)).bind(15, record.longest_outage_ns).bind(16, record.total_outage_ns);
    run->bind_bits(17, record.recipe.seed).bind(18, vary_text(record.recipe));
    if (const Result<> done = run->run(); !done) return done;
    tally->bind(1, scenario).bind(2, verdict).bind(3, record.virtual_ns).bind(4, record.wall_ns);
    tally->bind(5, number(record.events)).bind(6, number(record.failovers)).bind(7, record.longest_outage_ns);
    if (const Result<> done = tally->run(); !done) return done;
    for (const RunFailure& found : record.failures) {
      failure->bind(1, scenario).bind_bits(2, record.seed).bind(3, found.kind).bind(4, found.message);
      if (const Result<> done = failure->bind(5, found.at_ns).run(); !done) return done;
    }
    for (const std::string& had : lesson.features)
      if (const Result<> done = feature->bind(1, scenario).bind(2, had).run(); !done) return done;
    for (const std::string& kept : lesson.kept_for) {
      corpus->bind(1, scenario).bind(2, kept).bind_bits(3, record.seed);
      if (const Result<> done = corpus->run(); !done) return done;
    }
    for (const ProbeHits& hits : record.probes) {
      ProbeGrowth& grown = growth[{scenario, hits.name}];
      grown.rare &= hits.rare;
      grown.runs += hits.hits > 0 ? 1 : 0;
      grown.hits += number(hits.hits);
    }
    for (const PhaseTime& took : record.phases) {
      PhaseGrowth& grown = phases[{scenario, took.phase, bucket_of(took.ns)}];
      ++grown.count;
      grown.greatest_ns = std::max(grown.greatest_ns, took.ns);
    }
    if (record.verdict != reports::Outcome::pass) continue;
    for (const Endured& each : record.endured) {
      endured->bind(1, scenario).bind(2, each.fault).bind(3, number(each.strikes)).bind(4, each.longest_ns);
      if (const Result<> done = endured->bind(5, each.greatest).run(); !done) return done;
    }
  }
  for (const auto& [key, grown] : phases) {
    const auto& [scenario, name, bucket] = key;
    phase->bind(1, scenario).bind(2, name).bind(3, bucket).bind(4, static_cast<std::int64_t>(grown.count));
    if (const Result<> done = phase->bind(5, grown.greatest_ns).run(); !done) return done;
  }
  for (const auto& [key, grown] : growth) {
    probe->bind(1, key.first).bind(2, key.second).bind(3, std::int64_t{grown.rare}).bind(4, grown.runs);
    if (const Result<> done = probe->bind(5, grown.hits).run(); !done) return done;
  }
  Result<Statement> time = database_.prepare("UPDATE campaigns SET active_seconds = ?2 WHERE id = ?1");
  if (!time) return time.error();
  if (const Result<> done = time->bind(1, campaign.id).bind_real(2, campaign.active_seconds).run(); !done) return done;
  return transaction->commit();
}

Result<> Results::add(const Campaign& campaign, const MutantTrial& trial) {
  Result<Statement> insert = database_.prepare(
      "INSERT INTO mutants (campaign, mutant, strategy, trial, seeds, found_kind) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
  if (!insert) return insert.error();
  insert->bind(1, campaign.id).bind(2, trial.mutant).bind(3, trial.strategy).bind_bits(4, trial.number);
  insert->bind_bits(5, trial.seeds);
  if (trial.found)
    insert->bind(6, std::string_view(*trial.found));
  else
    insert->bind(6, std::nullopt);
  return insert->run();
}

Result<> Results::set_end(const Campaign& campaign, std::optional<CampaignEnd> end, const std::string& canary) {
  Result<Statement> update =
      database_.prepare("UPDATE campaigns SET ended = ?2, canary = ?3, active_seconds = ?4 WHERE id = ?1");
  if (!update) return update.error();
  update->bind(1, campaign.id);
  if (end)
    update->bind(2, std::string_view(to_string(*end)));
  else
    update->bind(2, std::nullopt);
  return update->bind(3, canary).bind_real(4, campaign.active_seconds).run();
}

}  // namespace heir::tools
