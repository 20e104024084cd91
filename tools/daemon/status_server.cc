#include "tools/daemon/status_server.h"

#include "tools/daemon/health.h"

namespace heir::tools {

namespace {

using hosts::HttpAnswer;

constexpr Duration listen_pause = Duration::seconds(5);
constexpr const char* methods = "GET, HEAD, OPTIONS";

HttpAnswer words(int status, const std::string& text) {
  return {status, "text/plain; charset=utf-8", text + "\n"};
}

}  // namespace

HttpAnswer status_answer(const std::optional<agent::Status>& status, const ProcessCounts& counts,
                         std::string_view method, std::string_view target) {
  if (method != "GET" && method != "HEAD" && method != "OPTIONS") {
    HttpAnswer refused = words(405, "The agent is only looked at here; `heir --help` lists what an operator can do.");
    refused.allow = methods;
    return refused;
  }
  std::optional<HttpAnswer> answer = health_answer(status, target);
  if (!answer && target.substr(0, target.find('?')) == "/metrics")
    answer = HttpAnswer{200, metrics_type, metrics_text(status, counts)};
  if (!answer)
    answer = words(404,
                   "There is no such path. There are /primary /replica /read-write /read-only /synchronous "
                   "/asynchronous /health /readiness /liveness /patroni /metrics");
  if (method == "OPTIONS") {
    answer->body.clear();
    answer->allow = methods;
  }
  return *answer;
}

StatusServer::StatusServer(hosts::Loop& loop, Host& host, const agent::Access& access,
                           std::function<ProcessCounts()> counts)
    : host_(host),
      access_(access),
      counts_(std::move(counts)),
      server_(loop, [this](hosts::HttpRequest request) { return answer(std::move(request)); }) {}

Task<void> StatusServer::run(Address at) {
  for (bool is_told = false;; is_told = true) {
    const Result<Address> opened = server_.open(at);
    if (opened) break;
    if (!is_told)
      host_.log(LogLevel::error, "http-cannot-listen",
                {{"error", to_string(opened.error())},
                 {"cure", "end what listens there, or choose another port or address: [ports] http, [http] listen"}});
    co_await host_.sleep(listen_pause);
  }
  host_.log(LogLevel::info, "http", {{"at", at.value()}});
}

Task<HttpAnswer> StatusServer::answer(hosts::HttpRequest request) {
  ProcessCounts counts = counts_();
  counts.http = server_.counts();
  co_return status_answer(access_.status(), counts, request.method, request.target);
}

}  // namespace heir::tools
