// What must hold for every input of a fuzzer.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

inline void require(bool good, const std::string& why) {
  if (good) return;
  std::fprintf(stderr, "%s\n", why.c_str());
  std::abort();
}

/// Whether a message begins with a place: "file:line:column: ".
inline bool is_place(std::string_view message) {
  for (const char after : {':', ':', ':'}) {
    const std::size_t end = message.find(after);
    if (end == 0 || end == std::string_view::npos) return false;
    message.remove_prefix(end + 1);
  }
  return message.starts_with(' ');
}
