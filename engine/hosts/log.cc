#include "engine/hosts/log.h"

#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "engine/hosts/clocks.h"

namespace heir::hosts {

namespace {

constexpr std::size_t most_lines = 10'000;
constexpr int last_words_ms = 1000;

const char* name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug: return "debug";
    case LogLevel::info: return "info";
    case LogLevel::warning: return "warning";
    case LogLevel::error: return "error";
  }
  return "";
}

/// In double quotes; what would break a line or a terminal is escaped, so that a line is always one line.
void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      line += '\\';
      line += c;
    } else if (c == '\n') {
      line += "\\n";
    } else if (code < 0x20 || code == 0x7f) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", code);
      line += escape.data();
    } else {
      line += c;
    }
  }
  line += '"';
}

bool is_plain(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '"' || c == '\\' || c == '=') return false;
  return !text.empty();
}

}  // namespace

std::string time_text(WallTime at) {
  const std::time_t seconds = at.ns() / 1'000'000'000;
  tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", parts.tm_year + 1900, parts.tm_mon + 1,
                parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                static_cast<int>(at.ns() / 1'000'000 % 1'000));
  return text.data();
}

std::string log_line(LogFormat format, WallTime at, LogLevel level, std::string_view event,
                     std::span<const Field> fields) {
  std::string line;
  if (format == LogFormat::text) {
    line = time_text(at) + " " + name_of(level) + " " + std::string(event);
    for (const Field& field : fields) {
      line += " " + std::string(field.key) + "=";
      if (is_plain(field.value))
        line += field.value;
      else
        append_quoted(line, field.value);
    }
    return line;
  }
  line = "{\"time\":\"" + time_text(at) + "\",\"level\":\"" + name_of(level) + "\",\"event\":";
  append_quoted(line, event);
  for (const Field& field : fields) {
    line += ",";
    append_quoted(line, field.key);
    line += ":";
    append_quoted(line, field.value);
  }
  return line + "}";
}

Log::Log(int descriptor, LogFormat format, LogLevel least) : descriptor_(descriptor), format_(format), least_(least) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { serve(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Log::~Log() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Log::change(LogFormat format, LogLevel least) {
  format_ = format;
  least_ = least;
}

void Log::write(LogLevel level, std::string_view event, std::span<const Field> fields) {
  if (level < least_) return;
  std::string line = log_line(format_, real_time(), level, event, fields) + "\n";
  {
    const std::lock_guard lock(mutex_);
    if (lines_.size() >= most_lines) {
      ++dropped_;
      return;
    }
    lines_.push_back(std::move(line));
  }
  changed_.notify_one();
}

void Log::serve() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_over_ || !lines_.empty(); });
    if (lines_.empty()) return;
    std::string text = std::move(lines_.front());
    lines_.pop_front();
    const std::uint64_t dropped = std::exchange(dropped_, 0);
    const bool is_over = is_over_;
    lock.unlock();
    if (dropped > 0) {
      const Field field{"lines", std::to_string(dropped)};
      text += log_line(format_, real_time(), LogLevel::warning, "log-lines-dropped", {&field, 1}) + "\n";
    }
    for (std::size_t done = 0; done < text.size();) {
      pollfd ready{descriptor_, POLLOUT, 0};
      if (is_over && poll(&ready, 1, last_words_ms) == 0) return;  // nobody reads, and we want to end
      const ssize_t count = ::write(descriptor_, text.data() + done, text.size() - done);
      if (count > 0)
        done += static_cast<std::size_t>(count);
      else if (errno == EAGAIN)
        poll(&ready, 1, -1);
      else if (errno != EINTR)
        break;  // there is nowhere to tell it
    }
    lock.lock();
  }
}

}  // namespace heir::hosts
