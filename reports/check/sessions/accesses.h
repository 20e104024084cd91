// Access: what one operation did to one key, as its session sees it. Inside this folder only.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reports/history/history.h"

namespace heir::reports::sessions {

struct Access {
  std::uint32_t op = 0;  ///< Index into history.operations().
  ProcessId process;
  KeyId key = no_key;
  bool writes = false;  ///< Otherwise a read that was answered.
  Value value;
};

/// The accesses of one key, by process and within a process in its order.
struct KeyAccesses {
  enum class Kind : std::uint8_t { versions, list, set };
  KeyId key = no_key;
  Kind kind = Kind::versions;
  std::span<const Access> accesses;
  std::string problem;  ///< Not empty: why its sessions cannot be judged.
};

/// All that sessions did. Writes that failed, and reads without an answer, are left out.
class Accesses {
 public:
  explicit Accesses(const History& history);
  std::span<const KeyAccesses> keys() const { return keys_; }
  std::size_t sessions() const { return sessions_; }

 private:
  std::vector<Access> accesses_;
  std::vector<KeyAccesses> keys_;
  std::size_t sessions_ = 0;
};

/// The writes of a key, each making one version. Version 0 is what was there before any write.
struct Version {
  static constexpr std::uint32_t never = UINT32_MAX;
  Value value;
  ProcessId writer;
  std::uint32_t op = never;
  std::uint32_t begin = 0;  ///< Event of its invocation, + 1.
  std::uint32_t end = 0;    ///< Event of its acknowledgement, + 1; `never` without one, or if events have no order.
  bool acknowledged = true;

  /// Was this one's write acknowledged before the other's began?
  bool older_than(const Version& other) const { return end < other.begin; }
};

class Versions {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;
  /// In order of their writes.
  Versions(const History& history, std::span<const Access> accesses);
  std::span<const Version> all() const { return versions_; }
  const Version& operator[](std::uint32_t index) const { return versions_[index]; }
  std::size_t size() const { return versions_.size(); }
  /// Version of a value; `none` if nobody wrote it, 0 for nil.
  std::uint32_t of(Value value) const;
  /// The first value that was written twice; nil if there is none.
  Value repeated() const { return repeated_; }

 private:
  std::vector<Version> versions_;
  std::vector<std::uint32_t> by_value_;
  Value repeated_;
};

/// Calls f(span of one session's accesses) for each session of a key.
template <class F>
void for_each_session(std::span<const Access> accesses, F f) {
  for (std::size_t begin = 0; begin < accesses.size();) {
    std::size_t end = begin + 1;
    while (end < accesses.size() && accesses[end].process == accesses[begin].process) ++end;
    f(accesses.subspan(begin, end - begin));
    begin = end;
  }
}

}  // namespace heir::reports::sessions
