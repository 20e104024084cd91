#include "tools/shell/terminal.h"

#include <histedit.h>

#include <algorithm>
#include <clocale>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>

namespace heir::shell {

namespace {

enum class Line { complete, last, none };

/// The next line without its end; of one that is too long, only so much that it is seen to be.
Line next_line(std::istream& in, std::string& line) {
  line.clear();
  std::streambuf& bytes = *in.rdbuf();
  for (int c = bytes.sbumpc(); c != EOF; c = bytes.sbumpc()) {
    if (c == '\n') return Line::complete;
    if (line.size() <= longest_line) line += static_cast<char>(c);
  }
  return line.empty() ? Line::none : Line::last;
}

void answer(Shell& shell, std::string_view line, std::ostream& out) {
  if (const std::optional<std::string> answered = shell.run(line)) out << *answered << '\n' << std::flush;
}

char* prompt(EditLine*) {
  static char text[] = "heir> ";
  return text;
}

/// Tab: completes as far as all candidates agree, else lists them.
unsigned char complete(EditLine* editor, int) {
  void* data = nullptr;
  el_get(editor, EL_CLIENTDATA, &data);
  const LineInfo* info = el_line(editor);
  const std::string before(info->buffer, info->cursor);
  const std::vector<std::string> candidates = static_cast<const Shell*>(data)->completions(before);
  if (candidates.empty()) return CC_REFRESH_BEEP;
  const std::size_t gap = before.find_last_of(" \t");
  const std::size_t typed = before.size() - (gap == std::string::npos ? 0 : gap + 1);
  std::string common = candidates.front();
  for (const std::string& candidate : candidates) {
    const auto differ = std::mismatch(common.begin(), common.end(), candidate.begin(), candidate.end());
    common.erase(differ.first, common.end());
  }
  if (candidates.size() == 1) common += ' ';
  if (common.size() > typed) {
    el_deletestr(editor, static_cast<int>(typed));  // what was typed may differ in case
    el_insertstr(editor, common.c_str());
    return CC_REFRESH;
  }
  std::cout << '\n';
  for (const std::string& candidate : candidates) std::cout << candidate << "  ";
  std::cout << '\n' << std::flush;
  return CC_REDISPLAY;
}

struct EndEditor {
  void operator()(EditLine* editor) const { el_end(editor); }
};
struct EndHistory {
  void operator()(History* lines) const { history_end(lines); }
};

}  // namespace

void run_lines(Shell& shell, std::istream& in, std::ostream& out) {
  std::string line;
  while (!shell.finished() && out) {
    const Line read = next_line(in, line);
    if (read == Line::none) return;
    answer(shell, line, out);
    if (read == Line::last) return;
  }
}

void run_on_terminal(Shell& shell) {
  std::setlocale(LC_CTYPE, "");
  const std::unique_ptr<History, EndHistory> lines(history_init());
  const std::unique_ptr<EditLine, EndEditor> editor(el_init("heir", stdin, stdout, stderr));
  if (!lines || !editor) return run_lines(shell, std::cin, std::cout);
  HistEvent event{};
  history(lines.get(), &event, H_SETSIZE, 1000);
  history(lines.get(), &event, H_SETUNIQUE, 1);
  el_set(editor.get(), EL_CLIENTDATA, static_cast<void*>(&shell));
  el_set(editor.get(), EL_PROMPT, &prompt);
  el_set(editor.get(), EL_EDITOR, "emacs");
  el_set(editor.get(), EL_SIGNAL, 1);  // the terminal is put right before a signal is acted on
  el_set(editor.get(), EL_HIST, &history, lines.get());
  el_set(editor.get(), EL_ADDFN, "complete", "Completes a command or a peer's name", &complete);
  el_set(editor.get(), EL_BIND, "^I", "complete", nullptr);
  el_source(editor.get(), nullptr);
  while (!shell.finished()) {
    int length = 0;
    const char* read = el_gets(editor.get(), &length);
    if (!read || length <= 0) {
      std::cout << '\n';  // the prompt stands on this line
      return;
    }
    std::string line(read, static_cast<std::size_t>(length));
    while (line.ends_with('\n') || line.ends_with('\r')) line.pop_back();
    if (line.find_first_not_of(" \t") != std::string::npos) history(lines.get(), &event, H_ENTER, line.c_str());
    answer(shell, line, std::cout);
  }
}

}  // namespace heir::shell
