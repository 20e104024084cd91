#include "reports/check/transactions/rw_register.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <tuple>
#include <utility>

#include "reports/check/transactions/all_pairs.h"
#include "reports/check/transactions/causal.h"
#include "reports/check/transactions/failure.h"
#include "reports/check/transactions/register_order.h"
#include "reports/check/transactions/register_versions.h"

namespace heir::reports {
namespace {

constexpr TransactionIndex nobody = UINT32_MAX;

/// A write that nobody should see: of a transaction that failed, or that the same transaction overwrote.
struct HiddenWrite {
  KeyId key;
  Value value;
  TransactionIndex writer = nobody;
  auto place() const { return std::tuple(key.value(), value.bits()); }
};

class HiddenWrites {
 public:
  void add(const MicroOp& write, TransactionIndex writer) { writes_.push_back({write.key, write.value, writer}); }
  void sort() {
    std::stable_sort(writes_.begin(), writes_.end(),
                     [](const HiddenWrite& a, const HiddenWrite& b) { return a.place() < b.place(); });
  }
  /// Who wrote what was read, if it was one of these.
  TransactionIndex writer_of(const MicroOp& read) const {
    const HiddenWrite wanted{read.key, read.value};
    const auto at = std::partition_point(writes_.begin(), writes_.end(),
                                         [&](const HiddenWrite& w) { return w.place() < wanted.place(); });
    return at != writes_.end() && at->place() == wanted.place() ? at->writer : nobody;
  }

 private:
  std::vector<HiddenWrite> writes_;
};

class RwRegister {
 public:
  RwRegister(const Transactions& transactions, const RegisterVersions& registers, const RwRegisterOptions& options)
      : transactions_(transactions),
        history_(transactions.history()),
        registers_(registers),
        order_(transactions, registers, options),
        inference_{Dependencies(transactions.size()), Findings(options.most_of_a_kind)} {}

  Inference infer() {
    internal_reads();
    find_hidden_writes();
    hidden_reads();
    lost_updates();
    unwritten_reads();
    contradictory_orders();
    read_dependencies();
    order_dependencies();
    return std::move(inference_);
  }

 private:
  // ---- Visiting

  template <class Visit>
  void for_each_acknowledged(Visit visit) const {
    for (TransactionIndex t = 0; t < transactions_.size(); ++t) {
      if (transactions_[t].ok()) visit(t, transactions_[t].micro_ops);
    }
  }

  // ---- Anomalies that need no order

  /// A read that differs from what the transaction last read or wrote there (Cerone et al. 2015: axiom INT).
  void internal_reads() {
    struct Last {
      TransactionIndex transaction = nobody;
      const MicroOp* op = nullptr;
    };
    std::vector<Last> by_key(history_.key_count());
    for_each_acknowledged([&](TransactionIndex t, std::span<const MicroOp> ops) {
      for (const MicroOp& op : ops) {
        Last& last = by_key[op.key.value()];
        if (op.function == Function::read && last.transaction == t && last.op->value != op.value) {
          internal(t, op, *last.op);
          return;  // What follows from a wrong read tells nothing more.
        }
        last = {t, &op};
      }
    });
  }

  void internal(TransactionIndex t, const MicroOp& read, const MicroOp& before) {
    report(FailureKind::internal, {t}, [&] {
      return fmt::format("{} read {} from key {}, but had itself {} {} before", introduce(t), text(read.value),
                         text(read.key), before.function == Function::write ? "written" : "read", text(before.value));
    });
  }

  void hidden_reads() {
    for_each_acknowledged([&](TransactionIndex t, std::span<const MicroOp> ops) {
      for (const MicroOp& op : ops) {
        if (op.function != Function::read) continue;
        if (const TransactionIndex writer = failed_.writer_of(op); writer != nobody) {
          report(FailureKind::g1a, {writer, t}, [&] {
            return fmt::format("{} read {} from key {}, written by {}", introduce(t), text(op.value), text(op.key),
                               introduce(writer));
          });
        }
        if (const TransactionIndex writer = overwritten_.writer_of(op); writer != nobody && writer != t) {
          report(FailureKind::g1b, {writer, t}, [&] {
            return fmt::format("{} read {} from key {}, which {} wrote there and then overwrote itself", introduce(t),
                               text(op.value), text(op.key), introduce(writer));
          });
        }
      }
    });
  }

  void find_hidden_writes() {
    struct Last {
      TransactionIndex transaction = nobody;
      const MicroOp* write = nullptr;
    };
    std::vector<Last> by_key(history_.key_count());
    for (TransactionIndex t = 0; t < transactions_.size(); ++t) {
      for (const MicroOp& op : transactions_[t].micro_ops) {
        if (op.function != Function::write) continue;
        Last& last = by_key[op.key.value()];
        if (last.transaction == t) overwritten_.add(*last.write, t);
        if (transactions_[t].failed()) failed_.add(op, t);
        last = {t, &op};
      }
    }
    failed_.sort();
    overwritten_.sort();
  }

  /// Two transactions that read the same version of a key and then wrote it: no order has both see the other's.
  void lost_updates() {
    struct Update {
      KeyId key;
      Value read;
      TransactionIndex transaction;
      auto place() const { return std::tuple(key.value(), read.bits()); }
    };
    std::vector<Update> updates;
    struct Seen {
      TransactionIndex transaction = nobody;
      Value read;
      bool updated = false;
    };
    std::vector<Seen> by_key(history_.key_count());
    for_each_acknowledged([&](TransactionIndex t, std::span<const MicroOp> ops) {
      for (const MicroOp& op : ops) {
        Seen& seen = by_key[op.key.value()];
        if (op.function == Function::read) {
          if (seen.transaction != t) seen = {t, op.value, false};
        } else if (seen.transaction == t && !seen.updated) {
          seen.updated = true;
          updates.push_back({op.key, seen.read, t});
        }
      }
    });
    std::stable_sort(updates.begin(), updates.end(),
                     [](const Update& a, const Update& b) { return a.place() < b.place(); });
    for (std::size_t i = 1; i < updates.size(); ++i) {
      const Update& first = updates[i - 1];
      const Update& second = updates[i];
      if (first.place() != second.place()) continue;
      report(FailureKind::lost_update, {first.transaction, second.transaction}, [&] {
        return fmt::format("{} and {} both read {} from key {} and then wrote it: neither saw the other",
                           introduce(first.transaction), introduce(second.transaction), text(second.read),
                           text(second.key));
      });
    }
  }

  void unwritten_reads() {
    for (RegisterVersion v = 0; v < registers_.versions().size(); ++v) {
      if (registers_.readers(v).empty() || is_written(v)) continue;
      const TransactionIndex t = registers_.readers(v).front();
      report(FailureKind::garbage_read, {t}, [&] {
        return fmt::format("{} read {} from key {}, which no transaction wrote", introduce(t), text(v),
                           text(registers_.version(v).key));
      });
    }
  }

  /// By any transaction, however it ended and whatever it did later; or from the start.
  bool is_written(RegisterVersion v) const {
    const RegisterVersions::Version& version = registers_.version(v);
    if (version.initial() || !registers_.writers(v).empty() || registers_.perhaps_written(v)) return true;
    const MicroOp read{Function::read, version.key, version.value};
    return failed_.writer_of(read) != nobody || overwritten_.writer_of(read) != nobody;
  }

  // ---- Orders

  void contradictory_orders() {
    for (std::size_t i = 0; i < order_.contradictions(); ++i) {
      if (!inference_.findings.count(FailureKind::cyclic_versions)) continue;
      const RegisterCycle& cycle = order_.cycles()[i];
      inference_.findings.add(
          failure_of(transactions_, FailureKind::cyclic_versions, cycle.witnesses,
                     fmt::format("the versions of key {} have no order: {}", text(cycle.key), cycle.why)));
    }
  }

  void read_dependencies() {
    for (RegisterVersion v = 0; v < registers_.versions().size(); ++v) {
      const Value value = registers_.version(v).value;
      for (const TransactionIndex writer : registers_.writers(v)) {
        for (const TransactionIndex reader : registers_.readers(v)) {
          if (reader == writer) future_read(reader, v);
          inference_.dependencies.add({.from = writer,
                                       .to = reader,
                                       .kind = DependencyKind::wr,
                                       .key = registers_.version(v).key,
                                       .from_value = value,
                                       .to_value = value});
        }
      }
    }
  }

  void future_read(TransactionIndex t, RegisterVersion v) {
    report(FailureKind::future_read, {t}, [&] {
      return fmt::format("{} read {} from key {} before it wrote that itself", introduce(t), text(v),
                         text(registers_.version(v).key));
    });
  }

  void order_dependencies() {
    std::vector<Overwrite> overwrites;
    for (RegisterVersion v = 0; v < registers_.versions().size(); ++v) {
      overwrites.clear();
      for (const RegisterVersion later : order_.after(v)) {
        for (const TransactionIndex writer : registers_.writers(later)) {
          overwrites.push_back({writer, registers_.version(later).value});
        }
      }
      if (overwrites.empty()) continue;
      std::sort(overwrites.begin(), overwrites.end(),
                [](const Overwrite& a, const Overwrite& b) { return a.transaction < b.transaction; });
      const auto& [key, value] = registers_.version(v);
      add_all_pairs(inference_.dependencies, DependencyKind::ww, key, value, registers_.writers(v), overwrites);
      add_all_pairs(inference_.dependencies, DependencyKind::rw, key, value, registers_.readers(v), overwrites);
      if (!registers_.writers(v).empty() || !registers_.readers(v).empty()) inference_.shows_order = true;
    }
  }

  // ---- Words

  template <class Message>
  void report(FailureKind kind, std::initializer_list<TransactionIndex> involved, Message message) {
    if (!inference_.findings.count(kind)) return;
    inference_.findings.add(failure_of(transactions_, kind, std::span(involved.begin(), involved.size()), message()));
  }
  std::string introduce(TransactionIndex t) const { return transactions_.introduce(t); }
  const std::string& text(KeyId key) const { return history_.key_text(key); }
  std::string text(Value value) const { return history_.value_text(value); }
  std::string text(RegisterVersion v) const { return text(registers_.version(v).value); }

  const Transactions& transactions_;
  const History& history_;
  const RegisterVersions& registers_;
  RegisterOrder order_;
  HiddenWrites failed_;
  HiddenWrites overwritten_;
  Inference inference_;
};

}  // namespace

Result<Inference> infer_rw_register(const Transactions& transactions, const RwRegisterOptions& options) {
  const Result<RegisterVersions> registers = RegisterVersions::of(transactions);
  if (!registers) return registers.error();
  Inference inference = RwRegister(transactions, *registers, options).infer();
  if (options.causal) {
    const Result<Unit> looked =
        find_causal_violations(transactions, *registers, inference.findings, {.is_over = options.is_over});
    if (!looked) inference.left_out.push_back(looked.error().message);
  }
  return inference;
}

}  // namespace heir::reports
