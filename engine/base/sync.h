// What tasks of one process wait for in each other: a signal, a queue, a deadline.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "engine/base/host.h"
#include "engine/base/task.h"

namespace heir {

/// Wakes everyone who waits at the moment of notify(); keeps nothing for those who come later. Use as with a condition
/// variable: `while (!condition) co_await signal.wait();`
class Signal {
 public:
  explicit Signal(Executor& executor) : executor_(&executor) {}
  void notify() { executor_->post(waiters_); }
  auto wait() {
    struct Waiter : Resumable {
      explicit Waiter(Signal& s) : signal(s) {}
      bool await_ready() const { return false; }
      void await_suspend(std::coroutine_handle<> handle) {
        waiter_ = handle;
        signal.waiters_.push_back(*this);
      }
      void await_resume() const {}
      Signal& signal;
    };
    return Waiter(*this);
  }
  /// Until notify() or `at`, whichever is first.
  auto wait_until(Host& host, MonotonicTime at) {
    using Sleep = decltype(host.sleep_until(at));
    struct Waiter : Resumable {
      Waiter(Signal& s, Host& h, MonotonicTime a) : signal(s), sleep(h.sleep_until(a)) {}
      bool await_ready() { return sleep.await_ready(); }
      void await_suspend(std::coroutine_handle<> handle) {
        sleep.await_suspend(handle);
        waiter_ = handle;
        signal.waiters_.push_back(*this);
      }
      // Whichever was second is dropped with this object, before its coroutine waits for anything else.
      void await_resume() const {}
      Signal& signal;
      Sleep sleep;
    };
    return Waiter(*this, host, at);
  }

 private:
  Executor* executor_;
  WaitList waiters_;
};

/// An unbounded first-in-first-out queue, emptied by one task.
template <class T>
class Queue {
 public:
  explicit Queue(Executor& executor) : executor_(&executor) {}
  void push(T item) {
    items_.push_back(std::move(item));
    executor_->post(waiter_);
  }
  bool empty() const { return next_ == items_.size(); }
  auto pop() {
    struct Waiter : Resumable {
      explicit Waiter(Queue& q) : queue(q) {}
      bool await_ready() const { return !queue.empty(); }
      void await_suspend(std::coroutine_handle<> handle) {
        ASSERT(queue.waiter_.empty(), "a queue is emptied by one task");
        waiter_ = handle;
        queue.waiter_.push_back(*this);
      }
      T await_resume() { return queue.take(); }
      Queue& queue;
    };
    return Waiter(*this);
  }

 private:
  T take() {
    ASSERT(!empty(), "a queue is emptied by one task");
    T item = std::move(items_[next_]);
    if (++next_ == items_.size()) {
      items_.clear();
      next_ = 0;
    }
    return item;
  }

  Executor* executor_;
  std::vector<T> items_;  ///< Those before next_ have been taken; the memory is used again once all have.
  std::size_t next_ = 0;
  WaitList waiter_;
};

/// The outcome of one operation of the world, which `begin` returns to be awaited, or nothing if it is not known within
/// `limit`; it is then abandoned. `co_await` it at once.
template <class Begin>
auto limited(Host& host, Duration limit, Begin begin) {
  using Work = decltype(begin());
  using Sleep = decltype(host.sleep(limit));
  using T = decltype(std::declval<Work&>().await_resume());
  struct Race {
    Race(Host& h, Duration l, Begin& b) : work(b()), sleep(h.sleep(l)) {}
    bool await_ready() { return work.await_ready() || sleep.await_ready(); }
    void await_suspend(std::coroutine_handle<> handle) {
      work.await_suspend(handle);
      sleep.await_suspend(handle);
    }
    std::optional<T> await_resume() {
      if (!work.completed()) return std::nullopt;
      return work.await_resume();
    }
    Work work;
    Sleep sleep;
  };
  return Race(host, limit, begin);
}

/// The result of `work`, or nothing if it has not ended within `limit`; it is then destroyed where it stands.
template <class T>
Task<std::optional<T>> within(Host& host, Duration limit, Task<T> work) {
  struct Race {
    explicit Race(Executor& executor) : over(executor) {}
    std::optional<T> result;
    bool decided = false;
    Signal over;
    void decide() {
      decided = true;
      over.notify();
    }
    static Task<void> run(Race& race, Task<T> task) {
      race.result.emplace(co_await std::move(task));
      race.decide();
    }
    static Task<void> expire(Race& race, Host& h, Duration d) {
      co_await h.sleep(d);
      race.decide();
    }
  };
  Race race(host.executor());
  Scope scope;
  scope.spawn(Race::run(race, std::move(work)));
  if (!race.decided) scope.spawn(Race::expire(race, host, limit));
  while (!race.decided) co_await race.over.wait();
  scope.cancel();
  co_return std::move(race.result);
}

}  // namespace heir
