// Where a database's log ends, and the only question that may be asked of two such places: does one contain the other?
// (FAILOVER.md section 2.)
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

namespace heir {

/// One stretch of history between two promotions.
struct Branch {
  std::uint64_t timeline = 0;  ///< The database's own number: a PostgreSQL timeline, a MongoDB term.
  std::uint64_t promotion =
      0;                    ///< The generation under which the branch was begun; two servers can pick the same timeline
                            ///< number and fork point on their own (incident P-08), never the same generation.
  std::uint64_t begin = 0;  ///< Offset at which the branch leaves its parent.
  auto operator<=>(const Branch&) const = default;
};

/// A place in a log: the branches that lead to it, oldest first, and the offset in the last one.
struct Position {
  std::vector<Branch> lineage;
  std::uint64_t offset = 0;
  bool operator==(const Position&) const = default;
};

/// True if `prefix`'s log is a prefix of `log`'s: all that `prefix` has, `log` has too. Offsets of different lineages
/// are never compared as numbers. The empty position (no lineage, offset 0) is contained in every other.
bool contains(const Position& log, const Position& prefix);

/// Where branch `index` of the position ends.
std::uint64_t end_of_branch(const Position& position, std::size_t index);

/// True if `log` has all of `prefix`, and more of the branch that `prefix` ends in.
bool goes_on_with_last_branch(const Position& log, const Position& prefix);

/// The last offset that both logs share.
std::uint64_t common_offset(const Position& a, const Position& b);

/// "2@5120/7420": last timeline @ its begin / offset; branches of a promotion show it as "2#4@…".
std::string to_string(const Position& position);

}  // namespace heir
