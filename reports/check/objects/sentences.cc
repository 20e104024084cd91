#include "reports/check/objects/sentences.h"

#include <fmt/format.h>

namespace heir::reports::objects {

namespace {

std::string on_key(const Object& object, const char* preposition) {
  return object.key == no_key ? std::string()
                              : fmt::format(" {} key {}", preposition, object.history->key_text(object.key));
}

}  // namespace

std::string when(const Object& object, HistoryTime time) {
  return moment(*object.history, time);
}

std::string value_name(const Object& object, Value value) {
  return value.is_nil() ? "nil" : object.history->value_text(value);
}

std::string name(const Object& object, const Operation& op) {
  return fmt::format("{} of {}{}", to_string(op.function), value_name(object, op.argument), on_key(object, "to"));
}

std::string outcome(const Object& object, const Operation& op) {
  if (!op.ok()) return name(object, op) + ", never acknowledged";
  return fmt::format("{}, acknowledged to process {} at {}", name(object, op), op.process.value(),
                     when(object, op.completed));
}

std::string returned(const Object& object, const Operation& op) {
  std::string by;
  if (op.by.peer != 0) by = fmt::format(" from peer {}", op.by.peer);
  if (op.by.generation != 0) by += fmt::format(" in generation {}", op.by.generation);
  return fmt::format("{}{} at {} returned", describe(*object.history, op), by, when(object, op.completed));
}

std::string final_state_holds(const Object& object) {
  return fmt::format("the final state{} holds", on_key(object, "of"));
}

HistoryTime last_time(const History& history) {
  return history.empty() ? HistoryTime() : history.event(history.size() - 1).time;
}

}  // namespace heir::reports::objects
