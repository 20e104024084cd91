#include "reports/check/objects/online.h"

#include "engine/base/assert.h"
#include "reports/check/objects/append_lists.h"
#include "reports/check/objects/cas_registers.h"
#include "reports/check/objects/sets.h"

namespace heir::reports {

std::optional<Failure> OnlineCheck::add(const History& history, std::size_t event) {
  ASSERT(event + 1 == history.size(), "not the last event of the history");
  const std::uint32_t number = history.operation_of(event);
  const Operation& op = history.operations()[number];
  if (op.key.value() >= keys_.size()) keys_.resize(op.key.value() + 1);
  Key& key = keys_[op.key.value()];
  if (key.ignored) return std::nullopt;
  if (!history.is_end(event)) key.ops.push_back(number);
  key.waiting.push_back(event);
  if (!key.is_decided()) decide(key, op.function);
  if (!key.is_decided()) return std::nullopt;

  const std::vector<std::size_t> events = std::exchange(key.waiting, {});
  for (const std::size_t next : events) {
    if (!is_wrong(key, history, next)) continue;
    std::optional<Failure> failure = explain(key, Object{&history, op.key, key.ops});
    key = {};
    key.ignored = true;
    return failure;
  }
  return std::nullopt;
}

void OnlineCheck::decide(Key& key, Function function) {
  if (is_read(function)) return;
  if (function == Function::write || function == Function::cas) {
    key.as_register = std::make_unique<objects::OnlineRegister>();
  } else if (function == Function::append) {
    key.as_list = std::make_unique<objects::OnlineList>();
  } else if (function == Function::add) {
    key.as_set = std::make_unique<objects::OnlineSet>();
  } else {
    key = {};
    key.ignored = true;
  }
}

bool OnlineCheck::is_wrong(Key& key, const History& history, std::size_t event) {
  if (key.as_register) return key.as_register->add(history, event);
  return key.as_list ? key.as_list->add(history, event) : key.as_set->add(history, event);
}

std::optional<Failure> OnlineCheck::explain(const Key& key, const Object& object) {
  Judgement judgement = key.as_register ? judge_cas_register(object)
                        : key.as_list   ? judge_append_list(object)
                                        : judge_set(object);
  // Values that are not unique may keep the whole from being judged, though this event was wrong.
  if (judgement.answer != Judgement::Answer::invalid) return std::nullopt;
  return std::move(judgement.failures.front());
}

}  // namespace heir::reports
