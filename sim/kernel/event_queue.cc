#include "sim/kernel/event_queue.h"

#include <algorithm>
#include <bit>
#include <string>

#include "engine/base/assert.h"

namespace heir::sim {

namespace {

/// From this many on, scheduling into the sorted part is given up and the sorted part goes back into buckets.
constexpr std::size_t kSpillSide = 128;
/// A run is filled up from neighbouring buckets until it has this many.
constexpr std::size_t kRunTarget = 16;
/// Cancelled entries that are always tolerated.
constexpr std::size_t kDeadSlack = 32;
constexpr std::size_t kChunksPerSlab = 64;
constexpr std::size_t kArity = 4;
/// Up to this many are sorted by counting.
constexpr std::size_t kFew = 32;

}  // namespace

EventQueue::EventQueue(std::optional<std::uint64_t> shuffle_key) : spill_at_(kSpillSide), shuffle_key_(shuffle_key) {
  slots_.emplace_back();
}

EventQueue::~EventQueue() = default;

/// The sequence number, or its image under a keyed bijection of 40-bit numbers: unique either way.
inline std::uint64_t EventQueue::tie_order() {
  constexpr std::uint64_t mask = (std::uint64_t{1} << kTieBits) - 1;
  constexpr int half = kTieBits / 2;
  ASSERT(sequence_ < mask, "more than 2^40 events in one run");
  std::uint64_t tie = ++sequence_;
  if (shuffle_key_) {
    tie = (tie ^ *shuffle_key_) & mask;
    tie = (tie * 0x9e3779b97f4a7c15) & mask;
    tie ^= tie >> half;
    tie = (tie * (*shuffle_key_ | 1)) & mask;
    tie ^= tie >> half;
    tie = (tie * 0xd1b54a32d192ed03) & mask;
    tie ^= tie >> half;
  }
  return tie;
}

std::uint32_t EventQueue::take_slot() {
  if (free_slots_ != 0) {
    const std::uint32_t slot = free_slots_;
    free_slots_ = slots_[slot].next_free;
    return slot;
  }
  ASSERT(slots_.size() <= kMostPending, "more than 2^24 events pending at once");
  slots_.emplace_back();
  return static_cast<std::uint32_t>(slots_.size() - 1);
}

void EventQueue::free_slot(std::uint32_t slot) {
  slots_[slot].order = 0;
  slots_[slot].next_free = free_slots_;
  free_slots_ = slot;
}

inline void EventQueue::place(Entry entry) {
  if (entry.time <= base_) {
    side_push(entry);
    return;
  }
  const int level = level_of(entry.time ^ base_);
  const auto digit = static_cast<int>((entry.time >> (level * kDigitBits)) & (kBuckets - 1));
  occupied_[level] |= std::uint64_t{1} << digit;
  ++level_sizes_[level];
  append(buckets_[level][digit], entry);
}

inline void EventQueue::append(Bucket& bucket, Entry entry) {
  Chunk* tail = bucket.tail;
  if (tail == nullptr || tail->count == Chunk::kCapacity) {
    Chunk* chunk = take_chunk();
    (tail == nullptr ? bucket.head : tail->next) = chunk;
    bucket.tail = tail = chunk;
  }
  tail->entries[tail->count++] = entry;
}

EventId EventQueue::push(VirtualTime at, EventTarget* target, std::uint32_t kind, std::uint64_t argument) {
  ASSERT(at.ns() >= 0, std::to_string(at.ns()) + " ns: before the beginning of time");
  const std::uint32_t slot = take_slot();
  const std::uint64_t order = (tie_order() << kSlotBits) | slot;
  Slot& place_of_event = slots_[slot];
  place_of_event.order = order;
  place_of_event.target = target;
  place_of_event.argument = argument;
  place_of_event.kind = kind;
  ++live_;
  place(Entry{static_cast<std::uint64_t>(at.ns()), order});
  return EventId(order);
}

bool EventQueue::cancel(EventId id) {
  if (!contains(id)) return false;
  free_slot(slot_of(id));
  --live_;
  ++dead_;
  if (dead_ > live_ + kDeadSlack) sweep();
  return true;
}

bool EventQueue::pop(VirtualTime until, DueEvent& event) {
  for (;;) {
    Entry entry;
    bool from_side = false;
    if (!run_.empty()) {
      entry = run_.back();
      from_side = !side_.empty() && before(side_.front(), entry);
      if (from_side) entry = side_.front();
    } else if (!side_.empty()) {
      entry = side_.front();
      from_side = true;
    } else if (refill()) {
      continue;
    } else {
      return false;
    }
    const auto slot = static_cast<std::uint32_t>(entry.order & kSlotMask);
    Slot& content = slots_[slot];
    const bool dead = content.order != entry.order;
    if (!dead && static_cast<std::int64_t>(entry.time) > until.ns()) return false;
    if (from_side) {
      side_pop();
    } else {
      run_.pop_back();
    }
    if (dead) {
      --dead_;
      continue;
    }
    event.at = VirtualTime::from_ns(static_cast<std::int64_t>(entry.time));
    event.id = EventId(entry.order);
    event.target = content.target;
    event.argument = content.argument;
    event.kind = content.kind;
    content.order = 0;
    content.next_free = free_slots_;
    free_slots_ = slot;
    --live_;
    return true;
  }
}

std::optional<VirtualTime> EventQueue::next_time() {
  while (!run_.empty() || !side_.empty() || refill()) {
    const bool from_side = run_.empty() || (!side_.empty() && before(side_.front(), run_.back()));
    const Entry& entry = from_side ? side_.front() : run_.back();
    if (!is_dead(entry)) return VirtualTime::from_ns(static_cast<std::int64_t>(entry.time));
    --dead_;
    if (from_side) {
      side_pop();
    } else {
      run_.pop_back();
    }
  }
  return std::nullopt;
}

void EventQueue::sort_entries(Entry* begin, Entry* end) {
  const auto size = static_cast<std::size_t>(end - begin);
  if (size > kFew) {
    std::sort(begin, end, [](const Entry& a, const Entry& b) { return before(a, b); });
    return;
  }
  // The place of each is how many are earlier. Quadratic, but without a branch that the processor could guess wrong.
  Entry copy[kFew];
  std::uint32_t earlier[kFew];
  for (std::size_t i = 0; i < size; ++i) {
    const Entry entry = copy[i] = begin[i];
    std::uint32_t mine = 0;
    for (std::size_t j = 0; j < i; ++j) {
      const std::uint32_t other_first = before(copy[j], entry) ? 1 : 0;
      mine += other_first;
      earlier[j] += 1 - other_first;
    }
    earlier[i] = mine;
  }
  for (std::size_t i = 0; i < size; ++i) begin[earlier[i]] = copy[i];
}

// --- Buckets ---

EventQueue::Chunk* EventQueue::take_chunk() {
  if (free_chunks_ == nullptr) {
    slabs_.push_back(std::make_unique_for_overwrite<Chunk[]>(kChunksPerSlab));
    for (std::size_t i = kChunksPerSlab; i > 0; --i) free_chunk(&slabs_.back()[i - 1]);
  }
  Chunk* chunk = free_chunks_;
  free_chunks_ = chunk->next;
  chunk->next = nullptr;
  chunk->count = 0;
  return chunk;
}

void EventQueue::free_chunk(Chunk* chunk) {
  chunk->next = free_chunks_;
  free_chunks_ = chunk;
}

/// Sorts the earliest buckets into the (empty) run. False if no entry is left anywhere.
bool EventQueue::refill() {
  spill_at_ = kSpillSide;
  if (live_ + dead_ == 0) return false;
  while (run_.size() < kRunTarget) {
    int level = 0;
    while (level < kLevels && occupied_[level] == 0) ++level;
    if (level == kLevels) break;
    const int digit = std::countr_zero(occupied_[level]);
    const Bucket& bucket = buckets_[level][digit];
    if (level == 0 || bucket.head == bucket.tail) {
      take_into_run(level, digit);
    } else if (run_.empty()) {
      spread(level, digit);
    } else {
      break;
    }
  }
  std::reverse(run_.begin(), run_.end());
  return true;
}

/// Moves what is in a bucket to the end of `entries`.
void EventQueue::take_bucket(Bucket& bucket, std::vector<Entry>& entries) {
  for (Chunk* chunk = bucket.head; chunk != nullptr;) {
    entries.insert(entries.end(), chunk->entries, chunk->entries + chunk->count);
    Chunk* next = chunk->next;
    free_chunk(chunk);
    chunk = next;
  }
  bucket = {};
}

/// Appends the earliest bucket to the run that is being filled, the earliest first; base_ becomes its latest time.
void EventQueue::take_into_run(int level, int digit) {
  const std::size_t first = run_.size();
  take_bucket(buckets_[level][digit], run_);
  occupied_[level] &= occupied_[level] - 1;
  level_sizes_[level] -= run_.size() - first;
  bool sorted = true;
  for (std::size_t i = first; i < run_.size(); ++i) {
    __builtin_prefetch(&slots_[run_[i].order & kSlotMask]);
    sorted = sorted && (i == first || before(run_[i - 1], run_[i]));
  }
  if (!sorted) sort_entries(run_.data() + first, run_.data() + run_.size());
  base_ = run_.back().time;
}

/// Spreads a big bucket, the earliest, over the levels below; those of its first moment become the run.
void EventQueue::spread(int level, int digit) {
  const Bucket bucket = buckets_[level][digit];
  buckets_[level][digit] = {};
  occupied_[level] &= occupied_[level] - 1;
  std::uint64_t first = UINT64_MAX;
  std::size_t count = 0;
  for (const Chunk* chunk = bucket.head; chunk != nullptr; chunk = chunk->next) {
    for (std::uint32_t i = 0; i < chunk->count; ++i) first = std::min(first, chunk->entries[i].time);
    count += chunk->count;
  }
  level_sizes_[level] -= count;
  base_ = first;
  for (Chunk* chunk = bucket.head; chunk != nullptr;) {
    for (std::uint32_t i = 0; i < chunk->count; ++i) {
      const Entry& entry = chunk->entries[i];
      if (entry.time == first) {
        run_.push_back(entry);
      } else {
        place(entry);
      }
    }
    Chunk* next = chunk->next;
    free_chunk(chunk);
    chunk = next;
  }
  if (!std::is_sorted(run_.begin(), run_.end(), [](const Entry& a, const Entry& b) { return before(a, b); })) {
    sort_entries(run_.data(), run_.data() + run_.size());
  }
}

/// Many events were scheduled before base_: puts base_ back to the earliest of them, and everything up to the old one
/// into buckets. Done only if it moves no more than twice what is in the heap, each of which was put there once:
/// constant per event.
void EventQueue::spill() {
  std::uint64_t first = side_.front().time;
  if (!run_.empty()) first = std::min(first, run_.back().time);
  std::size_t also_moved = run_.size();
  int level = 0;
  if (first != base_) {
    level = level_of(first ^ base_);
    for (int lower = 0; lower < level; ++lower) also_moved += level_sizes_[lower];
  }
  if (first == base_ || also_moved > side_.size()) {
    spill_at_ = 2 * side_.size();
    return;
  }
  std::vector<Entry> moved;
  moved.swap(side_);
  moved.insert(moved.end(), run_.begin(), run_.end());
  run_.clear();
  // Entries of lower levels share base_'s digit at `level`, and lie there as seen from the new base; others stay right.
  for (int lower = 0; lower < level; ++lower) {
    for (; occupied_[lower] != 0; occupied_[lower] &= occupied_[lower] - 1) {
      take_bucket(buckets_[lower][std::countr_zero(occupied_[lower])], moved);
    }
    level_sizes_[lower] = 0;
  }
  base_ = first;
  spill_at_ = SIZE_MAX;  // Those of the first moment stay in the heap, however many.
  for (const Entry& entry : moved) place(entry);
  spill_at_ = std::max(kSpillSide, 2 * side_.size());
}

/// Takes out all that was cancelled.
void EventQueue::sweep() {
  const auto dead = [this](const Entry& entry) { return is_dead(entry); };
  std::erase_if(run_, dead);
  std::erase_if(side_, dead);
  std::sort(side_.begin(), side_.end(), [](const Entry& a, const Entry& b) { return before(a, b); });  // A heap, too.
  for (int level = 0; level < kLevels; ++level) {
    for (std::uint64_t left = occupied_[level]; left != 0; left &= left - 1) {
      const int digit = std::countr_zero(left);
      const Bucket old = buckets_[level][digit];
      Bucket kept;
      for (Chunk* chunk = old.head; chunk != nullptr;) {
        for (std::uint32_t i = 0; i < chunk->count; ++i) {
          if (dead(chunk->entries[i])) {
            --level_sizes_[level];
          } else {
            append(kept, chunk->entries[i]);
          }
        }
        Chunk* next = chunk->next;
        free_chunk(chunk);
        chunk = next;
      }
      buckets_[level][digit] = kept;
      if (kept.head == nullptr) occupied_[level] &= ~(std::uint64_t{1} << digit);
    }
  }
  dead_ = 0;
}

// --- The heap of late-comers ---

void EventQueue::side_push(Entry entry) {
  std::size_t hole = side_.size();
  side_.push_back(entry);
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / kArity;
    if (!before(entry, side_[parent])) break;
    side_[hole] = side_[parent];
    hole = parent;
  }
  side_[hole] = entry;
  if (side_.size() >= spill_at_) spill();
}

void EventQueue::side_pop() {
  const Entry last = side_.back();
  side_.pop_back();
  const std::size_t size = side_.size();
  if (size == 0) return;
  std::size_t hole = 0;
  for (;;) {
    const std::size_t child = hole * kArity + 1;
    if (child >= size) break;
    std::size_t least = child;
    const std::size_t end = std::min(child + kArity, size);
    for (std::size_t i = child + 1; i < end; ++i) least = before(side_[i], side_[least]) ? i : least;
    if (!before(side_[least], last)) break;
    side_[hole] = side_[least];
    hole = least;
  }
  side_[hole] = last;
}

}  // namespace heir::sim
