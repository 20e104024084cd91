#include "engine/hosts/programs.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "engine/hosts/files.h"

namespace heir::hosts {

namespace {

/// "NAME" of "NAME=value".
std::string_view name_in(std::string_view line) {
  return line.substr(0, line.find('='));
}

/// Of a file with a size that it cannot outgrow: a program that writes more gets an error, not our memory.
int make_output_file() {
  const int file = memfd_create("heir-output", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return -1;
  if (ftruncate(file, most_output) == 0 && fcntl(file, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0)
    return file;
  close(file);
  return -1;
}

/// All that was written: the position in the file is the program's, for it was given our descriptor.
std::string output_in(int file) {
  const off_t end = lseek(file, 0, SEEK_CUR);
  if (end <= 0) return {};
  std::string text(std::min(static_cast<std::size_t>(end), most_output), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = pread(file, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  text.resize(done);
  if (done == most_output) text += "\n(there was more)";
  return text;
}

struct Spawned {
  pid_t process = -1;
  int error = 0;
};

Spawned spawn(const Program& program, const std::vector<std::string>& extra, int output) {
  std::vector<char*> arguments;
  std::vector<std::string> texts{program.name};
  texts.insert(texts.end(), program.arguments.begin(), program.arguments.end());
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);

  std::vector<std::string> lines = extra;
  for (char** line = environ; *line != nullptr; ++line) {
    const std::string_view name = name_in(*line);
    if (std::none_of(extra.begin(), extra.end(), [&](const std::string& own) { return name_in(own) == name; }))
      lines.emplace_back(*line);
  }
  std::vector<char*> environment;
  for (std::string& line : lines) environment.push_back(line.data());
  environment.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
  // No socket of ours, nor of a library that forgot to mark it, may live on in a server that outlives us.
  posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  Spawned spawned;
  spawned.error =
      posix_spawnp(&spawned.process, arguments[0], &actions, &attributes, arguments.data(), environment.data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return spawned;
}

}  // namespace

struct Programs::Child {
  explicit Child(Program p) : program(std::move(p)) {}
  ~Child() {
    watch.reset();
    if (descriptor >= 0) close(descriptor);
    if (output >= 0) close(output);
  }
  void kill_all() const {
    if (process > 0) ::kill(-process, SIGKILL);
  }

  Program program;
  std::shared_ptr<Pending<Result<ProgramExit>>> pending;
  int error = 0;
  pid_t process = -1;
  int descriptor = -1;  ///< Its pidfd.
  int output = -1;
  std::unique_ptr<Watch> watch;
};

Programs::Programs(Loop& loop, Workers& workers, std::vector<std::string> environment)
    : loop_(loop),
      workers_(workers),
      environment_(std::make_shared<const std::vector<std::string>>(std::move(environment))) {}

// Those that run go on by themselves: this process ends.
Programs::~Programs() = default;

void Programs::run(Program program, Operation<Result<ProgramExit>>& operation) {
  auto child = std::make_shared<Child>(std::move(program));
  child->pending = Pending<Result<ProgramExit>>::of(operation, [weak = std::weak_ptr(child)] {
    if (const auto abandoned = weak.lock()) abandoned->kill_all();
  });
  children_.push_back(child);
  // Starting a program waits for the disk that it lies on.
  workers_.run([this, child, environment = environment_, &loop = loop_, is_here = std::weak_ptr(is_here_)] {
    child->output = make_output_file();
    if (child->output < 0) {
      child->error = errno;
    } else {
      const Spawned spawned = spawn(child->program, *environment, child->output);
      child->error = spawned.error;
      if (spawned.error == 0) {
        child->process = spawned.process;
        child->descriptor = static_cast<int>(syscall(SYS_pidfd_open, spawned.process, 0));
        if (child->descriptor < 0) child->error = errno;
      }
    }
    loop.post([this, child, is_here] {
      if (!is_here.expired()) started(child);
    });
  });
}

void Programs::started(const std::shared_ptr<Child>& child) {
  if (child->pending->is_abandoned()) child->kill_all();
  if (child->error != 0) {
    Error error = error_of(child->error, "starting " + child->program.name);
    if (error.code != ErrorCode::not_found) error.code = ErrorCode::failed;
    std::erase(children_, child);
    return child->pending->complete(std::move(error));
  }
  child->watch = std::make_unique<Watch>(loop_, child->descriptor);
  await_end(child);
}

void Programs::await_end(const std::shared_ptr<Child>& child) {
  child->watch->when_readable([this, weak = std::weak_ptr(child)] {
    if (const auto present = weak.lock()) ended(present);
  });
}

void Programs::ended(const std::shared_ptr<Child>& child) {
  int status = 0;
  const pid_t reaped = waitpid(child->process, &status, WNOHANG);
  if (reaped == 0 || (reaped < 0 && errno == EINTR)) return await_end(child);
  ProgramExit exit;
  exit.status = reaped < 0            ? 255
                : WIFEXITED(status)   ? WEXITSTATUS(status)
                : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                      : 255;
  exit.output = output_in(child->output);
  // From now on its number may be somebody else's.
  child->process = -1;
  child->watch.reset();
  std::erase(children_, child);
  child->pending->complete(std::move(exit));
}

}  // namespace heir::hosts
