#include "reports/check/sessions/accesses.h"

#include <fmt/format.h>

#include <algorithm>

namespace heir::reports::sessions {

namespace {

/// What was done to a key, as bits; a key is judged if all of it belongs to one kind.
enum Use : std::uint8_t { writes = 1, appends = 2, adds = 4, reads_value = 8, reads_list = 16, other = 32 };

class Collector {
 public:
  explicit Collector(const History& history) : history_(history), uses_(history.key_count(), 0) {}

  void operation(std::uint32_t index) {
    const Operation& op = history_.operations()[index];
    if (op.failed()) return;
    at_ = index;
    switch (op.function) {
      case Function::transaction:
      case Function::initialize:
        for (const MicroOp& part : history_.micro_ops(op.ok() && !op.result.is_nil() ? op.result : op.argument))
          simple(part.function, part.key, part.value, op.ok());
        return;
      case Function::cas:
        if (op.ok() && !op.result.is_nil() && op.result != Value::integer(1)) return;  // did not swap
        if (op.ok()) read(op.key, history_.first(op.argument));
        write(op.key, history_.second(op.argument), Use::writes);
        return;
      case Function::read_modify_write:
        if (op.ok()) read(op.key, op.result);
        write(op.key, op.argument, Use::writes);
        return;
      default: simple(op.function, op.key, is_read(op.function) ? op.result : op.argument, op.ok());
    }
  }

  std::vector<Access> accesses;
  std::uint8_t uses(KeyId key) const { return uses_[key.value()]; }

 private:
  void simple(Function function, KeyId key, Value value, bool ok) {
    switch (function) {
      case Function::read:
      case Function::read_standby:
        if (ok) read(key, value);
        return;
      case Function::write: write(key, value, Use::writes); return;
      case Function::append: write(key, value, Use::appends); return;
      case Function::add: write(key, value, Use::adds); return;
      default: uses_[key.value()] |= Use::other;
    }
  }
  void read(KeyId key, Value value) {
    if (value.kind() == ValueKind::list)
      uses_[key.value()] |= Use::reads_list;
    else if (!value.is_nil())
      uses_[key.value()] |= Use::reads_value;
    push(key, value, false);
  }
  void write(KeyId key, Value value, Use use) {
    uses_[key.value()] |= value.is_nil() ? Use::other : use;
    push(key, value, true);
  }
  void push(KeyId key, Value value, bool writes) {
    accesses.push_back({at_, history_.operations()[at_].process, key, writes, value});
  }

  const History& history_;
  std::vector<std::uint8_t> uses_;
  std::uint32_t at_ = 0;
};

/// The kind of a key, or why it has none.
void classify(KeyAccesses& key, std::uint8_t uses) {
  const auto only = [uses](int allowed) { return (uses & ~allowed) == 0; };
  if (only(Use::writes | Use::reads_value))
    key.kind = KeyAccesses::Kind::versions;
  else if (only(Use::appends | Use::reads_list))
    key.kind = KeyAccesses::Kind::list;
  else if (only(Use::adds | Use::reads_list))
    key.kind = KeyAccesses::Kind::set;
  else if (only(Use::adds | Use::reads_value))
    key.problem = "sums do not tell which additions a client saw";
  else
    key.problem = "it is not a register, a list that is appended to, or a set that is added to";
}

}  // namespace

Accesses::Accesses(const History& history) {
  Collector collector(history);
  for (std::uint32_t i = 0; i < history.operations().size(); ++i) collector.operation(i);
  accesses_ = std::move(collector.accesses);
  std::vector<bool> seen;
  for (const Access& access : accesses_) {
    const std::uint32_t process = access.process.value();
    if (process >= seen.size()) seen.resize(process + 1);
    if (!seen[process]) ++sessions_;
    seen[process] = true;
  }
  std::stable_sort(accesses_.begin(), accesses_.end(), [](const Access& a, const Access& b) {
    return a.key != b.key ? a.key.value() < b.key.value() : a.process.value() < b.process.value();
  });
  // Keys with which only other things were done have no accesses; they are named all the same.
  std::size_t begin = 0;
  for (std::uint32_t k = 0; k < history.key_count(); ++k) {
    std::size_t end = begin;
    while (end < accesses_.size() && accesses_[end].key.value() == k) ++end;
    if (collector.uses(KeyId(k)) == 0 && begin == end) continue;
    KeyAccesses key;
    key.key = KeyId(k);
    key.accesses = std::span(accesses_).subspan(begin, end - begin);
    classify(key, collector.uses(key.key));
    keys_.push_back(std::move(key));
    begin = end;
  }
}

Versions::Versions(const History& history, std::span<const Access> accesses) {
  versions_.emplace_back();
  for (const Access& access : accesses) {
    if (!access.writes) continue;
    const Operation& op = history.operations()[access.op];
    const bool ordered = op.ok() && history.real_time();
    versions_.push_back(
        {access.value, access.process, access.op, op.begin + 1, ordered ? op.end + 1 : Version::never, op.ok()});
  }
  std::stable_sort(versions_.begin() + 1, versions_.end(),
                   [](const Version& a, const Version& b) { return a.begin < b.begin; });
  by_value_.resize(versions_.size());
  for (std::uint32_t i = 0; i < by_value_.size(); ++i) by_value_[i] = i;
  std::sort(by_value_.begin(), by_value_.end(), [this](std::uint32_t a, std::uint32_t b) {
    return versions_[a].value.bits() != versions_[b].value.bits()
               ? versions_[a].value.bits() < versions_[b].value.bits()
               : a < b;
  });
  for (std::size_t i = 1; i < by_value_.size(); ++i) {
    if (versions_[by_value_[i]].value == versions_[by_value_[i - 1]].value) {
      repeated_ = versions_[by_value_[i]].value;
      break;
    }
  }
}

std::uint32_t Versions::of(Value value) const {
  const auto at = std::lower_bound(by_value_.begin(), by_value_.end(), value.bits(),
                                   [this](std::uint32_t i, auto bits) { return versions_[i].value.bits() < bits; });
  return at != by_value_.end() && versions_[*at].value == value ? *at : none;
}

}  // namespace heir::reports::sessions
