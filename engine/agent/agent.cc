#include "engine/agent/agent.h"

#include <algorithm>
#include <charconv>

#include "engine/agent/access.h"
#include "engine/agent/postgresql_database.h"
#include "engine/base/match.h"
#include "engine/base/mutant.h"
#include "engine/base/sync.h"
#include "engine/gate/gate.h"
#include "engine/store/inbox.h"
#include "engine/store/lease.h"
#include "engine/store/remote_store.h"

namespace heir::agent {

namespace {

constexpr char operator_tag = 'O';
constexpr char cancel_tag = 'C';

using failover::GateMode;
using failover::Peer;

class Agent final : private gate::Guard, private store::Receiver, private Access::Inside {
 public:
  Agent(Host& host, Config config, std::unique_ptr<Database> database, const Beginning& beginning)
      : host_(host),
        config_(std::move(config)),
        database_(std::move(database)),
        peer_(failover::make_peer(beginning.identity, config_.policy, config_.timing, config_.singleton)),
        inbox_(host),
        store_(host, inbox_, store_options(beginning.identity)),
        link_(host, store_, link_config(), [this](failover::Input input) { feed(std::move(input)); }),
        gate_(host, gate_config(), *this),
        reads_(host, gate_config(), config_.read_only, config_.others, *database_, *this, peer_),
        inputs_(host.executor()),
        stepped_(host.executor()),
        alarm_sooner_(host.executor()),
        observe_now_(host.executor()),
        looked_(host.executor()) {
    link_.set_instance({beginning.identity,
                        config_.name,
                        {config_.gate, config_.database.listen},
                        beginning.has_data ? "data" : "empty"});
    told_.role_since = host_.wall_now();
    if (config_.access) config_.access->connect(this);
  }
  ~Agent() {
    if (config_.access) config_.access->connect(nullptr);
  }
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  Task<void> run(Beginning beginning) {
    for (const char tag : {operator_tag, cancel_tag, reads_tag}) inbox_.route(tag, this);
    scope_.spawn(inbox_.run());
    scope_.spawn(link_.watch());
    scope_.spawn(drive());
    scope_.spawn(alarm());
    scope_.spawn(observe());
    std::uint64_t random[3] = {};
    host_.random_bytes(std::as_writable_bytes(std::span(random)));
    failover::Started started{beginning.has_data, config_.adopt,        new_uuid(host_),
                              beginning.store,    beginning.generation, random[2]};
    host_.log(LogLevel::info, "agent-started",
              {{"peer", peer_.id.value()}, {"data", beginning.has_data ? "yes" : "no"}});
    feed(std::move(started));
    if (config_.read_only) scope_.spawn(serve_reads());
    const Result<> ended = co_await gate_.run();
    host_.log(LogLevel::error, "gate-failed", {{"error", to_string(ended.error())}});
  }

 private:
  gate::Config gate_config() const {
    return {config_.gate, config_.database.listen, config_.plain_database, config_.fenced_reads};
  }
  Task<void> serve_reads() {
    while (true) {
      const Result<> ended = co_await reads_.run();
      host_.log(LogLevel::error, "read-only-port-failed",
                {{"error", to_string(ended.error())}, {"cure", "end what listens there; it is tried again"}});
      co_await host_.sleep(Duration::seconds(10));
    }
  }
  store::RemoteStoreOptions store_options(const PeerId& owner) const {
    store::RemoteStoreOptions options;
    options.servers = config_.store;
    options.owner = owner;
    options.timeout = config_.request_timeout;
    return options;
  }
  StoreLinkConfig link_config() const {
    return {store::ServiceName(config_.cluster),
            config_.ttl,
            config_.renewal_interval,
            config_.clock_error,
            config_.policy.lease_margin,
            config_.database.root + "/session"};
  }

  // ---- The protocol
  // ------------------------------------------------------------------------------------------------------

  /// Called from any task. What follows from the input is done by drive(), which alone cancels tasks: no task ends
  /// itself.
  void feed(failover::Input input) { inputs_.push(std::move(input)); }

  Task<void> drive() {
    while (true) {
      const failover::Input input = co_await inputs_.pop();
      const failover::Now now{host_.monotonic_now(), host_.wall_now()};
      const std::vector<failover::Effect> effects = failover::step(peer_, now, input);
      for (const failover::Effect& effect : effects) perform(effect);
      tell_changes();
      stepped_.notify();
    }
  }

  void perform(const failover::Effect& effect) {
    std::visit(Match{
                   [&](const failover::OpenSession&) { link_.open_session(); },
                   [&](const failover::EndSession& end) { link_.end_session(end.session); },
                   [&](const failover::Read& read) { link_.read(read.id); },
                   [&](const failover::Write& write) { link_.write(write); },
                   [&](const failover::Command& command) {
                     command_.cancel();
                     command_.spawn(run_command(command.id, command.command));
                   },
                   [&](const failover::Cancel& cancel) { cancel_command(cancel.id); },
                   [&](const failover::Prove& proof) {
                     proof_.cancel();
                     proof_.spawn(prove(proof.id, proof.sync));
                   },
                   [&](const failover::Remember& remember) {
                     to_remember_ = remember;
                     if (memory_.empty()) memory_.spawn(keep_memory());
                   },
               },
               effect);
  }

  Task<void> run_command(std::uint64_t id, failover::DatabaseCommand command) {
    KnownCluster cluster;
    cluster.endpoints = endpoints();
    cluster.endpoints_now = [this] { return endpoints(); };
    command_began_ = host_.monotonic_now();
    if (const auto& state = peer_.view.state) {
      cluster.opened = state->opened ? state->generation : state->last_opened;
      cluster.primary = state->primary;
      cluster.beginning = state->initial_position;
    }
    CommandResult result = co_await database_->run(command, std::move(cluster));
    host_.log(result.outcome == failover::Outcome::failed ? LogLevel::warning : LogLevel::info, "database-command",
              {{"command", failover::to_string(command)},
               {"outcome", result.outcome == failover::Outcome::done       ? "done"
                           : result.outcome == failover::Outcome::diverged ? "diverged"
                                                                           : result.message},
               {"position", result.position ? to_string(*result.position) : ""},
               {"took", to_string(host_.monotonic_now() - command_began_)}});
    feed(failover::CommandDone{id, result.outcome, std::move(result.position), std::move(result.message),
                               result.rebuilt});
    // A server that died at once must be seen, though its status is what it was before the command.
    tell_next_look_ = true;
    ask_to_look();
  }

  Endpoints endpoints() const {
    Endpoints known;
    for (const auto& [peer, instance] : link_.known())
      if (instance.addresses.size() > 1) known[peer] = instance.addresses[1];
    return known;
  }

  void cancel_command(std::uint64_t id) {
    if (database_->is_copying()) return;
    command_.cancel();
    const std::string why = "given up: something else is wanted";
    host_.log(LogLevel::info, "database-command",
              {{"command", peer_.command ? failover::to_string(peer_.command->command) : ""},
               {"outcome", why},
               {"took", to_string(host_.monotonic_now() - command_began_)}});
    feed(failover::CommandDone{id, failover::Outcome::failed, std::nullopt, why});
  }

  Task<void> prove(std::uint64_t id, PeerId sync) {
    while (true) {
      bool proved = co_await database_->prove(sync);
      // Had it restarted meanwhile, the proof would be of what it showed before.
      if (proved && !HEIR_MUTANT("proof-without-a-look")) proved = co_await look();
      if (proved) break;
      co_await host_.sleep(Duration::milliseconds(200));
    }
    feed(failover::Proved{id});
  }

  Task<void> keep_memory() {
    while (to_remember_) {
      const failover::Remember remember = *std::exchange(to_remember_, std::nullopt);
      const Result<> kept = co_await database_->remember(remember.store, remember.generation);
      if (!kept) host_.log(LogLevel::warning, "not-remembered", {{"error", to_string(kept.error())}});
    }
  }

  /// Wakes for the deadline, or earlier: that it has moved away is only seen when the former one comes.
  Task<void> alarm() {
    while (true) {
      const std::optional<MonotonicTime> due = failover::next_deadline(peer_);
      alarm_at_ = due.value_or(MonotonicTime::max());
      if (!due) {
        co_await alarm_sooner_.wait();
        continue;
      }
      if (*due <= host_.monotonic_now()) {
        feed(failover::Tick{});
        co_await stepped_.wait();
        // A deadline that the tick did not move is not due again at once.
        if (failover::next_deadline(peer_) == due) co_await host_.sleep(Duration::milliseconds(50));
        continue;
      }
      co_await alarm_sooner_.wait_until(host_, *due);
    }
  }

  Task<void> observe() {
    while (true) {
      std::optional<PeerId> sync;
      std::vector<PeerId> returning;
      if (peer_.role == failover::Role::primary && peer_.view.state) {
        sync = peer_.view.state->sync;
        for (const PeerId& deposed : peer_.view.state->deposed)
          if (is_present(peer_.view, deposed)) returning.push_back(deposed);
      }
      const std::uint64_t number = ++looks_begun_;
      const bool tell = std::exchange(tell_next_look_, false);
      failover::DatabaseStatus status = co_await database_->observe(sync, std::move(returning));
      if (tell || status != peer_.database) feed(failover::DatabaseChanged{std::move(status)});
      looks_done_ = number;
      looked_.notify();
      if (looks_begun_ < looks_wanted_) continue;
      const bool primary = peer_.role == failover::Role::primary;
      const Duration pause = primary ? config_.observe_primary : config_.observe_standby;
      co_await observe_now_.wait_until(host_, host_.monotonic_now() + pause);
    }
  }

  void ask_to_look() {
    looks_wanted_ = looks_begun_ + 1;
    observe_now_.notify();
  }

  /// An operator's word to this peer alone: "Orebuild", "Oaccept-loss GENERATION NAME".
  void receive(Message message) override {
    if (message.payload.front() == reads_tag) return reads_.receive(std::move(message));
    if (message.payload.front() == cancel_tag) return cancel_here(std::string_view(message.payload).substr(1));
    std::string_view words = std::string_view(message.payload).substr(1);
    host_.log(LogLevel::info, "operator", {{"words", std::string(words)}});
    if (words == "rebuild") return feed(failover::Rebuild{});
    constexpr std::string_view accept = "accept-loss ";
    if (!words.starts_with(accept)) return;
    words.remove_prefix(accept.size());
    std::uint64_t generation = 0;
    const auto parsed = std::from_chars(words.data(), words.data() + words.size(), generation);
    words.remove_prefix(static_cast<std::size_t>(parsed.ptr - words.data()));
    if (parsed.ec == std::errc() && words.size() > 1)
      feed(failover::AcceptLoss{Generation(generation), std::string(words.substr(1))});
  }

  // ---- What others see
  // ---------------------------------------------------------------------------------------------------

  void tell_changes() {
    if (config_.on_lease) {
      std::optional<MonotonicTime> lease;
      if (peer_.session) lease = peer_.lease_end;
      if (lease != told_.lease) config_.on_lease(lease);
      told_.lease = lease;
    }
    const GateMode mode = failover::gate_mode(peer_, host_.monotonic_now());
    if (mode != told_.gate) {
      host_.log(LogLevel::info, "gate",
                {{"mode", failover::to_string(mode)}, {"generation", std::to_string(peer_.generation.number())}});
      told_.gate = mode;
      gate_.update();
      reads_.update();
    }
    if (peer_.role != told_.role || peer_.generation != told_.generation) {
      host_.log(LogLevel::info, "role",
                {{"role", failover::to_string(peer_.role)},
                 {"generation", std::to_string(peer_.generation.number())},
                 {"upstream", peer_.upstream ? peer_.upstream->value() : ""}});
      reads_.update();
      if (peer_.role != failover::Role::primary) proof_.cancel();  // nobody waits for it any more
      link_.set_leads(peer_.role == failover::Role::primary);
      told_.role = peer_.role;
      told_.role_since = host_.wall_now();
      told_.generation = peer_.generation;
    }
    if (peer_.view.state && peer_.view.index != told_.index) {
      told_.index = peer_.view.index;
      tell_state(*peer_.view.state);
    }
    if (peer_.waiting_for != told_.waiting_for) {
      told_.waiting_for = peer_.waiting_for;
      for (const failover::Refusal& refusal : peer_.waiting_for)
        host_.log(LogLevel::debug, "waiting",
                  {{"reason", failover::to_string(refusal.reason)}, {"detail", refusal.detail}});
    }
    const MonotonicTime due = failover::next_deadline(peer_).value_or(MonotonicTime::max());
    if (due < alarm_at_) alarm_sooner_.notify();
  }

  void tell_state(const failover::ClusterState& state) {
    const auto names = [&](const std::vector<PeerId>& peers) {
      std::string text;
      for (const PeerId& peer : peers) text += (text.empty() ? "" : " ") + name_of(peer);
      return text;
    };
    host_.log(LogLevel::info, "state",
              {{"index", std::to_string(peer_.view.index)},
               {"generation", std::to_string(state.generation.number())},
               {"primary", name_of(state.primary)},
               {"sync", state.sync ? name_of(*state.sync) : ""},
               {"async", names(state.async)},
               {"deposed", names(state.deposed)},
               {"opened", state.opened ? std::to_string(state.opened->value()) : ""},
               {"proven", names(state.proven)},
               {"last_opened", std::to_string(state.last_opened.number())},
               {"freeze", !state.freeze                                       ? ""
                          : state.freeze->mode == failover::Freeze::Mode::all ? "all"
                                                                              : "takeovers"},
               {"initial", to_string(state.initial_position)},
               {"why", state.changed.why}});
  }

  std::string name_of(const PeerId& peer) const {
    const auto known = link_.known().find(peer);
    return known == link_.known().end() || known->second.name.empty() ? peer.value() : known->second.name;
  }

  // ---- Access::Inside

  Status status() const override {
    const MonotonicTime now = host_.monotonic_now();
    Status status;
    status.host = config_.name;
    status.cluster = config_.cluster;
    status.peer = peer_.id;
    status.at = host_.wall_now();
    status.role = peer_.role;
    status.role_since = told_.role_since;
    status.generation = peer_.generation;
    status.upstream = peer_.upstream;
    status.downstream = peer_.downstream;
    status.store = peer_.view.store;
    status.index = peer_.view.index;
    status.state = peer_.view.state;
    if (status.state) status.changed_at = link_.changed_at();
    status.peers = known_peers();
    status.session = peer_.session;
    if (peer_.session && store::lease_live(now, peer_.lease_end)) status.lease_left = peer_.lease_end - now;
    status.store_silent = now - store_.heard();
    status.gate = failover::gate_mode(peer_, now);
    status.gate_connections = gate_.connections();
    status.reads_open = reads_.is_open();
    status.database = peer_.database;
    status.log = database_->log_status();
    if (peer_.command)
      status.command = RunningCommand{failover::to_string(peer_.command->command), status.at - (now - command_began_)};
    status.failures = peer_.failures;
    status.last_failure = peer_.failure;
    status.waiting_for = peer_.waiting_for;
    if (const auto due = failover::next_deadline(peer_)) status.next_step_in = std::max(*due - now, Duration::zero());
    return status;
  }

  std::vector<KnownPeer> known_peers() const {
    std::vector<KnownPeer> peers;
    const auto add = [&](const PeerId& id) {
      const auto is_it = [&](const KnownPeer& peer) { return peer.id == id; };
      if (std::any_of(peers.begin(), peers.end(), is_it)) return;
      const auto known = link_.known().find(id);
      const std::string name = known == link_.known().end() ? "" : known->second.name;
      peers.push_back({id, id == peer_.id ? config_.name : name, failover::is_present(peer_.view, id)});
    };
    if (const auto& state = peer_.view.state) {
      add(state->primary);
      if (state->sync) add(*state->sync);
      for (const PeerId& id : state->async) add(id);
      for (const PeerId& id : state->deposed) add(id);
    }
    for (const auto& [id, instance] : link_.known()) add(id);
    add(peer_.id);
    return peers;
  }

  void rebuild() override { feed(failover::Rebuild{}); }
  void accept_loss(Generation generation, std::string by) override {
    feed(failover::AcceptLoss{generation, std::move(by)});
  }
  void change_timing(const failover::Timing& timing) override {
    peer_.timing = timing;
    feed(failover::Tick{});  // deadlines may be others
  }

  // ---- The gate's guard
  // --------------------------------------------------------------------------------------------------

  gate::Mode mode() override {
    switch (failover::gate_mode(peer_, host_.monotonic_now())) {
      case GateMode::closed: return gate::Mode::closed;
      case GateMode::held: return gate::Mode::held;
      case GateMode::open: return gate::Mode::open;
    }
    return gate::Mode::closed;
  }
  bool lets_out() override { return failover::lets_out(peer_, host_.monotonic_now()); }
  std::string reason() override {
    if (peer_.role != failover::Role::primary)
      return std::string("this peer's role is ") + failover::to_string(peer_.role);
    return peer_.waiting_for.empty() ? "not opened yet" : peer_.waiting_for.front().detail;
  }
  Task<bool> waits_for_sync(gate::CancelKey session) override {
    co_return co_await database_->waits_for_sync(session.process);
  }
  /// Returns when what an observation that began after this call has seen is on its way to the peer, before anything
  /// fed later; false if that one was not answered.
  Task<bool> look() override {
    ask_to_look();
    const std::uint64_t wanted = looks_wanted_;
    while (looks_done_ < wanted) co_await looked_.wait();
    co_return database_->has_answered();
  }
  void cancel_elsewhere(gate::CancelKey key) override {
    // The other port of this host.
    if (reads_.gate().has(key)) return reads_.cancel(key);
    if (gate_.has(key)) return gate_.cancel(key);
    for (const Address& other : config_.others)
      host_.send(other, cancel_tag + std::to_string(key.process) + " " + std::to_string(key.secret));
  }
  /// "PROCESS SECRET", from another host's agent, whose gate does not know them.
  void cancel_here(std::string_view words) {
    gate::CancelKey key;
    const char* const end = words.data() + words.size();
    const auto process = std::from_chars(words.data(), end, key.process);
    if (process.ec != std::errc() || process.ptr == end || *process.ptr != ' ') return;
    const auto secret = std::from_chars(process.ptr + 1, end, key.secret);
    if (secret.ec != std::errc() || secret.ptr != end) return;
    cancel_at_most_once(key);
  }
  /// A second request could reach the statement after the one that is meant.
  void cancel_at_most_once(gate::CancelKey key) {
    const bool is_read = reads_.gate().has(key) || (!gate_.has(key) && !gate_.may_have(key));
    if (is_read)
      reads_.cancel(key);
    else
      gate_.cancel(key);
  }
  Task<bool> fence() override {
    if (!peer_.view.state || !peer_.view.state->sync) co_return true;
    co_return co_await database_->prove(*peer_.view.state->sync);
  }

  Host& host_;
  const Config config_;
  std::unique_ptr<Database> database_;
  Peer peer_;
  store::Inbox inbox_;
  store::RemoteStore store_;
  StoreLink link_;
  gate::Gate gate_;
  StandbyReads reads_;
  Queue<failover::Input> inputs_;
  Signal stepped_;
  std::optional<failover::Remember> to_remember_;
  struct {
    GateMode gate = GateMode::closed;
    failover::Role role = failover::Role::unknown;
    WallTime role_since;
    Generation generation;
    std::optional<MonotonicTime> lease;
    std::uint64_t index = 0;
    std::vector<failover::Refusal> waiting_for;
  } told_;
  MonotonicTime alarm_at_ = MonotonicTime::max();
  Signal alarm_sooner_;
  Signal observe_now_;
  Signal looked_;
  std::uint64_t looks_begun_ = 0;
  std::uint64_t looks_done_ = 0;
  std::uint64_t looks_wanted_ = 0;
  bool tell_next_look_ = false;  ///< Even if it sees what was seen before.
  // Last: their tasks use all the rest.
  MonotonicTime command_began_;
  Scope command_;
  Scope proof_;
  Scope memory_;
  Scope scope_;
};

}  // namespace

Task<void> run(Host& host, Config config) {
  config.database.cluster = config.cluster;
  std::unique_ptr<Database> database = make_postgresql_database(host, config);
  Result<Beginning> beginning = co_await database->begin();
  while (!beginning) {
    host.log(LogLevel::error, "cannot-begin", {{"error", to_string(beginning.error())}});
    co_await host.sleep(Duration::seconds(1));
    beginning = co_await database->begin();
  }
  const Beginning known = *beginning;
  Agent agent(host, std::move(config), std::move(database), known);
  co_await agent.run(known);
}

}  // namespace heir::agent
