#include "engine/hosts/http.h"

#include "tests/unit/hosts/bench.h"

using namespace heir;
using namespace heir::hosts;

namespace {

std::string asked(const std::string& line, const std::string& fields = "") {
  return line + "\r\nHost: a\r\n" + fields + "\r\n";
}

/// The status of what a reader makes of bytes: 0, they are not yet a request; 200, they are one.
int read_all(HttpReader& reader) {
  const auto read = reader.next();
  if (const auto* garbage = std::get_if<HttpGarbage>(&read)) return garbage->status;
  return std::holds_alternative<HttpRequest>(read) ? 200 : 0;
}
int status_of(const std::string& bytes) {
  HttpReader reader;
  reader.feed(bytes);
  return read_all(reader);
}

/// Answers with what was asked, or with `body`.
struct Site {
  std::string body;
  Task<HttpAnswer> answer(HttpRequest request) {
    HttpAnswer answer;
    answer.body = body.empty() ? request.method + " " + request.target : body;
    co_return answer;
  }
  HttpServer::Handler handler() {
    return [this](HttpRequest request) { return answer(std::move(request)); };
  }
};

/// All that comes until the connection ends. How it ends is not told apart: one that was cut in the middle of what it
/// had still to read is reset.
Task<std::string> hear(Stream& stream) {
  std::string heard;
  while (true) {
    const Result<Bytes> bytes = co_await stream.read();
    if (!bytes || bytes->empty()) break;
    heard += *bytes;
  }
  co_return heard;
}

Task<void> ask(Host& host, Address at, std::string bytes, std::string& heard) {
  auto connected = co_await host.connect(at);
  REQUIRE(connected);
  const std::unique_ptr<Stream> stream = std::move(*connected);
  stream->write(std::move(bytes));
  heard = co_await hear(*stream);
}

struct Served {
  explicit Served(HttpLimits limits = {}, std::string body = "") : site{std::move(body)}, limits_(limits) {
    const Result<Address> opened = server.open(Address("127.0.0.1:0"));
    REQUIRE(opened);
    at = *opened;
  }
  /// What one connection gives for `bytes`, until the server ends it.
  std::string ask_for(std::string bytes) {
    std::string heard;
    bench.run(ask(bench.host, at, std::move(bytes), heard));
    return heard;
  }

  Bench bench;
  Site site;
  HttpLimits limits_;
  HttpServer server{bench.loop, site.handler(), limits_};
  Address at;
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

std::string body_of(const std::string& answer) {
  return answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4));
}

}  // namespace

TEST_CASE("A request is read whatever pieces it comes in") {
  const std::string bytes = asked("GET /replica?lag=16MB HTTP/1.1", "X-Thing: one\r\nx-THING: two\r\n");
  HttpReader reader;
  for (const char c : bytes.substr(0, bytes.size() - 1)) {
    reader.feed(std::string(1, c));
    CHECK(read_all(reader) == 0);
    CHECK(reader.has_begun());
  }
  reader.feed("\n");
  const auto read = reader.next();
  REQUIRE(std::holds_alternative<HttpRequest>(read));
  const HttpRequest& request = std::get<HttpRequest>(read);
  CHECK(request.method == "GET");
  CHECK(request.target == "/replica?lag=16MB");
  CHECK(request.field("host") == "a");
  CHECK(request.field("x-thing") == "two");
  CHECK(request.field("cookie").empty());
  CHECK(request.keep_alive);
  CHECK_FALSE(reader.has_begun());
}

TEST_CASE("Several requests may come at once") {
  HttpReader reader;
  reader.feed(asked("POST /one HTTP/1.1", "Content-Length: 0\r\n") + asked("GET /two HTTP/1.0") + "GET /th");
  for (const std::string target : {"/one", "/two"}) {
    const auto read = reader.next();
    REQUIRE(std::holds_alternative<HttpRequest>(read));
    CHECK(std::get<HttpRequest>(read).target == target);
    CHECK(std::get<HttpRequest>(read).keep_alive == (target == "/one"));
  }
  CHECK(read_all(reader) == 0);
  CHECK(reader.has_begun());
}

TEST_CASE("What is no request is refused by the status that says why") {
  CHECK(status_of("") == 0);
  CHECK(status_of(asked("GET / HTTP/1.1")) == 200);
  CHECK(status_of("hello\r\n\r\n") == 400);
  CHECK(status_of(std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)) == 400);  // TLS
  CHECK(status_of(std::string("\x00\x00\x00\x08\x04\xd2\x16\x2f", 8)) == 400);               // PostgreSQL
  CHECK(status_of(asked("GET / HTTP/2.0")) == 400);
  CHECK(status_of(asked("GET /a b HTTP/1.1")) == 400);
  CHECK(status_of(asked("GET / HTTP/1.1", "no colon\r\n")) == 400);
  CHECK(status_of(asked("GET / HTTP/1.1", "Content-Length: many\r\n")) == 400);
  CHECK(status_of(asked("GET / HTTP/1.1", "Content-Length: 1\r\nContent-Length: 2\r\n")) == 400);
  CHECK(status_of("GET /" + std::string(largest_http_header, 'x')) == 431);
  CHECK(status_of(asked("GET / HTTP/1.1", "A: " + std::string(largest_http_header, 'x') + "\r\n")) == 431);
  CHECK(status_of(asked("POST / HTTP/1.1", "Content-Length: 5000\r\n")) == 413);
  CHECK(status_of(asked("POST / HTTP/1.1", "Content-Length: 1\r\n")) == 413);
  CHECK(status_of(asked("POST / HTTP/1.1", "Content-Length: 0\r\n")) == 200);
  CHECK(status_of(asked("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n") + "ffffffff\r\n") == 411);
}

TEST_CASE("GET is answered, HEAD with the length alone, and the connection ends when it was asked to") {
  Served served;
  const std::string got = served.ask_for(asked("GET /x HTTP/1.1", "Connection: close\r\n"));
  CHECK(got.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(got.find("\r\nContent-Length: 6\r\n") != std::string::npos);
  CHECK(got.find("\r\nConnection: close\r\n") != std::string::npos);
  CHECK(body_of(got) == "GET /x");
  const std::string head = served.ask_for(asked("HEAD /x HTTP/1.1", "Connection: close\r\n"));
  CHECK(head.find("\r\nContent-Length: 7\r\n") != std::string::npos);
  CHECK(body_of(head).empty());
  // As HAProxy's `option httpchk` asks.
  CHECK(body_of(served.ask_for("OPTIONS / HTTP/1.0\r\n\r\n")) == "OPTIONS /");
  CHECK(served.server.counts().requests == 3);
}

TEST_CASE("Requests of one connection are answered in their order, many at once too") {
  Served served;
  std::string bytes;
  for (int i = 0; i < 2000; ++i) bytes += asked("GET /" + std::to_string(i) + " HTTP/1.1");
  const std::string heard = served.ask_for(bytes + asked("GET /last HTTP/1.1", "Connection: close\r\n"));
  CHECK(count(heard, "HTTP/1.1 200 OK\r\n") == 2001);
  std::size_t at = 0;
  for (int i = 0; i < 2000; ++i) {
    at = heard.find("GET /" + std::to_string(i) + "HTTP", at);
    REQUIRE(at != std::string::npos);
  }
  CHECK(heard.ends_with("GET /last"));
  CHECK(served.server.counts().requests == 2001);
}

TEST_CASE("Garbage is told so and counted, and nothing behind it is read") {
  Served served;
  const std::string heard = served.ask_for("GARBAGE\r\n\r\n" + asked("GET / HTTP/1.1"));
  CHECK(heard.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  CHECK(count(heard, "HTTP/1.1") == 1);
  CHECK(served.ask_for("GET /" + std::string(largest_http_header, 'x')).starts_with("HTTP/1.1 431 "));
  CHECK(served.server.counts().garbage == 2);
  CHECK(served.server.counts().requests == 0);
}

TEST_CASE("A request that does not end is cut; so is a client that does not ask, uncounted") {
  HttpLimits limits;
  limits.request = Duration::milliseconds(20);
  Served slow(limits);
  CHECK(slow.ask_for("GET / HTTP/1.1\r\nHost: ").empty());
  CHECK(slow.server.counts().slow == 1);
  limits = {};
  limits.idle = Duration::milliseconds(20);
  Served idle(limits);
  CHECK(idle.ask_for("").empty());
  CHECK(count(idle.ask_for(asked("GET / HTTP/1.1")), "HTTP/1.1") == 1);
  CHECK(idle.server.counts().slow == 0);
}

namespace {

Task<void> ask_for_ever(Host& host, Address at, const HttpServer& server) {
  auto connected = co_await host.connect(at);
  REQUIRE(connected);
  const std::unique_ptr<Stream> stream = std::move(*connected);
  for (int i = 0; i < 100; ++i) stream->write(asked("GET / HTTP/1.1"));
  while (server.counts().slow == 0) co_await host.sleep(Duration::milliseconds(5));
}

Task<void> crowd(Host& host, Address at, std::string& first_heard, std::string& last_heard) {
  auto first_connected = co_await host.connect(at);
  auto second_connected = co_await host.connect(at);
  const std::unique_ptr<Stream> first = std::move(*first_connected);
  const std::unique_ptr<Stream> second = std::move(*second_connected);
  co_await ask(host, at, asked("GET /third HTTP/1.1", "Connection: close\r\n"), last_heard);
  first_heard = co_await hear(*first);
  second->write(asked("GET /second HTTP/1.1"));
  const Result<Bytes> bytes = co_await second->read();
  CHECK(bytes);
}

}  // namespace

TEST_CASE("A client that does not read its answers is cut") {
  HttpLimits limits;
  limits.answer = Duration::milliseconds(100);
  Served served(limits, std::string(1'000'000, 'x'));
  served.bench.run(ask_for_ever(served.bench.host, served.at, served.server));
  CHECK(served.server.counts().requests < 100);
}

TEST_CASE("When connections run out, the longest silent one makes room") {
  HttpLimits limits;
  limits.connections = 2;
  Served served(limits);
  std::string first;
  std::string last;
  served.bench.run(crowd(served.bench.host, served.at, first, last));
  CHECK(first.empty());
  CHECK(body_of(last) == "GET /third");
  CHECK(served.server.counts().crowded == 1);
}

TEST_CASE("An address that is taken is told") {
  Served served;
  HttpServer another(served.bench.loop, served.site.handler());
  const Result<Address> opened = another.open(served.at);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == ErrorCode::already_exists);
}
