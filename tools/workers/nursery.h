// Nursery: the process that starts the workers of a pool, and sees them end.
//
// A process must not be forked while one of its threads holds a lock, that of an allocator for example: nobody would
// ever free it in the child. ZeroMQ has threads. So the pool forks one process before it touches ZeroMQ, and that one,
// which never has a second thread, forks the workers.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "tools/workers/pool.h"

namespace heir::tools {

class Nursery {
 public:
  /// REQUIRES that this process has one thread only. Workers reach their pool at `address`.
  static Result<Nursery> begin(const std::string& address, bool keep_errors, const Work& work);
  Nursery(Nursery&& other) noexcept;
  Nursery& operator=(Nursery&&) = delete;
  /// Kills all workers that are left.
  ~Nursery();

  /// Starts the worker of that number, which begins with the task.
  Result<> start(std::uint64_t worker, const Task& task);
  /// Nothing, if it has ended already.
  void signal(std::uint64_t worker, int number);

  struct Ended {
    std::uint64_t worker = 0;
    int status = 0;     ///< As waitpid tells it.
    std::string words;  ///< The first line that it said on standard error, if that is kept.
  };
  /// Those that have ended since it was asked last.
  std::vector<Ended> ended();
  /// Somebody has killed it, and all workers with it.
  bool is_gone() const { return is_gone_; }
  /// Can be read when some have, or it is gone.
  int descriptor() const { return socket_; }

  /// What a worker is called towards its pool.
  static std::string name_of(std::uint64_t worker) { return "worker" + std::to_string(worker); }

 private:
  Nursery(int socket, pid_t process) : socket_(socket), process_(process) {}
  struct Reply;
  std::optional<Reply> next_reply(bool waits);

  int socket_;
  pid_t process_;
  bool is_gone_ = false;
  std::vector<Ended> ended_;
};

}  // namespace heir::tools
