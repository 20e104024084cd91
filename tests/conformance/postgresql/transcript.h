// What a run of the story showed, in words that do not depend on when, where and at which offsets it ran: the run
// against the real server and the one against the simulated server must show the same.
//
// Offsets, times and process numbers appear only as "some" or "NULL"; peers' addresses by the peer's number. The lines
// that the real server gives are kept in transcript.txt; where the simulated one is known to differ,
// known_differences() says so and why, and nowhere else.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/host.h"
#include "engine/databases/postgresql/adapter.h"

namespace heir::conformance {

class World;

enum class Server { real, simulated };

/// A line of the real server's transcript, and what the simulated server shows in its place.
struct Difference {
  std::string_view real;
  std::string_view simulated;
  std::string_view why;
};
std::span<const Difference> known_differences();

/// The lineage without offsets: "1 2#2", branches of a promotion with its generation.
std::string lineage(const Position& position);

/// All that the catalogue's statements answer on a running server of a peer, by a session of its own.
Task<std::vector<std::string>> snapshot(World& world, int peer, std::string_view when);

/// What differs from the recorded transcript, in words; empty if nothing does. A known difference that does not appear
/// in the recorded transcript is told too.
std::vector<std::string> compare(const std::vector<std::string>& recorded, const std::vector<std::string>& seen,
                                 Server server);

/// The lines of a file; `not_found`.
Result<std::vector<std::string>> read_lines(const std::string& path);

}  // namespace heir::conformance
