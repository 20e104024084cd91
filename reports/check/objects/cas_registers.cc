#include "reports/check/objects/cas_registers.h"

#include "reports/check/objects/refusals.h"
#include "reports/check/objects/register_failures.h"

namespace heir::reports {

Judgement judge_cas_register(const Object& object, const FinalValue* final_value) {
  const objects::Versions versions(object, final_value, /*with_cas=*/true);
  if (!versions.problem().empty()) return {Judgement::Answer::not_applicable, {}, versions.problem()};
  if (object.out_of_time()) return out_of_time(object);
  std::vector<Failure> failures = objects::register_failures(object, versions);
  if (!failures.empty()) return {Judgement::Answer::invalid, std::move(failures), {}};
  if (object.out_of_time()) return out_of_time(object);
  return objects::judge_refusals(object, versions);
}

}  // namespace heir::reports
