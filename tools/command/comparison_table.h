// What `heir compare` has measured, for a terminal, as Markdown, and as JSON.
#pragma once

#include <string>
#include <vector>

#include "tools/on_hosts/comparison.h"

namespace heir::tools {

/// The runs of one scenario.
struct ComparedScenario {
  std::string path;
  std::string title;
  std::vector<on_hosts::Measurement> measurements;
};

/// One run, in a line.
std::string line_of(const on_hosts::Measurement& measurement);
std::string table_of(const ComparedScenario& scenario);
std::string markdown_of(const std::vector<ComparedScenario>& scenarios);
/// One object, without newline; comparison_json_help says what is in it.
std::string json_of(const std::vector<ComparedScenario>& scenarios);
extern const char* const comparison_json_help;

}  // namespace heir::tools
