#include "reports/check/objects/register_evidence.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/assert.h"
#include "reports/check/objects/operations.h"
#include "reports/check/objects/sentences.h"

namespace heir::reports::objects {

Value RegisterEvidence::value(std::uint32_t v) const {
  return v == Versions::initial ? Value::nil() : value_set(history_, setter(v));
}

Point RegisterEvidence::acknowledged(std::uint32_t v) const {
  if (v == Versions::initial) return 0;
  return setter(v).ok() ? after(setter(v).end) : never;
}

RegisterEvidence::Shown RegisterEvidence::shown(std::uint32_t v, Point before) const {
  while (version(v).own_by >= before) v = version(v).child;
  return {v, version(v).own_by};
}

HistoryTime RegisterEvidence::time_of(Point point) const {
  return is_final(point) ? last_time(history_) : history_.event(point - 1).time;
}

HistoryTime RegisterEvidence::last_answer(const Proof& proof) const {
  HistoryTime last;
  for (const std::uint32_t i : proof) {
    const Operation& op = history_.operations()[i];
    if (op.ok()) last = std::max(last, op.completed);
  }
  return last;
}

std::uint32_t RegisterEvidence::number(const Observation& o) const {
  return o.op == Observation::final_state ? none : object_.ops[o.op];
}

void RegisterEvidence::add_setter(Proof& proof, std::uint32_t v) const {
  if (v != Versions::initial) proof.push_back(setter_number(v));
}

void RegisterEvidence::add_at(Proof& proof, Point point) const {
  if (point != 0 && !is_final(point)) proof.push_back(number_at(point));
}

void RegisterEvidence::add_steps(Proof& proof, std::uint32_t first, std::uint32_t last) const {
  for (std::uint32_t v = first;; v = version(v).child) {
    add_setter(proof, v);
    if (v == last) break;
  }
}

void RegisterEvidence::add_own(Proof& proof, std::uint32_t v, Point before) const {
  add_setter(proof, v);
  if (acknowledged(v) >= before) add_at(proof, version(v).own_by);
}

void RegisterEvidence::add_set(Proof& proof, std::uint32_t v, Point before) const {
  const std::uint32_t shows = shown(v, before).version;
  add_steps(proof, v, shows);
  add_own(proof, shows, before);
}

void RegisterEvidence::add_chain(Proof& proof, std::uint32_t v, Point before) const {
  const auto shows = [&](std::uint32_t u) { return u != none && version(u).own_by < before; };
  std::uint32_t up = v, down = v;
  while (!shows(up) && !shows(down)) {
    if (up != none) up = version(up).parent;
    if (down != none) down = version(down).child;
    ASSERT(up != none || down != none, "no version of the chain was current by then");
  }
  add_own(proof, shows(up) ? up : down, before);
  add_steps(proof, shows(up) ? up : v, shows(up) ? v : down);
}

void RegisterEvidence::add_observation(Proof& proof, const Observation& o) const {
  if (o.op == Observation::final_state) return;
  proof.push_back(number(o));
  if (!object_.operation(o.op).ok()) add_set(proof, version(o.version).child, never);
}

std::string RegisterEvidence::when(HistoryTime time) const {
  return objects::when(object_, time);
}

std::string RegisterEvidence::value_name(std::uint32_t v) const {
  return objects::value_name(object_, value(v));
}

std::string RegisterEvidence::swapped(std::uint32_t v, Point before) const {
  return fmt::format("{} had swapped by {}", name(object_, setter(v)), when(time_of(shown(v, before).by)));
}

std::string RegisterEvidence::observed(const Observation& o) const {
  if (o.op == Observation::final_state) {
    return fmt::format("{} {}", final_state_holds(object_), value_name(o.version));
  }
  const Operation& op = object_.operation(o.op);
  if (op.function == Function::cas) {
    return fmt::format("{}, and found {}", swapped(version(o.version).child), value_name(o.version));
  }
  return fmt::format("{} {}", returned(object_, op), value_name(o.version));
}

std::string RegisterEvidence::in_effect(std::uint32_t v, Point before) const {
  const Operation& op = setter(v);
  if (acknowledged(v) < before) return outcome(object_, op);
  const Operation& seer = operation_at(version(v).effect_by);
  return fmt::format("{}, {} seen by process {} at {}", name(object_, op),
                     op.ok() ? "already" : "never acknowledged but", seer.process.value(), when(seer.completed));
}

}  // namespace heir::reports::objects
