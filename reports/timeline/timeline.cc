#include "reports/timeline/timeline.h"

namespace heir::reports {

void Track::set(HistoryTime now, std::string_view value) {
  if (value == value_) return;
  if (!value_.empty() && now > since_) spans_.push_back({since_, now, value_});
  value_ = value;
  since_ = now;
}

const char* to_string(HostKind kind) {
  switch (kind) {
    case HostKind::peer: return "peer";
    case HostKind::store: return "store";
    case HostKind::client: return "client";
  }
  return "?";
}

}  // namespace heir::reports
