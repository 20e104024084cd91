#include "reports/check/objects/registers.h"

#include "reports/check/objects/register_failures.h"

namespace heir::reports {

Judgement judge_register(const Object& object, const FinalValue* final_value) {
  const objects::Versions versions(object, final_value, /*with_cas=*/false);
  if (!versions.problem().empty()) return {Judgement::Answer::not_applicable, {}, versions.problem()};
  if (object.out_of_time()) return out_of_time(object);
  Judgement judgement;
  judgement.failures = objects::register_failures(object, versions);
  if (!judgement.failures.empty()) judgement.answer = Judgement::Answer::invalid;
  return judgement;
}

}  // namespace heir::reports
