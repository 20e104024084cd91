#include "reports/history/porcupine.h"

#include <array>

#include "reports/history/edn.h"

namespace heir::reports {

namespace {

bool is_other_log_line(std::string_view line) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return true;
  for (const std::string_view level : {"INFO ", "WARN ", "ERROR ", "DEBUG "}) {
    if (line.starts_with(level)) return true;
  }
  return false;
}

}  // namespace

EtcdLogReader::EtcdLogReader(History& history, FailMeaning fail) : operations_(history, fail) {
  history.set_model_hint("cas-register");
}

bool EtcdLogReader::add(std::string_view line) {
  const std::size_t mark = line.find(etcd_log_mark);
  if (mark == std::string_view::npos) {
    if (is_other_log_line(line)) return true;
    problem_ = {0, "expected a line of a log: INFO  jepsen.util - PROCESS :TYPE :FUNCTION VALUE"};
    return false;
  }
  const std::size_t begin = mark + etcd_log_mark.size();
  document_.clear();
  EdnParser parser(line.substr(begin), "the end of the line", document_);
  std::array<std::uint32_t, 4> parts{};
  for (std::uint32_t& part : parts) {
    part = parser.read();
    if (part == 0) {
      problem_ = parser.problem();
      problem_.at += begin;
      return false;
    }
  }
  OperationForms forms;
  forms.whole = forms.process = &document_.at(parts[0]);
  forms.type = &document_.at(parts[1]);
  forms.f = &document_.at(parts[2]);
  forms.value = &document_.at(parts[3]);
  if (operations_.add(document_, forms)) return true;
  problem_ = operations_.problem();
  problem_.at += begin;
  return false;
}

}  // namespace heir::reports
