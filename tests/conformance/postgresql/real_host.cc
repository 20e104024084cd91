#include "tests/conformance/postgresql/real_host.h"

#include <fcntl.h>
#include <libpq-fe.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace heir::conformance {

namespace {

namespace fs = std::filesystem;

std::int64_t clock_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

Error error_of(int number, const std::string& what) {
  const ErrorCode code = number == ENOENT || number == ENOTDIR ? ErrorCode::not_found
                         : number == EEXIST                    ? ErrorCode::already_exists
                         : number == ENOSPC                    ? ErrorCode::out_of_space
                                                               : ErrorCode::io_error;
  return {code, what + ": " + std::strerror(number)};
}

Result<> sync_path(const std::string& path, int flags) {
  const int fd = open(path.c_str(), flags);
  if (fd < 0) return error_of(errno, path);
  const int failed = fsync(fd);
  const int number = errno;
  close(fd);
  if (failed != 0) return error_of(number, path);
  return {};
}

class Session final : public SqlSession {
 public:
  Session(Executor& executor, PGconn* connection) : executor_(&executor), connection_(connection) {}
  ~Session() override { PQfinish(connection_); }

 protected:
  Executor& executor() override { return *executor_; }
  void start_execute(Statement statement, Operation<Result<Rows>>& op) override {
    std::vector<const char*> values;
    for (const std::string& parameter : statement.parameters) values.push_back(parameter.c_str());
    const std::string text(statement.text);
    PGresult* result = PQexecParams(connection_, text.c_str(), static_cast<int>(values.size()), nullptr, values.data(),
                                    nullptr, nullptr, 0);
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) {
      Rows rows;
      for (int i = 0; i < PQntuples(result); ++i) {
        Row row;
        for (int j = 0; j < PQnfields(result); ++j)
          row.push_back(PQgetisnull(result, i, j) ? std::nullopt
                                                  : std::optional<std::string>(PQgetvalue(result, i, j)));
        rows.push_back(std::move(row));
      }
      op.complete(std::move(rows));
    } else if (PQstatus(connection_) != CONNECTION_OK) {
      op.complete(Error{ErrorCode::unreachable, PQerrorMessage(connection_)});
    } else {
      op.complete(Error{ErrorCode::failed, std::string(statement.name) + ": " + PQresultErrorMessage(result)});
    }
    PQclear(result);
  }

 private:
  Executor* executor_;
  PGconn* connection_;
};

}  // namespace

RealHost::RealHost(Duration program_limit) : program_limit_(program_limit) {}
RealHost::~RealHost() {
  for (const Programs::Running& program : programs_.running) {
    ::kill(program.process, SIGKILL);
    waitpid(program.process, nullptr, 0);
    close(program.output);
  }
}

void RealHost::Programs::abandoned(OperationBase& operation) {
  for (Running& program : running)
    if (program.operation == &operation) program.operation = nullptr;
}

void RealHost::Timers::abandoned(OperationBase& operation) {
  const auto found = due.find(operation.token());
  if (found == due.end()) return;
  pending.erase({found->second, found->first});
  due.erase(found);
}

bool RealHost::run_to_end(Task<void> task, Duration limit) {
  struct Runner {
    static Task<void> run(Task<void> inner, bool& ended) {
      co_await std::move(inner);
      ended = true;
    }
  };
  bool ended = false;
  Scope scope;
  const MonotonicTime give_up = monotonic_now() + limit;
  scope.spawn(Runner::run(std::move(task), ended));
  for (;;) {
    executor_.run();
    if (ended) return true;
    const MonotonicTime now = monotonic_now();
    if (now >= give_up) return false;
    ASSERT(!timers_.pending.empty() || !programs_.running.empty(), "the task waits for something that never comes");
    MonotonicTime until = give_up;
    if (!timers_.pending.empty() && timers_.pending.begin()->first.first < until)
      until = timers_.pending.begin()->first.first;
    wait_for_programs(until);
    while (!timers_.pending.empty() && timers_.pending.begin()->first.first <= monotonic_now()) {
      const auto due = timers_.pending.begin();
      Operation<Unit>* op = due->second;
      timers_.due.erase(due->first.second);
      timers_.pending.erase(due);
      op->complete(Unit{});
    }
  }
}

MonotonicTime RealHost::monotonic_now() {
  return MonotonicTime::from_ns(clock_ns(CLOCK_MONOTONIC));
}
WallTime RealHost::wall_now() {
  return WallTime::from_ns(clock_ns(CLOCK_REALTIME));
}
void RealHost::random_bytes(std::span<std::byte> out) {
  ASSERT(getentropy(out.data(), out.size()) == 0);
}
void RealHost::send(const Address&, Bytes) {
  ASSERT(false, "no messages here");
}
Result<std::unique_ptr<Listener>> RealHost::listen(const Address&) {
  return {ErrorCode::refused, "no streams here"};
}
void RealHost::start_receive(Operation<Message>&) {
  ASSERT(false, "no messages here");
}
void RealHost::start_connect(const Address&, Operation<Result<std::unique_ptr<Stream>>>& op) {
  op.complete(Error{ErrorCode::refused, "no streams here"});
}

void RealHost::log(LogLevel, std::string_view event, std::span<const Field> fields) {
  std::string line = "    " + std::string(event);
  for (const Field& field : fields) line += " " + std::string(field.key) + "=" + field.value;
  std::fprintf(stderr, "%s\n", line.c_str());
}

void RealHost::start_sleep(MonotonicTime at, Operation<Unit>& op) {
  const std::uint64_t token = timers_.next++;
  timers_.pending[{at, token}] = &op;
  timers_.due[token] = at;
  op.owned_by(&timers_, token);
}

void RealHost::start_read_file(const std::string& path, Operation<Result<Bytes>>& op) {
  const int fd = open(path.c_str(), O_RDONLY);
  if (fd < 0) return op.complete(error_of(errno, path));
  Bytes content;
  char buffer[65536];
  ssize_t count = 0;
  while ((count = read(fd, buffer, sizeof buffer)) > 0) content.append(buffer, static_cast<std::size_t>(count));
  const int number = errno;
  close(fd);
  if (count < 0) return op.complete(error_of(number, path));
  op.complete(std::move(content));
}

void RealHost::start_write_file(const std::string& path, Bytes content, Operation<Result<>>& op) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (fd < 0) return op.complete(error_of(errno, path));
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t count = write(fd, content.data() + done, content.size() - done);
    if (count < 0) {
      const int number = errno;
      close(fd);
      return op.complete(error_of(number, path));
    }
    done += static_cast<std::size_t>(count);
  }
  close(fd);
  op.complete(Result<>());
}

void RealHost::start_sync_file(const std::string& path, Operation<Result<>>& op) {
  op.complete(sync_path(path, O_RDWR));
}
void RealHost::start_sync_directory(const std::string& path, Operation<Result<>>& op) {
  op.complete(sync_path(path, O_RDONLY));
}

void RealHost::start_make_directory(const std::string& path, Operation<Result<>>& op) {
  std::error_code error;
  const bool made = fs::create_directory(path, error);
  if (error) return op.complete(error_of(error.value(), path));
  op.complete(made ? Result<>() : Result<>(ErrorCode::already_exists, path));
}

void RealHost::start_rename(const std::string& from, const std::string& to, Operation<Result<>>& op) {
  std::error_code error;
  fs::rename(from, to, error);
  op.complete(error ? Result<>(error_of(error.value(), from + " to " + to)) : Result<>());
}

void RealHost::start_remove(const std::string& path, Operation<Result<>>& op) {
  std::error_code error;
  fs::remove_all(path, error);
  op.complete(error ? Result<>(error_of(error.value(), path)) : Result<>());
}

void RealHost::start_list_directory(const std::string& path, Operation<Result<std::vector<std::string>>>& op) {
  std::error_code error;
  std::vector<std::string> names;
  for (fs::directory_iterator i(path, error), end; !error && i != end; i.increment(error))
    names.push_back(i->path().filename());
  if (error) return op.complete(error_of(error.value(), path));
  std::sort(names.begin(), names.end());
  op.complete(std::move(names));
}

void RealHost::start_run(Program program, Operation<Result<ProgramExit>>& op) {
  int output[2];
  if (pipe2(output, O_CLOEXEC) != 0) return op.complete(error_of(errno, "pipe"));
  const pid_t child = fork();
  if (child < 0) {
    const int number = errno;
    close(output[0]);
    close(output[1]);
    return op.complete(error_of(number, "fork"));
  }
  if (child == 0) {
    const int nothing = open("/dev/null", O_RDONLY);
    dup2(nothing, 0);
    dup2(output[1], 1);
    dup2(output[1], 2);
    std::vector<char*> arguments{program.name.data()};
    for (std::string& argument : program.arguments) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    execvp(program.name.c_str(), arguments.data());
    std::fprintf(stderr, "%s: %s\n", program.name.c_str(), std::strerror(errno));
    _exit(127);
  }
  close(output[1]);
  programs_.running.push_back({child, output[0], monotonic_now() + program_limit_, {}, &op});
  op.owned_by(&programs_);
}

void RealHost::wait_for_programs(MonotonicTime until) {
  std::vector<pollfd> ready;
  for (const Programs::Running& program : programs_.running) {
    ready.push_back({program.output, POLLIN, 0});
    until = std::min(until, program.give_up);
  }
  const std::int64_t left = std::max<std::int64_t>(0, (until - monotonic_now()).ns());
  const timespec wait{left / 1'000'000'000, left % 1'000'000'000};
  ppoll(ready.data(), ready.size(), &wait, nullptr);
  // The output ends when the program does: a server that it leaves behind has its own.
  for (std::size_t i = ready.size(); i-- > 0;) {
    Programs::Running& program = programs_.running[i];
    if (monotonic_now() >= program.give_up) {
      ::kill(program.process, SIGKILL);
      program.exit.output += "\n(killed: it ran too long)";
    } else if (ready[i].revents == 0) {
      continue;
    } else {
      char buffer[4096];
      const ssize_t count = read(program.output, buffer, sizeof buffer);
      if (count > 0) {
        program.exit.output.append(buffer, static_cast<std::size_t>(count));
        continue;
      }
    }
    Programs::Running ended = std::move(program);
    programs_.running.erase(programs_.running.begin() + static_cast<std::ptrdiff_t>(i));
    close(ended.output);
    int status = 0;
    waitpid(ended.process, &status, 0);
    ended.exit.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    if (ended.operation != nullptr) ended.operation->complete(std::move(ended.exit));
  }
}

void RealHost::start_open_session(const SqlEndpoint& endpoint, Operation<Result<std::unique_ptr<SqlSession>>>& op) {
  const std::string& server = endpoint.server.value();
  const std::size_t colon = server.rfind(':');
  const std::string host = server.substr(0, colon);
  const std::string port = server.substr(colon + 1);
  const char* const keys[] = {"host", "port", "dbname", "user", "application_name", "connect_timeout", nullptr};
  const char* const values[] = {
      host.c_str(), port.c_str(), endpoint.database.c_str(), endpoint.user.c_str(), endpoint.application_name.c_str(),
      "5",          nullptr};
  PGconn* connection = PQconnectdbParams(keys, values, 0);
  if (PQstatus(connection) == CONNECTION_OK) {
    op.complete(std::unique_ptr<SqlSession>(std::make_unique<Session>(executor_, connection)));
    return;
  }
  op.complete(Error{ErrorCode::unreachable, PQerrorMessage(connection)});
  PQfinish(connection);
}

}  // namespace heir::conformance
