#include "tests/story/raft/rules_by_name.h"

#include <utility>

namespace heir::story {

bool set_rule(raft::Rules& rules, const std::string& assignment) {
  using raft::Rules;
  constexpr std::pair<const char*, bool Rules::*> names[] = {
      {"vote-durable", &Rules::vote_durable},
      {"entries-durable", &Rules::entries_durable},
      {"one-vote-a-term", &Rules::one_vote_a_term},
      {"compare-logs", &Rules::compare_logs},
      {"check-previous", &Rules::check_previous},
      {"keep-what-matches", &Rules::keep_what_matches},
      {"commit-own-term-only", &Rules::commit_own_term_only},
      {"one-change-at-a-time", &Rules::one_change_at_a_time},
      {"change-after-own-entry", &Rules::change_after_own_entry},
      {"confirm-reads", &Rules::confirm_reads},
      {"read-after-own-entry", &Rules::read_after_own_entry},
  };
  for (const auto& [name, rule] : names) {
    if (!assignment.starts_with(std::string(name) + "=")) continue;
    const std::string value = assignment.substr(std::string(name).size() + 1);
    if (value != "true" && value != "false") return false;
    rules.*rule = value == "true";
    return true;
  }
  return false;
}

}  // namespace heir::story
