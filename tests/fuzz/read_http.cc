// Whatever comes over a connection: requests, which are answered, or garbage, which is refused; and the same, whatever
// pieces it comes in.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/hosts/http.h"
#include "tests/fuzz/require.h"
#include "tools/daemon/status_server.h"

using namespace heir;

namespace {

/// What is answered, each as it is sent.
std::vector<std::string> answers(std::string_view bytes, std::size_t piece) {
  agent::Status status;
  status.role = failover::Role::async;
  status.database.running = true;
  status.log.emplace();
  status.log->is_standby = true;
  status.log->is_streaming = true;
  status.log->upstream_end = 10 << 20;
  status.log->replayed = 0;
  hosts::HttpReader reader;
  std::vector<std::string> all;
  while (true) {
    const auto read = reader.next();
    if (std::holds_alternative<hosts::HttpIncomplete>(read)) {
      if (bytes.empty()) return all;
      reader.feed(bytes.substr(0, piece));
      bytes.remove_prefix(std::min(piece, bytes.size()));
      continue;
    }
    if (const auto* garbage = std::get_if<hosts::HttpGarbage>(&read)) {
      require(garbage->status >= 400 && garbage->status < 500, "refused by " + std::to_string(garbage->status));
      all.push_back(std::to_string(garbage->status));
      return all;
    }
    const auto& request = std::get<hosts::HttpRequest>(read);
    const hosts::HttpAnswer answer = tools::status_answer(status, {}, request.method, request.target);
    const std::vector<int> known{200, 400, 404, 405, 503};
    require(std::find(known.begin(), known.end(), answer.status) != known.end(),
            "answered by " + std::to_string(answer.status));
    all.push_back(hosts::http_text(answer, request));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // Ended, or it depends on the pieces whether what has begun is called garbage already.
  const std::string bytes = std::string(reinterpret_cast<const char*>(data), size) + "\r\n\r\n";
  const std::vector<std::string> at_once = answers(bytes, bytes.size());
  require(at_once == answers(bytes, 1 + data[size - 1] % 16), "other answers to the same bytes in pieces");
  return 0;
}
