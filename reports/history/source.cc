#include "reports/history/source.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace heir::reports {

ErrorCode code_of_errno(int error) {
  switch (error) {
    case ENOENT: return ErrorCode::not_found;
    case ENOSPC: return ErrorCode::out_of_space;
    default: return ErrorCode::io_error;
  }
}

Source::Source(std::FILE* stream, std::string name, PieceSize size)
    : stream_(stream), piece_size_(size), name_(std::move(name)) {
  struct stat status {};
  if (::fstat(::fileno(stream), &status) == 0 && S_ISREG(status.st_mode)) {
    size_hint_ = static_cast<std::size_t>(status.st_size);
  }
}

Source::Source(std::string_view text, std::string name)
    : name_(std::move(name)), text_(text), ended_(true), size_hint_(text.size()) {}

Result<> Source::more(std::string_view what) {
  if (ended_) return {};
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t had = buffer_.size();
  text_ = buffer_;
  if (had > piece_size_.most) {
    return error({0, fmt::format("expected {} of at most {} bytes", what, piece_size_.most)});
  }
  // Twice as much as there was: what is long is looked at from its beginning again.
  const std::size_t wanted = std::min(std::max(piece_size_.usual, had), piece_size_.most + 1 - had);
  buffer_.resize(had + wanted);
  const Result<std::size_t> got = read(buffer_.data() + had, wanted);
  buffer_.resize(had + got.value_or(0));
  text_ = buffer_;
  if (!got) return got.error();
  ended_ = *got < wanted;
  return {};
}

/// Less than wanted only at the end.
Result<std::size_t> Source::read(char* into, std::size_t wanted) {
  const auto cannot = [&] {
    return Error{code_of_errno(errno), fmt::format("cannot read {}: {}", name_, std::strerror(errno))};
  };
  errno = 0;
  if (!is_over_) {
    const std::size_t got = std::fread(into, 1, wanted, stream_);
    if (got < wanted && std::ferror(stream_) != 0) return cannot();
    return got;
  }
  // Past the stream's own buffer, which is empty: nobody else reads from it.
  pollfd readable{::fileno(stream_), POLLIN, 0};
  std::size_t got = 0;
  while (got < wanted) {
    if (is_over_()) {
      return Error{ErrorCode::timed_out,
                   fmt::format("{}:{}: the time was over when it had been read up to here", name_, line_)};
    }
    constexpr int milliseconds = 50;
    if (::poll(&readable, 1, milliseconds) == 0) continue;
    const ssize_t some = ::read(readable.fd, into + got, wanted - got);
    if (some == 0) break;
    if (some > 0) {
      got += static_cast<std::size_t>(some);
    } else if (errno != EINTR && errno != EAGAIN) {
      return cannot();
    }
  }
  return got;
}

void Source::advance(std::size_t bytes) {
  const std::string_view done = text_.substr(begin_, bytes);
  begin_ += bytes;
  const std::size_t newline = done.rfind('\n');
  if (newline == std::string_view::npos) {
    column_ += bytes;
    return;
  }
  line_ += static_cast<std::size_t>(std::count(done.begin(), done.end(), '\n'));
  column_ = bytes - newline - 1;
}

Result<bool> Source::next_line(std::string_view& line) {
  std::size_t searched = 0;
  for (;;) {
    const std::string_view text = ahead();
    const std::size_t end = text.find('\n', searched);
    if (end != std::string_view::npos) {
      line = text.substr(0, end);
      begin_ += end + 1;
      ++line_;
      return true;
    }
    if (ended_) {
      if (text.empty()) return false;
      line = text;
      begin_ += text.size();
      ++line_;
      return true;
    }
    searched = text.size();
    if (const Result<> read = more("a line"); !read) return read.error();
  }
}

Error Source::error(const TextProblem& problem) const {
  const std::string_view before = text_.substr(begin_, problem.at);
  const std::size_t newline = before.rfind('\n');
  const std::size_t column = newline == std::string_view::npos ? column_ + before.size() : before.size() - newline - 1;
  const auto lines = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  return Error{ErrorCode::invalid, fmt::format("{}:{}:{}: {}", name_, line_ + lines, column + 1, problem.message)};
}

Error Source::line_error(const TextProblem& problem) const {
  return Error{ErrorCode::invalid, fmt::format("{}:{}:{}: {}", name_, line_ - 1, problem.at + 1, problem.message)};
}

}  // namespace heir::reports
