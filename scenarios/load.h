// From a scenario file to a Scenario, or to every mistake in it; and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario.h"

namespace heir::scenarios {

/// A file of more bytes is refused unread; the longest of the library has a few thousand.
inline constexpr std::size_t largest_file = 256 * 1024;
/// Mistakes reported of one file; then how many more there are.
inline constexpr std::size_t most_messages = 20;

/// A valid scenario, or the mistakes.
struct Loaded {
  std::optional<Scenario> scenario;  ///< Present exactly if `messages` is empty.
  std::vector<std::string> messages;  ///< "FILE:LINE:COLUMN: …" or "--set KEY=VALUE: …", some with a second and third
                                      ///< line that show the place; in the order of the file.
  explicit operator bool() const { return scenario.has_value(); }
};

/// Reads a file. `overrides` are `--set` arguments, "network.latency=1ms..2ms" or "fault.0.at=20s" (elements count from
/// 0); they obey the same rules as the file. Never throws.
Loaded load_file(const std::string& path, const std::vector<std::string>& overrides = {});

/// The same from a text; `name` stands for the file in messages.
Loaded load_text(const std::string& name, std::string_view text, const std::vector<std::string>& overrides = {});

/// The canonical text of a scenario: tables and keys in the order of the reference, defaults left out.
/// load_text(write(s)) is s for every valid s.
std::string write(const Scenario& scenario);

/// The reference of all keys, names and switches, as Markdown (the second half of scenarios/README.md).
std::string reference();

}  // namespace heir::scenarios
