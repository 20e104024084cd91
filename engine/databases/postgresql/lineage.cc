#include "engine/databases/postgresql/lineage.h"

#include <algorithm>

#include "engine/base/mutant.h"
#include "engine/databases/postgresql/catalogue.h"
#include "engine/databases/postgresql/disk.h"

namespace heir::postgresql {

namespace {

Task<Result<>> may_have_position(Context& context) {
  if (context.rebuilding) co_return Error{ErrorCode::refused, "the copy is being rebuilt: it has no position"};
  const Result<bool> whole = co_await is_whole(context);
  if (!whole) co_return whole.error();
  if (!*whole)
    co_return Error{ErrorCode::refused,
                    "the copy is damaged, or a rewind of it did not end: it has no position; it will be cloned"};
  co_return Result<>();
}

/// Numbered pairs: (timeline, offset or generation).
Result<std::vector<std::pair<std::uint64_t, std::uint64_t>>> read_pairs(const Rows& rows, std::string_view statement) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> pairs;
  for (const Row& row : rows) {
    if (row.size() < 2)
      return {ErrorCode::failed, "the server answered \"" + std::string(statement) + "\" with too few columns"};
    const auto first = number_at(row, 0, statement);
    const auto second = number_at(row, 1, statement);
    if (!first) return first.error();
    if (!second) return second.error();
    pairs.emplace_back(*first, *second);
  }
  return pairs;
}

}  // namespace

Task<Result<std::uint64_t>> timeline_of(Sessions& server) {
  Statement ask_timeline = catalogue::timeline();
  const Result<Rows> answer = co_await server.ask(std::move(ask_timeline));
  if (!answer) co_return answer.error();
  const auto single = single_row(*answer, 1, catalogue::name::timeline);
  if (!single) co_return single.error();
  co_return number_at(**single, 0, catalogue::name::timeline);
}

Task<Result<Position>> lineage_of(Sessions& server) {
  const Result<std::uint64_t> newest = co_await timeline_of(server);
  if (!newest) co_return newest.error();
  Position position;
  std::uint64_t begin = 0;
  if (*newest > 1) {
    Statement ask_history = catalogue::timeline_history(*newest);
    const Result<Rows> history = co_await server.ask(std::move(ask_history));
    if (!history)
      co_return explain(history.error(), "reading the history of timeline " + std::to_string(*newest),
                        "without it the copy counts as diverged");
    const auto ancestors = read_pairs(*history, catalogue::name::timeline_history);
    if (!ancestors) co_return ancestors.error();
    if (ancestors->empty())
      co_return Error{ErrorCode::failed, "the history of timeline " + std::to_string(*newest) + " is empty"};
    for (const auto& [timeline, left_at] : *ancestors) {
      Branch branch;
      branch.timeline = timeline;
      branch.begin = begin;
      position.lineage.push_back(branch);
      begin = left_at;
    }
  }
  Branch last;
  last.timeline = *newest;
  last.begin = begin;
  position.lineage.push_back(last);
  if (*newest == 1) co_return position;

  Statement ask_kept = catalogue::promotions_kept();
  const Result<Rows> kept = co_await server.ask(std::move(ask_kept));
  if (!kept) co_return kept.error();
  const auto kept_row = single_row(*kept, 1, catalogue::name::promotions_kept);
  if (!kept_row) co_return kept_row.error();
  const auto exists = flag_at(**kept_row, 0, catalogue::name::promotions_kept);
  if (!exists) co_return exists.error();
  if (!*exists) co_return position;
  Statement ask_promotions = catalogue::promotions();
  const Result<Rows> rows = co_await server.ask(std::move(ask_promotions));
  if (!rows) co_return rows.error();
  const auto promotions = read_pairs(*rows, catalogue::name::promotions);
  if (!promotions) co_return promotions.error();
  for (const auto& [timeline, generation] : *promotions)
    for (Branch& branch : position.lineage)
      if (branch.timeline == timeline) branch.promotion = generation;
  co_return position;
}

Position trimmed(Position position) {
  while (position.lineage.size() > 1 && position.lineage.back().begin >= position.offset) position.lineage.pop_back();
  return position;
}

Task<Result<Position>> position(Context& context) {
  if (const Result<> may = co_await may_have_position(context); !may) co_return may.error();
  const Result<Observation> seen = co_await look(context, std::nullopt);
  if (!seen) co_return seen.error();
  if (!seen->in_recovery) {
    Result<Position> position = co_await lineage_of(context.sessions);
    if (!position) co_return position;
    position->offset = seen->flushed;
    co_return trimmed(std::move(*position));
  }
  const Result<RecoveryState> before = co_await recovery_state(context.sessions);
  if (!before) co_return before.error();
  if (!before->conninfo.empty())
    co_return Error{ErrorCode::refused,
                    "this standby follows " + before->conninfo + ": its position is not final until it is severed"};
  // The history is read with the log replayed to its end, so that the rows of its promotions are there; and the end
  // must not have moved meanwhile.
  for (int attempt = 0; attempt < 3; ++attempt) {
    const Result<std::uint64_t> end = co_await await_severed(context);
    if (!end) co_return end.error();
    Result<Position> position = co_await lineage_of(context.sessions);
    if (!position) co_return position;
    const Result<RecoveryState> after = co_await recovery_state(context.sessions);
    if (!after) co_return after.error();
    if (!after->in_recovery || !after->conninfo.empty() || after->receiver)
      co_return Error{ErrorCode::refused, "the server's role changed while its position was read"};
    if (after->replayed != *end) continue;
    position->offset = *end;
    co_return trimmed(std::move(*position));
  }
  co_return Error{ErrorCode::timed_out, "the end of the log keeps moving although the upstream is gone"};
}

Task<Result<Position>> received_position(Context& context) {
  if (const Result<> may = co_await may_have_position(context); !may) co_return may.error();
  const Result<Observation> seen = co_await look(context, std::nullopt);
  if (!seen) co_return seen.error();
  Result<Position> position = co_await lineage_of(context.sessions);
  if (!position) co_return position;
  position->offset = seen->in_recovery ? std::max(seen->received.value_or(0), seen->replayed) : seen->flushed;
  co_return trimmed(std::move(*position));
}

Task<Result<Position>> replayed_position(Context& context) {
  if (const Result<> may = co_await may_have_position(context); !may) co_return may.error();
  const Result<Observation> seen = co_await look(context, std::nullopt);
  if (!seen) co_return seen.error();
  Result<Position> position = co_await lineage_of(context.sessions);
  if (!position) co_return position;
  position->offset = seen->in_recovery ? seen->replayed : seen->flushed;
  co_return trimmed(std::move(*position));
}

Task<Result<LogEnd>> log_end(Context& context) {
  const Result<Observation> seen = co_await look(context, std::nullopt);
  if (!seen) co_return seen.error();
  // After the offset: a standby that meanwhile went over to another timeline has that offset on it, too.
  const Result<Position> lineage = co_await lineage_of(context.sessions);
  if (!lineage) co_return lineage.error();
  if (lineage->lineage.empty()) co_return Error{ErrorCode::failed, "the server tells no timeline"};
  const std::uint64_t offset = seen->in_recovery ? seen->replayed : seen->flushed;
  co_return LogEnd{seen->in_recovery, lineage->lineage.back(), offset, seen->started_us, seen->processes_us};
}

Task<Result<Source>> source_of(Sessions& server) {
  const Result<Observation> seen = co_await observe_remote(server);
  if (!seen) co_return explain(seen.error(), "asking " + server.server().value());
  Result<Position> position = co_await lineage_of(server);
  if (!position) co_return explain(position.error(), "asking " + server.server().value());
  position->offset = seen->in_recovery ? seen->replayed : seen->flushed;
  Source source;
  source.position = trimmed(std::move(*position));
  source.system_identifier = seen->system_identifier;
  source.primary = !seen->in_recovery;
  co_return source;
}

Relation relate(const Position& ours, const Position& other) {
  const std::size_t both = std::min(ours.lineage.size(), other.lineage.size());
  for (std::size_t i = 0; i < both; ++i) {
    const Branch& a = ours.lineage[i];
    const Branch& b = other.lineage[i];
    if (a == b) continue;
    // Our log has ended, so a row that we lack will not come: that is judged by contains(), as any other branch. Nor
    // will one come to a log that shows to which generation a later timeline belongs: it left this one before the row.
    const bool settled = std::any_of(other.lineage.begin() + static_cast<std::ptrdiff_t>(i) + 1, other.lineage.end(),
                                     [](const Branch& later) { return later.promotion != 0; });
    if (a.timeline == b.timeline && a.begin == b.begin && a.promotion != 0 && b.promotion == 0 && !settled &&
        !HEIR_MUTANT("unbound-timeline-compared"))
      return Relation::unknown;
    break;
  }
  if (contains(other, ours)) return Relation::contained;
  if (contains(ours, other)) return Relation::behind;
  return Relation::diverged;
}

bool shows_loss(const Position& log, const Position& other, Generation opened) {
  if (!contains(other, log)) return false;
  const auto later = other.lineage.begin() + static_cast<std::ptrdiff_t>(log.lineage.size());
  return goes_on_with_last_branch(other, log) || std::any_of(later, other.lineage.end(), [&](const Branch& branch) {
           return branch.promotion != 0 && branch.promotion <= opened.number();
         });
}

bool rewind_sees_fork(const Position& ours, const Position& source) {
  Position plain_ours = ours;
  Position plain_source = source;
  for (Branch& branch : plain_ours.lineage) branch.promotion = 0;
  for (Branch& branch : plain_source.lineage) branch.promotion = 0;
  // On one and the same timeline pg_rewind finds nothing to do, wherever the logs end.
  if (!ours.lineage.empty() && !source.lineage.empty() &&
      ours.lineage.back().timeline == source.lineage.back().timeline)
    return false;
  return common_offset(plain_ours, plain_source) == common_offset(ours, source);
}

}  // namespace heir::postgresql
