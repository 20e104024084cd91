#include "tools/on_hosts/log_lines.h"

#include <fcntl.h>
#include <time.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace heir::on_hosts {

namespace {

/// A writer's clock that differs by more tells another time than ours.
constexpr Duration most_late = Duration::seconds(60);
constexpr Duration most_early = Duration::milliseconds(5);

/// Nanoseconds since 1970 of "2026-11-30T08:14:22.123Z"; nothing for anything else.
std::optional<std::int64_t> time_in(const std::string& text) {
  tm parts{};
  int milliseconds = 0;
  if (std::sscanf(text.c_str(), "%d-%d-%dT%d:%d:%d.%dZ", &parts.tm_year, &parts.tm_mon, &parts.tm_mday, &parts.tm_hour,
                  &parts.tm_min, &parts.tm_sec, &milliseconds) != 7)
    return std::nullopt;
  parts.tm_year -= 1900;
  parts.tm_mon -= 1;
  return timegm(&parts) * std::int64_t{1'000'000'000} + milliseconds * std::int64_t{1'000'000};
}

LogLevel level_named(const std::string& name) {
  if (name == "debug") return LogLevel::debug;
  if (name == "warning") return LogLevel::warning;
  if (name == "error") return LogLevel::error;
  return LogLevel::info;
}

LogEntry entry_of(const std::string& line, bool trusts_times) {
  timespec real{};
  ::clock_gettime(CLOCK_REALTIME, &real);
  LogEntry entry{now_of_machine(), false, LogLevel::info, "said", {{"words", line}}};
  const nlohmann::ordered_json parsed = nlohmann::ordered_json::parse(line, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("event")) return entry;
  entry.fields.clear();
  for (const auto& [key, value] : parsed.items()) {
    if (!value.is_string()) continue;
    const auto& text = value.get_ref<const std::string&>();
    if (key == "time") {
      const std::optional<std::int64_t> told = time_in(text);
      if (!told || !trusts_times) continue;
      const Duration ago = Duration::nanoseconds(real.tv_sec * std::int64_t{1'000'000'000} + real.tv_nsec - *told);
      entry.is_own_time = ago < most_late && ago > Duration::zero() - most_early;
      if (entry.is_own_time) entry.at = after(entry.at, Duration::zero() - ago);
    } else if (key == "level") {
      entry.level = level_named(text);
    } else if (key == "event") {
      entry.event = text;
    } else {
      entry.fields.emplace_back(key, text);
    }
  }
  return entry;
}

}  // namespace

std::string_view LogEntry::field(std::string_view key) const {
  for (const auto& [name, value] : fields)
    if (name == key) return value;
  return {};
}

Result<LogPipe> LogPipe::make(const std::string& path, bool trusts_times) {
  LogPipe made;
  made.trusts_times_ = trusts_times;
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return testbed::system_error("pipe");
  made.reader_ = testbed::Descriptor(ends[0]);
  made.writer_ = testbed::Descriptor(ends[1]);
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);  // The reader's end only.
  if (path.empty()) return made;
  made.file_ = testbed::Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (!made.file_) return testbed::system_error(path);
  return made;
}

std::vector<LogEntry> LogPipe::read() {
  std::vector<LogEntry> entries;
  std::array<char, 65536> buffer{};
  for (ssize_t count = 0; (count = ::read(reader_.get(), buffer.data(), buffer.size())) > 0;) {
    if (file_) [[maybe_unused]]
      const ssize_t kept = ::write(file_.get(), buffer.data(), static_cast<std::size_t>(count));
    rest_.append(buffer.data(), static_cast<std::size_t>(count));
  }
  for (std::size_t end = rest_.find('\n'); end != std::string::npos; end = rest_.find('\n')) {
    if (end > 0) entries.push_back(entry_of(rest_.substr(0, end), trusts_times_));
    rest_.erase(0, end + 1);
  }
  return entries;
}

}  // namespace heir::on_hosts
