#include "tools/command/option_types.h"

#include <fmt/format.h>

#include <charconv>

#include "scenarios/codec.h"
#include "scenarios/mistakes.h"

namespace heir::tools {

namespace {

Error unexpected(const std::string& expected, const std::string& text) {
  return {ErrorCode::invalid, fmt::format("expected {}, found '{}'", expected, scenarios::printable(text))};
}

/// The value of an option that has one type only: what `read` makes of its text.
template <class Read, class Take>
CLI::Option* add_option(CLI::App& command, const std::string& name, const std::string& type, const std::string& about,
                        Read read, Take take) {
  const auto parse = [name, read, take](const std::string& text) {
    const auto value = read(text);
    if (!value) throw CLI::ValidationError(name.substr(0, name.find(',')), value.error().message);
    take(*value);
  };
  return command.add_option_function<std::string>(name, parse, about)->type_name(type);
}

/// Units that command lines know besides those of scenarios, where an m might be taken for something else.
std::string with_units_of_scenarios(const std::string& text) {
  const std::size_t unit = text.find_last_of("0123456789") + 1;
  if (text.substr(unit) == "m") return text + "in";
  if (text.substr(unit) != "d" || text.find('.') != std::string::npos) return text;
  const Result<std::uint64_t> days = read_count(text.substr(0, unit), 0, 100'000);
  return days ? std::to_string(*days * 24) + "h" : text;
}

}  // namespace

Result<Duration> read_duration(const std::string& text) {
  scenarios::Value value;
  value.kind = scenarios::Value::Kind::text;
  value.text = with_units_of_scenarios(text);
  return scenarios::Codec<Duration>::read(value);
}

Result<Duration> read_duration(const std::string& text, Duration least, Duration most) {
  Result<Duration> duration = read_duration(text);
  if (!duration || (least <= *duration && *duration <= most)) return duration;
  const std::string end = most == longest_time ? "365d" : to_string(most);
  return unexpected("a time from " + to_string(least) + " to " + end, text);
}

CLI::Option* add_time_option(CLI::App& command, const std::string& name, Duration& value, const std::string& about,
                             Duration least, Duration most) {
  return add_option(
      command, name, "TIME", about, [least, most](const std::string& text) { return read_duration(text, least, most); },
      [&value](Duration duration) { value = duration; });
}

Result<std::uint64_t> read_count(const std::string& text, std::uint64_t least, std::uint64_t most) {
  std::uint64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error == std::errc() && stop == end && least <= count && count <= most) return count;
  return unexpected(fmt::format("a number from {} to {}", least, most), text);
}

CLI::Option* detail::add_count_option(CLI::App& command, const std::string& name, const TakeCount& take,
                                      const std::string& about, std::uint64_t least, std::uint64_t most) {
  return add_option(
      command, name, "N", about, [least, most](const std::string& text) { return read_count(text, least, most); },
      take);
}

CLI::Option* add_size_option(CLI::App& command, const std::string& name, std::uint64_t& bytes,
                             const std::string& about) {
  const auto read = [](const std::string& text) -> Result<std::uint64_t> {
    std::string size = text;
    try {
      if (!text.empty() && text.front() != '-' && CLI::AsSizeValue(false)(size).empty())
        if (const Result<std::uint64_t> number = read_count(size, 1, UINT64_MAX)) return *number;
    } catch (const CLI::ValidationError&) {
    }
    return unexpected("a size such as 2GiB", text);
  };
  return add_option(command, name, "SIZE", about, read, [&bytes](std::uint64_t size) { bytes = size; });
}

CLI::Option* add_output_option(CLI::App& command, const std::string& name, std::string& path, const std::string& about,
                               const std::string& type) {
  const auto read = [type](const std::string& text) -> Result<std::string> {
    const char* const what = type == "DIR" ? "a folder's name" : "a file's name";
    if (text.empty()) return unexpected(what, text);
    if (text == "-") return unexpected(std::string(what) + " (./- is one; /dev/stdout is standard output)", text);
    return text;
  };
  return add_option(command, name, type, about, read, [&path](const std::string& name_of) { path = name_of; });
}

}  // namespace heir::tools
