// What a monitoring system scrapes: an agent in the text format of Prometheus, version 0.0.4.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/agent/status.h"
#include "engine/hosts/http.h"
#include "engine/hosts/loop.h"
#include "engine/hosts/messages.h"

namespace heir::tools {

/// What the process of an agent has counted since it began.
struct ProcessCounts {
  hosts::MessageCounts messages;
  hosts::Stalls stalls;
  hosts::HttpCounts http;
  std::uint64_t primaries_seen = 0;  ///< Changes of the primary, as this agent saw them.
};

inline constexpr const char* metrics_type = "text/plain; version=0.0.4; charset=utf-8";

/// No status: the agent has not begun yet; what the process counts is told all the same. The values that dashboards
/// made for Patroni look for stand behind ours, by Patroni's names.
std::string metrics_text(const std::optional<agent::Status>& status, const ProcessCounts& counts);

}  // namespace heir::tools
