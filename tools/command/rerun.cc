#include "tools/command/rerun.h"

#include "tools/command/json.h"
#include "tools/command/text.h"
#include "tools/command/watch.h"

namespace heir::tools {

void report_again(
    const Subject& subject, const RerunOptions& options,
    const std::function<void(reports::Report report, const Finished& run, const std::string& note)>& use) {
  const Capsule& capsule = subject.capsule;
  now_doing("running " + subject.path);
  sim::RunOptions run;
  run.seed = capsule.seed;
  run.keep_timeline = true;
  // Which of them are wanted is known at the end only, unless it was said.
  if (options.lists_messages) run.keep_messages = options.messages.value_or(MessageTimes({}, sim::VirtualTime::max()));
  Seen seen = see(capsule.scenario, run);
  scenarios::Scenario scenario = capsule.scenario;
  std::string note;
  if (subject.has_failure && seen.result.trace_hash != capsule.trace_hash) {
    const std::string& kind = capsule.failure.kind;
    note = "This is another run than the one that was found: the code has changed since (trace " +
           hash_text(seen.result.trace_hash) + ", it was " + hash_text(capsule.trace_hash) + ").";
    if (!fails_with(seen.judgement, kind) && subject.has_decisions) {
      Seen again = see(decided(capsule), run);
      if (fails_with(again.judgement, kind)) {
        seen = std::move(again);
        scenario = decided(capsule);
        note += " Its decision list fails in the same way; its seed does no more.";
      }
    }
    if (!fails_with(seen.judgement, kind)) note += " The failure is gone: " + told(capsule.failure) + ".";
  }
  const ScenarioFile file{capsule.source, scenario};
  const Job job{0, &file, capsule.seed};
  std::string replay = command_words() + " replay " + shell_word(subject.path);
  if (!subject.has_failure) {
    replay = command_words() + " run " + shell_word(subject.path) + " --seed " + std::to_string(capsule.seed);
    for (const std::string& each : options.overrides) replay += " --set " + shell_word(each);
  }
  const Finished finished{job, scenario, seen.result, seen.judgement, 0, false, replay};
  reports::Report report = report_of(finished, about_scenario(capsule.source), options.messages);
  if (!note.empty()) {
    report.summary = note + " " + report.summary;
    report.undecided.insert(report.undecided.begin(), note);
  }
  use(std::move(report), finished, note);
}

}  // namespace heir::tools
