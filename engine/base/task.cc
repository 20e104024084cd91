#include "engine/base/task.h"

namespace heir {

void Resumable::unlink() {
  if (!next_) return;
  previous_->next_ = next_;
  next_->previous_ = previous_;
  previous_ = next_ = nullptr;
}

void WaitList::push_back(Resumable& node) {
  ASSERT(node.next_ == nullptr, "a coroutine waits in one list at a time");
  node.previous_ = end_.previous_;
  node.next_ = &end_;
  end_.previous_->next_ = &node;
  end_.previous_ = &node;
}

void WaitList::splice(WaitList& other) {
  if (other.empty()) return;
  Resumable* first = other.end_.next_;
  Resumable* last = other.end_.previous_;
  other.end_.next_ = other.end_.previous_ = &other.end_;
  first->previous_ = end_.previous_;
  end_.previous_->next_ = first;
  last->next_ = &end_;
  end_.previous_ = last;
}

Resumable* WaitList::pop_front() {
  if (empty()) return nullptr;
  Resumable* node = end_.next_;
  node->unlink();
  return node;
}

void Executor::run() {
  while (Resumable* node = ready_.pop_front()) node->waiter_.resume();
}

struct Scope::RootPromise {
  RootPromise(Scope& owner, Task<void>&) : scope(&owner), older(owner.newest_) {
    if (older) older->newer = this;
    owner.newest_ = this;
  }
  ~RootPromise() {
    if (older) older->newer = newer;
    (newer ? newer->older : scope->newest_) = older;
  }
  Root get_return_object();
  std::suspend_never initial_suspend() noexcept { return {}; }
  std::suspend_never final_suspend() noexcept { return {}; }
  void return_void() {}
  [[noreturn]] void unhandled_exception() noexcept { std::terminate(); }

  Scope* scope;
  RootPromise* older;
  RootPromise* newer = nullptr;
};

struct Scope::Root {
  using promise_type = RootPromise;
};

Scope::Root Scope::RootPromise::get_return_object() {
  return {};
}

Scope::Root Scope::run(Scope&, Task<void> task) {
  co_await std::move(task);
}

void Scope::spawn(Task<void> task) {
  run(*this, std::move(task));
}

void Scope::cancel() {
  while (newest_) std::coroutine_handle<RootPromise>::from_promise(*newest_).destroy();
}

}  // namespace heir
