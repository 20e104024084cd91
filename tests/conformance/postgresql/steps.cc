#include "tests/conformance/postgresql/steps.h"

#include "engine/base/sync.h"
#include "tests/conformance/postgresql/story.h"

namespace heir::conformance {

namespace {

using namespace postgresql;

Role severed() {
  return Severed{};
}
Role unsynced() {
  return Primary{};
}
Role synced(PeerId sync) {
  Primary role;
  role.sync = std::move(sync);
  return role;
}

// Not initializer lists: GCC 12 miscompiles those inside co_await.
std::vector<PeerId> none() {
  return {};
}
std::vector<PeerId> only(PeerId peer) {
  return {std::move(peer)};
}

Task<void> first_primary(Story& s) {
  Adapter& a = s.adapters[0];
  Result<bool> empty = co_await a.is_empty();
  s.check(empty && *empty, "a new peer is empty");
  if (!s.check(co_await a.initialize(), "initialize")) co_return;
  empty = co_await a.is_empty();
  s.check(empty && !*empty, "an initialized peer is not empty");
  s.check(co_await a.initialize(), "initialize again does nothing");
  const Result<Disk> disk = co_await a.inspect();
  if (!s.check(disk, "inspect")) co_return;
  s.check(disk->whole && !disk->standby && disk->cluster == a.config().cluster && disk->system_identifier != 0,
          "the new copy is whole, a primary's, and the cluster's");
  s.saw("a new copy", disk);
  if (!s.check(co_await a.start(unsynced()), "start as a primary without a sync")) co_return;
  s.check(co_await s.world.make_table(0), "make a table");
  const Result<Observation> seen = co_await a.observe(std::nullopt);
  if (!s.check(seen, "observe")) co_return;
  s.check(
      !seen->in_recovery && seen->flushed > 0 && !seen->restarted && seen->started_us != 0 && seen->processes_us != 0,
      "a primary is observed");
  s.check(seen->system_identifier == disk->system_identifier, "the server tells the identifier that the disk has");
  s.saw("a new primary", seen);
  co_await s.look("first primary");
  const Result<Observation> anew = co_await a.observe_anew(std::nullopt);
  s.check(anew, "observe by a new session");
  const Result<Position> position = co_await a.position();
  if (!s.check(position, "position of a primary")) co_return;
  s.check(position->lineage.size() == 1 && position->lineage[0].timeline == 1 && position->lineage[0].promotion == 0,
          "the first timeline is bound to no promotion: " + to_string(*position));
  const Result<Disk> running = co_await a.inspect();
  s.check(running && running->whole, "inspect beside a running server");
  s.done("first primary");
}

/// How far the copies that a server sends have come, while one is made.
Task<void> watch_copies(Story& s, int upstream, const bool& over, std::uint64_t& most, bool& ended) {
  while (!over) {
    const Result<std::uint64_t> copied = co_await s.adapters[upstream].copied();
    if (!copied) s.check(false, "the progress of copies is told: " + to_string(copied.error()));
    if (copied && *copied > most) most = *copied;
    co_await s.world.host(upstream).sleep(Duration::milliseconds(10));
  }
  ended = true;
}

/// Clones the peer before; its server tells the progress meanwhile, and none afterwards.
Task<Result<>> watched_clone(Story& s, int peer) {
  bool over = false;
  bool ended = false;
  std::uint64_t most = 0;
  const Endpoint upstream = s.endpoint(peer - 1);
  Scope watching;
  watching.spawn(watch_copies(s, peer - 1, over, most, ended));
  const Result<> cloned = co_await s.adapters[peer].clone(upstream);
  over = true;
  while (!ended) co_await s.world.host(peer).sleep(Duration::milliseconds(10));
  s.check(most > 1'000'000, "a copy under way has sent something: " + std::to_string(most));
  const Result<std::uint64_t> rest = co_await s.adapters[peer - 1].copied();
  s.check(rest && *rest == 0, "no copy is under way any more");
  s.saw(std::string("while copied: ") + (most > 0 ? "progress" : "none") +
        ", afterwards: " + (rest && *rest == 0 ? "none" : "progress"));
  co_return cloned;
}

Task<void> standbys(Story& s) {
  for (int peer = 1; peer <= 2; ++peer) {
    Adapter& a = s.adapters[peer];
    const Endpoint upstream = s.endpoint(peer - 1);
    if (!s.check(co_await watched_clone(s, peer), "clone " + std::to_string(peer))) co_return;
    const Result<Disk> disk = co_await a.inspect();
    s.check(disk && disk->whole && disk->standby && disk->cluster == a.config().cluster,
            "a clone is a whole standby of the cluster");
    s.saw("a clone", disk);
    if (!s.check(co_await a.follow(upstream, none()), "follow " + std::to_string(peer))) co_return;
    const Result<bool> streaming = co_await a.is_streaming();
    s.check(streaming && *streaming, "a follower streams");
  }
  s.done("two standbys, in a chain");
  Adapter& first = s.adapters[0];
  if (!s.check(co_await first.configure(synced(s.id(1))), "wait for peer 1")) co_return;
  if (!s.check(co_await s.adapters[1].follow(s.endpoint(0), only(s.id(2))), "following again with a downstream"))
    co_return;
  const int write = co_await s.world.begin_write(0, 1);
  const WriteState state = co_await s.settled(write, Duration::seconds(10));
  s.check(state == WriteState::acknowledged, "a commit is acknowledged with the sync streaming");
  s.saw_write("a synchronous commit", write);
  co_await s.until_shown(2, 1);
  const Result<Observation> seen = co_await first.observe(s.id(1));
  if (!s.check(seen, "observe with a sync")) co_return;
  s.check(seen->sync_flushed.has_value() && seen->sync_streaming && seen->sync_counts, "the named sync counts");
  const Result<Observation> other = co_await first.observe(s.id(2));
  s.check(other && !other->sync_flushed.has_value(), "a peer that is not connected here has no progress");
  s.saw("observed for the sync", seen);
  s.saw("observed for another", other);
  const Result<Position> not_severed = co_await s.adapters[1].position();
  s.check(!not_severed && not_severed.error().code == ErrorCode::refused,
          "a following standby tells no final position");
  const Result<> as_primary = co_await s.adapters[1].configure(unsynced());
  s.check(!as_primary && as_primary.error().code == ErrorCode::refused, "a standby is not configured to be a primary");
  s.saw("a standby configured as a primary", as_primary);
  const int misplaced = co_await s.world.begin_write(1, 99);
  const WriteState refused = co_await s.settled(misplaced, Duration::seconds(10));
  s.check(refused == WriteState::failed, "a standby takes no writes");
  s.saw_write("a write on a standby", misplaced);
  co_await s.look("a chain of standbys");
  s.done("synchronous commit, cascade");
}

Task<bool> is_gone(Story& s, int peer, Duration limit) {
  const MonotonicTime give_up = s.world.host(peer).monotonic_now() + limit;
  while (s.world.host(peer).monotonic_now() < give_up) {
    const Result<bool> running = co_await s.adapters[peer].is_running();
    if (running && !*running) co_return true;
    co_await s.world.host(peer).sleep(Duration::milliseconds(50));
  }
  co_return false;
}

/// Peer 1 is the sync of peer 0.
Task<void> full_disk_of_sync(Story& s) {
  const bool can_fill = s.world.cannot_fill_disk().empty();
  if (can_fill) s.world.fill_disk(1, true);
  s.world.use_up_log(0);
  const int write = co_await s.world.begin_write(0, 0);
  if (can_fill) {
    const WriteState state = co_await s.settled(write, Duration::seconds(2));
    s.check(state == WriteState::waiting, "a commit waits for a sync whose log has no room");
    const bool gone = co_await is_gone(s, 1, Duration::seconds(1));
    s.check(!gone, "a standby whose log has no room goes on");
    s.saw(std::string("full disk of a sync: the server: ") + (gone ? "gone" : "runs"));
    const Result<Observation> sync = co_await s.adapters[1].observe(std::nullopt);
    s.check(sync && !sync->streaming, "but follows nobody");
    s.saw("full disk of a sync: seen there", sync);
    const Result<Observation> primary = co_await s.adapters[0].observe(s.id(1));
    s.saw("full disk of a sync: seen at its primary", primary);
    const Result<Disk> disk = co_await s.adapters[1].inspect();
    s.saw("full disk of a sync: the copy", disk);
    s.world.fill_disk(1, false);
  }
  const WriteState state = co_await s.settled(write, Duration::seconds(20));
  s.check(state == WriteState::acknowledged, "it follows again by itself when there is room");
  s.done("full disk of a sync");
}

Task<void> severed_sync(Story& s) {
  Adapter& first = s.adapters[0];
  Adapter& sync = s.adapters[1];
  if (!s.check(co_await sync.sever(), "sever")) co_return;
  const Result<Position> before = co_await sync.position();
  if (!s.check(before, "position of a severed standby")) co_return;
  const int write = co_await s.world.begin_write(0, 2);
  WriteState state = co_await s.settled(write, Duration::milliseconds(600));
  s.check(state == WriteState::waiting, "a commit waits while its sync is severed");
  Result<Observation> seen = co_await first.observe(s.id(1));
  s.check(seen && seen->waiting_commits == 1 && seen->cancelled_waits == 0, "one commit waits, none was cancelled");
  const Result<bool> waits = co_await first.waits_for_sync(s.world.process(write));
  s.check(waits && *waits, "the server tells which process waits");
  s.saw("observed while a commit waits", seen);
  const Result<bool> other = co_await first.waits_for_sync(s.world.process(write) + 1'000'000);
  s.check(other && !*other, "a process that there is not does not wait");
  const int behind = co_await s.world.begin_write(0, 2);
  (void)co_await s.settled(behind, Duration::milliseconds(300));
  const Result<bool> behind_waits = co_await first.waits_for_sync(s.world.process(behind));
  s.check(behind_waits && !*behind_waits, "who waits for another's row does not wait for the sync");
  s.saw_write("the same value again, while its commit waits", behind);
  co_await s.check_values(0, "0 1", "a waiting commit is not visible");
  const Result<Position> after = co_await sync.position();
  s.check(after && *after == *before, "nothing reaches a severed standby");
  const Result<Position> ahead = co_await first.position();
  s.check(ahead && after && contains(*ahead, *after) && !contains(*after, *ahead),
          "the primary is ahead on the same lineage");
  co_await s.look("a commit waits");

  // A restarted server stays severed.
  if (!s.check(co_await sync.stop(StopMode::immediate), "stop the severed standby")) co_return;
  if (!s.check(co_await sync.start(severed()), "start it again")) co_return;
  const Result<Position> again = co_await sync.position();
  s.check(again && *again == *before, "the position is the same after a restart" +
                                          (again ? ": " + to_string(*again) : ": " + to_string(again.error())));
  s.done("severed, durably");

  s.world.cancel(write);
  state = co_await s.settled(write, Duration::seconds(5));
  s.check(state != WriteState::waiting, "a cancelled wait ends");
  s.saw_write("a cancelled wait", write);
  (void)co_await s.settled(behind, Duration::seconds(5));
  s.saw_write("the same value again, after the wait was cancelled", behind);
  const Result<bool> waits_still = co_await first.waits_for_sync(s.world.process(write));
  s.check(waits_still && !*waits_still, "the server tells that it waits no more");
  co_await s.check_values(0, "0 1 2", "a cancelled wait shows its commit");
  std::uint64_t cancelled = 0;
  for (int i = 0; i < 20 && cancelled == 0; ++i) {
    const Result<std::uint64_t> told = co_await first.cancelled_waits();
    if (told) cancelled += *told;
    co_await s.world.host(0).sleep(Duration::milliseconds(50));
  }
  s.check(cancelled == 1, "the cancelled wait is learned of, once: " + std::to_string(cancelled));
  const Result<std::uint64_t> no_more = co_await first.cancelled_waits();
  s.check(no_more && *no_more == 0, "and not again");

  const Result<std::uint64_t> end = co_await first.visible_end();
  if (!s.check(end, "visible end")) co_return;
  const Result<CatchUp> lacking = co_await first.sync_has_flushed(s.id(1), *end);
  s.check(lacking && !lacking->reached && !lacking->connected, "a severed sync has not flushed what is shown");
  const Result<> waited = co_await first.await_sync_flush(s.id(1), *end, Duration::milliseconds(300));
  s.check(!waited && waited.error().code == ErrorCode::timed_out, "waiting for a severed sync ends with its progress");
  s.saw("waiting for a severed sync", waited);
  if (!s.check(co_await sync.follow(s.endpoint(0), only(s.id(2))), "follow after being severed")) co_return;
  s.check(co_await first.await_sync_flush(s.id(1), *end, Duration::seconds(10)), "it catches up");
  co_await s.until_shown(2, 2);
  s.done("cancelled wait");
}

Task<void> restart_in_generation(Story& s) {
  Adapter& first = s.adapters[0];
  if (!s.check(co_await s.adapters[1].sever(), "sever before the crash")) co_return;
  const int write = co_await s.world.begin_write(0, 3);
  (void)co_await s.settled(write, Duration::milliseconds(400));
  co_await s.check_values(0, "0 1 2", "the third commit waits");
  (void)co_await first.observe(std::nullopt);
  if (!s.check(co_await first.kill(), "kill the primary's server")) co_return;
  const Result<bool> running = co_await first.is_running();
  s.check(running && !*running, "a killed server does not run");
  const Result<Observation> dead = co_await first.observe(std::nullopt);
  s.check(!dead, "a killed server does not answer");
  s.saw("a killed server observed", dead);
  s.check(co_await first.stop(StopMode::fast), "stopping a stopped server succeeds");
  const WriteState state = co_await s.settled(write, Duration::seconds(2));
  s.check(state == WriteState::failed, "the client's connection broke");
  s.saw_write("a wait when the server is killed", write);
  if (!s.check(co_await first.start(synced(s.id(1))), "start it as the primary that it was")) co_return;
  co_await s.check_values(0, "0 1 2 3", "recovery shows a commit that was never acknowledged");
  const Result<Position> ahead = co_await first.position();
  s.check(ahead && ahead->lineage.size() == 1, "a restart makes no new timeline");
  if (ahead) s.saw("restarted on " + lineage(*ahead));
  co_await s.look("the primary restarted");
  s.done("restart within the generation");
  const Result<Observation> calm = co_await first.observe(std::nullopt);
  s.check(calm && !calm->restarted, "no restart is told that was ours");
  s.saw("observed after our restart", calm);
  // It changes nothing, so it waits for nobody (P-01).
  const int again = co_await s.world.begin_write(0, 3);
  const WriteState unchanged = co_await s.settled(again, Duration::seconds(5));
  s.check(unchanged == WriteState::acknowledged, "a transaction that changes nothing does not wait for the sync");
  if (!s.world.crash_process(0)) co_return;
  bool told = false;
  for (int i = 0; i < 100 && !told; ++i) {
    const Result<Observation> seen = co_await first.observe(std::nullopt);
    told = seen && seen->restarted;
    co_await s.world.host(0).sleep(Duration::milliseconds(100));
  }
  s.check(told, "a restart of the server's processes is told");
  co_await s.check_values(0, "0 1 2 3", "after the restart of its processes");
  s.saw_write("a client that was idle when a process crashed", again);
  co_await s.look("its processes restarted");
  s.done("restart of the server's processes");
}

Task<void> takeover(Story& s) {
  Adapter& sync = s.adapters[1];
  const Result<Position> before = co_await sync.position();
  if (!s.check(before, "position before the takeover")) co_return;
  Primary role;
  role.sync = s.id(2);
  role.downstreams = {s.id(0)};
  if (!s.check(co_await sync.promote(Generation(2), role), "promote")) co_return;
  s.check(co_await sync.promote(Generation(2), role), "promoting again does nothing");
  const Result<Position> after = co_await sync.position();
  if (!s.check(after, "position after the promotion")) co_return;
  s.check(after->lineage.size() == 2 && after->lineage[1].timeline == 2 && after->lineage[1].promotion == 2 &&
              after->lineage[1].begin == before->offset,
          "the new timeline is bound to its generation and begins where the log ended: " + to_string(*before) + " -> " +
              to_string(*after));
  s.check(contains(*after, *before), "the new primary contains what it was");
  const Result<Position> old = co_await s.adapters[0].position();
  s.check(old && !contains(*after, *old) && !contains(*old, *after) && common_offset(*old, *after) == before->offset,
          "the old primary has diverged at the fork");
  s.saw("promoted to " + lineage(*after) + " from " + lineage(*before));
  if (old) s.saw("deposed on " + lineage(*old));
  if (!s.check(co_await s.adapters[2].follow(s.endpoint(1), none()), "the new sync follows to the new timeline"))
    co_return;
  const int write = co_await s.world.begin_write(1, 4);
  const WriteState state = co_await s.settled(write, Duration::seconds(10));
  s.check(state == WriteState::acknowledged, "a commit in the new generation");
  co_await s.check_values(1, "0 1 2 4", "the new primary");
  co_await s.until_shown(2, 4);
  const Result<Position> third = co_await s.adapters[2].received_position();
  s.check(third && third->lineage.size() == 2 && third->lineage[1].promotion == 2,
          "the follower's lineage has the promotion");
  if (third) s.saw("the follower received " + lineage(*third));
  s.saw_write("a commit after the takeover", write);
  co_await s.look("after the takeover");
  s.done("takeover");
}

Task<void> deposed_returns(Story& s) {
  Adapter& old = s.adapters[0];
  const Result<> refused = co_await old.follow(s.endpoint(2), none());
  s.check(!refused && refused.error().code == ErrorCode::refused, "a running primary does not follow");
  s.saw("a running primary made to follow", refused);
  s.check(co_await old.stop(StopMode::fast), "stop the deposed primary");
  const Result<> forked = co_await old.follow(s.endpoint(1), none());
  s.check(!forked && forked.error().code == ErrorCode::refused,
          "a diverged copy is not made to follow" + (forked ? std::string() : ": " + to_string(forked.error())));
  s.saw("a diverged copy made to follow", forked);
  const Result<RejoinReport> report = co_await old.rejoin(s.endpoint(1), s.endpoint(2), Rebuild::in_place, none());
  if (!s.check(report, "rejoin in place")) co_return;
  s.check(report->how == Rejoined::rewound && report->discarded > 0 && !report->tail.empty(),
          "it was rewound, and its tail set aside");
  const Result<Bytes> text = co_await s.world.host(0).read_file(report->tail + "/report.txt");
  s.check(text && text->find("both share it up to") != std::string::npos, "the operator can read what was set aside");
  co_await s.until_shown(0, 4);
  co_await s.check_values(0, "0 1 2 4", "the unacknowledged commit is gone");
  const Result<Disk> disk = co_await old.inspect();
  s.check(disk && disk->whole && disk->standby, "the rewound copy is whole");
  s.saw("the rewound copy", disk);
  co_await s.look("the deposed is back");
  s.done("deposed primary rewound");
}

Task<void> second_takeover(Story& s) {
  Adapter& second = s.adapters[1];
  Adapter& third = s.adapters[2];
  if (!s.check(co_await third.sever(), "sever the sync")) co_return;
  const int write = co_await s.world.begin_write(1, 5);
  (void)co_await s.settled(write, Duration::milliseconds(300));
  if (!s.check(co_await second.stop(StopMode::immediate), "the second primary dies")) co_return;
  const Result<Position> before = co_await third.position();
  if (!s.check(before, "position of the second sync")) co_return;
  Primary role;
  role.downstreams = {s.id(0), s.id(1)};
  if (!s.check(co_await third.promote(Generation(3), role), "promote the second sync")) co_return;
  const int next = co_await s.world.begin_write(2, 6);
  const WriteState state = co_await s.settled(next, Duration::seconds(5));
  s.check(state == WriteState::acknowledged, "a commit without a sync");
  s.saw_write("a commit without a sync", next);
  const WriteState broken = co_await s.settled(write, Duration::seconds(2));
  s.check(broken == WriteState::failed, "the other client's connection broke");
  s.saw_write("a wait when the server is stopped", write);
  const Result<RejoinReport> report = co_await second.rejoin(s.endpoint(2), s.endpoint(2), Rebuild::beside, none());
  if (!s.check(report, "rejoin beside")) co_return;
  s.check(report->how == Rejoined::cloned && report->fork == before->offset, "it was cloned beside, from the fork on");
  co_await s.until_shown(1, 6);
  co_await s.check_values(1, "0 1 2 4 6", "the second unacknowledged commit is gone");
  const Result<RejoinReport> nothing =
      co_await s.adapters[0].rejoin(s.endpoint(2), s.endpoint(2), Rebuild::in_place, none());
  if (!s.check(nothing, "rejoin of a peer that has not diverged")) co_return;
  s.check(nothing->how == Rejoined::followed && nothing->tail.empty(), "nothing beyond the fork: follow");
  co_await s.until_shown(0, 6);
  const Result<Position> position = co_await third.position();
  s.check(position && position->lineage.size() == 3 && position->lineage[2].promotion == 3 &&
              position->lineage[1].promotion == 2,
          "three timelines, two of them bound");
  if (position) s.saw("the third primary is on " + lineage(*position));
  co_await s.look("after the second takeover");
  s.done("second takeover, beside");
}

/// Incident P-08: the same number for two timelines, and the same fork.
Task<void> twins(Story& s) {
  Adapter& a = s.adapters[0];
  Adapter& b = s.adapters[1];
  if (!s.check(co_await a.sever(), "sever 0") || !s.check(co_await b.sever(), "sever 1")) co_return;
  const Primary alone;
  if (!s.check(co_await a.promote(Generation(4), alone), "promote 0")) co_return;
  if (!s.check(co_await b.promote(Generation(5), alone), "promote 1")) co_return;
  const int lost = co_await s.world.begin_write(0, 7);
  const int kept = co_await s.world.begin_write(1, 8);
  (void)co_await s.settled(lost, Duration::seconds(5));
  (void)co_await s.settled(kept, Duration::seconds(5));
  const Result<Position> ours = co_await a.position();
  const Result<Position> theirs = co_await b.position();
  if (!s.check(ours, "position of a twin") || !s.check(theirs, "position of the other twin")) co_return;
  s.check(ours->lineage.back().timeline == theirs->lineage.back().timeline && !contains(*ours, *theirs) &&
              !contains(*theirs, *ours),
          "the same timeline number twice is not the same history: " + to_string(*ours) + ", " + to_string(*theirs));
  s.saw("twins on " + lineage(*ours) + " and " + lineage(*theirs));
  const Result<RejoinReport> report = co_await a.rejoin(s.endpoint(1), s.endpoint(1), Rebuild::in_place, none());
  if (!s.check(report, "rejoin of a twin")) co_return;
  s.check(report->how == Rejoined::cloned, "pg_rewind would find nothing to do, so a twin is cloned");
  co_await s.until_shown(0, 8);
  co_await s.check_values(0, "0 1 2 4 6 8", "the twin has the other's history");
  co_await s.look("after the twins");
  s.done("twins");
}

struct Written {
  std::vector<int> acknowledged;
  int failed = 0;  ///< The number of the write that was not.
};

/// Until a write fails: as long as the log needs no new part, a full disk is none of the server's business.
Task<Written> write_until_one_fails(Story& s, int peer, int first) {
  Written written;
  for (int value = first; value < first + 40; ++value) {
    s.world.use_up_log(peer);
    written.failed = co_await s.world.begin_write(peer, value);
    const WriteState state = co_await s.settled(written.failed, Duration::seconds(10));
    if (state != WriteState::acknowledged) break;
    written.acknowledged.push_back(value);
  }
  co_return written;
}

/// Peer 1 is a primary, peer 0 follows it.
Task<void> full_disk(Story& s) {
  if (const std::string why = s.world.cannot_fill_disk(); !why.empty()) {
    s.done("NOT DONE: the steps with a full disk: " + why);
    co_return;
  }
  Adapter& primary = s.adapters[1];
  s.world.fill_disk(1, true);
  const Written written = co_await write_until_one_fails(s, 1, 100);
  s.check(s.world.state(written.failed) == WriteState::failed, "a write for which the log has no room fails");
  const bool gone = co_await is_gone(s, 1, Duration::seconds(10));
  s.check(gone, "a server whose log has no room is gone, its restart by itself included");
  s.saw_write("full disk: a write that needs a new part of the log", written.failed);
  s.saw(std::string("full disk: the server afterwards: ") + (gone ? "gone" : "runs"));
  Primary role;
  role.downstreams = {s.id(0)};
  const Result<> started = co_await primary.start(role);
  s.check(!started, "it does not start while there is no room");
  s.saw("full disk: started without room", started);
  const Result<Disk> disk = co_await primary.inspect();
  s.saw("full disk: the copy", disk);
  const Result<Observation> follower = co_await s.adapters[0].observe(std::nullopt);
  s.check(follower && !follower->streaming, "its standby goes on without it");
  s.saw("full disk: its standby", follower);
  s.done("full disk of a primary");

  s.world.fill_disk(1, false);
  if (!s.check(co_await primary.start(role), "it starts when there is room")) co_return;
  std::string expected = "0 1 2 4 6 8";
  for (const int value : written.acknowledged) expected += " " + std::to_string(value);
  co_await s.check_values(1, expected, "all that was acknowledged is there, and no more");
  const int next = co_await s.world.begin_write(1, 1000);
  const WriteState state = co_await s.settled(next, Duration::seconds(10));
  s.check(state == WriteState::acknowledged, "it takes writes again");
  s.saw_write("full disk: a write when there is room", next);
  co_await s.until_shown(0, 1000);
  co_await s.look("full disk, room again");
  s.done("room again");
}

Task<void> strangers(Story& s) {
  Adapter& a = s.adapters[0];
  // Another cluster's name over the same data.
  Config config = s.world.config(0);
  config.cluster = "another";
  Adapter stranger(s.world.host(0), config);
  const Result<Disk> disk = co_await stranger.inspect();
  s.check(!disk && disk.error().code == ErrorCode::refused, "another cluster's data is refused");
  s.saw("inspected as another cluster", disk);
  const Result<std::uint64_t> ended = co_await a.terminate_clients();
  s.check(ended, "terminate clients");
  s.saw("terminated clients: " + (ended ? std::to_string(*ended) : "unknown"));
  for (int peer = 2; peer >= 0; --peer) s.check(co_await s.adapters[peer].stop(StopMode::fast), "stop at the end");
  s.done("end");
}

}  // namespace

Task<Report> run_steps(World& world) {
  Story story(world);
  using Step = Task<void> (*)(Story&);
  static constexpr Step steps[] = {
      first_primary,   standbys, full_disk_of_sync, severed_sync, restart_in_generation, takeover, deposed_returns,
      second_takeover, twins,    full_disk,         strangers};
  for (const Step step : steps) {
    co_await step(story);
    if (story.stop) {
      story.report.failures.push_back("stopped there, after: " +
                                      (story.report.steps.empty() ? "nothing" : story.report.steps.back()));
      break;
    }
  }
  co_return std::move(story.report);
}

}  // namespace heir::conformance
