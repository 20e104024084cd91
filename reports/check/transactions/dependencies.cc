#include "reports/check/transactions/dependencies.h"

#include <algorithm>

namespace heir::reports {

const char* to_string(DependencyKind kind) {
  switch (kind) {
    case DependencyKind::ww: return "ww";
    case DependencyKind::wr: return "wr";
    case DependencyKind::rw: return "rw";
    case DependencyKind::wwp: return "wwp";
    case DependencyKind::wrp: return "wrp";
    case DependencyKind::rwp: return "rwp";
    case DependencyKind::process: return "process";
    case DependencyKind::real_time: return "real-time";
    case DependencyKind::relay: return "relay";
  }
  return "?";
}

std::vector<FailureKind> Findings::kinds() const {
  std::vector<FailureKind> found;
  for (std::size_t i = 0; i < kinds_known; ++i) {
    if (counts_[i] > 0) found.push_back(static_cast<FailureKind>(i));
  }
  return found;
}

std::size_t Findings::left_out() const {
  std::size_t out = 0;
  for (const std::size_t n : counts_) out += n - std::min(n, most_);
  return out;
}

}  // namespace heir::reports
