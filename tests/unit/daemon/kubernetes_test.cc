// The agent's pages as Kubernetes' kubelet probes them: over real sockets, by the manifest in examples/kubernetes.
#include <catch2/catch.hpp>
#include <charconv>
#include <fstream>
#include <iterator>

#include "tests/unit/hosts/bench.h"
#include "tools/daemon/config.h"
#include "tools/daemon/status_server.h"

using namespace heir;
using namespace heir::tools;
using hosts::HttpAnswer;
using hosts::HttpRequest;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(std::string(HEIR_SOURCE_DIR) + "/" + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// What kubelet sends.
std::string probe(const std::string& method, const std::string& path) {
  return method + " " + path +
         " HTTP/1.1\r\nHost: 10.244.0.7:8008\r\nUser-Agent: kube-probe/1.27\r\nAccept: */*\r\nConnection: "
         "close\r\n\r\n";
}

/// As kubelet judges: any status from 200 to 399.
bool is_success(const std::string& answer) {
  constexpr std::string_view begin = "HTTP/1.1 ";
  if (!answer.starts_with(begin)) return false;
  int status = 0;
  std::from_chars(answer.data() + begin.size(), answer.data() + answer.size(), status);
  return status >= 200 && status < 400;
}

/// In pieces of so many bytes, and reads the answer likewise: until the other side ends the connection.
Task<void> ask(Host& host, Address at, std::string bytes, std::size_t piece, std::string& heard) {
  auto connected = co_await host.connect(at);
  REQUIRE(connected);
  const std::unique_ptr<Stream> stream = std::move(*connected);
  for (std::size_t from = 0; from < bytes.size(); from += piece) {
    stream->write(bytes.substr(from, piece));
    const Result<> drained = co_await stream->drained();
    REQUIRE(drained);
  }
  while (true) {
    const Result<Bytes> more = co_await stream->read();
    if (!more || more->empty()) break;
    heard += *more;
  }
}

/// As a probe of kind `tcpSocket`: connects, and is gone without a word.
Task<void> knock(Host& host, Address at, int times) {
  for (int i = 0; i < times; ++i) {
    auto connected = co_await host.connect(at);
    REQUIRE(connected);
  }
}

Task<void> ask_at_once(Host& host, Address at, std::string bytes, std::vector<std::string>& heard) {
  Scope all;
  for (std::string& each : heard) all.spawn(ask(host, at, bytes, bytes.size(), each));
  while (!all.empty()) co_await host.sleep(Duration::milliseconds(1));
}

/// The pages of an agent whose status the test sets.
struct Pod {
  Pod() {
    status.emplace();
    status->state.emplace();
    status->database.running = true;
    const Result<Address> opened = server.open(Address("127.0.0.1:0"));
    REQUIRE(opened);
    at = *opened;
  }
  std::string hear(const std::string& bytes, std::size_t piece = 4096) {
    std::string heard;
    bench.run(ask(bench.host, at, bytes, piece, heard));
    return heard;
  }
  bool succeeds(const std::string& path) { return is_success(hear(probe("GET", path))); }
  Task<HttpAnswer> answer(HttpRequest request) { co_return status_answer(status, {}, request.method, request.target); }

  std::optional<agent::Status> status;
  hosts::Bench bench;
  hosts::HttpServer server{bench.loop, [this](HttpRequest request) { return answer(std::move(request)); }};
  Address at;
};

}  // namespace

TEST_CASE("The manifest asks for what there is, where it is, and the guide shows the same") {
  const std::string manifest = text_of("examples/kubernetes/probes.yaml");
  std::vector<std::string> paths;
  std::vector<std::string> ports;
  std::string shown;
  for (std::size_t at = 0; at < manifest.size();) {
    const std::size_t end = manifest.find('\n', at);
    const std::string line = manifest.substr(at, end - at);
    at = end + 1;
    if (line.starts_with("#")) continue;
    shown += line + "\n";
    if (const std::size_t key = line.find("path: "); key != std::string::npos) paths.push_back(line.substr(key + 6));
    if (const std::size_t key = line.find("port: "); key != std::string::npos) ports.push_back(line.substr(key + 6));
  }
  CHECK(paths == std::vector<std::string>{"/liveness", "/readiness"});
  for (const std::string& port : ports) CHECK(port == std::to_string(Ports().http));
  CHECK(ports.size() == 2);
  CHECK(text_of("README.md").find("```yaml\n" + shown + "```\n") != std::string::npos);
}

TEST_CASE("A probe succeeds while what it asks for is so, by GET and by HEAD") {
  Pod pod;
  for (const std::string path : {"/liveness", "/readiness"}) {
    const std::string got = pod.hear(probe("GET", path));
    CHECK(is_success(got));
    CHECK(got.find("\r\nConnection: close\r\n") != std::string::npos);
    const std::string head = pod.hear(probe("HEAD", path));
    CHECK(is_success(head));
    CHECK(head.ends_with("\r\n\r\n"));
  }
  SECTION("a database that starts is no reason to kill the agent") {
    pod.status->database.running = false;
    CHECK(pod.succeeds("/liveness"));
    CHECK_FALSE(pod.succeeds("/readiness"));
    CHECK_FALSE(is_success(pod.hear(probe("HEAD", "/readiness"))));
  }
  SECTION("nor is a store that is away at the start") {
    pod.status->state.reset();
    CHECK(pod.succeeds("/liveness"));
    CHECK_FALSE(pod.succeeds("/readiness"));
  }
  SECTION("nor one that has not begun") {
    pod.status.reset();
    CHECK(pod.succeeds("/liveness"));
    CHECK_FALSE(pod.succeeds("/readiness"));
  }
  CHECK_FALSE(pod.succeeds("/livenes"));
}

TEST_CASE("Probes that only connect are no clients, however many come") {
  Pod pod;
  pod.bench.run(knock(pod.bench.host, pod.at, 200));
  CHECK(pod.succeeds("/liveness"));
  CHECK(pod.server.counts().requests == 1);
  CHECK(pod.server.counts().garbage == 0);
  CHECK(pod.server.counts().slow == 0);
}

TEST_CASE("Many probes at once are all answered") {
  Pod pod;
  std::vector<std::string> heard(50);
  pod.bench.run(ask_at_once(pod.bench.host, pod.at, probe("GET", "/readiness"), heard));
  for (const std::string& answer : heard) CHECK(is_success(answer));
  CHECK(pod.server.counts().requests == heard.size());
  CHECK(pod.server.counts().crowded == 0);
}

TEST_CASE("A probe that speaks byte by byte is answered") {
  Pod pod;
  CHECK(is_success(pod.hear(probe("GET", "/liveness"), 1)));
}

namespace {

/// Asks, reads nothing until others were answered, and then all of it.
Task<void> read_late(Host& host, Address at, std::string& early, std::string& late) {
  auto connected = co_await host.connect(at);
  REQUIRE(connected);
  const std::unique_ptr<Stream> stream = std::move(*connected);
  stream->write(probe("GET", "/readiness"));
  co_await ask(host, at, probe("GET", "/liveness"), 4096, early);
  while (true) {
    const Result<Bytes> more = co_await stream->read();
    if (!more || more->empty()) break;
    late += *more;
  }
}

}  // namespace

TEST_CASE("A probe that reads late holds up nobody, and gets its answer") {
  Pod pod;
  std::string early;
  std::string late;
  pod.bench.run(read_late(pod.bench.host, pod.at, early, late));
  CHECK(is_success(early));
  CHECK(is_success(late));
}
