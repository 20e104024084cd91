#include "tools/on_hosts/session.h"

#include <libpq-fe.h>

#include <array>

namespace heir::on_hosts {

namespace {

constexpr Duration attempt_limit = Duration::seconds(1);

std::string words_of(const char* message) {
  std::string text = message ? message : "";
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  for (char& c : text)
    if (c == '\n') c = ' ';
  return text;
}

std::string field_of(const PGresult* result, int field) {
  const char* const text = PQresultErrorField(result, field);
  return text ? text : "";
}

void take_notice(void* warned, const PGresult* notice) {
  if (field_of(notice, PG_DIAG_MESSAGE_PRIMARY).find("synchronous replication") != std::string::npos)
    *static_cast<bool*>(warned) = true;
}

void take_rows(const PGresult* result, Answer& answer) {
  for (int i = 0; i < PQntuples(result); ++i) {
    auto& row = answer.rows.emplace_back();
    for (int j = 0; j < PQnfields(result); ++j)
      row.push_back(PQgetisnull(result, i, j) != 0 ? std::nullopt
                                                   : std::optional<std::string>(PQgetvalue(result, i, j)));
  }
}

}  // namespace

Session::Session(const Access& access) {
  const std::string port = std::to_string(access.port);
  const std::string silence = std::to_string(access.silence.ns() / 1'000'000);
  std::vector<const char*> names{"host",
                                 "hostaddr",
                                 "port",
                                 "dbname",
                                 "user",
                                 "sslmode",
                                 "gssencmode",
                                 "keepalives_idle",
                                 "keepalives_interval",
                                 "keepalives_count",
                                 "tcp_user_timeout"};
  std::vector<const char*> values{access.address.c_str(),
                                  access.address.c_str(),
                                  port.c_str(),
                                  "postgres",
                                  access.user.c_str(),
                                  "disable",
                                  "disable",
                                  "1",
                                  "1",
                                  "5",
                                  silence.c_str()};
  if (!access.password.empty()) {
    names.push_back("password");
    values.push_back(access.password.c_str());
  }
  if (access.read_write) {
    names.push_back("target_session_attrs");
    values.push_back("read-write");
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  connection_ = PQconnectStartParams(names.data(), values.data(), 0);
  if (!connection_ || PQstatus(connection_) == CONNECTION_BAD) {
    link_ = Link::lost;
    return;
  }
  PQsetNoticeReceiver(connection_, take_notice, &warned_);
}

Session::~Session() {
  PQfinish(connection_);
}

std::string Session::error() const {
  return words_of(PQerrorMessage(connection_));
}

pollfd Session::waits_for() const {
  return {PQsocket(connection_), static_cast<short>(waits_to_write_ ? POLLOUT : POLLIN), 0};
}

void Session::go_on() {
  switch (PQconnectPoll(connection_)) {
    case PGRES_POLLING_OK:
      link_ = Link::ready;
      if (PQsetnonblocking(connection_, 1) != 0) link_ = Link::lost;
      return;
    case PGRES_POLLING_FAILED: link_ = Link::lost; return;
    case PGRES_POLLING_READING: waits_to_write_ = false; return;
    case PGRES_POLLING_WRITING:
    case PGRES_POLLING_ACTIVE: waits_to_write_ = true; return;
  }
}

Result<> Session::connect(Instant until, const Stop& stop) {
  while (link_ == Link::connecting) {
    if (!wait_for({waits_for()}, until, stop)) return Error{ErrorCode::timed_out, "no answer in time"};
    go_on();
  }
  return link_ == Link::ready ? Result<>() : Result<>(ErrorCode::unreachable, error());
}

Answer Session::execute(const std::string& text, const std::vector<std::string>& parameters, Instant until,
                        const Stop& stop) {
  Answer answer;
  warned_ = false;
  std::vector<const char*> values;
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  const auto lose = [&](Answer::Kind kind) {
    link_ = Link::lost;
    answer.kind = kind;
    answer.words = error();
    return answer;
  };
  if (PQsendQueryParams(connection_, text.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                        nullptr, 0) != 1)
    return lose(Answer::Kind::lost);
  answer.kind = Answer::Kind::done;
  while (true) {
    const int unsent = PQflush(connection_);
    if (unsent < 0) return lose(Answer::Kind::lost);
    while (PQisBusy(connection_) == 0) {
      PGresult* const result = PQgetResult(connection_);
      if (!result) {
        answer.warned = warned_;
        if (PQstatus(connection_) != CONNECTION_OK) link_ = Link::lost;
        return answer;
      }
      const ExecStatusType status = PQresultStatus(result);
      if (status == PGRES_TUPLES_OK) {
        take_rows(result, answer);
      } else if (status != PGRES_COMMAND_OK) {
        answer.state = field_of(result, PG_DIAG_SQLSTATE);
        answer.words = words_of(PQresultErrorMessage(result));
        // Without a state they are libpq's words: nobody refused, the connection is gone.
        answer.kind = answer.state.empty() ? Answer::Kind::lost : Answer::Kind::refused;
        if (answer.state.empty()) link_ = Link::lost;
      }
      PQclear(result);
      if (link_ == Link::lost) return answer;
    }
    const auto events = static_cast<short>(unsent > 0 ? POLLIN | POLLOUT : POLLIN);
    if (!wait_for({{PQsocket(connection_), events, 0}}, until, stop)) return lose(Answer::Kind::timed_out);
    if (PQconsumeInput(connection_) != 1) return lose(Answer::Kind::lost);
  }
}

std::function<void()> Session::canceller() const {
  PGcancel* const made = PQgetCancel(connection_);
  if (!made) return {};
  return [cancel = std::shared_ptr<PGcancel>(made, PQfreeCancel)] {
    std::array<char, 256> error{};
    [[maybe_unused]] const int sent = PQcancel(cancel.get(), error.data(), error.size());
  };
}

namespace {

/// Of a session with a database that takes writes; nothing if it does not say.
std::optional<std::uint64_t> timeline_of(Session& session, Instant until, const Stop& stop) {
  const Answer answer = session.execute(
      "SELECT ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int", {}, until, stop);
  if (answer.kind != Answer::Kind::done || answer.rows.size() != 1 || !answer.rows[0][0]) return std::nullopt;
  return std::stoull(*answer.rows[0][0]);
}

}  // namespace

std::optional<FoundHost> find_leader(const std::vector<Access>& gates, Duration pause, Instant until,
                                     const Stop& stop) {
  struct Attempt {
    std::unique_ptr<Session> session;
    Instant next;  ///< When it is given up, or tried again.
  };
  std::vector<Attempt> attempts(gates.size());
  const auto begin = [&](std::size_t i) {
    attempts[i] = {std::make_unique<Session>(gates[i]), after(now_of_machine(), attempt_limit)};
  };
  const auto give_up = [&](std::size_t i) { attempts[i] = {nullptr, after(now_of_machine(), pause)}; };
  for (std::size_t i = 0; i < gates.size(); ++i) begin(i);
  while (now_of_machine() < until && !stop.is_set()) {
    std::vector<pollfd> waits;
    Instant next = until;
    for (std::size_t i = 0; i < gates.size(); ++i) {
      if (attempts[i].session && attempts[i].session->link() == Session::Link::lost) give_up(i);
      if (attempts[i].session) waits.push_back(attempts[i].session->waits_for());
      next = std::min(next, attempts[i].next);
    }
    wait_for(waits, next, stop);
    for (std::size_t i = 0; i < gates.size(); ++i) {
      Attempt& attempt = attempts[i];
      if (!attempt.session) {
        if (now_of_machine() >= attempt.next) begin(i);
        continue;
      }
      pollfd ready = attempt.session->waits_for();
      if (::poll(&ready, 1, 0) == 1) attempt.session->go_on();
      if (attempt.session->link() == Session::Link::ready) {
        if (!gates[i].read_write) return FoundHost{i, std::move(attempt.session)};
        const std::optional<std::uint64_t> timeline = timeline_of(*attempt.session, attempt.next, stop);
        if (timeline) return FoundHost{i, std::move(attempt.session), timeline};
        give_up(i);
        continue;
      }
      if (attempt.session->link() == Session::Link::lost || now_of_machine() >= attempt.next) give_up(i);
    }
  }
  return std::nullopt;
}

}  // namespace heir::on_hosts
