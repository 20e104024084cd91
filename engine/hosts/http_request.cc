#include "engine/hosts/http_request.h"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <optional>
#include <utility>

namespace heir::hosts {

namespace http = boost::beast::http;

namespace {

std::string text(boost::beast::string_view view) {
  return {view.data(), view.size()};
}

/// What is asked here has no body. One that is announced is not read: what follows could not be told from a request.
std::optional<HttpGarbage> body_of(const http::request_parser<http::empty_body>& parser) {
  if (parser.chunked()) return HttpGarbage{411, "a body of unknown length"};
  const auto length = parser.content_length();
  if (length && *length > 0) return HttpGarbage{413, "a request with a body"};
  return std::nullopt;
}

HttpRequest request_of(http::request_parser<http::empty_body>& parser) {
  const bool keep_alive = parser.get().keep_alive();
  const auto parsed = parser.release();
  HttpRequest request{text(parsed.method_string()), text(parsed.target()), {}, keep_alive};
  for (const auto& field : parsed) {
    std::string name = text(field.name_string());
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    request.fields.insert_or_assign(std::move(name), text(field.value()));
  }
  return request;
}

HttpGarbage garbage_of(const boost::system::error_code& error) {
  const int status = error == http::error::header_limit ? 431 : error == http::error::body_limit ? 413 : 400;
  return {status, error.message()};
}

}  // namespace

std::string_view HttpRequest::field(const std::string& name) const {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string_view() : found->second;
}

struct HttpReader::Parser {
  Parser() { one.header_limit(largest_http_header); }
  http::request_parser<http::empty_body> one;
};

HttpReader::HttpReader() : parser_(std::make_unique<Parser>()) {}
HttpReader::~HttpReader() = default;

void HttpReader::feed(std::string_view bytes) {
  bytes_.erase(0, taken_);
  taken_ = 0;
  bytes_ += bytes;
}

bool HttpReader::has_begun() const {
  return taken_ < bytes_.size() || parser_->one.got_some();
}

std::variant<HttpRequest, HttpGarbage, HttpIncomplete> HttpReader::next() {
  while (taken_ < bytes_.size() && !parser_->one.is_header_done()) {
    boost::system::error_code error;
    const boost::asio::const_buffer rest(bytes_.data() + taken_, bytes_.size() - taken_);
    taken_ += parser_->one.put(rest, error);
    if (error == http::error::need_more) return HttpIncomplete();
    if (error) return garbage_of(error);
  }
  if (!parser_->one.is_header_done()) return HttpIncomplete();
  const std::unique_ptr<Parser> done = std::exchange(parser_, std::make_unique<Parser>());
  if (std::optional<HttpGarbage> body = body_of(done->one)) return *std::move(body);
  return request_of(done->one);
}

}  // namespace heir::hosts
