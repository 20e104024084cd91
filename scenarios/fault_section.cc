#include "scenarios/fault_section.h"

#include <algorithm>

#include "scenarios/fault_kinds.h"

namespace heir::scenarios {
namespace {

/// A shape as a file may write it: "isolate-primary" names the target too.
struct ShapeWord {
  PartitionShape shape = PartitionShape::isolate;
  std::optional<TargetKind> target;
  bool operator==(const ShapeWord&) const = default;
};

struct Isolation {
  std::string_view word;
  TargetKind target;
};
constexpr Isolation isolations[] = {{"isolate-primary", TargetKind::primary},
                                    {"isolate-sync", TargetKind::sync},
                                    {"isolate-async", TargetKind::async},
                                    {"isolate-store", TargetKind::store}};

Result<ShapeWord> read_shape(const Value& value) {
  if (value.kind == Value::Kind::text) {
    for (const Isolation& isolation : isolations) {
      if (isolation.word == value.text) return ShapeWord{PartitionShape::isolate, isolation.target};
    }
    if (const std::optional<PartitionShape> shape = from_name<PartitionShape>(value.text)) return ShapeWord{*shape, {}};
  }
  std::vector<std::string> names;
  for (const Name<PartitionShape>& name : vocabulary<PartitionShape>().names) names.emplace_back(name.name);
  for (const Isolation& isolation : isolations) names.emplace_back(isolation.word);
  return unknown_word(value, names, {});
}

/// The keys that a kind needs beyond those that the table of keys marks.
std::string missing_for(FaultKind kind, const Fault& fault) {
  switch (kind) {
    case FaultKind::slow_link:
      return fault.latency || fault.loss || fault.duplication || fault.reordering || fault.bandwidth
                 ? ""
                 : "needs 'latency', 'loss', 'duplication', 'reordering' or 'bandwidth'";
    case FaultKind::flap: return fault.up && fault.down && fault.lasts ? "" : "needs 'down', 'up' and 'for'";
    case FaultKind::clock_rate:
      return fault.fast || fault.slow || fault.within ? "" : "needs 'fast', 'slow' or 'within'";
    case FaultKind::clock_step: return fault.by ? "" : "needs the key 'by'";
    case FaultKind::clock_slew: return !fault.by ? "needs the key 'by'" : fault.lasts ? "" : "needs the key 'for'";
    case FaultKind::slow_disk: return fault.fsync ? "" : "needs the key 'fsync'";
    case FaultKind::starve: return !fault.factor ? "needs the key 'factor'" : fault.lasts ? "" : "needs the key 'for'";
    case FaultKind::restart_loop: return !fault.up ? "needs the key 'up'" : fault.lasts ? "" : "needs the key 'for'";
    case FaultKind::swap_disk:
      return !fault.lasts                                   ? "needs the key 'for'"
             : fault.disk == SwappedDisk::old && !fault.age ? "needs the key 'age' for an \"old\" disk"
             : fault.disk == SwappedDisk::old && !(fault.age->high < fault.lasts->low)
                 ? "needs a 'for' above its 'age', which is when the host dies"
                 : "";
    case FaultKind::stuck_disk:
    case FaultKind::disk_full:
    case FaultKind::read_only_disk:
    case FaultKind::bad_fsync:
    case FaultKind::misdirected_read:
    case FaultKind::clog:
    case FaultKind::swizzle_clog:
    case FaultKind::pause:
    case FaultKind::suspend:
    case FaultKind::clock_freeze:
    case FaultKind::out_of_memory:
    case FaultKind::out_of_files:
    case FaultKind::out_of_connections:
    case FaultKind::second_agent:
    case FaultKind::power_off_all: return fault.lasts ? "" : "needs the key 'for'";
    case FaultKind::bit_rot:
      return fault.where != RotPlace::agent || fault.lasts ? "" : "needs the key 'for' where the agent's own files rot";
    case FaultKind::misdirected_write:
    case FaultKind::crash:
    case FaultKind::crash_database:
    case FaultKind::crash_agent:
    case FaultKind::crash_backend:
    case FaultKind::partition:
    case FaultKind::break_connections:
    case FaultKind::crash_store:
    case FaultKind::wipe_store:
    case FaultKind::switchover:
    case FaultKind::freeze:
    case FaultKind::unfreeze:
    case FaultKind::rebuild:
    case FaultKind::promote_by_hand:
    case FaultKind::start_by_hand:
    case FaultKind::stop_by_hand:
    case FaultKind::cancel_by_hand:
    case FaultKind::stop:
    case FaultKind::join:
    case FaultKind::random: return "";
  }
  return "";
}

void check_shape(const Value& table, const Fault& fault, Reading& reading) {
  const Entry* shape = table.find("shape");
  const Entry* target = table.find("target");
  if (shape) {
    for (const Isolation& isolation : isolations) {
      if (isolation.word != shape->value.text || !target || fault.target == Target{isolation.target, 0}) continue;
      reading.report(table, target->value.place,
                     "target \"" + to_string(fault.target) + "\" contradicts shape \"" + shape->value.text + "\"");
    }
  }
  const bool drawn = draws_groups(fault.shape);
  if (target && drawn) {
    reading.report(table, target->place,
                   "'target' means nothing for shape \"" + to_string(fault.shape) + "\", which draws its groups");
  }
  if (const Entry* direction = table.find("direction");
      direction && (fault.shape == PartitionShape::ring || fault.shape == PartitionShape::bridge)) {
    reading.report(table, direction->place, "'direction' means nothing for shape \"" + to_string(fault.shape) + "\"");
  }
  if (const Entry* latency = table.find("latency");
      latency && fault.kind == FaultKind::partition && fault.manner != PartitionManner::slowed) {
    reading.report(table, latency->place, "'latency' of a partition belongs to manner \"slowed\"");
  }
}

void check_hosts(const Value& table, const Fault& fault, Reading& reading) {
  const Entry* hosts = table.find("hosts");
  if (table.find("target")) reading.report(table, hosts->place, "'hosts' stands in the place of a 'target'; give one");
  if (fault.on) reading.report(table, hosts->place, "'on' hits one host; name it as the 'target'");
  for (const Target& host : fault.hosts) {
    if (host.kind != TargetKind::host && host.kind != TargetKind::store_member)
      reading.report(table, hosts->value.place,
                     "'hosts' names hosts, such as \"host:1\" and \"store:2\"; found \"" + to_string(host) + "\"");
  }
}

/// As impossible_target, for each of the hosts if they are named.
std::string impossible_hosts(FaultKind kind, const Fault& fault) {
  if (fault.hosts.empty()) return impossible_target(kind, fault);
  for (const Target& host : fault.hosts) {
    Fault alone = fault;
    alone.target = host;
    if (const std::string why = impossible_target(kind, alone); !why.empty()) return why;
  }
  return {};
}

void check_fault(const Value& table, const Fault& fault, Reading& reading) {
  if (!fault.at && !fault.every) reading.report(table, table.place, "[[fault]] needs 'at' or 'every'");
  if (fault.until && !fault.every) {
    reading.report(table, table.find("until")->place, "'until' means nothing without 'every'");
  }
  if (fault.until && fault.at && *fault.until < fault.at->low) {
    reading.report(table, place_of(table, "until"), "'until' is before 'at'");
  }
  if (fault.delay && !fault.on) {
    reading.report(table, place_of(table, "delay"), "'delay' means nothing without 'on'");
  }
  if (fault.on &&
      (fault.target.kind == TargetKind::rack || fault.target.kind == TargetKind::clients ||
       fault.target.kind == TargetKind::majority || fault.target.kind == TargetKind::minority ||
       fault.target.kind == TargetKind::store_majority || fault.target.kind == TargetKind::store_minority)) {
    reading.report(
        table, place_of(table, "target"),
        "'on' hits the one host that has its moment; \"" + to_string(fault.target) + "\" names several (use \"any\")");
  }
  if (fault.on && is_of_store(fault.target.kind) && *fault.on != Moment::fsync) {
    reading.report(table, place_of(table, "on"), "of the store's hosts only the moment \"fsync\" is seen");
  }
  if (fault.fast && fault.slow)
    reading.report(table, table.find("slow")->place, "a clock runs 'fast' or 'slow', not both");
  if (fault.within && (fault.fast || fault.slow))
    reading.report(table, table.find("within")->place, "'within' draws what 'fast' or 'slow' would say; give one");
  if (fault.kind == FaultKind::clock_slew && fault.by && fault.lasts &&
      std::max(fault.by->high, -fault.by->low) > fault.lasts->low / 2) {
    reading.report(table, place_of(table, "by"), "a slew of more than half of its time is a step; use clock-step");
  }
  if (fault.kind == FaultKind::random && fault.among.empty()) {
    reading.report(table, place_of(table, "among"), "'among' names no kind to draw from");
  }
  if (fault.age && fault.disk != SwappedDisk::old)
    reading.report(table, table.find("age")->place, "'age' belongs to an \"old\" disk");
  if (!fault.hosts.empty()) check_hosts(table, fault, reading);
  for (const FaultKind kind : possible_kinds(fault)) {
    const std::string which = fault.kind == FaultKind::random ? "kind \"" + to_string(kind) + "\" among the random ones"
                                                              : "kind \"" + to_string(kind) + "\"";
    if (fault.kind == FaultKind::random &&
        (kind == FaultKind::random || kind == FaultKind::join || kind == FaultKind::wipe_store)) {
      reading.report(table, place_of(table, "among"), "kind \"" + to_string(kind) + "\" cannot be one of 'among'");
      continue;
    }
    if (const std::string missing = missing_for(kind, fault); !missing.empty())
      reading.report(table, table.place, which + " " + missing);
    if (const std::string why = impossible_hosts(kind, fault); !why.empty()) {
      reading.report(table, place_of(table, "target"), "impossible target for " + which + ": " + why);
    }
    if (kind == FaultKind::partition) check_shape(table, fault, reading);
  }
}

std::vector<std::string> kinds(std::initializer_list<FaultKind> list) {
  std::vector<std::string> names;
  for (const FaultKind kind : list) names.push_back(to_string(kind));
  names.push_back(to_string(FaultKind::random));
  return names;
}

std::vector<std::string> only(FaultKind kind) {
  return {to_string(kind)};
}

}  // namespace

template <>
struct Codec<ShapeWord> {
  static std::string type() { return "name"; }
  static Result<ShapeWord> read(const Value& value) { return read_shape(value); }
  static std::string write(const ShapeWord& word) { return Codec<PartitionShape>::write(word.shape); }
};

bool has_target(const Fault& fault) {
  return takes_target(fault.kind) && !(fault.kind == FaultKind::partition && draws_groups(fault.shape));
}

std::string impossible_target(FaultKind kind, const Fault& fault) {
  const TargetKind target = fault.target.kind;
  const std::string name = "\"" + to_string(fault.target) + "\"";
  switch (kind) {
    case FaultKind::crash_database:
    case FaultKind::crash_agent:
    case FaultKind::crash_backend:
    case FaultKind::out_of_memory:
    case FaultKind::out_of_files:
    case FaultKind::out_of_connections:
    case FaultKind::rebuild:
    case FaultKind::promote_by_hand:
    case FaultKind::start_by_hand:
    case FaultKind::stop_by_hand:
    case FaultKind::cancel_by_hand:
    case FaultKind::second_agent:
      if (target == TargetKind::rack) return name + " has hosts of the store too";
      if (is_of_store(target) || target == TargetKind::clients) return name + " has no peer that this could happen to";
      return {};
    case FaultKind::crash_store:
    case FaultKind::wipe_store:
      if (!is_of_store(target)) return name + " is no member of the store";
      return {};
    case FaultKind::restart_loop:
      if (fault.process != ProcessKind::host && (is_of_store(target) || target == TargetKind::rack))
        return name + " has hosts that run neither agent nor database";
      if (target == TargetKind::clients) return "nothing happens to clients but partitions and slow links";
      return {};
    case FaultKind::starve:
      if (target == TargetKind::clients) return "nothing happens to clients but partitions and slow links";
      return {};
    case FaultKind::pause:
      if (target == TargetKind::clients) return "clients are not paused";
      if ((is_of_store(target) || target == TargetKind::rack) && fault.process != ProcessKind::host)
        return name + " has hosts that run neither agent nor database";
      return {};
    case FaultKind::crash:
    case FaultKind::suspend:
    case FaultKind::clock_step:
    case FaultKind::clock_rate:
    case FaultKind::clock_slew:
    case FaultKind::clock_freeze:
    case FaultKind::slow_disk:
    case FaultKind::stuck_disk:
    case FaultKind::disk_full:
    case FaultKind::read_only_disk:
    case FaultKind::bad_fsync:
    case FaultKind::bit_rot:
    case FaultKind::misdirected_write:
    case FaultKind::misdirected_read:
    case FaultKind::swap_disk:
    case FaultKind::stop:
      if (kind == FaultKind::bit_rot && fault.where == RotPlace::agent &&
          (is_of_store(target) || target == TargetKind::rack))
        return name + " has hosts without an agent";
      if (kind == FaultKind::swap_disk && fault.disk == SwappedDisk::foreign &&
          (is_of_store(target) || target == TargetKind::rack))
        return name + " has hosts that hold no cluster's data, which \"foreign\" is about";
      if (target == TargetKind::clients) return "nothing happens to clients but partitions and slow links";
      return {};
    case FaultKind::clog:
    case FaultKind::flap:
      if (target == TargetKind::clients) return "use slow-link or break-connections for clients";
      return {};
    case FaultKind::partition:
      if (target == TargetKind::clients) return "clients are cut off with the key 'clients'";
      if (fault.shape == PartitionShape::from_store && is_of_store(target))
        return "the store cannot be cut off from itself";
      if (fault.shape == PartitionShape::from_members && (!is_of_store(target) || target == TargetKind::store))
        return name + " is no member of the store that others could be cut off from";
      if (fault.shape == PartitionShape::from_sync && target == TargetKind::sync)
        return "the sync cannot be cut off from itself";
      if (fault.shape == PartitionShape::from_peers && target == TargetKind::store) {
        return "to cut the store off from all peers, use the shape \"isolate\"";
      }
      return {};
    case FaultKind::join:
      if (target != TargetKind::host) return "a host that joins is named by its number, such as \"host:3\"";
      return {};
    case FaultKind::slow_link:
    case FaultKind::swizzle_clog:
    case FaultKind::break_connections:
    case FaultKind::power_off_all:
    case FaultKind::switchover:
    case FaultKind::freeze:
    case FaultKind::unfreeze:
    case FaultKind::random: return {};
  }
  return {};
}

bool draws_groups(PartitionShape shape) {
  return shape == PartitionShape::halves || shape == PartitionShape::ring || shape == PartitionShape::sizes ||
         shape == PartitionShape::coin || shape == PartitionShape::three;
}

std::vector<FaultKind> possible_kinds(const Fault& fault) {
  return fault.kind == FaultKind::random ? fault.among : std::vector<FaultKind>{fault.kind};
}

Section<Fault> fault_section() {
  using K = FaultKind;
  const Limits<Duration> never_negative{Duration::zero(), Duration::seconds(24 * 3600)};
  const Limits<Duration> positive{Duration::milliseconds(1), Duration::seconds(24 * 3600)};
  const Limits<Duration> either_way{Duration::seconds(-24 * 3600), Duration::seconds(24 * 3600)};
  const Limits<Ratio> whole{Ratio(), Ratio::percent(100)};
  const Limits<Ratio> half{Ratio(), Ratio::percent(50)};

  std::vector<std::string> with_target;
  for (const FaultTraits& each : fault_kinds())
    if (takes_target(each.kind)) with_target.emplace_back(each.name);

  Section<Fault> s;
  s.heading = "[[fault]]";
  s.meaning = "Something that goes wrong, or that an operator does. In the order of the file; faults may overlap.";
  s.kind = [](const Fault& fault) { return to_string(fault.kind); };
  s.check = check_fault;
  s.keys.push_back(key_of<Fault, FaultKind>(
                       "kind", [](const Fault& fault) { return fault.kind; },
                       [](Fault& fault, FaultKind kind) {
                         fault.kind = kind;
                         if (fault.target != Fault().target) return;  // It stands before the kind.
                         if (kind == K::crash_store) fault.target = {TargetKind::store_leader, 0};
                         if (kind == K::wipe_store) fault.target = {TargetKind::store, 0};
                       },
                       "What happens; see below.")
                       .must());
  s.keys.push_back(
      key("at", &Fault::at, "When it strikes first, since the start; drawn if it is a range.", never_negative));
  s.keys.push_back(
      key("every", &Fault::every, "It strikes again so long after each strike; without `at`, also first.", positive));
  s.keys.push_back(key("until", &Fault::until,
                       "No strike after this; by default, none after three quarters of the duration.", never_negative));
  s.keys.push_back(
      key("on", &Fault::on,
          "From the time of the strike on, it waits for this moment of a host of the target, and hits that "
          "host alone; what has no target waits for any host's."));
  s.keys.push_back(
      key("delay", &Fault::delay, "It strikes so long after the moment that it waited for.", never_negative));
  s.keys.push_back(
      key("for", &Fault::lasts, "How long it lasts, drawn if it is a range; without it, for ever.", positive)
          .for_kinds(kinds({K::crash,
                            K::crash_database,
                            K::crash_agent,
                            K::pause,
                            K::partition,
                            K::slow_link,
                            K::clock_rate,
                            K::clog,
                            K::swizzle_clog,
                            K::flap,
                            K::clock_slew,
                            K::clock_freeze,
                            K::suspend,
                            K::slow_disk,
                            K::stuck_disk,
                            K::disk_full,
                            K::read_only_disk,
                            K::bad_fsync,
                            K::bit_rot,
                            K::misdirected_write,
                            K::misdirected_read,
                            K::swap_disk,
                            K::power_off_all,
                            K::stop,
                            K::out_of_memory,
                            K::out_of_files,
                            K::out_of_connections,
                            K::starve,
                            K::restart_loop,
                            K::second_agent,
                            K::crash_store})));
  s.keys.push_back(key_of<Fault, Target>(
                       "target", [](const Fault& fault) { return fault.hosts.empty() ? fault.target : Fault().target; },
                       [](Fault& fault, const Target& target) { fault.target = target; },
                       "Whom it hits; by default crash-store the store's leader, and wipe-store all of the store.")
                       .for_kinds(with_target));
  s.keys.push_back(key("hosts", &Fault::hosts, "These very hosts instead of a target: `[\"host:1\", \"store:2\"]`.")
                       .for_kinds(with_target));
  s.keys.push_back(key("to", &Fault::to, "The other end of the links; by default, everyone.")
                       .for_kinds({to_string(K::slow_link), to_string(K::break_connections)}));
  s.keys.push_back(key_of<Fault, ShapeWord>(
                       "shape",
                       [](const Fault& fault) {
                         return ShapeWord{fault.shape, {}};
                       },
                       [](Fault& fault, const ShapeWord& word) {
                         fault.shape = word.shape;
                         if (word.target) fault.target = Target{*word.target, 0};
                       },
                       "Who no longer reaches whom; see below.", Limits<ShapeWord>{})
                       .for_kinds(kinds({K::partition})));
  s.keys.push_back(
      key("direction", &Fault::direction, "Which way is cut; by default outbound for shape `one-way`, else both.")
          .for_kinds(kinds({K::partition})));
  s.keys.push_back(key("manner", &Fault::manner, "What becomes of what is stopped.").for_kinds(kinds({K::partition})));
  s.keys.push_back(
      key("clients", &Fault::clients, "What the partition does to clients.").for_kinds(kinds({K::partition})));
  s.keys.push_back(key("process", &Fault::process, "Which processes stand still, or die.")
                       .for_kinds(kinds({K::pause, K::restart_loop})));
  s.keys.push_back(key("mode", &Fault::mode, "What the freeze forbids.").for_kinds(kinds({K::freeze})));
  s.keys.push_back(key("latency", &Fault::latency, "Of the slow links, one way.", never_negative)
                       .for_kinds(kinds({K::slow_link, K::partition})));
  s.keys.push_back(key("loss", &Fault::loss, "Of messages on the slow links.", whole).for_kinds(kinds({K::slow_link})));
  s.keys.push_back(key("duplication", &Fault::duplication, "Of messages on the slow links.", whole)
                       .for_kinds(kinds({K::slow_link})));
  s.keys.push_back(
      key("reordering", &Fault::reordering, "Of messages on the slow links.", whole).for_kinds(kinds({K::slow_link})));
  s.keys.push_back(key("bandwidth", &Fault::bandwidth, "Bytes that the slow links take, each way.")
                       .for_kinds(kinds({K::slow_link})));
  s.keys.push_back(key("queue", &Fault::queue,
                       "Bytes that may wait for `bandwidth`, each way; datagrams beyond are lost, connections wait.",
                       Limits<int>{1500, 1'000'000'000})
                       .for_kinds(kinds({K::slow_link})));
  s.keys.push_back(
      key("factor", &Fault::factor, "The processes run for one part in so many of the time.", Limits<int>{2, 100})
          .for_kinds(kinds({K::starve})));
  s.keys.push_back(key("down", &Fault::down, "How long links, agents, hosts stay down each time.", positive)
                       .for_kinds(kinds({K::flap, K::restart_loop})));
  s.keys.push_back(
      key("up", &Fault::up, "How long they stay up between.", positive).for_kinds(kinds({K::flap, K::restart_loop})));
  s.keys.push_back(key("told", &Fault::told, "Who notices the break.").for_kinds(kinds({K::break_connections})));
  s.keys.push_back(key("fsync", &Fault::fsync, "Time of one fsync.", never_negative).for_kinds(kinds({K::slow_disk})));
  s.keys.push_back(key("chance", &Fault::chance,
                       "Of one operation to be hit; by default all, for misdirected-read one in ten.", whole)
                       .for_kinds(kinds({K::slow_disk, K::bad_fsync, K::misdirected_read})));
  s.keys.push_back(key("answer", &Fault::answer, "How the fsync ends.").for_kinds(kinds({K::bad_fsync})));
  s.keys.push_back(key("where", &Fault::where, "What rots.").for_kinds(kinds({K::bit_rot})));
  s.keys.push_back(
      key("disk", &Fault::disk, "The disk with which the host comes back.").for_kinds(kinds({K::swap_disk})));
  s.keys.push_back(key("age", &Fault::age,
                       "Of an `old` disk: it is as when the fault struck, and the host dies so much later, within "
                       "`for`.",
                       positive)
                       .for_kinds(kinds({K::swap_disk})));
  s.keys.push_back(key("by", &Fault::by, "How far the clock goes; negative: back.", either_way)
                       .for_kinds(kinds({K::clock_step, K::clock_slew})));
  s.keys.push_back(
      key("fast", &Fault::fast, "The clocks gain so much on true time.", half).for_kinds(kinds({K::clock_rate})));
  s.keys.push_back(key("slow", &Fault::slow, "The clocks lose so much.", half).for_kinds(kinds({K::clock_rate})));
  s.keys.push_back(key("within", &Fault::within, "The clocks gain or lose up to so much, drawn.", half)
                       .for_kinds(kinds({K::clock_rate})));
  s.keys.push_back(key("after", &Fault::after, "What the clocks show when they go on.")
                       .for_kinds(kinds({K::clock_freeze, K::suspend})));
  s.keys.push_back(
      key("among", &Fault::among, "The kinds to draw from.").for_kinds(only(K::random)).needed(only(K::random)));
  s.keys.push_back(
      key("draws", &Fault::draws,
          "Where the strike draws from what is still open, instead of from the seed; of a decision list."));
  // A target that the shape implies ("isolate-sync") is read before `target` may say otherwise, which check_shape
  // reports.
  return s;
}

Fault only_what_its_kind_means(const Fault& given) {
  Fault fault = given;
  if (fault.manner != PartitionManner::slowed && fault.kind == FaultKind::partition) fault.latency.reset();
  if (fault.shape == PartitionShape::ring || fault.shape == PartitionShape::bridge) fault.direction.reset();
  const Section<Fault> section = fault_section();
  const std::string kind = to_string(fault.kind);
  std::string text;
  for (const Key<Fault>& key : section.keys) {
    if (!key.kinds.empty() && !contains(key.kinds, kind)) continue;
    if (const std::string value = key.write(fault); !value.empty()) text += key.name + " = " + value + "\n";
  }
  Mistakes mistakes("", text, {});
  Value table;
  Fault plain;
  Reading reading{mistakes, {}};
  if (parse_document(text, mistakes, table)) read_section(section, table, table.place, plain, reading);
  return plain;
}

}  // namespace heir::scenarios
