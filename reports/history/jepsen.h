// Operation maps as Jepsen, Knossos and Elle record them, to a History. The maps come as EDN or as JSON with the same
// keys (:type :process :f :value, :time and :key if there are any); etcd logs and kv files are read as such maps too.
//
// What each workload becomes (argument of the invocation -> result of its ok). Elements and values are integers, texts,
// or History::literal for anything compound, so that equal ones are equal Values.
//
//   workload            in the file                                  in the History
//   register            :read nil -> v; :write v                     read nil -> v; write v
//   cas-register        :cas [old new]                               cas pair(old, new) -> nil; did not swap: 0
//   kv                  :get :put :append, :key k, strings           read -> text; write text; append text; key k
//   append (plain)      :append e; :read -> [e …]                    append e; read -> list
//   set, set-full       :add e; :read -> [e …] or #{e …}             add e; read -> list (of a #{…}: sorted)
//   counter             :add n; :read -> n                           add n; read -> integer
//                       :increment, :decrement n (nil: 1)            add n, add -n
//   bank                :transfer {:from a :to b :amount n}          transfer micro-ops [add a -n] [add b n]
//                       :read nil -> {a balance …}                   read nil -> micro-ops [read a balance] …
//   monotonic keys      :read nil -> {k v …}                         the same as a bank's read
//   queue               :enqueue e; :dequeue -> e or nil; :drain     enqueue e; dequeue nil -> e or nil; drain -> list
//   stack, deque        :push :pop :peek, :push-front …              push e; pop nil -> e or nil; …
//   mutex, lease        :acquire nil -> token or nil; :release       acquire nil -> token or nil; release token or nil
//   unique-ids          :generate nil -> id                          generate nil -> id
//   list-append,        :txn (or no :f at all)                       transaction; the argument has all micro-ops, their
//   rw-register           [[:append k e] [:r k nil] [:w k v]]          reads nil; the result of an ok has them again,
//                         -> [[:append k e] [:r k [e …]] [:w k v]]     with what was read: nil, a value or a list
//   long-fork           :read [[:r k nil] …], :write [[:w k v]]      transaction, as above; model hint long-fork
//   closed-predicate    :init {k v …}                                initialize micro-ops [write k v] … (an ok repeats
//                                                                      them as its result; that is what took effect)
//                       [:insert k v] [:w k v] [:delete k]           [write k v] [write k v] [remove k nil]
//                       [:rp pred {k v …}]                           [predicate_read, key "PRED", micro-ops [read k v]
//                                                                      …; nil in the argument]. PRED: true, = v (as
//                                                                      JSON), mod n r
//   any, on keys        #jepsen.independent/tuple [k v], or :key k   the key of the operation is k, its value v
//
// An untagged [k v] is a key and a value only if the first :read of the file is invoked with [k nil], not nil, and the
// first answer of one is a pair too.
// Keys: integers and names; a keyword is a name with its colon (":x"); the "7" of a map is the integer, for JSON's
// sake. Values: true and false are 1 and 0; a keyword is a text with its colon; 1.5 and big integers are literals.
// Model hints (History::model_hint), where the shape does not tell: cas-register of etcd logs, kv of kv files,
// long-fork.
//
// Types: :info, and an invocation without any end, is unknown. :fail "did not happen"; if FailMeaning says
// compared_and_differed, the fail of a :cas is an ok with result 0. What a fail or info has as its :value is not read.
// Processes: integers keep their number if it is small enough; larger ones and names get numbers of their own. What is
// called nemesis, and the :info of any other keyword, is skipped: it is not a client's. Operations without a :process
// get the lowest free one each, and their end belongs to the last invocation that it can end. If a file without
// :process has no invocation at all (as Elle's examples in prose), all its operations are concurrent
// (History::real_time is false). Times: without :time the history is untimed; a time before its predecessor's counts as
// its predecessor's: the order of the file decides.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <vector>

#include "reports/history/form.h"
#include "reports/history/form_values.h"
#include "reports/history/history.h"
#include "reports/history/names.h"
#include "reports/history/source.h"

namespace heir::reports {

/// What `fail` says of an operation.
enum class FailMeaning : std::uint8_t {
  did_not_happen,
  compared_and_differed,  ///< A compare-and-set that looked and found another value. Others did not happen.
};

/// Where the parts of one operation stand in a document; null if they are not there.
struct OperationForms {
  const Form* whole = nullptr;  ///< Never null.
  const Form* type = nullptr;
  const Form* process = nullptr;
  const Form* f = nullptr;
  const Form* key = nullptr;
  const Form* value = nullptr;
  const Form* time = nullptr;
};

/// The process that a client gets: its own number, or one that nobody has.
class Clients {
 public:
  /// nullopt if there are too many.
  std::optional<ProcessId> numbered(std::int64_t number);
  std::optional<ProcessId> named(std::string_view name);

 private:
  enum class Use : std::uint8_t { none, number, name };
  std::vector<Use> uses_;
  std::uint32_t next_ = 0;  ///< No smaller one is unused.
  Names names_;
  std::vector<ProcessId> by_name_;
};

class JepsenReader {
 public:
  JepsenReader(History& history, FailMeaning fail) : history_(history), fail_(fail), values_(history) {}

  /// Untagged [k v] are keys and values.
  void set_keyed(bool keyed) { keyed_ = keyed; }
  /// What the operations of a file, one after the other, say of that: nothing, until it is certain. Its first read is
  /// invoked with [k nil], and answers a pair.
  static std::optional<bool> is_keyed(const Document& document, const Form& operation);

  /// False if something is wrong: see problem(). The history is then not whole.
  bool add(const Document& document, const Form& operation);
  bool add(const Document& document, const OperationForms& operation);
  /// After the last operation.
  bool finish();
  const TextProblem& problem() const { return problem_; }

 private:
  bool fail(const Form& at, std::string message);
  bool copy_problem(bool good);
  bool type_of(const OperationForms& forms, EventType& out);
  bool is_client(const OperationForms& forms, EventType type) const;
  bool process_of(const OperationForms& forms, Event& event);
  bool end_without_process(const Document& document, const OperationForms& forms, Event& event);
  bool time_of(const OperationForms& forms, Event& event);
  bool function_of(const Document& document, const OperationForms& forms, Event& event);
  bool split_key(const Document& document, const OperationForms& forms, KeyId& key, const Form*& value);
  bool invoke(const Document& document, const OperationForms& forms, Event& event);
  bool end(const Document& document, const OperationForms& forms, Event& event);
  bool add_ending_only(const Document& document, const OperationForms& forms, Event& event);
  bool argument(const Document& document, const Form& value, Event& event);
  bool result(const Document& document, const Form& value, Event& event);
  bool keep(const Event& event, const Form& at);

  History& history_;
  const FailMeaning fail_;
  FormValues values_;
  bool keyed_ = false;
  bool seems_keyed_ = false;      ///< A read was invoked with [k nil] though keyed_ is false.
  int sign_ = 0;                  ///< The operation at hand counts up or down; or is none that does.
  bool compound_writes_ = false;  ///< Registers hold lists, so that a list read is one value.
  HistoryTime latest_ = HistoryTime::from_ns(0);

  std::optional<bool> has_processes_;  ///< Do operations name their process? Told by the first.
  Clients clients_;
  // Without processes: those open, in order of invocation, and those that are free.
  std::vector<ProcessId> open_;
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> free_;
  std::uint32_t process_count_ = 0;
  // Without invocations: everything, until it is known that there are none.
  struct Ending {
    Value argument;
    Event event;
  };
  std::vector<Ending> endings_;

  TextProblem problem_;
};

}  // namespace heir::reports
