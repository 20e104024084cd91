#include "tools/replay/capsule.h"

#include <algorithm>
#include <charconv>
#include <map>

#include "engine/base/checksum.h"
#include "scenarios/codec.h"
#include "scenarios/document.h"
#include "scenarios/load.h"
#include "sim/faults/decisions.h"

namespace heir::tools {

namespace {

using scenarios::Value;

constexpr int format_version = 1;
constexpr std::string_view first_key = "capsule = ";
constexpr std::string_view last_key = "checksum = ";

Error refusal(const std::string& name, const std::string& why) {
  return {ErrorCode::invalid, scenarios::printable(name) + ": " + why};
}

std::string hex(std::uint64_t value, int digits) {
  std::string text;
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) text += "0123456789abcdef"[(value >> shift) & 15];
  return text;
}

bool parse(std::string_view text, std::uint64_t& number, int base) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  return error == std::errc() && end == text.data() + text.size();
}

/// Several lines as they are, if TOML lets them stand so; else escaped.
std::string block(const std::string& text) {
  if (text.find("'''") == std::string::npos) return "'''\n" + text + "'''";
  return scenarios::in_quotes(text);
}

/// The [[fault]] tables alone.
std::string text_of(const std::vector<scenarios::Fault>& decisions) {
  scenarios::Scenario alone;
  alone.title = "-";
  const std::string text = scenarios::write(sim::with_decisions(alone, decisions));
  const std::size_t begin = text.find("\n[[fault]]\n");
  return begin == std::string::npos ? std::string() : text.substr(begin + 1);
}

/// The number after "capsule = " in the first line that is no comment.
std::optional<std::uint64_t> version_of(std::string_view text) {
  while (text.starts_with('#')) {
    const std::size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  if (!text.starts_with(first_key)) return std::nullopt;
  text.remove_prefix(first_key.size());
  std::uint64_t version = 0;
  return parse(text.substr(0, text.find('\n')), version, 10) ? std::optional(version) : std::nullopt;
}

std::string first_message(const scenarios::Loaded& loaded) {
  return loaded.messages.empty() ? "it says nothing" : loaded.messages.front();
}

}  // namespace

std::optional<FoundFailure> failure_in(const Judgement& judgement) {
  const auto found = [](const reports::Failure& failure) {
    return FoundFailure{reports::to_string(failure.kind), failure.message, Duration::nanoseconds(failure.at.ns())};
  };
  if (judgement.wanted)
    for (const reports::Failure& failure : judgement.caught)
      if (failure.kind == *judgement.wanted) return found(failure);
  if (judgement.failures.empty()) return std::nullopt;
  return found(judgement.failures.front());
}

bool fails_with(const Judgement& judgement, std::string_view kind) {
  const auto is_it = [kind](const reports::Failure& failure) { return kind == reports::to_string(failure.kind); };
  if (std::any_of(judgement.caught.begin(), judgement.caught.end(), is_it)) return true;
  // A run that should have shown it and did not fails with an assertion, which is another one than was wanted.
  const bool is_wanted = judgement.wanted && kind == reports::to_string(*judgement.wanted);
  return !is_wanted && std::any_of(judgement.failures.begin(), judgement.failures.end(), is_it);
}

scenarios::Scenario decided(const Capsule& capsule) {
  return sim::with_decisions(capsule.scenario, capsule.decisions);
}

std::string write(const Capsule& capsule) {
  const auto text = [](const std::string& value) { return scenarios::in_quotes(value); };
  std::string out = "# A failure, to be seen again: heir replay FILE\n";
  out += std::string(first_key) + std::to_string(format_version) + "\n";
  out += "heir = " + text(HEIR_VERSION) + "\n";
  out += "source = " + text(capsule.source) + "\n";
  out += "seed = " + text(std::to_string(capsule.seed)) + "\n";
  out += "kind = " + text(capsule.failure.kind) + "\n";
  out += "message = " + text(capsule.failure.message) + "\n";
  out += "at = " + scenarios::Codec<Duration>::write(capsule.failure.at) + "\n";
  out += "trace = " + text(hex(capsule.trace_hash, 16)) + "\n";
  out += "scenario = " + block(scenarios::write(capsule.scenario)) + "\n";
  out += "decisions = " + block(text_of(capsule.decisions)) + "\n";
  return out + std::string(last_key) + text(hex(crc32c(out), 8)) + "\n";
}

Result<Capsule> read_capsule(const std::string& name, std::string_view text) {
  const std::optional<std::uint64_t> version = version_of(text);
  if (!version)
    return refusal(name, "is no capsule: expected its first line to be '" + std::string(first_key) +
                             std::to_string(format_version) + "', as `heir run --capsule` writes it");
  if (*version != format_version)
    return refusal(name, "is a capsule of version " + std::to_string(*version) +
                             ", and this heir (" HEIR_VERSION ") reads version " + std::to_string(format_version) +
                             (*version > format_version ? "; it takes a newer heir" : ""));
  const std::size_t last = text.rfind("\n" + std::string(last_key));
  if (last == std::string_view::npos)
    return refusal(name, "is damaged: expected a checksum as its last line, found none; was it cut off?");
  const std::string found = hex(crc32c(text.substr(0, last + 1)), 8);
  const std::string_view line = text.substr(last + 1);
  if (const std::string expected = std::string(last_key) + "\"" + found + "\"\n"; line != expected)
    return refusal(name, "is damaged: what it holds has the checksum " + found + ", but its last line is '" +
                             scenarios::printable(line.substr(0, line.find('\n'))) + "'");

  scenarios::Mistakes mistakes(name, text, {});
  Value root;
  if (!scenarios::parse_document(text, mistakes, root)) return refusal(name, mistakes.render(1).front());
  std::map<std::string, std::string, std::less<>> values;
  for (const scenarios::Entry& entry : root.entries) values[entry.key] = entry.value.text;
  for (const char* key : {"heir", "source", "seed", "kind", "message", "at", "trace", "scenario", "decisions"})
    if (!root.find(key) || root.find(key)->value.kind != Value::Kind::text)
      return refusal(name, "is no whole capsule: expected a text '" + std::string(key) + "'");
  Capsule capsule;
  capsule.heir = values["heir"];
  capsule.source = values["source"];
  capsule.failure.kind = values["kind"];
  capsule.failure.message = values["message"];
  const Result<Duration> at = scenarios::Codec<Duration>::read(root.find("at")->value);
  if (!at) return refusal(name, "'at': " + at.error().message);
  capsule.failure.at = *at;
  if (!parse(values["seed"], capsule.seed, 10))
    return refusal(name, "expected 'seed' to be a number, found \"" + values["seed"] + "\"");
  if (!parse(values["trace"], capsule.trace_hash, 16))
    return refusal(name, "expected 'trace' to be 16 hexadecimal digits, found \"" + values["trace"] + "\"");
  scenarios::Loaded scenario = scenarios::load_text(name + ", its scenario", values["scenario"]);
  if (!scenario) return refusal(name, "holds a scenario that this heir does not read: " + first_message(scenario));
  capsule.scenario = std::move(*scenario.scenario);
  const scenarios::Scenario without_faults = sim::with_decisions(capsule.scenario, {});
  scenarios::Loaded decisions =
      scenarios::load_text(name + ", its decisions", scenarios::write(without_faults) + "\n" + values["decisions"]);
  if (!decisions) return refusal(name, "holds decisions that this heir does not read: " + first_message(decisions));
  capsule.decisions = std::move(decisions.scenario->faults);
  return capsule;
}

}  // namespace heir::tools
