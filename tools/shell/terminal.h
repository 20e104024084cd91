// Where the shell's lines come from: a stream, silently, or a terminal, with a prompt, history and completion.
#pragma once

#include <istream>
#include <ostream>

#include "tools/shell/shell.h"

namespace heir::shell {

/// Runs lines until `exit` or the end of `in`; each answer is flushed. No prompt, no echo. A line longer than
/// longest_line is refused without being kept.
void run_lines(Shell& shell, std::istream& in, std::ostream& out);

/// The same on the terminal of standard input and output.
void run_on_terminal(Shell& shell);

}  // namespace heir::shell
