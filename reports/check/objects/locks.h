// Locks, semaphores and leases.
#pragma once

#include "reports/check/verdict/object.h"

namespace heir::reports {

/// A lock that anybody may release, as Knossos' mutex: linearizable or not. An acquire or release that failed did not
/// happen. Operations take effect as late as they can: when one is over, and if the lock is then in the wrong state,
/// the one under way that is over first is made to precede it. O(n log n). Failures: two_holders, or not_linearizable
/// for a release of what nobody held.
Judgement judge_mutex(const Object& object);

/// A semaphore that is 0 at first: linearizable or not. Not applicable if a decrement was refused (0). Increments take
/// effect as early, decrements as late as they can. O(n log n). Failures: not_linearizable.
Judgement judge_semaphore(const Object& object);

/// A lease, or a lock, whose holder may lose it without knowing, by time. What must hold even so: the fencing token of
/// an acquire (its result) is greater than any that was handed out before it began; and nobody else acquires it, or
/// holds it, while somebody certainly does. That is from the answer to an acquire until the beginning of the
/// acknowledged release with the same token or, where there are no tokens, of the same process's next release. O(n log
/// n). Failures: token_regressed, two_holders.
Judgement judge_lease(const Object& object);

}  // namespace heir::reports
