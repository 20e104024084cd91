// How things are written for people: colours, numbers, shell words.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/base/time.h"
#include "reports/history/history.h"

namespace heir::tools {

/// Colour on a terminal, none elsewhere, nor where NO_COLOR is set.
class Style {
 public:
  enum class Colour { none, red, green, yellow, blue, magenta, cyan, grey, bold };
  explicit Style(bool coloured) : coloured_(coloured) {}
  static Style of_standard_output();
  std::string paint(Colour colour, std::string_view text) const;

 private:
  bool coloured_;
};

/// Columns of the terminal that standard output is; 80 if it does not say.
std::size_t terminal_width();

/// "24,010"
std::string thousands(std::uint64_t number);

/// "1 run", "2,100 runs".
std::string counted(std::uint64_t number, std::string_view one, std::string_view many);

/// "2.6%": a share that is below this, with two digits that count, rounded up.
std::string percent_below(double share);

/// Hours of simulated time, with one digit.
std::string hours_text(std::int64_t ns);

/// Seconds with three digits: "20.000".
std::string clock_text(std::int64_t ns);

/// A duration for reading, rounded to what matters: "3.408s", "250ms".
std::string rounded(Duration duration);

/// A word as a shell takes it, quoted only where it must be.
std::string shell_word(std::string_view word);

/// How this program was called, for commands that users can repeat, as a shell takes it: HEIR_COMMAND (set by the
/// script tools/heir), else "heir".
std::string command_words();
/// From here on it was called so: with options that stand before the command.
void set_command_words(std::string words);

}  // namespace heir::tools
