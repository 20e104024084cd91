// Container: a host, as namespaces of its own on this machine, the programs that run in them, and its one network
// device.
//
// When its Container is destroyed, or the process that holds it dies, every process of the host is killed and its
// network and mounts are gone. Not for several threads at once.
#pragma once

#include <functional>
#include <map>
#include <optional>

#include "engine/base/strong.h"
#include "engine/base/time.h"
#include "tools/testbed/init.h"

namespace heir::testbed {

/// The number of a process on its host.
using ProgramId = Strong<struct ProgramTag, std::int32_t>;

struct User {
  uid_t user = 0;
  gid_t group = 0;
};

struct Command {
  std::vector<std::string> arguments;    ///< The first is the program; looked for in PATH if it has no '/'.
  std::vector<std::string> environment;  ///< "NAME=value"; there is nothing else.
  std::string folder = "/";
  std::optional<User> user;  ///< Root if absent.
  int input = -1;            ///< What it reads, and where its output and its errors go; -1: nothing, nowhere.
  int output = -1;
  int errors = -1;
};

class Container {
 public:
  static Result<Container> boot(const InitPlan& plan);
  Container(Container&&) noexcept = default;
  Container& operator=(Container&& other) noexcept;
  ~Container();

  /// `not_found`, `refused` or `failed` if it cannot be started.
  Result<ProgramId> start(const Command& command);
  /// How it ended, as waitpid tells it, if it has or does so in time. Each program's end is told once.
  Result<std::optional<int>> wait(ProgramId program, Duration time);
  /// Starts it and waits; `timed_out` if it takes longer, and it is killed then.
  Result<int> run(const Command& command, Duration time);
  /// `not_found` if it has ended.
  Result<> signal(ProgramId program, int number);
  /// Every process of the host at one moment, save its init: SIGSTOP and SIGCONT, for example, or SIGKILL.
  Result<> signal_all(int number);
  /// All processes die; nothing works any more. Returns when they are gone.
  void kill();

  /// Does `work` on a thread that is in the host's network: sockets and devices that it makes belong there.
  Result<> in_network(const std::function<Result<>()>& work) const;
  /// As socket(2), close-on-exec; on the host's network, whoever uses it.
  Result<Descriptor> socket(int domain, int type) const;

  /// Of its init, as this machine numbers it.
  pid_t init() const { return init_.process; }
  const std::string& name() const { return name_; }

 private:
  Container(Init init, Descriptor network, std::string name)
      : init_(std::move(init)), network_(std::move(network)), name_(std::move(name)) {}
  /// Sends, and reads until the answer comes.
  Result<std::int32_t> ask(const std::string& request, const int* descriptors);
  /// The next message within that time; nothing if there is none.
  Result<bool> read_reply(void* reply, Duration time);

  Init init_;
  Descriptor network_;
  std::string name_;
  std::map<ProgramId, int> ended_;
};

}  // namespace heir::testbed
