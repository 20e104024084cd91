// Histories into files (`.jsonl`), streamed; format.h reads them.
#pragma once

#include <cstdio>
#include <string>

#include "engine/base/result.h"
#include "reports/history/format.h"  // IWYU pragma: export
#include "reports/history/history.h"

namespace heir::reports {

/// A file that gets its final name only when it is whole: written beside, synced, renamed. Without finish(), and after
/// any error, nothing is left behind. A path that exists and is no regular file (a pipe, /dev/stdout) is written
/// directly.
class HistoryWriter {
 public:
  static Result<HistoryWriter> create(const std::string& path);
  HistoryWriter(HistoryWriter&& other) noexcept;
  HistoryWriter& operator=(HistoryWriter&&) = delete;
  ~HistoryWriter();

  /// Errors are kept and told by finish().
  void add(const History& history, const Event& event);
  Result<> finish();

 private:
  HistoryWriter(std::FILE* file, std::string beside, std::string final_name);
  void flush();
  void abandon();
  std::FILE* file_ = nullptr;
  std::string beside_;  ///< Empty if written directly.
  std::string final_name_;
  std::string buffer_;
  int error_ = 0;
};

/// Writes a whole history to `path` as above.
Result<> write_history(const History& history, const std::string& path);

}  // namespace heir::reports
