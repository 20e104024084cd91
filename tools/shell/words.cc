#include "tools/shell/words.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <vector>

namespace heir::shell {

namespace {

constexpr std::size_t longest_name = 64;
constexpr std::size_t longest_quote = 60;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/// Reads digits from the front of `text`: the number, or nothing if there is none or more than `most` digits.
std::optional<std::int64_t> take_number(std::string_view& text, std::size_t most) {
  std::size_t length = 0;
  std::int64_t number = 0;
  while (length < text.size() && is_digit(text[length])) {
    if (length == most) return std::nullopt;
    number = number * 10 + (text[length++] - '0');
  }
  if (length == 0) return std::nullopt;
  text.remove_prefix(length);
  return number;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

/// Digits after a point, as billionths.
std::optional<std::int64_t> take_fraction(std::string_view& text) {
  const std::size_t before = text.size();
  const std::optional<std::int64_t> digits = take_number(text, 9);
  if (!digits) return std::nullopt;
  std::int64_t billionths = *digits;
  for (std::size_t i = before - text.size(); i < 9; ++i) billionths *= 10;
  return billionths;
}

struct Unit {
  std::string_view name;
  std::int64_t ns;
};
constexpr std::array<Unit, 7> units = {{{"ns", 1},
                                        {"us", 1'000},
                                        {"ms", 1'000'000},
                                        {"s", 1'000'000'000},
                                        {"m", 60'000'000'000},
                                        {"min", 60'000'000'000},
                                        {"h", 3'600'000'000'000}}};
constexpr std::int64_t longest_wait_ns = 24 * 3'600'000'000'000;

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({substituted, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

/// The length of the UTF-8 sequence at the front, 0 if it is none.
std::size_t utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto continues = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first < 0xE0) return continues(1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0) {
    if (!continues(1) || !continues(2)) return 0;
    const bool overlong = first == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = first == 0xED && byte(1) >= 0xA0;
    return overlong || surrogate ? 0 : 3;
  }
  if (first >= 0xF0 && first < 0xF5) {
    if (!continues(1) || !continues(2) || !continues(3)) return 0;
    const bool overlong = first == 0xF0 && byte(1) < 0x90;
    const bool beyond = first == 0xF4 && byte(1) >= 0x90;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

}  // namespace

std::string in_quotes(std::string_view word) {
  if (word.size() <= longest_quote) return "\"" + std::string(word) + "\"";
  std::size_t end = longest_quote;
  while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xC0) == 0x80) --end;  // not inside a character
  return "\"" + std::string(word.substr(0, end)) + "\u2026\"";
}

Result<> check_peer_name(std::string_view name) {
  const bool good = !name.empty() && name.size() <= longest_name && is_letter_or_digit(name.front()) &&
                    std::all_of(name.begin(), name.end(), [](char c) {
                      return is_letter_or_digit(c) || c == '.' || c == '_' || c == ':' || c == '-';
                    });
  if (good) return {};
  return Error{ErrorCode::invalid, in_quotes(name) +
                                       " is no peer's name: expected 1 to 64 letters, digits, '.', '_', ':' or '-', " +
                                       "a letter or digit first"};
}

Result<Duration> parse_duration(std::string_view text) {
  const Error bad{
      ErrorCode::invalid,
      in_quotes(text) + " is no duration: expected a number and a unit (ns, us, ms, s, min or h), as in \"300ms\""};
  std::string_view rest = text;
  const std::optional<std::int64_t> whole = take_number(rest, 15);
  if (!whole) return bad;
  std::int64_t billionths = 0;
  if (take(rest, '.')) {
    const std::optional<std::int64_t> fraction = take_fraction(rest);
    if (!fraction) return bad;
    billionths = *fraction;
  }
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == rest; });
  if (unit == units.end()) return bad;
  const Error long_wait{ErrorCode::invalid, in_quotes(text) + " is too long: at most 24h at a time"};
  if (*whole > longest_wait_ns / unit->ns) return long_wait;
  // The fraction of an hour needs more than 64 bits in nanoseconds times billionths: by parts.
  const std::int64_t product =
      unit->ns >= 1'000'000'000 ? billionths * (unit->ns / 1'000'000'000) : billionths * unit->ns;
  if (unit->ns < 1'000'000'000 && product % 1'000'000'000 != 0)
    return Error{ErrorCode::invalid, in_quotes(text) + " is finer than a nanosecond"};
  const std::int64_t ns = *whole * unit->ns + (unit->ns >= 1'000'000'000 ? product : product / 1'000'000'000);
  if (ns > longest_wait_ns) return long_wait;
  return Duration::nanoseconds(ns);
}

Result<WallTime> parse_time(std::string_view text) {
  const Error bad{ErrorCode::invalid,
                  in_quotes(text) + " is no point in time: expected one like \"2030-01-31T12:00:00Z\""};
  std::string_view rest = text;
  const auto two = [&](char before) -> std::optional<std::int64_t> {
    if (before != 0 && !take(rest, before)) return std::nullopt;
    if (rest.size() < 2 || !is_digit(rest[0]) || !is_digit(rest[1])) return std::nullopt;
    const std::int64_t number = (rest[0] - '0') * 10 + (rest[1] - '0');
    rest.remove_prefix(2);
    return number;
  };
  const std::optional<std::int64_t> year = take_number(rest, 4);
  if (!year) return bad;
  const auto month = two('-');
  const auto day = month ? two('-') : std::nullopt;
  if (!day || *year < 1970 || *year > 2200) return bad;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return bad;
  std::int64_t seconds = std::chrono::sys_days(date).time_since_epoch().count() * std::int64_t{86'400};
  std::int64_t billionths = 0;
  if (take(rest, 'T') || take(rest, ' ')) {
    const auto hour = two(0);
    const auto minute = hour ? two(':') : std::nullopt;
    if (!minute || *hour > 23 || *minute > 59) return bad;
    seconds += *hour * 3'600 + *minute * 60;
    if (rest.starts_with(':')) {
      const auto second = two(':');
      if (!second || *second > 60) return bad;
      seconds += *second;
      if (take(rest, '.')) {
        const std::optional<std::int64_t> fraction = take_fraction(rest);
        if (!fraction) return bad;
        billionths = *fraction;
      }
    }
    if (rest.starts_with('+') || rest.starts_with('-')) {
      const std::int64_t sign = rest.front() == '+' ? 1 : -1;
      const auto hours = two(rest.front());
      take(rest, ':');
      const auto minutes = hours ? two(0) : std::nullopt;
      if (!minutes || *hours > 23 || *minutes > 59) return bad;
      seconds -= sign * (*hours * 3'600 + *minutes * 60);
    } else {
      take(rest, 'Z');
    }
  }
  if (!rest.empty()) return bad;
  return WallTime::from_ns(seconds * 1'000'000'000 + billionths);
}

std::string format_time(WallTime time) {
  std::int64_t seconds = time.ns() / 1'000'000'000;
  std::int64_t ns = time.ns() % 1'000'000'000;
  if (ns < 0) {
    ns += 1'000'000'000;
    --seconds;
  }
  const std::chrono::sys_seconds point{std::chrono::seconds(seconds)};
  const auto midnight = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date{midnight};
  const std::chrono::hh_mm_ss clock{point - midnight};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%09d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(ns));
  std::string exact = text.data();
  while (exact.ends_with("000") && exact[exact.size() - 4] != '.') exact.resize(exact.size() - 3);
  return exact + "Z";
}

std::string did_you_mean(std::string_view word, std::span<const std::string> known) {
  if (word.size() > longest_name) return {};
  const std::string wanted = lower_case(word);
  const std::string* nearest = nullptr;
  std::size_t least = std::max<std::size_t>(2, wanted.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(wanted, lower_case(candidate));
    if (distance >= least || distance >= candidate.size()) continue;
    least = distance;
    nearest = &candidate;
  }
  return nearest ? "; did you mean \"" + *nearest + "\"?" : "";
}

std::string lower_case(std::string_view word) {
  std::string text(word);
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string defect_of_text(std::string_view line) {
  for (std::size_t i = 0; i < line.size();) {
    const auto byte = static_cast<unsigned char>(line[i]);
    const std::size_t length = utf8_sequence(line.substr(i));
    if (length == 0 || (byte < 0x20 && byte != '\t') || byte == 0x7F) {
      std::array<char, 64> text{};
      std::snprintf(text.data(), text.size(), "byte 0x%02X at column %zu", byte, i + 1);
      return text.data() + std::string(length == 0 ? " is not UTF-8" : " is a control character") + ": not a command";
    }
    i += length;
  }
  return {};
}

}  // namespace heir::shell
