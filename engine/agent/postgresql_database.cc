#include "engine/agent/postgresql_database.h"

#include <algorithm>
#include <array>
#include <set>

#include "engine/base/match.h"
#include "engine/base/mutant.h"

namespace heir::agent {

namespace {

namespace pg = postgresql;

constexpr Duration unanswered_limit = Duration::seconds(10);  ///< A server that says nothing for so long is killed.
constexpr int failed_starts_limit = 3;
constexpr Duration broken_link_limit =
    Duration::seconds(2);  ///< A standby that does not stream for so long looks again at why.

class PostgresqlDatabase final : public Database {
 public:
  PostgresqlDatabase(Host& host, const Config& config) : host_(host), config_(config) {
    adapter_.emplace(host_, database_config(PeerId("unknown")));
  }

  Task<Result<Beginning>> begin() override {
    Result<pg::Disk> disk = co_await adapter_->inspect();
    if (!disk) co_return disk.error();
    Beginning beginning;
    beginning.has_data = !disk->empty;
    beginning.store = disk->store.store;
    beginning.generation = disk->store.generation;
    if (disk->identity) {
      beginning.identity = *disk->identity;
    } else {
      beginning.identity = PeerId(new_uuid(host_));
      if (Result<> kept = co_await adapter_->keep_identity(beginning.identity); !kept) co_return kept.error();
    }
    adapter_.emplace(host_, database_config(beginning.identity));
    co_return beginning;
  }

  Task<CommandResult> run(failover::DatabaseCommand command, KnownCluster cluster) override {
    const Endpoints& known = cluster.endpoints;
    const Generation opened = cluster.opened;
    const PeerId primary = cluster.primary;
    beginning_ = cluster.beginning;
    adapter_->note_opened(opened, primary);
    // One arm after another: a coroutine is never a visitor's lambda.
    if (const auto* lead = std::get_if<failover::Lead>(&command)) co_return co_await run_lead(*lead, cluster);
    if (const auto* follow = std::get_if<failover::Follow>(&command)) {
      // Until its generation has opened, a sync may lack acknowledged writes: then only the primary has all.
      const bool sync_may_lack = follow->generation != opened && config_.policy.rebuilt_is_not_proven;
      const PeerId source = sync_may_lack ? primary : follow->upstream;
      co_return co_await run_follow(*follow, known, source, primary);
    }
    if (std::get_if<failover::Sever>(&command)) {
      if (HEIR_MUTANT("promoted-before-it-is-written")) {
        pg::Primary alone;
        const Result<> promoted = co_await adapter_->promote(opened.next(), std::move(alone));
        if (!promoted) co_return failed(promoted.error());
      }
      co_return co_await run_sever();
    }
    if (const auto* stop = std::get_if<failover::Stop>(&command)) co_return co_await run_stop(stop->clean);
    if (std::get_if<failover::ReadPosition>(&command)) co_return co_await told(co_await counted_position());
    if (const auto* drain = std::get_if<failover::Drain>(&command)) co_return co_await run_drain(drain->limit);
    const auto* rejoin = std::get_if<failover::Rejoin>(&command);
    ASSERT(rejoin, "every command has an arm");
    co_return co_await run_rejoin(*rejoin, known);
  }

  bool is_copying() const override { return adapter_->is_rebuilding(); }

  Task<failover::DatabaseStatus> observe(std::optional<PeerId> sync, std::vector<PeerId> downstreams) override {
    const Result<pg::Observation> seen = co_await adapter_->observe(sync);
    answered_ = seen.has_value();
    const MonotonicTime now = host_.monotonic_now();
    if (!seen) {
      const Result<bool> running = co_await adapter_->is_running();
      const bool gone = running && !*running;
      if (gone || !status_.running) {
        status_.running = false;
        log_status_.reset();
        answered_at_ = now;
      } else if (now - answered_at_ >= unanswered_limit) {
        host_.log(LogLevel::error, "database-unresponsive", {{"error", to_string(seen.error())}});
        if (const Result<> killed = co_await adapter_->kill()) status_.running = false;
        answered_at_ = host_.monotonic_now();
      }
      status_.streaming.clear();
      co_return status_;
    }
    answered_at_ = now;
    if (!status_.running || (seen->restarted && !HEIR_MUTANT("crashed-backend-unnoticed")) ||
        seen->started_us != started_us_ ||
        (seen->processes_us != processes_us_ && !HEIR_MUTANT("crashed-backend-unnoticed")))
      ++status_.incarnation;
    started_us_ = seen->started_us;
    processes_us_ = seen->processes_us;
    status_.running = true;
    if (config_.policy.distrust_own_disk) co_await judge_pages(*seen);
    status_.cancelled_waits += seen->cancelled_waits;
    status_.sync_flushed = seen->sync_flushed.value_or(0);
    status_.sync_lacks = sync && !seen->in_recovery && (!seen->sync_flushed || *seen->sync_flushed < seen->flushed);
    if (seen->streaming || !following_) {
      link_broken_at_ = now;
      broken_link_.reset();
    }
    // One that somebody promoted (P-15) will never stream again.
    const bool promoted = following_ && !seen->in_recovery;
    if (promoted || now - link_broken_at_ >= broken_link_limit) {
      ++status_.link_failures;
      link_broken_at_ = now;
    }
    if (sync && !seen->in_recovery && !seen->sync_flushed) {
      const Result<std::uint64_t> copied = co_await adapter_->copied();
      if (copied) status_.copied = *copied;
    }
    status_.streaming.clear();
    for (const PeerId& peer : downstreams) {
      const Result<pg::CatchUp> progress = co_await adapter_->sync_has_flushed(peer, 0);
      if (progress && progress->connected) status_.streaming.push_back(peer);
    }
    std::sort(status_.streaming.begin(), status_.streaming.end());
    if (config_.access) co_await note_log(*seen);
    co_return status_;
  }

  bool has_answered() const override { return answered_; }
  std::optional<LogStatus> log_status() const override { return log_status_; }

  Task<bool> prove(PeerId sync) override {
    const Result<std::uint64_t> end = co_await adapter_->visible_end();
    if (!end) co_return false;
    co_return (co_await adapter_->await_sync_flush(sync, *end, Duration::seconds(10))).has_value();
  }

  Task<bool> waits_for_sync(std::uint32_t process) override {
    const Result<bool> waits = co_await adapter_->waits_for_sync(process);
    co_return !waits || *waits;  // not known: it may wait
  }

  Task<Result<LogEnd>> log_end() override {
    const Result<pg::LogEnd> end = co_await adapter_->log_end();
    if (!end) co_return end.error();
    const bool is_observed = end->started_us == started_us_ && end->processes_us == processes_us_;
    co_return LogEnd{end->in_recovery, end->branch, end->offset, is_observed ? status_.incarnation : 0};
  }

  Task<Result<>> remember(std::string store, Generation generation) override {
    pg::StoreMark mark{std::move(store), generation};
    co_return co_await adapter_->keep_store(std::move(mark));
  }

 private:
  pg::Config database_config(PeerId self) const {
    pg::Config database = config_.database;
    database.self = std::move(self);
    switch (config_.policy.acknowledge) {
      case failover::Acknowledge::flushed: database.commit_level = pg::CommitLevel::flushed; break;
      case failover::Acknowledge::written: database.commit_level = pg::CommitLevel::written; break;
      case failover::Acknowledge::nothing: database.commit_level = pg::CommitLevel::local; break;
    }
    database.any_standby_counts = !config_.policy.only_named_sync;
    database.sever_durably = config_.policy.sever != failover::Severing::until_restart;
    database.distrust_own_disk = config_.policy.distrust_own_disk;
    database.fsync = config_.policy.fsync;
    return database;
  }

  Task<void> note_log(pg::Observation seen) {
    const Result<pg::LogStream> stream = co_await adapter_->stream();
    LogStatus log;
    log.is_standby = seen.in_recovery;
    if (stream) log.timeline = stream->timeline;
    if (seen.in_recovery) {
      log.received = seen.received;
      log.replayed = seen.replayed;
      if (stream) log.upstream_end = stream->upstream_end;
      log.is_streaming = seen.streaming;
      log.broken_link = broken_link_;
    } else {
      log.flushed = seen.flushed;
      log.sync_flushed = seen.sync_flushed;
      log.waiting_commits = seen.waiting_commits;
    }
    log_status_ = log;
  }

  void note_link(const Result<>& following) {
    if (following) return broken_link_.reset();
    const WallTime since = broken_link_ ? broken_link_->since : host_.wall_now();
    broken_link_ = BrokenLink{following.error().message, since};
  }

  /// A copy with bad pages is not whole, from now on.
  Task<void> judge_pages(pg::Observation seen) {
    const bool damaged = seen.checksum_failures > 0;
    if (damaged && !status_.damaged) {
      std::string why = std::to_string(seen.checksum_failures) + " pages did not pass their checksum";
      const Result<> marked = co_await adapter_->mark_damaged(std::move(why));
      if (!marked) host_.log(LogLevel::warning, "damage-not-marked", {{"error", to_string(marked.error())}});
    }
    status_.damaged = damaged;
  }

  static CommandResult failed(const Error& error) {
    return {failover::Outcome::failed, std::nullopt, to_string(error)};
  }

  Task<CommandResult> told(Result<Position> position) {
    if (!position) co_return failed(position.error());
    const Result<std::optional<Generation>> rebuilt = co_await adapter_->rebuilt();
    if (!rebuilt) co_return failed(rebuilt.error());
    if (const Result<> kept = co_await check_own_log(*position); !kept) co_return failed(kept.error());
    told_ = *position;
    told_by_ = status_.incarnation;
    co_return CommandResult{failover::Outcome::done, std::move(*position), "", *rebuilt};
  }

  /// Whatever was declared of a branch that this copy led came from here. A log that ends before it has lost some, and
  /// must not be told of: one that is proven would take over with it. The copy is marked, and `refused`.
  Task<Result<>> check_own_log(Position ours) {
    if (!config_.policy.distrust_own_disk || !goes_on_with_last_branch(beginning_, ours)) co_return Result<>();
    const Result<bool> led = co_await adapter_->wrote_last_branch(ours);
    if (!led) co_return led.error();
    if (!*led || HEIR_MUTANT("lost-log-told")) co_return Result<>();
    std::string finding = "the log here ends at " + to_string(ours) + ", but the generation began at " +
                          to_string(beginning_) + ", with more of the timeline that was written here";
    co_return co_await refuse_copy(std::move(finding));
  }

  Task<Result<>> refuse_copy(std::string finding) {
    const std::string why = finding + ": this disk lost what it had synced";
    if (const Result<> marked = co_await adapter_->mark_damaged(why); !marked) co_return marked;
    if (const Result<> stopped = co_await adapter_->stop(pg::StopMode::immediate); !stopped) co_return stopped;
    co_return Error{ErrorCode::refused, why + "; it is cloned anew once another leads"};
  }

  /// The position that the policy lets count.
  Task<Result<Position>> counted_position() {
    if (config_.policy.initial_position == failover::PositionKind::replayed)
      co_return co_await adapter_->replayed_position();
    co_return co_await adapter_->position();
  }

  Task<CommandResult> run_lead(failover::Lead lead, KnownCluster cluster) {
    following_ = false;
    const Result<pg::Disk> disk = co_await adapter_->inspect();
    if (!disk) co_return failed(disk.error());
    pg::Primary role{lead.sync, lead.downstreams};
    if (config_.policy.distrust_own_disk && !lead.may_initialize) status_.damaged = !disk->whole;
    if (disk->empty) {
      if (!lead.may_initialize)
        co_return CommandResult{failover::Outcome::failed, std::nullopt, "this peer is primary, but its data is gone"};
      if (const Result<> made = co_await adapter_->initialize(); !made) co_return failed(made.error());
    } else if (!config_.policy.check_cluster_identity || config_.adopt) {
      if (const Result<> adopted = co_await adapter_->adopt(); !adopted) co_return failed(adopted.error());
    }
    const Result<bool> running = co_await adapter_->is_running();
    if (disk->standby) {
      if (!running || !*running) {
        pg::Role severed = pg::Severed{};
        if (const Result<> started = co_await adapter_->start(std::move(severed)); !started)
          co_return failed(started.error());
      }
      if (config_.policy.distrust_own_disk)
        if (const Result<> chosen = co_await check_standby(lead); !chosen) co_return failed(chosen.error());
      if (const Result<> promoted = co_await adapter_->promote(lead.generation, std::move(role)); !promoted)
        co_return failed(promoted.error());
      co_return CommandResult{};
    }
    std::optional<pg::Endpoint> sync;
    if (lead.sync && config_.policy.distrust_own_disk) {
      sync = endpoint_of(*lead.sync, cluster.endpoints);
      const bool waits = running && !*running && !lead.may_initialize && !missed_.contains(*lead.sync);
      if (!sync && waits) sync = co_await await_endpoint(*lead.sync, cluster);
    }
    // Nothing was acknowledged yet in a cluster that is being made, and its sync has nothing yet.
    const pg::Patience patience = lead.may_initialize ? pg::Patience::none : pg::Patience::some;
    if (const Result<> started = co_await adapter_->start_again(std::move(role), std::move(sync), patience); !started)
      co_return failed(started.error());
    if (const Result<> bound = co_await adapter_->bind_timeline(lead.generation); !bound)
      co_return failed(bound.error());
    co_return CommandResult{};
  }

  static std::optional<pg::Endpoint> endpoint_of(const PeerId& peer, const Endpoints& endpoints) {
    const auto found = endpoints.find(peer);
    if (found == endpoints.end()) return std::nullopt;
    return pg::Endpoint{peer, found->second};
  }

  /// The agent has just started, and its sync, which may hold what the disk here has lost, is not there yet. It is
  /// asked before the server here runs and writes. Nobody is waited for twice.
  Task<std::optional<pg::Endpoint>> await_endpoint(PeerId peer, KnownCluster cluster) {
    const MonotonicTime give_up = host_.monotonic_now() + config_.database.compare_limit;
    while (cluster.endpoints_now && host_.monotonic_now() < give_up) {
      co_await host_.sleep(config_.database.poll_interval);
      if (std::optional<pg::Endpoint> found = endpoint_of(peer, cluster.endpoints_now())) co_return found;
    }
    host_.log(LogLevel::warning, "own-log-not-compared",
              {{"sync", peer.value()}, {"error", "where it listens is not known"}});
    missed_.insert(peer);
    co_return std::nullopt;
  }

  static CommandResult not_known(const PeerId& peer) {
    return {failover::Outcome::failed, std::nullopt, "where " + peer.value() + " listens is not known yet"};
  }

  /// The copy of a primary is a standby's until it is promoted, and what is promoted has the generation's beginning. A
  /// disk that went back in time has another: it is marked, and `refused`.
  Task<Result<>> check_standby(failover::Lead lead) {
    const auto has_it = [&](const Position& log) {
      return !lead.opened && has_beginning(config_.policy, log, lead.from, lead.generation);
    };
    // It told so before the generation was declared, and runs since.
    if (told_ && told_by_ == status_.incarnation && has_it(*told_)) co_return Result<>();
    const Result<Position> ours = co_await adapter_->position();
    // A promotion that did not end leaves a segment of its timeline, and no history of it yet.
    if (!ours && ours.error().code == ErrorCode::not_found && !lead.opened) co_return Result<>();
    if (!ours) co_return ours.error();
    if (has_it(*ours)) co_return Result<>();
    std::string finding = "the primary's copy is a standby's, which ends at " + to_string(*ours) + ", though " +
                          (lead.opened ? "its generation has opened" : "it began at " + to_string(lead.from));
    co_return co_await refuse_copy(std::move(finding));
  }

  /// `source`: who certainly has all that was acknowledged.
  Task<CommandResult> run_follow(failover::Follow follow, Endpoints endpoints, PeerId source, PeerId primary) {
    const auto found = endpoints.find(follow.upstream);
    if (found == endpoints.end()) co_return not_known(follow.upstream);
    const pg::Endpoint upstream{follow.upstream, found->second};
    Result<pg::Disk> disk = co_await adapter_->inspect();
    if (!disk && !config_.policy.check_cluster_identity) {
      // What a system without identities does: whatever lies here is overwritten.
      if (const Result<> erased = co_await adapter_->erase(); !erased) co_return failed(erased.error());
      disk = co_await adapter_->inspect();
    }
    if (!disk) co_return failed(disk.error());
    if (disk->empty || !disk->whole) {
      // What is not whole may hold, for an expert, what nobody else has.
      const auto from = endpoints.find(disk->empty ? follow.upstream : source);
      if (from == endpoints.end()) co_return not_known(source);
      pg::Endpoint there{from->first, from->second};
      const pg::CloneOf whom = from->first == primary ? pg::CloneOf::primary : pg::CloneOf::anybody;
      if (const Result<> cloned = co_await adapter_->clone(std::move(there), whom); !cloned)
        co_return failed(cloned.error());
    } else if (!disk->standby) {
      co_return CommandResult{failover::Outcome::diverged, std::nullopt, "the copy here was a primary's"};
    }
    // Nothing is streamed before both logs were compared: a timeline of the same number may be another's, and the bytes
    // that come would fit. What does not read its own disk takes what comes.
    if (!config_.policy.own_disk) {
      const Result<bool> runs = co_await adapter_->is_running();
      if (!runs || !*runs)
        if (const Result<> there = co_await adapter_->reach(upstream); !there)
          co_return failed(
              Error{there.error().code, "a standby cannot start without its upstream: " + there.error().message});
      pg::Role standby = pg::Standby{upstream, follow.downstreams};
      if (const Result<> started = co_await adapter_->start(std::move(standby)); !started)
        co_return failed(started.error());
    }
    const Result<> following = co_await adapter_->follow(upstream, follow.downstreams);
    following_ = true;
    link_broken_at_ = host_.monotonic_now();
    note_link(following);
    if (!following && following.error().code == ErrorCode::refused)
      co_return CommandResult{failover::Outcome::diverged, std::nullopt, following.error().message};
    const Result<bool> running = co_await adapter_->is_running();
    if (!running || !*running) {
      const std::string why = "the server does not run: " + (following ? "" : to_string(following.error()));
      // A disk that refuses is waited for; a copy on which no server starts is compared, and cloned anew if need be.
      const bool counts = !following && following.error().code == ErrorCode::failed;
      if (!counts || ++failed_starts_ < failed_starts_limit)
        co_return CommandResult{failover::Outcome::failed, std::nullopt, why};
      failed_starts_ = 0;
      co_return CommandResult{failover::Outcome::diverged, std::nullopt, why};
    }
    failed_starts_ = 0;
    // Not streaming yet is no failure: the settings stand, and the receiver tries for itself.
    co_return CommandResult{};
  }

  Task<CommandResult> run_sever() {
    following_ = false;
    const Result<pg::Disk> disk = co_await adapter_->inspect();
    if (!disk) co_return failed(disk.error());
    const Result<bool> running = co_await adapter_->is_running();
    if (disk->empty || !disk->whole)
      co_return CommandResult{failover::Outcome::failed, std::nullopt,
                              "the copy here is not whole: it has no position"};
    if (disk->standby) {
      if (!config_.policy.own_disk && !(running && *running))
        co_return CommandResult{failover::Outcome::failed, std::nullopt, "a standby cannot start without its upstream"};
      if (const Result<> severed = co_await adapter_->sever(); !severed) co_return failed(severed.error());
      if (!running || !*running) {
        pg::Role role = pg::Severed{};
        if (const Result<> started = co_await adapter_->start(std::move(role)); !started)
          co_return failed(started.error());
        if (const Result<> severed = co_await adapter_->sever(); !severed) co_return failed(severed.error());
      }
    } else if (!running || !*running) {
      pg::Role role = pg::Primary{};
      if (const Result<> started = co_await adapter_->start(std::move(role)); !started)
        co_return failed(started.error());
    }
    co_return co_await told(co_await counted_position());
  }

  Task<CommandResult> run_stop(bool clean) {
    following_ = false;
    Result<Position> position(ErrorCode::failed, "");
    if (clean) {
      position = co_await counted_position();  // its lineage; the server must run for that
      if (!position) co_return failed(position.error());
    }
    const pg::StopMode mode = clean ? pg::StopMode::fast : pg::StopMode::immediate;
    if (const Result<> stopped = co_await adapter_->stop(mode); !stopped) co_return failed(stopped.error());
    if (!clean) co_return CommandResult{};
    const Result<std::uint64_t> end = co_await adapter_->shutdown_offset();
    if (!end) co_return failed(end.error());
    if (!HEIR_MUTANT("shutdown-record-not-counted")) position->offset = *end;
    co_return co_await told(std::move(position));
  }

  Task<CommandResult> run_drain(Duration limit) {
    const MonotonicTime until = host_.monotonic_now() + limit;
    while (host_.monotonic_now() < until) {
      const Result<std::uint64_t> busy = co_await adapter_->busy_clients();
      if (!busy || *busy == 0) break;
      co_await host_.sleep(Duration::milliseconds(20));
    }
    co_return CommandResult{};
  }

  Task<CommandResult> run_rejoin(failover::Rejoin rejoin, Endpoints endpoints) {
    const auto found = endpoints.find(rejoin.against);
    if (found == endpoints.end()) co_return not_known(rejoin.against);
    const pg::Endpoint against{rejoin.against, found->second};
    if (rejoin.clone) {
      const Result<> cloned = co_await adapter_->clone(against, pg::CloneOf::primary);
      if (!cloned) co_return failed(cloned.error());
      co_return CommandResult{};
    }
    const pg::Rebuild rebuild = rejoin.in_place ? pg::Rebuild::in_place : pg::Rebuild::beside;
    const Result<pg::RejoinReport> report = co_await adapter_->rejoin(against, against, rebuild, {});
    if (!report && report.error().code == ErrorCode::refused && !config_.policy.check_cluster_identity) {
      // What a system without identities does: whatever lies here is overwritten.
      if (const Result<> erased = co_await adapter_->erase(); !erased) co_return failed(erased.error());
      if (const Result<> cloned = co_await adapter_->clone(against); !cloned) co_return failed(cloned.error());
      co_return CommandResult{};
    }
    if (!report) co_return failed(report.error());
    host_.log(LogLevel::info, "rejoined",
              {{"how", report->how == pg::Rejoined::followed  ? "followed"
                       : report->how == pg::Rejoined::rewound ? "rewound"
                                                              : "cloned"},
               {"fork", std::to_string(report->fork)},
               {"discarded", std::to_string(report->discarded)},
               {"tail", report->tail}});
    co_return CommandResult{};
  }

  Host& host_;
  const Config config_;
  std::optional<pg::Adapter> adapter_;
  failover::DatabaseStatus status_;
  std::optional<LogStatus> log_status_;
  std::int64_t started_us_ = 0;
  std::int64_t processes_us_ = 0;
  bool answered_ = false;
  std::optional<Position> told_;  ///< The last position that the copy here told,
  std::uint64_t told_by_ = 0;     ///< and the incarnation that did.
  MonotonicTime answered_at_;
  int failed_starts_ = 0;         ///< Of a standby, in a row.
  Position beginning_;            ///< Of the generation, as far as it is known.
  std::set<PeerId> missed_;       ///< Syncs that were waited for in vain.
  bool following_ = false;        ///< It was last told to follow.
  MonotonicTime link_broken_at_;  ///< Since then it has not streamed, although it follows.
  std::optional<BrokenLink> broken_link_;
};

}  // namespace

std::unique_ptr<Database> make_postgresql_database(Host& host, const Config& config) {
  return std::make_unique<PostgresqlDatabase>(host, config);
}

std::string new_uuid(Host& host) {
  std::array<unsigned char, 16> bytes{};
  host.random_bytes(std::as_writable_bytes(std::span(bytes)));
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += "0123456789abcdef"[bytes[i] >> 4];
    text += "0123456789abcdef"[bytes[i] & 0x0f];
  }
  return text;
}

}  // namespace heir::agent
