// Observer: somebody who watches every member of a cluster, to check what must hold of them together.
#pragma once

#include "engine/store/raft/raft.h"

namespace heir::raft {

class Observer {
 public:
  virtual ~Observer() = default;
  /// A member begins or goes on after a crash. It is looked at until it is gone.
  virtual void restored(const Raft& member) = 0;
  virtual void gone(const Raft& member) = 0;
  /// Just before and just after a step.
  virtual void stepping(const Raft& member, const Input& input) = 0;
  virtual void stepped(const Raft& member, const Output& output) = 0;
  virtual void sent(const Message& message) = 0;
  /// What the member had to persist is durable, up to this Persist.
  virtual void persisted(const Raft& member, std::uint64_t id) = 0;
};

}  // namespace heir::raft
