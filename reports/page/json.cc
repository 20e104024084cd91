#include "reports/page/json.h"

#include <fmt/format.h>

#include <iterator>

#include "reports/history/json_text.h"

namespace heir::reports {

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
