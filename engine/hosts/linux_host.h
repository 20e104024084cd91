// LinuxHost: the real Host. One for each process of the system; several may share a process of the operating system,
// its loop, workers, mail and log, and then each has an inbox of its own.
//
// Order of life: Loop, Log, Workers, Mail; then hosts; then the coroutines that use them. They are taken down the other
// way round.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/base/host.h"
#include "engine/hosts/files.h"
#include "engine/hosts/log.h"
#include "engine/hosts/loop.h"
#include "engine/hosts/messages.h"
#include "engine/hosts/programs.h"
#include "engine/hosts/streams.h"
#include "engine/hosts/workers.h"

namespace heir::hosts {

struct LinuxHostOptions {
  std::string program;                           ///< In every line of the log.
  std::string password_file;                     ///< Of libpq, for sessions and programs; "" for none.
  std::vector<std::string> environment;          ///< Of programs: "NAME=value", over our own.
  Duration silence_limit = usual_silence_limit;  ///< Of streams.
};

class LinuxHost final : public Host {
 public:
  /// All outlive it; `mail` may be null for a host that neither sends nor receives.
  LinuxHost(Loop& loop, Workers& workers, Log& log, Mail* mail, LinuxHostOptions options);
  ~LinuxHost() override;

  /// `already_exists` if the address is taken.
  Result<> open_inbox(const Address& at);
  MessageCounts message_counts() const;

  Executor& executor() override { return loop_.executor(); }
  MonotonicTime monotonic_now() override;
  WallTime wall_now() override;
  void random_bytes(std::span<std::byte> out) override;
  void send(const Address& to, Bytes payload) override;
  Result<std::unique_ptr<Listener>> listen(const Address& at) override;
  using Host::log;
  void log(LogLevel level, std::string_view event, std::span<const Field> fields) override;

 protected:
  void start_sleep(MonotonicTime at, Operation<Unit>& op) override;
  void start_receive(Operation<Message>& op) override;
  void start_connect(const Address& to, Operation<Result<std::unique_ptr<Stream>>>& op) override;
  void start_read_file(const std::string& path, Operation<Result<Bytes>>& op) override;
  void start_write_file(const std::string& path, Bytes content, Operation<Result<>>& op) override;
  void start_sync_file(const std::string& path, Operation<Result<>>& op) override;
  void start_sync_directory(const std::string& path, Operation<Result<>>& op) override;
  void start_make_directory(const std::string& path, Operation<Result<>>& op) override;
  void start_rename(const std::string& from, const std::string& to, Operation<Result<>>& op) override;
  void start_remove(const std::string& path, Operation<Result<>>& op) override;
  void start_list_directory(const std::string& path, Operation<Result<std::vector<std::string>>>& op) override;
  void start_run(Program program, Operation<Result<ProgramExit>>& op) override;
  void start_open_session(const SqlEndpoint& endpoint, Operation<Result<std::unique_ptr<SqlSession>>>& op) override;

 private:
  template <class T, class Call>
  void on_files(std::vector<FileQueue::Path> paths, Operation<Result<T>>& op, Call call);

  Loop& loop_;
  Log& log_;
  const LinuxHostOptions options_;
  FileQueue files_;
  Programs programs_;
  std::unique_ptr<Mailbox> mailbox_;
};

}  // namespace heir::hosts
