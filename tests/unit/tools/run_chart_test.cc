// A run at a glance: every line of it, and that it fits.
#include "tools/command/run_chart.h"

#include <catch2/catch.hpp>
#include <sstream>

using namespace heir;
using namespace heir::reports;
using namespace heir::tools;

namespace {

constexpr std::int64_t s = 1'000'000'000;
HistoryTime at(double seconds) {
  return HistoryTime::from_ns(static_cast<std::int64_t>(seconds * s));
}

/// host1 leads and is switched off from 10 s to 14 s, host2 takes over and its gate opens at 12 s.
Timeline takeover() {
  Timeline timeline;
  timeline.hosts.resize(3);
  HostTimeline& first = timeline.hosts[0];
  first.name = "host1";
  first.role.set(at(0), "primary");
  first.gate.set(at(0), "open");
  first.machine.set(at(10), "off");
  first.role.set(at(10), "");
  first.gate.set(at(10), "");
  first.machine.set(at(14), "");
  first.role.set(at(14), "deposed");
  first.role.set(at(16), "async");
  first.role.end(at(20));
  HostTimeline& second = timeline.hosts[1];
  second.name = "host2";
  second.role.set(at(0), "sync");
  second.gate.set(at(0), "closed");
  second.role.set(at(11), "primary");
  second.gate.set(at(12), "open");
  second.role.end(at(20));
  second.gate.end(at(20));
  timeline.hosts[2].name = "client1";
  timeline.hosts[2].kind = HostKind::client;
  timeline.faults.push_back({"crash", "process", at(10), at(13.9), "power off host1", {"host1"}, {}});
  return timeline;
}

/// A write each second but from 10 s to 12 s, when one takes two seconds.
History writes() {
  History history;
  for (int second = 0; second < 20; ++second) {
    if (second == 11) continue;
    history.invoke(ProcessId(1), Function::write, history.key("x"), Value::integer(second), at(second));
    history.ok(ProcessId(1), at(second == 10 ? 12 : second + 0.001), {1, 1});
  }
  return history;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> all;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) all.push_back(line);
  return all;
}

/// Columns, each of one character, whatever its bytes.
std::size_t columns(const std::string& line) {
  std::size_t count = 0;
  for (const char c : line) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return count;
}

}  // namespace

TEST_CASE("a run at a glance") {
  const std::vector<std::string> chart = lines(run_chart(takeover(), writes(), at(20), 46, Style(false)));
  CHECK(chart ==
        std::vector<std::string>{"        0s        10s", "host1   PPPPPPPPPP....ddAAAA",
                                 "host2   SSSSSSSSSSSpPPPPPPPP", "faults            1111",
                                 "writes  ▅▅▅▅▅▅▅▅▅▅  █▅▅▅▅▅▅▅  0 … 2/s", "p99     ▁▁▁▁▁▁▁▁▁▁  █▁▁▁▁▁▁▁  1ms … 2s",
                                 "        P primary  p primary, gate not open  S sync  A async  d deposed  . off"});
}

TEST_CASE("a chart is as wide as it may be, and no wider") {
  for (const std::size_t width : {46U, 80U, 99U, 132U}) {
    std::size_t widest = 0;
    std::vector<std::string> chart = lines(run_chart(takeover(), writes(), at(20), width, Style(false)));
    chart.pop_back();  // The legend, which says the same at every width.
    for (const std::string& line : chart) widest = std::max(widest, columns(line));
    INFO(width);
    CHECK(widest <= width);
    CHECK(columns(chart[1]) == width - 26 + 8);
  }
  CHECK(columns(lines(run_chart(takeover(), writes(), at(20), 1, Style(false)))[1]) == 8 + 20);
  CHECK(columns(lines(run_chart(takeover(), writes(), at(20), 10'000, Style(false)))[1]) == 8 + 160);
}

TEST_CASE("colours change no text") {
  std::string plain;
  bool escape = false;
  for (const char c : run_chart(takeover(), writes(), at(20), 80, Style(true))) {
    if (c == '\x1b') escape = true;
    if (!escape) plain += c;
    if (escape && c == 'm') escape = false;
  }
  std::string trimmed;
  for (std::string line : lines(plain)) {
    line.erase(line.find_last_not_of(' ') + 1);
    trimmed += line + "\n";
  }
  CHECK(trimmed == run_chart(takeover(), writes(), at(20), 80, Style(false)));
}

TEST_CASE("a chart of little") {
  CHECK(run_chart({}, writes(), at(20), 80, Style(false)).empty());
  CHECK(run_chart(takeover(), writes(), at(0), 80, Style(false)).empty());
  const std::vector<std::string> idle = lines(run_chart(takeover(), {}, at(20), 46, Style(false)));
  CHECK(idle.size() == 5);
  SECTION("a fault that lasts no time, and one that never ends") {
    Timeline timeline = takeover();
    timeline.faults.push_back({"kill", "process", at(3), at(3), "", {}, {}});
    timeline.faults.push_back({"crash", "process", at(12), std::nullopt, "", {}, {}});
    CHECK(lines(run_chart(timeline, {}, at(20), 46, Style(false)))[3] == "faults     1      1122111111");
  }
  SECTION("a moment is not hidden by what came before, if it is longer in its column") {
    Timeline timeline = takeover();
    timeline.hosts[0].machine = {};
    timeline.hosts[0].machine.set(at(4.4), "paused");
    timeline.hosts[0].machine.end(at(5.2));
    CHECK(lines(run_chart(timeline, {}, at(20), 46, Style(false)))[1].substr(0, 16) == "host1   PPPP~PPP");
  }
}
