#include "engine/hosts/http.h"

#include <algorithm>
#include <boost/beast/http/status.hpp>
#include <optional>

#include "engine/hosts/clocks.h"
#include "engine/hosts/streams.h"
#include "engine/hosts/waits.h"

namespace heir::hosts {

std::string http_text(const HttpAnswer& answer, const HttpRequest& request) {
  namespace http = boost::beast::http;
  const auto reason = http::obsolete_reason(http::int_to_status(static_cast<unsigned>(answer.status)));
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " " + std::string(reason.data(), reason.size());
  text += "\r\nContent-Type: " + answer.type;
  text += "\r\nContent-Length: " + std::to_string(answer.body.size());
  text += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff";
  if (!answer.allow.empty()) text += "\r\nAllow: " + answer.allow;
  text += request.keep_alive ? "\r\nConnection: keep-alive" : "\r\nConnection: close";
  text += "\r\n\r\n";
  if (request.method != "HEAD") text += answer.body;
  return text;
}

/// A client. Its stream is cut by a timer when it is too slow.
struct HttpServer::Connection {
  Connection(Loop& of, std::unique_ptr<Stream> with) : loop(of), stream(std::move(with)) {}
  ~Connection() { loop.cancel_timer(timer); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void expires_after(Duration limit) {
    loop.cancel_timer(timer);
    timer = loop.set_timer(boot_time() + limit, [this] {
      is_cut = true;
      stream->reset();
    });
  }
  void expires_never() { loop.cancel_timer(timer); }

  Loop& loop;
  std::unique_ptr<Stream> stream;
  std::uint64_t timer = 0;
  bool is_cut = false;
  std::optional<MonotonicTime> silent_since = boot_time();  ///< None while it is answered.
  bool is_over = false;
  Scope scope;  // last: its task uses all the rest
};

HttpServer::HttpServer(Loop& loop, Handler handler, HttpLimits limits)
    : loop_(loop), handler_(std::move(handler)), limits_(limits) {}

HttpServer::~HttpServer() {
  scope_.cancel();
}

Result<Address> HttpServer::open(const Address& at) {
  Address taken = at;
  Result<std::unique_ptr<Listener>> listener = listen_for_streams(loop_, usual_silence_limit, at, &taken);
  if (!listener) return listener.error();
  listener_ = std::move(*listener);
  scope_.spawn(accept());
  return taken;
}

Task<void> HttpServer::accept() {
  while (true) {
    std::unique_ptr<Stream> stream = co_await listener_->accept();
    make_room();
    if (connections_.size() < limits_.connections) {
      Connection& connection = connections_.emplace_back(loop_, std::move(stream));
      connection.scope.spawn(serve(connection));
    } else {
      ++counts_.crowded;
      stream->reset();  // or what it still sends would be waited for
    }
    co_await next_turn(loop_);
  }
}

void HttpServer::make_room() {
  connections_.remove_if([](const Connection& connection) { return connection.is_over; });
  if (connections_.size() < limits_.connections) return;
  const auto moment = [](const Connection& connection) {
    return connection.silent_since.value_or(MonotonicTime::max());
  };
  const auto silent = std::min_element(connections_.begin(), connections_.end(),
                                       [&](const auto& a, const auto& b) { return moment(a) < moment(b); });
  if (silent == connections_.end() || !silent->silent_since) return;
  ++counts_.crowded;
  silent->stream->reset();
  connections_.erase(silent);
}

Task<void> HttpServer::serve(Connection& connection) {
  HttpReader reader;
  bool is_reading = false;  // a request that has begun
  connection.expires_after(limits_.idle);
  while (true) {
    const auto read = reader.next();
    if (std::holds_alternative<HttpIncomplete>(read)) {
      if (!is_reading && reader.has_begun()) connection.expires_after(limits_.request);
      is_reading = reader.has_begun();
      const Result<Bytes> bytes = co_await connection.stream->read();
      if (!bytes || bytes->empty()) break;
      reader.feed(*bytes);
      co_await next_turn(loop_);  // whoever sends without end leaves the others their turns
      continue;
    }
    connection.silent_since.reset();
    connection.expires_never();
    if (const HttpGarbage* garbage = std::get_if<HttpGarbage>(&read)) {
      ++counts_.garbage;
      const HttpAnswer answer{garbage->status, "text/plain; charset=utf-8", garbage->why + "\n"};
      connection.stream->write(http_text(answer, HttpRequest()));
      break;
    }
    const HttpRequest& request = std::get<HttpRequest>(read);
    Task<HttpAnswer> work = handler_(request);
    const HttpAnswer answer = co_await std::move(work);
    ++counts_.requests;
    is_reading = true;  // of its answer
    connection.expires_after(limits_.answer);
    connection.stream->write(http_text(answer, request));
    const Result<> drained = co_await connection.stream->drained();
    if (!drained || !request.keep_alive) break;
    is_reading = false;
    connection.silent_since = boot_time();
    connection.expires_after(limits_.idle);
    co_await next_turn(loop_);
  }
  if (connection.is_cut && is_reading) ++counts_.slow;
  connection.expires_never();
  if (!connection.is_cut) connection.stream.reset();  // its last words are sent, while others come
  connection.is_over = true;
}

}  // namespace heir::hosts
