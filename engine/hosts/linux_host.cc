#include "engine/hosts/linux_host.h"

#include <atomic>
#include <optional>

#include "engine/hosts/clocks.h"
#include "engine/hosts/sql_sessions.h"
#include "engine/hosts/streams.h"
#include "engine/hosts/waits.h"

namespace heir::hosts {

namespace {

std::vector<std::string> environment_of(const LinuxHostOptions& options) {
  std::vector<std::string> lines = options.environment;
  // A standby's receiver, pg_basebackup and pg_rewind look there; a server keeps what pg_ctl was started with.
  if (!options.password_file.empty()) lines.push_back("PGPASSFILE=" + options.password_file);
  return lines;
}

}  // namespace

LinuxHost::LinuxHost(Loop& loop, Workers& workers, Log& log, Mail* mail, LinuxHostOptions options)
    : loop_(loop),
      log_(log),
      options_(std::move(options)),
      files_(loop, workers),
      programs_(loop, workers, environment_of(options_)),
      mailbox_(mail ? std::make_unique<Mailbox>(*mail) : nullptr) {}

LinuxHost::~LinuxHost() = default;

Result<> LinuxHost::open_inbox(const Address& at) {
  ASSERT(mailbox_, "a host without mail has no inbox");
  return mailbox_->open(at);
}

MessageCounts LinuxHost::message_counts() const {
  return mailbox_ ? mailbox_->counts() : MessageCounts();
}

MonotonicTime LinuxHost::monotonic_now() {
  return boot_time();
}
WallTime LinuxHost::wall_now() {
  return real_time();
}
void LinuxHost::random_bytes(std::span<std::byte> out) {
  fill_random(out);
}

void LinuxHost::send(const Address& to, Bytes payload) {
  if (mailbox_) mailbox_->send(to, std::move(payload));
}

Result<std::unique_ptr<Listener>> LinuxHost::listen(const Address& at) {
  return listen_for_streams(loop_, options_.silence_limit, at);
}

void LinuxHost::log(LogLevel level, std::string_view event, std::span<const Field> fields) {
  std::vector<Field> all{{"program", options_.program}};
  all.insert(all.end(), fields.begin(), fields.end());
  log_.write(level, event, all);
}

void LinuxHost::start_sleep(MonotonicTime at, Operation<Unit>& op) {
  complete_at(loop_, at, op);
}

void LinuxHost::start_receive(Operation<Message>& op) {
  ASSERT(mailbox_, "a host without mail receives nothing");
  mailbox_->receive(op);
}

void LinuxHost::start_connect(const Address& to, Operation<Result<std::unique_ptr<Stream>>>& op) {
  connect_stream(loop_, options_.silence_limit, to, op);
}

/// What is abandoned before it has begun is not done; else it goes on.
template <class T, class Call>
void LinuxHost::on_files(std::vector<FileQueue::Path> paths, Operation<Result<T>>& op, Call call) {
  const auto pending = Pending<Result<T>>::of(op);
  const auto is_wanted = std::make_shared<std::atomic<bool>>(true);
  pending->on_abandoned([is_wanted] { is_wanted->store(false); });
  const auto outcome = std::make_shared<std::optional<Result<T>>>();
  files_.run(
      std::move(paths),
      [is_wanted, outcome, call = std::move(call)] {
        if (is_wanted->load()) outcome->emplace(call());
      },
      [pending, outcome] {
        if (*outcome) pending->complete(std::move(**outcome));
      });
}

void LinuxHost::start_read_file(const std::string& path, Operation<Result<Bytes>>& op) {
  on_files({{path}}, op, [path] { return files::read(path); });
}
void LinuxHost::start_write_file(const std::string& path, Bytes content, Operation<Result<>>& op) {
  on_files({{path}}, op, [path, content = std::move(content)] { return files::write(path, content); });
}
void LinuxHost::start_sync_file(const std::string& path, Operation<Result<>>& op) {
  on_files({{path}}, op, [path] { return files::sync_file(path); });
}
void LinuxHost::start_sync_directory(const std::string& path, Operation<Result<>>& op) {
  on_files({{path}}, op, [path] { return files::sync_directory(path); });
}
void LinuxHost::start_make_directory(const std::string& path, Operation<Result<>>& op) {
  on_files({{path}}, op, [path] { return files::make_directory(path); });
}
void LinuxHost::start_rename(const std::string& from, const std::string& to, Operation<Result<>>& op) {
  on_files({{from, true}, {to, true}}, op, [from, to] { return files::rename(from, to); });
}
void LinuxHost::start_remove(const std::string& path, Operation<Result<>>& op) {
  on_files({{path, true}}, op, [path] { return files::remove(path); });
}
void LinuxHost::start_list_directory(const std::string& path, Operation<Result<std::vector<std::string>>>& op) {
  on_files({{path}}, op, [path] { return files::list_directory(path); });
}

void LinuxHost::start_run(Program program, Operation<Result<ProgramExit>>& op) {
  programs_.run(std::move(program), op);
}

void LinuxHost::start_open_session(const SqlEndpoint& endpoint, Operation<Result<std::unique_ptr<SqlSession>>>& op) {
  open_sql_session(loop_, endpoint, options_.password_file, op);
}

}  // namespace heir::hosts
