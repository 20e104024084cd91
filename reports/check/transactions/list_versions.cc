#include "reports/check/transactions/list_versions.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace heir::reports {

// ---- PairTable

PairTable::PairTable(std::size_t expected) : slots_(std::bit_ceil(std::max<std::size_t>(16, expected * 2))) {}

std::size_t PairTable::place(std::uint64_t first, std::uint64_t second) const {
  // The finalizer of splitmix64 (Steele, Lea, Flood 2014) over both.
  std::uint64_t h = first * 0x9e3779b97f4a7c15U + second;
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9U;
  h = (h ^ (h >> 27)) * 0x94d049bb133111ebU;
  h ^= h >> 31;
  std::size_t at = h & (slots_.size() - 1);
  while (slots_[at].number != absent && (slots_[at].first != first || slots_[at].second != second)) {
    at = (at + 1) & (slots_.size() - 1);
  }
  return at;
}

std::uint32_t PairTable::find_or_add(std::uint64_t first, std::uint64_t second, std::uint32_t fresh) {
  Slot& slot = slots_[place(first, second)];
  if (slot.number != absent) return slot.number;
  slot = {first, second, fresh};
  if (++used_ * 4 > slots_.size() * 3) grow();
  return fresh;
}

void PairTable::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.number != absent) slots_[place(slot.first, slot.second)] = slot;
  }
}

// ---- ListVersions

namespace {

std::size_t count_appends(const Transactions& transactions) {
  std::size_t appends = 0;
  for (const Transaction& t : transactions) {
    appends += static_cast<std::size_t>(std::ranges::count(t.micro_ops, Function::append, &MicroOp::function));
  }
  return appends;
}

}  // namespace

ListVersions::ListVersions(const Transactions& transactions)
    : transactions_(&transactions),
      key_count_(static_cast<std::uint32_t>(transactions.history().key_count())),
      element_numbers_(count_appends(transactions)),
      other_children_(0),
      resolved_(transactions.history().list_nodes().size()) {}

Result<ListVersions> ListVersions::of(const Transactions& transactions) {
  ListVersions lists(transactions);
  if (auto error = lists.register_appends()) return *error;
  if (auto error = lists.register_reads()) return *error;
  lists.number_tree();
  lists.find_repeats();
  return lists;
}

std::optional<Error> ListVersions::register_appends() {
  const History& history = transactions_->history();
  struct Latest {
    TransactionIndex writer = none;
    ElementId element = none;
  };
  std::vector<Latest> latest(key_count_);
  first_item_.reserve(transactions_->size());
  for (TransactionIndex t = 0; t < transactions_->size(); ++t) {
    first_item_.push_back(static_cast<std::uint32_t>(items_.size()));
    for (const MicroOp& op : (*transactions_)[t].micro_ops) {
      if (op.function == Function::read) {
        items_.push_back(none);
        continue;
      }
      const ValueKind kind = op.value.kind();
      if (op.function != Function::append || (kind != ValueKind::integer && kind != ValueKind::text)) {
        return Error{ErrorCode::invalid,
                     fmt::format("{} has a micro-operation other than a read of a list or an append of a single value: "
                                 "{} of {}",
                                 transactions_->introduce(t), to_string(op.function), history.value_text(op.value))};
      }
      const auto known = static_cast<ElementId>(elements_.size());
      const ElementId appended = element(op.key, op.value);
      if (appended != known) {
        return Error{ErrorCode::invalid,
                     fmt::format("{} and {} both append {} to key {}: no read can tell which it saw",
                                 transactions_->name(elements_[appended].writer), transactions_->name(t),
                                 history.value_text(op.value), history.key_text(op.key))};
      }
      elements_[appended].writer = t;
      items_.push_back(appended);
      Latest& before = latest[op.key.value()];
      if (before.writer == t) elements_[before.element].intermediate = true;
      before = {t, appended};
    }
  }
  return std::nullopt;
}

std::optional<Error> ListVersions::register_reads() {
  versions_.resize(key_count_);
  for (TransactionIndex t = 0; t < transactions_->size(); ++t) {
    const Transaction& transaction = (*transactions_)[t];
    if (!transaction.ok()) continue;
    for (std::size_t i = 0; i < transaction.micro_ops.size(); ++i) {
      const MicroOp& op = transaction.micro_ops[i];
      if (op.function != Function::read) continue;
      if (!op.value.is_nil() && op.value.kind() != ValueKind::list) {
        return Error{
            ErrorCode::invalid,
            fmt::format("{} read {} from key {}, which is no list", transactions_->introduce(t),
                        transactions_->history().value_text(op.value), transactions_->history().key_text(op.key))};
      }
      items_[first_item_[t] + i] = op.value.is_nil() ? op.key.value() : version_of(op.key, op.value.list());
    }
  }
  return std::nullopt;
}

ElementId ListVersions::element(KeyId key, Value value) {
  const auto fresh = static_cast<ElementId>(elements_.size());
  const ElementId number = element_numbers_.find_or_add(key.value(), static_cast<std::uint64_t>(value.bits()), fresh);
  if (number == fresh) elements_.push_back({key, value, none, false});
  return number;
}

VersionId ListVersions::version_of(KeyId key, ListRef list) {
  const auto nodes = transactions_->history().list_nodes();
  while (list.length <= nodes[list.node].parent.length && list.node != 0) list.node = nodes[list.node].parent.node;
  if (list.length == 0) return key.value();
  Resolved& node = resolved_[list.node];
  if (!node.done) resolve(key, list.node);
  if (node.key == key) return node.own[list.length - 1 - nodes[list.node].parent.length];
  // The history shares the list among keys. Rare, and no reason to keep it for each of them.
  VersionId version = key.value();
  for (const Value value : transactions_->history().elements(list)) {
    version = child_or_new(version, element(key, value));
  }
  return version;
}

void ListVersions::resolve(KeyId key, std::uint32_t number) {
  const History::ListNode& node = transactions_->history().list_nodes()[number];
  VersionId version = version_of(key, node.parent);  // forks are at most a few dozen deep
  Resolved& resolved = resolved_[number];
  resolved.own.reserve(node.own.size());
  for (const Value value : node.own) {
    version = child_or_new(version, element(key, value));
    resolved.own.push_back(version);
  }
  resolved.key = key;
  resolved.done = true;
}

VersionId ListVersions::child_or_new(VersionId version, ElementId element) {
  const auto fresh = static_cast<VersionId>(versions_.size());
  const VersionId first = versions_[version].first_child;
  if (first == none) {
    versions_[version].first_child = fresh;
  } else if (versions_[first].last == element) {
    return first;
  } else if (const VersionId other = other_children_.find_or_add(version, element, fresh); other != fresh) {
    return other;
  }
  versions_.push_back({element, version, none, versions_[version].length + 1});
  return fresh;
}

void ListVersions::number_tree() {
  const std::size_t count = versions_.size();
  subtree_.assign(count, 1);
  for (std::size_t v = count; v-- > key_count_;) subtree_[versions_[v].parent] += subtree_[v];
  entered_.resize(count);
  std::vector<std::uint32_t> next(count);  // by version: the place of its next child
  std::uint32_t place = 0;
  for (std::size_t v = 0; v < count; ++v) {
    std::uint32_t& mine = v < key_count_ ? place : next[versions_[v].parent];
    entered_[v] = mine;
    mine += subtree_[v];
    next[v] = entered_[v] + 1;
  }
}

void ListVersions::find_repeats() {
  ending_.assign(elements_.size(), none);
  for (VersionId v = key_count_; v < versions_.size(); ++v) {
    VersionId& first = ending_[versions_[v].last];
    if (first == none) {
      first = v;
    } else {
      also_ending_.emplace_back(versions_[v].last, v);
    }
  }
  std::ranges::sort(also_ending_);
  if (also_ending_.empty()) return;
  repeats_.assign(versions_.size(), false);
  // Of the versions that end with one element, in the order of the tree, which have another one above them?
  std::vector<VersionId> same;
  std::vector<VersionId> above;
  for (std::size_t i = 0; i < also_ending_.size();) {
    const ElementId element = also_ending_[i].first;
    same.assign(1, ending_[element]);
    for (; i < also_ending_.size() && also_ending_[i].first == element; ++i) same.push_back(also_ending_[i].second);
    std::ranges::sort(same, {}, [&](VersionId v) { return entered_[v]; });
    above.clear();
    for (const VersionId v : same) {
      while (!above.empty() && !begins(above.back(), v)) above.pop_back();
      if (!above.empty()) repeats_[v] = true;
      above.push_back(v);
    }
  }
}

std::vector<std::pair<ElementId, VersionId>>::const_iterator ListVersions::also_ending(ElementId element) const {
  return std::ranges::lower_bound(also_ending_, std::pair(element, VersionId{0}));
}

bool ListVersions::contains(VersionId version, ElementId element) const {
  bool found = false;
  for_each_ending_with(element, [&](VersionId v) { found = found || begins(v, version); });
  return found;
}

}  // namespace heir::reports
