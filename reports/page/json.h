// Json: writes JSON text that can stand in a page.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "reports/history/history.h"

namespace heir::reports {

/// Writes JSON text: commas come by themselves.
class Json {
 public:
  explicit Json(std::string& out) : out_(out) {}

  Json& key(std::string_view name) {
    separate();
    (((out_ += '"') += name) += '"') += ':';
    first_ = true;
    return *this;
  }
  void number(std::int64_t value);
  /// With so many digits that count; not infinite.
  void real(double value);
  void boolean(bool value) { raw(value ? "true" : "false"); }
  void null() { raw("null"); }
  void string(std::string_view value) {
    separate();
    append_string(value);
  }
  /// A key that somebody wrote, of an object.
  void entry(std::string_view name, std::string_view value) {
    separate();
    append_string(name);
    out_ += ':';
    value.empty() ? void(out_ += "null") : append_string(value);
  }
  void time(HistoryTime value) { number(value.ns()); }
  void time(const std::optional<HistoryTime>& value) { value ? time(*value) : null(); }
  /// JSON already.
  void raw(std::string_view text) {
    separate();
    out_ += text;
  }
  template <class Body>
  void object(const Body& body) {
    nested('{', '}', body);
  }
  template <class Body>
  void array(const Body& body) {
    nested('[', ']', body);
  }
  template <class Range, class Each>
  void array(const Range& range, const Each& each) {
    array([&] {
      for (const auto& element : range) each(element);
    });
  }

 private:
  /// Without '<', which could end the page's script; what is no UTF-8 is replaced.
  void append_string(std::string_view value);
  void separate() {
    if (!std::exchange(first_, false)) out_ += ',';
  }
  template <class Body>
  void nested(char open, char close, const Body& body) {
    separate();
    out_ += open;
    first_ = true;
    body();
    out_ += close;
    first_ = false;
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace heir::reports
