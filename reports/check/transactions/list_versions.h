// ListVersions: every list that the transactions of a history read, as the nodes of one tree for each key.
//
// An element is a value appended to a key, or read from it. A version is a list that was read, or a beginning of one:
// its parent is the list without the last element, the empty list of each key is the root. Equal lists are one version,
// so "was this list read?" and "is this a beginning of that?" are answered without looking at elements, and the whole
// takes memory for the lists as the history shares them, not for each read.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "reports/check/transactions/transaction.h"

namespace heir::reports {

using ElementId = std::uint32_t;
/// The first key_count() versions are the empty lists, by key. Parents have smaller numbers than their children.
using VersionId = std::uint32_t;

/// From pairs of numbers to a number: open addressing, for numbers of which nothing is ever removed.
class PairTable {
 public:
  static constexpr std::uint32_t absent = UINT32_MAX;
  explicit PairTable(std::size_t expected);
  /// The number kept for the pair; `fresh` is kept if there is none yet. REQUIRES: fresh is not `absent`.
  std::uint32_t find_or_add(std::uint64_t first, std::uint64_t second, std::uint32_t fresh);

 private:
  struct Slot {
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    std::uint32_t number = absent;
  };
  std::size_t place(std::uint64_t first, std::uint64_t second) const;
  void grow();
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

class ListVersions {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  struct Element {
    KeyId key = no_key;
    Value value;
    TransactionIndex writer = none;  ///< None: nobody appended it.
    bool intermediate = false;       ///< Its writer appended to the same key again.
  };
  struct Version {
    ElementId last = none;  ///< None of an empty list.
    VersionId parent = none;
    VersionId first_child = none;
    std::uint32_t length = 0;
  };

  /// `invalid` if a micro-operation is neither read nor append, an `ok` read returned no list, or a value was appended
  /// to a key twice. The transactions must outlive it.
  static Result<ListVersions> of(const Transactions& transactions);

  std::span<const Element> elements() const { return elements_; }
  std::span<const Version> versions() const { return versions_; }
  std::uint32_t key_count() const { return key_count_; }

  /// Of the micro-operation `i` of a transaction: the element it appended, or the version it read. Reads of
  /// transactions that are not `ok` read nothing.
  std::uint32_t item(TransactionIndex t, std::size_t i) const { return items_[first_item_[t] + i]; }

  bool is_empty_list(VersionId v) const { return v < key_count_; }
  /// Is `beginning` equal to `of`, or a beginning of it?
  bool begins(VersionId beginning, VersionId of) const {
    return entered_[beginning] <= entered_[of] && entered_[of] < entered_[beginning] + subtree_[beginning];
  }
  bool contains(VersionId version, ElementId element) const;
  /// Does the element stand in the list a second time?
  bool repeats(VersionId version) const { return !repeats_.empty() && repeats_[version]; }
  /// Calls `visit` with every version that ends with the element.
  template <class Visit>
  void for_each_ending_with(ElementId element, Visit visit) const {
    if (ending_[element] == none) return;
    visit(ending_[element]);
    for (auto at = also_ending(element); at != also_ending_.end() && at->first == element; ++at) visit(at->second);
  }

 private:
  explicit ListVersions(const Transactions& transactions);
  std::optional<Error> register_appends();
  std::optional<Error> register_reads();
  ElementId element(KeyId key, Value value);
  VersionId version_of(KeyId key, ListRef list);
  void resolve(KeyId key, std::uint32_t node);
  VersionId child_or_new(VersionId version, ElementId element);
  void number_tree();
  void find_repeats();
  std::vector<std::pair<ElementId, VersionId>>::const_iterator also_ending(ElementId element) const;

  const Transactions* transactions_;
  std::uint32_t key_count_;
  std::vector<std::uint32_t> first_item_;
  std::vector<std::uint32_t> items_;
  std::vector<Element> elements_;
  PairTable element_numbers_;  ///< (key, value) to element.
  std::vector<Version> versions_;
  PairTable other_children_;  ///< (version, element) to version, for all but first children.
  /// By list node of the history: which key it was resolved for, and the versions of its own elements.
  struct Resolved {
    KeyId key = no_key;
    bool done = false;
    std::vector<VersionId> own;
  };
  std::vector<Resolved> resolved_;
  std::vector<std::uint32_t> entered_;  ///< By version: its place in a depth-first order of the tree.
  std::vector<std::uint32_t> subtree_;  ///< By version: versions that begin with it.
  std::vector<VersionId> ending_;       ///< By element: the first version that ends with it.
  std::vector<std::pair<ElementId, VersionId>> also_ending_;  ///< The others, sorted.
  std::vector<bool> repeats_;
};

}  // namespace heir::reports
