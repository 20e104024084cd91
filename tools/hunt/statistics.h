// What many runs say of one more.
#pragma once

#include <cstdint>

namespace heir::tools {

/// After `clean` independent runs without a failure: with 95% confidence, the chance that a run with a random seed
/// fails is below this. Exact (Clopper and Pearson 1934, for no failures): 1 - 0.05^(1/clean); about 3/clean, hence
/// "rule of three". 1 if there was no run.
double failure_bound(std::uint64_t clean);

}  // namespace heir::tools
