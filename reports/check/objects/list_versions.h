// ListVersions: what the reads of an append list tell of the order of its appends.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "reports/check/objects/value_index.h"
#include "reports/check/objects/zones.h"
#include "reports/check/verdict/object.h"

namespace heir::reports::objects {

/// How much of a list agrees with another one, which may grow. Beginnings that lists share in the History are compared
/// once.
class CommonBeginning {
 public:
  /// Length of the longest common beginning of `list` and `with`, which must be what it was before, or longer.
  std::uint32_t length(const History& history, ListRef list, std::span<const Value> with);

 private:
  struct Compared {
    std::uint32_t equal = 0;  ///< So many elements, of the node's whole list, are known to be equal.
    bool differs = false;     ///< And the next one is not.
  };
  std::map<std::uint32_t, Compared> nodes_;
};

/// An append that did not fail.
struct Append {
  static constexpr std::uint32_t none = UINT32_MAX;
  std::uint32_t op = none;  ///< Index of the object.
  Point begin = 0;
  Point end = never;              ///< When it was acknowledged.
  std::uint32_t position = none;  ///< In the longest list, from 0. None: it is not there.
  bool repeated = false;          ///< Not the only one of its element.
};

class ListVersions {
 public:
  static constexpr std::uint32_t none = Append::none;

  /// `object` and `final_value` must outlive it.
  ListVersions(const Object& object, const FinalValue* final_value);

  /// Why the longest read cannot tell the order of the appends; empty if it can. The rest has no meaning then.
  const std::string& problem() const { return problem_; }

  bool linearizable() const { return linearizable_; }

  /// In the order in which they began.
  std::span<const Append> appends() const { return appends_; }
  /// None if nobody appended it (a failed operation is nobody); the first if there are several.
  std::uint32_t of(Value element) const;
  /// What a read showed; nil is the empty list.
  static ListRef list_of(const Operation& read) { return read.result.is_nil() ? ListRef{} : read.result.list(); }
  /// The longest list that was read, or the final one if it is longer.
  std::span<const Value> longest() const { return longest_; }
  /// Index of the object's operation that read it; none: it is the final list.
  std::uint32_t longest_read() const { return longest_read_; }
  const std::vector<Value>* final_list() const { return final_ ? &*final_ : nullptr; }
  /// The final list is read from here to the next point.
  Point end_of_history() const { return after(static_cast<std::uint32_t>(object_->history->size())); }

 private:
  void collect();
  void find_longest();
  void place();
  bool reads_agree();
  bool order_agrees() const;
  bool standby_reads_agree() const;

  const Object* object_;
  std::string problem_;
  ValueIndex index_;
  std::vector<std::uint32_t> first_append_;  ///< By number of the element.
  std::vector<Append> appends_;
  std::optional<std::vector<Value>> final_;
  std::vector<Value> longest_;
  std::uint32_t longest_read_ = none;
  bool impossible_ = false;
  bool linearizable_ = false;
};

/// When the last of the appends that a list shows began; `never` if one of its elements is from nowhere. Each element
/// that the History keeps is looked at once.
class LatestBeginning {
 public:
  LatestBeginning(const ListVersions& versions, const History& history) : versions_(versions), history_(history) {}
  Point of(ListRef list);

 private:
  const ListVersions& versions_;
  const History& history_;
  std::map<std::uint32_t, std::vector<Point>> nodes_;  ///< By node: for its first elements, none included.
};

}  // namespace heir::reports::objects
