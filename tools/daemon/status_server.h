// What an agent answers over HTTP, to whoever asks: health and metrics. It is only read, and tells no secret.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "engine/agent/access.h"
#include "engine/base/host.h"
#include "engine/hosts/http.h"
#include "tools/daemon/metrics.h"

namespace heir::tools {

/// Every path, every method.
hosts::HttpAnswer status_answer(const std::optional<agent::Status>& status, const ProcessCounts& counts,
                                std::string_view method, std::string_view target);

class StatusServer {
 public:
  /// All outlive it. `counts` is asked for each answer; the counts of HTTP are filled in here.
  StatusServer(hosts::Loop& loop, Host& host, const agent::Access& access, std::function<ProcessCounts()> counts);

  /// Listens, and tries again while it cannot: a cluster does not go without an agent for want of this port.
  Task<void> run(Address at);

 private:
  Task<hosts::HttpAnswer> answer(hosts::HttpRequest request);

  Host& host_;
  const agent::Access& access_;
  const std::function<ProcessCounts()> counts_;
  hosts::HttpServer server_;
};

}  // namespace heir::tools
