// Backends: the agent's statements, answered by their names with the columns that the catalogue of the adapter
// promises.
#include <algorithm>
#include <charconv>

#include "sim/databases/postgresql/backend.h"
#include "sim/databases/postgresql/server.h"

namespace heir::sim {

namespace {

using Cell = std::optional<std::string>;

Cell flag(bool value) {
  return Cell(std::in_place, 1, value ? 't' : 'f');
}
Cell number(std::uint64_t value) {
  return std::to_string(value);
}
Cell place(std::optional<Lsn> lsn) {
  return lsn ? Cell(std::to_string(lsn->offset())) : std::nullopt;
}
Cell place_or_null(Lsn lsn) {
  return lsn.valid() ? Cell(std::to_string(lsn.offset())) : std::nullopt;
}

Result<Rows> failure(std::string message) {
  return Error{ErrorCode::failed, "ERROR:  " + std::move(message)};
}

std::string_view parameter(const Statement& statement, std::size_t index) {
  return index < statement.parameters.size() ? std::string_view(statement.parameters[index]) : std::string_view();
}

/// One row of cells, without copying them.
template <class... Cells>
Rows one_row(Cells&&... cells) {
  Row row;
  row.reserve(sizeof...(cells));
  (row.push_back(std::forward<Cells>(cells)), ...);
  Rows rows;
  rows.push_back(std::move(row));
  return rows;
}

std::optional<std::uint64_t> number_parameter(const Statement& statement, std::size_t index) {
  const std::string_view text = parameter(statement, index);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

void Backends::answer(std::uint32_t index, Result<Rows> result) {
  Session& session = *sessions_[index];
  session.wait = Wait::none;
  if (session.connected)
    server_.process().network().write(session.stream, {},
                                      Attachment::make<SqlResponse>(200, SqlResponse{std::move(result)}));
  after_statement(index);
}

void Backends::agent_write(std::uint32_t index, WalKind kind, std::uint32_t key, std::int64_t value, Rows rows) {
  sessions_[index]->rows = std::move(rows);
  commit(index, server_.insert(kind, key, value));
}

void Backends::agent_statement(std::uint32_t index, const Statement& statement) {
  Session& session = *sessions_[index];
  const std::string_view name = statement.name;
  const auto read_only = [&](const char* what) {
    answer(index, failure("cannot execute " + std::string(what) + " in a read-only transaction"));
  };
  if (session.wait != Wait::none) return answer(index, failure("another command is already in progress"));
  ++session.statement;
  if (name == "observe") return answer(index, observe(statement));
  if (name == "recovery_state") return answer(index, recovery_state());
  if (name == "timeline") return answer(index, Rows{{number(server_.data().timeline())}});
  if (name == "timeline_history") return answer(index, timeline_history(statement));
  if (name == "prepare_session") {
    session.level = SynchronousCommit::local;
    session.level_is_set = true;
    return answer(index, Rows{{Cell("0"), Cell("0"), Cell("0"), Cell("0"), Cell("local"), Cell("error")}});
  }
  if (name == "promotions_kept") return answer(index, Rows{{flag(server_.tables().marker_table())}});
  if (name == "promotions") {
    if (!server_.tables().marker_table()) return answer(index, failure("relation \"heir.promotion\" does not exist"));
    std::vector<MarkerRow> markers = server_.tables().markers();
    std::sort(markers.begin(), markers.end(),
              [](const MarkerRow& a, const MarkerRow& b) { return a.timeline < b.timeline; });
    Rows rows;
    for (const MarkerRow& marker : markers)
      rows.push_back({number(marker.timeline), Cell(std::to_string(marker.generation))});
    return answer(index, std::move(rows));
  }
  if (name == "create_promotions_schema" || name == "create_promotions") {
    const bool table = name == "create_promotions";
    if (server_.tables().marker_table()) return answer(index, Rows{});
    if (server_.in_recovery()) return read_only(table ? "CREATE TABLE" : "CREATE SCHEMA");
    return agent_write(index, table ? WalKind::marker_table : WalKind::other, 0, 0, Rows{});
  }
  if (name == "record_promotion") {
    const auto timeline = number_parameter(statement, 0);
    const auto generation = number_parameter(statement, 1);
    if (!timeline || !generation) return answer(index, failure("invalid input syntax for type bigint"));
    if (!server_.tables().marker_table()) return answer(index, failure("relation \"heir.promotion\" does not exist"));
    if (server_.in_recovery()) return read_only("INSERT");
    for (const MarkerRow& marker : server_.tables().markers())
      if (marker.timeline == *timeline) return answer(index, Rows{{Cell(std::to_string(marker.generation))}});
    return agent_write(index, WalKind::marker, static_cast<TimelineId>(*timeline),
                       static_cast<std::int64_t>(*generation), Rows{{number(*generation)}});
  }
  if (name == "promote") {
    if (!server_.in_recovery()) return answer(index, failure("recovery is not in progress"));
    return answer(index, Rows{{flag(server_.promote())}});
  }
  if (name == "checkpoint") {
    session.wait = Wait::checkpoint;
    return server_.checkpoint();
  }
  if (name == "reload") {
    server_.reload();
    return answer(index, Rows{{flag(true)}});
  }
  if (name == "settings") return answer(index, settings_rows());
  if (name == "slots") return answer(index, slot_rows());
  if (name == "create_slot") return answer(index, create_slot(std::string(parameter(statement, 0))));
  if (name == "drop_slot") return answer(index, drop_slot(std::string(parameter(statement, 0))));
  if (name == "replicas") return answer(index, replica_rows());
  if (name == "terminate_clients") return answer(index, Rows{{number(terminate(parameter(statement, 0), index))}});
  if (name == "waits_for_sync")
    return answer(index,
                  Rows{{flag(waits_for_sync(static_cast<std::uint32_t>(number_parameter(statement, 0).value_or(0))))}});
  if (name == "stream") return answer(index, stream());
  if (name == "copied") return answer(index, Rows{{number(server_.senders().copied())}});
  if (name == "busy_clients") return answer(index, Rows{{number(busy(parameter(statement, 0), index))}});
  answer(index, failure("no statement \"" + std::string(name) + "\" is known to the simulated server"));
}

Rows Backends::observe(const Statement& statement) {
  const bool recovering = server_.in_recovery();
  const DataDirectory& d = server_.data();
  const std::string_view sync = parameter(statement, 0);
  const std::string_view log = parameter(statement, 1);
  const std::uint64_t from = number_parameter(statement, 2).value_or(0);

  // The standby of that name that streams, else that has flushed most.
  std::optional<WalSenders::Row> standby;
  if (!sync.empty()) {
    for (WalSenders::Row& row : server_.senders().rows()) {
      if (row.application_name != sync) continue;
      const auto rank = [](const WalSenders::Row& r) {
        return std::pair(r.state == SenderState::streaming, r.flushed);
      };
      if (!standby || rank(row) > rank(*standby)) standby = std::move(row);
    }
  }
  std::uint64_t cancelled = 0;
  for (const LoggedCancel& line : d.cancelled_waits)
    if (!log.empty() && "postgresql-" + std::to_string(line.log_number) + ".log" == log && line.offset >= from)
      ++cancelled;

  const char* receiver = server_.receiver().status();
  return one_row(flag(recovering), Cell(std::to_string(server_.postmaster_started_us())),
                 number(d.control.system_identifier), recovering ? Cell() : number(server_.flushed().offset()),
                 recovering ? place(server_.receiver().received()) : Cell(),
                 recovering ? number(server_.replayed().offset()) : Cell(), receiver ? Cell(receiver) : Cell(),
                 standby ? number(standby->flushed.offset()) : Cell(),
                 standby ? Cell(to_string(standby->state)) : Cell(),
                 standby ? Cell(to_string(standby->sync_state)) : Cell(), number(server_.sync_waits().waiting()),
                 Cell(d.log_name()), number(d.log_size), number(cancelled),
                 Cell(std::to_string(server_.processes_started_us())), number(server_.checksum_failures()));
}

Rows Backends::stream() {
  const WalReceiver& receiver = server_.receiver();
  if (!server_.in_recovery()) return {{number(server_.data().timeline()), Cell()}};
  if (!receiver.status()) return {{Cell(), Cell()}};
  return {{number(receiver.timeline()), place(receiver.upstream_end())}};
}

Rows Backends::recovery_state() {
  const WalReceiver& receiver = server_.receiver();
  Cell waits_for;
  if (server_.phase() == ServerPhase::standby && server_.replayed_all())
    waits_for = receiver.status() ? "RecoveryWalStream" : "RecoveryRetrieveRetryInterval";
  return {{flag(server_.in_recovery()), receiver.pid() != 0 ? number(receiver.pid()) : Cell(),
           place(receiver.received()), number(server_.replayed().offset()), waits_for, flag(false),
           Cell(server_.settings().primary_conninfo)}};
}

Result<Rows> Backends::timeline_history(const Statement& statement) {
  const auto timeline = number_parameter(statement, 0);
  const auto history =
      timeline && *timeline > 1 ? server_.data().history_of(static_cast<TimelineId>(*timeline)) : std::nullopt;
  if (!history) {
    return failure("could not open file \"pg_wal/" + history_file_name(static_cast<TimelineId>(timeline.value_or(0))) +
                   "\" for reading: No such file or directory");
  }
  Rows rows;
  for (const TimelineSwitch& left : history->ancestors)
    rows.push_back({number(left.timeline), number(left.left_at.offset())});
  return rows;
}

Rows Backends::settings_rows() {
  Rows rows;
  for (const std::string_view name :
       {"primary_conninfo", "primary_slot_name", "synchronous_commit", "synchronous_standby_names"})
    rows.push_back({std::string(name), show_setting(server_.settings(), name).value_or("")});
  return rows;
}

Rows Backends::slot_rows() {
  Rows rows;
  for (const ReplicationSlot& slot : server_.data().slots)
    if (slot.name.starts_with("heir_"))
      rows.push_back({Cell(slot.name), flag(slot.active), slot.lost ? Cell() : place_or_null(slot.restart)});
  return rows;
}

Result<Rows> Backends::create_slot(const std::string& name) {
  DataDirectory& d = server_.data();
  const bool valid = !name.empty() && name.size() < 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (!valid) return failure("replication slot name \"" + name + "\" contains invalid character");
  if (d.find_slot(name)) return failure("replication slot \"" + name + "\" already exists");
  if (d.slots.size() >= server_.settings().max_replication_slots) return failure("all replication slots are in use");
  ReplicationSlot slot;
  slot.name = name;
  slot.restart = std::max(d.control.redo, d.oldest_kept);
  const auto at =
      std::find_if(d.slots.begin(), d.slots.end(), [&](const ReplicationSlot& other) { return other.name > name; });
  d.slots.insert(at, std::move(slot));
  return Rows{{Cell(name)}};
}

Result<Rows> Backends::drop_slot(const std::string& name) {
  DataDirectory& d = server_.data();
  const ReplicationSlot* slot = d.find_slot(name);
  if (!slot) return failure("replication slot \"" + name + "\" does not exist");
  if (slot->active) return failure("replication slot \"" + name + "\" is active");
  d.slots.erase(d.slots.begin() + (slot - d.slots.data()));
  return Rows{{Cell("")}};
}

Rows Backends::replica_rows() {
  std::vector<WalSenders::Row> standbys = server_.senders().rows();
  std::stable_sort(standbys.begin(), standbys.end(), [](const WalSenders::Row& a, const WalSenders::Row& b) {
    return std::pair(a.application_name, a.pid) < std::pair(b.application_name, b.pid);
  });
  Rows rows;
  for (const WalSenders::Row& s : standbys)
    rows.push_back({Cell(s.application_name), Cell(to_string(s.state)), Cell(to_string(s.sync_state)),
                    place_or_null(s.sent), place_or_null(s.written), place_or_null(s.flushed),
                    place_or_null(s.replayed)});
  return rows;
}

}  // namespace heir::sim
