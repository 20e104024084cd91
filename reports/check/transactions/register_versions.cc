#include "reports/check/transactions/register_versions.h"

#include <fmt/format.h>

#include <algorithm>

namespace heir::reports {
namespace {

constexpr std::uint32_t nowhere = UINT32_MAX;

bool is_value_of_a_register(Value value) {
  return value.kind() == ValueKind::integer || value.kind() == ValueKind::text || value.is_nil();
}

std::size_t count_micro_ops(const Transactions& transactions) {
  std::size_t count = 0;
  for (const Transaction& t : transactions) count += t.micro_ops.size();
  return count;
}

}  // namespace

RegisterVersions::RegisterVersions(const Transactions& transactions)
    : transactions_(&transactions), version_numbers_(count_micro_ops(transactions)) {}

Result<RegisterVersions> RegisterVersions::of(const Transactions& transactions) {
  RegisterVersions registers(transactions);
  if (auto error = registers.collect()) return *error;
  registers.group();
  if (auto error = registers.ambiguous()) return *error;
  return registers;
}

RegisterVersion RegisterVersions::version_of(KeyId key, Value value) {
  const auto fresh = static_cast<RegisterVersion>(versions_.size());
  const RegisterVersion v = version_numbers_.find_or_add(key.value(), static_cast<std::uint64_t>(value.bits()), fresh);
  if (v == fresh) versions_.push_back({key, value});
  return v;
}

std::optional<Error> RegisterVersions::collect() {
  std::vector<std::uint32_t> place_of_key(transactions_->history().key_count(), nowhere);
  for (TransactionIndex t = 0; t < transactions_->size(); ++t) {
    if (auto error = collect(t, place_of_key)) return error;
  }
  // By key; stable, so transactions stay in order.
  const Groups by_key(place_of_key.size(), [&](auto emit) {
    for (std::uint32_t i = 0; i < accesses_.size(); ++i) emit(accesses_[i].key.value(), i);
  });
  std::vector<RegisterAccess> sorted;
  sorted.reserve(accesses_.size());
  for (std::size_t key = 0; key < by_key.size(); ++key) {
    for (const std::uint32_t i : by_key[key]) sorted.push_back(accesses_[i]);
  }
  accesses_ = std::move(sorted);
  return std::nullopt;
}

/// `place_of_key`: where in accesses_ the key's access of this transaction is; as it was on return.
std::optional<Error> RegisterVersions::collect(TransactionIndex t, std::vector<std::uint32_t>& place_of_key) {
  const Transaction& transaction = (*transactions_)[t];
  const std::size_t first = accesses_.size();
  for (const MicroOp& op : transaction.micro_ops) {
    if (op.function != Function::read && op.function != Function::write) {
      return Error{ErrorCode::invalid, fmt::format("{} has a micro-operation \"{}\": registers are read and written",
                                                   transactions_->introduce(t), to_string(op.function))};
    }
    if (!is_value_of_a_register(op.value)) {
      return Error{
          ErrorCode::invalid,
          fmt::format("{} has {} in key {}: a register has one value", transactions_->introduce(t),
                      transactions_->history().value_text(op.value), transactions_->history().key_text(op.key))};
    }
    if (transaction.failed()) continue;
    std::uint32_t& place = place_of_key[op.key.value()];
    const bool known = place != nowhere;
    if (op.function == Function::read && (known || !transaction.ok())) continue;
    if (!known) {
      place = static_cast<std::uint32_t>(accesses_.size());
      accesses_.push_back({.key = op.key, .transaction = t});
    }
    (op.function == Function::read ? accesses_[place].read : accesses_[place].written) = version_of(op.key, op.value);
  }
  for (std::size_t i = first; i < accesses_.size(); ++i) place_of_key[accesses_[i].key.value()] = nowhere;
  return std::nullopt;
}

void RegisterVersions::group() {
  const auto ok = [&](const RegisterAccess& access) { return (*transactions_)[access.transaction].ok(); };
  readers_ = Groups(versions_.size(), [&](auto emit) {
    for (const RegisterAccess& access : accesses_) {
      if (access.read != no_version) emit(access.read, access.transaction);
    }
  });
  writers_ = Groups(versions_.size(), [&](auto emit) {
    for (const RegisterAccess& access : accesses_) {
      if (access.written != no_version && ok(access)) emit(access.written, access.transaction);
    }
  });
  perhaps_written_.assign(versions_.size(), false);
  for (const RegisterAccess& access : accesses_) {
    if (access.written != no_version && !ok(access)) perhaps_written_[access.written] = true;
  }
}

std::optional<Error> RegisterVersions::ambiguous() const {
  for (RegisterVersion v = 0; v < versions_.size(); ++v) {
    const std::size_t sources = writers(v).size() + (perhaps_written(v) ? 1 : 0) + (version(v).initial() ? 1 : 0);
    if (sources < 2 || readers(v).empty()) continue;
    const History& history = transactions_->history();
    const std::string also = writers(v).size() > 1 ? "also by " + transactions_->introduce(writers(v)[1])
                             : perhaps_written(v)  ? "perhaps also by a transaction of unknown outcome"
                                                   : "and is also what the key starts with";
    return Error{
        ErrorCode::invalid,
        fmt::format("{} read {} from key {}, which was written by {}, {}: nobody can tell what it saw",
                    transactions_->introduce(readers(v)[0]), history.value_text(version(v).value),
                    history.key_text(version(v).key),
                    writers(v).empty() ? "a transaction of unknown outcome" : transactions_->introduce(writers(v)[0]),
                    also)};
  }
  return std::nullopt;
}

}  // namespace heir::reports
