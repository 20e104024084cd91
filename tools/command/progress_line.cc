#include "tools/command/progress_line.h"

#include <cstdio>

namespace heir::tools {

bool ProgressLine::is_due() const {
  const Clock::time_point now = Clock::now();
  return now - began_ >= std::chrono::seconds(1) && now - shown_ >= std::chrono::milliseconds(100);
}

void ProgressLine::show(std::string text) {
  shown_ = Clock::now();
  constexpr std::size_t width = 100;
  if (text.size() > width) text.resize(width);
  std::fprintf(stderr, "\r\x1b[K%s", text.c_str());
  std::fflush(stderr);
  visible_ = true;
}

void ProgressLine::clear() {
  if (visible_) std::fputs("\r\x1b[K", stderr);
  visible_ = false;
}

}  // namespace heir::tools
