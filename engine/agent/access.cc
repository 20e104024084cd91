#include "engine/agent/access.h"

namespace heir::agent {

void Access::connect(Inside* inside) {
  inside_ = inside;
  if (inside_ && timing_) inside_->change_timing(*timing_);
}

void Access::change_timing(const failover::Timing& timing) {
  timing_ = timing;
  if (inside_) inside_->change_timing(timing);
}

std::optional<Status> Access::status() const {
  if (!inside_) return std::nullopt;
  return inside_->status();
}

Result<> Access::rebuild() {
  if (!inside_) return Error{ErrorCode::unreachable, "the agent has not begun yet"};
  if (inside_->status().role == failover::Role::primary)
    return Error{ErrorCode::refused, "this is the primary, whose copy may be the only good one; switch over first"};
  inside_->rebuild();
  return {};
}

Result<> Access::accept_loss(Generation generation, std::string by) {
  if (!inside_) return Error{ErrorCode::unreachable, "the agent has not begun yet"};
  const Status status = inside_->status();
  if (!status.state) return Error{ErrorCode::refused, "no state of the cluster is known here"};
  if (status.state->generation != generation)
    return Error{ErrorCode::refused, "the cluster's generation is " +
                                         std::to_string(status.state->generation.number()) + ", not " +
                                         std::to_string(generation.number())};
  inside_->accept_loss(generation, std::move(by));
  return {};
}

}  // namespace heir::agent
