// The pending events of a run, in the exact order of (time, tie order); fast with a hundred pending and with a million.
//
// Shape: a radix wheel. Let `base_` be a moment that all dispatching so far has reached or is about to reach.
// Events later than base_ lie unsorted in buckets: level = the highest base-64 digit in which their time differs from
// base_, bucket = their value of that digit. Lower levels are earlier, and within a level lower buckets are.
// Events up to base_ are sorted: in `run_`, taken from the earliest buckets at once, or in the heap `side_`, if they
// were scheduled after the run was taken.
// So an event is appended to a bucket, moved down a few levels (whole buckets at a time, in memory order), sorted among
// a few dozen neighbours, and handed out. No bucket width is guessed: the digits of the times are the buckets.
//
// A cancelled event gives its slot back at once. What is left of it in a bucket is 16 bytes, swept out as soon as there
// are more of those (by a small constant) than of pending events.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sim/kernel/virtual_time.h"

namespace heir::sim {

class EventTarget;

/// Names one scheduled event, for ever: never used again within a run. The default is no event.
class EventId {
 public:
  constexpr EventId() = default;
  explicit constexpr operator bool() const { return order_ != 0; }
  constexpr bool operator==(const EventId&) const = default;

 private:
  friend class EventQueue;
  friend class Kernel;
  explicit constexpr EventId(std::uint64_t order) : order_(order) {}
  std::uint64_t order_ = 0;
};

/// An event taken out of the queue.
struct DueEvent {
  VirtualTime at;
  EventId id;
  EventTarget* target = nullptr;
  std::uint64_t argument = 0;
  std::uint32_t kind = 0;
};

class EventQueue {
 public:
  /// At most this many events may be pending at once.
  static constexpr std::uint32_t kMostPending = (1U << 24) - 2;

  /// Events of one time come out as they were put in; or, with a key, in a permutation made of it.
  explicit EventQueue(std::optional<std::uint64_t> shuffle_key = std::nullopt);
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;
  ~EventQueue();

  /// `at` is not negative and not before the last event taken out. The target is kept as a name only, never followed.
  EventId push(VirtualTime at, EventTarget* target, std::uint32_t kind, std::uint64_t argument);
  /// Takes the event back; false if it is not pending.
  bool cancel(EventId id);
  /// The earliest event if it is due at or before `until`: out of the queue and into `event`.
  bool pop(VirtualTime until, DueEvent& event);
  /// The time of the earliest event.
  std::optional<VirtualTime> next_time();

  bool contains(EventId id) const {
    return slot_of(id) < slots_.size() && slots_[slot_of(id)].order == id.order_ && id;
  }
  /// The target of a pending event; null if it is not pending.
  EventTarget* target_of(EventId id) const { return contains(id) ? slots_[slot_of(id)].target : nullptr; }
  /// The pending event in a slot (see slot_of); no event if the slot is free.
  EventId in_slot(std::uint32_t slot) const { return EventId(slots_[slot].order); }
  /// A small number that no other pending event has.
  static std::uint32_t slot_of(EventId id) { return static_cast<std::uint32_t>(id.order_ & kSlotMask); }

  /// A slot that no event will have until it is released: for who keeps something per slot.
  std::uint32_t reserve_slot() { return take_slot(); }
  void release_slot(std::uint32_t slot) { free_slot(slot); }

  std::size_t size() const { return live_; }
  bool empty() const { return live_ == 0; }
  /// Places held in memory for entries, cancelled ones too: for tests of the bound on memory.
  std::size_t entries_held() const { return live_ + dead_; }

 private:
  static constexpr int kSlotBits = 24;
  static constexpr std::uint64_t kSlotMask = (std::uint64_t{1} << kSlotBits) - 1;
  static constexpr int kTieBits = 64 - kSlotBits;
  static constexpr int kDigitBits = 6;
  static constexpr int kBuckets = 1 << kDigitBits;
  static constexpr int kLevels = (64 + kDigitBits - 1) / kDigitBits;

  /// What buckets, run and heap hold: the key. `order` is the tie order, then the slot; the slot's own `order` differs
  /// if the event has been cancelled.
  struct Entry {
    std::uint64_t time;
    std::uint64_t order;
  };
  struct Slot {
    std::uint64_t order = 0;  ///< 0 while free.
    EventTarget* target = nullptr;
    std::uint64_t argument = 0;
    std::uint32_t kind = 0;
    std::uint32_t next_free = 0;
  };
  struct Chunk {
    static constexpr std::uint32_t kCapacity = 31;
    Chunk* next;
    std::uint32_t count;
    Entry entries[kCapacity];
  };
  /// Entries in the order in which they were put in. Not owned: chunks belong to slabs_.
  struct Bucket {
    Chunk* head = nullptr;
    Chunk* tail = nullptr;
  };

  static void sort_entries(Entry* begin, Entry* end);
  static bool before(const Entry& a, const Entry& b) {
    __extension__ using Wide = unsigned __int128;
    return ((Wide{a.time} << 64) | a.order) < ((Wide{b.time} << 64) | b.order);
  }
  bool is_dead(const Entry& entry) const { return slots_[entry.order & kSlotMask].order != entry.order; }
  /// The digit of the highest bit set.
  static int level_of(std::uint64_t difference) { return (63 - std::countl_zero(difference)) / kDigitBits; }
  std::uint64_t tie_order();
  std::uint32_t take_slot();
  void free_slot(std::uint32_t slot);

  void place(Entry entry);
  void append(Bucket& bucket, Entry entry);
  void take_bucket(Bucket& bucket, std::vector<Entry>& entries);
  Chunk* take_chunk();
  void free_chunk(Chunk* chunk);

  bool refill();
  void take_into_run(int level, int digit);
  void spread(int level, int digit);
  void spill();
  void sweep();

  void side_push(Entry entry);
  void side_pop();

  std::uint64_t base_ = 0;
  std::vector<Entry> run_;   ///< Sorted, the earliest last.
  std::vector<Entry> side_;  ///< A 4-ary heap.
  std::size_t spill_at_;
  std::size_t live_ = 0;
  std::size_t dead_ = 0;
  std::uint64_t sequence_ = 0;
  std::optional<std::uint64_t> shuffle_key_;
  std::vector<Slot> slots_;
  std::uint32_t free_slots_ = 0;          ///< List through Slot::next_free, ended by 0; slot 0 is never used.
  std::uint64_t occupied_[kLevels] = {};  ///< A bit per non-empty bucket.
  std::size_t level_sizes_[kLevels] = {};
  Bucket buckets_[kLevels][kBuckets];
  Chunk* free_chunks_ = nullptr;
  std::vector<std::unique_ptr<Chunk[]>> slabs_;
};

}  // namespace heir::sim
