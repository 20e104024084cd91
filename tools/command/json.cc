#include "tools/command/json.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/history/json_lines.h"
#include "tools/command/story.h"

namespace heir::tools {

namespace {

std::string operation_text(const reports::History& history, const reports::Operation& op) {
  std::string text = fmt::format("{{\"process\":{},\"f\":\"{}\"", op.process.value(), reports::to_string(op.function));
  if (op.key != reports::no_key) text += ",\"key\":" + reports::well_formed(history.key_text(op.key));
  text += ",\"value\":" + reports::well_formed(history.value_text(op.value()));
  if (!op.argument.is_nil() && !op.result.is_nil())
    text += ",\"result\":" + reports::well_formed(history.value_text(op.result));
  text += fmt::format(",\"type\":\"{}\",\"invoked_ns\":{}", reports::to_string(op.outcome), op.invoked.ns());
  if (op.end != reports::Operation::never) text += fmt::format(",\"completed_ns\":{}", op.completed.ns());
  if (op.by.peer != 0) text += fmt::format(",\"peer\":{},\"generation\":{}", op.by.peer, op.by.generation);
  return text + "}";
}

}  // namespace

std::string json_string(std::string_view text) {
  return reports::json_string(reports::well_formed(text));
}

std::string json_strings(const std::vector<std::string>& texts) {
  return json_array(texts, [](const std::string& text) { return json_string(text); });
}

std::string anomaly_json(const reports::History& history, const reports::Failure& failure) {
  return fmt::format(
      "{{\"kind\":\"{}\",\"message\":{},\"at_ns\":{},\"ops\":{}}}", reports::to_string(failure.kind),
      json_string(failure.message), failure.at.ns(),
      json_array(failure.ops, [&](const reports::Operation& op) { return operation_text(history, op); }));
}

std::string anomalies_json(const reports::History& history, const std::vector<reports::Failure>& failures) {
  return json_array(failures, [&](const reports::Failure& failure) { return anomaly_json(history, failure); });
}

std::string counts_json(const reports::Verdict::Counts& counts) {
  return fmt::format("{{\"ok\":{},\"fail\":{},\"unknown\":{}}}", counts.ok, counts.fail, counts.unknown);
}

const char* const run_json_help =
    "One object a run, in one line, with these keys in this order:\n"
    "  scenario      the file, as it was named\n"
    "  title         of the scenario\n"
    "  seed\n"
    "  verdict       \"pass\", \"fail\" or \"unknown\"\n"
    "  reason        why, in one sentence\n"
    "  failures      [{kind, message, at_ns, ops}]: why it failed; kind is one of copy-destroyed, split-brain, "
    "lost-write,\n"
    "                diverged, two-primaries, generation-regressed, dirty-read, stale-read, not-linearizable, "
    "not-writable,\n"
    "                stuck, assertion; ops: [{process, f, key, value, type, invoked_ns, completed_ns, peer, "
    "generation}]\n"
    "  more_failures how many more there are\n"
    "  unknown       why parts of it have no verdict\n"
    "  expected      of a known-bad design: the kind of failure that must be found for it to pass; else null\n"
    "  caught        of a known-bad design: the failures that were found, as in failures; else []\n"
    "  trace_hash    of every event of the run: equal on every machine; null of a run on hosts\n"
    "  events        dispatched; of a run on hosts, those of its clients\n"
    "  virtual_ns    simulated time; of a run on hosts, real time since the scenario began\n"
    "  wall_ns       real time, verdict included\n"
    "  ops           {ok, fail, unknown}: operations of clients\n"
    "  failovers     changes of the primary\n"
    "  requests      {ok, failed}: of operators; failed: refused, or without success by the end (a rebuild succeeds "
    "when "
    "sent)\n"
    "  unavailable   {count, max_ns, total_ns}: times of 500 ms and more without an acknowledged write\n"
    "  generations   the last generation\n"
    "  deterministic true if --check-determinism ran it twice; else null\n"
    "  replay        the command that does this run again\n"
    "  not_shown     of a run on hosts, and only there: what such a run does not show\n";

std::string hash_text(std::uint64_t hash) {
  return fmt::format("{:016x}", hash);
}

std::string json_of(const Finished& run) {
  const sim::RunResult& result = run.result;
  const Judgement& judgement = run.judgement;
  const auto [longest, total] = outage_lengths(result);
  std::string text = fmt::format("{{\"scenario\":{},\"title\":{},\"seed\":{},\"verdict\":\"{}\",\"reason\":{}",
                                 json_string(run.job.file->path), json_string(run.scenario.title), run.job.seed,
                                 reports::to_string(judgement.verdict), json_string(judgement.sentence));
  text += fmt::format(",\"failures\":{},\"more_failures\":{},\"unknown\":{}",
                      anomalies_json(result.history, judgement.failures), judgement.more_failures,
                      json_strings(judgement.unknowns));
  text += fmt::format(",\"expected\":{},\"caught\":{}",
                      judgement.wanted ? json_string(reports::to_string(*judgement.wanted)) : std::string("null"),
                      anomalies_json(result.history, judgement.caught));
  const std::string hash = run.host_limits ? "null" : json_string(hash_text(result.trace_hash));
  text += fmt::format(",\"trace_hash\":{},\"events\":{},\"virtual_ns\":{},\"wall_ns\":{},\"ops\":{}", hash,
                      result.events, result.ended.ns(), run.wall_ns, counts_json(judgement.operations));
  text += fmt::format(",\"failovers\":{},\"requests\":{{\"ok\":{},\"failed\":{}}}", result.failovers.size(),
                      result.requests.ok, result.requests.failed);
  text += fmt::format(",\"unavailable\":{{\"count\":{},\"max_ns\":{},\"total_ns\":{}}},\"generations\":{}",
                      result.outages.size(), longest.ns(), total.ns(), result.generations);
  text += fmt::format(",\"deterministic\":{},\"replay\":{}", run.determinism_checked ? "true" : "null",
                      json_string(run.replay));
  if (run.host_limits) text += ",\"not_shown\":" + json_strings(*run.host_limits);
  return text + "}";
}

}  // namespace heir::tools
