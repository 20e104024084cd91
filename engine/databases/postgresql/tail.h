// The diverged tail of a log, set aside for the operator before anything discards it: the raw segments, what pg_waldump
// reads in them, and a report that says from where to where.
#pragma once

#include "engine/base/position.h"
#include "engine/databases/postgresql/context.h"

namespace heir::postgresql {

struct Tail {
  std::uint64_t timeline = 0;  ///< The newest of ours; 0 if not known: then segments of all timelines are kept.
  std::uint64_t from = 0;      ///< The fork, or the last checkpoint if the fork could not be found.
  std::uint64_t to = 0;        ///< End of our log; UINT64_MAX if not known.
  std::string why;             ///< A sentence for the report.
};

/// The folder, under Layout::diverged(). Repeating it writes the same again. An error means that nothing may be
/// discarded.
Task<Result<std::string>> set_aside(Context& context, Tail tail, std::uint64_t segment_size);

/// Timeline and first offset of a segment file, from its name; nothing if it is not one.
struct Segment {
  std::uint64_t timeline = 0;
  std::uint64_t begin = 0;
};
std::optional<Segment> parse_segment_name(std::string_view name, std::uint64_t segment_size);

}  // namespace heir::postgresql
