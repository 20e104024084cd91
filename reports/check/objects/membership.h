// Membership: which reads of a set show which elements, and the first or last among those that do or do not, without
// looking at a beginning that many reads share more than once. Inside this folder only.
//
// The list nodes of a History are a tree: a read leaves it at its node and length. With the reads in the order of a
// walk through the tree that visits at each node first what leaves it earliest, the reads that show an element of a
// node are a range of that order; so the reads that show an element are as many ranges as there are nodes that hold it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "reports/check/objects/value_index.h"
#include "reports/history/history.h"

namespace heir::reports::objects {

class Membership {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  /// Of reads in the tree's order.
  struct Range {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
  };

  /// Reads are numbered as in `lists`; one more shows `also_shown`, if given. Values that `elements` does not know are
  /// strangers. O(n log n) time and O(n) memory, n counting reads and the distinct nodes' elements.
  Membership(const History& history, std::vector<ListRef> lists, std::optional<std::vector<Value>> also_shown,
             const ValueIndex& elements);

  std::size_t reads() const { return order_.size(); }
  /// How many elements a read shows, counting one that comes twice as two.
  std::uint32_t length(std::uint32_t read) const { return lists_[read].length; }
  bool shows(std::uint32_t read, std::uint32_t element) const;
  /// The numbers of the elements of a read; strangers are left out.
  std::vector<std::uint32_t> shown(std::uint32_t read) const;
  bool is_shown(std::uint32_t element) const { return first_range_[element] != first_range_[element + 1]; }
  /// A read that shows it more than once, or `none`.
  std::uint32_t shown_twice_by(std::uint32_t element) const;

  struct Stranger {
    Value value;
    std::uint32_t read = 0;  ///< One that shows it.
  };
  std::span<const Stranger> strangers() const { return strangers_; }

  /// The read of the least key among those that show an element, or that do not show it; `none` without any.
  class Least {
   public:
    /// `keys`: by read.
    Least(const Membership& membership, std::span<const std::int64_t> keys);
    std::uint32_t with(std::uint32_t element) const;
    std::uint32_t without(std::uint32_t element) const;

   private:
    std::uint32_t in(Range range) const;
    std::uint32_t better(std::uint32_t a, std::uint32_t b) const {
      return b == none || (a != none && keys_[a] <= keys_[b]) ? a : b;
    }
    const Membership& membership_;
    std::vector<std::int64_t> keys_;
    std::vector<std::uint32_t> tree_;  ///< A segment tree of reads over the order.
  };

 private:
  struct Node;
  struct Leaver;
  ListRef normalised(ListRef list) const;
  std::span<const Value> own(std::uint32_t node) const;
  std::vector<Node> nodes_of_reads() const;
  std::vector<Leaver> leavers(std::vector<Node>& nodes) const;
  void walk(std::vector<Node>& nodes, std::span<const Leaver> leavers);

  std::span<const Range> ranges(std::uint32_t element) const {
    return std::span(ranges_).subspan(first_range_[element], first_range_[element + 1] - first_range_[element]);
  }

  const History& history_;
  const ValueIndex& elements_;
  std::vector<ListRef> lists_;  ///< By read.
  std::optional<std::vector<Value>> also_shown_;
  std::vector<std::uint32_t> order_;        ///< The reads in the tree's order.
  std::vector<std::uint32_t> place_;        ///< By read: its place in the order.
  std::vector<Range> ranges_;               ///< By element, then in order.
  std::vector<std::uint32_t> first_range_;  ///< By element; one more.
  std::vector<Stranger> strangers_;
};

}  // namespace heir::reports::objects
