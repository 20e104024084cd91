#include "random_histories.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "brute_force.h"
#include "engine/base/assert.h"

namespace heir::reports::test {

namespace {

/// An operation before it is recorded. Positions order events; recorded times are coarser.
struct Draft {
  Operation op;
  std::int64_t begin = 0;
  std::int64_t end = 0;
  bool has_end = true;
};

class Writer {
 public:
  Writer(const Recipe& recipe, std::uint64_t seed)
      : recipe_(recipe), random_(seed), greatest_first_(recipe.model == Model::priority_queue && seed % 2 == 1) {}

  RandomHistory write() {
    for (std::uint32_t k = 1; k <= recipe_.keys; ++k) keys_.push_back(out_.history.key(k));
    processes_ = 1 + static_cast<std::uint32_t>(random_.below(recipe_.processes));
    free_at_.resize(processes_, 0);
    spread_ = std::uint64_t{2} << random_.below(5);
    const std::uint64_t count = 1 + recipe_.operations / 2 + random_.below(recipe_.operations - recipe_.operations / 2);
    for (std::uint64_t i = 0; i < count; ++i) add();
    if (recipe_.changes && !random_.one_in(4)) {
      const std::uint64_t changes = 1 + random_.below(4);
      for (std::uint64_t i = 0; i < changes; ++i) change();
    }
    record();
    return std::move(out_);
  }

 private:
  History& history() { return out_.history; }

  Value scalar() {
    const auto n = static_cast<std::int64_t>(recipe_.unique ? ++written_ : 1 + random_.below(recipe_.values));
    if (recipe_.model != Model::kv) return Value::integer(n);
    // Two letters now and then, so that different appends may lead to the same text.
    std::string text(1, static_cast<char>('a' + n - 1));
    if (!recipe_.unique && random_.one_in(4)) text += static_cast<char>('a' + random_.below(recipe_.values));
    return history().text(text);
  }

  /// Something that may be in the register: compare-and-swap ought to succeed now and then.
  Value expected(KeyId key) {
    const auto at = state_.find(key.value());
    const bool known = at != state_.end() && !at->second.values.empty();
    if (known && !random_.one_in(3)) return at->second.values[0];
    if (random_.one_in(4)) return Value::nil();
    return Value::integer(static_cast<std::int64_t>(1 + random_.below(recipe_.unique ? written_ + 1 : recipe_.values)));
  }

  Function one_of(std::initializer_list<Function> list) { return list.begin()[random_.below(list.size())]; }

  Function function() {
    using F = Function;
    if (!recipe_.functions.empty()) return recipe_.functions[random_.below(recipe_.functions.size())];
    switch (recipe_.model) {
      case Model::register_: return one_of({F::read, F::read, F::write});
      case Model::cas_register: return one_of({F::read, F::write, F::cas, F::cas});
      case Model::rmw_register: return one_of({F::read, F::write, F::read_modify_write, F::read_modify_write});
      case Model::mutex:
      case Model::lease: return one_of({F::acquire, F::release});
      case Model::kv: return one_of({F::read, F::read, F::read, F::write, F::append, F::append});
      case Model::append: return one_of({F::read, F::append});
      case Model::set: return one_of({F::read, F::add, F::add, F::remove, F::contains, F::contains});
      case Model::counter: return one_of({F::read, F::add});
      case Model::queue: return one_of({F::enqueue, F::enqueue, F::dequeue, F::dequeue, F::peek, F::drain});
      case Model::priority_queue: return one_of({F::enqueue, F::enqueue, F::dequeue, F::dequeue, F::peek});
      case Model::stack: return one_of({F::push, F::push, F::pop, F::pop, F::peek});
      case Model::deque:
        return one_of({F::push_front, F::push_back, F::pop_front, F::pop_back, F::peek_front, F::peek_back});
      case Model::semaphore: return one_of({F::increment, F::decrement});
      case Model::multi_register: return F::transaction;
      default: ASSERT(false, "no random histories of this model"); return F::read;
    }
  }

  Value argument(Function function, KeyId key) {
    switch (function) {
      case Function::read:
      case Function::peek:
      case Function::peek_front:
      case Function::peek_back:
      case Function::dequeue:
      case Function::pop:
      case Function::pop_front:
      case Function::pop_back:
      case Function::drain:
      case Function::acquire: return Value::nil();
      case Function::release: {
        const auto at = state_.find(key.value());
        if (recipe_.model != Model::lease || at == state_.end() || random_.one_in(3)) return Value::nil();
        return at->second.values[3];
      }
      case Function::cas: return history().pair(expected(key), scalar());
      case Function::increment:
      case Function::decrement: return random_.one_in(2) ? Value::nil() : scalar();
      case Function::remove:
      case Function::contains:
        return Value::integer(
            static_cast<std::int64_t>(1 + random_.below(recipe_.unique ? written_ + 1 : recipe_.values)));
      case Function::transaction: {
        std::vector<MicroOp> micro_ops(1 + random_.below(3));
        for (MicroOp& micro : micro_ops) {
          micro.key = keys_[random_.below(keys_.size())];
          if (random_.one_in(2)) continue;
          micro.function = Function::write;
          micro.value = scalar();
        }
        return history().micro_ops(micro_ops);
      }
      default: return scalar();
    }
  }

  /// The answer as a recorder would write it; some leave a plain success out.
  Value recorded(const Operation& op, const Answer& answer) {
    switch (answer.kind) {
      case Answer::Kind::nothing: return Value::nil();
      case Answer::Kind::value: {
        Operation silent = op;
        silent.result = Value::nil();
        const bool may_leave_out = agrees(recipe_.model, history(), silent, answer);
        return may_leave_out && random_.one_in(2) ? Value::nil() : answer.values[0];
      }
      case Answer::Kind::list: return history().list(op.key, answer.values);
      case Answer::Kind::set: {
        std::vector<Value> shuffled = answer.values;
        if (shuffled.size() > 1) std::swap(shuffled[random_.below(shuffled.size())], shuffled[0]);
        return history().list(op.key, shuffled);
      }
      case Answer::Kind::text:
        return answer.text.empty() && random_.one_in(2) ? Value::nil() : history().text(answer.text);
      case Answer::Kind::micro_ops: return history().micro_ops(answer.micro_ops);
    }
    return Value::nil();
  }

  std::int64_t spread() { return 1 + static_cast<std::int64_t>(random_.below(spread_)); }

  void add() {
    point_ += 2 + static_cast<std::int64_t>(random_.below(5));
    point_ = std::max(point_, *std::min_element(free_at_.begin(), free_at_.end()) + 2);
    std::uint64_t process = random_.below(processes_);
    while (free_at_[process] + 2 > point_) process = (process + 1) % processes_;

    Draft draft;
    Operation& op = draft.op;
    op.process = ProcessId(static_cast<std::uint32_t>(process + (next_life_.empty() ? 0 : next_life_[process])));
    op.function = function();
    if (op.function != Function::transaction && !keys_.empty()) op.key = keys_[random_.below(keys_.size())];
    op.argument = argument(op.function, op.key);
    draft.begin = std::max(free_at_[process] + 1, point_ - spread());
    draft.end = point_ + spread();
    decide_outcome(draft);
    free_at_[process] = draft.end;
    if (!draft.has_end) {
      // Another process takes over, as in Jepsen.
      if (next_life_.empty()) next_life_.resize(processes_, 0);
      next_life_[process] += recipe_.processes;
    }
    drafts_.push_back(draft);
  }

  void decide_outcome(Draft& draft) {
    Operation& op = draft.op;
    op.outcome = EventType::ok;
    if (op.function == Function::acquire && recipe_.model == Model::lease && !random_.one_in(3)) {
      const auto at = state_.find(op.key.value());
      const std::int64_t greatest = at == state_.end() ? 0 : at->second.values[3].number();
      op.result = Value::integer(greatest + 1 + static_cast<std::int64_t>(random_.below(2)));
    }
    if (recipe_.failures && random_.one_in(10)) op.outcome = EventType::fail;
    if (recipe_.unknowns && random_.one_in(5)) op.outcome = EventType::info;
    if (!op.ok()) op.result = Value::nil();
    if (op.unknown()) {
      draft.has_end = !random_.one_in(2);
      draft.end = draft.begin + spread();  // perhaps before it takes effect
    }
    if (op.failed() || (op.unknown() && random_.one_in(2))) return;
    const Answer answer = execute(recipe_.model, history(), state_, op, greatest_first_);
    if (!answer.possible) {
      if (op.ok()) op.outcome = recipe_.failures ? EventType::fail : EventType::info;
      op.result = Value::nil();
    } else if (op.ok()) {
      op.result = recorded(op, answer);
    }
  }

  void change() {
    Draft& draft = drafts_[random_.below(drafts_.size())];
    Operation& op = draft.op;
    switch (random_.below(8)) {
      case 0:
      case 1:
      case 2: change_result(op); break;
      case 3: {
        Operation& other = drafts_[random_.below(drafts_.size())].op;
        if (other.function != op.function || !other.ok() || !op.ok() || op.function == Function::transaction) break;
        out_.changed |= other.result != op.result;
        std::swap(other.result, op.result);
        break;
      }
      case 4:
        if (draft.has_end) draft.end = draft.begin + 1;
        out_.changed = true;
        break;
      case 5:
        draft.begin = std::max(draft.begin, draft.end - 1);
        out_.changed = true;
        break;
      case 6:
        if (!draft.has_end || op.ok()) break;
        out_.changed = true;
        op.outcome = EventType::ok;
        change_result(op);
        break;
      default:
        if (!recipe_.failures || !draft.has_end) break;
        out_.changed = true;
        op.outcome = EventType::fail;
        op.result = Value::nil();
        break;
    }
  }

  /// To what it would have answered after some of the others, and that is something else if possible.
  void change_result(Operation& op) {
    if (!op.ok()) return;
    out_.changed = true;
    if (op.function == Function::acquire && !op.result.is_nil()) {
      op.result = Value::integer(static_cast<std::int64_t>(1 + random_.below(4)));
      return;
    }
    const Value before = op.result;
    for (int i = 0; i < 5 && history().equal(op.result, before); ++i) {
      State state;
      for (const Draft& other : drafts_) {
        if (!other.op.failed() && random_.one_in(2))
          execute(recipe_.model, history(), state, other.op, greatest_first_);
      }
      const Answer answer = execute(recipe_.model, history(), state, op, greatest_first_);
      if (answer.possible) op.result = recorded(op, answer);
    }
  }

  void record() {
    struct Moment {
      std::int64_t position;
      bool begins;
      std::size_t draft;
    };
    std::vector<Moment> moments;
    for (std::size_t i = 0; i < drafts_.size(); ++i) {
      moments.push_back({drafts_[i].begin, true, i});
      if (drafts_[i].has_end) moments.push_back({drafts_[i].end, false, i});
    }
    std::stable_sort(moments.begin(), moments.end(), [](const Moment& a, const Moment& b) {
      return a.position != b.position ? a.position < b.position : !a.begins && b.begins;
    });
    if (random_.one_in(4)) history().set_untimed();
    std::int64_t count = 0;
    for (const Moment& m : moments) {
      const Operation& op = drafts_[m.draft].op;
      const HistoryTime time = HistoryTime::from_ns(history().timed() ? m.position / 4 * 1'000'000 : count++);
      if (m.begins) {
        history().invoke(op.process, op.function, op.key, op.argument, time);
      } else if (op.ok()) {
        history().ok_read(op.process, op.result, time);
      } else if (op.failed()) {
        history().fail(op.process, time);
      } else {
        history().info(op.process, time);
      }
    }
  }

  Recipe recipe_;
  Random random_;
  bool greatest_first_;  ///< Of a priority queue.
  RandomHistory out_;
  std::vector<KeyId> keys_;
  std::uint32_t processes_ = 1;
  std::vector<std::int64_t> free_at_;
  std::vector<std::uint32_t> next_life_;  ///< By process: what is added to its number after an operation without end.
  std::uint64_t written_ = 0;
  std::uint64_t spread_ = 1;  ///< How far, at most, an interval reaches from where its operation takes effect.
  std::int64_t point_ = 0;    ///< Where the operation at hand takes effect.
  State state_;
  std::vector<Draft> drafts_;
};

}  // namespace

RandomHistory random_history(const Recipe& recipe, std::uint64_t seed) {
  return Writer(recipe, seed).write();
}

std::vector<std::uint32_t> operations_of(const History& history, KeyId key) {
  std::vector<std::uint32_t> ops;
  for (std::uint32_t i = 0; i < history.operations().size(); ++i) {
    if (key == no_key || history.operations()[i].key == key) ops.push_back(i);
  }
  return ops;
}

std::string to_text(const History& history) {
  std::string text;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Event e = history.event(i);
    text +=
        fmt::format("{} process {} {} {} key {} {}\n", i, e.process.value(), to_string(e.type), to_string(e.function),
                    e.key == no_key ? "-" : history.key_text(e.key), history.value_text(e.value));
  }
  return text;
}

}  // namespace heir::reports::test
