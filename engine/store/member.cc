#include "engine/store/member.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "engine/base/match.h"
#include "engine/base/mutant.h"
#include "engine/base/sync.h"
#include "engine/store/durable_log.h"
#include "engine/store/frontend.h"

namespace heir::store {

namespace {

/// Messages that wait for the disk, at most; beyond it the oldest are lost, which does no harm.
constexpr std::size_t most_held = 4096;
/// A snapshot is due at so many bytes of log, too.
constexpr std::size_t most_log_bytes = std::size_t{4} << 20;
/// Who has not heard the leader for so many ticks does not send anybody to it.
constexpr std::uint32_t heard_recently = 2;
/// A tick that comes later than so many ticks after its time: the member stood still.
constexpr int stood_still = 3;

class StoreMember {
 public:
  StoreMember(Host& host, MemberOptions options)
      : host_(host),
        options_(std::move(options)),
        front_(host),
        log_(host, options_.folder, {options_.cluster, options_.protocol.self}),
        stop_(host.executor()),
        to_write_(host.executor()) {}
  StoreMember(const StoreMember&) = delete;
  StoreMember& operator=(const StoreMember&) = delete;
  ~StoreMember() {
    if (options_.observer && started_) options_.observer->gone(raft_);
  }

  Task<void> run() {
    const Result<> started = co_await start();
    if (!started) {
      const bool forgot = started.error().code == ErrorCode::not_found || started.error().code == ErrorCode::invalid;
      say(forgot ? "store-refused" : "store-stopped", to_string(started.error()));
      co_return;
    }
    tasks_.spawn(receive());
    tasks_.spawn(tick());
    tasks_.spawn(write());
    while (!stopped_) co_await stop_.wait();
  }

 private:
  /// What a step did with a proposal or a request.
  struct Stepped {
    std::optional<raft::EntryId> proposed;
    std::optional<raft::Refusal> refused;
    std::string why;
  };

  State& state() { return front_.state; }
  bool leads() const { return raft::leads(raft_); }

  Task<Result<>> start() {
    Result<raft::Durable> durable = co_await log_.open();
    if (!durable && durable.error().code == ErrorCode::not_found) {
      if (!options_.is_new && !HEIR_MUTANT("emptied-member-votes"))
        co_return Error{ErrorCode::not_found,
                        durable.error().message +
                            ", but it has been a member before: its disk was lost, and with it what it promised, so it "
                            "does not start, and does not vote. Remedy: bring the disk back; or take the member out of "
                            "the store's members and add it anew, under a new id"};
      durable = raft::make_durable(raft::make_configuration(options_.founders));
      const Result<> created = co_await log_.create(*durable);
      if (!created) co_return created;
    }
    if (!durable) co_return durable.error();
    raft_ = raft::restore(options_.protocol, std::move(*durable));
    if (const Result<> shown = show(raft_.log.snapshot()); !shown) co_return shown;
    if (options_.observer) options_.observer->restored(raft_);
    started_ = true;
    host_.log(LogLevel::info, "store-started",
              {{"member", std::to_string(options_.protocol.self.value())},
               {"term", std::to_string(raft_.ballot.term.number())},
               {"last", std::to_string(raft_.log.last_index().number())}});
    co_return Unit{};
  }

  /// The state becomes the snapshot's.
  Result<> show(const raft::Snapshot& snapshot) {
    if (snapshot.state.empty()) return Unit{};  // Of a store that has not begun.
    Result<State> state_of_it = decode_state(snapshot.state);
    if (!state_of_it) return state_of_it.error();
    state() = std::move(*state_of_it);
    return Unit{};
  }

  // ---- What comes in ----

  Task<void> receive() {
    while (true) {
      Message message = co_await host_.receive();
      if (message.payload.starts_with(raft_tag)) {
        Result<raft::Message> said = decode_message(options_.cluster, message.payload);
        if (!said || said->to != options_.protocol.self) continue;
        // Whoever joins does not know yet who the members are.
        if (!raft::find(raft_.log.configuration(), said->from)) heard_from_.insert_or_assign(said->from, message.from);
        step(std::move(*said));
        continue;
      }
      Result<Request> request = decode_request(message.payload);
      if (!request) continue;  // Not for us, or garbage; whoever sent it learns nothing.
      take({std::move(message.from), request->client, request->request, request->attempt}, std::move(request->body));
    }
  }

  Task<void> tick() {
    MonotonicTime next = host_.monotonic_now() + options_.tick;
    while (true) {
      co_await host_.sleep_until(next);
      const MonotonicTime now = host_.monotonic_now();
      if (now - next > options_.tick * stood_still) {
        for (auto& [session, end] : ends_) end = end + (now - next);
      }
      next = now + options_.tick;
      step(raft::Tick{raft_.timeout == 0 ? draw() : 0});
      end_sessions(now);
    }
  }

  std::uint32_t draw() {
    std::array<std::byte, 4> bytes{};
    host_.random_bytes(bytes);
    std::uint32_t value = 0;
    for (const std::byte byte : bytes) value = value << 8 | std::to_integer<std::uint32_t>(byte);
    return value;
  }

  Task<void> write() {
    while (true) {
      while (writes_.empty()) co_await to_write_.wait();
      std::vector<raft::Persist> writes = std::exchange(writes_, {});
      const std::uint64_t last = writes.back().id;
      const Result<> written = co_await log_.write(std::move(writes));
      if (stopped_) co_return;
      if (!written) {
        stop(to_string(written.error()));
        co_return;
      }
      durable_ = last;
      if (options_.observer) options_.observer->persisted(raft_, last);
      while (!held_.empty() && held_.front().after <= durable_) {
        send(held_.front().message);
        held_.pop_front();
      }
      step(raft::Persisted{last});
    }
  }

  // ---- Clients ----

  void take(const Asker& asker, Body body) {
    // Whoever has just won, and does not know the store's identity yet, is asked again.
    if (leads() && state().identity == StoreId{}) return;
    if (!leads()) return front_.send(asker, not_leader());
    std::visit(
        Match{[&](OpenSession& b) { command(asker, std::move(b)); },
              [&](EndSession& b) { command(asker, std::move(b)); }, [&](Register& b) { command(asker, std::move(b)); },
              [&](Deregister& b) { command(asker, std::move(b)); }, [&](Swap& b) { command(asker, std::move(b)); },
              [&](Renew& b) {
                const auto end = ends_.find(b.session);
                const Session* session = find_session(state(), b.session);
                if (end != ends_.end() && session && !ending_.contains(b.session))
                  end->second = host_.monotonic_now() +
                                (HEIR_MUTANT("session-ends-at-half-its-ttl") ? session->ttl / 2 : session->ttl);
                if (HEIR_MUTANT("renewal-unconfirmed")) return front_.send(asker, Renewed{state().changes});
                query(asker, b);
              },
              [&](Read& b) { query(asker, std::move(b)); }, [&](FindLeader& b) { query(asker, std::move(b)); },
              [&](ReadHistory& b) { query(asker, std::move(b)); },
              [&](Watch& b) { front_.send(asker, front_.watch(asker, std::move(b))); },
              [&](ChangeMembers& b) { change(asker, b.change); },
              [&](TransferLead& b) {
                const auto to = b.to == raft::nobody ? std::nullopt : std::optional(b.to);
                const std::optional<Reply> refused = refusal(step(raft::TransferLeadership{to}));
                front_.send(asker, refused.value_or(Done{}));
              },
              [&](ListMembers& b) { query(asker, b); }},
        body);
  }

  /// Nothing if it was not refused.
  static std::optional<Reply> refusal(const Stepped& stepped) {
    if (!stepped.refused) return std::nullopt;
    const std::string why = stepped.why.empty() ? raft::to_string(*stepped.refused) : stepped.why;
    if (stepped.refused == raft::Refusal::invalid) return Invalid{why};
    return NotYet{why};
  }

  bool is_so(const raft::Change& change) const {
    const raft::Configuration& now = raft_.log.configuration();
    return std::visit(Match{[&](const raft::AddLearner& c) {
                              const raft::Member* member = raft::find(now, c.id);
                              return member && member->address == c.address;
                            },
                            [&](const raft::Promote& c) { return raft::votes(now, c.id); },
                            [&](const raft::Demote& c) { return raft::find(now, c.id) && !raft::votes(now, c.id); },
                            [&](const raft::Remove& c) { return !raft::find(now, c.id) && c.id <= now.highest; }},
                      change);
  }

  void change(const Asker& asker, const raft::Change& change) {
    const raft::LogIndex last = raft_.log.configuration_index();
    if (const auto own = proposals_.find(last); last > raft_.commit && own != proposals_.end()) {
      if (own->second.asker.client == asker.client && own->second.asker.request == asker.request) {
        own->second.asker = asker;
        return;
      }
    }
    if (last <= raft_.commit && is_so(change)) return front_.send(asker, Done{});
    const Stepped stepped = step(raft::ChangeMembership{change});
    if (std::optional<Reply> refused = refusal(stepped)) return front_.send(asker, std::move(*refused));
    if (stepped.proposed) proposals_.insert_or_assign(stepped.proposed->index, Proposal{asker, stepped.proposed->term});
  }

  NotLeader not_leader() const {
    const auto leader = raft::leader_of(raft_);
    if (!leader || raft_.elapsed > heard_recently) return {};
    return NotLeader{address_of(*leader)};
  }

  std::optional<Address> address_of(raft::MemberId id) const {
    if (const raft::Member* member = raft::find(raft_.log.configuration(), id)) return member->address;
    const auto heard = heard_from_.find(id);
    return heard == heard_from_.end() ? std::nullopt : std::optional(heard->second);
  }

  void command(const Asker& asker, Action action) {
    // One that is on its way is not proposed twice; its client wants the answer here now.
    for (auto& [index, proposal] : proposals_) {
      const bool stands = proposal.term == raft_.ballot.term;  // Others may have been taken back.
      if (!stands || proposal.asker.client != asker.client || proposal.asker.request != asker.request) continue;
      proposal.asker = asker;
      return;
    }
    const auto proposed = propose(Command{asker.client, asker.request, host_.wall_now(), std::move(action)});
    if (proposed) proposals_.insert_or_assign(proposed->index, Proposal{asker, proposed->term});
    // Else too much is on its way, or another is about to lead: the client asks again.
  }

  using Question = std::variant<Renew, Read, FindLeader, ReadHistory, ListMembers>;
  void query(const Asker& asker, Question question) {
    const std::uint64_t id = ++last_read_;
    reads_.emplace(id, Asked{asker, std::move(question)});
    step(raft::Read{id});
  }

  void answer_read(const raft::ReadOutcome& outcome) {
    const auto node = reads_.extract(outcome.id);
    ASSERT(!node.empty(), "an answer to a read that nobody asked");
    const Asked& asked = node.mapped();
    if (!outcome.index) {
      if (!leads()) front_.send(asked.asker, not_leader());
      return;
    }
    ASSERT(*outcome.index <= raft_.applied, "a read before its time");
    std::visit(Match{[&](const Renew& renew) {
                       if (!find_session(state(), renew.session)) return front_.send(asked.asker, SessionOver{});
                       // Not before that is certain.
                       if (!ending_.contains(renew.session) || HEIR_MUTANT("ending-session-renewed"))
                         front_.send(asked.asker, Renewed{state().changes});
                     },
                     [&](const ListMembers&) {
                       front_.send(asked.asker, Members{raft_.log.configuration().members, options_.protocol.self});
                     },
                     [&](const auto& query) { front_.send(asked.asker, answer(state(), query)); }},
               asked.question);
  }

  // ---- Sessions ----

  void grant_full_ttl() {
    ends_.clear();
    ending_.clear();
    const MonotonicTime now = host_.monotonic_now();
    for (const Session& session : state().sessions)
      ends_.emplace(session.id, now + (HEIR_MUTANT("new-leader-grants-no-ttl") ? Duration::zero() : session.ttl));
  }

  void end_sessions(MonotonicTime now) {
    std::vector<SessionId> due;
    for (const auto& [session, end] : ends_)
      if (end <= now && !ending_.contains(session)) due.push_back(session);
    for (const SessionId session : due)
      if (propose(Command{ClientId(), 0, host_.wall_now(), EndSession{session}})) ending_.insert(session);
  }

  // ---- Steps ----

  /// Where it was put, if it was.
  std::optional<raft::EntryId> propose(const Logged& logged) { return step(raft::Propose{encode(logged)}).proposed; }

  Stepped step(raft::Input input) {
    if (stopped_) return {};
    const bool led = leads();
    if (options_.observer) options_.observer->stepping(raft_, input);
    raft::Output output = raft::step(raft_, std::move(input));
    if (options_.observer) options_.observer->stepped(raft_, output);
    Stepped stepped{output.proposed, output.refused, output.why};
    carry_out(std::move(output), led);
    begin_store();
    take_snapshot();
    return stepped;
  }

  void carry_out(raft::Output output, bool led) {
    if (output.persist) {
      writes_.push_back(std::move(*output.persist));
      to_write_.notify();
    }
    for (raft::Outgoing& outgoing : output.messages) {
      if (outgoing.after <= durable_) {
        send(outgoing.message);
      } else {
        if (held_.size() >= most_held) held_.pop_front();
        held_.push_back(std::move(outgoing));
      }
    }
    if (output.forgot && !HEIR_MUTANT("forgetful-member-goes-on"))
      return refuse(
          "entry " + std::to_string(output.forgot->acknowledged.number()) + " was acknowledged, but the log ends at " +
          std::to_string(output.forgot->last.number()) +
          ": the disk has lost what was durable. Remedy: take the member out of the store's members and add it anew, "
          "under a new id, with an empty folder");
    if (output.install) {
      proposals_.erase(proposals_.begin(), proposals_.upper_bound(output.install->last.index));
      const Result<> shown = HEIR_MUTANT("snapshot-not-shown") ? Result<>() : show(*output.install);
      if (!shown) return stop(to_string(shown.error()));
    }
    if (leads() && !led) grant_full_ttl();
    for (const raft::Applicable& applicable : output.apply) apply(applicable);
    front_.push();
    for (const raft::ReadOutcome& outcome : output.reads) answer_read(outcome);
    if (led && !leads()) {
      ends_.clear();
      ending_.clear();
      front_.dismiss(not_leader());
    }
    tell_role();
  }

  void apply(const raft::Applicable& applicable) {
    const auto* entry = std::get_if<raft::Command>(&applicable.entry.payload);
    const auto proposal = proposals_.extract(applicable.index);
    const bool is_ours = !proposal.empty() && (proposal.mapped().term == applicable.entry.term ||
                                               HEIR_MUTANT("another-leaders-entry-answered"));
    if (is_ours && std::holds_alternative<raft::Configuration>(applicable.entry.payload))
      front_.send(proposal.mapped().asker, Done{});
    if (!entry) return;
    Result<Logged> logged = decode_logged(entry->bytes);
    ASSERT(logged.has_value(), "an entry of the log that nobody can have written");
    const auto* command = std::get_if<Command>(&*logged);
    const auto* end = command ? std::get_if<EndSession>(&command->action) : nullptr;
    if (end) {
      ends_.erase(end->session);
      ending_.erase(end->session);
    }
    Reply reply = store::apply(state(), std::move(*logged));
    const auto* opened = std::get_if<Opened>(&reply);
    const Session* session = opened && leads() ? find_session(state(), opened->session) : nullptr;
    if (session) ends_.try_emplace(session->id, host_.monotonic_now() + session->ttl);
    // Another leader's entry may stand where ours was to be.
    if (is_ours) front_.send(proposal.mapped().asker, std::move(reply));
  }

  /// The first leader gives the store its identity.
  void begin_store() {
    if (state().identity != StoreId{} || !raft::leads_with_own_entry(raft_) || begun_in_ == raft_.ballot.term) return;
    begun_in_ = raft_.ballot.term;
    propose(Begin{random_store_id(host_)});
  }

  void take_snapshot() {
    const raft::LogIndex last = raft_.log.snapshot().last.index;
    const bool due = raft_.applied - last >= options_.snapshot_every ||
                     (raft_.applied > last && raft_.log.bytes() >= most_log_bytes);
    if (!due || raft::sends_snapshot(raft_)) return;
    step(raft::SnapshotTaken{raft_.applied, encode_state(state())});
  }

  void send(const raft::Message& message) {
    if (options_.observer) options_.observer->sent(message);
    if (const auto address = address_of(message.to)) host_.send(*address, encode(options_.cluster, message));
  }

  void tell_role() {
    const std::string role = raft::to_string(raft_.role);
    if (role == told_role_ && raft_.ballot.term == told_term_) return;
    told_role_ = role;
    told_term_ = raft_.ballot.term;
    host_.log(LogLevel::info, "store-role", {{"role", role}, {"term", std::to_string(told_term_.number())}});
  }

  void stop(std::string why) {
    if (stopped_) return;
    say("store-stopped", std::move(why));
    stopped_ = true;
    stop_.notify();
  }

  /// Never again: not after a restart either.
  void refuse(std::string why) {
    if (stopped_) return;
    stopped_ = true;
    tasks_.spawn(note_refusal(std::move(why)));
  }

  Task<void> note_refusal(std::string why) {
    const Result<> noted = co_await log_.refuse(why);
    if (!noted) why += " (this could not be noted: " + to_string(noted.error()) + ")";
    say("store-refused", std::move(why));
    stop_.notify();
  }

  void say(const char* what, std::string why) {
    host_.log(LogLevel::error, what, {{"folder", options_.folder}, {"reason", std::move(why)}});
  }

  struct Proposal {
    Asker asker;
    raft::Term term;
  };
  struct Asked {
    Asker asker;
    Question question;
  };

  Host& host_;
  const MemberOptions options_;
  Frontend front_;
  DurableLog log_;
  raft::Raft raft_;
  bool started_ = false;
  std::map<raft::MemberId, Address> heard_from_;  ///< Who is no member that this one knows of.

  std::map<raft::LogIndex, Proposal> proposals_;
  std::map<std::uint64_t, Asked> reads_;
  std::uint64_t last_read_ = 0;

  // Of the leader alone.
  std::map<SessionId, MonotonicTime> ends_;
  std::set<SessionId> ending_;  ///< Their ends are in the log, and may not be committed.
  raft::Term begun_in_;         ///< The last term in which this member proposed to begin the store.

  std::vector<raft::Persist> writes_;
  std::uint64_t durable_ = 0;  ///< Every Persist up to here is.
  std::deque<raft::Outgoing> held_;

  std::string told_role_;
  raft::Term told_term_;
  bool stopped_ = false;
  Signal stop_;
  Signal to_write_;
  Scope tasks_;
};

}  // namespace

Task<void> serve_member(Host& host, MemberOptions options) {
  StoreMember member(host, std::move(options));
  co_await member.run();
}

}  // namespace heir::store
