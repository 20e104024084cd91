// HostedWorld: what the nemesis does to processes, and to what they use up.
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>

#include "tools/on_hosts/client.h"
#include "tools/on_hosts/hosted_world.h"

namespace heir::on_hosts {

using scenarios::ProcessKind;

std::optional<HostProcess> HostedWorld::postmaster(int host) {
  for (HostProcess& process : processes_of(container(host)))
    if (process.is_postmaster()) return std::move(process);
  return std::nullopt;
}

void HostedWorld::crash_process(int host, ProcessKind process) {
  if (!is_up(host)) return;
  Host& on = of(host);
  if (process == ProcessKind::agent) {
    signal_processes(container(host), SIGKILL, [&](const HostProcess& each) { return is_agent_of(host, each); });
  } else if (host > 0) {
    if (const std::optional<HostProcess> found = postmaster(host)) signal_process(container(host), *found, SIGKILL);
    on.pauses_of(ProcessKind::database) = 0;
  }
}

void HostedWorld::crash_backend(int host) {
  if (!is_up(host)) return;
  // Of a client if there is one; else any that is not the first: the server takes the death of each for a crash.
  std::vector<HostProcess> all = processes_of(container(host));
  std::erase_if(all, [](const HostProcess& process) { return !process.is_postgres() || process.is_postmaster(); });
  if (all.empty()) return;
  const auto client =
      std::find_if(all.begin(), all.end(), [](const HostProcess& process) { return process.serves(client_user); });
  signal_process(container(host), client != all.end() ? *client : all.back(), SIGKILL);
}

/// What pg_cancel_backend does.
void HostedWorld::cancel_sessions(int host) {
  if (!is_up(host)) return;
  for (const HostProcess& process : processes_of(container(host)))
    if (process.serves(client_user)) signal_process(container(host), process, SIGINT);
}

void HostedWorld::kill_one(int host, std::uint64_t draw) {
  if (!is_up(host)) return;
  if (draw % 2 == 0 || host < 0)
    crash_process(host, ProcessKind::agent);
  else
    crash_backend(host);
}

/// It keeps what it has open, and gets no more.
void HostedWorld::limit_files(int host) {
  if (!is_up(host)) return;
  for (const HostProcess& process : processes_of(container(host))) {
    if (!is_agent_of(host, process)) continue;
    rlimit limit{};
    if (::prlimit(process.number, RLIMIT_NOFILE, nullptr, &limit) != 0) continue;
    limit.rlim_cur = of(host).files_used_up > 0 ? 0 : limit.rlim_max;
    ::prlimit(process.number, RLIMIT_NOFILE, &limit, nullptr);
  }
}

void HostedWorld::use_up_files(int host, bool used_up) {
  of(host).files_used_up += used_up ? 1 : -1;
  limit_files(host);
}

void HostedWorld::gather_crowd(int host) {
  Host& on = of(host);
  if (on.sessions_taken == 0) return on.crowd.reset();
  if (!is_up(host) || on.crowd) return;
  Access database = system_->database(on.site);
  database.user = client_user;
  database.password.clear();
  on.crowd = std::make_unique<Crowd>(container(host), std::move(database), scenario_.server.connections);
}

void HostedWorld::use_up_connections(int host, bool used_up) {
  of(host).sessions_taken += used_up ? 1 : -1;
  gather_crowd(host);
}

/// SIGSTOP or SIGCONT, to the whole host or to the processes of that kind.
void HostedWorld::hold_or_let_go(int host, ProcessKind process, int number) {
  testbed::Container& on = container(host);
  if (process == ProcessKind::host)
    note(on.signal_all(number), (number == SIGSTOP ? "pausing " : "going on with ") + observer_.host_name(host));
  else if (process == ProcessKind::agent)
    signal_processes(on, number, [&](const HostProcess& each) { return is_agent_of(host, each); });
  else
    signal_processes(on, number, [](const HostProcess& each) { return each.is_postgres(); });
  note_machine(host);
}

void HostedWorld::pause(int host, ProcessKind process) {
  if (is_up(host) && of(host).pauses_of(process)++ == 0) hold_or_let_go(host, process, SIGSTOP);
}

void HostedWorld::resume(int host, ProcessKind process) {
  int& count = of(host).pauses_of(process);
  if (is_up(host) && count > 0 && --count == 0) hold_or_let_go(host, process, SIGCONT);
}

}  // namespace heir::on_hosts
