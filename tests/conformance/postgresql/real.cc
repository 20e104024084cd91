// The conformance steps against the real PostgreSQL 15 of this machine: three servers on loopback in a temporary
// folder, as user postgres. Run as root, peer 1's folder is a small file system of its own, in memory, which nobody
// else sees and which ends with the servers: the steps with a full disk need it. Exit status 0 as expected, 1 not, 77
// skipped because there is no PostgreSQL 15 (or no such user). With --record FILE it writes what was seen there instead
// of comparing it with transcript.txt.
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "engine/base/assert.h"
#include "engine/hosts/addresses.h"
#include "engine/hosts/linux_host.h"
#include "tests/conformance/postgresql/steps.h"
#include "tests/conformance/postgresql/transcript.h"

namespace heir::conformance {

namespace {

constexpr int skipped = 77;
constexpr Duration story_limit = Duration::seconds(60);  ///< It takes 16 s on a calm machine.
constexpr const char* binaries = "/usr/lib/postgresql/15/bin";
constexpr const char* small_disk = "/peer1";                       ///< In the folder.
constexpr const char* small_disk_options = "size=320m,mode=0700";  ///< The story needs some 200 MB there.

class RealWorld final : public World {
 public:
  RealWorld(std::string folder, std::vector<Address> addresses, std::string cannot_fill_disk)
      : folder_(std::move(folder)), addresses_(std::move(addresses)), cannot_fill_disk_(std::move(cannot_fill_disk)) {
    for (int peer = 0; peer < 3; ++peer) std::filesystem::create_directory(config(peer).root);
  }
  ~RealWorld() override {
    for (const Write& write : writes_) PQfinish(write.connection);
  }

  Host& host(int) override { return host_; }
  bool run_to_end(Task<void> task, Duration limit) { return loop_.run_to_end(std::move(task), limit); }
  postgresql::Config config(int peer) override {
    postgresql::Config config;
    config.self = PeerId("0e2f-Peer." + std::to_string(peer));
    config.cluster = "conformance";
    config.root = folder_ + "/peer" + std::to_string(peer);
    config.listen = addresses_[static_cast<std::size_t>(peer)];
    config.binaries = binaries;
    config.access = {"host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"};
    config.settings = {"shared_buffers = '16MB'", "max_connections = 40"};
    config.start_limit = Duration::seconds(30);
    config.stream_limit = Duration::seconds(30);
    return config;
  }

  Task<Result<>> make_table(int peer) override {
    PGconn* connection = connect(peer);
    PGresult* result = PQexec(connection, "CREATE TABLE written (value int PRIMARY KEY)");
    const bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    const std::string words = PQerrorMessage(connection);
    PQclear(result);
    PQfinish(connection);
    co_return good ? Result<>() : Result<>(ErrorCode::failed, words);
  }

  Task<int> begin_write(int peer, int value) override {
    Write write;
    write.connection = connect(peer);
    PQsetNoticeReceiver(write.connection, keep_warning, write.warning.get());
    const std::string text = "INSERT INTO written VALUES (" + std::to_string(value) + ") ON CONFLICT DO NOTHING";
    if (PQsendQuery(write.connection, text.c_str()) != 1) write.state = WriteState::failed;
    writes_.push_back(std::move(write));
    co_return static_cast<int>(writes_.size()) - 1;
  }

  WriteState state(int number) override {
    Write& write = writes_[static_cast<std::size_t>(number)];
    if (write.state != WriteState::waiting) return write.state;
    if (PQconsumeInput(write.connection) != 1) return write.state = WriteState::failed;
    if (PQisBusy(write.connection) != 0) return write.state;
    PGresult* result = PQgetResult(write.connection);
    const bool good = result != nullptr && PQresultStatus(result) == PGRES_COMMAND_OK;
    const char* code = good || result == nullptr ? nullptr : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (code != nullptr) write.error = code;
    PQclear(result);
    return write.state = good ? WriteState::acknowledged : WriteState::failed;
  }

  std::string told(int number) override {
    const Write& write = writes_[static_cast<std::size_t>(number)];
    // Whatever has come for an idle connection, and then its end.
    for (int i = 0; i < 2 && PQconsumeInput(write.connection) == 1; ++i) (void)PQisBusy(write.connection);
    std::string text;
    if (!write.error.empty()) text += "error " + write.error;
    if (!write.warning->empty()) text += std::string(text.empty() ? "" : ", ") + *write.warning;
    if (PQstatus(write.connection) != CONNECTION_OK) text += std::string(text.empty() ? "" : ", ") + "connection lost";
    return text;
  }

  std::uint32_t process(int number) override {
    return static_cast<std::uint32_t>(PQbackendPID(writes_[static_cast<std::size_t>(number)].connection));
  }

  void cancel(int number) override {
    PGcancel* cancel = PQgetCancel(writes_[static_cast<std::size_t>(number)].connection);
    char words[256];
    if (PQcancel(cancel, words, sizeof words) != 1) std::fprintf(stderr, "cancel: %s\n", words);
    PQfreeCancel(cancel);
  }

  bool crash_process(int peer) override {
    PGconn* connection = connect(peer);
    const int process = PQbackendPID(connection);
    const bool killed = process > 0 && ::kill(process, SIGKILL) == 0;
    PQfinish(connection);
    return killed;
  }

  std::string cannot_fill_disk() const override { return cannot_fill_disk_; }

  void fill_disk(int peer, bool full) override {
    ASSERT(config(peer).root == folder_ + small_disk, "only one disk is small");
    const std::string filler = config(peer).root + "/filler";
    if (!full) {
      std::filesystem::remove(filler);
      return;
    }
    std::ofstream file(filler, std::ios::binary);
    const std::string block(std::size_t{1} << 16, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) continue;
  }

  void use_up_log(int peer) override {
    PGconn* connection = connect(peer);
    PQclear(PQexec(connection, "SELECT pg_switch_wal()"));
    PQfinish(connection);
  }

  Task<Result<std::vector<int>>> values(int peer) override {
    PGconn* connection = connect(peer);
    PGresult* result = PQexec(connection, "SELECT value FROM written ORDER BY value");
    std::vector<int> seen;
    const bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
    for (int i = 0; good && i < PQntuples(result); ++i) seen.push_back(std::atoi(PQgetvalue(result, i, 0)));
    const std::string words = PQerrorMessage(connection);
    PQclear(result);
    PQfinish(connection);
    if (!good) co_return Error{ErrorCode::failed, words};
    co_return seen;
  }

 private:
  struct Write {
    PGconn* connection = nullptr;
    WriteState state = WriteState::waiting;
    std::string error;
    std::unique_ptr<std::string> warning = std::make_unique<std::string>();  ///< Stays where libpq knows it.
  };
  static void keep_warning(void* into, const PGresult* result) {
    if (const char* words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY))
      *static_cast<std::string*>(into) = words;
  }
  PGconn* connect(int peer) {
    const std::string& address = addresses_[static_cast<std::size_t>(peer)].value();
    const std::string info = "host=127.0.0.1 port=" + address.substr(address.rfind(':') + 1) +
                             " dbname=postgres user=heir application_name=client connect_timeout=5";
    return PQconnectdb(info.c_str());
  }

  std::string folder_;
  hosts::Loop loop_;
  hosts::Log log_{STDERR_FILENO, hosts::LogFormat::text, LogLevel::debug};
  hosts::Workers workers_{3};
  hosts::LinuxHost host_{loop_, workers_, log_, nullptr, {"adapter", "", {}}};
  const std::vector<Address> addresses_;
  const std::string cannot_fill_disk_;
  std::vector<Write> writes_;
};

/// Stops what a story that ended early left running. Only servers whose data is in our folder.
void stop_servers(RealWorld& world) {
  struct Stopper {
    static Task<void> run(RealWorld& w) {
      for (int peer = 0; peer < 3; ++peer) {
        postgresql::Adapter adapter(w.host(peer), w.config(peer));
        (void)co_await adapter.kill();
      }
    }
  };
  world.run_to_end(Stopper::run(world), Duration::seconds(20));
}

/// In memory if there is room: the story has no power loss in it, and most of its time would be spent in waiting for
/// disks.
std::string place() {
  constexpr std::uintmax_t room = std::uintmax_t{3} << 30;
  std::error_code error;
  const std::filesystem::space_info memory = std::filesystem::space("/dev/shm", error);
  return !error && memory.available >= room ? "/dev/shm" : "/tmp";
}

Task<void> tell(World& world, Report& report) {
  report = co_await run_steps(world);
}

/// `recorded` is what must be seen; or, if `record` is not empty, that file is written.
int run(const std::string& folder, std::vector<std::string> recorded, const std::string& record,
        const std::string& cannot_fill_disk) {
  const Result<std::vector<Address>> addresses = hosts::free_loopback_addresses(3);
  if (!addresses) {
    std::printf("FAILED: %s\n", to_string(addresses.error()).c_str());
    return 1;
  }
  if (!record.empty() && !cannot_fill_disk.empty()) {
    std::printf("FAILED: nothing is recorded without the steps with a full disk: %s\n", cannot_fill_disk.c_str());
    return 1;
  }
  RealWorld world(folder, *addresses, cannot_fill_disk);
  if (!cannot_fill_disk.empty())
    std::erase_if(recorded, [](const std::string& line) { return line.starts_with(full_disk_lines); });
  Report report;
  const bool ended = world.run_to_end(tell(world, report), story_limit);
  stop_servers(world);
  for (const std::string& step : report.steps) std::printf("%s\n", step.c_str());
  for (const std::string& failure : report.failures) std::printf("FAILED: %s\n", failure.c_str());
  if (!ended) std::printf("FAILED: the story did not end in %s\n", to_string(story_limit).c_str());
  bool good = ended && report.failures.empty() && report.checks > 0;
  std::printf("%d checks, %zu failures, %zu lines seen\n", report.checks, report.failures.size(),
              report.transcript.size());
  if (!record.empty()) {
    std::ofstream file(record);
    for (const std::string& line : report.transcript) file << line << '\n';
    return good && file.good() ? 0 : 1;
  }
  for (const std::string& difference : compare(recorded, report.transcript, Server::real)) {
    std::printf("DIFFERENT: %s\n", difference.c_str());
    good = false;
  }
  return good ? 0 : 1;
}

}  // namespace

}  // namespace heir::conformance

namespace heir::conformance {

namespace {

/// Why not, if it is not; in a mount namespace that only this process and its children see.
std::string mount_small_disk(const std::string& folder) {
  const std::string at = folder + small_disk;
  std::filesystem::create_directory(at);
  if (geteuid() != 0) return "only root mounts a small file system";
  const bool mounted = ::unshare(CLONE_NEWNS) == 0 &&
                       ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                       ::mount("heir-conformance", at.c_str(), "tmpfs", 0, small_disk_options) == 0;
  return mounted ? "" : std::string("a small file system cannot be mounted: ") + std::strerror(errno);
}

/// In `folder`, as the user postgres if root runs it.
int run_there(const std::string& folder, const std::vector<std::string>& recorded, const std::string& record) {
  const std::string cannot_fill_disk = mount_small_disk(folder);
  if (geteuid() == 0) {  // PostgreSQL refuses to run as root
    const passwd* user = getpwnam("postgres");
    const std::string disk = folder + small_disk;
    if (chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0 ||
        chown(disk.c_str(), user->pw_uid, user->pw_gid) != 0 || initgroups("postgres", user->pw_gid) != 0 ||
        setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0 || chdir("/tmp") != 0) {
      std::perror("becoming user postgres");
      return 1;
    }
  }
  return run(folder, recorded, record, cannot_fill_disk);
}

}  // namespace

}  // namespace heir::conformance

int main(int count, char** arguments) {
  using heir::conformance::binaries;
  using heir::conformance::skipped;
  if (!std::filesystem::exists(std::string(binaries) + "/postgres")) {
    std::printf("SKIPPED: no PostgreSQL 15 in %s\n", binaries);
    return skipped;
  }
  if (geteuid() == 0 && getpwnam("postgres") == nullptr) {
    std::printf("SKIPPED: run as root, and there is no user postgres\n");
    return skipped;
  }
  const bool records = count == 3 && std::string(arguments[1]) == "--record";
  if (count != 1 && !records) {
    std::printf("usage: %s [--record FILE]\n", arguments[0]);
    return 2;
  }
  // Before becoming another user, who may not be able to read it.
  const heir::Result<std::vector<std::string>> recorded = heir::conformance::read_lines(HEIR_TRANSCRIPT);
  if (!records && (!recorded || recorded->empty())) {
    std::printf("FAILED: no recorded transcript %s\n", HEIR_TRANSCRIPT);
    return 1;
  }
  signal(SIGPIPE, SIG_IGN);
  std::string name = heir::conformance::place() + "/heir-conformance-XXXXXX";
  char* const folder = name.data();
  if (mkdtemp(folder) == nullptr) {
    std::perror("mkdtemp");
    return 1;
  }
  // A process of its own, for what it mounts is gone only with it.
  const pid_t child = fork();
  if (child == 0) {
    const int status = heir::conformance::run_there(folder, recorded ? *recorded : std::vector<std::string>(),
                                                    records ? arguments[2] : "");
    std::fflush(stdout);
    _exit(status);
  }
  int ended = 0;
  if (child < 0 || waitpid(child, &ended, 0) != child) {
    std::perror("running the story");
    return 1;
  }
  const int status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 1;
  std::error_code ignored;
  if (status == 0)
    std::filesystem::remove_all(folder, ignored);
  else
    std::printf("left for inspection: %s\n", folder);
  return status;
}
