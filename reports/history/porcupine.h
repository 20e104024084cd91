// The logs of Jepsen's etcd tests that Porcupine is tested with: one compare-and-set register that begins as nil.
//   INFO  jepsen.util - 4	:invoke	:cas	[3 4]
// Its kv files are EDN: see jepsen.h.
#pragma once

#include <string_view>

#include "reports/history/form.h"
#include "reports/history/jepsen.h"
#include "reports/history/source.h"

namespace heir::reports {

/// What marks the line of an operation.
inline constexpr std::string_view etcd_log_mark = "jepsen.util - ";

class EtcdLogReader {
 public:
  EtcdLogReader(History& history, FailMeaning fail);
  /// Other lines of the log (INFO, WARN, … of another part of Jepsen) are read over.
  bool add(std::string_view line);
  bool finish() { return operations_.finish(); }
  const TextProblem& problem() const { return problem_; }

 private:
  Document document_;
  JepsenReader operations_;
  TextProblem problem_;
};

}  // namespace heir::reports
