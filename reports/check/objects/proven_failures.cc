#include "reports/check/objects/proven_failures.h"

#include <algorithm>

namespace heir::reports::objects {

void ProvenFailures::add(FailureKind kind, HistoryTime at, std::uint32_t culprit, Proof proof, std::string message) {
  if (full(kind)) return;
  if (culprit != none) proof.push_back(culprit);
  std::ranges::sort(proof);
  proof.erase(std::unique(proof.begin(), proof.end()), proof.end());
  const auto told = [&](const Proof& other) { return !other.empty() && std::ranges::includes(proof, other); };
  if (std::ranges::any_of(proofs_, told)) return;

  ++counts_[static_cast<std::size_t>(kind)];
  Failure& failure = failures_.emplace_back();
  failure.kind = kind;
  failure.message = std::move(message);
  failure.at = at;
  const auto operations = history_->operations();
  if (culprit != none) failure.ops.push_back(operations[culprit]);
  for (const std::uint32_t i : proof) {
    if (i != culprit) failure.ops.push_back(operations[i]);
  }
  proofs_.push_back(std::move(proof));
}

std::vector<Failure> ProvenFailures::take() {
  std::ranges::stable_sort(failures_, {}, &Failure::at);
  proofs_.clear();
  return std::move(failures_);
}

}  // namespace heir::reports::objects
