#include "tools/command/check_follow.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "reports/check/objects/online.h"
#include "reports/history/json_lines.h"
#include "scenarios/mistakes.h"
#include "tools/command/json.h"

namespace heir::tools {

namespace {

void answer(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

void tell(const reports::History& history, std::size_t line, const reports::Failure& failure) {
  answer(fmt::format("{{\"type\":\"violation\",\"line\":{},\"anomaly\":{}}}", line, anomaly_json(history, failure)));
}

/// Lines of standard input as they come; std::getline would wait for whole buffers no less, but cannot tell errors.
class Lines {
 public:
  /// False at the end, or if it cannot be read.
  bool next(std::string_view& line) {
    const ssize_t length = ::getline(&buffer_, &capacity_, stdin);
    if (length < 0) return false;
    line = std::string_view(buffer_, static_cast<std::size_t>(length));
    if (!line.empty() && line.back() == '\n') line.remove_suffix(1);
    ++number_;
    return true;
  }
  std::size_t number() const { return number_; }
  Lines() = default;
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;
  ~Lines() { std::free(buffer_); }

 private:
  char* buffer_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t number_ = 0;
};

}  // namespace

Exit follow(const CheckSettings& settings, Exit (*exit_of)(reports::Outcome)) {
  watch_over_process(false);
  now_doing("following standard input");
  Checked checked;
  checked.path = "-";
  reports::JsonLinesReader reader(checked.history,
                                  settings.reading.fail.value_or(reports::FailMeaning::did_not_happen));
  reports::OnlineCheck online;
  Lines lines;
  std::size_t events = 0;
  for (std::string_view line; lines.next(line);) {
    now_doing(fmt::format("following standard input, at line {}", lines.number()));
    if (!reader.add(line)) {
      const reports::TextProblem& problem = reader.problem();
      complain(fmt::format("standard input:{}:{}: {}", lines.number(), problem.at + 1,
                           scenarios::printable(problem.message)));
      return Exit::bad_usage;
    }
    if (checked.history.size() == events) continue;  // a blank line
    if (const auto failure = online.add(checked.history, events++)) tell(checked.history, lines.number(), *failure);
  }
  if (std::ferror(stdin) != 0) {
    complain("cannot read standard input");
    return Exit::bad_usage;
  }
  if (const Result<> judged = settings.judge(checked, settings.deadline()); !judged) {
    complain(scenarios::printable(judged.error().message));
    return Exit::bad_usage;
  }
  answer("{\"type\":\"verdict\"," + check_json(checked).substr(1));
  return exit_of(checked.verdict.outcome);
}

}  // namespace heir::tools
