#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "reports/check/sessions/rules.h"
#include "reports/check/sessions/version_order.h"

namespace heir::reports::sessions {

namespace {

/// What a session has seen of the key so far.
struct Session {
  static constexpr std::uint32_t none = Versions::none;
  std::uint32_t own = none;              ///< Its latest acknowledged write.
  std::uint32_t last_write = none;       ///< Its latest write.
  std::uint32_t last_read = none;        ///< Version of its latest read.
  std::uint32_t newest_read = none;      ///< The version whose write began last, of those it has read,
  std::uint32_t newest_read_op = 0;      ///< and the read.
  std::vector<std::uint32_t> to_follow;  ///< Versions read since its last write.
};

class RegisterCheck {
 public:
  RegisterCheck(const History& history, const KeyAccesses& key, const Versions& versions, Violations& violations)
      : history_(history), key_(key), versions_(versions), order_(versions), violations_(violations) {}

  void run() {
    for_each_session(key_.accesses, [this](std::span<const Access> accesses) {
      Session session;
      for (const Access& access : accesses) {
        if (access.writes)
          write(session, access);
        else
          read(session, access);
      }
    });
    // What no single read shows, only several together. Mostly there is nothing at all, which one look tells.
    const auto any = order_.cycle(~0U);
    if (!any) return;
    for (const Because one : {Because::reads_own_writes, Because::monotonic_reads}) {
      if (shown_[static_cast<std::size_t>(one)]) continue;
      if (const auto cycle = order_.cycle(bit(one))) add_cycle(*cycle);
    }
    if (!shown_[0] && !shown_[1]) add_cycle(*any);
  }

 private:
  void write(Session& session, const Access& access) {
    const std::uint32_t version = versions_.of(access.value);
    if (session.last_write != Session::none)
      order_.add(session.last_write, version, Because::monotonic_writes, access.op);
    for (const std::uint32_t seen : session.to_follow) {
      if (seen != version) order_.add(seen, version, Because::writes_follow_reads, access.op);
    }
    session.to_follow.clear();
    session.last_write = version;
    if (versions_[version].acknowledged) session.own = version;
  }

  void read(Session& session, const Access& access) {
    const std::uint32_t version = versions_.of(access.value);
    if (version == Versions::none) return;  // of a value that nobody wrote: not a matter of sessions
    if (session.own != Session::none && session.own != version) {
      order_.add(session.own, version, Because::reads_own_writes, access.op);
      if (versions_[version].older_than(versions_[session.own])) not_its_own(access, version, session.own);
    }
    if (session.last_read != Session::none && session.last_read != version)
      order_.add(session.last_read, version, Because::monotonic_reads, access.op);
    if (session.newest_read == Session::none || versions_[session.newest_read].begin < versions_[version].begin) {
      session.newest_read = version;
      session.newest_read_op = access.op;
    } else if (versions_[version].older_than(versions_[session.newest_read])) {
      back_in_time(access, version, session);
    }
    session.last_read = version;
    if (session.to_follow.empty() || session.to_follow.back() != version) session.to_follow.push_back(version);
  }

  void not_its_own(const Access& access, std::uint32_t version, std::uint32_t own) {
    Failure* f = begin_failure(FailureKind::read_your_writes, access.op);
    if (!f) return;
    f->message = fmt::format("{}, but the same process had its {} acknowledged at {}{}", returned(access),
                             short_write(own), moment(history_, write_of(own).completed), replaced(version));
    f->ops.push_back(write_of(own));
    if (version != 0) f->ops.push_back(write_of(version));
  }

  void back_in_time(const Access& access, std::uint32_t version, const Session& session) {
    const Operation& earlier = history_.operations()[session.newest_read_op];
    Failure* f = begin_failure(FailureKind::monotonic_reads, access.op);
    if (!f) return;
    f->message = fmt::format("{}, but the same process had read {} at {}{}", returned(access),
                             text(session.newest_read), moment(history_, earlier.completed), replaced(version));
    f->ops.push_back(earlier);
    f->ops.push_back(write_of(session.newest_read));
    if (version != 0) f->ops.push_back(write_of(version));
  }

  void add_cycle(const std::vector<VersionOrder::Edge>& cycle) {
    unsigned used = 0;
    std::uint32_t last = 0;
    std::vector<std::uint32_t> ops;
    std::string story;
    for (const VersionOrder::Edge& edge : cycle) {
      if (!story.empty()) story += "; ";
      story += told(edge);
      for (const std::uint32_t version : {edge.from, edge.to}) {
        if (version != 0) ops.push_back(versions_[version].op);
      }
      if (edge.because == Because::time) continue;
      used |= bit(edge.because);
      ops.push_back(edge.op);
      if (history_.operations()[edge.op].end > history_.operations()[last].end) last = edge.op;
    }
    const auto [kind, which] = named(used);
    Failure* f = begin_failure(kind, last);
    if (!f) return;
    f->message = fmt::format("no order of the writes to {} {}: {}", key_text(), which, story);
    std::sort(ops.begin(), ops.end());
    ops.erase(std::unique(ops.begin(), ops.end()), ops.end());
    f->ops.clear();
    for (const std::uint32_t op : ops) f->ops.push_back(history_.operations()[op]);
  }

  /// By the guarantee that is needed for the contradiction and says most about whose fault it is.
  static std::pair<FailureKind, const char*> named(unsigned used) {
    switch (used) {
      case bit(Because::reads_own_writes):
        return {FailureKind::read_your_writes, "lets every process read its own writes"};
      case bit(Because::monotonic_reads):
        return {FailureKind::monotonic_reads, "keeps the reads of every process from going back"};
      default: break;
    }
    const char* const together = "keeps all session guarantees together";
    if ((used & bit(Because::writes_follow_reads)) != 0) return {FailureKind::writes_follow_reads, together};
    if ((used & bit(Because::monotonic_writes)) != 0) return {FailureKind::monotonic_writes, together};
    return {FailureKind::monotonic_reads, together};
  }

  std::string told(const VersionOrder::Edge& edge) const {
    const std::string from = text(edge.from), to = text(edge.to);
    const std::uint32_t process = history_.operations()[edge.op].process.value();
    switch (edge.because) {
      case Because::reads_own_writes: return fmt::format("process {} wrote {}, then read {}", process, from, to);
      case Because::monotonic_reads: return fmt::format("process {} read {}, then {}", process, from, to);
      case Because::monotonic_writes: return fmt::format("process {} wrote {}, then {}", process, from, to);
      case Because::writes_follow_reads: return fmt::format("process {} read {}, then wrote {}", process, from, to);
      case Because::time: break;
    }
    if (edge.from == 0) return fmt::format("{} was there before {} was written", from, to);
    return fmt::format("{} was acknowledged before the write of {} began", from, to);
  }

  /// Null if enough of its kind are told.
  Failure* begin_failure(FailureKind kind, std::uint32_t op) {
    if (kind == FailureKind::read_your_writes) shown_[0] = true;
    if (kind == FailureKind::monotonic_reads) shown_[1] = true;
    return violations_.add(kind, history_.operations()[op]);
  }

  /// "read of key 5 by process 3 at 4.000s returned 1"
  std::string returned(const Access& access) const {
    const Operation& op = history_.operations()[access.op];
    return fmt::format("{} at {} {} {}", describe(history_, op), moment(history_, op.completed),
                       op.argument.is_nil() ? "returned" : "saw", history_.value_text(access.value));
  }
  std::string replaced(std::uint32_t version) const {
    if (version == 0) return {};
    return fmt::format(", whose write began after that of {} was acknowledged at {}", text(version),
                       moment(history_, write_of(version).completed));
  }
  std::string short_write(std::uint32_t version) const { return "write of " + text(version); }
  std::string text(std::uint32_t version) const { return history_.value_text(versions_[version].value); }
  std::string key_text() const { return key_.key == no_key ? "the register" : "key " + history_.key_text(key_.key); }
  const Operation& write_of(std::uint32_t version) const { return history_.operations()[versions_[version].op]; }

  const History& history_;
  const KeyAccesses& key_;
  const Versions& versions_;
  VersionOrder order_;
  Violations& violations_;
  std::array<bool, 2> shown_{};
};

}  // namespace

void check_register(const History& history, const KeyAccesses& key, const Versions& versions, Violations& violations) {
  RegisterCheck(history, key, versions, violations).run();
}

}  // namespace heir::reports::sessions
