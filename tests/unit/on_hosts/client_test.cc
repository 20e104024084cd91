#include "tools/on_hosts/client.h"

#include <catch2/catch.hpp>

#include "tools/on_hosts/log_lines.h"

namespace heir::on_hosts {

TEST_CASE("Numbers of a PostgreSQL array") {
  CHECK(numbers_in("{1,22,-3}") == std::vector<std::int64_t>{1, 22, -3});
  CHECK(numbers_in("{7}") == std::vector<std::int64_t>{7});
  CHECK(numbers_in("{}").empty());
  CHECK(numbers_in("").empty());
}

TEST_CASE("What clients did becomes a history, with who answered") {
  RealClock clock;
  clock.begin();
  Recorder recorder(clock);
  const reports::ProcessId one(1), two(2);
  recorder.invoke(one, reports::Function::write, "r3", recorder.next_value());
  recorder.invoke(two, reports::Function::read, "l0", std::nullopt);
  recorder.end(one, {reports::EventType::ok, 2, std::nullopt, std::nullopt});
  recorder.end(two, {reports::EventType::ok, 1, std::nullopt, std::vector<std::int64_t>{4, 5}});
  recorder.invoke(one, reports::Function::read, "r3", std::nullopt);
  recorder.end(one, {reports::EventType::fail, 0, std::nullopt, std::nullopt});
  recorder.invoke(two, reports::Function::read, "l0", std::nullopt);
  recorder.end(two, {reports::EventType::ok, 1, std::nullopt, std::vector<std::int64_t>{4, 5}, 7});
  recorder.invoke(two, reports::Function::read_standby, "r3", std::nullopt);
  recorder.end(two, {reports::EventType::ok, 3, 1, std::nullopt, 0});
  CHECK(recorder.acknowledged() == 4);
  const reports::History history = recorder.history([](int peer, VirtualTime) { return peer * 10; });
  REQUIRE(history.operations().size() == 5);
  const reports::Operation& write = history.operations()[0];
  CHECK(write.argument == reports::Value::integer(1));
  CHECK(write.by == reports::Answerer{2, 20});
  CHECK(history.key_text(write.key) == "\"r3\"");
  const reports::Operation& read = history.operations()[1];
  CHECK(history.value_text(read.result) == "[4,5]");
  CHECK(history.operations()[2].failed());
  CHECK(history.operations()[2].by == reports::Answerer());
  CHECK(history.operations()[3].by == reports::Answerer{1, 7});  // A database itself said on which timeline.
  const reports::Operation& from_standby = history.operations()[4];
  CHECK(from_standby.function == reports::Function::read_standby);
  CHECK(from_standby.by == reports::Answerer{3, 0});  // It leads in no generation.
}

TEST_CASE("Log lines are read as they were written, and other words are kept") {
  Result<LogPipe> log = LogPipe::make("");
  REQUIRE(log);
  const Instant before = now_of_machine();
  const std::string text =
      "{\"time\":\"2020-01-01T00:00:00.000Z\",\"level\":\"warning\",\"event\":\"gate\",\"mode\":\"open\"}\nhalf";
  REQUIRE(::write(log->writer(), text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  std::vector<LogEntry> entries = log->read();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].event == "gate");
  CHECK(entries[0].level == LogLevel::warning);
  CHECK(entries[0].field("mode") == "open");
  CHECK(entries[0].field("nothing").empty());
  CHECK(entries[0].at >= before);  // The line's own time is years off: when it came counts.
  REQUIRE(::write(log->writer(), " a word\n", 8) == 8);
  entries = log->read();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].event == "said");
  CHECK(entries[0].field("words") == "half a word");
}

}  // namespace heir::on_hosts
