// What is told of a campaign: each bad run as it comes, and at the end what it all means.
#pragma once

#include <string>

#include "tools/command/text.h"
#include "tools/hunt/hunt.h"
#include "tools/hunt/summary.h"

namespace heir::tools {

/// The keys of the JSON with their meaning, for --help and README.md.
extern const char* const hunt_json_help;

/// The command that does a run of the campaign again.
std::string replay_command(const Campaign& campaign, const std::string& path, const Recipe& recipe);

/// "FAIL     FILE  seed 7  lost-write: …" and the command that shows it again.
std::string bad_run_text(const Campaign& campaign, const Target& target, const RunRecord& record, const Style& style);
std::string bad_run_json(const Campaign& campaign, const Target& target, const RunRecord& record);
/// A workflow command of GitHub: the run as a remark beside the scenario's file.
std::string bad_run_annotation(const Campaign& campaign, const Target& target, const RunRecord& record);

/// For a line on a terminal.
std::string progress_text(const HuntProgress& progress);

std::string summary_text(const CampaignSummary& summary, const Style& style);
std::string summary_json(const CampaignSummary& summary, const std::string& database);
/// For CI systems: a case for each scenario.
std::string summary_junit(const CampaignSummary& summary);

/// "3 failed (2 lost-write, 1 stuck)"; "none failed".
std::string failed_text(std::uint64_t failed, const std::map<std::string, std::uint64_t>& by_kind);

}  // namespace heir::tools
