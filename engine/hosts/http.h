// A server of HTTP for what is only looked at: pages, health, metrics. It keeps the loop free whatever its clients do:
// each turn of the loop answers one request at most, a client that is slow is cut, and when connections run out, the
// one that has said nothing for the longest makes room.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "engine/base/host.h"
#include "engine/base/task.h"
#include "engine/hosts/http_request.h"
#include "engine/hosts/loop.h"

namespace heir::hosts {

struct HttpLimits {
  std::size_t connections = 64;
  Duration idle = Duration::seconds(90);    ///< Without a request; those who scrape come once a minute.
  Duration request = Duration::seconds(5);  ///< From a request's first byte to its last.
  Duration answer = Duration::seconds(5);   ///< For a client to take most of an answer.
};

struct HttpAnswer {
  int status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;        ///< Not sent in answer to HEAD, but for its length.
  std::string allow = {};  ///< The methods that are understood, for OPTIONS and 405.
};

struct HttpCounts {
  std::uint64_t requests = 0;  ///< Answered.
  std::uint64_t garbage = 0;   ///< Not understood, or too large.
  std::uint64_t slow = 0;      ///< Connections cut within a request or an answer.
  std::uint64_t crowded = 0;   ///< Connections cut to make room for another, or that found none.
};

/// "HTTP/1.1 200 OK", with its fields and its body.
std::string http_text(const HttpAnswer& answer, const HttpRequest& request);

class HttpServer {
 public:
  /// Answers one request; called on the loop, and must not keep it. What it awaits is not limited here.
  using Handler = std::function<Task<HttpAnswer>(HttpRequest)>;

  HttpServer(Loop& loop, Handler handler, HttpLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// From now on it answers, until it is destroyed. The address, with the port that was free if `at` had 0.
  /// `already_exists` if it is taken.
  Result<Address> open(const Address& at);
  const HttpCounts& counts() const { return counts_; }

 private:
  struct Connection;
  Task<void> accept();
  void make_room();
  Task<void> serve(Connection& connection);

  Loop& loop_;
  const Handler handler_;
  const HttpLimits limits_;
  HttpCounts counts_;
  std::unique_ptr<Listener> listener_;
  std::list<Connection> connections_;
  Scope scope_;  // last: its task uses all the rest
};

}  // namespace heir::hosts
