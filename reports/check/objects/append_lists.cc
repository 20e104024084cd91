#include "reports/check/objects/append_lists.h"

#include "engine/base/assert.h"
#include "reports/check/objects/list_failures.h"

namespace heir::reports {

Judgement judge_append_list(const Object& object, const FinalValue* final_value) {
  const objects::ListVersions versions(object, final_value);
  if (!versions.problem().empty()) return {Judgement::Answer::not_applicable, {}, versions.problem()};
  if (versions.linearizable()) return {};
  if (object.out_of_time()) return out_of_time(object);
  objects::ListFindings found = objects::list_failures(object, versions);
  if (!found.problem.empty()) return {Judgement::Answer::not_applicable, {}, found.problem};
  ASSERT(!found.failures.empty(), "a list that is not linearizable, and no reason why");
  return {Judgement::Answer::invalid, std::move(found.failures), {}};
}

}  // namespace heir::reports
