#include "reports/check/objects/long_fork.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "reports/check/objects/sentences.h"

namespace heir::reports {

namespace {

constexpr std::size_t most_failures = 100;
constexpr std::uint32_t none = UINT32_MAX;

/// A transaction that only reads, by register.
struct GroupRead {
  std::uint32_t op = 0;  ///< Index into the object.
  std::vector<MicroOp> registers;
  std::size_t written = 0;  ///< How many of them it found written.
};

class LongFork {
 public:
  LongFork(const Object& object, const LongForkOptions& options)
      : object_(object), history_(*object.history), group_size_(options.group_size) {}

  Judgement judge() {
    find_operations();
    for (auto& [group, reads] : groups_) {
      if (!judgement_.reason.empty()) break;
      judge(reads);
    }
    std::ranges::stable_sort(judgement_.failures, {}, &Failure::at);
    if (judgement_.failures.size() > most_failures) judgement_.failures.resize(most_failures);
    judgement_.answer = !judgement_.reason.empty()    ? Judgement::Answer::unknown
                        : judgement_.failures.empty() ? Judgement::Answer::valid
                                                      : Judgement::Answer::invalid;
    if (!judgement_.reason.empty()) judgement_.failures.clear();
    return std::move(judgement_);
  }

 private:
  void find_operations() {
    for (std::uint32_t i = 0; i < object_.size() && judgement_.reason.empty(); ++i) {
      const Operation& op = object_.operation(i);
      const Value value = op.ok() && op.result.kind() == ValueKind::micro_ops ? op.result : op.argument;
      if (value.kind() != ValueKind::micro_ops) continue;
      const std::span<const MicroOp> parts = history_.micro_ops(value);
      if (parts.size() == 1 && parts[0].function == Function::write) {
        add_write(i, parts[0].key);
      } else if (op.ok() && std::ranges::all_of(parts, [](const MicroOp& m) { return m.function == Function::read; })) {
        add_read(i, parts);
      }
    }
  }

  void add_write(std::uint32_t op, KeyId key) {
    if (writes_.size() <= key.value()) writes_.resize(key.value() + 1, none);
    if (writes_[key.value()] != none) {
      judgement_.reason = fmt::format("{} writes register {} a second time", name(op), history_.key_text(key));
    }
    writes_[key.value()] = op;
  }

  void add_read(std::uint32_t op, std::span<const MicroOp> parts) {
    GroupRead read{op, {parts.begin(), parts.end()}, 0};
    std::ranges::sort(read.registers, {}, &MicroOp::key);
    std::vector<KeyId> group;
    for (const MicroOp& part : read.registers) {
      group.push_back(part.key);
      if (!part.value.is_nil()) ++read.written;
    }
    if (!group_size_) group_size_ = group.size();
    if (group.size() != *group_size_ || std::ranges::adjacent_find(group) != group.end()) {
      judgement_.reason = fmt::format("{} does not see a group of {} registers", name(op), *group_size_);
    }
    groups_[std::move(group)].push_back(std::move(read));
  }

  /// If no two reads see writes in opposite orders, each finds written what all with fewer writes do.
  void judge(std::vector<GroupRead>& reads) {
    std::ranges::stable_sort(reads, {}, &GroupRead::written);
    for (std::size_t i = 1; i < reads.size() && judgement_.reason.empty(); ++i) {
      const std::size_t only_before = seen_only_by(reads[i - 1], reads[i]);
      if (only_before == none) continue;
      return report(reads[i - 1], reads[i], only_before, seen_only_by(reads[i], reads[i - 1]));
    }
  }

  /// A register, by its place in the group, that `a` found written and `b` did not.
  std::size_t seen_only_by(const GroupRead& a, const GroupRead& b) {
    std::size_t found = none;
    for (std::size_t i = 0; i < a.registers.size(); ++i) {
      const Value in_a = a.registers[i].value;
      const Value in_b = b.registers[i].value;
      if (in_a.is_nil()) continue;
      if (in_b.is_nil()) {
        found = i;
      } else if (in_a != in_b) {
        judgement_.reason = fmt::format("{} and {} show different values of register {}", name(a.op), name(b.op),
                                        history_.key_text(a.registers[i].key));
      }
    }
    return found;
  }

  void report(const GroupRead& a, const GroupRead& b, std::size_t only_a, std::size_t only_b) {
    const KeyId in_a = a.registers[only_a].key;
    const KeyId in_b = b.registers[only_b].key;
    Failure failure;
    failure.kind = FailureKind::long_fork;
    failure.at = std::max(object_.operation(a.op).completed, object_.operation(b.op).completed);
    failure.message = fmt::format("{} shows register {} written and {} not yet, {} shows it the other way round",
                                  name(a.op), history_.key_text(in_a), history_.key_text(in_b), name(b.op));
    failure.ops = {object_.operation(a.op), object_.operation(b.op)};
    for (const KeyId key : {in_a, in_b}) {
      if (key.value() < writes_.size() && writes_[key.value()] != none) {
        failure.ops.push_back(object_.operation(writes_[key.value()]));
      }
    }
    judgement_.failures.push_back(std::move(failure));
  }

  std::string name(std::uint32_t op) const {
    const Operation& o = object_.operation(op);
    return fmt::format("{} by process {} at {}", to_string(o.function), o.process.value(),
                       objects::when(object_, o.ok() ? o.completed : o.invoked));
  }

  const Object& object_;
  const History& history_;
  std::optional<std::size_t> group_size_;
  std::vector<std::uint32_t> writes_;  ///< By register.
  std::map<std::vector<KeyId>, std::vector<GroupRead>> groups_;
  Judgement judgement_;
};

}  // namespace

Judgement judge_long_fork(const Object& object, const LongForkOptions& options) {
  return LongFork(object, options).judge();
}

}  // namespace heir::reports
