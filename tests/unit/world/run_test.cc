// A run is a function of scenario and seed: whoever watches changes nothing.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "scenarios/load.h"
#include "sim/world/run.h"
#include "tools/simulation/programs.h"

using namespace heir;
using namespace heir::sim;

namespace {

scenarios::Scenario small(const std::string& more = {}) {
  const scenarios::Loaded loaded = scenarios::load_text(
      "test.toml",
      "title = \"t\"\nduration = \"25s\"\n[[workload]]\nkind = \"register\"\nclients = 3\nkeys = 4\nrate = \"50/s\"\n"
      "[[workload]]\nkind = \"append\"\nclients = 2\nkeys = 2\nrate = \"20/s\"\n" +
          more);
  for (const std::string& message : loaded.messages) UNSCOPED_INFO(message);
  REQUIRE(loaded);
  return *loaded.scenario;
}
scenarios::Scenario with_crash() {
  return small(
      "[[fault]]\nkind = \"crash\"\nat = \"10s..12s\"\nfor = \"3s\"\n[[fault]]\nkind = \"partition\"\nshape = "
      "\"random\"\ntarget = \"any\"\n"
      "at = \"15s\"\nfor = \"2s\"\n");
}

std::vector<std::string> lines(const reports::History& history) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const reports::Event event = history.event(i);
    std::string line = std::to_string(event.time.ns()) + " " + std::to_string(event.process.value()) + " " +
                       reports::to_string(event.type) + " " + reports::to_string(event.function) + " " +
                       history.key_text(event.key) + " " + std::to_string(event.by.peer) + "/" +
                       std::to_string(event.by.generation);
    if (event.value.kind() == reports::ValueKind::integer) line += " " + std::to_string(event.value.number());
    if (event.value.kind() == reports::ValueKind::list)
      for (const reports::Value n : history.elements(event.value.list())) line += "," + history.value_text(n);
    all.push_back(std::move(line));
  }
  return all;
}
std::vector<std::string> lines(const std::vector<StoryLine>& story) {
  std::vector<std::string> all;
  for (const StoryLine& line : story)
    all.push_back(std::to_string(line.at.ns()) + " " + std::to_string(static_cast<int>(line.kind)) + " " + line.host +
                  " " + line.what);
  return all;
}

void same(const RunResult& a, const RunResult& b) {
  CHECK(a.trace_hash == b.trace_hash);
  CHECK(a.events == b.events);
  CHECK(a.ended == b.ended);
  CHECK(a.generations == b.generations);
  CHECK(a.failovers == b.failovers);
  CHECK(a.outages.size() == b.outages.size());
  CHECK(a.violations.size() == b.violations.size());
  CHECK(a.healed_at == b.healed_at);
  CHECK(a.first_write_after_heal == b.first_write_after_heal);
  CHECK(lines(a.history) == lines(b.history));
}

}  // namespace

TEST_CASE("requests of operators are counted by what became of them") {
  tools::SimulatedPrograms programs;
  const std::string switchover = "[[fault]]\nkind = \"switchover\"\nat = \"12s\"\n";
  const std::string unfreeze = "[[fault]]\nkind = \"unfreeze\"\nat = \"20s\"\n";
  const RunResult good = run(small(switchover + unfreeze), programs, {});
  CHECK(good.requests.ok == 2);
  CHECK(good.requests.failed == 0);
  const std::string no_store = "[[fault]]\nkind = \"crash\"\ntarget = \"store\"\nat = \"15s\"\n";
  const RunResult bad = run(small(switchover + no_store + unfreeze), programs, {});
  CHECK(bad.requests.ok == 1);
  CHECK(bad.requests.failed == 1);
}

TEST_CASE("clients read from standbys by the read-only port of every host") {
  tools::SimulatedPrograms programs;
  const RunResult result = run(small("[[workload]]\nkind = \"append\"\nclients = 2\nkeys = 2\nrate = \"40/s\"\n"
                                     "reads = \"100%\"\nreads_from = \"standbys\"\n"),
                               programs, {});
  std::array<int, 4> answered{};  // by host
  for (const reports::Operation& op : result.history.operations())
    if (op.function == reports::Function::read_standby && op.ok()) ++answered.at(op.by.peer);
  for (int host = 1; host <= 3; ++host) CHECK(answered.at(static_cast<std::size_t>(host)) > 20);
}

TEST_CASE("the same run twice in one process") {
  tools::SimulatedPrograms programs;
  const scenarios::Scenario scenario = with_crash();
  RunOptions options;
  options.seed = 3;
  const RunResult a = run(scenario, programs, options);
  const RunResult b = run(scenario, programs, options);
  same(a, b);
  CHECK(lines(a.story) == lines(b.story));
  CHECK(a.story.size() > 20);
  CHECK(a.history.size() > 1000);
  CHECK(a.failovers.size() >= 1);
  CHECK(a.generations >= 2);
  CHECK_FALSE(a.interrupted);
  CHECK(a.seed == 3);
  CHECK(a.violations.empty());
  CHECK(a.has_writers);
  CHECK(a.final_state);
  REQUIRE(a.first_write_after_heal);
  CHECK(*a.first_write_after_heal > a.healed_at);
  options.seed = 6;
  const RunResult other = run(scenario, programs, options);
  CHECK(other.trace_hash != a.trace_hash);
}

TEST_CASE("who watches changes nothing") {
  tools::SimulatedPrograms programs;
  const scenarios::Scenario scenario = with_crash();
  RunOptions options;
  const RunResult plain = run(scenario, programs, options);
  SECTION("no story") {
    options.keep_story = false;
    const RunResult quiet = run(scenario, programs, options);
    same(plain, quiet);
    CHECK(quiet.story.empty());
  }
  SECTION("a trace") {
    std::uint64_t traced = 0;
    options.trace = [&](std::string_view) { ++traced; };
    const RunResult result = run(scenario, programs, options);
    same(plain, result);
    CHECK(traced == result.events);
    CHECK(lines(plain.story) == lines(result.story));
  }
  SECTION("a log") {
    std::size_t logged = 0;
    options.log = [&](const LogLine& line) { logged += line.event.size() > 0; };
    same(plain, run(scenario, programs, options));
    CHECK(logged > 20);
  }
  SECTION("a timeline") {
    options.keep_timeline = true;
    const RunResult result = run(scenario, programs, options);
    same(plain, result);
    CHECK(lines(plain.story) == lines(result.story));
    CHECK_FALSE(plain.timeline);
    CHECK(result.timeline);
  }
  SECTION("progress") {
    VirtualTime last;
    std::uint64_t calls = 0;
    bool forward = true;
    options.progress = [&](const Progress& progress) {
      ++calls;
      forward = forward && progress.at >= last;
      last = progress.at;
      return true;
    };
    same(plain, run(scenario, programs, options));
    CHECK(calls > 0);
    CHECK(forward);
  }
}

TEST_CASE("a lease is held before a gate opens, and by nobody who is off") {
  tools::SimulatedPrograms programs;
  RunOptions options;
  options.keep_timeline = true;
  const RunResult result = run(with_crash(), programs, options);
  REQUIRE(result.timeline);
  const auto value_at = [](const reports::Track& track, reports::HistoryTime at) {
    for (const reports::Span& span : track.spans())
      if (span.from <= at && at < span.to) return span.value;
    return std::string();
  };
  int opened = 0, off = 0;
  for (const reports::HostTimeline& host : result.timeline->hosts) {
    if (host.kind != reports::HostKind::peer) CHECK(host.lease.spans().empty());
    for (const reports::Span& gate : host.gate.spans()) {
      if (gate.value != "open") continue;
      CHECK(value_at(host.lease, gate.from) == "held");
      ++opened;
    }
    for (const reports::Span& machine : host.machine.spans()) {
      if (machine.value != "off") continue;
      CHECK(value_at(host.lease, machine.from) == "");
      ++off;
    }
  }
  CHECK(opened >= 2);
  CHECK(off >= 1);
}

TEST_CASE("a run that is interrupted says so, and what it has is the beginning of the whole") {
  tools::SimulatedPrograms programs;
  const scenarios::Scenario scenario = with_crash();
  const RunResult whole = run(scenario, programs, {});
  const std::vector<std::string> history = lines(whole.history);
  int asked_in_all = 0;
  {
    RunOptions options;
    options.progress = [&](const Progress&) { return ++asked_in_all > 0; };
    CHECK_FALSE(run(scenario, programs, options).interrupted);
  }
  REQUIRE(asked_in_all >= 2);
  for (const int at : {1, 2, asked_in_all / 2, asked_in_all}) {
    INFO("at look " << at << " of " << asked_in_all);
    RunOptions options;
    int asked = 0;
    std::uint64_t events = 0;
    options.progress = [&](const Progress& progress) {
      events = progress.events;
      return ++asked < at;
    };
    const RunResult cut = run(scenario, programs, options);
    CHECK(cut.interrupted);
    CHECK(asked == at);
    CHECK(cut.events == events);
    CHECK(cut.events <= whole.events);
    const std::vector<std::string> part = lines(cut.history);
    REQUIRE(part.size() <= history.size());
    CHECK(std::equal(part.begin(), part.end(), history.begin()));
  }
}

TEST_CASE("a host that is switched on while it still shuts down comes back") {
  tools::SimulatedPrograms programs;
  const RunResult result =
      run(small("[[fault]]\nkind = \"stop\"\ntarget = \"host:1\"\nat = \"10s\"\nfor = \"50ms\"\n"), programs, {});
  CHECK(std::count_if(result.story.begin(), result.story.end(), [](const StoryLine& line) {
          return line.host == "host1" && line.what.starts_with("agent-started");
        }) == 2);
}

TEST_CASE("a world that is torn down at any event leaves nothing behind") {
  // Kills every program wherever it stands; the sanitizers watch.
  tools::SimulatedPrograms programs;
  for (int ms : {1, 17, 333, 1000, 2500, 4000}) {
    scenarios::Scenario scenario = small();
    scenario.duration = Duration::milliseconds(ms);
    RunOptions options;
    options.progress = [](const Progress&) { return false; };
    const RunResult cut = run(scenario, programs, options);
    CHECK(cut.interrupted);
    CHECK(cut.ended <= VirtualTime() + scenario.duration);
  }
}

TEST_CASE("the final state is there if a primary is up at the end, and agrees with the last reads") {
  tools::SimulatedPrograms programs;
  SECTION("up") {
    const RunResult result = run(small(), programs, {});
    REQUIRE(result.final_state);
    CHECK(result.final_state->size() == 6);
  }
  SECTION("the primary is off for good, and nobody may take over") {
    const RunResult result = run(small("[[fault]]\nkind = \"crash\"\ntarget = \"all\"\nat = \"12s\"\n"), programs, {});
    CHECK_FALSE(result.final_state);
    CHECK_FALSE(result.outages.empty());
    CHECK_FALSE(result.first_write_after_heal);
  }
  SECTION("there never was one") {
    scenarios::Scenario scenario = small();
    scenario.duration = Duration::milliseconds(10);
    RunOptions options;
    options.progress = [](const Progress&) { return false; };
    const RunResult result = run(scenario, programs, options);
    CHECK_FALSE(result.final_state);
    CHECK(result.generations == 0);
  }
}

TEST_CASE("a variation leaves what was before it, and changes what is after") {
  tools::SimulatedPrograms programs;
  scenarios::Scenario scenario = with_crash();
  RunOptions options;
  options.seed = 3;
  const RunResult plain = run(scenario, programs, options);
  const auto varied = [&](std::vector<scenarios::Variation> vary) {
    scenario.vary = std::move(vary);
    return run(scenario, programs, options);
  };
  const Duration at = Duration::seconds(12);
  const RunResult one = varied({{at, 1}});
  const RunResult two = varied({{at, 2}});
  const RunResult chained = varied({{at, 1}, {Duration::seconds(14), 1}});
  const RunResult from_start = varied({{Duration::zero(), 1}});
  const auto before = [](const RunResult& result, Duration until) {
    std::vector<std::string> all = lines(result.history);
    std::size_t size = 0;
    while (size < all.size() && result.history.event(size).time.ns() <= until.ns()) ++size;
    all.resize(size);
    return all;
  };
  CHECK(before(one, at) == before(plain, at));
  CHECK(before(chained, Duration::seconds(14)) == before(one, Duration::seconds(14)));
  CHECK(before(from_start, at) != before(plain, at));
  CHECK(one.trace_hash != plain.trace_hash);
  CHECK(two.trace_hash != one.trace_hash);
  CHECK(chained.trace_hash != one.trace_hash);

  // Whoever watches changes nothing, also beside a variation.
  for (const Duration pause : {at - Duration::milliseconds(1), at, at + Duration::milliseconds(1)}) {
    int asked = 0;
    options.pause = [&](const Glance& glance) -> std::optional<Limits> {
      if (++asked > 1) CHECK(glance.now() == VirtualTime() + pause);
      return asked > 1 ? Limits{} : Limits{VirtualTime() + pause};
    };
    same(varied({{at, 1}}), one);
    CHECK(asked == 2);
  }
  // Event by event too.
  int stops = 0;
  options.pause = [&](const Glance& glance) -> std::optional<Limits> {
    const VirtualTime from = VirtualTime() + at - Duration::milliseconds(300);
    if (glance.now() < from) return Limits{from};
    if (glance.now() > VirtualTime() + at + Duration::milliseconds(300)) return Limits{};
    ++stops;
    return Limits{VirtualTime::max(), glance.events() + 1};
  };
  same(varied({{at, 1}}), one);
  CHECK(stops > 10);
  options.pause = nullptr;
  // And nothing is left of it for the next run of the process.
  same(varied({}), plain);
}
