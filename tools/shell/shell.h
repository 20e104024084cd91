// The language of the shell: one command a line, one JSON object a line back. Manatee's and Flynn's simulators share
// its words.
//
// A bad command answers {"error": …} and changes nothing. Comments (#…) and empty lines are passed over. Names of
// commands are found without regard to case.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/shell/document.h"
#include "tools/shell/world.h"

namespace heir::shell {

/// Longer lines are refused; who reads lines need not keep more than this and one byte.
inline constexpr std::size_t longest_line = std::size_t{1} << 20;

class Shell {
 public:
  explicit Shell(Setup setup) : world_(std::move(setup)) {}

  /// Carries out one line; what it answers, without newline, or nothing for a comment or an empty line.
  std::optional<std::string> run(std::string_view line);
  /// True once `exit` was said.
  bool finished() const { return finished_; }

  /// What could stand where `line` ends: names of commands first, names of peers behind those that take one.
  std::vector<std::string> completions(std::string_view line) const;

 private:
  struct Command;
  using Words = std::vector<std::string_view>;
  /// What a command is given: its words, or, for those that read the rest of the line as it is, `rest` from `column`
  /// on.
  struct Given {
    Words words;
    std::string_view rest;
    std::size_t column = 1;
  };
  static std::span<const Command> commands();
  static const Command* find(std::string_view name);

  Result<Json> answer(std::string_view line);
  Json state_after() const;

  Result<Json> add_peer(const Given& given);
  Result<Json> remove_peer(const Given& given);
  Result<Json> bootstrap(const Given& given);
  Result<Json> start_peer(const Given& given);
  Result<Json> catch_up(const Given& given);
  Result<Json> depose(const Given& given);
  Result<Json> rebuild(const Given& given);
  Result<Json> freeze(const Given& given);
  Result<Json> unfreeze(const Given& given);
  Result<Json> promote(const Given& given);
  Result<Json> set_cluster_state(const Given& given);
  Result<Json> wait(const Given& given);
  Result<Json> peer(const Given& given);
  Result<Json> database(const Given& given);
  Result<Json> store(const Given& given);
  Result<Json> list_peers(const Given& given);
  Result<Json> identity(const Given& given);
  Result<Json> echo(const Given& given);
  Result<Json> help(const Given& given);
  Result<Json> exit(const Given& given);

  World world_;
  bool finished_ = false;
};

}  // namespace heir::shell
