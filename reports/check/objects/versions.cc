#include "reports/check/objects/versions.h"

#include <fmt/format.h>

#include <algorithm>

#include "reports/check/objects/operations.h"
#include "reports/check/objects/proven_failures.h"

namespace heir::reports::objects {

Versions::Versions(const Object& object, const FinalValue* final_value, bool with_cas)
    : object_(&object), index_(object.size() / 2) {
  if (final_value) final_ = final_value->number ? Value::integer(*final_value->number) : Value::nil();
  collect(with_cas);
  if (!problem_.empty()) return;
  observe();
  if (final_) observe_final();
  if (!problem_.empty()) return;

  if (chains_) {
    make_chains();
  } else {
    zones_.reserve(versions_.size());
    for (std::uint32_t v = 0; v < versions_.size(); ++v) {
      Version& version = versions_[v];
      if (version.own_by == never) continue;
      version.effect_by = version.own_by;
      version.root = v;
      zones_.push_back({version.effect_by, version.latest_begin, v});
    }
  }
  contradictions_ = contradictions(zones_, ProvenFailures::most);
}

void Versions::make_chains() {
  // A compare-and-set took effect if it was answered so, or if what it set was seen. Then so did what set the value
  // that it expected.
  for (std::uint32_t v = 1; v < versions_.size() && problem_.empty(); ++v) {
    if (versions_[v].own_by != never) link(v);
  }
  if (!problem_.empty()) return;
  for (std::uint32_t v = 0; v < versions_.size(); ++v) {
    const Version& version = versions_[v];
    const bool took_effect = version.own_by != never || version.child != none;
    if (took_effect && version.parent == none) follow_chain(v);
  }
  if (baseless_.empty() && forks_.empty()) find_cycles();
}

void Versions::collect(bool with_cas) {
  versions_.reserve(object_->size() / 2 + object_->size() / 8 + 1);
  setters_.push_back({initial, false});
  index_.insert(Value::nil());
  versions_.push_back({});
  versions_[initial].own_by = 0;
  const History& history = *object_->history;
  for (std::uint32_t i = 0; i < object_->size() && problem_.empty(); ++i) {
    const Operation& op = object_->operation(i);
    if (is_read(op.function)) {
      if (op.ok()) note_kind(op.result);
    } else if (op.function == Function::write) {
      set(i, op.argument);
    } else if (op.function == Function::cas && with_cas && op.argument.kind() == ValueKind::pair) {
      note_kind(history.first(op.argument));
      set(i, history.second(op.argument));
    } else {
      problem_ = fmt::format("there is another function: {}", describe(history, op));
    }
  }
  if (integers_ && texts_) problem_ = "its values are integers and texts, and 5 may stand for \"5\"";
}

void Versions::note_kind(Value value) {
  switch (value.kind()) {
    case ValueKind::nil: break;
    case ValueKind::integer: integers_ = true; break;
    case ValueKind::text: texts_ = true; break;
    default: problem_ = fmt::format("{} is not the value of a register", object_->history->value_text(value));
  }
}

void Versions::set(std::uint32_t i, Value value) {
  note_kind(value);
  const Operation& op = object_->operation(i);
  if (op.failed() || saw_another(op)) return;
  const auto version = static_cast<std::uint32_t>(versions_.size());
  const std::uint32_t number = index_.insert(value);
  if (number == setters_.size()) {
    setters_.push_back({version, false});
  } else {
    setters_[number].repeated = true;
  }
  Version& set = versions_.emplace_back();
  set.begin = set.latest_begin = after(op.begin);
  set.own_by = op.ok() ? after(op.end) : never;
  set.op = i;
  chains_ |= op.function == Function::cas;
}

const Versions::Setter* Versions::setter(Value value) const {
  const std::uint32_t number = index_.find(value);
  return number == ValueIndex::none ? nullptr : &setters_[number];
}

std::uint32_t Versions::of(Value value) const {
  const Setter* found = setter(value);
  return found ? found->version : none;
}

bool Versions::repeated(Value value) const {
  const Setter* found = setter(value);
  return found && found->repeated;
}

void Versions::observe() {
  for (std::uint32_t i = 0; i < object_->size(); ++i) {
    const Operation& op = object_->operation(i);
    if (!is_read(op.function) || !op.ok()) continue;
    const Setter* shown = setter(op.result);
    if (!shown || versions_[shown->version].begin > after(op.end)) {
      impossible_read_ = true;
      continue;
    }
    if (op.function == Function::read_standby) continue;
    if (shown->repeated) return refuse_repeated(op.result);
    Version& version = versions_[shown->version];
    version.own_by = std::min(version.own_by, after(op.end));
    version.latest_begin = std::max(version.latest_begin, after(op.begin));
  }
}

void Versions::observe_final() {
  const Setter* shown = setter(*final_);
  if (!shown) {
    impossible_read_ = true;
  } else if (shown->repeated) {
    refuse_repeated(*final_);
  } else {
    Version& version = versions_[shown->version];
    version.own_by = std::min(version.own_by, end_of_history() + 1);
    version.latest_begin = end_of_history();
  }
}

void Versions::refuse_repeated(Value value) {
  problem_ = value.is_nil()
                 ? "nil was read, and was written as well"
                 : fmt::format("{} was read, and was written more than once", object_->history->value_text(value));
}

void Versions::link(std::uint32_t v) {
  const History& history = *object_->history;
  while (versions_[v].op != none && versions_[v].parent == none) {
    const Operation& op = object_->operation(versions_[v].op);
    if (op.function != Function::cas) return;
    const Value expected = history.first(op.argument);
    const Setter* before = setter(expected);
    if (!before) {
      if (std::ranges::find(baseless_, v) == baseless_.end()) baseless_.push_back(v);
      return;
    }
    if (before->repeated) return refuse_repeated(expected);
    Version& parent = versions_[before->version];
    versions_[v].parent = before->version;
    if (parent.child != none) {
      forks_.emplace_back(parent.child, v);
      return;
    }
    parent.child = v;
    v = before->version;
  }
}

void Versions::follow_chain(std::uint32_t root) {
  std::uint32_t last = root;
  Point latest_begin = 0;
  for (std::uint32_t v = root; v != none; v = versions_[v].child) {
    versions_[v].root = root;
    latest_begin = std::max(latest_begin, versions_[v].latest_begin);
    last = v;
  }
  Point effect_by = never;
  for (std::uint32_t v = last;; v = versions_[v].parent) {
    Version& version = versions_[v];
    // What was made from it was in effect by now: before it was set itself, or before somebody began to read it?
    if (effect_by < version.begin) baseless_.push_back(version.child);
    overtaken_ |= effect_by < version.latest_begin;
    effect_by = std::min(effect_by, version.own_by);
    version.effect_by = effect_by;
    if (v == root) break;
  }
  zones_.push_back({effect_by, latest_begin, root});
}

void Versions::find_cycles() {
  for (std::uint32_t v = 1; v < versions_.size(); ++v) {
    if (versions_[v].parent == none || versions_[v].root != none) continue;
    cycles_.push_back(v);
    for (std::uint32_t u = v; versions_[u].root == none; u = versions_[u].child) versions_[u].root = v;
  }
}

}  // namespace heir::reports::objects
