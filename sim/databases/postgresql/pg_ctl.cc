// pg_ctl: starts and stops servers, and sends them signals.
//
// A signal reaches its server through the server's own gate: one that is stopped (paused) acts on it when it goes on.
// Only SIGKILL does not ask.
#include <charconv>

#include "sim/databases/postgresql/programs.h"
#include "sim/databases/postgresql/server.h"

namespace heir::sim::programs {

namespace {

/// Waits for a server to have started or stopped, or for its own time to be up.
class Waiting final : public Body, private TimerHandler {
 public:
  Waiting(Process& self, std::string late) : self_(self), late_(std::move(late)) {}
  ~Waiting() override { *alive_ = false; }

  /// What others hold in order to tell this one; false once it is gone.
  std::shared_ptr<bool> alive() const { return alive_; }
  void limit(Duration time) { self_.clock().set_timer_after(time, &self_, *this); }
  void done(ProgramExit result) {
    if (self_.is_alive()) self_.exit(std::move(result));
  }

 private:
  void on_timer(std::uint64_t) override { done({1, late_}); }
  Process& self_;
  std::string late_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

Duration limit_of(const Program& program) {
  std::int64_t seconds = 60;
  if (const auto text = option(program, "-t")) std::from_chars(text->data(), text->data() + text->size(), seconds);
  return Duration::seconds(seconds);
}

/// config_file='…' among the server's options.
std::optional<std::string> configuration_file(const Program& program) {
  const std::string options = option(program, "-o").value_or("");
  constexpr std::string_view key = "config_file=";
  const std::size_t at = options.find(key);
  if (at == std::string::npos) return std::nullopt;
  std::string path;
  bool quoted = false;
  for (std::size_t i = at + key.size(); i < options.size(); ++i) {
    const char c = options[i];
    if (c == '\'' || c == '"')
      quoted = !quoted;
    else if (c == ' ' && !quoted)
      break;
    else
      path += c;
  }
  return path;
}

void start(PostgreSql& run, Process& self, const Program& program, const std::string& folder,
           std::shared_ptr<DataFolder> home) {
  Machine& machine = self.machine();
  const std::string configuration = configuration_file(program).value_or(folder + "/postgresql.conf");
  if (!self.disk().exists(configuration)) {
    self.exit({1, "postgres: could not access the server configuration file \"" + configuration +
                      "\": No such file or directory\npg_ctl: could not start server\nExamine the log output.\n"});
    return;
  }
  Process& process = machine.start("postgres");
  auto body = std::make_unique<PostgresServer>(
      run, process, folder, std::move(home), std::vector<std::string>{configuration, folder + "/postgresql.auto.conf"});
  PostgresServer* server = body.get();
  process.set_body(std::move(body));
  const Result<> started = server->start();
  if (!started) {
    self.exit({1, started.error().message + "\npg_ctl: could not start server\nExamine the log output.\n"});
    process.exit({1, started.error().message});
    return;
  }
  auto waiting = std::make_unique<Waiting>(self, "pg_ctl: server did not start in time\n");
  Waiting* waits = waiting.get();
  self.set_body(std::move(waiting));
  waits->limit(limit_of(program));
  server->when_ready([waits, alive = waits->alive()](bool ready) {
    if (!*alive) return;
    waits->done(ready ? ProgramExit{0, "server started\n"}
                      : ProgramExit{1, "pg_ctl: could not start server\nExamine the log output.\n"});
  });
}

void stop(Process& self, const Program& program, Process& process, PostgresServer& server) {
  auto waiting = std::make_unique<Waiting>(self, "pg_ctl: server does not shut down\n");
  Waiting* waits = waiting.get();
  self.set_body(std::move(waiting));
  waits->limit(limit_of(program));
  process.on_end([waits, alive = waits->alive()](const ProcessEnd&) {
    if (*alive) waits->done({0, "server stopped\n"});
  });
  server.signal(option(program, "-m").value_or("fast") == "immediate" ? ServerSignal::quit : ServerSignal::interrupt);
}

}  // namespace

void pg_ctl(PostgreSql& run, Process& self, const Program& program) {
  const std::string action = program.arguments.empty() ? "" : program.arguments.front();
  Machine& machine = self.machine();
  if (action == "kill") {
    std::uint32_t number = 0;
    const std::string& text = program.arguments.back();
    std::from_chars(text.data(), text.data() + text.size(), number);
    Process* target = machine.find(Pid(number));
    PostgresServer* server = target ? target->body_as<PostgresServer>() : nullptr;
    if (program.arguments.size() != 3 || !server) {
      self.exit({1, "pg_ctl: could not send signal (PID: " + text + "): No such process\n"});
      return;
    }
    const std::string& signal = program.arguments[1];
    if (signal == "KILL")
      target->crash();
    else if (signal == "QUIT")
      server->signal(ServerSignal::quit);
    else if (signal == "INT")
      server->signal(ServerSignal::interrupt);
    else if (signal == "HUP")
      server->signal(ServerSignal::hangup);
    else {
      self.exit({1, "pg_ctl: unrecognized signal name \"" + signal + "\"\n"});
      return;
    }
    self.exit({0, ""});
    return;
  }
  const std::string folder = option(program, "-D").value_or("");
  auto home = PostgreSql::folder(machine, folder);
  if (!home) {
    const std::string words = machine.disk().exists(folder)
                                  ? "pg_ctl: directory \"" + folder + "\" is not a database cluster directory\n"
                                  : "pg_ctl: directory \"" + folder + "\" does not exist\n";
    self.exit({action == "status" ? 4 : 1, words});
    return;
  }
  if (action == "start") return start(run, self, program, folder, std::move(home));
  Process* process = machine.find(home->server);
  PostgresServer* server = process ? process->body_as<PostgresServer>() : nullptr;
  if (action == "status") {
    if (server)
      self.exit({0, "pg_ctl: server is running (PID: " + std::to_string(process->pid().value()) + ")\n"});
    else
      self.exit({3, "pg_ctl: no server running\n"});
    return;
  }
  if (!server) {
    self.exit({1, "pg_ctl: PID file \"" + folder + "/postmaster.pid\" does not exist\nIs server running?\n"});
    return;
  }
  if (action == "stop") return stop(self, program, *process, *server);
  if (action == "reload") {
    server->signal(ServerSignal::hangup);
    self.exit({0, "server signaled\n"});
  } else if (action == "promote") {
    if (!server->in_recovery()) {
      self.exit({1, "pg_ctl: cannot promote server; server is not in standby mode\n"});
      return;
    }
    server->signal(ServerSignal::promote);
    self.exit({0, "server promoting\n"});
  } else {
    self.exit({1, "pg_ctl: unrecognized operation mode \"" + action + "\"\n"});
  }
}

}  // namespace heir::sim::programs
