#include "reports/check/transactions/causal.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "reports/check/transactions/cycles.h"
#include "reports/check/transactions/failure.h"

namespace heir::reports {
namespace {

constexpr std::uint32_t nothing = UINT32_MAX;

/// `earlier` and `later` wrote the key, `reader` depends on `earlier` and read what `later` wrote.
struct Overtaken {
  TransactionIndex earlier;
  TransactionIndex later;
  TransactionIndex reader;
  KeyId key;
};

class Causality {
 public:
  Causality(const Transactions& transactions, const RegisterVersions& registers, const OutOfTime& is_over)
      : transactions_(transactions), registers_(registers), is_over_(is_over), order_(transactions.size()) {
    number_sessions();
    find_writers();
    depend();
  }

  std::size_t clock_entries() const { return std::size_t{transactions_.size()} * sessions_; }

  /// False if the time was over before it was done.
  bool judge(Findings& findings) {
    // What depends on itself has no clock.
    if (report_cycle(findings) || stopped_) return !stopped_;
    if (!run_clocks() || !compare_reads(findings)) return false;
    for (const Overtaken& o : overtaken_) {
      order_.add({.from = o.earlier,
                  .to = o.later,
                  .kind = DependencyKind::ww,
                  .key = o.key,
                  .from_value = value_written(o.earlier, o.key),
                  .to_value = value_written(o.later, o.key)});
    }
    report_cycle(findings);
    return !stopped_;
  }

 private:
  const Operation& operation(TransactionIndex t) const { return transactions_.operation(t); }

  // ---- Dependencies

  /// Each process that was answered is a session; its acknowledged transactions are numbered from 1.
  void number_sessions() {
    session_.assign(transactions_.size(), nothing);
    place_.assign(transactions_.size(), 0);
    std::vector<std::uint32_t> of_process;
    std::vector<std::uint32_t> length;
    for (TransactionIndex t = 0; t < transactions_.size(); ++t) {
      if (!transactions_[t].ok()) continue;
      const std::uint32_t process = operation(t).process.value();
      if (process >= of_process.size()) of_process.resize(process + 1, nothing);
      if (of_process[process] == nothing) {
        of_process[process] = sessions_++;
        length.push_back(0);
      }
      session_[t] = of_process[process];
      place_[t] = ++length[session_[t]];
    }
  }

  /// Also of unknown outcome: what was read was written.
  void find_writers() {
    writer_.assign(registers_.versions().size(), nothing);
    for (const RegisterAccess& access : registers_.accesses()) {
      if (access.written != no_version) writer_[access.written] = access.transaction;
    }
  }

  void depend() {
    std::vector<TransactionIndex> latest;  // by process: acknowledged
    for (TransactionIndex t = 0; t < transactions_.size(); ++t) {
      if (transactions_[t].failed()) continue;
      const std::uint32_t process = operation(t).process.value();
      if (process >= latest.size()) latest.resize(process + 1, nothing);
      if (latest[process] != nothing) {
        order_.add({.from = latest[process], .to = t, .kind = DependencyKind::process});
      }
      if (transactions_[t].ok()) latest[process] = t;
    }
    for (const RegisterAccess& access : registers_.accesses()) {
      const TransactionIndex writer = access.read == no_version ? nothing : writer_[access.read];
      if (writer == nothing || writer == access.transaction) continue;
      const Value value = registers_.version(access.read).value;
      order_.add({.from = writer,
                  .to = access.transaction,
                  .kind = DependencyKind::wr,
                  .key = access.key,
                  .from_value = value,
                  .to_value = value});
    }
  }

  // ---- Clocks: of each transaction, how many of each session it depends on

  std::span<std::uint32_t> clock(TransactionIndex t) {
    return std::span(clocks_).subspan(std::size_t{t} * sessions_, sessions_);
  }

  bool is_over() const { return is_over_ && is_over_(); }

  /// REQUIRES: nothing depends on itself. False if the time was over.
  bool run_clocks() {
    clocks_.assign(clock_entries(), 0);
    const Groups after(transactions_.size(), [&](auto emit) {
      for (const Dependency& d : order_.edges()) emit(d.from, d.to);
    });
    std::vector<std::uint32_t> missing(transactions_.size(), 0);
    for (const Dependency& d : order_.edges()) ++missing[d.to];
    std::vector<TransactionIndex> ready;
    for (TransactionIndex t = 0; t < transactions_.size(); ++t) {
      if (missing[t] == 0) ready.push_back(t);
    }
    for (std::size_t done = 0; !ready.empty(); ++done) {
      if (done % 1024 == 0 && is_over()) return false;
      const TransactionIndex t = ready.back();
      ready.pop_back();
      for (const TransactionIndex next : after[t]) {
        const std::span<const std::uint32_t> from = clock(t);
        const std::span<std::uint32_t> to = clock(next);
        for (std::uint32_t s = 0; s < sessions_; ++s) to[s] = std::max(to[s], from[s]);
        if (session_[t] != nothing) to[session_[t]] = std::max(to[session_[t]], place_[t]);
        if (--missing[next] == 0) ready.push_back(next);
      }
    }
    return true;
  }

  // ---- Reads

  struct Write {
    std::uint32_t session;
    std::uint32_t place;
    TransactionIndex transaction;
  };

  /// False if the time was over.
  bool compare_reads(Findings& findings) {
    const std::span<const RegisterAccess> all = registers_.accesses();
    std::vector<Write> writes;
    for (std::size_t begin = 0, end = 0; begin < all.size(); begin = end) {
      if (is_over()) return false;
      writes.clear();
      for (; end < all.size() && all[end].key == all[begin].key; ++end) {
        const TransactionIndex t = all[end].transaction;
        if (all[end].written != no_version && transactions_[t].ok()) writes.push_back({session_[t], place_[t], t});
      }
      std::sort(writes.begin(), writes.end(), [](const Write& a, const Write& b) {
        return std::pair(a.session, a.place) < std::pair(b.session, b.place);
      });
      for (std::size_t i = begin; i < end; ++i) {
        if (all[i].read != no_version) compare(all[i], writes, findings);
      }
    }
    return true;
  }

  /// With the last write of each session that the reader depends on; earlier ones come before that.
  void compare(const RegisterAccess& read, std::span<const Write> writes, Findings& findings) {
    const std::span<const std::uint32_t> known = clock(read.transaction);
    for (auto begin = writes.begin(); begin != writes.end();) {
      const std::uint32_t session = begin->session;
      const auto end = std::find_if(begin, writes.end(), [&](const Write& w) { return w.session != session; });
      const auto last = std::partition_point(begin, end, [&](const Write& w) { return w.place <= known[session]; });
      if (last != begin) overtakes(read, std::prev(last)->transaction, findings);
      begin = end;
    }
  }

  void overtakes(const RegisterAccess& read, TransactionIndex earlier, Findings& findings) {
    const RegisterVersions::Version& version = registers_.version(read.read);
    const TransactionIndex later = writer_[read.read];
    if (earlier == later) return;
    if (later != nothing) {
      overtaken_.push_back({earlier, later, read.transaction, read.key});
    } else if (version.initial() && findings.count(FailureKind::not_causal)) {
      findings.add(failure_of(
          transactions_, FailureKind::not_causal, std::array{earlier, read.transaction},
          fmt::format("{} read nothing from key {}, although it depends on {}, which wrote {} there",
                      transactions_.introduce(read.transaction), key_text(read.key), transactions_.introduce(earlier),
                      transactions_.history().value_text(value_written(earlier, read.key)))));
    }
  }

  Value value_written(TransactionIndex t, KeyId key) const {
    Value value;
    for (const MicroOp& op : transactions_[t].micro_ops) {
      if (op.function == Function::write && op.key == key) value = op.value;
    }
    return value;
  }

  // ---- Words

  bool report_cycle(Findings& findings) {
    Findings cycles;
    if (!find_cycles(transactions_, order_, cycles, {.is_over = is_over_})) stopped_ = true;
    std::vector<Failure> found = cycles.take();
    if (found.empty()) return false;
    Failure& shortest = *std::min_element(
        found.begin(), found.end(), [](const Failure& a, const Failure& b) { return a.ops.size() < b.ops.size(); });
    shortest.kind = FailureKind::not_causal;
    give_reasons(shortest);
    if (findings.count(FailureKind::not_causal)) findings.add(std::move(shortest));
    return true;
  }

  /// For each step of a cycle that rests on what a third transaction read.
  void give_reasons(Failure& failure) const {
    const std::size_t steps = failure.ops.size();
    for (std::size_t i = 0; i < steps; ++i) {
      const Operation earlier = failure.ops[i];
      const Operation later = failure.ops[(i + 1) % steps];
      const auto reason = std::find_if(overtaken_.begin(), overtaken_.end(), [&](const Overtaken& o) {
        return operation(o.earlier).begin == earlier.begin && operation(o.later).begin == later.begin;
      });
      if (reason == overtaken_.end()) continue;
      failure.message += fmt::format(
          "; {} read what {} wrote to key {}, and depends on {}, which must therefore have written it before",
          transactions_.introduce(reason->reader), transactions_.name(reason->later), key_text(reason->key),
          transactions_.name(reason->earlier));
      const bool known = std::any_of(failure.ops.begin(), failure.ops.end(),
                                     [&](const Operation& op) { return op.begin == operation(reason->reader).begin; });
      if (!known) failure.ops.push_back(operation(reason->reader));
    }
  }

  const std::string& key_text(KeyId key) const { return transactions_.history().key_text(key); }

  const Transactions& transactions_;
  const RegisterVersions& registers_;
  const OutOfTime& is_over_;
  bool stopped_ = false;  ///< A search for cycles was.
  Dependencies order_;
  std::uint32_t sessions_ = 0;
  std::vector<std::uint32_t> session_;  ///< By transaction, as place_.
  std::vector<std::uint32_t> place_;
  std::vector<TransactionIndex> writer_;  ///< By version.
  std::vector<std::uint32_t> clocks_;     ///< By transaction and session.
  std::vector<Overtaken> overtaken_;
};

}  // namespace

Result<Unit> find_causal_violations(const Transactions& transactions, const RegisterVersions& registers,
                                    Findings& findings, const CausalOptions& options) {
  Causality causality(transactions, registers, options.is_over);
  if (causality.clock_entries() > options.most_clock_entries) {
    return {
        ErrorCode::out_of_space,
        fmt::format("causality was not looked at: {} transactions of so many processes need {} numbers, more than {}",
                    transactions.size(), causality.clock_entries(), options.most_clock_entries)};
  }
  if (!causality.judge(findings)) {
    return {ErrorCode::timed_out, "the time was over before causality had been looked at as a whole"};
  }
  return Unit{};
}

}  // namespace heir::reports
