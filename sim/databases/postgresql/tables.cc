#include "sim/databases/postgresql/tables.h"

#include <algorithm>

namespace heir::sim {

namespace {

template <class T>
T& row(std::vector<T>& table, std::uint32_t key) {
  if (key >= table.size()) table.resize(key + 1);
  return table[key];
}

const std::vector<std::int64_t>& row_or_empty(const std::vector<std::vector<std::int64_t>>& table, std::uint32_t key) {
  static const std::vector<std::int64_t> empty;
  return key < table.size() ? table[key] : empty;
}

}  // namespace

void Tables::apply(const WalRecord& record) {
  switch (record.kind) {
    case WalKind::register_write: row(registers_, record.key) = {record.value, true}; break;
    case WalKind::list_append: row(lists_, record.key).push_back(record.value); break;
    case WalKind::set_add: {
      std::vector<std::int64_t>& set = row(sets_, record.key);
      const auto at =
          set.empty() || set.back() < record.value ? set.end() : std::lower_bound(set.begin(), set.end(), record.value);
      if (at == set.end() || *at != record.value) set.insert(at, record.value);
      break;
    }
    case WalKind::marker: {
      const auto same = std::find_if(markers_.begin(), markers_.end(),
                                     [&](const MarkerRow& marker) { return marker.timeline == record.key; });
      if (same != markers_.end()) {
        same->generation = record.value;
      } else {
        markers_.push_back({record.key, record.value});
      }
      break;
    }
    case WalKind::marker_table: marker_table_ = true; break;
    case WalKind::other:
    case WalKind::checkpoint_shutdown:
    case WalKind::checkpoint_online:
    case WalKind::end_of_recovery: break;
  }
}

std::optional<std::int64_t> Tables::read_register(std::uint32_t key) const {
  if (key >= registers_.size() || !registers_[key].present) return std::nullopt;
  return registers_[key].value;
}

const std::vector<std::int64_t>& Tables::read_list(std::uint32_t key) const {
  return row_or_empty(lists_, key);
}
const std::vector<std::int64_t>& Tables::read_set(std::uint32_t key) const {
  return row_or_empty(sets_, key);
}

}  // namespace heir::sim
