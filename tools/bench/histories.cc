#include "histories.h"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <queue>
#include <string>

#include "engine/base/assert.h"

namespace heir::bench {

namespace {

using namespace reports;

constexpr std::array workload_names{"register", "keys", "queue", "list-append", "kv", "etcd"};
constexpr std::array flaw_names{"none", "stale-read", "lost-write"};

template <class Enum, std::size_t n>
std::optional<Enum> named(const std::array<const char*, n>& names, std::string_view name) {
  for (std::size_t i = 0; i < n; ++i) {
    if (name == names[i]) return static_cast<Enum>(i);
  }
  return std::nullopt;
}

/// What a client asked, and what became of it.
struct Asked {
  Function function = Function::read;
  std::uint32_t key = 0;  ///< Of the store's own keys.
  Value argument;
  Value result;
  std::int64_t invoked = 0;
  std::int64_t acknowledged = INT64_MAX;  ///< `ok`, for certain known to its client.
};
using AskedId = std::uint32_t;

/// What all stores share: the history in the making, the draws, and when the flaw is due.
struct Making {
  explicit Making(const HistoryRecipe& given) : recipe(given), random(given.seed, "bench.history") {}
  const HistoryRecipe& recipe;
  sim::RandomStream random;
  History history;
  std::vector<Asked> asked;
  bool flaw_done = false;

  /// In the last fiftieth of the history, or the last hundred operations, once.
  bool due(Flaw flaw) const {
    const std::uint32_t end = std::max(recipe.operations / 50, std::min(recipe.operations, 100U));
    return recipe.flaw == flaw && !flaw_done && asked.size() >= recipe.operations - end;
  }
  std::int64_t acknowledged(AskedId id) const { return asked[id].acknowledged; }
  bool one_in(std::uint64_t n) { return random.below(n) == 0; }
};

/// Keeps the objects, executes operations one at a time.
class Store {
 public:
  explicit Store(Making& making) : making_(making) {}
  virtual ~Store() = default;
  virtual Asked ask() = 0;
  /// Takes effect now, and notes its result. False: not yet, try again.
  virtual bool execute(AskedId id, std::int64_t now) = 0;
  virtual KeyId key_of(const Asked&) const { return no_key; }

 protected:
  Making& making_;
};

// ---- Registers and strings by key.

class Registers : public Store {
 public:
  Registers(Making& making, std::uint32_t keys) : Store(making), objects_(keys) {
    for (std::uint32_t i = 0; i < keys; ++i) objects_[i].key = making.history.key(std::int64_t{i});
  }
  Asked ask() final {
    Asked asked;
    asked.key = forced_ ? *forced_ : static_cast<std::uint32_t>(making_.random.below(objects_.size()));
    if (!forced_) choose(asked);
    return asked;
  }
  bool execute(AskedId id, std::int64_t now) final {
    Asked& asked = making_.asked[id];
    Object& object = objects_[asked.key];
    if (asked.function != Function::read) {
      // Once all has been asked no read would end the waiting.
      if (object.writes_wait && making_.asked.size() < making_.recipe.operations) return false;
      write(asked, id, object);
      if (making_.due(Flaw::lost_write)) go_back(object, asked.key, now);
      return true;
    }
    const std::optional<std::size_t> stale =
        making_.due(Flaw::stale_read) ? certainly_old(object, asked.invoked) : std::nullopt;
    if (stale) making_.flaw_done = true;
    asked.result = stale ? object.versions[*stale].value : object.current();
    if (object.writes_wait && asked.invoked >= object.waiting_since) {
      object.writes_wait = false;
      forced_.reset();
    }
    return true;
  }
  KeyId key_of(const Asked& asked) const final { return objects_[asked.key].key; }

 protected:
  struct Version {
    Value value;
    AskedId by;
  };
  struct Object {
    KeyId key;
    std::vector<Version> versions;
    bool writes_wait = false;  ///< Until a read has shown that the store went back.
    std::int64_t waiting_since = 0;
    Value current() const { return versions.empty() ? Value::nil() : versions.back().value; }
  };
  /// Function and argument.
  virtual void choose(Asked& asked) {
    if (making_.one_in(2)) return;
    asked.function = Function::write;
    asked.argument = Value::integer(++last_value_);
  }
  virtual void write(Asked& asked, AskedId id, Object& object) { object.versions.push_back({asked.argument, id}); }

  std::int64_t last_value_ = 0;

 private:
  /// The newest version that was replaced by a write which began after its own was acknowledged, and was acknowledged
  /// by `now` itself.
  std::optional<std::size_t> certainly_old(const Object& object, std::int64_t now) const {
    std::size_t i = object.versions.size();
    while (i > 0 && making_.acknowledged(object.versions[i - 1].by) >= now) --i;
    if (i == 0) return std::nullopt;
    const std::int64_t replaced = making_.asked[object.versions[--i].by].invoked;
    while (i > 0 && making_.acknowledged(object.versions[i - 1].by) >= replaced) --i;
    return i == 0 ? std::nullopt : std::optional(i - 1);
  }
  void go_back(Object& object, std::uint32_t key, std::int64_t now) {
    const std::optional<std::size_t> old = certainly_old(object, now);
    if (!old) return;
    making_.flaw_done = true;
    object.versions.resize(*old + 1);
    object.writes_wait = true;
    object.waiting_since = now;
    forced_ = key;
  }

  std::vector<Object> objects_;
  std::optional<std::uint32_t> forced_;  ///< The key that the next operations read.
};

class Strings final : public Registers {
 public:
  using Registers::Registers;

 private:
  void choose(Asked& asked) override {
    const std::uint64_t choice = making_.random.below(10);
    if (choice < 5) return;
    asked.function = choice < 8 ? Function::append : Function::write;
    asked.argument = making_.history.text("x" + std::to_string(++last_value_) + " ");
  }
  void write(Asked& asked, AskedId id, Object& object) override {
    Value value = asked.argument;
    if (asked.function == Function::append && !object.current().is_nil()) {
      const std::string whole = making_.history.text_of(object.current()) + making_.history.text_of(value);
      value = making_.history.text(whole);
    }
    object.versions.push_back({value, id});
  }
};

class Etcd final : public Registers {
 public:
  using Registers::Registers;

 private:
  void choose(Asked& asked) override {
    const auto value = [this] { return Value::integer(static_cast<std::int64_t>(making_.random.below(5))); };
    const std::uint64_t choice = making_.random.below(3);
    if (choice == 0) return;
    asked.function = choice == 1 ? Function::write : Function::cas;
    const Value first = value();
    asked.argument = choice == 1 ? first : making_.history.pair(first, value());
  }
  void write(Asked& asked, AskedId id, Object& object) override {
    Value value = asked.argument;
    if (asked.function == Function::cas) {
      const bool swaps = object.current() == making_.history.first(asked.argument);
      asked.result = Value::integer(swaps ? 1 : 0);
      if (!swaps) return;
      value = making_.history.second(asked.argument);
    }
    object.versions.push_back({value, id});
  }
};

// ---- A FIFO queue.

class Queue final : public Store {
 public:
  using Store::Store;
  Asked ask() override {
    Asked asked;
    asked.function = making_.one_in(2) ? Function::enqueue : Function::dequeue;
    if (asked.function == Function::enqueue) asked.argument = Value::integer(++last_value_);
    return asked;
  }
  bool execute(AskedId id, std::int64_t now) override {
    Asked& asked = making_.asked[id];
    if (asked.function == Function::enqueue) {
      elements_.push_back({asked.argument, id});
      return true;
    }
    if (making_.due(Flaw::stale_read) && !last_.is_nil()) {
      making_.flaw_done = true;
      asked.result = last_;
      return true;
    }
    if (making_.due(Flaw::lost_write)) forget_first(now);
    if (elements_.empty()) return true;
    asked.result = last_ = elements_.front().value;
    elements_.pop_front();
    return true;
  }

 private:
  /// If whoever comes next shows that it is gone.
  void forget_first(std::int64_t now) {
    if (elements_.size() < 2) return;
    const std::int64_t acknowledged = making_.acknowledged(elements_[0].by);
    if (acknowledged >= now || making_.asked[elements_[1].by].invoked <= acknowledged) return;
    making_.flaw_done = true;
    elements_.pop_front();
  }
  struct Element {
    Value value;
    AskedId by;
  };
  std::deque<Element> elements_;
  Value last_;
  std::int64_t last_value_ = 0;
};

// ---- Transactions on lists.

class Lists final : public Store {
 public:
  explicit Lists(Making& making) : Store(making) {
    for (std::uint32_t i = 0; i < active; ++i) add_list();
  }
  Asked ask() override {
    Asked asked;
    asked.function = Function::transaction;
    std::vector<MicroOp> parts;
    for (std::uint64_t left = 1 + making_.random.below(4); left > 0; --left) {
      std::uint32_t& list = active_[making_.random.below(active)];
      MicroOp part;
      part.key = lists_[list].key;
      if (!making_.one_in(2)) {
        part.function = Function::append;
        part.value = Value::integer(++lists_[list].asked);
        if (lists_[list].asked == most_appends) list = add_list();
      }
      parts.push_back(part);
    }
    asked.argument = making_.history.micro_ops(parts);
    return asked;
  }
  bool execute(AskedId id, std::int64_t now) override {
    Asked& asked = making_.asked[id];
    const auto argument = making_.history.micro_ops(asked.argument);
    std::vector<MicroOp> parts(argument.begin(), argument.end());
    for (MicroOp& part : parts) {
      List& list = lists_[part.key.value() - lists_[0].key.value()];
      if (part.function == Function::append) {
        list.elements.push_back(part.value);
        list.by.push_back(id);
        continue;
      }
      std::size_t shown = list.elements.size();
      const bool flawed = !making_.flaw_done && making_.recipe.flaw != Flaw::none && flaw(list, asked, now, shown);
      if (list.elements.empty() && !flawed) continue;
      part.value = making_.history.list(part.key, std::span(list.elements).first(shown));
    }
    asked.result = making_.history.micro_ops(parts);
    return true;
  }

 private:
  static constexpr std::uint32_t active = 10;
  static constexpr std::int64_t most_appends = 32;
  struct List {
    KeyId key;
    std::vector<Value> elements;
    std::vector<AskedId> by;
    std::int64_t asked = 0;  ///< Appends, which are numbered from 1.
  };
  std::uint32_t add_list() {
    const auto number = static_cast<std::uint32_t>(lists_.size());
    lists_.push_back({making_.history.key(std::int64_t{number}), {}, {}, 0});
    if (active_.size() < active) active_.push_back(number);
    return number;
  }
  /// A read of this list leaves out the last acknowledged element and what follows, once or for good.
  bool flaw(List& list, const Asked& asked, std::int64_t now, std::size_t& shown) {
    const bool lost = making_.due(Flaw::lost_write);
    if (!lost && !making_.due(Flaw::stale_read)) return false;
    std::size_t last = list.elements.size();
    while (last > 0 && making_.acknowledged(list.by[last - 1]) >= std::min(asked.invoked, now)) --last;
    if (last == 0) return false;
    making_.flaw_done = true;
    if (lost) {
      list.elements.erase(list.elements.begin() + static_cast<std::ptrdiff_t>(last) - 1);
      list.by.erase(list.by.begin() + static_cast<std::ptrdiff_t>(last) - 1);
      shown = list.elements.size();
    } else {
      shown = last - 1;
    }
    return true;
  }

  std::vector<List> lists_;
  std::vector<std::uint32_t> active_;
};

std::unique_ptr<Store> make_store(Making& making) {
  switch (making.recipe.workload) {
    case Workload::register_: return std::make_unique<Registers>(making, 1);
    case Workload::keys: return std::make_unique<Registers>(making, 1000);
    case Workload::queue: return std::make_unique<Queue>(making);
    case Workload::list_append: return std::make_unique<Lists>(making);
    case Workload::kv: return std::make_unique<Strings>(making, 10);
    case Workload::etcd: return std::make_unique<Etcd>(making, 1);
  }
  return nullptr;
}

// ---- Clients: each asks, waits for the answer, thinks a little, and asks again.

class Clients {
 public:
  Clients(Making& making, Store& store) : making_(making), store_(store) {}

  void run() {
    for (std::uint32_t client = 0; client < making_.recipe.clients; ++client)
      at(between(0, 2000), Step::ask, client, 0);
    while (!due_.empty()) {
      const Due next = due_.top();
      due_.pop();
      now_ = next.at;
      switch (next.step) {
        case Step::ask: ask(next.client); break;
        case Step::execute: execute(next); break;
        case Step::answer: answer(next); break;
      }
    }
  }

 private:
  enum class Step : std::uint8_t { ask, execute, answer };
  struct Due {
    std::int64_t at;
    std::uint64_t sequence;
    Step step;
    bool unknown;
    std::uint32_t client;
    AskedId id;
    bool operator>(const Due& other) const { return at != other.at ? at > other.at : sequence > other.sequence; }
  };

  /// Microseconds from now.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return now_ + making_.random.between(low * 1000, high * 1000);
  }
  void at(std::int64_t time, Step step, std::uint32_t client, AskedId id, bool unknown = false) {
    due_.push({time, sequence_++, step, unknown, client, id});
  }

  void ask(std::uint32_t client) {
    if (making_.asked.size() >= making_.recipe.operations) return;
    const auto id = static_cast<AskedId>(making_.asked.size());
    Asked asked = store_.ask();
    asked.invoked = now_;
    making_.history.invoke(ProcessId(client), asked.function, store_.key_of(asked), asked.argument,
                           HistoryTime::from_ns(now_));
    making_.asked.push_back(asked);
    if (!making_.random.chance(making_.recipe.unknown)) {
      at(between(100, 3000), Step::execute, client, id);
      return;
    }
    // The client gives up after a while; its operation may be executed before that, after it, or never.
    at(between(5000, 10000), Step::answer, client, id, true);
    if (making_.one_in(2)) at(between(100, 20000), Step::execute, client, id, true);
  }

  void execute(const Due& due) {
    if (!store_.execute(due.id, now_))
      at(between(100, 500), Step::execute, due.client, due.id, due.unknown);
    else if (!due.unknown)
      at(between(100, 3000), Step::answer, due.client, due.id);
  }

  void answer(const Due& due) {
    const HistoryTime time = HistoryTime::from_ns(now_);
    if (due.unknown) {
      making_.history.info(ProcessId(due.client), time);
    } else {
      Asked& asked = making_.asked[due.id];
      asked.acknowledged = now_;
      making_.history.ok_read(ProcessId(due.client), asked.result, time);
    }
    at(between(0, 500), Step::ask, due.client, 0);
  }

  Making& making_;
  Store& store_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::uint64_t sequence_ = 0;
  std::int64_t now_ = 0;
};

}  // namespace

const char* to_string(Workload workload) {
  return workload_names[static_cast<std::size_t>(workload)];
}
std::optional<Workload> workload_named(std::string_view name) {
  return named<Workload>(workload_names, name);
}
const char* to_string(Flaw flaw) {
  return flaw_names[static_cast<std::size_t>(flaw)];
}
std::optional<Flaw> flaw_named(std::string_view name) {
  return named<Flaw>(flaw_names, name);
}

History make_history(const HistoryRecipe& recipe) {
  ASSERT(recipe.clients > 0, "a history needs clients");
  Making making(recipe);
  making.history.reserve(recipe.operations);
  making.asked.reserve(recipe.operations);
  const std::unique_ptr<Store> store = make_store(making);
  Clients(making, *store).run();
  return std::move(making.history);
}

}  // namespace heir::bench
