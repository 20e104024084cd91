// Pending<T>: an operation that is under way in the world, for whoever will complete it. It may be abandoned before.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "engine/base/task.h"

namespace heir::hosts {

template <class T>
class Pending final : private OperationBase::Owner {
 public:
  /// `when_abandoned` is called at most once, and not after it was completed.
  static std::shared_ptr<Pending> of(Operation<T>& operation, std::function<void()> when_abandoned = {}) {
    std::shared_ptr<Pending> pending(new Pending(operation, std::move(when_abandoned)));
    operation.owned_by(pending.get());
    return pending;
  }
  Pending(const Pending&) = delete;
  Pending& operator=(const Pending&) = delete;
  ~Pending() {
    if (operation_) operation_->owned_by(nullptr);
  }

  bool is_abandoned() const { return operation_ == nullptr; }
  /// Does nothing if it was abandoned, or completed.
  void complete(T value) {
    when_abandoned_ = nullptr;
    if (Operation<T>* operation = std::exchange(operation_, nullptr)) operation->complete(std::move(value));
  }
  void on_abandoned(std::function<void()> call) { when_abandoned_ = std::move(call); }

 private:
  Pending(Operation<T>& operation, std::function<void()> when_abandoned)
      : operation_(&operation), when_abandoned_(std::move(when_abandoned)) {}
  void abandoned(OperationBase&) override {
    operation_ = nullptr;
    if (const std::function<void()> call = std::exchange(when_abandoned_, nullptr)) call();
  }

  Operation<T>* operation_;
  std::function<void()> when_abandoned_;
};

/// Awaited<T>: the same, for an operation of which there is one at a time, held by who completes it.
template <class T>
class Awaited final : private OperationBase::Owner {
 public:
  Awaited() = default;
  Awaited(const Awaited&) = delete;
  Awaited& operator=(const Awaited&) = delete;
  ~Awaited() {
    if (operation_) operation_->owned_by(nullptr);
  }
  void hold(Operation<T>& operation) {
    ASSERT(!operation_, "one is awaited at a time");
    operation_ = &operation;
    operation.owned_by(this);
  }
  /// False also once it was abandoned.
  explicit operator bool() const { return operation_ != nullptr; }
  void complete(T value) {
    if (Operation<T>* operation = std::exchange(operation_, nullptr)) operation->complete(std::move(value));
  }

 private:
  void abandoned(OperationBase&) override { operation_ = nullptr; }

  Operation<T>* operation_ = nullptr;
};

}  // namespace heir::hosts
