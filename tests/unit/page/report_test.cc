#include "reports/page/report.h"

#include <catch2/catch.hpp>

#include "reports/page/page.h"

using namespace heir;
using namespace heir::reports;
using Catch::Contains;

namespace {

HistoryTime at(std::int64_t ns) {
  return HistoryTime::from_ns(ns);
}

/// A write that is acknowledged, a read that answers it, a write that is refused, one that nobody answered.
History history() {
  History h;
  const KeyId x = h.key("x");
  h.invoke(ProcessId(1), Function::write, x, Value::integer(5), at(100));
  h.ok(ProcessId(1), at(200), {2, 3});
  h.invoke(ProcessId(2), Function::read, x, Value::nil(), at(300));
  h.ok_read(ProcessId(2), Value::integer(5), at(450), {2, 3});
  h.invoke(ProcessId(1), Function::write, x, Value::integer(6), at(500));
  h.fail(ProcessId(1), at(600));
  h.invoke(ProcessId(2), Function::write, x, h.text("<b>"), at(700));
  return h;
}

Report of(const History& h) {
  Report report;
  report.heir = "9.9";
  report.title = "A title";
  report.summary = "The history passed: why.";
  report.verdict = Outcome::pass;
  report.end = at(1000);
  report.history = &h;
  return report;
}

}  // namespace

TEST_CASE("operations are columns") {
  const History h = history();
  const std::string json = report_json(of(h));
  CHECK_THAT(json, Contains(R"("kind":"history")"));
  CHECK_THAT(json, Contains(R"("end_ns":1000,"timed":true,"run":null)"));
  CHECK_THAT(json,
             Contains(R"("count":4,"functions":["write","read"],"keys":["","\"x\""],"peers":["","host1","host2"],)"
                      R"("process":[1,2,1,2],"f":[0,1,0,0],"key":[1,1,1,1],"argument":[5,null,6,"\"\u003cb>\""],)"
                      R"("result":[null,5,null,null],"outcome":[0,0,1,2],"invoked_delta_ns":[100,200,200,200],)"
                      R"("took_ns":[100,150,100,-1],"peer":[2,2,0,0],"generation":[3,3,0,0],"order":null)"));
}

TEST_CASE("of a history without times the events are the time") {
  History h = history();
  h.set_untimed();
  const std::string json = report_json(of(h));
  CHECK_THAT(json, Contains(R"("end_ns":7000000,"timed":false)"));
  CHECK_THAT(json,
             Contains(R"("invoked_delta_ns":[0,2000000,2000000,2000000],"took_ns":[1000000,1000000,1000000,-1])"));
}

TEST_CASE("nothing that somebody wrote is markup") {
  const History h = history();
  Report report = of(h);
  report.title = "</script><script>alert(1)</script>";
  const std::string json = report_json(report);
  CHECK(json.find('<') == std::string::npos);
  CHECK_THAT(json, Contains(R"("title":"\u003c/script>\u003cscript>alert(1)\u003c/script>")"));
  CHECK_THAT(page_with(json), Contains(json));
}

TEST_CASE("a failure names its operations by their places, and says of each what became of it") {
  const History h = history();
  Report report = of(h);
  report.verdict = Outcome::fail;
  report.failures.push_back(
      {FailureKind::stale_read, "it is stale", at(450), {h.operations()[1], h.operations()[0], h.operations()[3]}});
  report.more_failures = 2;
  const std::string json = report_json(report);
  CHECK_THAT(json, Contains(R"("kind":"stale-read","message":"it is stale","at_ns":450,"operations":[1,0,3])"));
  CHECK_THAT(json, Contains(R"(answered 5 by host2 in generation 3)"));
  CHECK_THAT(json, Contains(R"("operation":3,)"));
  CHECK_THAT(json, Contains(R"(: its outcome is unknown)"));
  CHECK_THAT(json, Contains(R"("more_failures":2)"));
}

TEST_CASE("an order of operations, and a cycle of transactions") {
  const History h = history();
  Report report = of(h);
  report.order = {3, 0, 1};
  Failure failure{FailureKind::g1c, "each before the other", at(450), {h.operations()[0], h.operations()[1]}};
  failure.cycle.push_back({h.operations()[0], h.operations()[1], "wr", "T1 read 5"});
  failure.cycle.push_back({h.operations()[1], h.operations()[0], "real-time", "T1 was answered before T0"});
  report.failures.push_back(failure);
  report.failures.push_back({FailureKind::internal, "no cycle", at(450), {}});
  const std::string json = report_json(report);
  CHECK_THAT(json, Contains(R"("order":[3,0,1]})"));
  CHECK_THAT(json, Contains(R"("cycle":[{"from":0,"to":1,"kind":"wr","words":"T1 read 5"},)"
                            R"({"from":1,"to":0,"kind":"real-time","words":"T1 was answered before T0"}])"));
  CHECK_THAT(json, Contains(R"("steps":[],"cycle":null)"));
}

TEST_CASE("the timeline, with the writes on both sides of a failover") {
  const History h = history();
  Timeline timeline;
  timeline.hosts.push_back({"host1", HostKind::peer, {}, {}, {}, {}, {}});
  timeline.hosts.push_back({"host2", HostKind::peer, {}, {}, {}, {}, {}});
  timeline.hosts[1].role.set(at(5), "primary");
  timeline.hosts[1].role.end(at(900));
  timeline.hosts[1].lease.set(at(3), "held");
  timeline.hosts[1].lease.end(at(800));
  timeline.faults.push_back({"partition", "network", at(10), std::nullopt, "a cut", {"host1"}, {{"host1", "host2"}}});
  timeline.series.push_back({"host1", Series::Quantity::replication_lag, {{at(20), 8}, {at(40), std::nullopt}}});
  timeline.states.push_back({"host1", {{at(0), {{"power", "on"}, {"role", ""}}}}});
  timeline.messages.push_back({at(100), at(120), 0, 1, "consensus"});
  timeline.messages.push_back({at(100), std::nullopt, 1, 0, "database"});
  timeline.messages.push_back({at(990), at(995), 1, 0, "consensus"});
  Report report = of(h);
  report.timeline = &timeline;
  Failover& failover = report.failovers.emplace_back();
  failover.generation = 3;
  failover.from = "host1";
  failover.to = "host2";
  failover.why = "takeover: host1 is gone";
  failover.severed = at(45);
  failover.declared = at(50);
  failover.promoted = at(60);
  failover.opened = at(70);
  add_writes(report.failovers, h);
  report.messages.emplace(at(90), at(500));
  const std::string json = report_json(report);
  CHECK_THAT(
      json,
      Contains(R"({"name":"host2","kind":"peer","role":[[5,900,"primary"]],"gate":[],"lease":[[3,800,"held"]],)"));
  CHECK_THAT(json, Contains(R"("from_ns":10,"to_ns":null,"what":"a cut","hosts":["host1"],"cut":[["host1","host2"]])"));
  CHECK_THAT(
      json,
      Contains(
          R"("last_write_ns":null,"severed_ns":45,"declared_ns":50,"promoted_ns":60,"opened_ns":70,"first_write_ns":200)"));
  CHECK_THAT(json, Contains(R"("unit":"bytes","at_ns":[20,40],"values":[8,null])"));
  CHECK_THAT(json, Contains(R"("changes":[[0,{"power":"on","role":null}]])"));
  CHECK_THAT(json, Contains(R"("list":[[100,120,0,1,0],[100,null,1,0,1]],"kinds":["consensus","database"])"));
}

TEST_CASE("who answered has the name that the timeline gives") {
  const History h = history();
  Timeline timeline;
  timeline.hosts.push_back({"client1", HostKind::client, {}, {}, {}, {}, {}});
  timeline.hosts.push_back({"berlin", HostKind::peer, {}, {}, {}, {}, {}});
  timeline.hosts.push_back({"paris", HostKind::peer, {}, {}, {}, {}, {}});
  Report report = of(h);
  report.timeline = &timeline;
  report.failures.push_back({FailureKind::stale_read, "it is stale", at(450), {h.operations()[1]}});
  const std::string json = report_json(report);
  CHECK_THAT(json, Contains(R"("peers":["","berlin","paris"])"));
  CHECK_THAT(json, Contains(R"(answered 5 by paris in generation 3)"));
}

TEST_CASE("of long lists the end is shown") {
  History h;
  const KeyId key = h.key("k");
  std::vector<std::int64_t> elements;
  for (std::int64_t i = 1; i <= 20; ++i) elements.push_back(i);
  h.invoke(ProcessId(0), Function::read, key, Value::nil(), at(1));
  h.ok_read(ProcessId(0), elements, at(2));
  CHECK_THAT(report_json(of(h)), Contains(R"x("result":["[…,9,10,11,12,13,14,15,16,17,18,19,20] (20 elements)"])x"));
}

TEST_CASE("a peer with the largest number that there is, and bytes that are no UTF-8") {
  History h;
  h.invoke(ProcessId(0), Function::write, h.key("\xff<\xc3\xa4"), Value::integer(1), at(1));
  h.ok(ProcessId(0), at(2), {65535, 1});
  const std::string json = report_json(of(h));
  CHECK_THAT(json, Contains("\"keys\":[\"\",\"\\\"\xef\xbf\xbd\\u003c\xc3\xa4\\\"\"]"));
  CHECK_THAT(json, Contains(R"("host65535"])"));
}
