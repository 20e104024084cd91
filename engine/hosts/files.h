// Files of a real host. What is told to be done is done: no error of write, fsync or close is passed over.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/host.h"
#include "engine/hosts/loop.h"
#include "engine/hosts/workers.h"

namespace heir::hosts {

/// "opening /a/b: No such file or directory", with the code by which a caller reacts.
Error error_of(int number, const std::string& what);

/// The calls themselves, which block. As Host says.
namespace files {
Result<Bytes> read(const std::string& path);
Result<> write(const std::string& path, const Bytes& content);
Result<> sync_file(const std::string& path);
Result<> sync_directory(const std::string& path);
Result<> make_directory(const std::string& path);
Result<> rename(const std::string& from, const std::string& to);
Result<> remove(const std::string& path);
Result<std::vector<std::string>> list_directory(const std::string& path);
}  // namespace files

/// Hands the calls of one process to the workers. Calls on the same path are carried out in the order in which they
/// were asked for, even if whoever asked has gone: a late write of a coroutine that was destroyed must not come after
/// the write of the one that took its place.
class FileQueue {
 public:
  struct Path {
    std::string path;
    bool with_all_below = false;  ///< The call changes what is in the folder, too.
  };

  /// Both outlive the queue. Calls that have begun go on without it; nobody is told.
  FileQueue(Loop& loop, Workers& workers);
  ~FileQueue();
  FileQueue(const FileQueue&) = delete;
  FileQueue& operator=(const FileQueue&) = delete;

  /// Calls `work` on a worker after all earlier calls that touch one of the paths, then `done` on the loop.
  void run(std::vector<Path> paths, std::function<void()> work, std::function<void()> done);

 private:
  struct Calls;
  std::shared_ptr<Calls> calls_;
};

}  // namespace heir::hosts
