#include "tests/unit/postgresql/fake_host.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "engine/databases/postgresql/catalogue.h"
#include "engine/databases/postgresql/programs.h"

namespace heir::fake {

namespace names = postgresql::catalogue::name;

namespace {

Error missing(const std::string& path) {
  return {ErrorCode::not_found, path};
}

std::optional<std::string> number(std::uint64_t n) {
  return std::to_string(n);
}
std::optional<std::string> flag(bool b) {
  return b ? "t" : "f";
}

std::string argument_after(const std::vector<std::string>& arguments, const std::string& option) {
  const auto found = std::find(arguments.begin(), arguments.end(), option);
  return found == arguments.end() || found + 1 == arguments.end() ? std::string() : *(found + 1);
}

}  // namespace

class Session final : public SqlSession {
 public:
  Session(Host& host, std::string server)
      : host_(&host), server_(std::move(server)), started_(host.servers[server_].started) {}

 protected:
  Executor& executor() override { return host_->executor_; }
  void start_execute(Statement statement, Operation<Result<Rows>>& op) override {
    Server& server = host_->servers[server_];
    if (server.silent) {
      op.owned_by(&host_->owner_, 0);
      return;
    }
    if (!server.up || server.started != started_)
      return host_->later<Result<Rows>>(op, Error{ErrorCode::unreachable, "the connection broke"});
    host_->trace.push_back((server_ == host_->local ? "" : "remote ") + std::string(statement.name));
    host_->later(op, host_->answer(server, statement));
  }

 private:
  Host* host_;
  std::string server_;
  std::int64_t started_;
};

template <class T>
void Host::at(Operation<T>& op, MonotonicTime when, T value) {
  const std::uint64_t token = next_++;
  op.owned_by(&owner_, token);
  auto kept = std::make_shared<T>(std::move(value));
  pending_[token] = Due{when, [&op, kept] { op.complete(std::move(*kept)); }};
}

bool Host::run(Task<void> task, int kill_at) {
  struct Runner {
    static Task<void> run(Task<void> inner, bool& ended) {
      co_await std::move(inner);
      ended = true;
    }
  };
  bool ended = false;
  Scope scope;
  steps = 0;
  scope.spawn(Runner::run(std::move(task), ended));
  for (;;) {
    executor_.run();
    if (ended) return true;
    if (steps == kill_at || pending_.empty() || steps > 200'000) return false;
    ++steps;
    if (before_step) before_step();
    auto first = pending_.begin();
    for (auto i = pending_.begin(); i != pending_.end(); ++i)
      if (i->second.when < first->second.when) first = i;
    now_ = std::max(now_, first->second.when);
    const std::function<void()> complete = std::move(first->second.complete);
    pending_.erase(first);
    complete();
  }
}

void Host::make_copy(const std::string& folder, const std::string& image, bool standby) {
  folders.insert(folder);
  files[folder + "/PG_VERSION"] = "15";
  files[folder + "/copy"] = image;
  if (standby) files[folder + "/standby.signal"] = "";
}

int Host::count(const std::string& traced) const {
  return static_cast<int>(std::count(trace.begin(), trace.end(), traced));
}
int Host::place(const std::string& traced) const {
  const auto found = std::find(trace.begin(), trace.end(), traced);
  return found == trace.end() ? -1 : static_cast<int>(found - trace.begin());
}

void Host::read_settings(Server& server) {
  server.settings.clear();
  std::string text = files["/root/postgresql.conf"];
  if (files.contains("/root/data/postgresql.auto.conf")) text += files["/root/data/postgresql.auto.conf"];
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t equals = line.find(" = '");
    if (equals == std::string::npos || line.front() == '#') continue;
    std::string value;
    for (std::size_t i = equals + 4; i + 1 < line.size(); ++i) {
      value += line[i];
      if (line[i] == '\'' || line[i] == '\\') ++i;
    }
    server.settings[line.substr(0, equals)] = value;
  }
  server.receiver = server.recovery && !server.settings["primary_conninfo"].empty();
}

Result<Rows> Host::answer(Server& server, const Statement& statement) {
  if (const auto fails = statement_fails.find(std::string(statement.name)); fails != statement_fails.end())
    return fails->second;
  const std::string_view name = statement.name;
  const Error refused{ErrorCode::failed, "refused by the fake: " + std::string(name)};
  if (name == names::observe) {
    const std::string& sync = statement.parameters[0];
    const auto standby = server.standbys.find(sync);
    const bool connected = standby != server.standbys.end();
    const std::uint64_t offset = std::stoull(statement.parameters[2]);
    std::uint64_t cancelled = 0;
    for (const std::uint64_t written : server.cancelled[statement.parameters[1]])
      if (!statement.parameters[1].empty() && written >= offset) ++cancelled;
    Row row{flag(server.recovery), std::to_string(server.started), number(server.system)};
    row.push_back(server.recovery ? std::nullopt : number(server.log.offset));
    row.push_back(server.recovery && server.receiver ? number(server.log.offset + server.unreplayed) : std::nullopt);
    row.push_back(server.recovery ? number(server.log.offset) : std::nullopt);
    row.push_back(server.receiver ? std::optional<std::string>("streaming") : std::nullopt);
    row.push_back(connected ? number(standby->second) : std::nullopt);
    row.push_back(connected ? std::optional<std::string>("streaming") : std::nullopt);
    row.push_back(connected ? std::optional<std::string>("sync") : std::nullopt);
    row.insert(row.end(), {"0", server.log_file, number(server.log_size), number(cancelled),
                           std::to_string(server.processes), number(server.checksum_failures)});
    return Rows{row};
  }
  if (name == names::recovery_state)
    return Rows{{flag(server.recovery), server.receiver ? std::optional<std::string>("77") : std::nullopt, std::nullopt,
                 number(server.log.offset),
                 server.replaying ? std::nullopt : std::optional<std::string>("RecoveryRetrieveRetryInterval"),
                 flag(server.paused), server.settings["primary_conninfo"]}};
  if (name == names::timeline) return Rows{{number(server.log.lineage.back().timeline)}};
  if (name == names::timeline_history) {
    Rows rows;
    for (std::size_t i = 0; i + 1 < server.log.lineage.size(); ++i)
      rows.push_back({number(server.log.lineage[i].timeline), number(server.log.lineage[i + 1].begin)});
    return rows;
  }
  if (name == names::promotions_kept) return Rows{{"t"}};
  if (name == names::promotions) {
    Rows rows;
    for (const Branch& branch : server.log.lineage)
      if (branch.promotion != 0) rows.push_back({number(branch.timeline), number(branch.promotion)});
    return rows;
  }
  if (name == names::record_promotion) {
    if (server.recovery) return refused;
    Branch& last = server.log.lineage.back();
    if (last.promotion == 0) last.promotion = std::stoull(statement.parameters[1]);
    return Rows{{number(last.promotion)}};
  }
  if (name == names::promote) {
    if (!server.recovery) return refused;
    server.recovery = server.receiver = false;
    server.log.lineage.push_back(Branch{server.log.lineage.back().timeline + 1, 0, server.log.offset});
    server.log.offset += 10;
    files.erase("/root/data/standby.signal");
    return Rows{{"t"}};
  }
  if (name == names::reload) {
    if (!server.deaf) read_settings(server);
    return Rows{{"t"}};
  }
  if (name == names::settings) {
    Rows rows;
    for (const char* key : {"primary_conninfo", "primary_slot_name", "synchronous_commit", "synchronous_standby_names"})
      rows.push_back({key, server.settings[key]});
    return rows;
  }
  if (name == names::slots) {
    Rows rows;
    for (const std::string& slot : server.slots) rows.push_back({slot, "f", "0"});
    return rows;
  }
  if (name == names::create_slot) {
    if (!server.slots.insert(statement.parameters[0]).second) return refused;
    return Rows{{statement.parameters[0]}};
  }
  if (name == names::drop_slot) {
    if (server.slots.erase(statement.parameters[0]) == 0) return refused;
    return Rows{{""}};
  }
  if (name == names::terminate_clients) return Rows{{"3"}};
  if (name == names::busy_clients) return Rows{{"2"}};
  if (name == names::waits_for_sync) return Rows{{flag(statement.parameters[0] == "4711")}};
  if (name == names::prepare_session || name == names::checkpoint || name == names::create_promotions ||
      name == names::create_promotions_schema)
    return Rows{};
  return Error{ErrorCode::failed, "the fake does not know " + std::string(name)};
}

void Host::start_sleep(MonotonicTime when, Operation<Unit>& op) {
  at(op, when, Unit{});
}

void Host::start_read_file(const std::string& path, Operation<Result<Bytes>>& op) {
  if (const auto fails = file_fails.find(path); fails != file_fails.end())
    return later<Result<Bytes>>(op, fails->second);
  const auto found = files.find(path);
  if (found == files.end()) return later<Result<Bytes>>(op, missing(path));
  later<Result<Bytes>>(op, Bytes(found->second));
}

void Host::start_write_file(const std::string& path, Bytes content, Operation<Result<>>& op) {
  if (const auto fails = file_fails.find(path); fails != file_fails.end()) return later<Result<>>(op, fails->second);
  files[path] = std::move(content);
  later<Result<>>(op, Result<>());
}

void Host::start_sync_file(const std::string& path, Operation<Result<>>& op) {
  later<Result<>>(op, files.contains(path) ? Result<>() : Result<>(missing(path)));
}

void Host::start_sync_directory(const std::string& path, Operation<Result<>>& op) {
  later<Result<>>(op, folders.contains(path) ? Result<>() : Result<>(missing(path)));
}

void Host::start_make_directory(const std::string& path, Operation<Result<>>& op) {
  later<Result<>>(op, folders.insert(path).second ? Result<>() : Result<>(ErrorCode::already_exists, path));
}

void Host::remove_tree(const std::string& path) {
  const auto inside = [&](const std::string& name) { return name == path || name.starts_with(path + "/"); };
  std::erase_if(files, [&](const auto& file) { return inside(file.first); });
  std::erase_if(folders, inside);
}

bool Host::move_tree(const std::string& from, const std::string& to) {
  if (!exists(from)) return false;
  const auto moved = [&](const std::string& name) { return to + name.substr(from.size()); };
  const auto inside = [&](const std::string& name) { return name == from || name.starts_with(from + "/"); };
  const std::map<std::string, Bytes> old_files = files;
  const std::set<std::string> old_folders = folders;
  for (const auto& [name, content] : old_files)
    if (inside(name)) {
      files.erase(name);
      files[moved(name)] = content;
    }
  for (const std::string& name : old_folders)
    if (inside(name)) {
      folders.erase(name);
      folders.insert(moved(name));
    }
  return true;
}

void Host::start_rename(const std::string& from, const std::string& to, Operation<Result<>>& op) {
  if (folders.contains(from)) trace.push_back("rename " + from + " " + to);
  for (const auto& file : files)
    if (folders.contains(to) && file.first.starts_with(to + "/"))
      return later<Result<>>(op, Error{ErrorCode::already_exists, to});
  later<Result<>>(op, move_tree(from, to) ? Result<>() : Result<>(missing(from)));
}

void Host::start_remove(const std::string& path, Operation<Result<>>& op) {
  remove_tree(path);
  later<Result<>>(op, Result<>());
}

void Host::start_list_directory(const std::string& path, Operation<Result<std::vector<std::string>>>& op) {
  if (!folders.contains(path)) return later<Result<std::vector<std::string>>>(op, missing(path));
  std::set<std::string> inside;
  for (const auto& file : files)
    if (file.first.starts_with(path + "/"))
      inside.insert(file.first.substr(path.size() + 1, file.first.find('/', path.size() + 1) - path.size() - 1));
  later<Result<std::vector<std::string>>>(op, std::vector<std::string>(inside.begin(), inside.end()));
}

void Host::begin_program(const std::string& name, const std::vector<std::string>& arguments) {
  if (name == "initdb" || name == "pg_basebackup") {
    folders.insert(argument_after(arguments, "-D"));
    folders.insert(argument_after(arguments, "-D") + "/pg_wal");
    files[argument_after(arguments, "-D") + "/PG_VERSION"] = "15";
  }
  if (name == "pg_rewind") files["/root/data/copy"] = "half";
}

ProgramExit Host::run_program(const std::string& name, const std::vector<std::string>& arguments) {
  const std::string folder = argument_after(arguments, "-D");
  Server& server = servers[local];
  if (name == "initdb") {
    make_copy(folder, "new", false);
    images["new"] = Server();
    images["new"].log.lineage = {Branch{1, 0, 0}};
    images["new"].log.offset = 50;
    return {0, ""};
  }
  if (name == "pg_basebackup") {
    for (auto& [address, source] : servers)
      if (source.up && address != local &&
          arguments[1].find("port='" + address.substr(address.find(':') + 1) + "'") != std::string::npos) {
        images["clone"] = source;
        make_copy(folder, "clone", false);
        return {0, ""};
      }
    return {1, "could not connect"};
  }
  if (name == "pg_rewind") {
    files["/root/data/copy"] = "rewound";
    files.erase("/root/data/standby.signal");
    for (auto& [address, source] : servers)
      if (address != local && !source.recovery) images["rewound"] = source;
    return {0, ""};
  }
  if (name == "pg_controldata") {
    if (!files.contains(folder + "/copy") || files[folder + "/copy"] == "half") return {1, "could not read pg_control"};
    const Server& image = servers[local].up && folder == "/root/data" ? server : images[files[folder + "/copy"]];
    return {0, "Database system identifier:           " + std::to_string(image.system) +
                   "\nDatabase cluster state:               " +
                   (image.unfinished             ? "in archive recovery"
                    : server.up || image.crashed ? "in production"
                                                 : "shut down") +
                   "\nMinimum recovery ending location:     " + postgresql::programs::to_lsn(image.consistent_from) +
                   "\nMin recovery ending loc's timeline:   " + std::to_string(image.consistent_timeline) +
                   "\nLatest checkpoint location:           " + postgresql::programs::to_lsn(image.checkpoint) +
                   "\nLatest checkpoint's TimeLineID:       " +
                   std::to_string(image.log.lineage.empty() ? 0 : image.log.lineage.back().timeline) +
                   "\nwal_log_hints setting:                on\nData page checksum version:           1\n"};
  }
  if (name == "pg_waldump") {
    const bool short_of = argument_after(arguments, "-e") > postgresql::programs::to_lsn(server.log.offset);
    return short_of ? ProgramExit{1, "invalid record length"} : ProgramExit{0, "a record\n"};
  }
  if (name == "pg_ctl" && arguments[0] == "status") return {server.up ? 0 : 3, ""};
  if (name == "pg_ctl" && arguments[0] == "start") {
    if (!files.contains(folder + "/copy")) return {1, "could not start server"};
    server = images[files[folder + "/copy"]];
    server.up = true;
    server.started = ++starts_;
    server.processes = starts_;
    server.standbys.clear();
    server.recovery = files.contains(folder + "/standby.signal");
    if (std::exchange(server.crashed, false)) server.checkpoint = server.log.offset;
    read_settings(server);
    files[folder + "/postmaster.pid"] = "4711\n";
    server.silent = server.log.offset < server.consistent_from;
    if (server.silent || server.late) return {1, "server did not start in time"};
    return {0, ""};
  }
  if (name == "pg_ctl" && (arguments[0] == "stop" || arguments[0] == "kill")) {
    if (server.up) images[files["/root/data/copy"]] = server;
    server.up = server.silent = false;
    files.erase("/root/data/postmaster.pid");
    return {0, ""};
  }
  return {127, "the fake does not know " + name};
}

void Host::start_run(Program program, Operation<Result<ProgramExit>>& op) {
  const std::string key = program.name == "pg_ctl" ? "pg_ctl " + program.arguments[0] : program.name;
  std::string traced = key;
  if (key == "pg_ctl stop") traced += " " + argument_after(program.arguments, "-m");
  if (key == "pg_ctl kill") traced += " " + program.arguments[1];
  trace.push_back(traced);
  begin_program(program.name, program.arguments);
  const std::uint64_t token = next_++;
  op.owned_by(&owner_, token);
  if (const auto hangs = program_hangs.find(key); hangs != program_hangs.end() && hangs->second()) return;
  pending_[token] =
      Due{now_, [this, &op, key, traced, program] {
            const auto fails = program_fails.contains(traced) ? program_fails.find(traced) : program_fails.find(key);
            op.complete(fails != program_fails.end() ? fails->second : run_program(program.name, program.arguments));
          }};
}

void Host::start_open_session(const SqlEndpoint& endpoint, Operation<Result<std::unique_ptr<SqlSession>>>& op) {
  const std::string& address = endpoint.server.value();
  if (!servers.contains(address) || !servers[address].up)
    return later<Result<std::unique_ptr<SqlSession>>>(
        op, Error{ErrorCode::unreachable, "connection refused by " + address});
  trace.push_back("open " + address);
  later<Result<std::unique_ptr<SqlSession>>>(op,
                                             std::unique_ptr<SqlSession>(std::make_unique<Session>(*this, address)));
}

}  // namespace heir::fake
