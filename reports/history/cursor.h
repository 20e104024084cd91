// Cursor: a place in a text, and the words for what is wrong there. What every reader of a grammar here begins with.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "reports/history/source.h"

namespace heir::reports {

class Cursor {
 public:
  /// `end_of_text` is what the end is called: "the end of the line".
  Cursor(std::string_view text, std::string_view end_of_text) : text_(text), end_of_text_(end_of_text) {}
  std::size_t at() const { return at_; }
  const TextProblem& problem() const { return problem_; }

 protected:
  /// Nesting deeper than this is refused: it might be a bomb for the stack.
  static constexpr int max_nesting = 64;

  /// All of these are false, so that `return fail(…)` leaves a parser.
  bool fail(std::size_t at, std::string message);
  bool expected(std::string_view what);
  bool too_deep();

  bool ended() const { return at_ >= text_.size(); }
  bool peek(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char c) {
    if (!peek(c)) return false;
    ++at_;
    return true;
  }
  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return false;
    at_ += w.size();
    return true;
  }
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  std::size_t skip_digits() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
    return at_ - begin;
  }
  bool hex4(std::uint32_t& out);
  static void append_utf8(std::string& out, std::uint32_t c);

  std::string_view text_;
  std::size_t at_ = 0;

 private:
  std::string found() const;

  std::string_view end_of_text_;
  TextProblem problem_;
};

}  // namespace heir::reports
