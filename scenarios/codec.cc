#include "scenarios/codec.h"

#include <array>
#include <limits>
#include <numeric>

namespace heir::scenarios {
namespace {

struct UnitSize {
  std::string_view name;
  std::int64_t size;
};

constexpr std::array duration_units{UnitSize{"ns", 1},
                                    UnitSize{"us", 1'000},
                                    UnitSize{"ms", 1'000'000},
                                    UnitSize{"s", 1'000'000'000},
                                    UnitSize{"min", 60'000'000'000},
                                    UnitSize{"h", 3'600'000'000'000}};
constexpr std::array ratio_units{UnitSize{"ppb", 1}, UnitSize{"ppm", 1'000}, UnitSize{"%", 10'000'000}};

const std::string duration_expected = "a duration such as \"250ms\"";
const std::string range_expected = "a duration such as \"250ms\" or a range such as \"1ms..5ms\"";
const std::string ratio_expected = "a ratio such as \"0.1%\" or \"50ppm\"";
const std::string rate_expected = "a rate such as \"200/s\"";

template <std::size_t n>
std::string unit_names(const std::array<UnitSize, n>& units) {
  std::string text;
  for (const UnitSize& unit : units) text += (text.empty() ? "" : ", ") + std::string(unit.name);
  return text;
}

/// An exact decimal number with a unit, as a whole number of the smallest unit; or why it is none.
template <std::size_t n>
Result<std::int64_t> quantity(std::string_view text, const std::array<UnitSize, n>& units) {
  const auto bad = [](std::string why) { return Error{ErrorCode::invalid, std::move(why)}; };
  const std::string_view whole_text = text;
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto digits = [](std::string_view from) {
    std::size_t count = 0;
    while (count < from.size() && from[count] >= '0' && from[count] <= '9') ++count;
    return from.substr(0, count);
  };
  const std::string_view whole = digits(text);
  if (whole.empty()) return bad(in_quotes(whole_text, 40) + " does not begin with a number");
  text.remove_prefix(whole.size());
  std::string_view fraction;
  // "1..2ms" is a range, whose first end lacks its unit, and no decimal point.
  if (text.starts_with('.')) {
    fraction = digits(text.substr(1));
    if (fraction.empty()) return bad(in_quotes(whole_text, 40) + " has no digit after the point");
    text.remove_prefix(1 + fraction.size());
  }
  if (text.empty()) return bad(in_quotes(whole_text, 40) + " has no unit; units are " + unit_names(units));
  const UnitSize* unit = nullptr;
  for (const UnitSize& candidate : units) {
    if (candidate.name == text) unit = &candidate;
  }
  if (!unit) return bad("unknown unit " + in_quotes(text, 20) + "; units are " + unit_names(units));
  if (whole.size() > 18 || fraction.size() > 18) return bad("too many digits");

  const auto number = [](std::string_view from) {
    std::int64_t value = 0;
    for (const char c : from) value = value * 10 + (c - '0');
    return value;
  };
  std::int64_t total = 0;
  if (__builtin_mul_overflow(number(whole), unit->size, &total)) return bad("too large");
  // The fraction is F / 10^k units; after cancelling, what is left of 10^k must divide F.
  while (fraction.ends_with('0')) fraction.remove_suffix(1);
  std::int64_t scale = 1;
  for (std::size_t i = 0; i < fraction.size(); ++i) scale *= 10;
  const std::int64_t common = std::gcd(unit->size, scale);
  if (number(fraction) % (scale / common) != 0) return bad("finer than one " + std::string(units.front().name));
  const std::int64_t part = number(fraction) / (scale / common) * (unit->size / common);
  if (__builtin_add_overflow(total, part, &total)) return bad("too large");
  return negative ? -total : total;
}

/// A decimal number of `unit`s without trailing zeros.
std::string decimal(std::int64_t value, std::int64_t unit) {
  std::string text = std::to_string(value / unit);
  std::int64_t rest = value % unit;
  if (rest == 0) return text;
  text += '.';
  for (std::int64_t place = unit / 10; rest != 0; place /= 10) {
    text += static_cast<char>('0' + rest / place);
    rest %= place;
  }
  return text;
}

Result<Duration> duration_of(std::string_view text) {
  const Result<std::int64_t> ns = quantity(text, duration_units);
  if (!ns) return ns.error();
  return Duration::nanoseconds(*ns);
}

}  // namespace

Error unexpected(const std::string& expected, const Value& found, const std::string& why) {
  return {ErrorCode::invalid, "expected " + expected + ", found " + describe(found) + (why.empty() ? "" : ": " + why)};
}

Result<bool> Codec<bool>::read(const Value& value) {
  if (value.kind != Value::Kind::boolean) return unexpected("true or false", value);
  return value.boolean;
}

Result<int> Codec<int>::read(const Value& value) {
  if (value.kind != Value::Kind::integer) return unexpected("an integer", value);
  if (value.integer > std::numeric_limits<int>::max() || value.integer < std::numeric_limits<int>::min()) {
    return unexpected("an integer", value, "too large");
  }
  return static_cast<int>(value.integer);
}

Result<std::string> Codec<std::string>::read(const Value& value) {
  if (value.kind == Value::Kind::text) return value.text;
  const bool scalar = value.kind != Value::Kind::array && value.kind != Value::Kind::table;
  if (!value.raw.empty() && scalar) return value.raw;
  return unexpected("a text in quotes", value);
}

Result<Duration> Codec<Duration>::read(const Value& value) {
  if (value.kind != Value::Kind::text) return unexpected(duration_expected, value);
  if (value.text.find("..") != std::string::npos)
    return unexpected(duration_expected, value, "a range is not possible here");
  Result<Duration> duration = duration_of(value.text);
  if (!duration) return unexpected(duration_expected, value, duration.error().message);
  return duration;
}

Result<DurationRange> Codec<DurationRange>::read(const Value& value) {
  if (value.kind != Value::Kind::text) return unexpected(range_expected, value);
  const std::string_view text = value.text;
  const std::size_t dots = text.find("..");
  const Result<Duration> low = duration_of(text.substr(0, dots));
  if (!low) return unexpected(range_expected, value, low.error().message);
  if (dots == std::string_view::npos) return DurationRange{*low, *low};
  const Result<Duration> high = duration_of(text.substr(dots + 2));
  if (!high) return unexpected(range_expected, value, high.error().message);
  if (*high < *low) return unexpected(range_expected, value, "the range ends before it begins");
  return DurationRange{*low, *high};
}

std::string Codec<DurationRange>::write(const DurationRange& value) {
  if (value.fixed()) return in_quotes(to_string(value.low));
  return in_quotes(to_string(value.low) + ".." + to_string(value.high));
}

Result<Ratio> Codec<Ratio>::read(const Value& value) {
  if (value.kind != Value::Kind::text) return unexpected(ratio_expected, value);
  const Result<std::int64_t> ppb = quantity(value.text, ratio_units);
  if (!ppb) return unexpected(ratio_expected, value, ppb.error().message);
  return Ratio::per_billion(*ppb);
}

std::string Codec<Ratio>::write(Ratio value) {
  const std::int64_t ppb = value.ppb();
  if (ppb == 0 || ppb >= 1'000'000) return in_quotes(decimal(ppb, 10'000'000) + "%");
  if (ppb >= 1'000) return in_quotes(decimal(ppb, 1'000) + "ppm");
  return in_quotes(std::to_string(ppb) + "ppb");
}

Result<Amount> Codec<Amount>::read(const Value& value) {
  if (const Result<Duration> duration = Codec<Duration>::read(value))
    return Amount{Amount::Unit::duration, duration->ns()};
  if (const Result<Ratio> ratio = Codec<Ratio>::read(value)) return Amount{Amount::Unit::ratio, ratio->ppb()};
  return unexpected("a duration, such as \"250ms\", or a ratio, such as \"2%\"", value);
}

std::string Codec<Amount>::write(const Amount& value) {
  switch (value.unit) {
    case Amount::Unit::duration: return Codec<Duration>::write(Duration::nanoseconds(value.n));
    case Amount::Unit::ratio: return Codec<Ratio>::write(Ratio::per_billion(value.n));
  }
  return {};
}

Result<Draws> Codec<Draws>::read(const Value& value) {
  const std::string expected = "64 hexadecimal digits, as a decision list has them";
  if (value.kind != Value::Kind::text || value.text.size() != 64) return unexpected(expected, value);
  Draws draws;
  const char* at = value.text.data();
  bool any = false;
  for (std::uint64_t& word : draws.state) {
    const auto [end, error] = std::from_chars(at, at + 16, word, 16);
    if (error != std::errc() || end != at + 16) return unexpected(expected, value);
    any = any || word != 0;
    at = end;
  }
  if (!any) return unexpected(expected, value, "only zeros, which no stream has");
  return draws;
}

std::string Codec<Draws>::write(const Draws& value) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  for (const std::uint64_t word : value.state)
    for (int shift = 60; shift >= 0; shift -= 4) text += digits[(word >> shift) & 15];
  return in_quotes(text);
}

Result<Variation> Codec<Variation>::read(const Value& value) {
  const std::string expected = "a time and a number from 1, such as \"41.2s/9\"";
  if (value.kind != Value::Kind::text) return unexpected(expected, value);
  const std::string_view text = value.text;
  const std::size_t slash = std::min(text.find('/'), text.size());
  const Result<Duration> at = duration_of(text.substr(0, slash));
  if (!at) return unexpected(expected, value, at.error().message);
  if (*at < Duration::zero()) return unexpected(expected, value, "a time before the start");
  const std::string_view digits = text.substr(std::min(slash + 1, text.size()));
  Variation variation{*at, 0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), variation.number);
  if (error != std::errc() || end != digits.data() + digits.size() || variation.number == 0)
    return unexpected(expected, value);
  return variation;
}

std::string Codec<Variation>::write(const Variation& value) {
  return in_quotes(to_string(value.at) + "/" + std::to_string(value.number));
}

Result<Rate> Codec<Rate>::read(const Value& value) {
  if (value.kind != Value::Kind::text) return unexpected(rate_expected, value);
  const std::string_view text = value.text;
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return unexpected(rate_expected, value, "no '/' with a unit of time");
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + slash, count);
  if (error != std::errc() || end != text.data() + slash) {
    return unexpected(
        rate_expected, value,
        in_quotes(text.substr(0, slash), 20) + " is no whole number; take a longer unit, such as \"30/min\"");
  }
  if (count < 1) return unexpected(rate_expected, value, "less than one");
  if (count > 1'000'000) return unexpected(rate_expected, value, "more than a million");
  for (const UnitSize& unit : duration_units) {
    if (unit.name == text.substr(slash + 1) && unit.size >= 1'000'000)
      return Rate{count, Duration::nanoseconds(unit.size)};
  }
  return unexpected(rate_expected, value,
                    "unknown unit " + in_quotes(text.substr(slash + 1), 20) + "; units are ms, s, min, h");
}

std::string Codec<Rate>::write(const Rate& value) {
  for (const UnitSize& unit : duration_units) {
    if (unit.size == value.per.ns()) return in_quotes(std::to_string(value.count) + "/" + std::string(unit.name));
  }
  return in_quotes(std::to_string(value.count) + "/?");  // no Rate that was read
}

Result<Target> Codec<Target>::read(const Value& value) {
  std::vector<std::string> names;
  for (const Name<TargetKind>& name : vocabulary<TargetKind>().names) names.emplace_back(name.name);
  if (value.kind != Value::Kind::text) return unknown_word(value, names, {});
  struct Numbered {
    std::string_view prefix;
    TargetKind kind;
    std::string_view expected;
  };
  constexpr Numbered numbered[] = {
      {"host:", TargetKind::host, "a host such as \"host:2\", counted from 1"},
      {"rack:", TargetKind::rack, "a rack such as \"rack:2\", counted from 1"},
      {"store:", TargetKind::store_member, "a member of the store such as \"store:2\", counted from 1"}};
  for (const Numbered& candidate : numbered) {
    if (!value.text.starts_with(candidate.prefix)) continue;
    const std::string_view digits = std::string_view(value.text).substr(candidate.prefix.size());
    int host = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), host);
    if (error == std::errc() && end == digits.data() + digits.size() && host >= 1) return Target{candidate.kind, host};
    return unexpected(std::string(candidate.expected), value);
  }
  const std::optional<TargetKind> kind = from_name<TargetKind>(value.text);
  if (!kind || *kind == TargetKind::host || *kind == TargetKind::store_member)
    return unknown_word(value, names, vocabulary<TargetKind>().later);
  return Target{*kind, 0};
}

Result<HostNumber> Codec<HostNumber>::read(const Value& value) {
  const std::string expected = "a host such as \"host:2\", counted from 1";
  if (value.kind != Value::Kind::text || !value.text.starts_with("host:")) return unexpected(expected, value);
  const Result<Target> target = Codec<Target>::read(value);
  if (!target) return target.error();
  return HostNumber{target->host};
}

Error unknown_word(const Value& found, const std::vector<std::string>& names, std::span<const std::string_view> later) {
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i) {
    list += (i == 0 ? "\"" : i + 1 == names.size() ? " or \"" : ", \"") + names[i] + "\"";
  }
  if (found.kind != Value::Kind::text) return unexpected(list, found);
  for (const std::string_view name : later) {
    if (name == found.text) return {ErrorCode::invalid, in_quotes(name) + " is not available yet; expected " + list};
  }
  if (const std::string name = nearest(found.text, names); !name.empty()) {
    return {ErrorCode::invalid, "unknown name " + describe(found) + "; did you mean \"" + name + "\"?"};
  }
  return unexpected(list, found);
}

}  // namespace heir::scenarios
