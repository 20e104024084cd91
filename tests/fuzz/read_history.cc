// Whatever the bytes: a history, which then survives a file of ours, or a message that says where they are wrong.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "reports/history/format.h"
#include "reports/history/json_lines.h"
#include "tests/fuzz/require.h"

using namespace heir::reports;

namespace {

std::string as_json_lines(const History& history) {
  std::string text;
  for (std::size_t i = 0; i < history.size(); ++i) append_json_line(text, history, history.event(i));
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  ReadOptions options;
  options.format = format_named(HEIR_FUZZ_FORMAT);  // none for "any"
  const auto history = read_history_text(text, "input", options);
  if (!history) {
    require(is_place(history.error().message), "no place: " + history.error().message);
    return 0;
  }
  const std::string lines = as_json_lines(*history);
  options.format = Format::jsonl;
  const auto again = read_history_text(lines, "again", options);
  require(again.has_value(), again ? "" : again.error().message + "\n" + lines);
  const std::string lines_again = as_json_lines(*again);
  require(lines_again == lines, lines + "----\n" + lines_again);
  return 0;
}
