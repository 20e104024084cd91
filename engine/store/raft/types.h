// The vocabulary of Raft: terms, places in the log, members, entries. Values only.
//
// Sources, throughout this folder: D. Ongaro, "Consensus: Bridging Theory and Practice" (Stanford 2014), quoted by
// section as "thesis 3.4"; and where a rule is not in it, what is said beside the rule.
#pragma once

#include <compare>
#include <cstdint>
#include <variant>
#include <vector>

#include "engine/base/host.h"
#include "engine/base/identity.h"
#include "engine/base/strong.h"

namespace heir::raft {

/// Counts elections. 0 is before the first.
class Term {
 public:
  constexpr Term() = default;
  explicit constexpr Term(std::uint64_t number) : number_(number) {}
  constexpr std::uint64_t number() const { return number_; }
  constexpr Term next() const { return Term(number_ + 1); }
  constexpr auto operator<=>(const Term&) const = default;

 private:
  std::uint64_t number_ = 0;
};

/// A place in the log. The first entry is at 1; 0 is before all.
class LogIndex {
 public:
  constexpr LogIndex() = default;
  explicit constexpr LogIndex(std::uint64_t number) : number_(number) {}
  constexpr std::uint64_t number() const { return number_; }
  constexpr LogIndex next() const { return LogIndex(number_ + 1); }
  /// REQUIRES not 0.
  constexpr LogIndex previous() const { return LogIndex(number_ - 1); }
  constexpr LogIndex operator+(std::uint64_t entries) const { return LogIndex(number_ + entries); }
  /// How many entries lie between. REQUIRES *this >= other.
  constexpr std::uint64_t operator-(LogIndex other) const { return number_ - other.number_; }
  constexpr auto operator<=>(const LogIndex&) const = default;

 private:
  std::uint64_t number_ = 0;
};

/// A member of the cluster, for all its life; never used again for another, nor for the same host with an empty disk.
using MemberId = Strong<struct MemberIdTag, std::uint64_t>;
inline constexpr MemberId nobody{};

/// Two logs that have the same EntryId are the same up to there (log matching, thesis 3.5).
struct EntryId {
  LogIndex index;
  Term term;
  bool operator==(const EntryId&) const = default;
};

/// Whether a log that ends with `a` has at least as much as one that ends with `b`, for a vote (thesis 3.6.1).
constexpr bool at_least_as_new(EntryId a, EntryId b) {
  return a.term != b.term ? a.term > b.term : a.index >= b.index;
}

struct Member {
  MemberId id;
  Address address;
  bool votes = false;  ///< Else a learner: it gets the log and counts for nothing (thesis 4.2.1).
  bool operator==(const Member&) const = default;
};

struct Configuration {
  std::vector<Member> members;  ///< By id.
  MemberId highest;             ///< Ever given: no id is used twice.
  bool operator==(const Configuration&) const = default;
};

/// What a new leader appends first (thesis 6.4).
struct Nothing {
  bool operator==(const Nothing&) const = default;
};
/// For the state machine; opaque here.
struct Command {
  Bytes bytes;
  bool operator==(const Command&) const = default;
};
using Payload = std::variant<Nothing, Command, Configuration>;

struct Entry {
  Term term;
  Payload payload;
  bool operator==(const Entry&) const = default;
};

/// The state machine after the entry `last`, and what is needed instead of the log up to it (thesis 5.1).
struct Snapshot {
  EntryId last;
  Configuration configuration;
  Bytes state;
  bool operator==(const Snapshot&) const = default;
};

/// Must never be forgotten: one vote a term (thesis 3.6.1).
struct Ballot {
  Term term;
  MemberId vote;  ///< In this term.
  bool operator==(const Ballot&) const = default;
};

}  // namespace heir::raft
