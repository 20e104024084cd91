// A run told to people.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tools/command/job.h"

namespace heir::tools {

struct Telling {
  bool story = true;
  bool verbose = false;         ///< Databases' procedures and probes too.
  std::size_t chart_width = 0;  ///< The run at a glance (run_chart.h), so wide, if it has a timeline; 0: without.
};

/// Title, story, numbers, verdict; of a failed run the failures, and as its last line the command that replays it.
std::string story_of(const Finished& run, Telling telling, const Style& style);

/// The story with peers by the names of their hosts.
std::vector<sim::StoryLine> named_story(std::vector<sim::StoryLine> story);
/// Of the times without an acknowledged write.
struct OutageLengths {
  Duration longest;
  Duration total;
};
OutageLengths outage_lengths(const sim::RunResult& result);

/// "   42.000  fault    power off host1 (primary)", a line each but for the databases' procedures.
std::string story_text(std::span<const sim::StoryLine> named_story);

/// "pass     seed 17  scenarios/first/mixed.toml  2 failovers, 12,345 ok"
std::string verdict_line(const Finished& run, const Style& style);
/// What is wrong, with the operations involved; "" if nothing is.
std::string failures_of(const Finished& run, const Style& style);
/// The story, and what is wrong, as far as it has been judged.
std::string replayed_story(const Finished& run, const Style& style);
/// "To see it again:" and the command; "" for a run that went as expected.
std::string replay_line(const Finished& run);

/// "       0.005s … 0.006s  read of key 5 by process 2: 1"; of a history without times, events instead of seconds.
std::string operation_line(const reports::History& history, const reports::Operation& op);

/// Failures of a history, for `heir check` too.
std::string failures_text(const reports::History& history, const std::vector<reports::Failure>& failures,
                          std::size_t more, const Style& style);

}  // namespace heir::tools
