// How the enumerations of a Scenario are spelled in files, messages and reports: one table for each, in names.cc.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "scenarios/scenario.h"

namespace heir::scenarios {

template <class E>
struct Name {
  E value;
  std::string_view name;
  std::string_view meaning;
};

/// All names of an enumeration, and the names of what is planned but refused for now.
template <class E>
struct Vocabulary {
  std::span<const Name<E>> names;
  std::span<const std::string_view> later;
};

template <class E>
Vocabulary<E> vocabulary();
template <>
Vocabulary<Database> vocabulary();
template <>
Vocabulary<SystemKind> vocabulary();
template <>
Vocabulary<PolicyPreset> vocabulary();
template <>
Vocabulary<StoreKind> vocabulary();
template <>
Vocabulary<TargetKind> vocabulary();
template <>
Vocabulary<WorkloadKind> vocabulary();
template <>
Vocabulary<ReadsFrom> vocabulary();
template <>
Vocabulary<FaultKind> vocabulary();
template <>
Vocabulary<FaultFamily> vocabulary();
template <>
Vocabulary<PartitionShape> vocabulary();
template <>
Vocabulary<Direction> vocabulary();
template <>
Vocabulary<ClientsDuringPartition> vocabulary();
template <>
Vocabulary<ProcessKind> vocabulary();
template <>
Vocabulary<FreezeMode> vocabulary();
template <>
Vocabulary<AfterFreeze> vocabulary();
template <>
Vocabulary<FsyncAnswer> vocabulary();
template <>
Vocabulary<RotPlace> vocabulary();
template <>
Vocabulary<SwappedDisk> vocabulary();
template <>
Vocabulary<PartitionManner> vocabulary();
template <>
Vocabulary<ToldOfBreak> vocabulary();
template <>
Vocabulary<Moment> vocabulary();
template <>
Vocabulary<FailureKind> vocabulary();

/// The spelling of a value: "crash-database".
template <class E>
requires std::is_enum_v<E> std::string to_string(E value) {
  for (const Name<E>& name : vocabulary<E>().names) {
    if (name.value == value) return std::string(name.name);
  }
  return "?";  // not a value of the enumeration
}

template <class E>
requires std::is_enum_v<E> std::optional<E> from_name(std::string_view text) {
  for (const Name<E>& name : vocabulary<E>().names) {
    if (name.name == text) return name.value;
  }
  return std::nullopt;
}

/// "primary", "host:2", "rack:1".
std::string to_string(const Target& target);

}  // namespace heir::scenarios
