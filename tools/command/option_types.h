// Types of options that many commands have: times, counts, sizes, and files to be written. Each has bounds, and one way
// to say what is wrong: "heir hunt: --for: expected a time from 1s to 365d, found '0s'".
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace heir::tools {

/// "250ms", as in scenarios, and with m for min and d for 24h.
Result<Duration> read_duration(const std::string& text);
/// Between the two, which belong to it.
Result<Duration> read_duration(const std::string& text, Duration least, Duration most);

inline constexpr Duration longest_time = Duration::seconds(std::int64_t{365} * 24 * 3600);

CLI::Option* add_time_option(CLI::App& command, const std::string& name, Duration& value, const std::string& about,
                             Duration least = Duration::nanoseconds(1), Duration most = longest_time);

/// A whole number between the two, which belong to it.
Result<std::uint64_t> read_count(const std::string& text, std::uint64_t least, std::uint64_t most);

namespace detail {
using TakeCount = std::function<void(std::uint64_t)>;
CLI::Option* add_count_option(CLI::App& command, const std::string& name, const TakeCount& take,
                              const std::string& about, std::uint64_t least, std::uint64_t most);
}  // namespace detail

/// `value`: an unsigned number, or an optional one.
template <class Number>
CLI::Option* add_count_option(CLI::App& command, const std::string& name, Number& value, const std::string& about,
                              std::uint64_t least = 0, std::uint64_t most = std::numeric_limits<std::uint64_t>::max()) {
  const auto take = [&value](std::uint64_t count) { value = static_cast<Number>(count); };
  return detail::add_count_option(command, name, take, about, least, most);
}

/// Bytes, at least one: "2GiB".
CLI::Option* add_size_option(CLI::App& command, const std::string& name, std::uint64_t& bytes,
                             const std::string& about);

/// A file, or with the type "DIR" a folder, that the command writes: it has a name, and is not standard output, where
/// the command's own words go. Whether it can be written, outputs.h says.
CLI::Option* add_output_option(CLI::App& command, const std::string& name, std::string& path, const std::string& about,
                               const std::string& type = "FILE");

}  // namespace heir::tools
