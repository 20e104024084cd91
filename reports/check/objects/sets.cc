#include "reports/check/objects/sets.h"

#include "reports/check/objects/grow_only_sets.h"
#include "reports/check/objects/set_elements.h"

namespace heir::reports {

namespace {

/// Do the operations ask for single elements?
enum class Questions : std::uint8_t { whole, single, both, other };

Questions questions(const Object& object, bool has_final_value) {
  bool whole = has_final_value, single = false;
  for (std::size_t i = 0; i < object.size(); ++i) {
    const Operation& op = object.operation(i);
    const bool asks = op.ok() || op.function == Function::remove;
    if (op.failed() || !asks) continue;
    switch (op.function) {
      case Function::add: break;
      case Function::read:
      case Function::read_standby: whole = true; break;
      case Function::remove:
      case Function::contains: single = true; break;
      default: return Questions::other;
    }
  }
  return whole && single ? Questions::both : single ? Questions::single : Questions::whole;
}

}  // namespace

Judgement judge_set(const Object& object, const FinalValue* final_value) {
  switch (questions(object, final_value != nullptr)) {
    case Questions::whole: return objects::judge_grow_only_set(object, final_value);
    case Questions::single: return objects::judge_set_elements(object);
    case Questions::both:
      return {Judgement::Answer::not_applicable, {}, "reads of the whole set are mixed with remove or contains"};
    case Questions::other: return {Judgement::Answer::not_applicable, {}, "not all functions are those of a set"};
  }
  return {};
}

}  // namespace heir::reports
