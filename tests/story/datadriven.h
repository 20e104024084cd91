// Story tests: text files of commands with what each of them printed, replayed and compared.
//
//     # A comment.
//     command argument key=value list=(a, b)
//     input, any number of lines, blank ones too
//     ----
//     what the command printed
//
// A blank line ends what was printed. What itself has blank lines stands between two lines of `----` on each side. A
// story is replayed from top to bottom by one handler, which may keep state between the commands. `--rewrite` writes
// what the handler prints into the file; the difference in version control is the review.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/result.h"

namespace heir::story {

/// `key`, `key=value` or `key=(value, value)`.
struct Argument {
  std::string key;
  std::vector<std::string> values;
  bool operator==(const Argument&) const = default;
};

/// One command of a story.
struct Step {
  std::string file;
  int line = 0;  ///< Of the command.
  std::string command;
  std::vector<Argument> arguments;
  std::string line_text;  ///< The whole command line, for handlers that read it in their own way.
  std::string input;      ///< Lines between the command and `----`, each with its newline.
  std::string expected;   ///< Each line with its newline.

  bool has(std::string_view key) const;
  /// The first value of an argument, if it has one.
  std::optional<std::string> get(std::string_view key) const;
};

/// Carries out one step and returns what it prints; a missing newline at the end is added.
using Handler = std::function<std::string(const Step&)>;
/// Makes the handler of one story; called once for each file.
using HandlerFactory = std::function<Handler()>;

struct Difference {
  Step step;
  std::string actual;
};

/// The steps of a story's text; `invalid` with file and line if it is not a story.
Result<std::vector<Step>> parse_story(const std::string& file, std::string_view text);

/// Replays a story's text; `rewritten`, if given, receives the text with what the handler printed.
Result<std::vector<Difference>> replay_story(const std::string& file, std::string_view text, const Handler& handler,
                                             std::string* rewritten = nullptr);

/// The main of a story program: `PROGRAM [--rewrite] FILE…`. 0 if every story came out as written (or was rewritten),
/// 1 with a line-by-line difference if not, 2 for a file that cannot be read or is not a story.
int story_main(int argc, char** argv, const HandlerFactory& make_handler);

}  // namespace heir::story
