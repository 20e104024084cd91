// Codec<T>: how a value of type T stands in a scenario file: its name in the reference, what to say when something else
// was found, reading and writing. read(write(x)) == x for every x.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "engine/base/result.h"
#include "scenarios/document.h"
#include "scenarios/names.h"
#include "scenarios/scenario.h"

namespace heir::scenarios {

template <class T>
struct Codec;

/// The message for a value that is not what was expected: "expected X, found Y", then why not, if there is more to say.
Error unexpected(const std::string& expected, const Value& found, const std::string& why = {});

template <>
struct Codec<bool> {
  static std::string type() { return "boolean"; }
  static Result<bool> read(const Value& value);
  static std::string write(bool value) { return value ? "true" : "false"; }
};

template <>
struct Codec<int> {
  static std::string type() { return "integer"; }
  static Result<int> read(const Value& value);
  static std::string write(int value) { return std::to_string(value); }
};

template <>
struct Codec<std::string> {
  static std::string type() { return "text"; }
  static Result<std::string> read(const Value& value);
  static std::string write(const std::string& value) { return in_quotes(value); }
};

template <>
struct Codec<Duration> {
  static std::string type() { return "duration"; }
  static Result<Duration> read(const Value& value);
  static std::string write(Duration value) { return in_quotes(to_string(value)); }
};

template <>
struct Codec<DurationRange> {
  static std::string type() { return "duration or range"; }
  static Result<DurationRange> read(const Value& value);
  static std::string write(const DurationRange& value);
};

template <>
struct Codec<Ratio> {
  static std::string type() { return "ratio"; }
  static Result<Ratio> read(const Value& value);
  static std::string write(Ratio value);
};

template <>
struct Codec<Amount> {
  static std::string type() { return "duration or ratio"; }
  static Result<Amount> read(const Value& value);
  static std::string write(const Amount& value);
};

template <>
struct Codec<Draws> {
  static std::string type() { return "64 hexadecimal digits"; }
  static Result<Draws> read(const Value& value);
  static std::string write(const Draws& value);
};

template <>
struct Codec<Variation> {
  static std::string type() { return "time/number"; }
  static Result<Variation> read(const Value& value);
  static std::string write(const Variation& value);
};

template <>
struct Codec<Rate> {
  static std::string type() { return "rate"; }
  static Result<Rate> read(const Value& value);
  static std::string write(const Rate& value);
};

template <>
struct Codec<Target> {
  static std::string type() { return "target"; }
  static Result<Target> read(const Value& value);
  static std::string write(const Target& value) { return in_quotes(to_string(value)); }
};

/// The number of a host, written "host:2".
struct HostNumber {
  int number = 1;
  bool operator==(const HostNumber&) const = default;
};

template <>
struct Codec<HostNumber> {
  static std::string type() { return "host"; }
  static Result<HostNumber> read(const Value& value);
  static std::string write(HostNumber value) { return in_quotes("host:" + std::to_string(value.number)); }
};

/// The error for a word that is none of `names`; `later` are refused with a reason of their own.
Error unknown_word(const Value& found, const std::vector<std::string>& names, std::span<const std::string_view> later);

template <class E>
requires std::is_enum_v<E>
struct Codec<E> {
  static std::string type() { return "name"; }
  static Result<E> read(const Value& value) {
    std::vector<std::string> names;
    for (const Name<E>& name : vocabulary<E>().names) names.emplace_back(name.name);
    if (value.kind != Value::Kind::text) return unknown_word(value, names, {});
    if (const std::optional<E> found = from_name<E>(value.text)) return *found;
    return unknown_word(value, names, vocabulary<E>().later);
  }
  static std::string write(E value) { return in_quotes(to_string(value)); }
};

template <class T>
struct Codec<std::vector<T>> {
  static std::string type() { return "list of " + Codec<T>::type() + "s"; }
  static Result<std::vector<T>> read(const Value& value) {
    if (value.kind != Value::Kind::array) return unexpected("a " + type(), value);
    std::vector<T> items;
    for (const Value& item : value.items) {
      Result<T> one = Codec<T>::read(item);
      if (!one) return one.error();
      items.push_back(std::move(*one));
    }
    return items;
  }
  static std::string write(const std::vector<T>& items) {
    std::string text = "[";
    for (std::size_t i = 0; i < items.size(); ++i) text += (i == 0 ? "" : ", ") + Codec<T>::write(items[i]);
    return text + "]";
  }
};

template <class T>
struct Codec<std::optional<T>> {
  static std::string type() { return Codec<T>::type(); }
  static Result<std::optional<T>> read(const Value& value) {
    Result<T> one = Codec<T>::read(value);
    if (!one) return one.error();
    return std::optional<T>(std::move(*one));
  }
  static std::string write(const std::optional<T>& value) { return value ? Codec<T>::write(*value) : std::string(); }
};

}  // namespace heir::scenarios
