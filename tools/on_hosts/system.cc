#include "tools/on_hosts/system.h"

#include <pwd.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>

#include "engine/base/assert.h"
#include "engine/databases/postgresql/layout.h"
#include "engine/hosts/files.h"
#include "scenarios/names.h"
#include "tools/daemon/config.h"
#include "tools/on_hosts/auto_failover_system.h"
#include "tools/on_hosts/patroni_system.h"
#include "tools/on_hosts/repmgr_system.h"

namespace heir::on_hosts {

namespace {

namespace fs = std::filesystem;

struct Needs {
  std::vector<const char*> programs;
  const char* packages;
};

Needs needs_of(SystemKind kind) {
  switch (kind) {
    case SystemKind::heir: return {{"/usr/lib/postgresql/15/bin/postgres"}, "postgresql-15"};
    case SystemKind::patroni:
      return {{"/usr/bin/patroni", "/usr/bin/patronictl", "/usr/bin/etcd", "/usr/lib/python3/dist-packages/etcd",
               "/usr/lib/postgresql/15/bin/postgres"},
              "patroni python3-etcd etcd-server postgresql-15"};
    case SystemKind::auto_failover:
      return {{"/usr/bin/pg_autoctl", "/usr/lib/postgresql/15/lib/pgautofailover.so"},
              "pg-auto-failover-cli postgresql-15-auto-failover"};
    case SystemKind::repmgr:
      return {{"/usr/lib/postgresql/15/bin/repmgr", "/usr/lib/postgresql/15/bin/repmgrd",
               "/usr/lib/postgresql/15/lib/repmgr.so"},
              "repmgr postgresql-15-repmgr"};
  }
  return {{}, ""};
}

constexpr const char* start_file = "/srv/etc/start";
constexpr const char* home = "/srv/home";

/// What Debian's boot does for PostgreSQL: /tmp is emptied, /run/postgresql made. On a host of a world the numbers of
/// processes begin anew with each boot, so that one in an old postmaster.pid is soon another's, which on a real host it
/// hardly ever is: that file goes, too.
std::string start_text(const std::string& data) {
  return "#!/bin/sh\n"
         "(\n"
         "  flock 9\n"
         "  if mkdir /run/postgresql 2>/dev/null; then\n"
         "    chown postgres:postgres /run/postgresql\n"
         "    find /tmp -mindepth 1 -delete\n"
         "    rm -f " +
         data +
         "/postmaster.pid\n"
         "  fi\n"
         ") 9>/run/start.lock\n"
         "exec setpriv --reuid=postgres --regid=postgres --init-groups \"$@\"\n";
}

}  // namespace

std::string to_string(const SystemChoice& choice) {
  return to_string(choice.kind) + (choice.tuned ? ", tuned" : "") + (choice.simulated ? ", simulated" : "");
}

std::string copies_of(SystemKind kind) {
  const auto on_disk = [](const std::string& path) { return path.substr(std::strlen(disk_root)); };
  switch (kind) {
    case SystemKind::heir: return on_disk(postgresql::Layout(database_root).data());
    case SystemKind::patroni: return on_disk(patroni_data);
    // Those being made are not in `data`, but in `backup` beside it.
    case SystemKind::auto_failover: return on_disk(auto_failover_root) + "/";
    case SystemKind::repmgr: return on_disk(repmgr_data);
  }
  return {};
}

Result<> can_deploy(SystemKind kind) {
  const Needs needs = needs_of(kind);
  for (const char* program : needs.programs)
    if (::access(program, F_OK) != 0)
      return Error{ErrorCode::not_found, to_string(kind) + " is not installed: there is no " + program +
                                             "; on Debian 12: apt-get install " + needs.packages};
  return {};
}

std::string about(const SystemChoice& choice) {
  if (choice.kind == SystemKind::heir) return {};
  return "what runs is " + to_string(choice.kind) +
         (choice.tuned ? " with settings tuned for short failovers" : " with its defaults") +
         ", replicating synchronously; [timing] is heir's and means nothing to it";
}

testbed::Command command_of(std::vector<std::string> arguments) {
  testbed::Command command;
  command.arguments = std::move(arguments);
  command.environment = {"PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                         "LC_ALL=C.UTF-8", "TZ=UTC"};
  return command;
}

testbed::User postgres_user() {
  const passwd* const entry = ::getpwnam(tools::HostingConfig().user.c_str());
  ASSERT(entry, "this machine has PostgreSQL's user");
  return {entry->pw_uid, entry->pw_gid};
}

testbed::Command postgres_command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), start_file);
  testbed::Command command = command_of(std::move(arguments));
  command.environment.insert(
      command.environment.end(),
      {std::string("HOME=") + home, std::string("XDG_CONFIG_HOME=") + home + "/config",
       std::string("XDG_DATA_HOME=") + home + "/share", "XDG_RUNTIME_DIR=/run/postgresql", "PYTHONUNBUFFERED=1"});
  return command;
}

Result<> prepare_host(const ClusterHost& host, const std::string& data) {
  if (const Result<> put = put_file(host, std::string(home) + "/.profile", ""); !put) return put;
  return put_file(host, start_file, start_text(data));
}

Result<> put_file(const ClusterHost& host, const std::string& path, const std::string& text) {
  const fs::path at = host.folder + path.substr(std::string(disk_root).size());
  std::error_code error;
  fs::create_directories(at.parent_path(), error);
  if (error) return Error{ErrorCode::io_error, at.string() + ": " + error.message()};
  if (const Result<> written = hosts::files::write(at, text); !written) return written;
  if (text.starts_with("#!")) fs::permissions(at, fs::perms(0755), error);
  const testbed::User owner = postgres_user();
  for (fs::path each = at; each.string().size() >= host.folder.size(); each = each.parent_path())
    if (::chown(each.c_str(), owner.user, owner.group) != 0) return testbed::system_error(each.string());
  return {};
}

Access SystemWithoutGate::gate(const ClusterHost& peer) const {
  Access access{peer.address, postgresql_port, {}, {}};
  access.read_write = true;
  return access;
}

Access SystemWithoutGate::standby(const ClusterHost& peer) const {
  return {peer.address, postgresql_port, {}, {}};
}

Access SystemWithoutGate::database(const ClusterHost& peer) const {
  return {peer.address, postgresql_port, "postgres", {}};
}

std::unique_ptr<System> make_system(const SystemChoice& choice, const scenarios::Scenario& scenario,
                                    std::vector<ClusterHost> hosts, const std::string& password) {
  switch (choice.kind) {
    case SystemKind::heir: return make_heir_system(scenario, std::move(hosts), password);
    case SystemKind::patroni: return make_patroni_system(scenario, std::move(hosts), choice.tuned);
    case SystemKind::auto_failover: return make_auto_failover_system(scenario, std::move(hosts), choice.tuned);
    case SystemKind::repmgr: return make_repmgr_system(scenario, std::move(hosts), choice.tuned);
  }
  return nullptr;
}

}  // namespace heir::on_hosts
