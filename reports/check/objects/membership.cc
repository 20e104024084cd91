#include "reports/check/objects/membership.h"

#include <algorithm>
#include <numeric>

namespace heir::reports::objects {

/// A list node that reads pass or leave.
struct Membership::Node {
  std::uint32_t id = 0;  ///< In the history.
  ListRef parent;
  std::uint32_t reads = 0;  ///< That leave it, or a node below it.
  std::uint32_t start = 0;  ///< Place of the first of them.
  bool operator<(const Node& other) const { return id < other.id; }
};

/// A read, or a node below, that shares the first `length` elements of a node.
struct Membership::Leaver {
  std::uint32_t node = 0;
  std::uint32_t length = 0;
  std::uint32_t read = none;   ///< Either this,
  std::uint32_t child = none;  ///< or this.
};

Membership::Membership(const History& history, std::vector<ListRef> lists, std::optional<std::vector<Value>> also_shown,
                       const ValueIndex& elements)
    : history_(history), elements_(elements), lists_(std::move(lists)), also_shown_(std::move(also_shown)) {
  if (also_shown_) {
    lists_.push_back(
        {static_cast<std::uint32_t>(history_.list_nodes().size()), static_cast<std::uint32_t>(also_shown_->size())});
  }
  for (ListRef& list : lists_) list = normalised(list);
  order_.resize(lists_.size());
  place_.resize(lists_.size());
  std::vector<Node> nodes = nodes_of_reads();
  walk(nodes, leavers(nodes));
}

/// With the node that holds the last of its elements itself.
ListRef Membership::normalised(ListRef list) const {
  const std::span<const History::ListNode> nodes = history_.list_nodes();
  if (list.length == 0) return {};
  while (list.node < nodes.size() && list.length <= nodes[list.node].parent.length)
    list.node = nodes[list.node].parent.node;
  return list;
}

std::span<const Value> Membership::own(std::uint32_t node) const {
  return node < history_.list_nodes().size() ? std::span<const Value>(history_.list_nodes()[node].own) : *also_shown_;
}

/// In order of their numbers, so that parents come before children.
std::vector<Membership::Node> Membership::nodes_of_reads() const {
  std::vector<std::uint32_t> ids{0};
  for (const ListRef& list : lists_) ids.push_back(list.node);
  const auto distinct = [&] {
    std::sort(ids.begin(), ids.end());
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  };
  distinct();
  std::vector<Node> nodes;
  const std::size_t left = ids.size();
  for (std::size_t i = 0; i < left; ++i) {
    for (std::uint32_t id = ids[i]; id != 0 && id < history_.list_nodes().size();) {
      id = normalised(history_.list_nodes()[id].parent).node;
      ids.push_back(id);
    }
  }
  distinct();
  for (const std::uint32_t id : ids) {
    Node node;
    node.id = id;
    if (id < history_.list_nodes().size()) node.parent = normalised(history_.list_nodes()[id].parent);
    nodes.push_back(node);
  }
  return nodes;
}

/// By node, then by length. Also counts the nodes' reads.
std::vector<Membership::Leaver> Membership::leavers(std::vector<Node>& nodes) const {
  const auto index_of = [&](std::uint32_t id) {
    Node node;
    node.id = id;
    return static_cast<std::uint32_t>(std::lower_bound(nodes.begin(), nodes.end(), node) - nodes.begin());
  };
  std::vector<Leaver> all;
  for (std::uint32_t read = 0; read < lists_.size(); ++read) {
    all.push_back({index_of(lists_[read].node), lists_[read].length, read, none});
    ++nodes[all.back().node].reads;
  }
  for (std::uint32_t i = static_cast<std::uint32_t>(nodes.size()) - 1; i > 0; --i) {
    all.push_back({index_of(nodes[i].parent.node), nodes[i].parent.length, none, i});
    nodes[all.back().node].reads += nodes[i].reads;
  }
  std::stable_sort(all.begin(), all.end(), [](const Leaver& a, const Leaver& b) {
    return a.node != b.node ? a.node < b.node : a.length < b.length;
  });
  return all;
}

void Membership::walk(std::vector<Node>& nodes, std::span<const Leaver> leavers) {
  struct Occurrence {
    std::uint32_t element = 0;
    Range range;
  };
  std::vector<Occurrence> occurrences;
  std::vector<Occurrence> of_strangers;  // by index into strangers_
  auto leaver = leavers.begin();
  for (std::uint32_t n = 0; n < nodes.size(); ++n) {
    const std::span<const Value> elements = own(nodes[n].id);
    const std::uint32_t end = nodes[n].start + nodes[n].reads;
    std::uint32_t place = nodes[n].start;
    for (std::uint32_t position = nodes[n].parent.length; leaver != leavers.end() && leaver->node == n; ++leaver) {
      for (; position < leaver->length; ++position) {
        const Value value = elements[position - nodes[n].parent.length];
        const std::uint32_t element = elements_.find(value);
        if (element != ValueIndex::none) {
          occurrences.push_back({element, {place, end}});
        } else {
          of_strangers.push_back({static_cast<std::uint32_t>(strangers_.size()), {place, end}});
          strangers_.push_back({value, none});
        }
      }
      if (leaver->child != none) {
        nodes[leaver->child].start = place;
        place += nodes[leaver->child].reads;
      } else {
        place_[leaver->read] = place;
        order_[place++] = leaver->read;
      }
    }
  }
  for (const Occurrence& o : of_strangers) strangers_[o.element].read = order_[o.range.begin];

  first_range_.assign(elements_.size() + 1, 0);
  for (const Occurrence& o : occurrences) ++first_range_[o.element + 1];
  std::partial_sum(first_range_.begin(), first_range_.end(), first_range_.begin());
  ranges_.resize(occurrences.size());
  std::vector<std::uint32_t> next(first_range_.begin(), first_range_.end() - 1);
  for (const Occurrence& o : occurrences) ranges_[next[o.element]++] = o.range;
  for (std::uint32_t e = 0; e < elements_.size(); ++e) {
    std::sort(ranges_.begin() + first_range_[e], ranges_.begin() + first_range_[e + 1],
              [](const Range& a, const Range& b) { return a.begin < b.begin; });
  }
}

bool Membership::shows(std::uint32_t read, std::uint32_t element) const {
  return std::ranges::any_of(ranges(element),
                             [&](const Range& r) { return r.begin <= place_[read] && place_[read] < r.end; });
}

std::vector<std::uint32_t> Membership::shown(std::uint32_t read) const {
  std::vector<Value> values;
  if (lists_[read].node < history_.list_nodes().size()) {
    history_.elements(lists_[read], values);
  } else {
    values = *also_shown_;
  }
  std::vector<std::uint32_t> numbers;
  for (const Value value : values) {
    const std::uint32_t element = elements_.find(value);
    if (element != ValueIndex::none) numbers.push_back(element);
  }
  return numbers;
}

std::uint32_t Membership::shown_twice_by(std::uint32_t element) const {
  const std::span<const Range> all = ranges(element);
  for (std::size_t i = 1; i < all.size(); ++i) {
    // Ranges are those of subtrees: they are apart, or one is inside the other.
    if (all[i].begin < all[i - 1].end) return order_[all[i].begin];
  }
  return none;
}

Membership::Least::Least(const Membership& membership, std::span<const std::int64_t> keys)
    : membership_(membership), keys_(keys.begin(), keys.end()) {
  const std::size_t size = membership.reads();
  tree_.assign(2 * size, none);
  std::copy(membership.order_.begin(), membership.order_.end(), tree_.begin() + static_cast<std::ptrdiff_t>(size));
  for (std::size_t i = size; i-- > 1;) tree_[i] = better(tree_[2 * i], tree_[2 * i + 1]);
}

std::uint32_t Membership::Least::in(Range range) const {
  std::uint32_t best = none;
  for (std::size_t left = range.begin + membership_.reads(), right = range.end + membership_.reads(); left < right;
       left /= 2, right /= 2) {
    if (left & 1) best = better(best, tree_[left++]);
    if (right & 1) best = better(best, tree_[--right]);
  }
  return best;
}

std::uint32_t Membership::Least::with(std::uint32_t element) const {
  std::uint32_t best = none;
  for (const Range& range : membership_.ranges(element)) best = better(best, in(range));
  return best;
}

std::uint32_t Membership::Least::without(std::uint32_t element) const {
  std::uint32_t best = none;
  std::uint32_t done = 0;
  for (const Range& range : membership_.ranges(element)) {
    if (range.begin > done) best = better(best, in({done, range.begin}));
    done = std::max(done, range.end);
  }
  const auto end = static_cast<std::uint32_t>(membership_.reads());
  return done < end ? better(best, in({done, end})) : best;
}

}  // namespace heir::reports::objects
