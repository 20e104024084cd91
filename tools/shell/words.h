// The words of the shell's language: peer names, durations, points in time, and what was probably meant by a word that
// is not known.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/base/result.h"
#include "engine/base/time.h"

namespace heir::shell {

/// A name in quotes, shortened if it is long.
std::string in_quotes(std::string_view word);

/// `invalid` unless it is 1 to 64 letters, digits, '.', '_', ':' or '-', a letter or digit first.
Result<> check_peer_name(std::string_view name);

/// "300ms", "1.5s", "2min": a number with a unit (ns, us, ms, s, m or min, h), exact to the nanosecond, at most 24 h.
Result<Duration> parse_duration(std::string_view text);

/// "2020-01-01T00:00:05.250Z"; also with an offset such as "+02:00", or without one (UTC). Years 1970 to 2200.
Result<WallTime> parse_time(std::string_view text);
std::string format_time(WallTime time);

/// `; did you mean "addpeer"?`, or nothing if none of `known` is near.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

/// ASCII only.
std::string lower_case(std::string_view word);

/// Empty if `line` is text: valid UTF-8 without control characters other than tabs; else what stands where.
std::string defect_of_text(std::string_view line);

}  // namespace heir::shell
