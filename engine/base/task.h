// Task<T>: a lazy coroutine, and Scope: the owner of running ones. Structured: a frame belongs to exactly one owner,
// and destroying the owner destroys the frame with everything that it awaits. A killed process is its Scope destroyed.
//
// Everything runs on one Executor per process, single-threaded. Nothing resumes a coroutine from inside another one's
// code: a completed operation is posted to the executor, which resumes it later in posting order.
//
// GCC 12 miscompiles some temporaries inside `co_await f(Aggregate{…})`, and a co_await in the condition of a loop:
// give the argument, and the condition's result, a name first (tools/lint looks for the latter). clang 16 threads jumps
// through `if (flag) { co_await …; if (!ok) co_return …; }` ahead of a loop of the same kind, and then frees the frame
// twice: build a list of what is to be awaited first, and await in the loop only. A coroutine takes its parameters by
// value or as references that outlive it, and is never a lambda with captures.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <optional>
#include <utility>

#include "engine/base/assert.h"
#include "engine/base/result.h"

namespace heir {

class Executor;

/// Something that waits to be resumed; unlinks itself when it is destroyed first.
class Resumable {
 public:
  Resumable() = default;
  Resumable(const Resumable&) = delete;
  Resumable& operator=(const Resumable&) = delete;
  ~Resumable() { unlink(); }

 protected:
  void unlink();
  std::coroutine_handle<> waiter_;

 private:
  friend class Executor;
  friend class WaitList;
  Resumable* previous_ = nullptr;
  Resumable* next_ = nullptr;
};

/// An intrusive first-in-first-out list of resumables.
class WaitList {
 public:
  WaitList() { end_.previous_ = end_.next_ = &end_; }
  ~WaitList() { end_.previous_ = end_.next_ = nullptr; }
  bool empty() const { return end_.next_ == &end_; }
  void push_back(Resumable& node);
  /// Moves all of `other` behind what is here.
  void splice(WaitList& other);
  Resumable* pop_front();

 private:
  class End : public Resumable {
  } end_;
  friend class Resumable;
};

/// The ready queue of one process.
class Executor {
 public:
  virtual ~Executor() = default;
  /// Resumes `node`'s coroutine at the next run(); safe to call from anywhere on the process's thread.
  void post(Resumable& node) {
    ready_.push_back(node);
    woken();
  }
  void post(WaitList& nodes) {
    if (nodes.empty()) return;
    ready_.splice(nodes);
    woken();
  }
  bool idle() const { return ready_.empty(); }
  /// Resumes coroutines, in posting order, until none is ready.
  void run();

 protected:
  /// Told after every post; an executor that is driven from outside may ask there to be run.
  virtual void woken() {}

 private:
  WaitList ready_;
};

/// One outstanding request to the world. It lives in the frame of the coroutine that awaits it; if that frame is
/// destroyed first, the one who would complete it is told by Owner::abandoned.
class OperationBase : public Resumable {
 public:
  class Owner {
   public:
    virtual void abandoned(OperationBase& operation) = 0;

   protected:
    ~Owner() = default;
  };
  /// Whoever has taken on to complete the operation. `token` is for the owner's use.
  void owned_by(Owner* owner, std::uint64_t token = 0) {
    owner_ = owner;
    token_ = token;
  }
  std::uint64_t token() const { return token_; }
  ~OperationBase() {
    if (owner_) owner_->abandoned(*this);
  }

 protected:
  Owner* owner_ = nullptr;
  std::uint64_t token_ = 0;
  Executor* executor_ = nullptr;
};

template <class T>
class Operation : public OperationBase {
 public:
  /// Delivers the outcome, once; the coroutine is resumed by its executor, later.
  void complete(T value) {
    ASSERT(!value_.has_value(), "operation completed twice");
    owner_ = nullptr;
    value_.emplace(std::move(value));
    if (waiter_) executor_->post(*this);
  }

 protected:
  std::optional<T> value_;
};

/// The awaitable of an Operation that `start(operation)` hands to its owner. `start` may complete it at once.
template <class T, class Start>
class Await : private Operation<T> {
 public:
  Await(Executor& executor, Start start) : start_(std::move(start)) { this->executor_ = &executor; }
  bool await_ready() {
    start_(static_cast<Operation<T>&>(*this));
    return this->value_.has_value();
  }
  void await_suspend(std::coroutine_handle<> waiter) { this->waiter_ = waiter; }
  T await_resume() { return std::move(*this->value_); }
  /// For those who wait for something else beside it.
  bool completed() const { return this->value_.has_value(); }

 private:
  Start start_;
};

template <class T, class Start>
Await<T, Start> await_operation(Executor& executor, Start start) {
  return Await<T, Start>(executor, std::move(start));
}

template <class T>
class Task;

namespace detail {

class TaskPromiseBase {
 public:
  std::suspend_always initial_suspend() noexcept { return {}; }
  struct Final {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) noexcept {
      return frame.promise().continuation_ ? frame.promise().continuation_ : std::noop_coroutine();
    }
    void await_resume() noexcept {}
  };
  Final final_suspend() noexcept { return {}; }
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }
  std::coroutine_handle<> continuation_;
};

template <class T>
class TaskPromise : public TaskPromiseBase {
 public:
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }
  T take() { return std::move(*value_); }

 private:
  std::optional<T> value_;
};

template <>
class TaskPromise<void> : public TaskPromiseBase {
 public:
  Task<void> get_return_object();
  void return_void() {}
  void take() {}
};

}  // namespace detail

/// A coroutine that starts when it is awaited and resumes its awaiter when it ends.
template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::TaskPromise<T>;
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      if (frame_) frame_.destroy();
      frame_ = std::exchange(other.frame_, {});
    }
    return *this;
  }
  ~Task() {
    if (frame_) frame_.destroy();
  }

  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) {
    frame_.promise().continuation_ = awaiter;
    return frame_;
  }
  T await_resume() { return frame_.promise().take(); }

 private:
  friend promise_type;
  explicit Task(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

template <class T>
Task<T> detail::TaskPromise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}
inline Task<void> detail::TaskPromise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
}

/// Owns running tasks. A task that ends leaves by itself; destroying the scope, or cancel(), destroys the rest, newest
/// first. A task must not destroy the scope that it runs in.
class Scope {
 public:
  Scope() = default;
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;
  ~Scope() { cancel(); }
  /// Starts the task now; it runs until it first waits.
  void spawn(Task<void> task);
  void cancel();
  bool empty() const { return newest_ == nullptr; }

 private:
  struct Root;
  struct RootPromise;
  static Root run(Scope& scope, Task<void> task);
  RootPromise* newest_ = nullptr;
};

}  // namespace heir
