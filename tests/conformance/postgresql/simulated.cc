// The conformance steps against the simulated PostgreSQL: three simulated machines, some seeds. What it shows must be
// what the real server has shown (transcript.txt). Exit status 0 as expected, 1 not.
#include <charconv>
#include <cstdio>
#include <memory>

#include "sim/process/sim_host.h"
#include "tests/conformance/postgresql/steps.h"
#include "tests/conformance/postgresql/transcript.h"
#include "tests/unit/sim_postgresql/little_world.h"

namespace heir::conformance {

namespace {

constexpr std::uint64_t seeds = 20;
constexpr int peers = 3;
constexpr std::uint16_t database_port = 5432;
constexpr std::uint16_t inbox_port = 9000;

/// A process whose Host others use.
Task<void> wait_for_ever(Host& host) {
  for (;;) co_await host.sleep(Duration::seconds(3600));
}

class SimulatedWorld final : public World, private sim::StreamHandler {
 public:
  explicit SimulatedWorld(std::uint64_t seed)
      : kernel_(seed), network_(kernel_, sim::NetworkParameters{}), postgresql_(kernel_) {
    for (int peer = 0; peer < peers; ++peer) {
      sim::MachineParameters parameters;
      parameters.name = "host" + std::to_string(peer);
      auto machine = std::make_unique<sim::Machine>(kernel_, network_, parameters);
      Result<> folder = machine->disk().make_directories(config(peer).root);
      if (folder) folder = machine->disk().sync_tree_now(config(peer).root);
      ASSERT(folder.has_value());
      postgresql_.install(*machine);
      sim::Process& agent = machine->start("agent");
      sim::run_main(agent, machine->address(inbox_port), wait_for_ever);
      hosts_.push_back(sim::host_of(agent));
      machines_.push_back(std::move(machine));
    }
    clients_ = network_.add_node("clients");
  }

  sim::Kernel& kernel() { return kernel_; }
  Host& host(int peer) override { return *hosts_[static_cast<std::size_t>(peer)]; }
  postgresql::Config config(int peer) override {
    postgresql::Config config;
    config.self = PeerId("0e2f-Peer." + std::to_string(peer));
    config.cluster = "conformance";
    config.root = "/peer";
    config.listen = Address("host" + std::to_string(peer) + ":" + std::to_string(database_port));
    config.access = {"host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"};
    config.settings = {"shared_buffers = '16MB'", "max_connections = 40"};
    config.start_limit = Duration::seconds(30);
    config.stream_limit = Duration::seconds(30);
    return config;
  }

  /// The simulated server's tables are always there.
  Task<Result<>> make_table(int) override { co_return Result<>(); }

  Task<int> begin_write(int peer, int value) override {
    const std::size_t number = writes_.size();
    writes_.push_back({peer, connect(peer)});
    sim::WireClient& client = *writes_[number].client;
    co_await until_ready(client);
    if (client.ready) client.send("s1 " + std::to_string(value));
    co_return static_cast<int>(number);
  }

  WriteState state(int number) override {
    const sim::WireClient& client = *write(number).client;
    if (client.answer.done && client.answer.error.empty()) return WriteState::acknowledged;
    return client.answer.done || !client.open || !client.answer.error.empty() ? WriteState::failed
                                                                              : WriteState::waiting;
  }

  std::string told(int number) override {
    const sim::WireClient& client = *write(number).client;
    std::string text;
    if (!client.answer.error.empty()) text += "error " + client.answer.error;
    if (!client.answer.warning.empty()) text += std::string(text.empty() ? "" : ", ") + client.answer.warning;
    if (!client.open) text += std::string(text.empty() ? "" : ", ") + "connection lost";
    return text;
  }

  std::uint32_t process(int number) override { return write(number).client->key.pid; }

  void cancel(int number) override {
    const sim::StreamId stream = network_.connect(clients_, address(write(number).peer), *this, nullptr);
    network_.write(stream, sim::wire::cancel(write(number).client->key));
  }

  bool crash_process(int peer) override {
    sim::PostgresServer* server = sim::PostgreSql::server(*machines_[static_cast<std::size_t>(peer)], "/peer/data");
    if (server == nullptr) return false;
    const sim::Gate::Entry entry(&server->process());
    server->reinitialize();
    return true;
  }

  void fill_disk(int peer, bool full) override {
    sim::Disk& disk = machines_[static_cast<std::size_t>(peer)]->disk();
    if (!full) return disk.lift(filled_);
    sim::DiskFault fault;
    fault.full = true;
    filled_ = disk.lay_on(fault);
  }
  /// Every write needs room there.
  void use_up_log(int) override {}

  Task<Result<std::vector<int>>> values(int peer) override {
    const auto client = connect(peer);
    co_await until_ready(*client);
    if (!client->ready) co_return Error{ErrorCode::failed, "no session: " + client->answer.error};
    client->send("m1");
    for (int i = 0; i < 5000 && client->open && !client->answer.done; ++i)
      co_await host(peer).sleep(Duration::milliseconds(1));
    if (!client->answer.done || !client->answer.error.empty())
      co_return Error{ErrorCode::failed, "not read: " + client->answer.error};
    std::vector<int> seen;
    const std::string& row = client->answer.row;
    for (const char* at = row.data(); at < row.data() + row.size();) {
      int value = 0;
      at = std::from_chars(at, row.data() + row.size(), value).ptr + 1;
      seen.push_back(value);
    }
    co_return seen;
  }

 private:
  struct Write {
    int peer;
    std::unique_ptr<sim::WireClient> client;
  };
  Write& write(int number) { return writes_[static_cast<std::size_t>(number)]; }
  sim::AddressId address(int peer) { return machines_[static_cast<std::size_t>(peer)]->address(database_port); }
  std::unique_ptr<sim::WireClient> connect(int peer) {
    return std::make_unique<sim::WireClient>(network_, clients_, address(peer));
  }
  Task<void> until_ready(sim::WireClient& client) {
    for (int i = 0; i < 5000 && client.open && !client.ready && client.answer.error.empty(); ++i)
      co_await host(0).sleep(Duration::milliseconds(1));
  }

  // Of cancel requests, which are not answered.
  void on_connected(sim::StreamId) override {}
  void on_data(sim::StreamId, sim::Chunk) override {}
  void on_closed(sim::StreamId) override {}
  void on_reset(sim::StreamId, sim::StreamEnd) override {}

  sim::Kernel kernel_;
  sim::Network network_;
  sim::PostgreSql postgresql_;
  std::vector<std::unique_ptr<sim::Machine>> machines_;
  std::vector<Host*> hosts_;
  sim::NodeId clients_;
  std::vector<Write> writes_;
  sim::DiskFaultId filled_;
};

Task<void> tell(World& world, Report& report, bool& ended) {
  report = co_await run_steps(world);
  ended = true;
}

bool run(std::uint64_t seed, const std::vector<std::string>& recorded) {
  SimulatedWorld world(seed);
  Report report;
  bool ended = false;
  {
    Scope story;
    story.spawn(tell(world, report, ended));
    const sim::VirtualTime limit = sim::VirtualTime() + Duration::seconds(300);
    while (!ended && world.kernel().next_time().value_or(sim::VirtualTime::max()) <= limit) world.kernel().step();
  }
  const std::vector<std::string> different = compare(recorded, report.transcript, Server::simulated);
  const bool good = ended && report.failures.empty() && report.checks > 0 && different.empty();
  std::printf("seed %llu: %d checks, %zu failures, %zu lines, %zu differences%s\n",
              static_cast<unsigned long long>(seed), report.checks, report.failures.size(), report.transcript.size(),
              different.size(), ended ? "" : ", not ended in 300 virtual s");
  if (seed != 1 && good) return true;
  for (const std::string& step : report.steps) std::printf("  %s\n", step.c_str());
  for (const std::string& failure : report.failures) std::printf("FAILED: %s\n", failure.c_str());
  for (const std::string& difference : different) std::printf("DIFFERENT: %s\n", difference.c_str());
  return good;
}

}  // namespace

}  // namespace heir::conformance

int main() {
  const auto recorded = heir::conformance::read_lines(HEIR_TRANSCRIPT);
  if (!recorded || recorded->empty()) {
    std::printf("FAILED: no recorded transcript %s\n", HEIR_TRANSCRIPT);
    return 1;
  }
  for (const heir::conformance::Difference& known : heir::conformance::known_differences())
    std::printf("known to differ: %.*s\n", static_cast<int>(known.why.size()), known.why.data());
  for (std::uint64_t seed = 1; seed <= heir::conformance::seeds; ++seed)
    if (!heir::conformance::run(seed, *recorded)) return 1;
  return 0;
}
