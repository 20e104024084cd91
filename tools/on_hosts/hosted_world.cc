#include "tools/on_hosts/hosted_world.h"

#include <fmt/format.h>
#include <signal.h>

#include <filesystem>

#include "scenarios/names.h"
#include "sim/world/parameters.h"
#include "tools/on_hosts/client.h"
#include "tools/on_hosts/cluster_files.h"
#include "tools/on_hosts/disks.h"
#include "tools/on_hosts/refusals.h"

namespace heir::on_hosts {

namespace {

namespace fs = std::filesystem;
using scenarios::ProcessKind;

// As of simulated hosts (sim/world/world.cc).
constexpr Duration program_restart = Duration::seconds(1);
constexpr sim::DurationRange boot_time{Duration::milliseconds(200), Duration::seconds(1)};
constexpr Duration shutdown_time = Duration::milliseconds(500);

constexpr Duration turn_interval = Duration::milliseconds(20);

Result<> remove_all(const std::string& folder) {
  std::error_code error;
  fs::remove_all(folder, error);
  return error ? Result<>(ErrorCode::io_error, error.message()) : Result<>();
}

std::string random_password(sim::RandomStream random) {
  std::string text;
  for (int i = 0; i < 24; ++i) text += static_cast<char>('a' + random.below(26));
  return text;
}

}  // namespace

HostedWorld::HostedWorld(const scenarios::Scenario& scenario, const HostedWorldOptions& options, Observer& observer)
    : scenario_(scenario),
      options_(options),
      observer_(observer),
      random_(options.seed, "world"),
      atlas_(scenario.disk.atlas),
      copies_(
          observer, [this](int host) { return is_sound(host); }, [this](int host) { return is_damaged(host); }),
      password_(random_password(sim::RandomStream(options.seed, "password"))) {
  for (int n = 1; n <= members_of(scenario.store); ++n) members_.emplace_back().number = sim::store_member(n);
  for (int host = 1; host <= scenario.cluster.peers; ++host) peers_.emplace_back().number = host;
  atlas_.watch(copies_);
  for (const scenarios::Workload& workload : scenario.workloads) clients_ += static_cast<std::size_t>(workload.clients);
}

HostedWorld::~HostedWorld() = default;

Result<std::unique_ptr<HostedWorld>> HostedWorld::make(const scenarios::Scenario& scenario,
                                                       const HostedWorldOptions& options, Observer& observer) {
  std::unique_ptr<HostedWorld> made(new HostedWorld(scenario, options, observer));
  if (const Result<> set_up = made->set_up(); !set_up) return set_up.error();
  return made;
}

Result<> HostedWorld::set_up() {
  testbed::WorldOptions options;
  for (const Host* host : all_hosts()) options.hosts.push_back(observer_.host_name(host->number));
  for (std::size_t i = 1; i <= clients_; ++i) options.hosts.push_back("client" + std::to_string(i));
  options.hosts.push_back("operator");
  options.seed = options_.seed;
  options.link = sim::link_parameters(scenario_.network);
  if (options_.capture) options.capture = options_.keep;
  // The members of the store come first.
  if (!stores_have_disks(options_.system.kind)) options.first_disk = members_.size();
  if (needs_disks(scenario_)) options.disks = members_.size() + peers_.size() - options.first_disk;
  options.disk = disk_options(scenario_, options_.system.kind);
  Result<std::unique_ptr<testbed::World>> world = testbed::World::make(options);
  if (!world) return world.error();
  world_ = std::move(*world);
  sim::set_links(scenario_.network, *this,
                 [this](sim::NodeId from, sim::NodeId to, const sim::LinkParameters& parameters) {
                   world_->network().set_link(from, to, parameters);
                 });

  std::vector<ClusterHost> hosts;
  const auto log_of = [&](const std::string& name) {
    return LogPipe::make(options_.keep.empty() ? "" : options_.keep + "/" + name + ".log", !has_own_clocks(scenario_));
  };
  const auto entry_of = [&](sim::NodeId node) {
    return ClusterHost{world_->name(node), testbed::address_text(node), disk_of(node)};
  };
  for (Host* host : all_hosts()) {
    hosts.push_back(entry_of(node(host->number)));
    (host->number < 0 ? hosts.back().store : hosts.back().peer) = true;
    host->site = hosts.back();
    Result<LogPipe> log = log_of(hosts.back().name);
    if (!log) return log.error();
    host->log.emplace(std::move(*log));
  }
  if (has_own_clocks(scenario_))
    if (const Result<> made = make_clocks(); !made) return made;
  hosts.push_back(entry_of(operator_node()));
  Result<LogPipe> log = log_of(hosts.back().name);
  if (!log) return log.error();
  operator_log_.emplace(std::move(*log));
  system_ = make_system(options_.system, scenario_, hosts, password_);
  return system_->install();
}

/// By the simulator's draws, in its order.
Result<> HostedWorld::make_clocks() {
  sim::RandomStream random(options_.seed, "world");
  for (Host* host : all_hosts()) {
    Result<HostClock> clock = HostClock::make(world_->folder(node(host->number)) + "/tmp", "/tmp");
    if (!clock) return clock.error();
    const sim::ClockParameters drawn = sim::draw_clock(scenario_.clock, random, host->number);
    clock->change_rate(drawn.rate_error_ppb);
    clock->step_wall(drawn.wall_offset);
    host->clock.emplace(std::move(*clock));
  }
  return {};
}

std::vector<HostedWorld::Host*> HostedWorld::all_hosts() {
  std::vector<Host*> all;
  for (Host& member : members_) all.push_back(&member);
  for (Host& peer : peers_) all.push_back(&peer);
  return all;
}

/// In the order of simulated worlds: links draw from streams that their hosts' numbers name.
sim::NodeId HostedWorld::node(int host) const {
  const int place = host < 0 ? -host - 1 : static_cast<int>(members_.size()) + host - 1;
  return sim::NodeId(static_cast<std::uint16_t>(place));
}

std::vector<sim::NodeId> HostedWorld::client_nodes() const {
  std::vector<sim::NodeId> nodes;
  for (std::size_t i = 0; i < clients_; ++i)
    nodes.push_back(sim::NodeId(static_cast<std::uint16_t>(members_.size() + peers_.size() + i)));
  return nodes;
}

std::string HostedWorld::disk_of(sim::NodeId node) const {
  return world_->folder(node) + disk_root;
}

sim::NodeId HostedWorld::operator_node() const {
  return sim::NodeId(static_cast<std::uint16_t>(members_.size() + peers_.size() + clients_));
}

std::vector<Access> HostedWorld::gates(const std::string& user, const std::string& password) const {
  std::vector<Access> all;
  for (const Host& peer : peers_) {
    all.push_back(system_->gate(peer.site));
    all.back().user = user;
    all.back().password = password;
  }
  return all;
}

std::vector<Access> HostedWorld::standbys(const std::string& user) const {
  std::vector<Access> all;
  for (const Host& peer : peers_) {
    all.push_back(system_->standby(peer.site));
    all.back().user = user;
  }
  return all;
}

std::vector<Access> HostedWorld::databases() const {
  std::vector<Access> all;
  for (const Host& peer : peers_) all.push_back(system_->database(peer.site));
  return all;
}

testbed::Container* HostedWorld::lookout() {
  if (!system_->tells_roles()) return &world_->host(operator_node());
  const int primary = host_in_role(scenarios::TargetKind::primary);
  if (primary > 0 && is_up(primary)) return &container(primary);
  for (const Host& peer : peers_)
    if (is_up(peer.number)) return &container(peer.number);
  return nullptr;
}

void HostedWorld::note(const Result<>& done, const std::string& what) const {
  if (!done && !problem_) problem_ = what + ": " + to_string(done.error());
}

// ---- Programs
// --------------------------------------------------------------------------------------------------------------

testbed::Command HostedWorld::with_output(testbed::Command command, const LogPipe& output) {
  command.output = command.errors = output.writer();
  return command;
}

Result<testbed::ProgramId> HostedWorld::start_on(int host, testbed::Command command) {
  Host& on = of(host);
  command = with_output(std::move(command), *on.log);
  if (on.clock)
    for (std::string& line : on.clock->environment()) command.environment.push_back(std::move(line));
  return container(host).start(command);
}

void HostedWorld::start_programs() {
  const std::vector<int>& late = scenario_.cluster.late;
  for (const int host : late) switch_off(host, sim::UnsyncedFate::keep);
  for (Host* host : all_hosts())
    if (std::find(late.begin(), late.end(), host->number) == late.end()) start_programs_of(host->number);
}

void HostedWorld::start_programs_of(int host) {
  const std::size_t count = system_->programs(of(host).site).size();
  of(host).programs.resize(count);
  for (std::size_t i = 0; i < count; ++i) start_program(host, i);
}

void HostedWorld::start_program(int host, std::size_t which) {
  Host& on = of(host);
  if (!is_up(host) || on.holds > 0 || on.programs[which]) return;
  const Result<testbed::ProgramId> started = start_on(host, system_->programs(on.site)[which]);
  if (!started) return note(started.error(), "starting a program of " + observer_.host_name(host));
  on.programs[which] = *started;
  limit_files(host);
  if (on.pauses_of(ProcessKind::host) > 0) note(container(host).signal_all(SIGSTOP), "pausing");
}

void HostedWorld::later_on(int host, Duration in, std::function<void()> act) {
  later(in, [this, host, boots = of(host).boots, act = std::move(act)] {
    if (of(host).boots == boots && is_up(host)) act();
  });
}

void HostedWorld::see_ends(Host& host) {
  for (std::size_t i = 0; i < host.programs.size(); ++i) {
    if (!is_up(host.number) || !host.programs[i]) continue;
    const Result<std::optional<int>> ended = container(host.number).wait(*host.programs[i], Duration::zero());
    if (!ended) return note(ended.error(), "looking at " + observer_.host_name(host.number));
    if (!*ended) continue;
    host.programs[i].reset();
    if (i == 0) {
      host.pauses_of(ProcessKind::agent) = 0;
      observer_.on_program_gone(host.number);
    }
    later_on(host.number, program_restart, [this, number = host.number, i] { start_program(number, i); });
  }
}

void HostedWorld::see_requests_end() {
  std::erase_if(requests_, [this](testbed::ProgramId program) {
    const Result<std::optional<int>> ended = world_->host(operator_node()).wait(program, Duration::zero());
    if (!ended) note(ended.error(), "an operator's request");
    if (ended && *ended == 0) ++requests_ok_;
    return !ended || ended->has_value();
  });
}

void HostedWorld::turn() {
  for (Host* host : all_hosts()) {
    for (const LogEntry& entry : host->log->read())
      system_->tells_roles() ? observer_.on_line(host->number, entry) : observer_.on_foreign_line(host->number, entry);
    see_ends(*host);
    if (testbed::Disk* const disk = world_->disk(node(host->number)); disk && disk->take_synced())
      observer_.on_sync(host->number);
  }
  copies_.look(now_of_machine());
  see_requests_end();
  for (const LogEntry& entry : operator_log_->read())
    if (entry.level >= LogLevel::warning || entry.event == "said")
      observer_.tell(sim::StoryLine::Kind::note, "operator",
                     entry.event + " " + std::string(entry.field("error")) + std::string(entry.field("words")));
  const Instant now = now_of_machine();
  for (std::size_t i = 0; i < due_.size();) {
    if (due_[i].at > now) {
      ++i;
      continue;
    }
    const Due due = std::move(due_[i]);
    due_.erase(due_.begin() + static_cast<std::ptrdiff_t>(i));
    due.act();
  }
}

std::vector<pollfd> HostedWorld::waits_for() const {
  std::vector<pollfd> waits;
  for (const std::vector<Host>* hosts : {&members_, &peers_})
    for (const Host& host : *hosts) waits.push_back({host.log->reader(), POLLIN, 0});
  return waits;
}

Instant HostedWorld::next_turn() const {
  Instant next = after(now_of_machine(), turn_interval);
  for (const Due& due : due_) next = std::min(next, due.at);
  return next;
}

void HostedWorld::keep_database_logs() const {
  if (options_.keep.empty()) return;
  for (const Host& peer : peers_) {
    const std::string name = observer_.host_name(peer.number);
    std::error_code ignored;  // There is none on a host that never began.
    fs::copy(world_->folder(node(peer.number)) + system_->database_logs(), options_.keep + "/" + name + ".postgresql",
             fs::copy_options::recursive | fs::copy_options::overwrite_existing, ignored);
  }
}

// ---- Hosts
// -----------------------------------------------------------------------------------------------------------------

void HostedWorld::note_machine(int host) {
  const Host& on = of(host);
  const auto paused = [&](ProcessKind kind) { return on.pauses_of(kind) > 0; };
  observer_.lane(host).machine.set(observer_.now(), !is_up(host)                    ? "off"
                                                    : paused(ProcessKind::host)     ? "paused"
                                                    : paused(ProcessKind::agent)    ? "paused: agent"
                                                    : paused(ProcessKind::database) ? "paused: database"
                                                                                    : "");
}

void HostedWorld::power_off(int host) {
  if (!is_up(host)) return;
  // From here on nothing is promised any more: what is lost is asked for, all of it.
  world_->cut_off(node(host));
  testbed::Disk* const disk = world_->disk(node(host));
  if (disk && disk->has_lied()) {
    if (may_lose(host))
      observer_.tell(sim::StoryLine::Kind::note, observer_.host_name(host), "what its disk has lied about may be lost");
    else
      disk->make_lies_true();
  }
  switch_off(host, sim::UnsyncedFate::draw);
}

void HostedWorld::switch_off(int host, sim::UnsyncedFate fate) {
  if (!is_up(host)) return;
  Host& on = of(host);
  on.crowd.reset();
  world_->power_off(node(host), fate);
  ++on.boots;
  on.pauses = {};
  on.programs.clear();
  on.second_agent.reset();
  observer_.on_program_gone(host);
  note_machine(host);
}

/// As an operating system does it: the programs are told, and then it is off.
void HostedWorld::shut_down(int host) {
  if (!is_up(host)) return;
  if (host < 0) return switch_off(host, sim::UnsyncedFate::keep);
  crash_process(host, ProcessKind::agent);
  hold_agent(host, true);
  if (const std::optional<HostProcess> found = postmaster(host)) signal_process(container(host), *found, SIGINT);
  later_on(host, shutdown_time, [this, host] { switch_off(host, sim::UnsyncedFate::keep); });
  later(shutdown_time, [this, host] { hold_agent(host, false); });
}

void HostedWorld::boot(int host) {
  // One that is being shut down is off first.
  if (is_up(host) && of(host).holds > 0) return later(shutdown_time, [this, host] { boot(host); });
  if (is_up(host)) return;
  note(world_->boot(node(host)), "booting " + observer_.host_name(host));
  note_machine(host);
  if (problem_) return;
  tell_of_loss(host);
  gather_crowd(host);
  if (host < 0) return start_programs_of(host);
  later_on(host, random_.between(boot_time.low, boot_time.high), [this, host] { start_programs_of(host); });
}

void HostedWorld::tell_of_loss(int host) {
  testbed::Disk* const disk = world_->disk(node(host));
  const std::optional<testbed::Volume::Lost> lost = disk ? disk->take_lost() : std::nullopt;
  if (!lost) return;
  observer_.tell(
      sim::StoryLine::Kind::note, observer_.host_name(host),
      fmt::format("of the pages that were not synced the power left {}, dropped {}, tore {} and made noise of "
                  "{}; {} folders have names of an earlier time",
                  lost->kept, lost->dropped, lost->torn, lost->garbage, lost->folders));
}

bool HostedWorld::is_agent_of(int host, const HostProcess& process) const {
  return system_->is_agent(
      host > 0 ? peers_[static_cast<std::size_t>(host - 1)].site : members_[static_cast<std::size_t>(-host - 1)].site,
      process);
}

/// Their disks are new, so they have forgotten what they promised, and do not know that they ever did.
void HostedWorld::wipe_store(const std::vector<int>& hosts) {
  for (const int host : hosts) {
    power_off(host);
    if (world_->disk(node(host)))
      replace_disk(host, {});
    else
      note(remove_all(world_->folder(node(host)) + data_root), "wiping " + observer_.host_name(host));
    boot(host);
  }
}

void HostedWorld::hold_agent(int host, bool held) {
  of(host).holds += held ? 1 : -1;
  if (!held) start_programs_of(host);
}

// ---- Clocks
// ----------------------------------------------------------------------------------------------------------------

void HostedWorld::step_wall_clock(int host, Duration by) {
  of(host).clock->step_wall(by);
}

void HostedWorld::change_clock_rate(int host, std::int64_t by_ppb) {
  of(host).clock->change_rate(by_ppb);
}

void HostedWorld::freeze_clocks(int host) {
  of(host).clock->freeze();
}

void HostedWorld::thaw_clocks(int host, scenarios::AfterFreeze after) {
  of(host).clock->thaw(after);
}

// ---- The operator
// ------------------------------------------------------------------------------------------------------------

void HostedWorld::request(const scenarios::Fault& operator_request, int host) {
  const testbed::Command command =
      with_output(system_->request(operator_request, host > 0 ? observer_.host_name(host) : ""), *operator_log_);
  const Result<testbed::ProgramId> started = world_->host(operator_node()).start(command);
  if (!started) return note(started.error(), "an operator's request");
  ++requests_made_;
  requests_.push_back(*started);
}

void HostedWorld::run_pg_ctl(int host, std::string_view action) {
  if (!is_up(host)) return;
  const Result<testbed::ProgramId> started = start_on(host, system_->pg_ctl(action));
  if (!started) note(started.error(), "pg_ctl");
}

void HostedWorld::start_second_agent(int host) {
  if (!is_up(host)) return;
  const Result<testbed::ProgramId> started = start_on(host, system_->programs(of(host).site).front());
  if (!started) return note(started.error(), "starting a second agent");
  of(host).second_agent = *started;
}

void HostedWorld::kill_second_agent(int host) {
  std::optional<testbed::ProgramId>& second = of(host).second_agent;
  if (!is_up(host) || !second) return;
  // It may have ended by itself: its ports are taken.
  [[maybe_unused]] const Result<> killed = container(host).signal(*second, SIGKILL);
  second.reset();
}

}  // namespace heir::on_hosts
