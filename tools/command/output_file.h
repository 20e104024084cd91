// A text file that gets its name only when it is whole, as a HistoryWriter's: written beside, then renamed; gone if not
// finished.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "engine/base/result.h"

namespace heir::tools {

class OutputFile {
 public:
  /// Opens FILE.part-PID; a path that exists and is no regular file (a pipe, /dev/stdout) is written directly. Through
  /// a symbolic link the file is replaced, not the link.
  static Result<OutputFile> create(const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  /// With a newline behind it. Errors are kept for finish().
  void line(std::string_view text);
  void bytes(std::string_view bytes);
  Result<> finish();

 private:
  OutputFile(std::FILE* file, std::string beside, std::string name);
  std::FILE* file_;
  std::string beside_;
  std::string name_;
  std::size_t place_;  ///< Among the unfinished.
};

/// Takes away what is not finished, for whoever ends the process at once. Calls only what a signal handler may.
void remove_unfinished_outputs();

/// A whole text, which ends with a newline.
Result<> save(std::string_view text, const std::string& path);

}  // namespace heir::tools
