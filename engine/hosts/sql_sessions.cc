#include "engine/hosts/sql_sessions.h"

#include <libpq-fe.h>

#include <array>
#include <utility>

#include "engine/hosts/addresses.h"
#include "engine/hosts/pending.h"

namespace heir::hosts {

namespace {

/// The server's words on one line, without the line break at their end.
std::string words_of(const char* message) {
  std::string text = message ? message : "";
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

class PgSession final : public SqlSession {
 public:
  PgSession(Loop& loop, PGconn* connection)
      : loop_(loop), connection_(connection), watch_(std::make_unique<Watch>(loop, PQsocket(connection))) {}
  ~PgSession() override {
    watch_.reset();
    PQfinish(connection_);
  }

 protected:
  Executor& executor() override { return loop_.executor(); }

  void start_execute(Statement statement, Operation<Result<Rows>>& op) override {
    if (is_busy_) return op.complete(Error{ErrorCode::unreachable, "the session is busy with a statement given up"});
    std::vector<const char*> values;
    for (const std::string& parameter : statement.parameters) values.push_back(parameter.c_str());
    const std::string text(statement.text);
    if (PQsendQueryParams(connection_, text.c_str(), static_cast<int>(values.size()), nullptr, values.data(), nullptr,
                          nullptr, 0) != 1) {
      drop_closed();
      return op.complete(broken());
    }
    name_ = statement.name;
    is_busy_ = true;
    outcome_ = Rows();
    pending_ = Pending<Result<Rows>>::of(op);
    flush();
    if (is_busy_) go_on();
  }

 private:
  Error broken() const { return {ErrorCode::unreachable, words_of(PQerrorMessage(connection_))}; }

  /// libpq closes its socket when it finds the connection broken. The watch goes before the descriptor is somebody
  /// else's.
  bool drop_closed() {
    if (PQsocket(connection_) >= 0) return false;
    watch_.reset();
    return true;
  }

  void flush() {
    const int left = PQflush(connection_);
    if (drop_closed()) return finish(broken());
    if (left == 1) watch_->when_writable([this] { flush(); });
  }

  void await_input() {
    if (is_watched_) return;
    is_watched_ = true;
    watch_->when_readable([this] {
      is_watched_ = false;
      if (PQconsumeInput(connection_) != 1) return finish(broken());
      if (is_busy_) go_on();
    });
  }

  /// Takes what has come; the answer is complete with the null that follows it.
  void go_on() {
    while (PQisBusy(connection_) == 0) {
      PGresult* const result = PQgetResult(connection_);
      if (!result) return finish(std::move(outcome_));
      take(result);
      PQclear(result);
      if (PQstatus(connection_) != CONNECTION_OK) return finish(broken());
    }
    await_input();
  }

  void take(const PGresult* result) {
    const ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
      outcome_ = Error{ErrorCode::failed, std::string(name_) + ": " + words_of(PQresultErrorMessage(result))};
      return;
    }
    if (!outcome_) return;
    for (int i = 0; i < PQntuples(result); ++i) {
      Row row;
      row.reserve(static_cast<std::size_t>(PQnfields(result)));
      for (int j = 0; j < PQnfields(result); ++j) {
        if (PQgetisnull(result, i, j) != 0)
          row.emplace_back(std::nullopt);
        else
          row.emplace_back(std::string(PQgetvalue(result, i, j), static_cast<std::size_t>(PQgetlength(result, i, j))));
      }
      outcome_->push_back(std::move(row));
    }
  }

  void finish(Result<Rows> outcome) {
    drop_closed();
    is_busy_ = false;
    if (const auto pending = std::exchange(pending_, nullptr)) pending->complete(std::move(outcome));
  }

  Loop& loop_;
  PGconn* connection_;
  std::unique_ptr<Watch> watch_;
  bool is_watched_ = false;
  bool is_busy_ = false;
  std::string_view name_;  ///< Of the statement: of a catalogue, so it stays.
  Result<Rows> outcome_;
  std::shared_ptr<Pending<Result<Rows>>> pending_;
};

/// A session that is coming about.
class Opening final : public std::enable_shared_from_this<Opening> {
 public:
  using Outcome = Result<std::unique_ptr<SqlSession>>;

  explicit Opening(Loop& loop) : loop_(loop) {}
  ~Opening() { end(); }

  void begin(const SqlEndpoint& endpoint, const std::string& password_file, Operation<Outcome>& operation) {
    const Result<HostAndPort> server = split(endpoint.server);
    if (!server) return operation.complete(server.error());
    // hostaddr: no name is looked up, which would wait. host: what a password file is asked for.
    const std::array<const char*, 9> keys{"host",     "hostaddr",   "port", "dbname", "user", "application_name",
                                          "passfile", "gssencmode", nullptr};
    const std::array<const char*, 9> values{server->host.c_str(),
                                            server->host.c_str(),
                                            server->port.c_str(),
                                            endpoint.database.c_str(),
                                            endpoint.user.c_str(),
                                            endpoint.application_name.c_str(),
                                            password_file.c_str(),
                                            "disable",
                                            nullptr};
    connection_ = PQconnectStartParams(keys.data(), values.data(), 0);
    if (!connection_ || PQstatus(connection_) == CONNECTION_BAD) return operation.complete(failed());
    PQsetNoticeReceiver(
        connection_, [](void*, const PGresult*) {}, nullptr);
    // Whoever abandons it lets go of the only thing that keeps it.
    pending_ = Pending<Outcome>::of(operation, [self = shared_from_this()] { self->end(); });
    await(PGRES_POLLING_WRITING);
  }

 private:
  Error failed() const {
    return {ErrorCode::unreachable, connection_ ? words_of(PQerrorMessage(connection_)) : "out of memory"};
  }

  void await(PostgresPollingStatusType what) {
    // Its socket may be another one at every step.
    watch_ = std::make_unique<Watch>(loop_, PQsocket(connection_));
    const auto next = [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->step();
    };
    if (what == PGRES_POLLING_READING)
      watch_->when_readable(next);
    else
      watch_->when_writable(next);
  }

  void step() {
    watch_.reset();
    if (!connection_) return;
    const PostgresPollingStatusType status = PQconnectPoll(connection_);
    if (status == PGRES_POLLING_READING || status == PGRES_POLLING_WRITING) return await(status);
    const auto keep = shared_from_this();
    if (status != PGRES_POLLING_OK || PQsetnonblocking(connection_, 1) != 0) {
      Error error = failed();
      end();
      return pending_->complete(std::move(error));
    }
    PGconn* const connection = std::exchange(connection_, nullptr);
    pending_->complete(Outcome(std::make_unique<PgSession>(loop_, connection)));
  }

  void end() {
    watch_.reset();
    if (connection_) PQfinish(std::exchange(connection_, nullptr));
  }

  Loop& loop_;
  PGconn* connection_ = nullptr;
  std::unique_ptr<Watch> watch_;
  std::shared_ptr<Pending<Outcome>> pending_;
};

}  // namespace

void open_sql_session(Loop& loop, const SqlEndpoint& endpoint, const std::string& password_file,
                      Operation<Result<std::unique_ptr<SqlSession>>>& operation) {
  std::make_shared<Opening>(loop)->begin(endpoint, password_file, operation);
}

}  // namespace heir::hosts
