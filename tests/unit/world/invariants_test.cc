// What must never be is seen from outside the system: by known-bad designs, and by programs that break the rules on
// purpose.
#include <catch2/catch.hpp>

#include <algorithm>
#include <set>

#include "engine/base/sync.h"
#include "scenarios/load.h"
#include "sim/databases/postgresql/wire.h"
#include "sim/world/run.h"
#include "tools/simulation/programs.h"

using namespace heir;
using namespace heir::sim;
using scenarios::FailureKind;

namespace {

/// What the programs of a scripted cluster do.
struct Script {
  std::uint64_t generation[3] = {1, 1, 1};  ///< In which each host's gate claims to be open.
  bool alternate = false;                   ///< The resolver sends clients to host1 and host2 in turn.
  bool regress = false;                     ///< host1 tells of generation 2, then of 1.
};

Task<void> talk(std::unique_ptr<Stream> stream) {
  wire::Decoder decoder(true);
  while (true) {
    Result<Bytes> bytes = co_await stream->read();
    if (!bytes || bytes->empty()) co_return;
    decoder.feed(std::move(*bytes));
    while (const auto frame = decoder.next()) {
      Bytes out;
      if (frame->type == 0) {
        wire::put_greeting(out, {1, 1});
      } else {
        wire::put_complete(out, "OK");
        wire::put_ready(out);
      }
      stream->write(std::move(out));
    }
  }
}

void tell_state(Host& host, int index, int generation, const std::string& primary) {
  host.log(LogLevel::info, "state",
           {{"index", std::to_string(index)},
            {"generation", std::to_string(generation)},
            {"primary", primary},
            {"sync", ""},
            {"async", ""},
            {"deposed", ""},
            {"initial", "0"},
            {"why", "scripted"}});
}

/// An agent that answers everything at its gate, without any database.
Task<void> agent_main(Host& host, Script script, PeerSetup setup) {
  const int number = setup.name.back() - '0';
  const std::uint64_t generation = script.generation[number - 1];
  host.log(LogLevel::info, "gate", {{"mode", "open"}, {"generation", std::to_string(generation)}});
  if (number == 1) tell_state(host, 1, 2, "host1");
  Scope scope;
  Result<std::unique_ptr<Listener>> listener = host.listen(setup.gate);
  ASSERT(listener.has_value());
  if (number == 1 && script.regress) {
    co_await host.sleep(Duration::seconds(1));
    tell_state(host, 1, 1, "host2");  // not newer: not looked at
    tell_state(host, 2, 1, "host2");
  }
  while (true) {
    std::unique_ptr<Stream> client = co_await (*listener)->accept();
    scope.spawn(talk(std::move(client)));
  }
}
Task<void> nothing(Host& host) {
  co_await host.sleep(Duration::seconds(1'000'000));
}
/// Sends its client to host1; alternating, to host2 from the third second on.
Task<void> resolver_main(Host& host, Resolver& resolver, Network& network, bool alternate) {
  Signal wanted(host.executor());
  resolver.serve(&wanted);
  while (true) {
    while (!resolver.asked()) co_await wanted.wait();
    const bool second = alternate && host.monotonic_now() >= MonotonicTime() + Duration::seconds(3);
    const Result<AddressId> gate = network.resolve(Address(second ? "host2:5432" : "host1:5432"));
    resolver.answer(*gate);
  }
}

class ScriptedPrograms final : public Programs {
 public:
  explicit ScriptedPrograms(Script s) : script(s) {}
  HostMain agent(const scenarios::Scenario&, const PeerSetup& setup) override {
    return [s = script, setup](Host& host) { return agent_main(host, s, setup); };
  }
  std::unique_ptr<StoreChecks> check_store(const scenarios::Scenario&, std::function<void(std::string)>) override {
    return nullptr;
  }
  HostMain store(const scenarios::Scenario&, const MemberSetup&) override { return nothing; }
  HostMain resolver(Resolver& resolver, Network& network, std::vector<Address>) override {
    return [&resolver, &network, alternate = script.alternate](Host& host) {
      return resolver_main(host, resolver, network, alternate);
    };
  }
  HostMain operator_request(const scenarios::Fault&, std::vector<Address>, Address) override { return nothing; }
  Script script;
};

scenarios::Scenario writers(const std::string& faults = {}) {
  const scenarios::Loaded loaded = scenarios::load_text("test.toml",
                                                        "title = \"t\"\nduration = \"6s\"\n[[workload]]\nkind = "
                                                        "\"register\"\nreads = \"0%\"\nclients = 2\nrate = \"50/s\"\n" +
                                                            faults);
  for (const std::string& message : loaded.messages) UNSCOPED_INFO(message);
  REQUIRE(loaded);
  return *loaded.scenario;
}
/// Ends host1's agent for good at three seconds, so that its clients ask again who leads.
const std::string cut = "[[fault]]\nkind = \"crash-agent\"\ntarget = \"host:1\"\nat = \"3100ms\"\nfor = \"10s\"\n";

std::vector<FailureKind> violations(const RunResult& result) {
  std::vector<FailureKind> kinds;
  for (const Violation& violation : result.violations) kinds.push_back(violation.kind);
  return kinds;
}
bool tells(const RunResult& result) {
  return std::any_of(result.story.begin(), result.story.end(),
                     [](const StoryLine& line) { return line.what.starts_with("VIOLATION: "); });
}
RunResult run_library(const std::string& file, const std::vector<std::string>& overrides = {}) {
  const scenarios::Loaded loaded = scenarios::load_file(std::string(HEIR_SOURCE_DIR "/scenarios/") + file, overrides);
  for (const std::string& message : loaded.messages) UNSCOPED_INFO(message);
  REQUIRE(loaded);
  tools::SimulatedPrograms programs;
  return run(*loaded.scenario, programs, {});
}

}  // namespace

TEST_CASE("a scripted cluster that keeps the rules violates none") {
  ScriptedPrograms programs({{1, 2, 2}, true, false});
  const RunResult result = run(writers(cut), programs, {});
  CHECK(violations(result).empty());
  std::set<std::pair<int, int>> answered;
  for (const reports::Operation& operation : result.history.operations())
    if (operation.outcome == reports::EventType::ok && operation.function == reports::Function::write)
      answered.insert({operation.by.peer, static_cast<int>(operation.by.generation)});
  CHECK(answered == std::set<std::pair<int, int>>{{1, 1}, {2, 2}});
  CHECK_FALSE(result.final_state);  // there is no database behind it
}

TEST_CASE("two hosts that acknowledge writes in one generation") {
  ScriptedPrograms programs({{1, 1, 1}, true, false});
  const RunResult result = run(writers(cut), programs, {});
  REQUIRE(violations(result) == std::vector{FailureKind::two_primaries});  // told once
  CHECK(tells(result));
  CHECK(result.violations[0].message.find("host1 and host2") != std::string::npos);
  CHECK(result.violations[0].at > VirtualTime() + Duration::seconds(3));
}

TEST_CASE("an acknowledgement of an earlier generation after a later one's") {
  ScriptedPrograms programs({{2, 1, 1}, true, false});
  const RunResult result = run(writers(cut), programs, {});
  CHECK(violations(result) == std::vector{FailureKind::split_brain});
  CHECK(tells(result));
}

TEST_CASE("a generation that goes back") {
  ScriptedPrograms programs({{1, 1, 1}, false, true});
  const RunResult result = run(writers(), programs, {});
  REQUIRE(violations(result) == std::vector{FailureKind::generation_regressed});
  CHECK(result.violations[0].message == "the cluster state went from generation 2 to 1 (index 2)");
  CHECK(result.generations == 2);
}

TEST_CASE("without a lease and without replication, a partitioned primary goes on acknowledging") {
  const RunResult result =
      run_library("known-bad/no-lease-partition.toml", {"policy.acknowledge=nothing", "fault.0.clients=random"});
  CHECK(violations(result) == std::vector{FailureKind::split_brain});
  const RunResult sound =
      run_library("known-bad/no-lease-partition.toml", {"policy.lease=true", "fault.0.clients=random"});
  CHECK(violations(sound).empty());
}

TEST_CASE("the last copy of what was acknowledged is cloned over") {
  const RunResult result = run_library("known-bad/bootstrap-over-data.toml");
  const std::vector<FailureKind> seen = violations(result);
  CHECK(std::count(seen.begin(), seen.end(), FailureKind::copy_destroyed) == 1);
  CHECK(tells(result));
}
