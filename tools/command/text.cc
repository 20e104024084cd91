#include "tools/command/text.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace heir::tools {

Style Style::of_standard_output() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal && std::string_view(terminal) == "dumb";
  return Style(isatty(STDOUT_FILENO) == 1 && !(no_color && *no_color) && !dumb);
}

std::string Style::paint(Colour colour, std::string_view text) const {
  const char* code = nullptr;
  switch (colour) {
    case Colour::none: break;
    case Colour::red: code = "31"; break;
    case Colour::green: code = "32"; break;
    case Colour::yellow: code = "33"; break;
    case Colour::blue: code = "34"; break;
    case Colour::magenta: code = "35"; break;
    case Colour::cyan: code = "36"; break;
    case Colour::grey: code = "90"; break;
    case Colour::bold: code = "1"; break;
  }
  if (!coloured_ || !code) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

std::size_t terminal_width() {
  winsize size{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string thousands(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string hours_text(std::int64_t ns) {
  return fmt::format("{:.1f}", static_cast<double>(ns) / 3.6e12);
}

std::string counted(std::uint64_t number, std::string_view one, std::string_view many) {
  return number == 1 ? fmt::format("1 {}", one) : fmt::format("{} {}", thousands(number), many);
}

std::string percent_below(double share) {
  double unit = 1e-12;
  while (share >= unit * 100) unit *= 10;
  return fmt::format("{:.2g}%", std::min(std::ceil(share / unit - 1e-9) * unit, 1.0) * 100);
}

std::string clock_text(std::int64_t ns) {
  const std::int64_t ms = ns / 1'000'000;
  return fmt::format("{}.{:03}", ms / 1000, ms % 1000);
}

std::string rounded(Duration duration) {
  const std::int64_t ns = duration.ns();
  const auto to = [&](std::int64_t unit) { return to_string(Duration::nanoseconds((ns + unit / 2) / unit * unit)); };
  if (ns >= 1'000'000'000) return to(1'000'000);
  if (ns >= 1'000'000) return to(100'000);
  if (ns >= 1'000) return to(1'000);
  return to_string(duration);
}

std::string shell_word(std::string_view word) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-./=:,+@%").find(c) != std::string_view::npos;
  };
  bool needs_quotes = word.empty();
  for (const char c : word) needs_quotes |= !plain(c);
  if (!needs_quotes) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

namespace {

std::string& words_that_were_set() {
  static std::string words;
  return words;
}

}  // namespace

std::string command_words() {
  if (const std::string& words = words_that_were_set(); !words.empty()) return words;
  const char* name = std::getenv("HEIR_COMMAND");
  return name && *name ? shell_word(name) : "heir";
}

void set_command_words(std::string words) {
  words_that_were_set() = std::move(words);
}

}  // namespace heir::tools
