// Elements: what happened to each element of a queue, stack or priority queue into which nothing is put twice. Inside
// this folder only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "reports/check/objects/position.h"
#include "reports/check/objects/value_index.h"
#include "reports/check/verdict/object.h"

namespace heir::reports::objects {

/// A peek or removal that answered with an element.
struct Showing {
  std::uint32_t op = 0;  ///< Index into the object.
  std::uint32_t element = 0;
  Position begin = 0;
  Position end = 0;
  bool removes = false;
};

struct Element {
  static constexpr std::uint32_t none = UINT32_MAX;
  Value value;
  std::uint32_t insertion = none;  ///< Index into the object, as all operations here.
  std::uint32_t removal = none;    ///< `none`: never, or by somebody whose answer is not known.
  Position removal_end = end_of_time;
  /// It was put in between these two; `end_of_time` if neither an answer nor a showing says by when.
  Position insert_begin = 0;
  Position insert_end = end_of_time;
  /// The earliest end of its showings, and whose it is. It was in by then.
  Position first_end = end_of_time;
  std::uint32_t first_shown = none;
  /// The latest beginning of its showings, and whose it is. It was still in then.
  Position last_begin = 0;
  std::uint32_t last_shown = none;
  /// Without a removal: when it may have been removed at the earliest, by Elements::assume.
  Position removable_from = 0;

  /// It was in at least until then.
  Position in_until() const { return std::max({insert_begin, last_begin, removable_from}); }
  /// Nobody is known to have taken it, nor is a removal of unknown outcome assumed to have, in time to explain the
  /// rest.
  bool is_lost() const { return removal == none && last_begin < removable_from; }
};

/// A removal or peek that found nothing.
struct Emptiness {
  std::uint32_t op = 0;
  Position begin = 0;
  Position end = 0;
};

struct ElementFunctions {
  Function insert, remove, peek;
};

/// The elements in order of their insertions, without those whose insertion failed. One of unknown outcome whose
/// element was never shown need not have happened: it has no insert_end, so nothing follows from it.
class Elements {
 public:
  Elements(const Object& object, ElementFunctions functions);

  /// The verdict. `failures_of` looks for what is wrong between elements, by the removals of unknown outcome that are
  /// assumed; `in_order_is_best` if it finds something under every assumption when it does under `in_order`.
  Judgement judge(const std::function<std::vector<Failure>(const Elements&)>& failures_of, bool in_order_is_best);

  const std::vector<Element>& all() const { return elements_; }
  const std::vector<Showing>& showings() const { return showings_; }

  // ---- Removals of unknown outcome, each of which may have taken any element, or none.
  bool has_unknown_removals() const { return !unknown_removals_.empty(); }
  /// Elements that nobody is known to have removed, in order of insert_end.
  const std::vector<std::uint32_t>& missing() const { return missing_; }
  enum class Assumption : std::uint8_t {
    none_happened,
    in_order,   ///< Each took one missing element; the earlier removal the one that was in earlier.
    unlimited,  ///< The earliest took all: more than can be, so a history that this does not explain is wrong.
  };
  /// Sets removable_from of the missing elements. At first none is assumed to have happened.
  void assume(Assumption assumption);

  /// The first answer "empty" that is wrong because something was certainly in all the while.
  std::optional<Failure> not_empty() const;
  /// `what` is what operation `op` says. It is wrong because at every moment of it one of the elements `present` was
  /// in. Of kind `kind` unless it shows that an element was lost.
  Failure contradicted(FailureKind kind, const std::string& what, std::uint32_t op,
                       const std::vector<std::uint32_t>& present) const;

  // ---- Words.
  const Operation& operation(std::uint32_t op) const { return object_.operation(op); }
  const History& history() const { return *object_.history; }
  /// Proven by these operations (each once, `none` left out); it showed when the first of them was answered.
  Failure failure(FailureKind kind, std::string message, const std::vector<std::uint32_t>& ops) const;
  std::string name(std::uint32_t op) const { return describe(history(), operation(op)); }
  std::string began(std::uint32_t op) const { return moment(history(), operation(op).invoked); }
  std::string ended(std::uint32_t op) const { return moment(history(), operation(op).completed); }
  std::string text(const Element& element) const { return history().value_text(element.value); }
  /// "1, 2, 3 and 5 more"
  std::string texts(const std::vector<std::uint32_t>& elements) const;
  /// Was its insertion acknowledged before anybody showed it?
  bool was_acknowledged_first(const Element& element) const;
  /// The operation that proves by when it was in: its insertion, or what showed it first.
  std::uint32_t insertion_proof(const Element& element) const {
    return was_acknowledged_first(element) ? element.insertion : element.first_shown;
  }
  /// "enqueue of 5 to key 1 by process 3 was acknowledged at 1.000s", or "peek … had returned 5 at 1.000s"
  std::string proof_of_insertion(const Element& element) const;
  /// An element that is_lost().
  FailureKind kind_of_loss(const Element& element) const;
  std::string taken_by_nobody() const;

 private:
  void find_insertions();
  void find_showings();
  void add_drain(std::uint32_t op, bool alone);
  void show(std::uint32_t op, Value value, Position begin, Position end, bool removes);
  void shown_from_nowhere(std::uint32_t op, Value value);
  void judge_alone();
  void not_applicable(std::string reason);

  struct UnknownRemoval {
    Position begin = 0;
    bool drains = false;  ///< It may have taken any number of elements.
  };

  const Object& object_;
  ElementFunctions functions_;
  ValueIndex index_;   ///< Of the elements' values.
  ValueIndex failed_;  ///< Of values whose insertion failed.
  std::vector<std::uint32_t> failed_insertions_;
  std::vector<Element> elements_;
  std::vector<Showing> showings_;
  std::vector<Emptiness> emptinesses_;
  std::vector<UnknownRemoval> unknown_removals_;  ///< In order of `begin`.
  std::vector<std::uint32_t> missing_;
  bool overlapping_drain_ = false;  ///< The order of its steps is not used.
  Judgement judgement_;
};

}  // namespace heir::reports::objects
