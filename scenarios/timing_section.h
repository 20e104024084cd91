// What peers and members of the store are configured with, in a scenario and on hosts: one declaration for both files,
// so that whatever a scenario says can be said to an agent, too.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

#include "scenarios/section.h"

namespace heir::scenarios {

inline const Limits<Duration> positive_duration{Duration::milliseconds(1), Duration::seconds(3600)};
inline const Limits<Duration> session_limits{Duration::milliseconds(1), Duration::seconds(300)};
inline const Limits<Ratio> clock_error_limits{Ratio(), Ratio::percent(50)};

/// The keys of a Timing, or of what has more than that.
template <std::derived_from<Timing> Owner>
void add_timing_keys(Section<Owner>& s) {
  const auto duration = [&s](std::string name, Duration Owner::*member, std::string meaning) {
    s.keys.push_back(key(std::move(name), member, std::move(meaning), positive_duration));
  };
  s.keys.push_back(key<Owner, Duration>("session_ttl", &Owner::session_ttl,
                                        "A peer whose session was not renewed for so long is absent.", session_limits));
  duration("renewal", &Owner::renewal, "Time between two renewals of the session.");
  s.keys.push_back(
      key<Owner, Ratio>("clock_bound", &Owner::clock_bound,
                        "How far any host's monotonic clock is trusted to run fast or slow; the lease allows for it.",
                        clock_error_limits));
  duration("request_timeout", &Owner::request_timeout,
           "A store request without an answer for so long has an unknown outcome.");
  duration("sync_stall", &Owner::sync_stall, "A sync that lacks something and gains nothing for so long is replaced.");
  duration("resign_hold", &Owner::resign_hold, "A primary that resigned stays away for so long.");
  duration("switchover_drain", &Owner::switchover_drain,
           "Transactions may run on for so long once a switchover has begun.");
  duration("retry_first", &Owner::retry_first,
           "The first pause before something is tried again; doubles, with jitter.");
  duration("retry_most", &Owner::retry_most, "The longest pause.");
  s.keys.push_back(key<Owner, int>("restart_attempts", &Owner::restart_attempts,
                                   "A database that fails to start so often in a row counts as dead beyond restart.",
                                   Limits<int>{1, 100}));
}

/// The keys of a member of the store.
template <class Owner>
void add_member_keys(Section<Owner>& s) {
  s.keys.push_back(
      key("heartbeat", &Owner::heartbeat, "Of the store's leader, to the other members.", positive_duration));
  s.keys.push_back(key("election", &Owner::election,
                       "Members without a leader for between one and two of it elect one; a leader that hears no "
                       "majority for so long gives up.",
                       positive_duration));
  s.keys.push_back(key("snapshot_every", &Owner::snapshot_every,
                       "A member keeps a snapshot instead of its log after so many entries.",
                       Limits<int>{1, 1'000'000}));
}

/// The key of the two that the table has.
inline Place place_of_either(const Value& table, std::string_view first, std::string_view second) {
  return place_of(table, table.find(first) ? first : second);
}

/// What the durations of a Timing must fulfil together.
void check_timing(const Value& table, const Timing& timing, Reading& reading);
/// The same of a member's.
void check_member_timing(const Value& table, Duration heartbeat, Duration election, Reading& reading);

}  // namespace heir::scenarios
