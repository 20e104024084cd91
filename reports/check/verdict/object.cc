#include "reports/check/verdict/object.h"

#include <fmt/format.h>

namespace heir::reports {

Judgement out_of_time(const Object& object) {
  Judgement judgement;
  judgement.answer = Judgement::Answer::unknown;
  judgement.reason = "undecided: the time for it was over";
  if (object.size() > 0) {
    judgement.reason += fmt::format(" before any of its {} operations, from {} to {}, could be judged", object.size(),
                                    moment(*object.history, object.operation(0).invoked),
                                    moment(*object.history, object.operation(object.size() - 1).invoked));
  }
  return judgement;
}

}  // namespace heir::reports
