// Registry: which worlds this machine has, so that what a killed harness left can be told from what is in use, and be
// removed. A world is a file of /run/heir-testbed, written before anything else of the world exists, and a folder of
// /var/lib/heir-testbed with the files of its hosts. Nothing else is ever touched.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "engine/base/result.h"

namespace heir::testbed {

/// A process, told apart from a later one with its number.
struct ProcessMark {
  pid_t process = 0;
  unsigned long long started = 0;  ///< Clock ticks since the machine booted.
  bool operator==(const ProcessMark&) const = default;
};

/// Nothing if there is none, or it has ended and only waits to be reaped.
std::optional<ProcessMark> mark_of(pid_t process);

struct WorldRecord {
  std::string name;
  ProcessMark harness;
  std::vector<ProcessMark> inits;  ///< Of its hosts, those of earlier boots too.
  /// Its harness lives.
  bool in_use() const { return mark_of(harness.process) == harness; }
};

/// A world of this process, from its first moment to its last.
class Registration {
 public:
  /// Gives the world a name that no other has.
  static Result<Registration> make();
  Registration(Registration&& other) noexcept;
  Registration& operator=(Registration&&) = delete;
  /// The world's files are removed; what cannot be stays on record.
  ~Registration();

  /// REQUIRES that the process lives.
  Result<> add_init(pid_t process);
  const std::string& name() const { return name_; }
  std::string folder() const;

 private:
  explicit Registration(std::string name) : name_(std::move(name)) {}
  std::string name_;
};

Result<std::vector<WorldRecord>> recorded_worlds();

struct CleanedWorlds {
  std::vector<std::string> removed;
  std::vector<WorldRecord> in_use;  ///< Left as they are.
};

/// Removes the processes and files of worlds whose harness is gone.
Result<CleanedWorlds> clean_worlds();

}  // namespace heir::testbed
