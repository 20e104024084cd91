#include "engine/databases/postgresql/sessions.h"

#include "engine/base/sync.h"
#include "engine/databases/postgresql/catalogue.h"

namespace heir::postgresql {

namespace {

using Opened = Result<std::unique_ptr<SqlSession>>;

}  // namespace

Error Sessions::unanswered(std::string_view name, Duration limit) const {
  return {ErrorCode::timed_out,
          "no answer to \"" + std::string(name) + "\" from " + server_.value() + " in " + to_string(limit)};
}

Task<Result<Rows>> Sessions::execute(SqlSession& session, Statement statement, Duration limit) {
  const std::string_view name = statement.name;
  const auto begin = [&] { return session.execute(std::move(statement)); };
  std::optional<Result<Rows>> answer = co_await limited(*host_, limit, begin);
  if (answer) co_return std::move(*answer);
  co_return unanswered(name, limit);
}

Task<Result<std::unique_ptr<SqlSession>>> Sessions::open() {
  SqlEndpoint endpoint;
  endpoint.server = server_;
  endpoint.database = "postgres";
  endpoint.user = user_;
  endpoint.application_name = std::string(our_application_name);
  const auto begin = [&] { return host_->open_session(std::move(endpoint)); };
  std::optional<Opened> opened = co_await limited(*host_, answer_limit_, begin);
  if (!opened)
    co_return Error{ErrorCode::timed_out, "no session with " + server_.value() + " in " + to_string(answer_limit_)};
  if (!*opened) co_return opened->error();
  std::unique_ptr<SqlSession> session = std::move(**opened);
  Statement prepare = catalogue::prepare_session();
  const Result<Rows> prepared = co_await execute(*session, std::move(prepare), answer_limit_);
  if (!prepared) co_return prepared.error();
  co_return std::move(session);
}

Task<Result<Rows>> Sessions::ask(Statement statement, Duration limit) {
  if (!idle_.empty()) {
    std::unique_ptr<SqlSession> session = std::move(idle_.back());
    idle_.pop_back();
    // As execute() does, without a frame more: every observation passes here.
    const auto begin = [&] { return session->execute(statement); };
    std::optional<Result<Rows>> answered = co_await limited(*host_, limit, begin);
    if (!answered) co_return unanswered(statement.name, limit);
    Result<Rows>& answer = *answered;
    if (answer || answer.error().code == ErrorCode::failed || answer.error().code == ErrorCode::refused) {
      idle_.push_back(std::move(session));
      co_return std::move(answer);
    }
    if (answer.error().code != ErrorCode::unreachable) co_return std::move(answer);
    idle_.clear();  // the others are as old
  }
  auto opened = co_await open();
  if (!opened) co_return opened.error();
  std::unique_ptr<SqlSession> session = std::move(*opened);
  Result<Rows> answer = co_await execute(*session, std::move(statement), limit);
  if (answer || answer.error().code == ErrorCode::failed || answer.error().code == ErrorCode::refused)
    idle_.push_back(std::move(session));
  co_return answer;
}

Task<Result<Rows>> Sessions::ask_anew(Statement statement) {
  auto opened = co_await open();
  if (!opened) co_return opened.error();
  std::unique_ptr<SqlSession> session = std::move(*opened);
  co_return co_await execute(*session, std::move(statement), answer_limit_);
}

}  // namespace heir::postgresql
