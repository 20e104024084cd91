// Source: a text that is read piece by piece, so that a history of any length needs little memory beside itself.
// Whoever reads looks at what is `ahead`, asks for more where that ends too early, and says what is done with.
#pragma once

#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/base/result.h"

namespace heir::reports {

/// What is wrong with a text, and where: bytes from its beginning.
struct TextProblem {
  std::size_t at = 0;
  std::string message;
  bool incomplete = false;  ///< The text ended too early: with more of it there may be no problem.
};

/// Asked now and then, by several threads: is the time over? Empty is never.
using OutOfTime = std::function<bool()>;

/// not_found, out_of_space or io_error: what an errno means to a caller.
ErrorCode code_of_errno(int error);

/// How much is held in memory, in bytes.
struct PieceSize {
  std::size_t usual = 256 * 1024;
  std::size_t most = 64 * 1024 * 1024;  ///< For what must be read at once: a line, an operation.
};

class Source {
 public:
  /// Both must outlive the source; `name` stands for the text in messages.
  Source(std::FILE* stream, std::string name, PieceSize size = {});
  Source(std::string_view text, std::string name);

  /// Then more() fails with `timed_out`, though it be waiting for the other end of a pipe.
  void stop_when(OutOfTime is_over) { is_over_ = std::move(is_over); }

  const std::string& name() const { return name_; }
  /// In memory and not done with.
  std::string_view ahead() const { return text_.substr(begin_); }
  /// Is `ahead` all that is left?
  bool at_end() const { return ended_; }
  /// Reads on: `ahead` gets longer, or at_end() becomes true. Views of it are void. Fails if the text cannot be read,
  /// or if too much is ahead already (`what` is too long: "a line").
  Result<> more(std::string_view what);
  /// Is done with so many bytes of `ahead`.
  void advance(std::size_t bytes);

  /// Is done with the next line and gives it, without its newline; false at the end. Valid until the next call.
  Result<bool> next_line(std::string_view& line);

  /// "FILE:LINE:COLUMN: message", of a place in `ahead`.
  Error error(const TextProblem& problem) const;
  /// The same, of a place in the line that next_line gave.
  Error line_error(const TextProblem& problem) const;

  /// Bytes of the whole text, if that is known before it is read; otherwise 0.
  std::size_t size_hint() const { return size_hint_; }

 private:
  Result<std::size_t> read(char* into, std::size_t wanted);

  std::FILE* stream_ = nullptr;
  PieceSize piece_size_;
  OutOfTime is_over_;
  std::string name_;
  std::string buffer_;
  std::string_view text_;  ///< `buffer_`, or the text given.
  std::size_t begin_ = 0;  ///< Of what is ahead.
  bool ended_ = false;
  std::size_t line_ = 1;  ///< Of what is ahead, and its column less one.
  std::size_t column_ = 0;
  std::size_t size_hint_ = 0;
};

}  // namespace heir::reports
