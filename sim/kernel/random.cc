#include "sim/kernel/random.h"

#include <array>
#include <bit>
#include <limits>
#include <string>

namespace heir::sim {

namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15;

/// The finisher of splitmix64 (public domain, Vigna): a bijection with good avalanche.
constexpr std::uint64_t scramble(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// --- Logarithm and power of two in fixed point, from tables made by the compiler with integers only ---

constexpr int kIndexBits = 8;
constexpr std::size_t kSteps = std::size_t{1} << kIndexBits;
constexpr std::uint64_t kOne62 = std::uint64_t{1} << 62;
constexpr std::uint64_t kLn2 = 0xb17217f7;  ///< ln 2, 32 fractional bits.

/// log2 of a number in [1, 2) with 62 fractional bits: 32 fractional bits, one per squaring.
constexpr std::uint64_t log2_by_squaring(std::uint64_t x) {
  std::uint64_t result = 0;
  for (int bit = 31; bit >= 0; --bit) {
    x = static_cast<std::uint64_t>((Wide{x} * x) >> 62);
    if (x >= 2 * kOne62) {
      result |= std::uint64_t{1} << bit;
      x >>= 1;
    }
  }
  return result;
}

/// Square root of a number with 62 fractional bits, rounded down.
constexpr std::uint64_t root(std::uint64_t x) {
  const Wide square = Wide{x} << 62;
  std::uint64_t result = 0;
  for (int bit = 62; bit >= 0; --bit) {
    const std::uint64_t trial = result | (std::uint64_t{1} << bit);
    if (Wide{trial} * trial <= square) result = trial;
  }
  return result;
}

/// log2(1 + i / 256), 32 fractional bits.
constexpr auto kLog2 = [] {
  std::array<std::uint64_t, kSteps + 1> table{};
  for (std::size_t i = 0; i < kSteps; ++i) table[i] = log2_by_squaring(kOne62 + (kOne62 >> kIndexBits) * i);
  table[kSteps] = std::uint64_t{1} << 32;
  return table;
}();

/// 2^(i / 256), 32 fractional bits.
constexpr auto kExp2 = [] {
  std::array<std::uint64_t, kIndexBits> roots{};  // 2^(1/2), 2^(1/4), …
  std::uint64_t x = 2 * kOne62 - 1;
  for (auto& r : roots) r = x = root(x);
  std::array<std::uint64_t, kSteps + 1> table{};
  for (std::size_t i = 0; i < kSteps; ++i) {
    std::uint64_t product = kOne62;
    for (std::size_t bit = 0; bit < kIndexBits; ++bit) {
      if (((i >> (kIndexBits - 1 - bit)) & 1) != 0) {
        product = static_cast<std::uint64_t>((Wide{product} * roots[bit]) >> 62);
      }
    }
    table[i] = (product + (std::uint64_t{1} << 29)) >> 30;
  }
  table[kSteps] = std::uint64_t{2} << 32;
  return table;
}();

/// Between two neighbours of a table, at `rest` / 2^32 of the way.
constexpr std::uint64_t interpolate(std::uint64_t low, std::uint64_t high, std::uint64_t rest) {
  return low + static_cast<std::uint64_t>((Wide{high - low} * rest) >> 32);
}

/// -log2(u / 2^64) for u > 0, 32 fractional bits: in (0, 64].
std::uint64_t negative_log2(std::uint64_t u) {
  const int zeros = std::countl_zero(u);
  const std::uint64_t mantissa = u << zeros;
  const auto index = static_cast<std::size_t>((mantissa >> (63 - kIndexBits)) & (kSteps - 1));
  const std::uint64_t rest = (mantissa >> (31 - kIndexBits)) & 0xffffffff;
  return (static_cast<std::uint64_t>(zeros + 1) << 32) - interpolate(kLog2[index], kLog2[index + 1], rest);
}

/// A draw that is never 0, for logarithms.
std::uint64_t positive(std::uint64_t draw) {
  return draw == 0 ? 1 : draw;
}

}  // namespace

RandomStream::RandomStream(std::uint64_t seed, std::string_view name, std::uint64_t index) {
  std::uint64_t hash = scramble(seed + kGolden);
  for (const char c : name) hash = scramble((hash ^ static_cast<unsigned char>(c)) * kGolden);
  hash = scramble(hash ^ (name.size() * kGolden));
  hash ^= scramble(index + kGolden);
  for (std::uint64_t& word : state_) word = scramble(hash += kGolden);
}

std::uint64_t RandomStream::salted(std::uint64_t draw) {
  return scramble((draw ^ salt_) + kGolden * salt_);
}

void RandomStream::vary_all(std::uint64_t number) {
  salt_ = scramble(salt_ + number * kGolden) | 1;
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  ASSERT(bound != 0, "a number below 0");
  // The high half of draw * bound; the low halves below 2^64 mod bound are the surplus that would bias it.
  Wide product = Wide{next()} * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t surplus = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < surplus) product = Wide{next()} * bound;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

std::int64_t RandomStream::between(std::int64_t low, std::int64_t high) {
  ASSERT(low <= high, std::to_string(low) + " > " + std::to_string(high) + ": an empty range");
  const std::uint64_t values = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) + 1;
  const std::uint64_t offset = values == 0 ? next() : below(values);
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + offset);
}

Duration RandomStream::exponential(Duration mean) {
  ASSERT(mean >= Duration::zero(), to_string(mean) + ": a negative mean");
  const auto factor = static_cast<std::uint64_t>((Wide{negative_log2(positive(next()))} * kLn2) >> 32);
  const Wide result = (Wide{static_cast<std::uint64_t>(mean.ns())} * factor) >> 32;
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return Duration::nanoseconds(static_cast<std::int64_t>(result < most ? static_cast<std::uint64_t>(result) : most));
}

Duration RandomStream::heavy_tail(Duration least, Duration most, std::uint32_t alpha_permille) {
  ASSERT(least > Duration::zero() && least <= most,
         to_string(least) + " to " + to_string(most) + ": not a range of a tail");
  ASSERT(alpha_permille >= 100, std::to_string(alpha_permille) + " permille: a tail this heavy is all cut-off");
  // least * U^(-1/alpha) = least * 2^(-log2(U) / alpha)
  const std::uint64_t exponent = negative_log2(positive(next())) * 1000 / alpha_permille;
  const auto index = static_cast<std::size_t>((exponent >> (32 - kIndexBits)) & (kSteps - 1));
  const std::uint64_t rest = (exponent << kIndexBits) & 0xffffffff;
  const std::uint64_t mantissa = interpolate(kExp2[index], kExp2[index + 1], rest);
  const std::uint64_t doublings = exponent >> 32;
  const Wide product = Wide{static_cast<std::uint64_t>(least.ns())} * mantissa;
  const auto limit = static_cast<std::uint64_t>(most.ns());
  if (doublings >= 63 || (product >> 32) > (limit >> doublings)) return most;
  const auto result = static_cast<std::uint64_t>((product << doublings) >> 32);
  return result < limit ? Duration::nanoseconds(static_cast<std::int64_t>(result)) : most;
}

void RandomStream::fill(std::span<std::byte> out) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i % 8 == 0) word = next();
    out[i] = static_cast<std::byte>(word & 0xff);
    word >>= 8;
  }
}

}  // namespace heir::sim
