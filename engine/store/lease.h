// The lease: how long a peer may believe that no other peer sees it as absent. Pure integer arithmetic (FAILOVER.md
// sections 5 and 11).
//
// The store counts the ttl on its own clock from when it applied the renewal, which is not before the renewal was sent.
// With every host's monotonic clock within e of real time, the holder measures at least (1 - e) / (1 + e) of what the
// store measures in the same interval. So the lease that begins when the renewal was *sent* and lasts ttl x (1 - e) /
// (1 + e) on the holder's clock is over before the store's ttl is. Everything is rounded towards the earlier end of the
// lease.
#pragma once

#include <cstdint>

#include "engine/base/assert.h"
#include "engine/base/time.h"

namespace heir::store {

/// A bound on how far a monotonic clock runs fast or slow against real time, in parts per million: 10'000 is 1 %.
struct RateError {
  std::int64_t ppm = 10'000;
  constexpr auto operator<=>(const RateError&) const = default;
};

namespace detail {
__extension__ using Wide = __int128;
inline constexpr std::int64_t million = 1'000'000;
}  // namespace detail

/// How long a lease lasts on the holder's clock: ttl x (1 - e) / (1 + e), rounded down. REQUIRES ttl >= 0, 0 <= e < 100
/// %.
constexpr Duration lease_length(Duration ttl, RateError e) {
  ASSERT(ttl >= Duration::zero() && e.ppm >= 0 && e.ppm < detail::million,
         "a lease of a negative ttl, or with no usable clock");
  const detail::Wide numerator = static_cast<detail::Wide>(ttl.ns()) * (detail::million - e.ppm);
  return Duration::nanoseconds(static_cast<std::int64_t>(numerator / (detail::million + e.ppm)));
}

/// The first instant, on the holder's clock, at which the lease is no longer live.
constexpr MonotonicTime lease_end(MonotonicTime renewal_sent, Duration ttl, RateError e) {
  return renewal_sent + lease_length(ttl, e);
}

/// Live is strictly before the end.
constexpr bool lease_live(MonotonicTime now, MonotonicTime end) {
  return now < end;
}

/// Below this a pause never costs the lease: the next renewal is sent `interval` after the last and answered
/// `round_trip` later, which must fit into the lease with the pause. Negative if even no pause fits.
constexpr Duration tolerated_pause(Duration ttl, RateError e, Duration interval, Duration round_trip) {
  return lease_length(ttl, e) - interval - round_trip;
}

/// A takeover is never possible earlier than this (real time) after the primary's death: its last renewal may have been
/// applied one interval before, and the store's clock may run fast. Rounded down.
constexpr Duration earliest_detection(Duration ttl, RateError e, Duration interval) {
  ASSERT(ttl >= Duration::zero() && e.ppm >= 0, "a negative ttl or clock error");
  const detail::Wide numerator = static_cast<detail::Wide>(ttl.ns()) * detail::million;
  return Duration::nanoseconds(static_cast<std::int64_t>(numerator / (detail::million + e.ppm))) - interval;
}

/// A takeover is certain to be possible after this (real time): the store's clock may run slow. Rounded up.
constexpr Duration latest_detection(Duration ttl, RateError e, Duration round_trip) {
  ASSERT(ttl >= Duration::zero() && e.ppm >= 0 && e.ppm < detail::million,
         "a negative ttl, or a clock that may stand still");
  const detail::Wide divisor = detail::million - e.ppm;
  const detail::Wide numerator = static_cast<detail::Wide>(ttl.ns()) * detail::million;
  return Duration::nanoseconds(static_cast<std::int64_t>((numerator + divisor - 1) / divisor)) + round_trip;
}

}  // namespace heir::store
