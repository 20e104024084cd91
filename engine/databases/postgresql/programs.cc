#include "engine/databases/postgresql/programs.h"

#include <algorithm>
#include <charconv>

namespace heir::postgresql::programs {

namespace {

std::string whole_seconds(Duration limit) {
  return std::to_string(std::max<std::int64_t>(1, limit.ns() / 1'000'000'000));
}

std::string path_of(const std::string& binaries, std::string_view program) {
  return binaries.empty() ? std::string(program) : binaries + "/" + std::string(program);
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::optional<std::uint64_t> parse_number(std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

/// pg_ctl hands the text after -o to a shell.
std::string shell_quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

}  // namespace

Program initdb(const std::string& binaries, const std::string& folder, const std::string& user,
               const std::string& password_file) {
  Program program{
      path_of(binaries, "initdb"),
      {"-D", folder, "--username=" + user, "--encoding=UTF8", "--no-locale", "--data-checksums", "--auth=trust"}};
  if (!password_file.empty()) program.arguments.push_back("--pwfile=" + password_file);
  return program;
}

Program start(const std::string& binaries, const std::string& folder, const std::string& settings_file,
              const std::string& hba_file, const std::string& log_file, Duration limit) {
  return {path_of(binaries, "pg_ctl"),
          {"start", "-D", folder, "-w", "-t", whole_seconds(limit), "-l", log_file, "-o",
           "-c config_file=" + shell_quoted(settings_file) + " -c hba_file=" + shell_quoted(hba_file)}};
}

Program stop(const std::string& binaries, const std::string& folder, StopMode mode, Duration limit) {
  return {
      path_of(binaries, "pg_ctl"),
      {"stop", "-D", folder, "-m", mode == StopMode::fast ? "fast" : "immediate", "-w", "-t", whole_seconds(limit)}};
}

Program status(const std::string& binaries, const std::string& folder) {
  return {path_of(binaries, "pg_ctl"), {"status", "-D", folder}};
}

Program signal(const std::string& binaries, std::string_view signal_name, std::string_view process_id) {
  return {path_of(binaries, "pg_ctl"), {"kill", std::string(signal_name), std::string(process_id)}};
}

Program control_data(const std::string& binaries, const std::string& folder) {
  return {path_of(binaries, "pg_controldata"), {"-D", folder}};
}

Program base_backup(const std::string& binaries, const std::string& conninfo, const std::string& folder,
                    const std::string& slot) {
  return {path_of(binaries, "pg_basebackup"), {"-d", conninfo, "-D", folder, "-X", "stream", "-c", "fast", "-S", slot}};
}

Program rewind(const std::string& binaries, const std::string& folder, const std::string& conninfo,
               const std::string& settings_file) {
  return {path_of(binaries, "pg_rewind"),
          {"-D", folder, "--source-server=" + conninfo, "--config-file=" + settings_file}};
}

Program wal_dump(const std::string& binaries, const std::string& folder, std::uint64_t timeline, std::uint64_t from,
                 std::uint64_t to) {
  return {path_of(binaries, "pg_waldump"),
          {"-p", folder + "/pg_wal", "-t", std::to_string(timeline), "-s", to_lsn(from), "-e", to_lsn(to)}};
}

Program wal_check(const std::string& binaries, const std::string& folder, std::uint64_t timeline, std::uint64_t from,
                  std::uint64_t to) {
  Program program = wal_dump(binaries, folder, timeline, from, to);
  program.arguments.push_back("--quiet");
  return program;
}

std::string history_file_name(std::uint64_t timeline) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string name(8, '0');
  for (std::size_t at = name.size(); at-- > 0; timeline /= 16) name[at] = digits[timeline % 16];
  return name + ".history";
}

std::vector<Ancestor> parse_history(std::string_view file) {
  // A line an ancestor: its timeline, where it was left, why; a line may be a comment.
  std::vector<Ancestor> ancestors;
  while (!file.empty()) {
    const std::string_view line = file.substr(0, file.find('\n'));
    file.remove_prefix(std::min(file.size(), line.size() + 1));
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) continue;
    const auto timeline = parse_number(line.substr(0, tab), 10);
    const auto left = parse_lsn(line.substr(tab + 1, line.find('\t', tab + 1) - tab - 1));
    if (timeline && left) ancestors.push_back({*timeline, *left});
  }
  return ancestors;
}

Result<ControlData> parse_control_data(std::string_view output) {
  ControlData data;
  bool identifier = false, state = false, timeline = false, checkpoint = false, hints = false, checksums = false;
  for (std::size_t begin = 0; begin < output.size();) {
    const std::size_t end = std::min(output.find('\n', begin), output.size());
    const std::string_view line = output.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view key = trimmed(line.substr(0, colon));
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (key == "Database system identifier") {
      const auto number = parse_number(value, 10);
      identifier = number.has_value();
      data.system_identifier = number.value_or(0);
    } else if (key == "Database cluster state") {
      state = true;
      data.state = std::string(value);
    } else if (key == "Latest checkpoint's TimeLineID") {
      const auto number = parse_number(value, 10);
      timeline = number.has_value();
      data.timeline = number.value_or(0);
    } else if (key == "Latest checkpoint location") {
      const auto offset = parse_lsn(value);
      checkpoint = offset.has_value();
      data.checkpoint = offset.value_or(0);
    } else if (key == "Latest checkpoint's REDO location") {
      data.redo = parse_lsn(value).value_or(0);
    } else if (key == "Minimum recovery ending location") {
      data.consistent_from = parse_lsn(value).value_or(0);
    } else if (key == "Min recovery ending loc's timeline") {
      data.consistent_timeline = parse_number(value, 10).value_or(0);
    } else if (key == "Bytes per WAL segment") {
      if (const auto size = parse_number(value, 10); size && *size > 0) data.segment_size = *size;
    } else if (key == "wal_log_hints setting") {
      hints = true;
      data.can_rewind = data.can_rewind || value == "on";
    } else if (key == "Data page checksum version") {
      checksums = true;
      data.can_rewind = data.can_rewind || value != "0";
    }
  }
  if (!identifier || !state || !timeline || !checkpoint || !hints || !checksums)
    return {ErrorCode::invalid,
            "pg_controldata did not tell all that is needed: " + std::string(output.substr(0, 400))};
  return data;
}

std::string to_lsn(std::uint64_t offset) {
  const auto hex = [](std::uint64_t number) {
    char digits[17];
    const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number, 16);
    std::string text(digits, error == std::errc() ? end : digits);
    for (char& c : text)
      if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    return text;
  };
  return hex(offset >> 32) + "/" + hex(offset & 0xffffffff);
}

std::optional<std::uint64_t> parse_lsn(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto high = parse_number(text.substr(0, slash), 16);
  const auto low = parse_number(text.substr(slash + 1), 16);
  if (!high || !low || *high > 0xffffffff || *low > 0xffffffff) return std::nullopt;
  return (*high << 32) | *low;
}

}  // namespace heir::postgresql::programs
