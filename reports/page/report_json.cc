#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "reports/page/json.h"
#include "reports/page/report.h"

namespace heir::reports {

namespace {

/// Beyond so many elements only the last ones of a list are shown.
constexpr std::size_t most_elements = 12;

const char* outcome_of_claim(Outcome outcome) {
  switch (outcome) {
    case Outcome::pass: return "holds";
    case Outcome::fail: return "violated";
    case Outcome::unknown: return "undecided";
  }
  return "?";
}

/// A time axis for histories without times: their events, a millisecond each.
class Axis {
 public:
  explicit Axis(const History& history) : timed_(history.timed()) {}
  bool timed() const { return timed_; }
  std::int64_t at(HistoryTime time) const { return timed_ ? time.ns() : time.ns() * 1'000'000; }

 private:
  bool timed_;
};

void write_run(Json& json, const std::optional<ReportedRun>& run) {
  json.key("run");
  if (!run) return json.null();
  json.object([&] {
    json.key("scenario").string(run->scenario);
    json.key("about").string(run->about);
    json.key("toml").string(run->toml);
    json.key("seed").string(std::to_string(run->seed));
    json.key("trace_hash").string(fmt::format("{:016x}", run->trace_hash));
    json.key("events").number(static_cast<std::int64_t>(run->events));
    json.key("replay").string(run->replay);
  });
}

/// The place of an operation of the history among its operations.
std::int64_t place_of(const History& history, const Operation& op) {
  return op.begin < history.size() ? history.operation_of(op.begin) : -1;
}

/// Of a peer that answered. Peers of a timeline stand in the order of their numbers.
std::string peer_name(const Timeline* timeline, std::uint32_t number) {
  if (timeline) {
    std::uint32_t n = 0;
    for (const HostTimeline& host : timeline->hosts)
      if (host.kind == HostKind::peer && ++n == number) return host.name;
  }
  return "host" + std::to_string(number);
}

/// "read of key "x" by process 7, from 1.2s to 1.3s: answered 5 by host1 in generation 2"
std::string words_of(const Report& report, const Operation& op) {
  const History& history = *report.history;
  std::string text = describe(history, op) + ", from " + moment(history, op.invoked);
  if (op.end != Operation::never) text += " to " + moment(history, op.completed);
  if (op.failed())
    text += ": refused";
  else if (op.unknown())
    text += ": its outcome is unknown";
  else if (op.argument.is_nil())
    text += ": answered " + history.value_text(op.result);
  else
    text += ": acknowledged";
  if (op.by.peer != 0)
    text += " by " + peer_name(report.timeline, op.by.peer) + " in generation " + std::to_string(op.by.generation);
  return text;
}

void write_cycle(Json& json, const Report& report, const Failure& failure) {
  json.key("cycle");
  if (failure.cycle.empty()) return json.null();
  json.array(failure.cycle, [&](const CycleEdge& edge) {
    json.object([&] {
      json.key("from").number(place_of(*report.history, edge.from));
      json.key("to").number(place_of(*report.history, edge.to));
      json.key("kind").string(edge.kind);
      json.key("words").string(edge.words);
    });
  });
}

void write_failures(Json& json, const Report& report, const Axis& axis) {
  json.key("failures").array(report.failures, [&](const Failure& failure) {
    json.object([&] {
      json.key("kind").string(to_string(failure.kind));
      json.key("message").string(failure.message);
      json.key("at_ns").number(axis.at(failure.at));
      json.key("operations").array(failure.ops, [&](const Operation& op) {
        if (const std::int64_t place = place_of(*report.history, op); place >= 0) json.number(place);
      });
      json.key("steps").array(failure.ops, [&](const Operation& op) {
        json.object([&] {
          const std::int64_t place = place_of(*report.history, op);
          json.key("operation");
          place >= 0 ? json.number(place) : json.null();
          json.key("words").string(words_of(report, op));
        });
      });
      write_cycle(json, report, failure);
    });
  });
  json.key("more_failures").number(static_cast<std::int64_t>(report.more_failures));
}

void write_spans(Json& json, std::string_view name, const std::vector<Span>& spans) {
  json.key(name).array(spans, [&](const Span& span) {
    json.array([&] {
      json.time(span.from);
      json.time(span.to);
      json.string(span.value);
    });
  });
}

void write_hosts(Json& json, const Timeline& timeline) {
  json.key("hosts").array(timeline.hosts, [&](const HostTimeline& host) {
    json.object([&] {
      json.key("name").string(host.name);
      json.key("kind").string(to_string(host.kind));
      write_spans(json, "role", host.role.spans());
      write_spans(json, "gate", host.gate.spans());
      write_spans(json, "lease", host.lease.spans());
      write_spans(json, "database", host.database.spans());
      write_spans(json, "machine", host.machine.spans());
    });
  });
}

void write_generations(Json& json, const Timeline& timeline) {
  json.key("generations").array(timeline.generations, [&](const GenerationTimeline& each) {
    json.object([&] {
      json.key("generation").number(static_cast<std::int64_t>(each.generation));
      json.key("from_ns").time(each.declared);
      json.key("opened_ns").time(each.opened);
      json.key("primary").string(each.primary);
      json.key("sync").string(each.sync);
      json.key("why").string(each.why);
    });
  });
}

void write_faults(Json& json, const Timeline& timeline) {
  json.key("faults").array(timeline.faults, [&](const FaultTimeline& fault) {
    json.object([&] {
      json.key("kind").string(fault.kind);
      json.key("family").string(fault.family);
      json.key("from_ns").time(fault.from);
      json.key("to_ns").time(fault.to);
      json.key("what").string(fault.what);
      json.key("hosts").array(fault.hosts, [&](const std::string& name) { json.string(name); });
      json.key("cut");
      if (fault.cut.empty()) return json.null();
      json.array(fault.cut, [&](const auto& link) {
        json.array([&] {
          json.string(link.first);
          json.string(link.second);
        });
      });
    });
  });
}

void write_failovers(Json& json, const std::vector<Failover>& failovers) {
  json.key("failovers").array(failovers, [&](const Failover& each) {
    json.object([&] {
      json.key("generation").number(static_cast<std::int64_t>(each.generation));
      json.key("from").string(each.from);
      json.key("to").string(each.to);
      json.key("why").string(each.why);
      json.key("last_write_ns").time(each.last_write);
      json.key("severed_ns").time(each.severed);
      json.key("declared_ns").time(each.declared);
      json.key("promoted_ns").time(each.promoted);
      json.key("opened_ns").time(each.opened);
      json.key("first_write_ns").time(each.first_write);
    });
  });
}

void write_series(Json& json, const Timeline& timeline) {
  json.key("series").array(timeline.series, [&](const Series& series) {
    const bool lag = series.quantity == Series::Quantity::replication_lag;
    json.object([&] {
      json.key("host").string(series.host);
      json.key("quantity").string(lag ? "replication lag" : "clock error");
      json.key("unit").string(lag ? "bytes" : "ns");
      json.key("at_ns").array(series.samples, [&](const auto& sample) { json.time(sample.first); });
      json.key("values").array(series.samples,
                               [&](const auto& sample) { sample.second ? json.number(*sample.second) : json.null(); });
    });
  });
}

void write_states(Json& json, const Timeline& timeline) {
  json.key("states").array(timeline.states, [&](const StateLog& log) {
    json.object([&] {
      json.key("who").string(log.who);
      json.key("changes").array(log.changes, [&](const auto& change) {
        json.array([&] {
          json.time(change.first);
          json.object([&] {
            for (const auto& [key, value] : change.second) {
              json.entry(key, value);
            }
          });
        });
      });
    });
  });
}

void write_messages(Json& json, const Report& report) {
  json.key("messages");
  if (!report.messages) return json.null();
  const auto [from, to] = *report.messages;
  std::vector<std::string_view> kinds;
  const auto kind = [&kinds](std::string_view name) {
    const auto found = std::find(kinds.begin(), kinds.end(), name);
    if (found == kinds.end()) kinds.push_back(name);
    return std::distance(kinds.begin(), std::find(kinds.begin(), kinds.end(), name));
  };
  json.object([&] {
    json.key("from_ns").time(from);
    json.key("to_ns").time(to);
    json.key("hosts").array(report.timeline->hosts, [&](const HostTimeline& host) { json.string(host.name); });
    json.key("list").array(report.timeline->messages, [&](const Message& message) {
      if (message.sent > to || message.arrived.value_or(message.sent) < from) return;
      json.array([&] {
        json.time(message.sent);
        json.time(message.arrived);
        json.number(message.from);
        json.number(message.to);
        json.number(kind(message.what));
      });
    });
    json.key("kinds").array(kinds, [&](std::string_view name) { json.string(name); });
  });
}

/// A number where it is one that JavaScript holds exactly, else a text as in a history's file; null for none.
void write_value(Json& json, const History& history, Value value) {
  constexpr std::int64_t exact = std::int64_t{1} << 53;
  if (value.is_nil()) return json.null();
  if (value.kind() == ValueKind::integer && value.number() > -exact && value.number() < exact)
    return json.number(value.number());
  if (value.kind() == ValueKind::list && value.list().length > most_elements) {
    const std::vector<Value> elements = history.elements(value.list());
    std::string text = "[…";
    for (std::size_t i = elements.size() - most_elements; i < elements.size(); ++i)
      text += "," + history.value_text(elements[i]);
    return json.string(text + "] (" + std::to_string(elements.size()) + " elements)");
  }
  json.string(history.value_text(value));
}

void write_operations(Json& json, const Report& report, const Axis& axis) {
  const History& history = *report.history;
  const std::span<const Operation> ops = history.operations();
  std::vector<Function> functions;
  for (const Operation& op : ops)
    if (std::find(functions.begin(), functions.end(), op.function) == functions.end()) functions.push_back(op.function);
  std::vector<std::string> peers{""};
  std::uint16_t most = 0;
  for (const Operation& op : ops) most = std::max(most, op.by.peer);
  for (std::uint32_t peer = 1; peer <= most; ++peer) peers.push_back(peer_name(report.timeline, peer));
  const auto column = [&](std::string_view name, const auto& of) {
    json.key(name).array(ops, [&](const Operation& op) { of(op); });
  };
  json.key("operations").object([&] {
    json.key("count").number(static_cast<std::int64_t>(ops.size()));
    json.key("functions").array(functions, [&](Function function) { json.string(to_string(function)); });
    json.key("keys").array([&] {
      for (std::uint32_t key = 0; key < history.key_count(); ++key) json.string(history.key_text(KeyId(key)));
    });
    json.key("peers").array(peers, [&](const std::string& name) { json.string(name); });
    column("process", [&](const Operation& op) { json.number(op.process.value()); });
    column("f", [&](const Operation& op) {
      json.number(std::find(functions.begin(), functions.end(), op.function) - functions.begin());
    });
    column("key", [&](const Operation& op) { json.number(op.key.value()); });
    column("argument", [&](const Operation& op) { write_value(json, history, op.argument); });
    column("result", [&](const Operation& op) { write_value(json, history, op.result); });
    column("outcome", [&](const Operation& op) { json.number(op.ok() ? 0 : op.failed() ? 1 : 2); });
    // In a history without times the order of events is the time.
    const auto invoked = [&](const Operation& op) {
      return axis.timed() ? op.invoked.ns() : std::int64_t{op.begin} * 1'000'000;
    };
    const auto completed = [&](const Operation& op) {
      return axis.timed() ? op.completed.ns() : std::int64_t{op.end} * 1'000'000;
    };
    std::int64_t before = 0;
    column("invoked_delta_ns",
           [&](const Operation& op) { json.number(invoked(op) - std::exchange(before, invoked(op))); });
    column("took_ns",
           [&](const Operation& op) { json.number(op.end == Operation::never ? -1 : completed(op) - invoked(op)); });
    column("peer", [&](const Operation& op) { json.number(op.by.peer); });
    column("generation", [&](const Operation& op) { json.number(op.by.generation); });
    json.key("order");
    report.order.empty() ? json.null() : json.array(report.order, [&](std::uint32_t place) { json.number(place); });
  });
}

}  // namespace

std::string report_json(const Report& report) {
  std::string text;
  Json json(text);
  const Axis axis(*report.history);
  const Timeline none;
  const Timeline& timeline = report.timeline ? *report.timeline : none;
  json.object([&] {
    json.key("format").string("heir report");
    json.key("version").number(1);
    json.key("kind").string(report.run ? "run" : "history");
    json.key("heir").string(report.heir);
    json.key("title").string(report.title);
    json.key("verdict").string(to_string(report.verdict));
    json.key("summary").string(report.summary);
    json.key("end_ns").number(axis.timed() ? report.end.ns()
                                           : static_cast<std::int64_t>(report.history->size()) * 1'000'000);
    json.key("timed").boolean(axis.timed());
    write_run(json, report.run);
    json.key("claims").array(report.claims, [&](const Claim& claim) {
      json.object([&] {
        json.key("claim").string(claim.claim);
        json.key("outcome").string(outcome_of_claim(claim.outcome));
        json.key("detail").string(claim.detail);
      });
    });
    json.key("not_tested").array(report.not_tested, [&](const std::string& words) { json.string(words); });
    write_failures(json, report, axis);
    json.key("undecided").array(report.undecided, [&](const std::string& words) { json.string(words); });
    json.key("story").array(report.story, [&](const ReportedLine& line) {
      json.object([&] {
        json.key("at_ns").time(line.at);
        json.key("kind").string(line.kind);
        json.key("who").string(line.who);
        json.key("what").string(line.what);
      });
    });
    json.key("numbers").array(report.numbers, [&](const auto& number) {
      json.object([&] {
        json.key("name").string(number.first);
        json.key("value").string(number.second);
      });
    });
    json.key("files").array(report.files, [&](const ReportedFile& file) {
      json.object([&] {
        json.key("name").string(file.name);
        json.key("what").string(file.what);
      });
    });
    json.key("unavailable").array(report.unavailable, [&](const auto& gap) {
      json.array([&] {
        json.time(gap.first);
        json.time(gap.second);
      });
    });
    write_hosts(json, timeline);
    write_generations(json, timeline);
    write_faults(json, timeline);
    write_failovers(json, report.failovers);
    write_series(json, timeline);
    write_states(json, timeline);
    write_messages(json, report);
    write_operations(json, report, axis);
  });
  text += '\n';
  return text;
}

}  // namespace heir::reports
