#include <fmt/format.h>

#include <algorithm>

#include "reports/check/sessions/rules.h"

namespace heir::reports::sessions {

namespace {

constexpr std::uint32_t none = Versions::none;

/// The elements of one list node, by version and by place; loaded whole, since reads that grow share their node.
class Path {
 public:
  Path(const History& history, const Versions& versions)
      : history_(history), versions_(versions), places_(versions.size(), none) {}

  void load(ListRef list) {
    if (list.node == node_) return;
    for (const std::uint32_t version : elements_) {
      if (version != none) places_[version] = none;
    }
    node_ = list.node;
    history_.elements({node_, history_.list_nodes()[node_].length()}, values_);
    elements_.clear();
    for (const Value value : values_) {
      const std::uint32_t version = versions_.of(value);
      if (version != none && places_[version] == none) places_[version] = static_cast<std::uint32_t>(elements_.size());
      elements_.push_back(version);
    }
  }
  /// Of a version; `none` if it is not there.
  std::uint32_t place(std::uint32_t version) const { return places_[version]; }
  /// Versions by place; `none` for what nobody wrote.
  const std::vector<std::uint32_t>& elements() const { return elements_; }

 private:
  const History& history_;
  const Versions& versions_;
  std::vector<Value> values_;
  std::vector<std::uint32_t> elements_;
  std::vector<std::uint32_t> places_;
  std::uint32_t node_ = none;
};

/// What must be visible, and in a list stand before it, wherever a version is: its client's previous acknowledged
/// write, and what that client had read since.
struct Needs {
  std::uint32_t previous = none;
  std::uint32_t first_seen = 0;  ///< In `seen`: those of the next version end them.
  std::uint32_t seen_count = 0;
};

class ListCheck {
 public:
  ListCheck(const History& history, const KeyAccesses& key, const Versions& versions, Violations& violations)
      : history_(history),
        key_(key),
        versions_(versions),
        ordered_(key.kind == KeyAccesses::Kind::list),
        path_(history, versions),
        needs_(versions.size()),
        marked_(versions.size(), 0),
        told_(versions.size(), 0),
        violations_(violations) {}

  void run() {
    for_each_session(key_.accesses, [this](std::span<const Access> accesses) { session(accesses); });
    others();
  }

 private:
  // ---- What a session promises its own client.
  void session(std::span<const Access> accesses) {
    std::vector<std::uint32_t> unseen;  // own acknowledged writes that no own read was asked for yet
    std::vector<std::uint32_t> seen;    // what reads added since the last acknowledged write
    std::uint32_t own = none;
    const Access* last_read = nullptr;
    for (const Access& access : accesses) {
      if (access.writes) {
        const std::uint32_t version = versions_.of(access.value);
        needs_[version] = {own, static_cast<std::uint32_t>(seen_.size()), static_cast<std::uint32_t>(seen.size())};
        seen_.insert(seen_.end(), seen.begin(), seen.end());
        if (!versions_[version].acknowledged) continue;
        own = version;
        unseen.push_back(version);
        seen.clear();
        continue;
      }
      const ListRef now = list_of(access);
      path_.load(now);
      for (const std::uint32_t version : unseen) {
        if (path_.place(version) >= now.length) misses_own(access, version);
      }
      unseen.clear();
      monotonic(last_read, access, seen);
      last_read = &access;
    }
  }

  /// Compares a session's read with the one before it, and notes what is new.
  void monotonic(const Access* before, const Access& access, std::vector<std::uint32_t>& seen) {
    const ListRef now = list_of(access);
    const ListRef then = before ? list_of(*before) : ListRef();
    std::uint32_t from = 0;  // everything before this place was seen already
    if (then.node == now.node && then.length <= now.length) {
      from = then.length;
    } else if (then.length > 0) {
      history_.elements(then, then_values_);
      ++mark_;
      bool told = false;
      for (std::uint32_t i = 0; i < then.length; ++i) {
        const std::uint32_t version = versions_.of(then_values_[i]);
        if (version == none || marked_[version] == mark_) continue;
        marked_[version] = mark_;
        const std::uint32_t place = path_.place(version);
        if (!told && (place >= now.length || (ordered_ && place != i))) {
          told = true;
          goes_back(*before, access, version, place < now.length);
        }
      }
    }
    for (std::uint32_t i = from; i < now.length; ++i) {
      const std::uint32_t version = path_.elements()[i];
      if (version == none) continue;
      // Its own acknowledged writes are needed anyway.
      const Version& of = versions_[version];
      const bool own = of.writer == access.process && of.acknowledged && of.op <= access.op;
      const bool news = !own && (from > 0 || then.length == 0 || marked_[version] != mark_);
      if (news) seen.push_back(version);
    }
  }

  // ---- What it promises everybody who sees its writes.
  void others() {
    std::vector<const Access*> reads;
    for (const Access& access : key_.accesses) {
      if (!access.writes && list_of(access).length > 0) reads.push_back(&access);
    }
    std::sort(reads.begin(), reads.end(), [](const Access* a, const Access* b) {
      const std::uint32_t x = list_of(*a).node, y = list_of(*b).node;
      return x != y ? x < y : a->op < b->op;
    });
    std::uint32_t node = none;
    std::vector<Missing> missing;
    for (const Access* read : reads) {
      const ListRef now = list_of(*read);
      path_.load(now);
      if (now.node != node) missing = missing_of_node();
      node = now.node;
      for (const Missing& one : missing) {
        if (one.place >= now.length) break;
        if (!ordered_ && one.needed_place < now.length) continue;
        out_of_order(*read, one);
      }
    }
  }

  /// An element whose needs are not all before it.
  struct Missing {
    std::uint32_t place;
    std::uint32_t version;
    std::uint32_t needed;
    std::uint32_t needed_place;
    FailureKind kind;
  };
  /// By place.
  std::vector<Missing> missing_of_node() const {
    std::vector<Missing> missing;
    for (std::uint32_t place = 0; place < path_.elements().size(); ++place) {
      const std::uint32_t version = path_.elements()[place];
      if (version == none || path_.place(version) != place) continue;
      const Needs& needs = needs_[version];
      if (needs.previous != none && path_.place(needs.previous) > place)
        missing.push_back({place, version, needs.previous, path_.place(needs.previous), FailureKind::monotonic_writes});
      // Of what was read the one that comes last, or never.
      std::uint32_t latest = none, latest_place = place;
      for (std::uint32_t i = 0; i < needs.seen_count; ++i) {
        const std::uint32_t other = seen_[needs.first_seen + i];
        if (path_.place(other) <= latest_place) continue;
        latest = other;
        latest_place = path_.place(other);
        if (latest_place == none) break;
      }
      if (latest != none) missing.push_back({place, version, latest, latest_place, FailureKind::writes_follow_reads});
    }
    return missing;
  }

  // ---- Telling.
  void misses_own(const Access& access, std::uint32_t version) {
    Failure* f = begin_failure(FailureKind::read_your_writes, access);
    if (!f) return;
    f->message = fmt::format("{} did not show {}, which the same process had written, acknowledged at {}",
                             read_text(access), text(version), moment(history_, write_of(version).completed));
    f->ops.push_back(write_of(version));
  }

  void goes_back(const Access& before, const Access& access, std::uint32_t version, bool moved) {
    const Operation& earlier = history_.operations()[before.op];
    Failure* f = begin_failure(FailureKind::monotonic_reads, access);
    if (!f) return;
    f->message = fmt::format("{} {}, which a read of the same process at {} had shown{}", read_text(access),
                             (moved ? "shows another place for " : "did not show ") + text(version),
                             moment(history_, earlier.completed), moved ? " elsewhere" : "");
    f->ops.push_back(earlier);
    f->ops.push_back(write_of(version));
  }

  void out_of_order(const Access& access, const Missing& one) {
    const bool of_writes = one.kind == FailureKind::monotonic_writes;
    const std::uint8_t bit = of_writes ? 1 : 2;
    if ((told_[one.version] & bit) != 0) return;
    told_[one.version] |= bit;
    const bool absent = one.needed_place >= list_of(access).length;
    Failure* f = begin_failure(one.kind, access);
    if (!f) return;
    f->message = fmt::format("{} shows {} {} {}, which process {} had {} before it wrote {}", read_text(access),
                             text(one.version), absent ? "but not" : "before", text(one.needed),
                             versions_[one.version].writer.value(), of_writes ? "written" : "read", text(one.version));
    f->ops.push_back(write_of(one.needed));
    f->ops.push_back(write_of(one.version));
  }

  /// Null if enough of its kind are told.
  Failure* begin_failure(FailureKind kind, const Access& access) {
    return violations_.add(kind, history_.operations()[access.op]);
  }
  std::string read_text(const Access& access) const {
    const Operation& op = history_.operations()[access.op];
    const std::string who = is_read(op.function)
                                ? describe(history_, op)
                                : fmt::format("read of key {} in a {} by process {}", history_.key_text(key_.key),
                                              to_string(op.function), op.process.value());
    return fmt::format("{} at {}", who, moment(history_, op.completed));
  }
  std::string text(std::uint32_t version) const { return history_.value_text(versions_[version].value); }
  const Operation& write_of(std::uint32_t version) const { return history_.operations()[versions_[version].op]; }
  /// A key that was not there is read as nil: nothing is in it.
  static ListRef list_of(const Access& read) {
    return read.value.kind() == ValueKind::list ? read.value.list() : ListRef();
  }

  const History& history_;
  const KeyAccesses& key_;
  const Versions& versions_;
  bool ordered_;
  Path path_;
  std::vector<Needs> needs_;           ///< By version.
  std::vector<std::uint32_t> seen_;    ///< Versions, for `needs_`.
  std::vector<std::uint32_t> marked_;  ///< By version: the last comparison in which it was in the earlier read.
  std::uint32_t mark_ = 0;
  std::vector<std::uint8_t> told_;  ///< By version: which guarantees were reported of it.
  std::vector<Value> then_values_;
  Violations& violations_;
};

}  // namespace

void check_list_or_set(const History& history, const KeyAccesses& key, const Versions& versions,
                       Violations& violations) {
  ListCheck(history, key, versions, violations).run();
}

}  // namespace heir::reports::sessions
