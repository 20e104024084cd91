// Capsule: a failure in one file of text, whole and by itself: the scenario as it was run, the seed, the decision list,
// what failed and the trace hash, and the version of heir that saw it. Nothing else is needed to see it again, also
// after the code has changed.
//
// The format (TOML; keys in this order; README.md has an example):
//   capsule    1: the version of the format. Another one is refused.
//   heir       the version that wrote it
//   source     the scenario file that it came from; for people only
//   seed       as text: all 64 bits
//   kind       of the failure, from the closed list
//   message    what was wrong, in a sentence
//   at         when, in virtual time
//   trace      the trace hash of the run
//   scenario   the text of the scenario, with what a swarm drew and what --set overrode
//   decisions  the [[fault]] tables of the decision list (sim/faults/decisions.h)
//   checksum   CRC-32C of every byte before this line
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/scenario.h"
#include "sim/world/run.h"
#include "tools/simulation/judge.h"

namespace heir::tools {

/// What makes two failures the same: their kind. The rest is for people.
struct FoundFailure {
  std::string kind;  ///< "lost-write"
  std::string message;
  Duration at;
  bool operator==(const FoundFailure&) const = default;
};

/// The failure that a run is remembered by: of a known-bad design the one that was to be found, else the gravest.
std::optional<FoundFailure> failure_in(const Judgement& judgement);
/// Whether a run failed in this way, whatever else it did.
bool fails_with(const Judgement& judgement, std::string_view kind);

struct Capsule {
  std::string heir;  ///< Version; write() puts in its own.
  std::string source;
  std::uint64_t seed = 1;
  FoundFailure failure;
  std::uint64_t trace_hash = 0;
  scenarios::Scenario scenario;
  std::vector<scenarios::Fault> decisions;
};

/// The scenario with the decision list for faults.
scenarios::Scenario decided(const Capsule& capsule);

std::string write(const Capsule& capsule);
/// `name` stands for the file in messages, which say what was found and what was expected.
Result<Capsule> read_capsule(const std::string& name, std::string_view text);

}  // namespace heir::tools
