#include "tools/on_hosts/processes.h"

#include <signal.h>
#include <sys/syscall.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace heir::on_hosts {

namespace {

namespace fs = std::filesystem;

constexpr int most_rounds = 10;

std::string namespace_of(pid_t process) {
  std::error_code error;
  return fs::read_symlink("/proc/" + std::to_string(process) + "/ns/pid", error).string();
}

pid_t parent_of(const std::string& folder) {
  std::ifstream file(folder + "/stat");
  std::string text;
  std::getline(file, text);
  const std::size_t name_ends = text.rfind(')');
  if (name_ends == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_ends + 1));
  std::string state;
  pid_t parent = 0;
  fields >> state >> parent;
  return state == "Z" ? 0 : parent;
}

}  // namespace

bool HostProcess::is_postgres() const {
  return command.starts_with("postgres: ") || is_postmaster();
}

bool HostProcess::is_postmaster() const {
  return command.substr(0, command.find(' ')).ends_with("/postgres");
}

bool HostProcess::serves(const std::string& user) const {
  // "postgres: app app 10.0.0.1(5432) idle"; with a cluster_name, "postgres: name: app …".
  const std::string_view prefix = "postgres: ";
  if (!command.starts_with(prefix)) return false;
  const std::string words = command.substr(prefix.size());
  const std::size_t name_ends = words.find(": ");
  return words.starts_with(user + " ") ||
         (name_ends != std::string::npos && words.compare(name_ends + 2, user.size() + 1, user + " ") == 0);
}

std::vector<HostProcess> processes_of(const testbed::Container& host) {
  std::vector<HostProcess> all;
  const std::string space = namespace_of(host.init());
  if (space.empty()) return all;
  std::error_code error;
  for (fs::directory_iterator each("/proc", error), end; !error && each != end; each.increment(error)) {
    const std::string name = each->path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    HostProcess process{static_cast<pid_t>(std::stol(name)), 0, {}};
    if (process.number == host.init() || namespace_of(process.number) != space) continue;
    process.parent = parent_of(each->path());
    std::ifstream file(each->path() / "cmdline", std::ios::binary);
    std::getline(file, process.command);
    std::replace(process.command.begin(), process.command.end(), '\0', ' ');
    if (process.parent != 0) all.push_back(std::move(process));
  }
  std::sort(all.begin(), all.end(), [](const HostProcess& a, const HostProcess& b) { return a.number < b.number; });
  return all;
}

void signal_process(const testbed::Container& host, const HostProcess& process, int number) {
  const testbed::Descriptor held(static_cast<int>(::syscall(SYS_pidfd_open, process.number, 0)));
  // Looked at once it cannot become another.
  if (held && namespace_of(process.number) == namespace_of(host.init()))
    ::syscall(SYS_pidfd_send_signal, held.get(), number, nullptr, 0);
}

void signal_processes(const testbed::Container& host, int number,
                      const std::function<bool(const HostProcess&)>& which) {
  std::set<pid_t> done;
  for (int round = 0; round < most_rounds; ++round) {
    bool is_new = false;
    for (const HostProcess& process : processes_of(host)) {
      if (!which(process) || !done.insert(process.number).second) continue;
      is_new = true;
      signal_process(host, process, number);
    }
    if (!is_new) return;
  }
}

}  // namespace heir::on_hosts
