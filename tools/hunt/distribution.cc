#include "tools/hunt/distribution.h"

#include <algorithm>
#include <bit>

namespace heir::tools {

namespace {

/// Bits of a time that are not told apart: all but the first six.
int rounded_bits(std::int64_t ns) {
  return std::max(0, static_cast<int>(std::bit_width(static_cast<std::uint64_t>(ns))) - 6);
}

}  // namespace

std::int64_t bucket_of(std::int64_t ns) {
  ns = std::max<std::int64_t>(ns, 0);
  const int bits = rounded_bits(ns);
  return ns >> bits << bits;
}

std::int64_t end_of_bucket(std::int64_t bucket) {
  return bucket + (std::int64_t{1} << rounded_bits(bucket));
}

void Distribution::add(std::int64_t bucket, std::uint64_t count, std::int64_t greatest_ns) {
  buckets_[bucket] += count;
  count_ += count;
  greatest_ns_ = std::max(greatest_ns_, greatest_ns);
}

void Distribution::add(const Distribution& more) {
  for (const auto& [bucket, count] : more.buckets_) add(bucket, count, more.greatest_ns_);
}

std::int64_t Distribution::percentile(int percent) const {
  const std::uint64_t wanted = (count_ * static_cast<std::uint64_t>(percent) + 99) / 100;
  std::uint64_t below = 0;
  for (const auto& [bucket, count] : buckets_)
    if ((below += count) >= wanted) return std::min(end_of_bucket(bucket), greatest_ns_);
  return 0;
}

}  // namespace heir::tools
