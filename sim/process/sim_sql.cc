#include "sim/process/sim_sql.h"

#include <utility>

namespace heir::sim {

void SimSession::open(SimHost& host, const SqlEndpoint& endpoint, OpenOperation& op) {
  const auto address = host.resolve(endpoint.server);
  if (!address) return op.complete(Error{ErrorCode::unreachable, address.error().message});
  auto* session = new SimSession(host, endpoint);  // belongs to the operation until it completes
  session->opening_ = &op;
  op.owned_by(session);
  Process& process = host.process_;
  session->id_ = process.network().connect(process.machine().node(), *address, *session, &process);
}

SimSession::~SimSession() {
  if (executing_) executing_->owned_by(nullptr);
  host_.process_.network().close(id_);
}

void SimSession::start_execute(Statement statement, Operation<Result<Rows>>& op) {
  ASSERT(!executing_, "one statement at a time");
  if (!end_.empty()) return op.complete(Error{ErrorCode::unreachable, end_});
  std::size_t size = statement.text.size() + 16;
  for (const std::string& parameter : statement.parameters) size += parameter.size() + 4;
  auto request = std::make_shared<const SqlRequest>(SqlRequest{std::move(statement)});
  executing_ = &op;
  op.owned_by(this);
  host_.process_.network().write(id_, {}, Attachment::of(std::move(request), static_cast<std::uint32_t>(size)));
}

void SimSession::on_connected(StreamId stream) {
  auto startup =
      std::make_shared<const SqlStartup>(SqlStartup{endpoint_.database, endpoint_.user, endpoint_.application_name});
  host_.process_.network().write(stream, {}, Attachment::of(std::move(startup), 64));
}

void SimSession::on_data(StreamId, Chunk chunk) {
  if (const auto* refused = chunk.attachment.get<SqlRefused>()) {
    if (opening_) return fail_open(refused->error);
  } else if (chunk.attachment.get<SqlReady>()) {
    if (opening_) return std::exchange(opening_, nullptr)->complete(std::unique_ptr<SqlSession>(this));
  } else if (const auto* response = chunk.attachment.get<SqlResponse>()) {
    if (unwanted_answers_ > 0) {
      --unwanted_answers_;
    } else if (executing_) {
      std::exchange(executing_, nullptr)->complete(std::move(response->result));
    }
    return;
  }
  // Anything else is of another protocol (a server may greet, or report, in bytes): not for us.
}

void SimSession::on_closed(StreamId) {
  over("the server has closed the connection");
}

void SimSession::on_reset(StreamId, StreamEnd end) {
  over(std::string("the connection is ") + to_string(end));
}

void SimSession::over(std::string how) {
  if (opening_) return fail_open({ErrorCode::unreachable, std::move(how)});
  end_ = std::move(how);
  if (executing_) std::exchange(executing_, nullptr)->complete(Error{ErrorCode::unreachable, end_});
}

void SimSession::fail_open(Error error) {
  std::exchange(opening_, nullptr)->complete(std::move(error));
  delete this;
}

void SimSession::abandoned(OperationBase& operation) {
  if (&operation == opening_) {
    delete this;
    return;
  }
  executing_ = nullptr;
  ++unwanted_answers_;
}

}  // namespace heir::sim
