// A few machines with PostgreSQL on them, and clients on a machine of their own, driven step by step by a test.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sim/databases/postgresql/postgresql.h"
#include "sim/databases/postgresql/server.h"
#include "sim/databases/postgresql/wire.h"
#include "sim/process/sql_protocol.h"

namespace heir::sim {

/// A client of the wire protocol.
class WireClient final : private StreamHandler {
 public:
  struct Answer {
    bool done = false;  ///< Complete and ready, or an error and ready.
    std::string row;
    bool null = false;
    std::string tag;
    std::string error;  ///< SQLSTATE.
    std::string warning;
  };

  WireClient(Network& network, NodeId node, AddressId server) : network_(network) {
    stream_ = network.connect(node, server, *this, nullptr);
    network.write(stream_, wire::startup("app", "app"));
  }
  ~WireClient() { network_.reset(stream_); }
  void send(const std::string& text) {
    answer = Answer();
    network_.write(stream_, wire::query(text));
  }
  void leave() { network_.reset(stream_); }
  bool is_open() const { return open; }

  bool ready = false;
  bool open = true;
  wire::BackendKey key;
  Answer answer;

 private:
  void on_connected(StreamId) override {}
  void on_closed(StreamId) override { open = false; }
  void on_reset(StreamId, StreamEnd) override { open = false; }
  void on_data(StreamId, Chunk chunk) override {
    decoder_.feed(std::move(chunk.bytes));
    while (const auto frame = decoder_.next()) {
      switch (frame->type) {
        case 'K': key = *wire::parse_backend_key(frame->body); break;
        case 'Z':
          if (ready) answer.done = true;
          ready = true;
          break;
        case 'D': {
          const auto value = wire::parse_row(frame->body);
          answer.null = !value;
          if (value) answer.row = std::string(*value);
          break;
        }
        case 'C': answer.tag = std::string(wire::parse_complete(frame->body)); break;
        case 'E': answer.error = std::string(wire::parse_report(frame->body).state); break;
        case 'N': answer.warning = std::string(wire::parse_report(frame->body).message); break;
        default: break;
      }
    }
  }
  Network& network_;
  StreamId stream_;
  wire::Decoder decoder_{false};
};

/// The agent's session.
class AgentSession final : private StreamHandler {
 public:
  AgentSession(Network& network, NodeId node, AddressId server) : network_(network) {
    stream_ = network.connect(node, server, *this, nullptr);
    network.write(stream_, {}, Attachment::make<SqlStartup>(50, SqlStartup{"postgres", "heir", "heir-agent"}));
  }
  ~AgentSession() { network_.reset(stream_); }
  void send(std::string_view name, std::vector<std::string> parameters = {}) {
    result.reset();
    network_.write(stream_, {},
                   Attachment::make<SqlRequest>(50, SqlRequest{Statement{name, "", std::move(parameters)}}));
  }
  bool ready = false;
  bool open = true;
  std::string refused;
  std::optional<Result<Rows>> result;

 private:
  void on_connected(StreamId) override {}
  void on_closed(StreamId) override { open = false; }
  void on_reset(StreamId, StreamEnd) override { open = false; }
  void on_data(StreamId, Chunk chunk) override {
    if (chunk.attachment.get<SqlReady>()) ready = true;
    if (const auto* words = chunk.attachment.get<SqlRefused>()) refused = words->error.message;
    if (const auto* response = chunk.attachment.get<SqlResponse>()) result = response->result;
  }
  Network& network_;
  StreamId stream_;
};

inline const std::string data_folder = "/data";

class LittleWorld {
 public:
  explicit LittleWorld(std::size_t count = 2, std::uint64_t seed = 1, PostgresTimings timings = {})
      : kernel(seed), network(kernel, NetworkParameters{}), postgresql(kernel, timings) {
    for (std::size_t i = 0; i < count; ++i) {
      MachineParameters parameters;
      parameters.name = std::string(1, static_cast<char>('a' + i));
      machines.push_back(std::make_unique<Machine>(kernel, network, parameters));
      postgresql.install(*machines.back());
    }
    client_node = network.add_node("clients");
  }

  Machine& machine(std::size_t i) { return *machines[i]; }
  PostgresServer* server(std::size_t i) { return PostgreSql::server(machine(i), data_folder); }
  DataDirectory& data(std::size_t i) { return PostgreSql::folder(machine(i), data_folder)->data; }

  void run_for(Duration time) { kernel.run({.until = kernel.now() + time}); }
  /// Runs until the condition holds; false if it does not within the time.
  template <class Condition>
  bool run_until(Condition condition, Duration limit = Duration::seconds(60)) {
    const VirtualTime end = kernel.now() + limit;
    while (!condition()) {
      const auto next = kernel.next_time();
      if (!next || *next > end) return false;
      kernel.step();
    }
    return true;
  }

  ProgramExit run(std::size_t i, std::string name, std::vector<std::string> arguments) {
    auto result = std::make_shared<std::optional<ProgramExit>>();
    const Result<RunId> begun = machine(i).run({std::move(name), std::move(arguments)},
                                               [result](const ProcessEnd& end) { *result = end.exit; });
    if (!begun) return {-1, begun.error().message};
    if (!run_until([&] { return result->has_value(); }, Duration::seconds(300))) return {-2, "does not end"};
    return **result;
  }
  ProgramExit pg_ctl(std::size_t i, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {"-D", data_folder});
    return run(i, "pg_ctl", std::move(arguments));
  }
  ProgramExit start(std::size_t i) { return pg_ctl(i, {"start", "-w"}); }
  ProgramExit stop(std::size_t i, const std::string& mode = "fast") { return pg_ctl(i, {"stop", "-m", mode}); }
  std::string conninfo(std::size_t from, std::size_t to) {
    return "host=" + machine(to).name() + " port=5432 application_name='" + machine(from).name() + "'";
  }

  /// Writes the configuration: for whom commits wait, whom to follow, anything else.
  void configure(std::size_t i, const std::string& sync, const std::string& upstream, const std::string& more = "") {
    const Result<> written = machine(i).disk().write(
        data_folder + "/postgresql.conf", "wal_retrieve_retry_interval = '100ms'\nsynchronous_standby_names = '" +
                                              sync + "'\nprimary_conninfo = '" + doubled(upstream) + "'\n" + more);
    ASSERT(written.has_value());
  }
  void initdb(std::size_t i) {
    const ProgramExit exit = run(i, "initdb", {"-D", data_folder, "--data-checksums", "--wal-segsize=1"});
    ASSERT(exit.status == 0, exit.output);
    configure(i, "", "");
  }
  /// A standby of `upstream`, running and streaming.
  void make_standby(std::size_t i, std::size_t upstream, const std::string& more = "") {
    const ProgramExit copied =
        run(i, "pg_basebackup", {"-d", conninfo(i, upstream), "-D", data_folder, "-X", "stream", "-c", "fast"});
    ASSERT(copied.status == 0, copied.output);
    follow(i, upstream, more);
    const ProgramExit started = start(i);
    ASSERT(started.status == 0, started.output);
    ASSERT(run_until([&] { return streams(i); }));
  }
  void follow(std::size_t i, std::size_t upstream, const std::string& more = "") {
    configure(i, "", conninfo(i, upstream), more);
    ASSERT(machine(i).disk().write(data_folder + "/standby.signal", "").has_value());
    ASSERT(machine(i).disk().sync_tree_now("/").has_value());
  }
  bool streams(std::size_t i) {
    return server(i) && server(i)->receiver().status() &&
           std::string_view(server(i)->receiver().status()) == "streaming";
  }
  /// A primary on machine 0, standbys of it on the others, commits waiting for `sync`.
  void make_cluster(const std::string& sync = "") {
    initdb(0);
    ASSERT(start(0).status == 0);
    for (std::size_t i = 1; i < machines.size(); ++i) make_standby(i, 0);
    if (!sync.empty()) set_sync(0, sync);
  }
  void set_sync(std::size_t i, const std::string& sync) {
    configure(i, sync, "");
    reload(i);
  }
  void reload(std::size_t i) {
    ASSERT(pg_ctl(i, {"reload"}).status == 0);
    run_for(Duration::milliseconds(30));
  }
  /// A standby stops receiving: nothing that is written from now on reaches it.
  void sever(std::size_t i) {
    configure(i, "", "");
    reload(i);
    ASSERT(server(i)->receiver().status() == nullptr);
  }
  bool caught_up(std::size_t i, std::size_t upstream) {
    return server(i)->replayed() >= server(upstream)->flushed() && server(i)->flushed() >= server(upstream)->flushed();
  }

  std::unique_ptr<WireClient> client(std::size_t i) {
    auto made = std::make_unique<WireClient>(network, client_node, machine(i).address(5432));
    run_until([&] { return made->ready || !made->open || !made->answer.error.empty(); }, Duration::seconds(5));
    return made;
  }
  WireClient::Answer ask(WireClient& by, const std::string& text, Duration limit = Duration::seconds(5)) {
    by.send(text);
    run_until([&] { return by.answer.done || !by.open; }, limit);
    return by.answer;
  }
  std::string read(std::size_t i, const std::string& text) {
    const auto reader = client(i);
    return ask(*reader, text).row;
  }
  Result<Rows> sql(std::size_t i, std::string_view name, std::vector<std::string> parameters = {}) {
    AgentSession session(network, client_node, machine(i).address(5432));
    run_until([&] { return session.ready || !session.open; }, Duration::seconds(5));
    if (!session.ready) return Error{ErrorCode::unreachable, session.refused};
    session.send("prepare_session");
    run_until([&] { return session.result.has_value() || !session.open; }, Duration::seconds(5));
    session.send(name, std::move(parameters));
    run_until([&] { return session.result.has_value() || !session.open; }, Duration::seconds(5));
    if (!session.result) return Error{ErrorCode::unreachable, "no answer"};
    return *session.result;
  }

  static std::string doubled(const std::string& text) {
    std::string result;
    for (char c : text) {
      if (c == '\'') result += '\'';
      result += c;
    }
    return result;
  }

  Kernel kernel;
  Network network;
  PostgreSql postgresql;
  std::vector<std::unique_ptr<Machine>> machines;
  NodeId client_node;
};

}  // namespace heir::sim
