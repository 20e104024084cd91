#include "sim/world/world.h"

#include <algorithm>

#include "sim/databases/postgresql/server.h"
#include "sim/world/parameters.h"

namespace heir::sim {

namespace {

using scenarios::FailureKind;
using scenarios::TargetKind;

constexpr Duration inspection_interval = Duration::seconds(1);
constexpr Duration agent_restart = Duration::seconds(1);  ///< The service manager's RestartSec.
constexpr DurationRange boot_time{Duration::milliseconds(200), Duration::seconds(1)};

PostgresTimings database_timings(const scenarios::Server& from) {
  PostgresTimings to;
  to.start = {from.start.low, from.start.high};
  to.replay_lag = {from.replay_delay.low, from.replay_delay.high};
  to.promotion = {from.promote.low, from.promote.high};
  const Duration clone = (from.clone.low + from.clone.high) / 2;
  to.copy_bytes_per_second = std::max<std::uint64_t>(
      1, to.base_size * 1000 / static_cast<std::uint64_t>(std::max<std::int64_t>(1, clone.ns() / 1'000'000)));
  return to;
}

/// As whoever installs the host does.
void make_folder(Machine& on, const char* path) {
  const Result<> made = on.disk().make_directories(path);
  ASSERT(made.has_value());
  const Result<> durable = on.disk().sync_tree_now(path);
  ASSERT(durable.has_value());
}

}  // namespace

World::World(Kernel& kernel, const scenarios::Scenario& scenario, Programs& programs, const RunOptions& options,
             RunResult& result)
    : EventTarget(kernel, "world"),
      scenario_(scenario),
      programs_(programs),
      options_(options),
      result_(result),
      random_(kernel.stream("world")),
      network_(kernel, NetworkParameters{.link = link_parameters(scenario.network)}),
      postgresql_(kernel, database_timings(scenario.server)),
      atlas_(scenario.disk.atlas),
      coverage_(kernel.probes(), scenario) {
  atlas_.watch(*this);
  atlas_.watch(member_copies_);
  postgresql_.ask_before_loss([this](const Machine& on) { return may_lose(host_named(on.name())); });
  build_store();
  build_peers();
  for (int n = 1; n <= store_members(); ++n) start_store(n);
  for (int host = 1; host <= peers(); ++host) {
    const auto& late = scenario_.cluster.late;
    if (std::find(late.begin(), late.end(), host) != late.end())
      peer(host).machine->power_off(UnsyncedFate::keep);
    else
      start_agent(host);
  }
  build_clients();
  set_links(scenario_.network, *this, [this](NodeId from, NodeId to, const LinkParameters& parameters) {
    network_.set_link(from, to, parameters);
  });
  begin_timeline();
  operator_ = make_machine("operator", 0);
  nemesis_ = std::make_unique<Nemesis>(kernel, scenario_, *this, [this](const FaultEvent& event) {
    if (event.decided) {
      coverage_.on_strike(event.decided->kind, cluster_);
      result_.decisions.push_back(*event.decided);
    }
    note_fault(event);
    tell(event.begins ? StoryLine::Kind::fault : StoryLine::Kind::heal, "",
         event.begins ? event.what : "healed: " + event.what);
  });
  kernel.schedule(kernel.now() + inspection_interval, *this, kInspect);
}

World::~World() {
  // Clients and faults let go of the network before it goes.
  nemesis_.reset();
  clients_.clear();
}

std::unique_ptr<Machine> World::make_machine(std::string name, int host) {
  const ClockParameters clock = draw_clock(scenario_.clock, random_, host);
  MachineParameters parameters;
  parameters.disk = disk_parameters(scenario_.disk);
  parameters.rate_error_ppb = clock.rate_error_ppb;
  parameters.wall = parameters.wall + clock.wall_offset;
  parameters.name = std::move(name);
  auto machine = std::make_unique<Machine>(kernel(), network_, parameters);
  machine->log_to([this](const LogLine& line) { on_log(line); });
  return machine;
}

void World::build_store() {
  const int members = members_of(scenario_.store);
  for (int n = 1; n <= members; ++n) {
    const std::string name = members == 1 ? "store" : "store" + std::to_string(n);
    StoreHost made;
    made.machine = make_machine(name, 0);
    make_folder(*made.machine, store_root);
    store_.push_back(std::move(made));
    store_addresses_.emplace_back(name + ":" + std::to_string(store_port));
  }
  if (members == 1) store_leader_ = 1;
  found_store();
}

/// A store that has never been.
void World::found_store() {
  ++stores_;
  for (StoreHost& host : store_) host.has_run = host.is_lost = host.may_have_forgotten = false;
  store_checks_ = programs_.check_store(
      scenario_, [this](std::string what) { violation(FailureKind::assertion, "the store: " + std::move(what)); });
}

void World::build_peers() {
  for (int host = 1; host <= peers(); ++host) {
    PeerHost made;
    const std::string name = "host" + std::to_string(host);
    made.machine = make_machine(name, host);
    made.setup = {name, Address(name + ":" + std::to_string(gate_port)),
                  Address(name + ":" + std::to_string(database_port)), store_addresses_, peer_root};
    if (options_.keep_timeline)
      made.setup.on_lease = [this, host](std::optional<MonotonicTime> end) { peer(host).lease_end = end; };
    make_folder(*made.machine, peer_root);
    postgresql_.install(*made.machine);
    peers_.push_back(std::move(made));
  }
  if (reads_from_standbys(scenario_)) open_read_only_ports();
}

void World::open_read_only_ports() {
  for (PeerHost& host : peers_) {
    host.setup.read_only = Address(host.setup.name + ":" + std::to_string(read_only_port));
    for (const PeerHost& other : peers_)
      if (&other != &host) host.setup.others.emplace_back(other.setup.name + ":" + std::to_string(agent_port));
  }
}

void World::build_clients() {
  std::uint32_t process = 0;
  std::vector<AddressId> read_only_ports;
  for (const PeerHost& host : peers_) read_only_ports.push_back(host.machine->address(read_only_port));
  for (const scenarios::Workload& workload : scenario_.workloads) {
    ClientParameters parameters = client_parameters(scenario_, workload);
    if (workload.reads_from == scenarios::ReadsFrom::standbys) parameters.standbys = read_only_ports;
    if (workload.reads < scenarios::Ratio::percent(100)) result_.has_writers = true;
    for (int i = 0; i < workload.clients; ++i) {
      ClientHost made;
      made.machine = make_machine("client" + std::to_string(++process), 0);
      made.resolver = std::make_unique<Resolver>();
      run_main(made.machine->start("resolver"), made.machine->address(agent_port),
               programs_.resolver(*made.resolver, network_, store_addresses_));
      made.client =
          std::make_unique<Client>(kernel(), network_, made.machine->node(), reports::ProcessId(process), parameters,
                                   result_.history, values_, *made.resolver, static_cast<ClientObserver&>(*this));
      made.reads_all = i == 0;
      clients_.push_back(std::move(made));
    }
  }
}

std::vector<NodeId> World::client_nodes() const {
  std::vector<NodeId> nodes;
  for (const ClientHost& client : clients_) nodes.push_back(client.machine->node());
  return nodes;
}

bool World::clients_are_done() const {
  return std::all_of(clients_.begin(), clients_.end(), [](const ClientHost& c) { return c.client->is_done(); });
}

void World::read_all(VirtualTime until) {
  for (ClientHost& client : clients_)
    if (client.reads_all) client.client->read_all(until);
}

// ---- Hosts and processes
// ---------------------------------------------------------------------------------------------------

PostgresServer* World::server(int host) const {
  return host > 0 ? PostgreSql::server(*peer(host).machine, std::string(peer_root) + "/data") : nullptr;
}

void World::start_agent(int host) {
  PeerHost& on = peer(host);
  on.gate = "closed";  // whatever its former self said last
  Process& process = on.machine->start("agent");
  process.use_up_files(on.files_used_up > 0);
  process.on_end([this, host](const ProcessEnd& end) {
    note_agent_gone(host);
    if (end.reason != EndReason::power_off)
      kernel().schedule_after(agent_restart, *this, kStartAgent, static_cast<std::uint64_t>(host));
  });
  run_main(process, on.machine->address(agent_port), programs_.agent(scenario_, on.setup));
}

void World::start_store(int n) {
  Machine& on = *member(n).machine;
  Process& process = on.start("store");
  process.on_end([this, n](const ProcessEnd& end) {
    if (end.reason != EndReason::power_off)
      kernel().schedule_after(agent_restart, *this, kStartStore, static_cast<std::uint64_t>(n));
  });
  const MemberSetup setup{n, store_addresses_, stores_, !member(n).has_run, store_root, store_checks_.get()};
  run_main(process, on.address(store_port), programs_.store(scenario_, setup));
}

void World::power_off(int host) {
  if (!is_up(host)) return;
  Disk& disk = machine(host).disk();
  if (host > 0) peer(host).is_struck = true;
  if (host > 0) peer(host).shuts_down = peer(host).boots_again = false;
  if (disk.has_lied() && !may_lose(host)) disk.make_lies_true();
  machine(host).power_off(UnsyncedFate::draw);
}

void World::shut_down(int host) {
  if (host < 0) {
    if (is_up(host)) machine(host).power_off(UnsyncedFate::keep);
    return;
  }
  Machine& on = machine(host);
  if (Process* agent = on.find("agent")) agent->crash();
  if (PostgresServer* found = server(host)) found->signal(ServerSignal::interrupt);
  peer(host).shuts_down = true;
  kernel().schedule_after(Duration::milliseconds(500), *this, kPowerOff, static_cast<std::uint64_t>(host));
}

void World::boot(int host) {
  Machine& on = machine(host);
  if (host > 0 && peer(host).shuts_down) peer(host).boots_again = true;
  if (on.is_up()) return;
  on.boot();
  if (host < 0) {
    if (member(-host).holds == 0) start_store(-host);
    return;
  }
  kernel().schedule_after(random_.between(boot_time.low, boot_time.high), *this, kStartAgent,
                          static_cast<std::uint64_t>(host));
}

void World::wipe_store(const std::vector<int>& hosts) {
  for (const int host : hosts) power_off(host);
  if (static_cast<int>(hosts.size()) == store_members()) {
    found_store();
    cluster_ = {};
  }
  for (const int host : hosts) {
    StoreHost& lost = member(-host);
    replace_disk(host, {});
    lost.machine->boot();
    if (lost.holds == 0) start_store(-host);
  }
}

void World::on_event(std::uint32_t kind, std::uint64_t argument) {
  const int host = static_cast<int>(argument);
  switch (kind) {
    case kStartAgent:
      if (is_up(host) && peer(host).agent_holds == 0 && !peer(host).machine->find("agent")) start_agent(host);
      return;
    case kStartStore:
      if (member(host).machine->is_up() && member(host).holds == 0 && !member(host).machine->find("store"))
        start_store(host);
      return;
    case kPowerOff:
      if (!std::exchange(peer(host).shuts_down, false)) return;
      peer(host).machine->power_off(UnsyncedFate::keep);
      if (std::exchange(peer(host).boots_again, false)) boot(host);
      return;
    case kInspect:
      inspect_copies();
      for (int n = 1; n <= store_members(); ++n)
        if (member(n).may_have_forgotten && member_copies_.has_all(store_member(n))) {
          member(n).may_have_forgotten = false;
          store_checks_->seen_whole(n);
        }
      kernel().schedule_after(inspection_interval, *this, kInspect);
      return;
    default: ASSERT(false, "no such event");
  }
}

void World::crash_process(int host, scenarios::ProcessKind kind) {
  Machine& on = machine(host);
  if (!on.is_up()) return;
  if (kind == scenarios::ProcessKind::agent) {
    if (Process* agent = on.find(host > 0 ? "agent" : "store")) agent->crash();
  } else if (PostgresServer* found = server(host)) {
    found->process().crash();
  }
}

void World::crash_backend(int host) {
  if (!is_up(host)) return;
  if (PostgresServer* found = server(host)) found->signal(ServerSignal::child_crashed);
}

void World::cancel_sessions(int host) {
  if (!is_up(host)) return;
  if (PostgresServer* found = server(host)) found->backends().cancel_clients();
}

void World::kill_one(int host, std::uint64_t draw) {
  if (!is_up(host)) return;
  const std::vector<Process*> processes = machine(host).processes();
  PostgresServer* const found = server(host);
  const std::size_t victims = processes.size() + (found ? 1 : 0);
  if (victims == 0) return;
  const std::size_t victim = draw % victims;
  if (victim < processes.size())
    processes[victim]->crash();
  else
    found->signal(ServerSignal::child_crashed);
}

void World::use_up_files(int host, bool used_up) {
  PeerHost& on = peer(host);
  on.files_used_up += used_up ? 1 : -1;
  if (Process* agent = on.machine->find("agent")) agent->use_up_files(on.files_used_up > 0);
}

void World::use_up_connections(int host, bool used_up) {
  PeerHost& on = peer(host);
  on.sessions_taken += used_up ? 1 : -1;
  postgresql_.crowd(*on.machine, on.sessions_taken > 0);
}

void World::hold_agent(int host, bool held) {
  if (host < 0) {
    member(-host).holds += held ? 1 : -1;
    if (!held) kernel().schedule(kernel().now(), *this, kStartStore, static_cast<std::uint64_t>(-host));
    return;
  }
  peer(host).agent_holds += held ? 1 : -1;
  if (!held) kernel().schedule(kernel().now(), *this, kStartAgent, static_cast<std::uint64_t>(host));
}

void World::pause(int host, scenarios::ProcessKind kind) {
  Machine& on = machine(host);
  if (kind == scenarios::ProcessKind::host) return on.pause_all();
  if (kind == scenarios::ProcessKind::agent) {
    if (Process* agent = on.find("agent")) agent->pause();
  } else if (PostgresServer* found = server(host)) {
    found->process().pause();
  }
}

void World::resume(int host, scenarios::ProcessKind kind) {
  Machine& on = machine(host);
  if (!on.is_up()) return;
  if (kind == scenarios::ProcessKind::host) return on.resume_all();
  if (kind == scenarios::ProcessKind::agent) {
    if (Process* agent = on.find("agent"); agent && agent->is_paused()) agent->resume();
  } else if (PostgresServer* found = server(host)) {
    if (found->process().is_paused()) found->process().resume();
  }
}

std::size_t World::break_connections(NodeId a, NodeId b, scenarios::ToldOfBreak told) {
  using From = scenarios::ToldOfBreak;
  return network_.break_connections(a, b,
                                    told == From::both     ? Network::Told::both
                                    : told == From::one    ? Network::Told::one
                                    : told == From::nobody ? Network::Told::nobody
                                                           : Network::Told::half);
}

void World::change_clock_rate(int host, std::int64_t by_ppb) {
  HostClock& clock = machine(host).clock();
  clock.set_rate_error(clock.rate_error() + by_ppb);
}

void World::thaw_clocks(int host, scenarios::AfterFreeze after) {
  using From = scenarios::AfterFreeze;
  using To = HostClock::AfterFreeze;
  machine(host).clock().thaw(after == From::behind            ? To::behind
                             : after == From::wall_catches_up ? To::wall_catches_up
                                                              : To::both_catch_up);
}

void World::request(const scenarios::Fault& operator_request, int host) {
  ++requests_;
  const auto port = static_cast<std::uint16_t>(6000 + operator_ports_++ % 1000);
  const Address agent("host" + std::to_string(std::max(host, 1)) + ":" + std::to_string(agent_port));
  run_main(operator_->start("operator"), operator_->address(port),
           programs_.operator_request(operator_request, store_addresses_, agent));
}

void World::run_pg_ctl(int host, std::string_view action) {
  if (!is_up(host)) return;
  const std::string root = peer_root;
  Program program{"pg_ctl", {std::string(action), "-D", root + "/data"}};
  if (action == "start") {
    program.arguments.insert(
        program.arguments.end(),
        {"-o", "-c config_file='" + root + "/postgresql.conf' -c hba_file='" + root + "/pg_hba.conf'"});
  }
  const Result<RunId> begun = machine(host).run(std::move(program), [this, host](const ProcessEnd& end) {
    tell(StoryLine::Kind::note, machine(host).name(),
         "by hand: " + end.exit.output.substr(0, end.exit.output.find('\n')));
  });
  ASSERT(begun.has_value());
}

void World::start_second_agent(int host) {
  PeerHost& on = peer(host);
  if (!is_up(host)) return;
  run_main(on.machine->start("second-agent"), on.machine->address(agent_port), programs_.agent(scenario_, on.setup));
}

void World::kill_second_agent(int host) {
  if (Process* agent = peer(host).machine->find("second-agent")) agent->crash();
}

void World::watch_moments(MomentSink sink) {
  moments_ = std::move(sink);
  const auto watch = [this](Machine& on, int host) {
    on.disk().on_sync([this, host] { moments_(scenarios::Moment::fsync, host); });
  };
  for (int host = 1; host <= peers(); ++host) watch(machine(host), host);
  for (int n = 1; n <= store_members(); ++n) watch(machine(store_member(n)), store_member(n));
}

}  // namespace heir::sim
