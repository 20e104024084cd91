// RegisterEvidence: how the operations of a register prove what is known of its versions, and how to say so.
#pragma once

#include <string>

#include "reports/check/objects/proven_failures.h"
#include "reports/check/objects/versions.h"

namespace heir::reports::objects {

class RegisterEvidence {
 public:
  static constexpr std::uint32_t none = Version::none;

  /// Both must outlive it.
  RegisterEvidence(const Object& object, const Versions& versions)
      : object_(object), history_(*object.history), versions_(versions) {}

  const Object& object() const { return object_; }
  const History& history() const { return history_; }
  const Versions& versions() const { return versions_; }
  const Version& version(std::uint32_t v) const { return versions_[v]; }

  // ---- Versions and points.

  const Operation& setter(std::uint32_t v) const { return object_.operation(version(v).op); }
  std::uint32_t setter_number(std::uint32_t v) const { return object_.ops[version(v).op]; }
  Value value(std::uint32_t v) const;
  /// When the operation that set it was answered.
  Point acknowledged(std::uint32_t v) const;
  /// The first point before `before` at which v, or what was made from it, is known to have been current. Of the chain
  /// the version is named that shows it.
  struct Shown {
    std::uint32_t version = none;
    Point by = never;
  };
  Shown shown(std::uint32_t v, Point before) const;
  bool is_final(Point point) const { return point >= versions_.end_of_history(); }
  std::uint32_t number_at(Point point) const { return history_.operation_of(point - 1); }
  const Operation& operation_at(Point point) const { return history_.operations()[number_at(point)]; }
  HistoryTime time_of(Point point) const;
  /// Of the answers in a proof the last.
  HistoryTime last_answer(const Proof& proof) const;
  /// Number in the history; none for the final state.
  std::uint32_t number(const Observation& o) const;

  // ---- Proofs.

  void add_setter(Proof& proof, std::uint32_t v) const;
  void add_at(Proof& proof, Point point) const;
  /// The setters of `first` and of what was made from it, up to `last`.
  void add_steps(Proof& proof, std::uint32_t first, std::uint32_t last) const;
  /// That v itself was current at some time before `before`. REQUIRES: own_by < before.
  void add_own(Proof& proof, std::uint32_t v, Point before) const;
  /// That v had been set before `before`: by itself, or by what was made from it. REQUIRES: effect_by < before.
  void add_set(Proof& proof, std::uint32_t v, Point before) const;
  /// That some version of v's chain was current before `before`, and the steps between it and v.
  void add_chain(Proof& proof, std::uint32_t v, Point before) const;
  void add_observation(Proof& proof, const Observation& o) const;

  // ---- Sentences.

  std::string when(HistoryTime time) const;
  std::string value_name(std::uint32_t v) const;
  /// "cas of [1,2] to key 5 had swapped by 12.345s"
  std::string swapped(std::uint32_t v, Point before = never) const;
  /// "read of key 5 by process 3 at 12.345s returned 7"
  std::string observed(const Observation& o) const;
  /// "write of 9 to key 5, acknowledged to process 1 at 12.100s": how v is known to have been set by `before`.
  std::string in_effect(std::uint32_t v, Point before) const;

 private:
  const Object& object_;
  const History& history_;
  const Versions& versions_;
};

}  // namespace heir::reports::objects
