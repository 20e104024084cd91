#include "reports/page/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "reports/history/json_text.h"

namespace heir::reports {

namespace {

/// Bytes of the UTF-8 sequence that `text` begins with; 0 if it begins with none.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 && first < 0xf5   ? 4
                             : first >= 0xe0 && first < 0xf0 ? 3
                             : first >= 0xc2 && first < 0xe0 ? 2
                                                             : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  // Neither longer than it need be, nor a surrogate, nor beyond the last character.
  const bool good = length == 2 ||
                    (length == 3 && (first != 0xe0 || byte(1) >= 0xa0) && (first != 0xed || byte(1) < 0xa0)) ||
                    (length == 4 && (first != 0xf0 || byte(1) >= 0x90) && (first != 0xf4 || byte(1) < 0x90));
  return good ? length : 0;
}

/// With U+FFFD for every byte that is no UTF-8.
std::string well_formed(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    out += length == 0 ? std::string_view("\xef\xbf\xbd") : text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

}  // namespace

void Json::number(std::int64_t value) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{}", value);
}

void Json::real(double value) {
  separate();
  fmt::format_to(std::back_inserter(out_), "{:.6g}", value);
}

void Json::append_string(std::string_view value) {
  for (const char c : json_string(well_formed(value))) {
    if (c == '<')
      out_ += "\\u003c";
    else
      out_ += c;
  }
}

}  // namespace heir::reports
