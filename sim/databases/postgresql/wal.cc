#include "sim/databases/postgresql/wal.h"

#include <algorithm>

#include "engine/base/assert.h"

namespace heir::sim {

std::uint16_t wal_record_size(WalKind kind) {
  switch (kind) {
    case WalKind::register_write: return 136;
    case WalKind::list_append: return 144;
    case WalKind::set_add: return 176;
    case WalKind::marker: return 168;
    case WalKind::marker_table: return 128;
    case WalKind::other: return 128;
    case WalKind::checkpoint_shutdown: return 120;
    case WalKind::checkpoint_online: return 120;
    case WalKind::end_of_recovery: return 48;
  }
  return 0;
}

std::optional<Lsn> Wal::last_record_start() const {
  if (spans_.empty()) return std::nullopt;
  const WalSpan& last = spans_.back();
  return last.store->records[last.to - 1].start();
}

TimelineId Wal::timeline() const {
  return spans_.empty() ? 0 : spans_.back().store->origin.timeline;
}

void Wal::begin_store(WalOrigin origin) {
  own_ = std::make_shared<WalStore>();
  own_->origin = origin;
}

const WalRecord& Wal::append(WalKind kind, std::uint32_t key, std::int64_t value) {
  ASSERT(own_ != nullptr, "append before begin_store");
  if (spans_.empty() || spans_.back().store != own_) spans_.push_back({own_, 0, 0});
  WalSpan& last = spans_.back();
  ASSERT(last.to == last.store->records.size(), "append to a store that another log has continued");
  const std::uint16_t size = wal_record_size(kind);
  end_ = end_ + size;
  ++last.to;
  return last.store->records.emplace_back(WalRecord{end_.offset(), value, key, size, kind});
}

void Wal::append(const WalSpan& span) {
  if (span.from == span.to) return;
  ASSERT(span.store->records[span.from].start() == end_, "WAL is appended with a gap");
  end_ = span.store->records[span.to - 1].end_lsn();
  if (!spans_.empty()) {
    WalSpan& last = spans_.back();
    if (last.store == span.store && last.to == span.from) {
      last.to = span.to;
      return;
    }
  }
  spans_.push_back(span);
}

void Wal::truncate(Lsn lsn) {
  while (!spans_.empty()) {
    WalSpan& last = spans_.back();
    while (last.to > last.from && last.store->records[last.to - 1].end_lsn() > lsn) --last.to;
    if (last.to > last.from) break;
    spans_.pop_back();
  }
  end_ = spans_.empty() ? begin_ : spans_.back().store->records[spans_.back().to - 1].end_lsn();
}

WalPlace Wal::first_after(Lsn lsn) const {
  // Spans are few; the last is the usual answer.
  std::size_t span = spans_.size();
  while (span > 0) {
    const WalSpan& candidate = spans_[span - 1];
    if (candidate.store->records[candidate.from].start() <= lsn) break;
    --span;
  }
  if (span == 0) return {0, spans_.empty() ? 0 : spans_[0].from};
  const WalSpan& found = spans_[span - 1];
  const auto first = found.store->records.begin() + found.from;
  const auto last = found.store->records.begin() + found.to;
  const auto record = std::partition_point(first, last, [lsn](const WalRecord& r) { return r.end_lsn() <= lsn; });
  return settled(
      {static_cast<std::uint32_t>(span - 1), static_cast<std::uint32_t>(record - found.store->records.begin())});
}

std::optional<WalPlace> Wal::find(Lsn lsn) const {
  if (lsn < begin_ || lsn > end_) return std::nullopt;
  const WalPlace place = first_after(lsn);
  if (at_end(place)) return lsn == end_ ? std::optional(place) : std::nullopt;
  return at(place).start() == lsn ? std::optional(place) : std::nullopt;
}

WalPlace Wal::next(WalPlace place) const {
  ++place.index;
  return settled(place);
}

WalPlace Wal::settled(WalPlace place) const {
  while (place.span + 1 < spans_.size() && place.index >= spans_[place.span].to) {
    ++place.span;
    place.index = spans_[place.span].from;
  }
  return place;
}

bool contains(const Wal& log, const Wal& prefix, Lsn prefix_end) {
  return prefix.begin() == log.begin() && fork_point(log, prefix) >= std::min(prefix_end, prefix.end());
}

Lsn fork_point(const Wal& a, const Wal& b) {
  if (a.begin() != b.begin()) return Lsn();
  Lsn shared = a.begin();
  for (std::size_t i = 0; i < a.spans().size() && i < b.spans().size(); ++i) {
    const WalSpan& x = a.spans()[i];
    const WalSpan& y = b.spans()[i];
    if (x.store != y.store || x.from != y.from) break;
    const std::uint32_t to = std::min(x.to, y.to);
    if (to > x.from) shared = x.store->records[to - 1].end_lsn();
    if (x.to != y.to) break;
  }
  return shared;
}

}  // namespace heir::sim
