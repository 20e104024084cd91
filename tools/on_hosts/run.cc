#include "tools/on_hosts/run.h"

#include <algorithm>
#include <future>
#include <memory>

#include "sim/world/parameters.h"
#include "tools/on_hosts/aftermath.h"
#include "tools/on_hosts/client.h"
#include "tools/on_hosts/database_watch.h"
#include "tools/on_hosts/hosted_world.h"
#include "tools/on_hosts/observer.h"

namespace heir::on_hosts {

namespace {

constexpr Duration opening_limit = Duration::seconds(120);  ///< To set a cluster up, on a busy machine.
constexpr Duration tables_limit = Duration::seconds(30);
constexpr Duration settle_limit = Duration::seconds(30);  ///< As of simulated runs, for the last reads.
/// For those who are there to say so.
constexpr Duration look_limit = Duration::seconds(3);
/// Other systems look after their databases in rounds of up to so long, the first of which begins when the cluster is
/// ready: the scenario begins anywhere in one, or all seeds would strike at the same moment of it.
constexpr Duration longest_round = Duration::seconds(10);
constexpr Duration between_reports = Duration::milliseconds(100);

/// What the client's operation on a key would read.
reports::FinalValue final_value(reports::KeyId key, std::string_view name, const Answer& answer) {
  reports::FinalValue value;
  value.key = key;
  for (const auto& row : answer.rows) {
    if (row[0] != name || !row[1]) continue;
    if (name.front() == 'r')
      value.number = std::stoll(*row[1]);
    else
      value.list = numbers_in(*row[1]);
  }
  return value;
}

class Course {
 public:
  Course(const scenarios::Scenario& scenario, const RunOptions& options)
      : scenario_(scenario),
        options_(options),
        observer_(clock_, scenario.cluster.peers, members_of(scenario.store), result_),
        recorder_(clock_) {
    result_.seed = options.seed;
  }

  Result<Outcome> run() {
    const HostedWorldOptions options{options_.seed, options_.keep, options_.capture, options_.system};
    if (!go_on("the hosts")) return interrupted();
    Result<std::unique_ptr<HostedWorld>> made = HostedWorld::make(scenario_, options, observer_);
    if (!made) return made.error();
    world_ = std::move(*made);
    const Result<> done = play();
    stop_.set();
    clients_.clear();
    watch_.reset();
    world_->keep_database_logs();
    if (!done) return with_last_words(done.error());
    if (options_.capture)
      if (const Result<> flushed = world_->network().flush_captures(); !flushed) return flushed.error();
    return Outcome{std::move(result_), std::move(not_back_)};
  }

 private:
  /// False: the caller interrupts.
  bool go_on(const std::string& waits_for) {
    if (result_.interrupted) return false;
    const Instant now = now_of_machine();
    if (now < next_report_) return true;
    next_report_ = after(now, between_reports);
    result_.interrupted = options_.progress && !options_.progress({waits_for, clock_.now(), recorder_.acknowledged()});
    return !result_.interrupted;
  }

  Result<Outcome> interrupted() {
    result_.ended = std::max(sim::VirtualTime(), clock_.now());
    return Outcome{std::move(result_), {}};
  }

  /// Until it holds (true), or the time has come, or the run is interrupted or has failed.
  bool turn_until(Instant until, const std::string& waits_for, const std::function<bool()>& holds) {
    while (!world_->problem() && go_on(waits_for)) {
      if (nemesis_) kernel_->run({clock_.now(), UINT64_MAX});
      world_->turn();
      if (watch_ && !world_->system().tells_roles())
        if (const std::optional<ClusterView> view = watch_->view()) observer_.see(*view);
      if (holds()) return true;
      const Instant now = now_of_machine();
      if (now >= until) return false;
      Instant next = std::min(until, world_->next_turn());
      if (nemesis_)
        if (const std::optional<VirtualTime> event = kernel_->next_time())
          next = std::min(next, clock_.instant(*event));
      wait_for(world_->waits_for(), next, stop_);
    }
    return false;
  }
  bool turn_for(Duration time, const std::string& waits_for, const std::function<bool()>& holds) {
    return turn_until(after(now_of_machine(), time), waits_for, holds);
  }
  Result<> problem() const { return world_->problem() ? Result<>(ErrorCode::failed, *world_->problem()) : Result<>(); }

  Result<> play() {
    world_->start_programs();
    if (!world_->system().tells_roles()) watch_databases();
    if (const Result<> opened = await_opening(); !opened || result_.interrupted) return opened;
    if (const Result<> made = make_tables(); !made || result_.interrupted)
      return result_.interrupted ? Result<>() : made;
    const auto never = [] { return false; };
    if (!world_->system().tells_roles())
      turn_for(sim::RandomStream(options_.seed, "round").between(Duration::zero(), longest_round), "a moment", never);
    if (result_.interrupted) return {};
    begin();
    turn_until(clock_.instant(VirtualTime() + scenario_.duration), "", never);
    nemesis_->stop();
    if (!result_.interrupted) look_who_is_back();
    if (!result_.interrupted)
      if (const Result<> settled = settle(); !settled) return settled;
    result_.healed_at = nemesis_->healed_at();
    nemesis_.reset();
    stop_.set();
    clients_.clear();
    if (const Result<> good = problem(); !good) return good;
    conclude();
    return {};
  }

  Result<> await_opening() {
    const int expected = scenario_.cluster.peers - static_cast<int>(scenario_.cluster.late.size());
    const bool needs_sync = expected > 1 && !world_->system().tells_roles();
    const bool is_open = turn_for(opening_limit, "the cluster", [&] {
      const ClusterView& cluster = observer_.cluster();
      return cluster.opened && observer_.placed() >= expected && (!needs_sync || !cluster.sync.empty());
    });
    if (is_open || result_.interrupted) return {};
    if (const Result<> good = problem(); !good) return good;
    return Error{ErrorCode::timed_out, "the cluster was not ready in " + to_string(opening_limit) + ": generation " +
                                           std::to_string(observer_.cluster().generation) +
                                           (observer_.cluster().opened ? " is open" : " did not open") + ", " +
                                           std::to_string(observer_.placed()) + " of " + std::to_string(expected) +
                                           " peers have their place"};
  }

  /// What the superuser is answered by the primary; asked from a client's host, while the world goes on.
  Result<Answer> ask_primary(const std::string& text, Duration limit) {
    const std::vector<Access> asked = primarys_gates();
    std::future<Result<Answer>> answer =
        std::async(std::launch::async, [&] { return answer_of_primary(asked, text, limit); });
    const bool is_there = turn_for(limit + limit, "the primary", [&] {
      return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    });
    if (!is_there) stop_.set();  // The run is over.
    return answer.get();
  }

  /// Where several databases take writes, the one that the others follow says what has survived.
  std::vector<Access> primarys_gates() const {
    const Access superuser = world_->databases().front();
    std::vector<Access> gates = world_->gates(superuser.user, superuser.password);
    const int primary = observer_.host_in_role(scenarios::TargetKind::primary);
    if (world_->system().tells_roles() || primary == 0) return gates;
    return {gates[static_cast<std::size_t>(primary - 1)]};
  }

  Result<Answer> answer_of_primary(const std::vector<Access>& gates, const std::string& text, Duration limit) {
    Result<Answer> answer(ErrorCode::timed_out, "the primary let nobody in");
    const Result<> entered = world_->client(0).in_network([&]() -> Result<> {
      const Instant until = after(now_of_machine(), limit);
      std::optional<FoundHost> leader = find_leader(gates, Duration::milliseconds(50), until, stop_);
      if (!leader) return {};
      Answer said = leader->session->execute(text, {}, until, stop_);
      if (said.kind == Answer::Kind::done)
        answer = std::move(said);
      else
        answer = Error{ErrorCode::failed, said.words};
      return {};
    });
    if (!entered) return entered.error();
    return answer;
  }

  Result<> make_tables() {
    for (const char* text : client_tables) {
      const Result<Answer> made = ask_primary(text, tables_limit);
      if (!made) return Error{made.error().code, "making the clients' tables: " + made.error().message};
    }
    return {};
  }

  void watch_databases() {
    testbed::Container* const from = world_->lookout();
    if (!watch_ && from) watch_ = std::make_unique<DatabaseWatch>(*from, world_->databases());
  }

  void look_who_is_back() {
    watch_databases();
    const auto missing = [this] {
      std::vector<std::string> names;
      const ClusterView view = watch_ ? watch_->view().value_or(ClusterView()) : ClusterView();
      const std::string there = " " + view.primary + " " + view.sync + " " + view.async + " ";
      for (int host = 1; host <= scenario_.cluster.peers; ++host)
        if (const std::string name = observer_.host_name(host); there.find(" " + name + " ") == std::string::npos)
          names.push_back(name);
      return names;
    };
    turn_for(look_limit, "the databases", [&] { return missing().empty(); });
    not_back_ = missing();
    for (const std::string& host : not_back_)
      observer_.tell(sim::StoryLine::Kind::note, host, "neither takes writes at the end nor follows the primary");
  }

  void begin() {
    clock_.begin();
    kernel_ = std::make_unique<sim::Kernel>(options_.seed);
    nemesis_ = std::make_unique<sim::Nemesis>(*kernel_, scenario_, *world_,
                                              [this](const sim::FaultEvent& event) { observer_.on_fault(event); });
    world_->begin([this](int host) { return nemesis_ && nemesis_->strikes_alone(host); });
    std::uint32_t process = 0;
    for (const scenarios::Workload& workload : scenario_.workloads) {
      const sim::ClientParameters parameters = sim::client_parameters(scenario_, workload);
      if (workload.reads < scenarios::Ratio::percent(100)) result_.has_writers = true;
      std::vector<Access> gates = world_->gates(client_user);
      std::vector<Access> standbys;
      if (workload.reads_from == scenarios::ReadsFrom::standbys) standbys = world_->standbys(client_user);
      for (std::vector<Access>* const all : {&gates, &standbys})
        for (Access& access : *all) access.silence = workload.timeout;
      for (int i = 0; i < workload.clients; ++i) {
        const reports::ProcessId id(++process);
        clients_.push_back(std::make_unique<Client>(world_->client(process - 1), parameters, id, options_.seed, gates,
                                                    standbys, clock_, recorder_, stop_));
        if (i == 0) readers_.push_back(clients_.back().get());
      }
    }
    for (const auto& client : clients_) client->start();
  }

  /// What is still open ends by its timeout; then everything is read once more.
  Result<> settle() {
    const auto clients_are_done = [this] {
      return std::all_of(clients_.begin(), clients_.end(), [](const auto& client) { return client->is_done(); });
    };
    if (!turn_for(settle_limit, "the clients", clients_are_done)) {
      if (result_.interrupted || world_->problem()) return {};
      return Error{ErrorCode::timed_out,
                   "the clients had not ended " + to_string(settle_limit) + " after the scenario"};
    }
    const VirtualTime until = clock_.now() + settle_limit;
    for (Client* reader : readers_) reader->read_all(until);
    turn_for(settle_limit + settle_limit, "the last reads", clients_are_done);
    if (!scenario_.workloads.empty() && !result_.interrupted) final_ = ask_for_all();
    return {};
  }

  std::optional<Answer> ask_for_all() {
    Result<Answer> all = ask_primary(
        "SELECT 'r' || key, value::text FROM registers UNION ALL SELECT 'l' || key, value::text FROM lists "
        "UNION ALL SELECT 's0', array_agg(value ORDER BY place)::text FROM elements",
        settle_limit);
    return all ? std::optional(std::move(*all)) : std::nullopt;
  }

  void conclude() {
    result_.ended = clock_.now();
    result_.history = recorder_.history([this](int peer, VirtualTime at) { return observer_.generation_at(peer, at); });
    result_.events = result_.history.size();
    result_.requests = world_->requests();
    if (final_) {
      result_.final_state.emplace();
      for (std::uint32_t id = 1; id < result_.history.key_count(); ++id) {
        const reports::KeyId key(id);
        std::string_view name = result_.history.key_text(key);
        if (name.size() > 2 && name.front() == '"') name = name.substr(1, name.size() - 2);
        result_.final_state->push_back(final_value(key, name, *final_));
      }
    }
    conclude_from_history(scenario_, result_);
    observer_.conclude();
  }

  Error with_last_words(const Error& error) const {
    std::string words;
    const std::size_t count = result_.story.size();
    for (std::size_t i = count - std::min<std::size_t>(count, 5); i < count; ++i)
      words +=
          (words.empty() ? "; the last that was heard: " : " | ") + result_.story[i].host + " " + result_.story[i].what;
    return {error.code, error.message + words};
  }

  const scenarios::Scenario& scenario_;
  const RunOptions& options_;
  sim::RunResult result_;
  RealClock clock_;
  Stop stop_;
  Observer observer_;
  Recorder recorder_;
  std::unique_ptr<HostedWorld> world_;
  std::unique_ptr<DatabaseWatch> watch_;
  std::vector<std::string> not_back_;
  std::unique_ptr<sim::Kernel> kernel_;
  std::unique_ptr<sim::Nemesis> nemesis_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<Client*> readers_;  ///< The first client of each workload.
  std::optional<Answer> final_;
  Instant next_report_;
};

}  // namespace

Result<Outcome> run(const scenarios::Scenario& scenario, const RunOptions& options) {
  return Course(scenario, options).run();
}

}  // namespace heir::on_hosts
