// Requests of HTTP/1.1 and 1.0, read from the bytes of a connection (RFC 9112). Whatever is not one is refused by the
// status that says why.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

namespace heir::hosts {

/// Of the request line and the fields, together.
inline constexpr std::uint32_t largest_http_header = 8 << 10;

struct HttpRequest {
  std::string method;                         ///< "GET"
  std::string target;                         ///< "/replica?lag=16MB"
  std::map<std::string, std::string> fields;  ///< By their names in lower case; of several, the last.
  bool keep_alive = false;                    ///< Another may follow on the connection.

  /// "" if there is none.
  std::string_view field(const std::string& name) const;
};

/// Not a request: 400; 431 for a header that is too large; 411 and 413 for one that announces a body. Nothing that
/// follows it can be understood.
struct HttpGarbage {
  int status = 400;
  std::string why;
};

struct HttpIncomplete {};

/// Reads one request after the other, as the bytes come: a client may send several at once.
class HttpReader {
 public:
  HttpReader();
  ~HttpReader();
  HttpReader(const HttpReader&) = delete;
  HttpReader& operator=(const HttpReader&) = delete;

  void feed(std::string_view bytes);
  std::variant<HttpRequest, HttpGarbage, HttpIncomplete> next();
  /// A request has begun, and not ended.
  bool has_begun() const;

 private:
  struct Parser;  // Boost.Beast's, out of everybody's sight
  std::unique_ptr<Parser> parser_;
  std::string bytes_;
  std::size_t taken_ = 0;  ///< Of bytes_.
};

}  // namespace heir::hosts
