// Patroni's health paths: what load balancers and Kubernetes ask a host for, by the paths that their set-ups have. A
// path is answered by 200 or 503 as the REST API of Patroni 3.0 documents it, so that `option httpchk` and probes
// need no change. Two are stricter, and both are asked at that moment: a primary's gate must be open, and a replica's
// read-only port.
#pragma once

#include <optional>
#include <string_view>

#include "engine/agent/status.h"
#include "engine/hosts/http.h"

namespace heir::tools {

/// The answer to a GET, HEAD or OPTIONS of `target`, as "/replica?lag=16MB"; nothing: it is no health path. No status:
/// the agent has not begun yet.
std::optional<hosts::HttpAnswer> health_answer(const std::optional<agent::Status>& status, std::string_view target);

}  // namespace heir::tools
