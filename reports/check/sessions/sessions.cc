#include "reports/check/sessions/sessions.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/check/sessions/rules.h"

namespace heir::reports {

namespace {

constexpr auto first_kind = static_cast<std::size_t>(FailureKind::read_your_writes);
static_assert(static_cast<std::size_t>(FailureKind::writes_follow_reads) == first_kind + 3);

std::string name_of(const History& history, KeyId key) {
  return key == no_key ? std::string("what has no key") : "key " + history.key_text(key);
}

/// The first few keys by name, then how many more there are.
class Notes {
 public:
  explicit Notes(std::vector<std::string>& notes) : notes_(notes) {}
  void add(const std::string& name, const std::string& why) {
    if (++count_ <= most) notes_.push_back(fmt::format("sessions of {} were not judged: {}", name, why));
  }
  void finish() {
    if (count_ > most) notes_.push_back(fmt::format("sessions of {} more keys were not judged", count_ - most));
  }

 private:
  static constexpr std::size_t most = 5;
  std::vector<std::string>& notes_;
  std::size_t count_ = 0;
};

}  // namespace

Failure* sessions::Violations::add(FailureKind kind, const Operation& read) {
  if (++found_[static_cast<std::size_t>(kind) - first_kind] > most_) return nullptr;
  Failure& failure = failures_.emplace_back();
  failure.kind = kind;
  failure.at = read.completed;
  failure.ops.push_back(read);
  return &failure;
}

SessionReport check_sessions(const History& history, const SessionOptions& options) {
  SessionReport report;
  Notes notes(report.notes);
  sessions::Violations violations(options.max_failures);
  const sessions::Accesses accesses(history);
  report.sessions = accesses.sessions();
  for (const sessions::KeyAccesses& key : accesses.keys()) {
    if (!key.problem.empty()) {
      notes.add(name_of(history, key.key), key.problem);
      continue;
    }
    const sessions::Versions versions(history, key.accesses);
    if (!versions.repeated().is_nil()) {
      notes.add(name_of(history, key.key),
                fmt::format("{} was written twice, so a read does not tell which write it saw",
                            history.value_text(versions.repeated())));
      continue;
    }
    ++report.keys;
    if (key.kind == sessions::KeyAccesses::Kind::versions)
      check_register(history, key, versions, violations);
    else
      check_list_or_set(history, key, versions, violations);
  }
  notes.finish();
  report.found = violations.found();
  report.failures = violations.take();
  std::stable_sort(report.failures.begin(), report.failures.end(),
                   [](const Failure& a, const Failure& b) { return a.kind != b.kind ? a.kind < b.kind : a.at < b.at; });
  if (report.failures.size() > options.max_failures) report.failures.resize(options.max_failures);
  return report;
}

}  // namespace heir::reports
