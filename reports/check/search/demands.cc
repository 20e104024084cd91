#include "reports/check/search/demands.h"

#include <algorithm>
#include <tuple>

namespace heir::reports {

Demands::Demands(StateSpace& space, std::span<const SearchedOperation> ops, std::size_t words)
    : ops_(ops), words_(words) {
  at_first_.resize(space.initial() + 1);
  for (std::uint32_t i = 0; i < ops.size(); ++i) {
    const SearchedOperation& op = ops[i];
    if (op.step >= needs_.size()) {
      needs_.resize(op.step + 1, StateSpace::anything);
      leads_to_.resize(op.step + 1, StateSpace::anything);
    }
    const std::uint32_t needed = needs_[op.step] = space.needs(op.step);
    const std::uint32_t produced = leads_to_[op.step] = space.leads_to(op.step);
    for (const std::uint32_t v : {needed, produced}) {
      if (is_value(v) && v >= at_first_.size()) at_first_.resize(v + 1);
    }
    if (is_value(produced)) producers_.push_back({produced, op.begin});
    if (op.end == Operation::never) {
      if (is_value(needed)) ++at_first_[needed].optional;
    } else if (is_value(needed)) {
      demands_.push_back({needed, op.begin, i});
    } else if (needed == StateSpace::anything_else) {
      ++others_at_first_;
    }
  }
  const auto by_value = [](const auto& a, const auto& b) {
    return std::tie(a.value, a.begin) < std::tie(b.value, b.begin);
  };
  std::ranges::sort(producers_, by_value);
  std::ranges::sort(demands_, by_value);
  for (auto i = static_cast<std::uint32_t>(producers_.size()); i-- > 0;) {
    PerValue& v = at_first_[producers_[i].value];
    v.next_producer = i;
    v.last_producer = std::max(v.last_producer, i + 1);
  }
  for (auto i = static_cast<std::uint32_t>(demands_.size()); i-- > 0;) {
    PerValue& v = at_first_[demands_[i].value];
    const bool later_first = v.last_demand != 0 && ops[demands_[i + 1].op].end < ops[demands_[i].op].end;
    if (later_first) demands_[i].op = demands_[i + 1].op;
    v.next_demand = i;
    v.last_demand = std::max(v.last_demand, i + 1);
  }
}

void Demands::restart() {
  values_ = at_first_;
  others_later_ = others_at_first_;
  others_open_ = 0;
  demanding_.clear();
  for (auto* bits : {&open_producers_, &open_takers_, &urgent_demands_}) bits->assign(values_.size() * words_, 0);
  open_others_.assign(words_, 0);
  for (std::uint32_t v = 0; v < values_.size(); ++v) note_urgency(v);
}

void Demands::begin(std::uint32_t i, std::uint32_t slot) {
  const SearchedOperation& op = ops_[i];
  const std::uint32_t needed = needs_[op.step];
  const std::uint32_t produced = leads_to_[op.step];
  const bool required = op.end != Operation::never;
  if (required && needed == StateSpace::anything_else) {
    --others_later_;
    ++others_open_;
    set(open_others_, 0, slot);
  }
  if (required && is_value(needed)) {
    ++values_[needed].next_demand;
    ++values_[needed].open_demands;
    if (produced != StateSpace::anything) set(open_takers_, needed, slot);
    demanding_.push_back({needed, i, slot});
    note_urgency(needed);
  }
  if (is_value(produced)) {
    ++values_[produced].next_producer;
    if (required) set(open_producers_, produced, slot);
    note_urgency(produced);
  }
}

void Demands::end(std::uint32_t i, std::uint32_t slot) {
  const std::uint32_t needed = needs_[ops_[i].step];
  const std::uint32_t produced = leads_to_[ops_[i].step];
  if (needed == StateSpace::anything_else) {
    --others_open_;
    reset(open_others_, 0, slot);
  }
  if (is_value(produced)) reset(open_producers_, produced, slot);
  if (!is_value(needed)) return;
  reset(open_takers_, needed, slot);
  reset(urgent_demands_, needed, slot);
  --values_[needed].open_demands;
  std::erase_if(demanding_, [&](const OpenDemand& d) { return d.slot == slot; });
  note_urgency(needed);
}

std::uint32_t Demands::most_urgent(std::uint32_t value, const std::uint64_t* done) const {
  std::uint32_t first = is_urgent_later(value) ? demands_[values_[value].next_demand].op : Operation::never;
  if (!any_left(urgent_demands_, value, done)) return first;
  for (const OpenDemand& d : demanding_) {
    const bool left = (done[d.slot / 64] >> (d.slot % 64) & 1) == 0;
    if (d.value == value && left && (first == Operation::never || ops_[d.op].end < ops_[first].end)) first = d.op;
  }
  return first;
}

void Demands::note_urgency(std::uint32_t value) {
  values_[value].is_urgent = is_urgent_later(value);
  for (const OpenDemand& d : demanding_) {
    if (d.value != value || ops_[d.op].end > next_chance(value)) continue;
    set(urgent_demands_, value, d.slot);
    values_[value].is_urgent = true;
  }
}

}  // namespace heir::reports
