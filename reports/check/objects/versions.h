// Versions: the values that a register took, each set once, and what the operations tell of when they were current.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "reports/check/objects/value_index.h"
#include "reports/check/objects/zones.h"
#include "reports/check/verdict/object.h"

namespace heir::reports::objects {

struct Version {
  static constexpr std::uint32_t none = UINT32_MAX;
  Point begin = 0;            ///< Of the operation that set it.
  Point own_by = never;       ///< The first answer of that operation, or of a read that shows this version.
  Point effect_by = never;    ///< The same, or of a version made from it: by then it certainly had been current.
  Point latest_begin = 0;     ///< Of the operation that set it and the reads that show it.
  std::uint32_t op = none;    ///< That operation, as an index of the object; none for the initial nil.
  std::uint32_t root = none;  ///< The first version of its chain. None: it never took effect, as far as anybody knows.
  // By compare-and-set.
  std::uint32_t parent = none;
  std::uint32_t child = none;
};

/// That a version was current when an operation took effect: a read, a compare-and-set from it, or the final state.
struct Observation {
  static constexpr std::uint32_t final_state = UINT32_MAX;
  std::uint32_t op = final_state;  ///< Index of the object.
  std::uint32_t version = 0;
  Point begin = 0;
  Point end = never;
};

class Versions {
 public:
  static constexpr std::uint32_t none = Version::none;
  static constexpr std::uint32_t initial = 0;

  /// `object` must outlive it.
  Versions(const Object& object, const FinalValue* final_value, bool with_cas);

  /// Why zones cannot judge this object; empty if they can. The rest has no meaning then.
  const std::string& problem() const { return problem_; }

  // ---- Each alone makes the history wrong.
  /// A read, or the final state, showed what nobody had set by then.
  bool impossible_read() const { return impossible_read_; }
  /// Compare-and-sets that took effect without a linkable version before it: nobody had set by then what they expected.
  std::span<const std::uint32_t> baseless() const { return baseless_; }
  /// Two compare-and-sets took effect from one version.
  std::span<const std::pair<std::uint32_t, std::uint32_t>> forks() const { return forks_; }
  /// A version of each chain that ends in itself.
  std::span<const std::uint32_t> cycles() const { return cycles_; }
  bool broken_chain() const { return !baseless_.empty() || !forks_.empty() || !cycles_.empty(); }
  /// Something began to read a version after one made from it was in effect.
  bool overtaken() const { return overtaken_; }

  // ---- Of the chains, each named by its root. Meaningful only if none is broken.
  /// At most one for each chain as the second; empty if the chains can be put into an order.
  std::span<const Contradiction> contradicting() const { return contradictions_; }
  /// The zones of the chains, in an order that they can have had unless some contradict each other.
  std::span<const Zone> zones() const { return zones_; }

  /// In the order in which the operations that set them began.
  std::span<const Version> all() const { return versions_; }
  const Version& operator[](std::uint32_t version) const { return versions_[version]; }
  /// None if nobody set it (a failed operation is nobody); the first if there are several.
  std::uint32_t of(Value value) const;
  /// Set by more than one operation that did not fail. Never true of a value that was read.
  bool repeated(Value value) const;
  std::uint32_t of_final() const { return final_ ? of(*final_) : none; }
  const Value* final_value() const { return final_ ? &*final_ : nullptr; }
  /// The final state is a read from here to the next point.
  Point end_of_history() const { return after(static_cast<std::uint32_t>(object_->history->size())); }

  /// Calls `f` with every Observation of a version that was set by then.
  template <class F>
  void for_each_observation(F f) const;

 private:
  struct Setter {
    std::uint32_t version = none;
    bool repeated = false;
  };

  void collect(bool with_cas);
  void set(std::uint32_t i, Value value);
  void note_kind(Value value);
  void observe();
  void observe_final();
  const Setter* setter(Value value) const;
  void refuse_repeated(Value value);
  void make_chains();
  void link(std::uint32_t version);
  void follow_chain(std::uint32_t root);
  void find_cycles();

  const Object* object_;
  std::optional<Value> final_;
  std::string problem_;
  ValueIndex index_;
  std::vector<Setter> setters_;  ///< By number of the value.
  std::vector<Version> versions_;
  bool integers_ = false;
  bool texts_ = false;
  bool chains_ = false;  ///< There is a compare-and-set that may have taken effect.
  bool impossible_read_ = false;
  bool overtaken_ = false;
  std::vector<std::uint32_t> baseless_;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> forks_;
  std::vector<std::uint32_t> cycles_;
  std::vector<Zone> zones_;
  std::vector<Contradiction> contradictions_;
};

template <class F>
void Versions::for_each_observation(F f) const {
  for (std::uint32_t i = 0; i < object_->size(); ++i) {
    const Operation& op = object_->operation(i);
    if (op.function != Function::read || !op.ok()) continue;
    const std::uint32_t version = of(op.result);
    if (version != none && versions_[version].begin < after(op.end)) {
      f(Observation{i, version, after(op.begin), after(op.end)});
    }
  }
  if (chains_) {
    for (const Version& made : versions_) {
      if (made.parent != none) f(Observation{made.op, made.parent, made.begin, made.effect_by});
    }
  }
  if (final_ && of_final() != none)
    f(Observation{Observation::final_state, of_final(), end_of_history(), end_of_history() + 1});
}

}  // namespace heir::reports::objects
