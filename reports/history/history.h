// History: what clients asked and were answered, in the order in which it happened. Both worlds, the simulated and the
// real, write one; every checker reads one. DESIGN.md section 6.
//
// Invariants: a process has at most one operation open; every ok, fail and info ends an open operation and repeats its
// function and key; time never goes backwards. An operation whose end is `info`, or that has none, has an unknown
// outcome: it may take effect at any time after its invocation, or never. After `info` a process may go on.
//
// Compact: 72 bytes an operation. Lists that share a beginning (reads of a growing list) share its memory.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/strong.h"
#include "engine/base/time.h"
#include "reports/history/names.h"

namespace heir::reports {

/// Time of the observer who recorded the history: virtual time, or the one clock of the machine that ran the clients.
using HistoryTime = Instant<struct HistoryClock>;

/// One sequential client.
using ProcessId = Strong<struct ProcessIdTag, std::uint32_t>;
inline constexpr std::uint32_t max_process = (1U << 20) - 1;

/// A key of one History, as a small number; see History::key.
using KeyId = Strong<struct KeyIdTag, std::uint32_t>;
/// The key of operations that name none.
inline constexpr KeyId no_key{0};

enum class EventType : std::uint8_t { invoke, ok, fail, info };
const char* to_string(EventType type);

/// What an operation, or a micro-operation of a transaction, does. One word per meaning: readers map the names that
/// other tools use (get, put, enq, insert …) to these.
enum class Function : std::uint8_t {
  read,          ///< All of an object: a register, a list, a set, a counter; of a kv key its string.
  write,         ///< Replaces it.
  cas,           ///< Argument: pair (expected, new). Result: 1 or nil "swapped", 0 "it was another value".
  append,        ///< To the end of a list, or of a kv key's string.
  add,           ///< An element to a set (result 0 if the recorder knows that it was there, 1 if not), an amount to a
                 ///< counter.
  read_standby,  ///< A read sent to a standby: promises only that what it shows was once written.
  remove,        ///< An element from a set; result 1 or 0 if the recorder knows whether it was there.
  contains,      ///< Is an element in a set? Result 1 or 0.
  enqueue,       ///< Also the insertion into a priority queue.
  dequeue,       ///< Result: the element, nil if empty; of a priority queue the most urgent.
  peek,          ///< As dequeue or pop, but nothing is taken.
  drain,         ///< Dequeues until empty; result: list.
  push,
  pop,
  push_front,
  push_back,
  pop_front,
  pop_back,
  peek_front,
  peek_back,
  acquire,            ///< A lock, a lease, or a unit of a semaphore. Result: the fencing token, if there is one.
  release,            ///< Argument: the fencing token, if there is one.
  increment,          ///< A semaphore by its argument; result 1 or nil.
  decrement,          ///< A semaphore by its argument; result 0 if it refused.
  read_modify_write,  ///< Argument: the new value; result: the value before.
  generate,           ///< A unique id.
  transfer,           ///< Bank: micro-operations `add` (account, amount), one negative.
  transaction,        ///< Argument and result: micro-operations; in the argument reads have no value yet.
  initialize,         ///< Sets the state that all else starts from: micro-operations `write`.
  predicate_read,  ///< In transactions only; key: the predicate's text; value: micro-operations `read`, one each match.
};
/// As in our files: "read-standby".
const char* to_string(Function function);
std::optional<Function> function_named(std::string_view name);
constexpr bool is_read(Function f) {
  return f == Function::read || f == Function::read_standby;
}

/// A list kept in a History: the first `length` elements of one of its list nodes.
struct ListRef {
  std::uint32_t node = 0;
  std::uint32_t length = 0;
  bool operator==(const ListRef&) const = default;
};

/// Consecutive micro-operations kept in a History.
struct MicroOps {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  bool operator==(const MicroOps&) const = default;
};

enum class ValueKind : std::uint8_t { integer, nil, text, list, pair, micro_ops };

/// 64 bits: an integer, nil, or a reference to what the History keeps: a text (equal texts are equal Values; anything
/// that is none of the others, such as 1.5 or :x, is kept as its text, see History::literal), a list, a pair,
/// micro-operations.
class Value {
 public:
  static constexpr std::int64_t most = (std::int64_t{1} << 61) - 1;
  static constexpr std::int64_t least = -most - 1;
  static constexpr bool fits(std::int64_t n) { return n >= least && n <= most; }

  constexpr Value() = default;
  static constexpr Value nil() { return {}; }
  /// fits(n), otherwise keep it as a text.
  static constexpr Value integer(std::int64_t n) { return Value(static_cast<std::uint64_t>(n)); }
  static constexpr Value list(ListRef ref) { return tagged(ValueKind::list, ref.node, ref.length); }
  constexpr ValueKind kind() const {
    const std::uint64_t tag = bits_ >> 61;
    return tag == 0 || tag == 7 ? ValueKind::integer : static_cast<ValueKind>(tag);
  }
  constexpr bool is_nil() const { return bits_ == nil_bits; }
  constexpr std::int64_t number() const { return static_cast<std::int64_t>(bits_); }
  constexpr ListRef list() const { return {high(), low()}; }
  constexpr MicroOps micro_ops() const { return {high(), low()}; }
  /// Distinct for distinct integers, texts and nil, for use as a key; as an integer's, the number itself.
  constexpr std::int64_t bits() const { return static_cast<std::int64_t>(bits_); }
  /// Lists, pairs and micro-operations that are equal may compare unequal: compare what they hold (History::equal).
  bool operator==(const Value&) const = default;

 private:
  friend class History;
  static constexpr std::uint64_t nil_bits = std::uint64_t{1} << 61;
  constexpr explicit Value(std::uint64_t bits) : bits_(bits) {}
  static constexpr Value tagged(ValueKind kind, std::uint32_t high, std::uint32_t low) {
    return Value((static_cast<std::uint64_t>(kind) << 61) | (std::uint64_t{high} << 30) | low);
  }
  constexpr std::uint32_t high() const { return static_cast<std::uint32_t>(bits_ >> 30) & 0x7fffffffU; }
  constexpr std::uint32_t low() const { return static_cast<std::uint32_t>(bits_) & 0x3fffffffU; }
  std::uint64_t bits_ = nil_bits;
};
static_assert(sizeof(Value) == 8);

/// A part of a transaction, in its order: `read`, `write`, `append`, `add`, `remove`, `predicate_read`.
struct MicroOp {
  Function function = Function::read;
  KeyId key = no_key;
  Value value;  ///< What is written, or was read (nil before it is known).
};

/// Who answered, if the recorder knows: the peer's number and its generation; 0 is "not known".
struct Answerer {
  std::uint16_t peer = 0;
  std::uint32_t generation = 0;
  bool operator==(const Answerer&) const = default;
};

/// One line of a history.
struct Event {
  HistoryTime time;
  ProcessId process;
  EventType type = EventType::invoke;
  Function function = Function::read;
  KeyId key = no_key;
  Value value;  ///< Of an invocation the argument; of an `ok` the result, or the argument again where that is all.
  Answerer by;
  /// The value is a result (1 or 0) though many recorders repeat the argument there: the ok of an `add` that knows
  /// whether the element was new.
  bool answered = false;
};

/// An operation: an invocation and, if there is one, its end. Indexes count events of the history from 0 and decide
/// what came before what; times may be equal, or absent.
struct Operation {
  static constexpr std::uint32_t never = UINT32_MAX;
  HistoryTime invoked;
  HistoryTime completed;  ///< Meaningful only if `end` is not `never`.
  Value argument;         ///< What was asked: nil for reads.
  Value result;           ///< What was answered, if `ok` and if the function answers anything; otherwise nil.
  ProcessId process;
  KeyId key = no_key;
  std::uint32_t begin = 0;
  std::uint32_t end = never;
  Answerer by;
  Function function = Function::read;
  EventType outcome = EventType::info;  ///< ok, fail or info (unknown, also when there is no end).

  /// What was written, or what a read returned.
  Value value() const { return argument.is_nil() ? result : argument; }
  bool ok() const { return outcome == EventType::ok; }
  bool failed() const { return outcome == EventType::fail; }
  bool unknown() const { return outcome == EventType::info; }
};
static_assert(sizeof(Operation) <= 64);

class History {
 public:
  History();

  // ---- Keys and texts. The same name gives the same number; the integer 5 and the text "5" are different keys.
  KeyId key(std::int64_t number);
  KeyId key(std::string_view name);
  /// By what key_text() of another History said.
  KeyId key_from_text(std::string_view text) { return text.empty() ? no_key : intern(text); }
  /// As in a file: 5, "x". Empty for no_key.
  const std::string& key_text(KeyId key) const { return keys_[key.value()]; }
  /// One more than the keys named so far: no_key counts.
  std::size_t key_count() const { return keys_.size(); }
  Value text(std::string_view text) { return Value::tagged(ValueKind::text, 0, texts_.number(text)); }
  /// A value of JSON that is none of the kinds above: 1.5, 12345678901234567890, [0,0]. Kept as its text, which is what
  /// files show without quotes; never equal to text() of the same.
  Value literal(std::string_view json) { return Value::tagged(ValueKind::text, 1, literals_.number(json)); }
  const std::string& text_of(Value text) const { return text.high() == 0 ? texts_[text.low()] : literals_[text.low()]; }

  // ---- Recording. A call that would break an invariant of the history is a bug of the caller (ASSERT).
  void reserve(std::size_t operations);
  void invoke(ProcessId process, Function function, KeyId key, Value argument, HistoryTime time);
  /// Acknowledged; `result` is what was answered, if anything was.
  void ok(ProcessId process, HistoryTime time, Answerer by = {}) { ok_read(process, Value::nil(), time, by); }
  void ok_read(ProcessId process, Value result, HistoryTime time, Answerer by = {});
  /// The result is a list. For sets any order will do, but a stable one (of insertion, say) shares memory.
  void ok_read(ProcessId process, std::span<const std::int64_t> list, HistoryTime time, Answerer by = {});
  /// It certainly did not happen and never will.
  void fail(ProcessId process, HistoryTime time, Answerer by = {});
  /// Unknown outcome.
  void info(ProcessId process, HistoryTime time, Answerer by = {});

  /// Adds an event from elsewhere, whose value is of this history; what is wrong with it if it breaks an invariant, in
  /// which case nothing was added. An ending's function and key must be those of its invocation.
  [[nodiscard]] std::optional<std::string> add(const Event& event);

  /// Keeps a list; lists of one key that begin alike share memory.
  Value list(KeyId key, std::span<const Value> elements);
  Value pair(Value first, Value second);
  Value micro_ops(std::span<const MicroOp> ops);

  /// The source had no times: those of the events only count them.
  void set_untimed() { timed_ = false; }
  bool timed() const { return timed_; }
  /// The source tells the order of each process only: that of events of different processes means nothing.
  void set_sessions_only() { real_time_ = false; }
  bool real_time() const { return real_time_; }
  /// The model that the source names, as `heir check --model` would; empty if it names none.
  void set_model_hint(std::string model) { model_hint_ = std::move(model); }
  const std::string& model_hint() const { return model_hint_; }

  /// Called after each event that is recorded, with its index; null for nobody. Copies of the history have it too.
  void observe(std::function<void(std::size_t event)> observer) { observer_ = std::move(observer); }

  // ---- Reading.
  /// Of events.
  std::size_t size() const { return order_.size(); }
  bool empty() const { return order_.empty(); }
  Event event(std::size_t index) const;
  /// In order of invocation. Valid until something is added.
  std::span<const Operation> operations() const { return operations_; }
  /// Index of the operation that an event begins or ends.
  std::uint32_t operation_of(std::size_t event) const { return order_[event] >> 1; }
  /// Does an event end its operation?
  bool is_end(std::size_t event) const { return (order_[event] & 1) != 0; }
  /// Replaces `out` by the elements of a list.
  void elements(ListRef list, std::vector<Value>& out) const;
  std::vector<Value> elements(ListRef list) const;
  Value first(Value pair) const { return pairs_[2 * std::size_t{pair.low()}]; }
  Value second(Value pair) const { return pairs_[2 * std::size_t{pair.low()} + 1]; }
  std::span<const MicroOp> micro_ops(Value value) const {
    return std::span(micro_ops_).subspan(value.high(), value.low());
  }
  /// By what they hold.
  bool equal(Value a, Value b) const;
  /// As in a file: 5, null, "x", [1,2].
  std::string value_text(Value value) const;
  /// Is an operation of this process open?
  bool is_open(ProcessId process) const { return process.value() < open_.size() && open_[process.value()] != 0; }
  /// Valid until something is added; null if none is open.
  const Operation* open_operation(ProcessId process) const {
    return is_open(process) ? &operations_[open_[process.value()] - 1] : nullptr;
  }
  /// Bytes held, without names and texts.
  std::size_t memory() const;

  // ---- How lists are kept, for checkers that want to visit shared beginnings once: a node is the first
  // `parent.length` elements of its parent, then its own. Parents have smaller numbers. Node 0 is the empty list.
  struct ListNode {
    ListRef parent;
    std::vector<Value> own;
    std::uint32_t depth = 0;
    std::uint32_t length() const { return parent.length + static_cast<std::uint32_t>(own.size()); }
  };
  std::span<const ListNode> list_nodes() const { return nodes_; }

 private:
  KeyId intern(std::string_view text);
  void end(ProcessId process, EventType type, Value result, HistoryTime time, Answerer by);

  std::vector<Operation> operations_;
  std::vector<std::uint32_t> order_;  ///< By event: index of its operation * 2, + 1 if it ends it.
  std::vector<std::uint32_t> open_;   ///< By process: index + 1 of its open operation, 0 if none is open.
  std::int64_t latest_ = INT64_MIN;   ///< Time of the last event.
  std::function<void(std::size_t)> observer_;
  bool timed_ = true;
  bool real_time_ = true;
  std::string model_hint_;
  Names keys_;
  std::vector<KeyId> small_keys_;  ///< By number, for small ones; no_key if not named yet.
  Names texts_;
  Names literals_;
  std::vector<ListNode> nodes_;
  std::vector<std::uint32_t> heads_;  ///< By key: the node that the next list is compared with.
  std::vector<Value> pairs_;          ///< Two each.
  std::vector<MicroOp> micro_ops_;
};

}  // namespace heir::reports
