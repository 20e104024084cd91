#include "engine/base/time.h"

#include <array>

namespace heir {

std::string to_string(Duration duration) {
  struct Unit {
    std::int64_t ns;
    const char* name;
  };
  static constexpr std::array<Unit, 4> units{{{1'000'000'000, "s"}, {1'000'000, "ms"}, {1'000, "us"}, {1, "ns"}}};

  const std::int64_t ns = duration.ns();
  if (ns == 0) return "0s";
  std::string text = ns < 0 ? "-" : "";
  const std::uint64_t magnitude = ns < 0 ? ~static_cast<std::uint64_t>(ns) + 1 : static_cast<std::uint64_t>(ns);
  for (const Unit& unit : units) {
    const auto size = static_cast<std::uint64_t>(unit.ns);
    if (magnitude < size) continue;
    text += std::to_string(magnitude / size);
    if (std::uint64_t rest = magnitude % size; rest != 0) {
      text += '.';
      for (std::uint64_t place = size / 10; rest != 0; place /= 10) {
        text += static_cast<char>('0' + rest / place);
        rest %= place;
      }
    }
    return text + unit.name;
  }
  return text;  // unreachable: the last unit is 1 ns
}

}  // namespace heir
