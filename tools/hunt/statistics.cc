#include "tools/hunt/statistics.h"

#include <cmath>

namespace heir::tools {

double failure_bound(std::uint64_t clean) {
  if (clean == 0) return 1;
  return -std::expm1(std::log(0.05) / static_cast<double>(clean));
}

}  // namespace heir::tools
