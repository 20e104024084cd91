#include "reports/check/transactions/list_append.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "reports/check/transactions/all_pairs.h"
#include "reports/check/transactions/failure.h"
#include "reports/check/transactions/groups.h"
#include "reports/check/transactions/list_versions.h"

namespace heir::reports {

namespace {

constexpr std::uint32_t none = ListVersions::none;

class ListAppend {
 public:
  ListAppend(const Transactions& transactions, const ListVersions& lists, const ListAppendOptions& options)
      : transactions_(transactions),
        history_(transactions.history()),
        lists_(lists),
        dependencies_(transactions.size()),
        findings_(options.most_of_a_kind) {}

  Inference infer(const ListAppendOptions& options) {
    find_orders();
    within_transactions();
    flawed_versions();
    intermediate_reads();
    lost_updates();
    incompatible_orders();
    dirty_updates();
    if (options.lost_appends) lost_appends();
    find_dependencies();
    return {std::move(dependencies_), std::move(findings_)};
  }

 private:
  using Element = ListVersions::Element;
  using Version = ListVersions::Version;

  const Element& element(ElementId e) const { return lists_.elements()[e]; }
  const Version& version(VersionId v) const { return lists_.versions()[v]; }
  /// Nil for none, which stands for the empty list.
  Value value_of(ElementId e) const { return e == none ? Value::nil() : element(e).value; }
  /// Does the writer of the element count for dependencies? Garbage has none, and what failed did not happen.
  bool written(ElementId e) const { return element(e).writer != none && transactions_[element(e).writer].possible(); }

  // ---- Visiting

  /// visit(transaction, number of the micro-operation, it) for all reads that are known.
  template <class Visit>
  void for_each_read(Visit visit) const {
    for (TransactionIndex t = 0; t < transactions_.size(); ++t) {
      if (!transactions_[t].ok()) continue;
      const std::span<const MicroOp> ops = transactions_[t].micro_ops;
      for (std::size_t i = 0; i < ops.size(); ++i) {
        if (ops[i].function == Function::read) visit(t, ops[i].key, lists_.item(t, i));
      }
    }
  }

  /// For all appends that happened or may have.
  template <class Visit>
  void for_each_append(Visit visit) const {
    for (TransactionIndex t = 0; t < transactions_.size(); ++t) {
      if (!transactions_[t].possible()) continue;
      const std::span<const MicroOp> ops = transactions_[t].micro_ops;
      for (std::size_t i = 0; i < ops.size(); ++i) {
        if (ops[i].function == Function::append) visit(t, ops[i].key, lists_.item(t, i));
      }
    }
  }

  // ---- Orders

  /// The version order of each key.
  void find_orders() {
    longest_.resize(lists_.key_count());
    longest_reader_.assign(lists_.key_count(), none);
    for (std::uint32_t k = 0; k < lists_.key_count(); ++k) longest_[k] = k;
    for_each_read([&](TransactionIndex t, KeyId key, VersionId v) {
      VersionId& longest = longest_[key.value()];
      if (version(v).length <= version(longest).length) return;
      longest = v;
      longest_reader_[key.value()] = t;
    });
    std::vector<ElementId> single(lists_.key_count(), none);  // by key: its only append
    std::vector<bool> several(lists_.key_count(), false);
    for_each_append([&](TransactionIndex, KeyId key, ElementId e) {
      several[key.value()] = single[key.value()] != none;
      single[key.value()] = e;
    });
    position_.assign(lists_.elements().size(), none);
    order_begin_.assign(1, 0);
    for (std::uint32_t k = 0; k < lists_.key_count(); ++k) {
      const std::size_t begin = order_.size();
      for (VersionId v = longest_[k]; !lists_.is_empty_list(v); v = version(v).parent) {
        if (!lists_.repeats(v)) order_.push_back(version(v).last);
      }
      std::reverse(order_.begin() + static_cast<std::ptrdiff_t>(begin), order_.end());
      if (order_.size() == begin && single[k] != none && !several[k]) order_.push_back(single[k]);
      for (std::size_t i = begin; i < order_.size(); ++i) {
        position_[order_[i]] = static_cast<std::uint32_t>(i - begin);
      }
      order_begin_.push_back(static_cast<std::uint32_t>(order_.size()));
    }
  }

  std::span<const ElementId> order(KeyId key) const {
    const std::uint32_t begin = order_begin_[key.value()];
    return std::span(order_).subspan(begin, order_begin_[key.value() + 1] - begin);
  }

  /// What was appended just before; none if it is, or may be, the first. An element that the longest read does not
  /// show comes after all that it shows.
  ElementId preceding(KeyId key, ElementId e) const {
    const std::span<const ElementId> elements = order(key);
    const std::size_t position = position_[e] == none ? elements.size() : position_[e];
    return position == 0 ? none : elements[position - 1];
  }

  // ---- Anomalies within a transaction

  /// What a transaction must find in a key: a list that ends with what it appended since it last read the key, after
  /// what it read then.
  struct Expected {
    TransactionIndex transaction = none;
    VersionId read = none;  ///< None if it has not read the key yet: any list may come before the appends.
    std::vector<ElementId> appended;
    std::vector<VersionId> reads;  ///< All versions it read so far.
  };

  void within_transactions() {
    std::vector<Expected> by_key(lists_.key_count());
    for (TransactionIndex t = 0; t < transactions_.size(); ++t) {
      if (!transactions_[t].ok()) continue;
      const std::span<const MicroOp> ops = transactions_[t].micro_ops;
      bool consistent = true;
      for (std::size_t i = 0; i < ops.size(); ++i) {
        Expected& expected = by_key[ops[i].key.value()];
        if (expected.transaction != t) {
          expected.transaction = t;
          expected.read = none;
          expected.appended.clear();
          expected.reads.clear();
        }
        if (ops[i].function == Function::append) {
          future_read(t, expected, lists_.item(t, i));
          expected.appended.push_back(lists_.item(t, i));
          continue;
        }
        const VersionId read = lists_.item(t, i);
        if (consistent && !agrees(expected, read)) {
          consistent = false;  // what follows from a wrong read tells nothing more
          internal(t, ops[i].key, expected, read);
        }
        expected.read = read;
        expected.appended.clear();
        if (expected.reads.empty() || expected.reads.back() != read) expected.reads.push_back(read);
      }
    }
  }

  bool agrees(const Expected& expected, VersionId read) const {
    VersionId v = read;
    for (auto e = expected.appended.rbegin(); e != expected.appended.rend(); ++e) {
      if (lists_.is_empty_list(v) || version(v).last != *e) return false;
      v = version(v).parent;
    }
    return expected.read == none || expected.read == v;
  }

  void internal(TransactionIndex t, KeyId key, const Expected& expected, VersionId read) {
    if (!findings_.count(FailureKind::internal)) return;
    std::string tail;
    for (const ElementId e : expected.appended) {
      tail += fmt::format("{}{}", tail.empty() ? "" : ",", history_.value_text(element(e).value));
    }
    std::string must;
    if (expected.read == none) {
      must = fmt::format("had itself appended {} to it", tail);
    } else if (tail.empty()) {
      must = fmt::format("had read {} from it before", list_text(expected.read));
    } else {
      must = fmt::format("had read {} from it before and then appended {}", list_text(expected.read), tail);
    }
    add(FailureKind::internal, {t},
        fmt::format("{} read {} from key {}, but {}", transactions_.introduce(t), list_text(read), key_text(key),
                    must));
  }

  void future_read(TransactionIndex t, const Expected& expected, ElementId e) {
    const bool seen = std::ranges::any_of(expected.reads, [&](VersionId read) { return lists_.contains(read, e); });
    if (!seen || !findings_.count(FailureKind::future_read)) return;
    add(FailureKind::future_read, {t},
        fmt::format("{} read {} from key {} before it appended that itself", transactions_.introduce(t), value_text(e),
                    key_text(element(e).key)));
  }

  // ---- Versions that cannot be, and who read them

  /// G1a, garbage-read and duplicate-elements: of each flawed version the first read that shows it.
  void flawed_versions() {
    each_first_sight(
        [&](VersionId v) { return writer_failed(version(v).last); },
        [&](TransactionIndex t, KeyId key, VersionId flawed) {
          if (!findings_.count(FailureKind::g1a)) return;
          const TransactionIndex writer = element(version(flawed).last).writer;
          add(FailureKind::g1a, {writer, t},
              fmt::format("{} read {} from key {}, appended by {}", transactions_.introduce(t),
                          value_text(version(flawed).last), key_text(key), transactions_.introduce(writer)));
        });
    each_first_sight([&](VersionId v) { return element(version(v).last).writer == none; },
                     [&](TransactionIndex t, KeyId key, VersionId flawed) {
                       if (!findings_.count(FailureKind::garbage_read)) return;
                       add(FailureKind::garbage_read, {t},
                           fmt::format("{} read {} from key {}, which nobody appended", transactions_.introduce(t),
                                       value_text(version(flawed).last), key_text(key)));
                     });
    each_first_sight([&](VersionId v) { return lists_.repeats(v); },
                     [&](TransactionIndex t, KeyId key, VersionId flawed) {
                       if (!findings_.count(FailureKind::duplicate_elements)) return;
                       add(FailureKind::duplicate_elements, {t},
                           fmt::format("{} read a list from key {} in which {} stands twice",
                                       transactions_.introduce(t), key_text(key), value_text(version(flawed).last)));
                     });
  }

  bool writer_failed(ElementId e) const {
    return element(e).writer != none && transactions_[element(e).writer].failed();
  }

  template <class IsFlawed, class Report>
  void each_first_sight(IsFlawed is_flawed, Report report) const {
    // By version: the longest flawed beginning. Empty as long as there is none.
    std::vector<VersionId> flawed;
    for (VersionId v = lists_.key_count(); v < lists_.versions().size(); ++v) {
      const bool is = is_flawed(v);
      if (is && flawed.empty()) flawed.assign(lists_.versions().size(), none);
      if (!flawed.empty()) flawed[v] = is ? v : flawed[version(v).parent];
    }
    if (flawed.empty()) return;
    std::vector<bool> told(lists_.versions().size(), false);
    for_each_read([&](TransactionIndex t, KeyId key, VersionId read) {
      for (VersionId v = flawed[read]; v != none && !told[v]; v = flawed[version(v).parent]) {
        told[v] = true;
        report(t, key, v);
      }
    });
  }

  void intermediate_reads() {
    for_each_read([&](TransactionIndex t, KeyId key, VersionId read) {
      if (lists_.is_empty_list(read)) return;
      const Element& last = element(version(read).last);
      if (!last.intermediate || last.writer == t || !findings_.count(FailureKind::g1b)) return;
      add(FailureKind::g1b, {last.writer, t},
          fmt::format("{} read key {} as it was in the middle of {}, which appended {} and then more to it",
                      transactions_.introduce(t), key_text(key), transactions_.introduce(last.writer),
                      value_text(version(read).last)));
    });
  }

  void incompatible_orders() {
    std::vector<bool> told(lists_.key_count(), false);
    for_each_read([&](TransactionIndex t, KeyId key, VersionId read) {
      const VersionId longest = longest_[key.value()];
      if (told[key.value()] || lists_.begins(read, longest)) return;
      told[key.value()] = true;
      if (!findings_.count(FailureKind::incompatible_order)) return;
      const TransactionIndex other = longest_reader_[key.value()];
      add(FailureKind::incompatible_order, {t, other},
          fmt::format("{} read {} from key {}, {} read {}: neither is a beginning of the other",
                      transactions_.introduce(t), list_text(read), key_text(key), transactions_.introduce(other),
                      list_text(longest)));
    });
  }

  // ---- Updates

  /// Two transactions that both read the same version of a key and then appended to it.
  void lost_updates() {
    struct Seen {
      TransactionIndex transaction = none;
      VersionId read = none;
      bool appended = false;  ///< After that read.
    };
    std::vector<Seen> by_key(lists_.key_count());
    std::vector<TransactionIndex> updater(lists_.versions().size(), none);
    std::vector<bool> told(lists_.versions().size(), false);
    for (TransactionIndex t = 0; t < transactions_.size(); ++t) {
      if (!transactions_[t].ok()) continue;
      const std::span<const MicroOp> ops = transactions_[t].micro_ops;
      for (std::size_t i = 0; i < ops.size(); ++i) {
        Seen& seen = by_key[ops[i].key.value()];
        if (seen.transaction != t) seen = {t, none, false};
        if (ops[i].function == Function::read) {
          if (seen.read == none) seen.read = lists_.item(t, i);
          continue;
        }
        if (seen.read == none || seen.appended) continue;
        seen.appended = true;
        if (updater[seen.read] == none) {
          updater[seen.read] = t;
        } else if (!told[seen.read]) {
          told[seen.read] = true;
          lost_update(updater[seen.read], t, ops[i].key, seen.read);
        }
      }
    }
  }

  void lost_update(TransactionIndex first, TransactionIndex second, KeyId key, VersionId read) {
    if (!findings_.count(FailureKind::lost_update)) return;
    add(FailureKind::lost_update, {first, second},
        fmt::format("{} and {} both read {} from key {} and then appended to it: neither saw the other",
                    transactions_.introduce(first), transactions_.introduce(second), list_text(read), key_text(key)));
  }

  /// A committed append on top of one that failed. Those of unknown outcome between them decide nothing.
  void dirty_updates() {
    for (std::uint32_t k = 0; k < lists_.key_count(); ++k) {
      ElementId failed = none;
      for (const ElementId e : order(KeyId(k))) {
        const TransactionIndex writer = element(e).writer;
        if (writer == none) continue;
        if (transactions_[writer].failed()) {
          failed = e;
        } else if (transactions_[writer].ok()) {
          if (failed != none) dirty_update(failed, e);
          failed = none;
        }
      }
    }
  }

  void dirty_update(ElementId failed, ElementId over) {
    if (!findings_.count(FailureKind::dirty_update)) return;
    const TransactionIndex before = element(failed).writer;
    const TransactionIndex after = element(over).writer;
    add(FailureKind::dirty_update, {before, after},
        fmt::format("{} appended {} to key {} after {}, which {} had appended", transactions_.introduce(after),
                    value_text(over), key_text(element(over).key), value_text(failed),
                    transactions_.introduce(before)));
  }

  /// Acknowledged appends that the last reads of their key do not show: those that began after the acknowledgement and
  /// after the last read that does show it was answered.
  void lost_appends() {
    const Groups reads(lists_.key_count(), [&](auto emit) {
      for_each_read([&](TransactionIndex t, KeyId key, VersionId) { emit(key.value(), t); });
    });
    const std::vector<TransactionIndex> last_seen = last_reads();
    const auto answered = [&](TransactionIndex t) { return transactions_.operation(t).end; };
    for_each_append([&](TransactionIndex t, KeyId key, ElementId e) {
      if (!transactions_[t].ok()) return;
      TransactionIndex seer = none;
      lists_.for_each_ending_with(e, [&](VersionId v) {
        const TransactionIndex r = last_seen[v];
        if (r != none && (seer == none || answered(seer) < answered(r))) seer = r;
      });
      const std::uint32_t since = std::max(answered(t), seer == none ? 0 : answered(seer));
      const std::span<const TransactionIndex> of_key = reads[key.value()];
      const auto missing = std::ranges::upper_bound(
          of_key, since, {}, [&](TransactionIndex r) { return transactions_.operation(r).begin; });
      if (missing == of_key.end() || !findings_.count(FailureKind::lost_append)) return;
      lost_append(t, e, seer, *missing);
    });
  }

  /// By version: of the reads that show it or a longer list, the one that was answered last.
  std::vector<TransactionIndex> last_reads() const {
    std::vector<TransactionIndex> last(lists_.versions().size(), none);
    const auto later = [&](TransactionIndex& known, TransactionIndex t) {
      if (known == none || transactions_.operation(known).end < transactions_.operation(t).end) known = t;
    };
    for_each_read([&](TransactionIndex t, KeyId, VersionId v) { later(last[v], t); });
    for (std::size_t v = last.size(); v-- > lists_.key_count();) {
      if (last[v] != none) later(last[lists_.versions()[v].parent], last[v]);
    }
    return last;
  }

  void lost_append(TransactionIndex t, ElementId e, TransactionIndex seer, TransactionIndex missing) {
    const Operation& op = transactions_.operation(t);
    std::vector<TransactionIndex> involved{t};
    std::string seen = "is in no read at all";
    if (seer != none) {
      involved.push_back(seer);
      seen = fmt::format("was last read by {}", transactions_.introduce(seer));
    }
    involved.push_back(missing);
    add(FailureKind::lost_append, involved,
        fmt::format("the append of {} to key {} by {}, acknowledged to process {} at {}, {}; no read that began after "
                    "{} shows it, first {}",
                    value_text(e), key_text(element(e).key), transactions_.name(t), op.process.value(),
                    moment(history_, op.completed), seen, moment(history_, transactions_.operation(missing).invoked),
                    transactions_.introduce(missing)));
  }

  // ---- Dependencies

  void find_dependencies() {
    const std::size_t initial = lists_.elements().size();  // + key: the empty list
    readers_ = Groups(initial + lists_.key_count(), [&](auto emit) {
      for_each_read([&](TransactionIndex t, KeyId, VersionId v) {
        emit(lists_.is_empty_list(v) ? initial + v : version(v).last, t);
      });
    });
    unread_.resize(lists_.key_count());
    for_each_read([&](TransactionIndex t, KeyId key, VersionId v) {
      if (!lists_.is_empty_list(v)) depend_on_writer(t, key, version(v).last);
    });
    for_each_append([&](TransactionIndex t, KeyId key, ElementId e) { depend_on_preceding(t, key, e); });
    for (std::uint32_t k = 0; k < lists_.key_count(); ++k) depend_on_last_readers(KeyId(k));
  }

  /// Who read exactly the list that ends with an element.
  std::span<const TransactionIndex> readers_of(KeyId key, ElementId e) const {
    return readers_[e == none ? lists_.elements().size() + key.value() : e];
  }

  void depend_on_writer(TransactionIndex t, KeyId key, ElementId last) {
    if (!written(last) || element(last).writer == t) return;
    dependencies_.add({.from = element(last).writer,
                       .to = t,
                       .kind = DependencyKind::wr,
                       .key = key,
                       .from_value = value_of(last),
                       .to_value = value_of(last)});
  }

  void depend_on_preceding(TransactionIndex t, KeyId key, ElementId e) {
    const ElementId before = preceding(key, e);
    const bool is_unread = position_[e] == none;
    Dependency d{.to = t, .unread = is_unread, .key = key, .from_value = value_of(before), .to_value = value_of(e)};
    if (before != none && written(before) && element(before).writer != t) {
      d.kind = DependencyKind::ww;
      d.from = element(before).writer;
      dependencies_.add(d);
    }
    if (is_unread) {
      std::vector<Overwrite>& of_key = unread_[key.value()];
      if (of_key.empty() || of_key.back().transaction != t) of_key.push_back({t, value_of(e), true});
      return;
    }
    d.kind = DependencyKind::rw;
    for (const TransactionIndex reader : readers_of(key, before)) {
      d.from = reader;
      if (reader != t) dependencies_.add(d);
    }
  }

  /// Who read the longest list comes before all whose appends it does not show.
  void depend_on_last_readers(KeyId key) {
    if (unread_[key.value()].empty()) return;
    const ElementId last = order(key).empty() ? none : order(key).back();
    const std::span<const TransactionIndex> readers = readers_of(key, last);
    std::vector<TransactionIndex> distinct(readers.begin(), readers.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    add_all_pairs(dependencies_, DependencyKind::rw, key, value_of(last), distinct, unread_[key.value()]);
  }

  // ---- Words

  void add(FailureKind kind, std::span<const TransactionIndex> involved, std::string message) {
    findings_.add(failure_of(transactions_, kind, involved, std::move(message)));
  }
  void add(FailureKind kind, std::initializer_list<TransactionIndex> involved, std::string message) {
    add(kind, std::span(involved.begin(), involved.size()), std::move(message));
  }

  const std::string& key_text(KeyId key) const { return history_.key_text(key); }
  std::string value_text(ElementId e) const { return history_.value_text(element(e).value); }

  /// "[1,2]", or of a long list its end: "[… 7 elements …,8,9]".
  std::string list_text(VersionId v) const {
    constexpr std::uint32_t most = 8;
    constexpr std::uint32_t tail = 3;
    const std::uint32_t length = version(v).length;
    const std::uint32_t shown = length <= most ? length : tail;
    std::vector<std::string> parts;
    for (; parts.size() < shown; v = version(v).parent) parts.push_back(value_text(version(v).last));
    if (shown < length) parts.push_back(fmt::format("… {} elements …", length - shown));
    std::reverse(parts.begin(), parts.end());
    return fmt::format("[{}]", fmt::join(parts, ","));
  }

  const Transactions& transactions_;
  const History& history_;
  const ListVersions& lists_;
  Dependencies dependencies_;
  Findings findings_;

  std::vector<VersionId> longest_;  ///< By key: the longest list that was read.
  std::vector<TransactionIndex> longest_reader_;
  std::vector<ElementId> order_;            ///< The version orders of all keys, one after the other.
  std::vector<std::uint32_t> order_begin_;  ///< By key.
  std::vector<std::uint32_t> position_;     ///< By element: in its key's order.

  Groups readers_;                              ///< By last element read, then by key of the empty list read.
  std::vector<std::vector<Overwrite>> unread_;  ///< By key: what its longest read does not show.
};

}  // namespace

Result<Inference> infer_list_append(const Transactions& transactions, const ListAppendOptions& options) {
  const Result<ListVersions> lists = ListVersions::of(transactions);
  if (!lists) return lists.error();
  return ListAppend(transactions, *lists, options).infer(options);
}

}  // namespace heir::reports
