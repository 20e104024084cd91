// The page: one HTML file that works from disk, with a report inside. Built from src/ by Vite; dist/page.html is
// checked in, and becomes part of the program.
#pragma once

#include <string>
#include <string_view>

namespace heir::reports {

/// The page of a report; `json`: that of report_json().
std::string page_with(std::string_view json);

}  // namespace heir::reports
