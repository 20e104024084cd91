#include "reports/check/objects/locks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <queue>

#include "reports/check/objects/sentences.h"
#include "reports/check/objects/value_index.h"

namespace heir::reports {

namespace {

constexpr std::size_t most_failures = 100;
constexpr std::uint32_t none = UINT32_MAX;
constexpr std::uint32_t never = Operation::never;

/// Those that were acknowledged, in order of their ends.
std::vector<std::uint32_t> by_end(const Object& object) {
  std::vector<std::uint32_t> acknowledged;
  for (std::uint32_t i = 0; i < object.size(); ++i) {
    if (object.operation(i).ok()) acknowledged.push_back(i);
  }
  std::ranges::sort(acknowledged, {}, [&](std::uint32_t i) { return object.operation(i).end; });
  return acknowledged;
}

/// "acquire of key 1 by process 3, acknowledged at 1.000s,"
std::string acknowledged(const Object& object, std::uint32_t op) {
  const Operation& o = object.operation(op);
  return fmt::format("{}, {},", describe(*object.history, o),
                     o.ok() ? "acknowledged at " + objects::when(object, o.completed) : "never acknowledged");
}

Failure failure(const Object& object, FailureKind kind, std::string message, const std::vector<std::uint32_t>& ops) {
  Failure f;
  f.kind = kind;
  f.message = std::move(message);
  f.at = object.operation(ops[0]).completed;
  for (const std::uint32_t op : ops) f.ops.push_back(object.operation(op));
  return f;
}

Judgement judgement_of(std::vector<Failure> failures) {
  const auto answer = failures.empty() ? Judgement::Answer::valid : Judgement::Answer::invalid;
  return {answer, std::move(failures), {}};
}

// ---- Mutex.

/// Operations under way that have not taken effect, the one that is over first on top.
class Waiting {
 public:
  void push(std::uint32_t op, std::uint32_t end) { heap_.emplace(end, op); }
  /// Takes one that `is_done` does not say is done; `none` if there is none.
  std::uint32_t pop(const std::vector<bool>& is_done) {
    while (!heap_.empty()) {
      const std::uint32_t op = heap_.top().second;
      heap_.pop();
      if (!is_done[op]) return op;
    }
    return none;
  }

 private:
  using Entry = std::pair<std::uint32_t, std::uint32_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> heap_;
};

class Mutex {
 public:
  explicit Mutex(const Object& object) : object_(object), done_(object.size(), false) {}

  Judgement judge() {
    std::uint32_t next = 0;
    for (const std::uint32_t ending : by_end(object_)) {
      for (; next < object_.size() && object_.operation(next).begin < object_.operation(ending).end; ++next)
        begin(next);
      if (!done_[ending] && !take_effect(ending)) return judgement_of({contradiction(ending)});
    }
    return {};
  }

 private:
  bool acquires(std::uint32_t op) const { return object_.operation(op).function == Function::acquire; }

  void begin(std::uint32_t i) {
    const Operation& op = object_.operation(i);
    if (!op.failed()) (acquires(i) ? acquires_ : releases_).push(i, op.ok() ? op.end : never);
  }

  bool take_effect(std::uint32_t op) {
    const bool held = last_ != none && acquires(last_);
    if (acquires(op) == held) {
      const std::uint32_t before = (held ? releases_ : acquires_).pop(done_);
      if (before == none) return false;
      done_[before] = true;
    }
    done_[op] = true;
    last_ = op;
    return true;
  }

  Failure contradiction(std::uint32_t op) const {
    const std::string what = acknowledged(object_, op);
    if (acquires(op)) {
      return failure(
          object_, FailureKind::two_holders,
          fmt::format("{} was granted what {} held; no release came between", what, acknowledged(object_, last_)),
          {op, last_});
    }
    if (last_ == none) {
      return failure(object_, FailureKind::not_linearizable, what + " released what nobody had acquired", {op});
    }
    return failure(
        object_, FailureKind::not_linearizable,
        fmt::format("{} released what {} had released; no acquire came between", what, acknowledged(object_, last_)),
        {op, last_});
  }

  const Object& object_;
  std::vector<bool> done_;  ///< By operation: has it taken effect?
  Waiting acquires_, releases_;
  std::uint32_t last_ = none;  ///< That took effect.
};

// ---- Semaphore.

/// One unless it says otherwise; negative for what is no amount.
std::int64_t amount(const Operation& op) {
  if (op.argument.is_nil()) return 1;
  return op.argument.kind() == ValueKind::integer ? op.argument.number() : -1;
}

// ---- Lease.

/// An acquire that was answered, and until when its holder certainly held.
struct Holding {
  std::uint32_t acquire = 0;
  std::uint32_t release = none;  ///< The first that may have ended it.
  bool confirmed = false;        ///< A release of it was acknowledged, so that it was held until then.
};

class Lease {
 public:
  explicit Lease(const Object& object) : object_(object), by_token_(object.size() / 2) {}

  Judgement judge() {
    for (std::uint32_t i = 0; i < object_.size(); ++i) {
      const Operation& op = object_.operation(i);
      const Value token = op.function == Function::acquire ? op.result : op.argument;
      if (!token.is_nil() && token.kind() != ValueKind::integer) {
        return {Judgement::Answer::not_applicable, {}, "a fencing token is not a number"};
      }
      if (!op.failed()) op.function == Function::acquire ? acquire(i) : release(i);
    }
    judge_tokens();
    judge_holders();
    std::ranges::stable_sort(failures_, {}, &Failure::at);
    if (failures_.size() > most_failures) failures_.resize(most_failures);
    return judgement_of(std::move(failures_));
  }

 private:
  const Operation& operation(std::uint32_t i) const { return object_.operation(i); }

  void acquire(std::uint32_t i) {
    const Operation& op = operation(i);
    std::uint32_t& latest = latest_[op.process];
    latest = none;
    if (!op.ok()) return;
    latest = static_cast<std::uint32_t>(holdings_.size());
    holdings_.push_back({i, none, false});
    if (op.result.is_nil()) return;
    const std::uint32_t number = by_token_.insert(op.result);
    if (number == of_token_.size()) {
      of_token_.push_back(latest);
    } else {
      const std::uint32_t first = holdings_[of_token_[number]].acquire;
      failures_.push_back(failure(object_, FailureKind::token_regressed,
                                  fmt::format("{} got token {}, which {} had got as well", acknowledged(object_, i),
                                              op.result.number(), acknowledged(object_, first)),
                                  {i, first}));
    }
  }

  void release(std::uint32_t i) {
    const Operation& op = operation(i);
    std::uint32_t holding = none;
    if (op.argument.is_nil()) {
      holding = std::exchange(latest_.try_emplace(op.process, none).first->second, none);
    } else if (const std::uint32_t number = by_token_.find(op.argument); number != objects::ValueIndex::none) {
      holding = of_token_[number];
    }
    if (holding == none) return;
    if (holdings_[holding].release == none) holdings_[holding].release = i;
    holdings_[holding].confirmed |= op.ok();
  }

  /// Tokens must be greater than all that had been handed out.
  void judge_tokens() {
    std::vector<std::uint32_t> ended = by_end(object_);
    auto next = ended.begin();
    std::uint32_t greatest = none;
    for (const Holding& holding : holdings_) {
      const Operation& op = operation(holding.acquire);
      if (op.result.is_nil()) continue;
      for (; next != ended.end() && operation(*next).end < op.begin; ++next) {
        const Operation& before = operation(*next);
        if (before.function != Function::acquire || before.result.is_nil()) continue;
        if (greatest == none || before.result.number() > operation(greatest).result.number()) greatest = *next;
      }
      if (greatest == none || operation(greatest).result.number() < op.result.number()) continue;
      if (operation(greatest).result == op.result) continue;  // said already
      failures_.push_back(
          failure(object_, FailureKind::token_regressed,
                  fmt::format("{} got token {}, though {} had got {} before", acknowledged(object_, holding.acquire),
                              op.result.number(), acknowledged(object_, greatest), operation(greatest).result.number()),
                  {holding.acquire, greatest}));
    }
  }

  std::uint32_t from(const Holding& holding) const { return operation(holding.acquire).end; }
  std::uint32_t until(const Holding& holding) const { return operation(holding.release).begin; }

  void judge_holders() {
    std::vector<Holding> certain;
    for (const Holding& holding : holdings_) {
      if (holding.confirmed && from(holding) < until(holding)) certain.push_back(holding);
    }
    std::ranges::sort(certain, {}, [&](const Holding& h) { return from(h); });
    const Holding* longest = nullptr;
    for (const Holding& holding : certain) {
      if (longest && from(holding) < until(*longest)) {
        report(*longest, holding.acquire, holding.release);
      }
      if (!longest || until(holding) > until(*longest)) longest = &holding;
    }
    if (longest) judge_grants(certain);
  }

  /// Nobody is granted what another certainly holds all the while.
  void judge_grants(const std::vector<Holding>& certain) {
    auto next = certain.begin();
    const Holding* longest = nullptr;  // of those that began before
    for (const Holding& granted : holdings_) {
      const Operation& op = operation(granted.acquire);
      for (; next != certain.end() && from(*next) < op.begin; ++next) {
        if (!longest || until(*next) > until(*longest)) longest = &*next;
      }
      // If its own holder certainly held it afterwards, that was said.
      const bool said = granted.confirmed && op.end < until(granted);
      if (longest && !said && until(*longest) > op.end) report(*longest, granted.acquire, none);
    }
  }

  void report(const Holding& holder, std::uint32_t other, std::uint32_t release) {
    std::vector<std::uint32_t> ops{other, holder.acquire, holder.release};
    if (release != none) ops.push_back(release);
    failures_.push_back(failure(
        object_, FailureKind::two_holders,
        fmt::format("{} was granted what {} held until {} began at {}", acknowledged(object_, other),
                    acknowledged(object_, holder.acquire), describe(*object_.history, operation(holder.release)),
                    objects::when(object_, operation(holder.release).invoked)),
        ops));
  }

  const Object& object_;
  std::vector<Holding> holdings_;              ///< In order of their acquires' beginnings.
  std::map<ProcessId, std::uint32_t> latest_;  ///< By process: the holding that its next release without a token ends.
  objects::ValueIndex by_token_;
  std::vector<std::uint32_t> of_token_;
  std::vector<Failure> failures_;
};

}  // namespace

Judgement judge_mutex(const Object& object) {
  return Mutex(object).judge();
}

Judgement judge_semaphore(const Object& object) {
  for (std::size_t i = 0; i < object.size(); ++i) {
    if (amount(object.operation(i)) < 0) return {Judgement::Answer::not_applicable, {}, "an amount is negative"};
  }
  std::int64_t permits = 0;
  std::uint32_t next = 0;
  std::uint32_t last = none;
  bool refused = false;
  for (const std::uint32_t ending : by_end(object)) {
    const Operation& op = object.operation(ending);
    if (op.function != Function::decrement) continue;
    if (op.result == Value::integer(0)) {
      refused = true;
      continue;
    }
    for (; next < object.size() && object.operation(next).begin < op.end; ++next) {
      const Operation& begun = object.operation(next);
      if (begun.function == Function::increment && !begun.failed()) permits += amount(begun);
    }
    permits -= amount(op);
    if (permits < 0) {
      std::vector<std::uint32_t> ops{ending};
      if (last != none) ops.push_back(last);
      return judgement_of({failure(object, FailureKind::not_linearizable,
                                   fmt::format("{} took {}, but {} fewer had been put in by then",
                                               acknowledged(object, ending), amount(op), -permits),
                                   ops)});
    }
    last = ending;
  }
  if (refused) return {Judgement::Answer::not_applicable, {}, "a decrement was refused"};
  return {};
}

Judgement judge_lease(const Object& object) {
  return Lease(object).judge();
}

}  // namespace heir::reports
