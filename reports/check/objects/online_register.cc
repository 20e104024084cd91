#include "reports/check/objects/online_register.h"

#include <algorithm>

#include "reports/check/objects/operations.h"

namespace heir::reports::objects {

OnlineRegister::OnlineRegister() : index_(0) {
  Version& version = versions_.emplace_back();
  version.effect_by = 0;
  version.chain = 0;
  version.value = index_.insert(Value::nil());
  setters_.push_back({initial, 1});
  earliest_ends_.push_back(0);
  latest_begins_.push_back(0);
}

bool OnlineRegister::add(const History& history, std::size_t event) {
  if (given_up_) return false;
  now_ = after(static_cast<std::uint32_t>(event));
  const std::uint32_t number = history.operation_of(event);
  const Operation& op = history.operations()[number];
  if (history.is_end(event)) return end(history, op, number) && !given_up_;
  if (op.function == Function::write) {
    if (note_kind(op.argument)) begin_version(history, op, number);
  } else if (op.function == Function::cas && op.argument.kind() == ValueKind::pair) {
    const bool scalars = note_kind(history.first(op.argument)) && note_kind(history.second(op.argument));
    if (scalars) begin_version(history, op, number);
  } else if (!is_read(op.function)) {
    given_up_ = true;
  }
  return false;
}

bool OnlineRegister::end(const History& history, const Operation& op, std::uint32_t number) {
  if (op.unknown()) return false;
  if (is_read(op.function)) {
    if (!op.ok() || !note_kind(op.result)) return false;
    return op.function == Function::read ? read(op.result, after(op.begin)) : read_standby(op.result);
  }
  const std::uint32_t v = version_of(number);
  if (op.failed()) return drop_version(v);
  if (saw_another(op)) return drop_version(v) || refuse(history, op);
  return activate(v);
}

bool OnlineRegister::note_kind(Value value) {
  integers_ |= value.kind() == ValueKind::integer;
  texts_ |= value.kind() == ValueKind::text;
  const bool scalar = value.is_nil() || value.kind() == ValueKind::integer || value.kind() == ValueKind::text;
  given_up_ |= !scalar || (integers_ && texts_);
  return !given_up_;
}

OnlineRegister::Setter* OnlineRegister::setter(Value value) {
  const std::uint32_t number = index_.find(value);
  if (number == ValueIndex::none || setters_[number].alive == 0) return nullptr;
  return &setters_[number];
}

std::uint32_t OnlineRegister::version_of(std::uint32_t op) const {
  const auto at = std::lower_bound(versions_.begin() + 1, versions_.end(), op,
                                   [](const Version& version, std::uint32_t n) { return version.op < n; });
  return static_cast<std::uint32_t>(at - versions_.begin());
}

std::uint32_t OnlineRegister::number_of(Value value) {
  const std::uint32_t number = index_.insert(value);
  if (number == setters_.size()) setters_.emplace_back();
  return number;
}

void OnlineRegister::begin_version(const History& history, const Operation& op, std::uint32_t number) {
  Version version;
  version.op = number;
  version.begin = now_;
  if (op.function == Function::cas) {
    version.expected = number_of(history.first(op.argument));
    ++setters_[version.expected].open_swaps;
  } else {
    ++open_writes_;
  }
  version.value = number_of(op.function == Function::cas ? history.second(op.argument) : op.argument);
  Setter& setter = setters_[version.value];
  if (setter.alive++ == 0) {
    setter.version = static_cast<std::uint32_t>(versions_.size());
  } else if (versions_[setter.version].seen) {
    given_up_ = true;
  }
  versions_.push_back(version);
}

/// It is known now whether the operation happened.
void OnlineRegister::close(const Version& version) {
  --(version.expected == none ? open_writes_ : setters_[version.expected].open_swaps);
}

/// Its operation set nothing.
bool OnlineRegister::drop_version(std::uint32_t v) {
  Version& version = versions_[v];
  version.gone = true;
  if (version.effect_by == never) close(version);
  Setter& setter = setters_[version.value];
  --setter.alive;
  if (setter.alive > 0 && setter.version == v) {
    const auto other = std::find_if(versions_.begin(), versions_.end(),
                                    [&](const Version& o) { return o.value == version.value && !o.gone; });
    setter.version = static_cast<std::uint32_t>(other - versions_.begin());
    versions_[setter.version].seen_on_standby = version.seen_on_standby;
    // It began perhaps after a standby had shown the value.
    given_up_ |= version.seen_on_standby;
    return false;
  }
  return version.effect_by != never || version.seen_on_standby;
}

bool OnlineRegister::read_standby(Value value) {
  const Setter* shown = setter(value);
  if (!shown) return true;
  versions_[shown->version].seen_on_standby = true;
  return false;
}

bool OnlineRegister::read(Value value, Point begin) {
  const Setter* shown = setter(value);
  if (!shown) return true;
  given_up_ |= shown->alive > 1;
  return observe(shown->version, begin);
}

/// An operation that began at `begin` found v, as its answer now shows.
bool OnlineRegister::observe(std::uint32_t v, Point begin) {
  versions_[v].seen = true;
  if (activate(v)) return true;
  const Version& version = versions_[v];
  const bool overtaken = version.child != none && versions_[version.child].effect_by < begin;
  return overtaken || version.refused_until < begin || raise(version.chain, begin);
}

/// v had been current, as is known now.
bool OnlineRegister::activate(std::uint32_t v) {
  Version& version = versions_[v];
  if (version.effect_by != never) return false;
  if (version.expected != none) return link(v);
  close(version);
  version.effect_by = now_;
  version.chain = static_cast<std::uint32_t>(earliest_ends_.size());
  earliest_ends_.push_back(now_);
  latest_begins_.push_back(version.begin);
  return false;
}

/// v was made from what it expected, by a compare-and-set.
bool OnlineRegister::link(std::uint32_t v) {
  if (versions_[v].parent != none) return true;  // it is being linked: the chain ends in itself
  const Setter& before = setters_[versions_[v].expected];
  if (before.alive == 0) return true;
  given_up_ |= before.alive > 1;
  const std::uint32_t parent = before.version;
  if (versions_[parent].child != none) return true;
  versions_[parent].child = v;
  versions_[v].parent = parent;
  // Not overtaken: what was made from the parent is v.
  versions_[parent].seen = true;
  if (activate(parent) || versions_[parent].refused_until < versions_[v].begin) return true;
  close(versions_[v]);
  versions_[v].effect_by = now_;
  versions_[v].chain = versions_[parent].chain;
  return raise(versions_[v].chain, versions_[v].begin);
}

/// Something of a chain began at `begin`: is there another chain that must come before it and after it?
bool OnlineRegister::raise(std::uint32_t chain, Point begin) {
  latest_begins_.raise(chain, begin);
  const std::size_t ended =  // so many chains had been there before that beginning
      static_cast<std::size_t>(std::ranges::lower_bound(earliest_ends_, begin) - earliest_ends_.begin());
  const std::size_t others = std::min<std::size_t>(chain, ended);
  const Point latest =
      std::max(latest_begins_.maximum(0, others), chain + 1 < ended ? latest_begins_.maximum(chain + 1, ended) : 0);
  return latest > earliest_ends_[chain];
}

/// A compare-and-set found another value than it expected. Can that be? If what it expected had been there before, then
/// something else may have replaced it, or it must not be seen again.
bool OnlineRegister::refuse(const History& history, const Operation& op) {
  const Setter* expected = setter(history.first(op.argument));
  if (!expected || expected->alive > 1) return false;
  Version& version = versions_[expected->version];
  if (version.effect_by > after(op.begin)) return false;
  version.refused_until = std::min(version.refused_until, now_);
  if (version.child != none || open_writes_ > 0 || expected->open_swaps > 0) return false;
  // The chain that was there last, apart from its own.
  std::size_t last = earliest_ends_.size();
  if (last > 0 && version.chain + 1 == last) --last;
  return last == 0 || earliest_ends_[last - 1] < latest_begins_.maximum(version.chain, version.chain + 1);
}

}  // namespace heir::reports::objects
