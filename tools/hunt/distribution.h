// Distribution: how times are spread, in buckets a thirty-second of a time wide, so that those of a million runs are a
// few rows.
#pragma once

#include <cstdint>
#include <map>

namespace heir::tools {

/// The bucket of a time in nanoseconds, by the least time in it; times below 64 have one each.
std::int64_t bucket_of(std::int64_t ns);
/// The least time beyond a bucket.
std::int64_t end_of_bucket(std::int64_t bucket);

class Distribution {
 public:
  /// `count` times in a bucket, of which the greatest is `greatest_ns`.
  void add(std::int64_t bucket, std::uint64_t count, std::int64_t greatest_ns);
  void add(const Distribution& more);
  std::uint64_t count() const { return count_; }
  /// Below or at this are so many of a hundred, rounded up to a bucket's end; 0 if there is none at all.
  std::int64_t percentile(int percent) const;
  std::int64_t greatest_ns() const { return greatest_ns_; }
  const std::map<std::int64_t, std::uint64_t>& buckets() const { return buckets_; }

 private:
  std::map<std::int64_t, std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::int64_t greatest_ns_ = 0;
};

}  // namespace heir::tools
