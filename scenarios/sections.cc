#include <algorithm>

#include "scenarios/fault_section.h"
#include "scenarios/policy_switches.h"
#include "scenarios/sections.h"
#include "scenarios/timing_section.h"

// Every table of a scenario file but [[fault]]: its keys, and what one table must fulfil by itself.

namespace heir::scenarios {
namespace {

const Limits<Duration> up_to_a_minute{Duration::zero(), Duration::seconds(60)};
const Limits<Ratio> chance{Ratio(), Ratio::percent(100)};

Key<Cluster> late_key() {
  using Hosts = std::vector<HostNumber>;
  return key_of<Cluster, Hosts>(
      "late",
      [](const Cluster& cluster) {
        Hosts hosts;
        for (const int number : cluster.late) hosts.push_back({number});
        return hosts;
      },
      [](Cluster& cluster, const Hosts& hosts) {
        cluster.late.clear();
        for (const HostNumber host : hosts) cluster.late.push_back(host.number);
      },
      "Hosts that are off, with empty disks, until a fault of kind `join` switches them on.", Limits<Hosts>{});
}

template <class Owner>
Key<Owner> host_key(std::string name, int Owner::*member, std::string meaning) {
  return key_of<Owner, HostNumber>(
      std::move(name), [member](const Owner& owner) { return HostNumber{owner.*member}; },
      [member](Owner& owner, HostNumber host) { owner.*member = host.number; }, std::move(meaning),
      Limits<HostNumber>{});
}

Section<Cluster> cluster_section() {
  Section<Cluster> s;
  s.heading = "[cluster]";
  s.meaning =
      "The peers, on hosts 1, 2, … one each, and the rules that they follow. The store and each client have hosts of "
      "their own.";
  s.keys.push_back(key("database", &Cluster::database, "What is replicated."));
  s.keys.push_back(key("system", &Cluster::system,
                       "What fails the databases over; others than heir run on real hosts only (`heir run --on "
                       "hosts`), where `--system` overrides it."));
  s.keys.push_back(key("peers", &Cluster::peers, "How many peers.", Limits<int>{1, 15}));
  s.keys.push_back(key("policy", &Cluster::policy, "Whose rules; `[policy]` changes single ones."));
  s.keys.push_back(key("singleton", &Cluster::singleton, "Configured for one-node writes: one peer, no sync."));
  s.keys.push_back(key("fenced_reads", &Cluster::fenced_reads,
                       "An answer is forwarded only when the sync has flushed all that the primary's log held after it "
                       "was produced: one replication round trip more for each."));
  s.keys.push_back(key("max_lag", &Cluster::max_lag,
                       "What a standby answers on its read-only port shows what was acknowledged so long before. The "
                       "ports are open where a workload has `reads_from = \"standbys\"`.",
                       Limits<Duration>{Duration::seconds(1), Duration::seconds(3600)}));
  s.keys.push_back(key("racks", &Cluster::racks,
                       "In how many racks the hosts stand: peers 1, 2, … by turns, the store's hosts likewise; clients "
                       "elsewhere. For the target `rack`.",
                       Limits<int>{1, 15}));
  s.keys.push_back(late_key());
  s.check = [](const Value& table, const Cluster& cluster, Reading& reading) {
    if (cluster.singleton && cluster.peers != 1) {
      reading.report(table, place_of(table, "singleton"),
                     "singleton = true contradicts peers = " + std::to_string(cluster.peers) + "; a singleton has 1");
    }
    if (!cluster.singleton && cluster.peers == 1) {
      reading.report(table, place_of(table, "peers"),
                     "one peer cannot acknowledge a write; expected at least 2, or singleton = true");
    }
    std::vector<int> seen;
    for (const int host : cluster.late) {
      const std::string name = "host:" + std::to_string(host);
      if (host > cluster.peers) {
        reading.report(table, place_of(table, "late"),
                       "there is no " + name + ": the cluster has " + std::to_string(cluster.peers) + " peers");
      }
      if (std::find(seen.begin(), seen.end(), host) != seen.end())
        reading.report(table, place_of(table, "late"), name + " is named twice");
      seen.push_back(host);
    }
    if (reading.good(&table) && cluster.peers - static_cast<int>(cluster.late.size()) < (cluster.singleton ? 1 : 2)) {
      reading.report(table, place_of(table, "late"),
                     "too few hosts are on at the start; a cluster begins with 2 peers");
    }
  };
  return s;
}

Section<Store> store_section() {
  Section<Store> s;
  s.heading = "[store]";
  s.meaning = "The coordination store.";
  s.keys.push_back(key("kind", &Store::kind, "What it is."));
  s.keys.push_back(key("members", &Store::members,
                       "How many servers: 3 or 5 of kind `raft`, by default 3; `ideal` is one.", Limits<int>{1, 5}));
  add_member_keys(s);
  s.check = [](const Value& table, const Store& store, Reading& reading) {
    if (store.members &&
        (store.kind == StoreKind::ideal ? *store.members != 1 : *store.members % 2 == 0 || *store.members < 3)) {
      reading.report(table, place_of(table, "members"),
                     "a store of kind \"" + to_string(store.kind) +
                         (store.kind == StoreKind::ideal ? "\" has 1 member" : "\" has 3 or 5 members") + ", found " +
                         std::to_string(*store.members));
    }
    check_member_timing(table, store.heartbeat, store.election, reading);
  };
  return s;
}

Section<Timing> timing_section() {
  Section<Timing> s;
  s.heading = "[timing]";
  s.meaning = "What the peers are configured with (they do not know the world's true numbers).";
  add_timing_keys(s);
  s.check = check_timing;
  return s;
}

bool is_link_end(const Target& target) {
  return target.kind == TargetKind::host || target.kind == TargetKind::store ||
         target.kind == TargetKind::store_member || target.kind == TargetKind::clients;
}

Section<Link> link_section() {
  Section<Link> s;
  s.heading = "[[network.link]]";
  s.meaning = "One link that differs from the others for the whole run.";
  s.keys.push_back(key("from", &Link::from, "One end: host:N, store, store:N or clients.").must());
  s.keys.push_back(key("to", &Link::to, "The other end.").must());
  s.keys.push_back(key("one_way", &Link::one_way, "Only from `from` to `to`."));
  s.keys.push_back(key("latency", &Link::latency, "Instead of the network's.", up_to_a_minute));
  s.keys.push_back(key("loss", &Link::loss, "Instead of the network's.", chance));
  s.check = [](const Value& table, const Link& link, Reading& reading) {
    for (const auto& [name, end] : {std::pair{"from", link.from}, std::pair{"to", link.to}}) {
      if (!is_link_end(end)) {
        reading.report(table, place_of(table, name),
                       "a link ends at host:N, store, store:N or clients; \"" + to_string(end) +
                           "\" may be a different host at any moment");
      }
    }
    if (link.from == link.to)
      reading.report(table, place_of(table, "to"), "both ends of the link are \"" + to_string(link.to) + "\"");
    if (!link.latency && !link.loss)
      reading.report(table, table.place, "[[network.link]] changes nothing; it needs 'latency' or 'loss'");
  };
  return s;
}

Section<Network> network_section() {
  Section<Network> s;
  s.heading = "[network]";
  s.meaning =
      "Every link, in each direction. Connections deliver in order what they deliver; a lost segment comes late "
      "instead.";
  s.keys.push_back(key("latency", &Network::latency, "One way; drawn for each message.", up_to_a_minute));
  s.keys.push_back(key("tail", &Network::tail, "The latency of the unlucky few.", up_to_a_minute));
  s.keys.push_back(key("tail_chance", &Network::tail_chance, "How many messages are unlucky.", chance));
  s.keys.push_back(key("loss", &Network::loss, "How many messages are lost.", chance));
  s.keys.push_back(key("duplication", &Network::duplication, "How many messages arrive twice.", chance));
  s.keys.push_back(
      key("reordering", &Network::reordering, "How many messages may be overtaken by later ones.", chance));
  s.children.push_back(list_child("link", &Network::links, link_section()));
  return s;
}

Section<HostClock> host_clock_section() {
  Section<HostClock> s;
  s.heading = "[[clock.host]]";
  s.meaning = "A host whose clocks are given instead of drawn.";
  s.keys.push_back(host_key("host", &HostClock::host, "Which host.").must());
  s.keys.push_back(key("fast", &HostClock::fast, "Its clocks gain so much on true time.", clock_error_limits));
  s.keys.push_back(key("slow", &HostClock::slow, "Its clocks lose so much.", clock_error_limits));
  s.keys.push_back(key("offset", &HostClock::offset, "How far its wall clock is ahead at the start; negative: behind.",
                       Limits<Duration>{Duration::seconds(-24 * 3600), Duration::seconds(24 * 3600)}));
  s.check = [](const Value& table, const HostClock& clock, Reading& reading) {
    if (clock.fast && clock.slow)
      reading.report(table, table.find("slow")->place, "a clock runs 'fast' or 'slow', not both");
    if (!clock.fast && !clock.slow && !clock.offset) {
      reading.report(table, table.place, "[[clock.host]] changes nothing; it needs 'fast', 'slow' or 'offset'");
    }
  };
  return s;
}

Section<Clock> clock_section() {
  Section<Clock> s;
  s.heading = "[clock]";
  s.meaning = "The hosts' clocks. Steps and changes of rate during the run are faults.";
  s.keys.push_back(key("rate_error", &Clock::rate_error,
                       "Each host's clocks run fast or slow by up to this; drawn once.", clock_error_limits));
  s.keys.push_back(key("wall_offset", &Clock::wall_offset,
                       "Each host's wall clock is off by up to this, either way, at the start; drawn.",
                       Limits<Duration>{Duration::zero(), Duration::seconds(24 * 3600)}));
  s.children.push_back(list_child("host", &Clock::hosts, host_clock_section()));
  return s;
}

Section<Disk> disk_section() {
  Section<Disk> s;
  s.heading = "[disk]";
  s.meaning = "Every host's disk.";
  s.keys.push_back(key("fsync", &Disk::fsync, "Time of one fsync; drawn.", up_to_a_minute));
  s.keys.push_back(key("write", &Disk::write,
                       "Time of one write of an agent or a member of the store into the page cache; drawn.",
                       up_to_a_minute));
  s.keys.push_back(key("read", &Disk::read, "Time of one read of theirs; drawn.", up_to_a_minute));
  const Limits<int> weight{0, 1000};
  s.keys.push_back(key("kept", &Disk::kept,
                       "How often a loss of power keeps an unsynced page of 4 KiB, against the next three.", weight));
  s.keys.push_back(key("dropped", &Disk::dropped, "How often it leaves what was there before.", weight));
  s.keys.push_back(key("torn", &Disk::torn, "How often each sector of 512 B is either the new or the old.", weight));
  s.keys.push_back(key("garbage", &Disk::garbage, "How often sectors of it are noise.", weight));
  s.keys.push_back(key("atlas", &Disk::atlas,
                       "Faults spare one good copy of whatever was acknowledged, so that recovery is possible. Without "
                       "it only safety is judged."));
  s.check = [](const Value& table, const Disk& disk, Reading& reading) {
    if (disk.kept + disk.dropped + disk.torn + disk.garbage == 0)
      reading.report(table, table.place, "one of 'kept', 'dropped', 'torn' and 'garbage' must be more than 0");
  };
  return s;
}

Section<Server> server_section() {
  Section<Server> s;
  s.heading = "[server]";
  s.meaning = "How the database servers behave on these hosts.";
  s.keys.push_back(key("replay_delay", &Server::replay_delay,
                       "On a standby, from flushed to replayed and visible; drawn.", up_to_a_minute));
  s.keys.push_back(key("start", &Server::start, "To start, crash recovery apart; drawn.", up_to_a_minute));
  s.keys.push_back(key("promote", &Server::promote, "To become a primary, once told so; drawn.", up_to_a_minute));
  s.keys.push_back(key("clone", &Server::clone, "To copy all data to another host, once connected; drawn.",
                       Limits<Duration>{Duration::zero(), Duration::seconds(3600)}));
  s.keys.push_back(
      key("connections", &Server::connections, "Sessions that one server accepts at a time.", Limits<int>{10, 10'000}));
  return s;
}

Section<Workload> workload_section() {
  Section<Workload> s;
  s.heading = "[[workload]]";
  s.meaning = "Clients, and what they do. Without any, the cluster idles.";
  s.kind = [](const Workload& workload) { return to_string(workload.kind); };
  s.keys.push_back(key("kind", &Workload::kind, "What they do; see below.").must());
  s.keys.push_back(
      key("clients", &Workload::clients, "How many; each does one operation at a time.", Limits<int>{1, 1000}));
  s.keys.push_back(key("keys", &Workload::keys, "How many keys, drawn evenly.", Limits<int>{1, 100'000})
                       .for_kinds({"register", "append"}));
  s.keys.push_back(
      key("rate", &Workload::rate, "Operations of all these clients together, evenly spread with jitter."));
  s.keys.push_back(key("reads", &Workload::reads, "How many of the operations are reads.", chance));
  s.keys.push_back(key("timeout", &Workload::timeout,
                       "An operation without an answer for so long is given up; its outcome is unknown.",
                       positive_duration));
  s.keys.push_back(key("reads_from", &Workload::reads_from, "Where reads go."));
  s.keys.push_back(key("start", &Workload::start, "No operation begins before.",
                       Limits<Duration>{Duration::zero(), Duration::seconds(24 * 3600)}));
  s.keys.push_back(key("stop", &Workload::stop, "No operation begins after; by default, the end.",
                       Limits<Duration>{Duration::zero(), Duration::seconds(24 * 3600)}));
  s.check = [](const Value& table, const Workload& workload, Reading& reading) {
    if (workload.stop && *workload.stop <= workload.start) {
      reading.report(
          table, place_of(table, "stop"),
          "'stop' (" + to_string(*workload.stop) + ") is not after 'start' (" + to_string(workload.start) + ")");
    }
    if (workload.reads_from == ReadsFrom::standbys && workload.reads == Ratio()) {
      reading.report(table, place_of(table, "reads_from"), "reads_from = \"standbys\" contradicts reads = \"0%\"");
    }
  };
  return s;
}

Section<Expect> expect_section() {
  Section<Expect> s;
  s.heading = "[expect]";
  s.meaning = "What must come out. The cluster's invariants are judged in any case.";
  const Limits<int> count{0, 1'000'000'000};
  s.keys.push_back(key("linearizable", &Expect::linearizable, "Some order of the operations explains every answer."));
  s.keys.push_back(
      key("lost_writes", &Expect::lost_writes, "So many acknowledged writes may be missing at the end.", count));
  s.keys.push_back(key("writable_within", &Expect::writable_within,
                       "After the last fault has healed (without faults: the start), a write succeeds within this.",
                       positive_duration));
  s.keys.push_back(key("recovers_within", &Expect::recovers_within,
                       "After `duration` a random core of hosts that suffices by the rules is healed, the rest stays "
                       "broken for ever, and within this of its last progress the core takes writes and its deposed "
                       "peers are back; or a rule excuses it.",
                       positive_duration));
  s.keys.push_back(key("verdict", &Expect::verdict,
                       "A design that is known to be bad: the run passes only if the harness finds this; see below."));
  s.keys.push_back(key("min_failovers", &Expect::min_failovers, "So many changes of primary, at least.", count));
  s.keys.push_back(key("max_failovers", &Expect::max_failovers, "At most.", count));
  s.keys.push_back(key("max_unavailable", &Expect::max_unavailable, "The longest time without a successful write.",
                       positive_duration));
  s.keys.push_back(key("min_ok", &Expect::min_ok, "So many operations succeed, at least.", count));
  s.keys.push_back(
      key("max_failed_requests", &Expect::max_failed_requests,
          "So many requests of operators (`switchover`, `freeze`, `unfreeze`) fail, at most: they are refused, or have "
          "not succeeded by the end. A `rebuild` counts as a success when it is sent.",
          count));
  s.check = [](const Value& table, const Expect& expect, Reading& reading) {
    if (expect.verdict) {
      for (const char* name :
           {"linearizable", "lost_writes", "writable_within", "recovers_within", "max_unavailable"}) {
        if (const Entry* entry = table.find(name)) {
          const std::string_view promise = name;
          const bool is_what_fails = (promise == "recovers_within" && expect.verdict == FailureKind::stuck) ||
                                     ((promise == "writable_within" || promise == "max_unavailable") &&
                                      expect.verdict == FailureKind::not_writable);
          if (is_what_fails) continue;
          reading.report(
              table, entry->place,
              "'" + std::string(name) + "' contradicts 'verdict': a run that must fail promises nothing else");
        }
      }
    }
    if (expect.min_failovers && expect.max_failovers && *expect.max_failovers < *expect.min_failovers) {
      reading.report(table, place_of(table, "max_failovers"), "'max_failovers' is less than 'min_failovers'");
    }
  };
  return s;
}

Section<Swarm> swarm_section() {
  Section<Swarm> s;
  s.heading = "[swarm]";
  s.meaning =
      "Each seed draws which families of faults exist at all, and of each kind how often it strikes and how hard; and "
      "what the tables of which the file says nothing hold. `heir run --expand FILE` saves what was drawn as a plain "
      "scenario.";
  s.keys.push_back(key("families", &Swarm::families, "The families to draw from; each seed takes some of them."));
  s.keys.push_back(key("beyond_clock_bound", &Swarm::beyond_clock_bound,
                       "Clocks may break `clock_bound`: answers may then be stale, but no write may be lost."));
  s.check = [](const Value& table, const Swarm& swarm, Reading& reading) {
    if (swarm.families.empty())
      reading.report(table, place_of(table, "families"), "'families' names no family to draw from");
    for (std::size_t i = 0; i < swarm.families.size(); ++i) {
      if (std::find(swarm.families.begin(), swarm.families.begin() + static_cast<std::ptrdiff_t>(i),
                    swarm.families[i]) != swarm.families.begin() + static_cast<std::ptrdiff_t>(i))
        reading.report(table, place_of(table, "families"), "\"" + to_string(swarm.families[i]) + "\" is named twice");
    }
  };
  return s;
}

Section<Margin> margin_section() {
  Section<Margin> s;
  s.heading = "[[margin]]";
  s.meaning =
      "A number whose limits `heir margins` searches over many seeds: how far it can go before the first stale read "
      "and "
      "before the first lost write. `heir run` takes the scenario as it stands.";
  s.keys.push_back(key("of", &Margin::of, "What the number is, in words.").must());
  s.keys.push_back(
      key("set", &Margin::set, "The keys that take it, as `--set` names them: `[\"fault.0.for\"]`.").must());
  s.keys.push_back(key("from", &Margin::from, "Where all is well.").must());
  s.keys.push_back(key("to", &Margin::to, "The farthest that is looked at, above or below `from`.").must());
  s.check = [](const Value& table, const Margin& margin, Reading& reading) {
    if (margin.set.empty()) reading.report(table, place_of(table, "set"), "'set' names no key");
    if (margin.from.unit != margin.to.unit)
      reading.report(table, place_of(table, "to"),
                     "'from' and 'to' are not of one kind: both durations, or both ratios");
    else if (margin.from == margin.to)
      reading.report(table, place_of(table, "to"), "'to' is 'from': there is nothing between them to search");
    if (margin.from.n < 0 || margin.to.n < 0)
      reading.report(table, place_of(table, margin.from.n < 0 ? "from" : "to"), "expected at least 0");
  };
  return s;
}

/// [policy] has the switches as keys, each with its own values.
void read_switch(const Entry& entry, const Value& table, Scenario& scenario, Reading& reading) {
  std::vector<std::string> names;
  const PolicySwitch* found = nullptr;
  for (const PolicySwitch& candidate : policy_switches()) {
    names.emplace_back(candidate.name);
    if (candidate.name == entry.key) found = &candidate;
  }
  if (!found) {
    const std::string near = nearest(entry.key, names);
    return reading.report(table, entry.place,
                          "unknown switch '" + shown(entry.key) + "' in [policy]" +
                              (near.empty() ? "; scenarios/README.md lists them" : "; did you mean '" + near + "'?"));
  }
  const std::string subject = "'" + entry.key + "' in [policy]: ";
  const bool plain = found->values[0] == "true" || found->values[0] == "false";
  if (plain) {
    const Result<bool> value = Codec<bool>::read(entry.value);
    if (!value) return reading.report(table, entry.value.place, subject + value.error().message);
    scenario.policy.push_back(
        {entry.key, *value ? "true" : "false", {entry.value.place.line, entry.value.place.column}});
    return;
  }
  if (entry.value.kind == Value::Kind::text &&
      std::find(found->values.begin(), found->values.end(), entry.value.text) != found->values.end()) {
    scenario.policy.push_back({entry.key, entry.value.text, {entry.value.place.line, entry.value.place.column}});
    return;
  }
  reading.report(table, entry.value.place,
                 subject + unknown_word(entry.value, {found->values.begin(), found->values.end()}, {}).message);
}

Child<Scenario> policy_child() {
  Child<Scenario> child;
  child.name = "policy";
  child.read = [](const Entry& entry, const Value& table, Scenario& scenario, Reading& reading) {
    if (entry.value.kind != Value::Kind::table) {
      return reading.report(table, entry.value.place,
                            "'policy' is a table, [policy]; found " + describe(entry.value) +
                                " (a preset is named by 'policy' in [cluster])");
    }
    for (const Entry& line : entry.value.entries) read_switch(line, entry.value, scenario, reading);
  };
  child.write = [](const Scenario& scenario, std::string& out) {
    if (!scenario.policy.empty()) out += "\n[policy]\n";
    for (const PolicyOverride& line : scenario.policy) {
      const bool plain = line.value == "true" || line.value == "false";
      out += line.name + " = " + (plain ? line.value : in_quotes(line.value)) + "\n";
    }
  };
  child.reference = [](std::string& out) {
    out +=
        "### `[policy]`\n\nSingle rules, on top of the preset that `policy` in `[cluster]` names. The first value is "
        "heir's.\n\n| key | values | meaning |\n|---|---|---|\n";
    for (const PolicySwitch& line : policy_switches()) {
      out += "| `" + std::string(line.name) + "` | ";
      for (std::size_t i = 0; i < line.values.size(); ++i) {
        const bool plain = line.values[i] == "true" || line.values[i] == "false";
        out += std::string(i == 0 ? "" : ", ") + "`" +
               (plain ? std::string(line.values[i]) : in_quotes(line.values[i])) + "`";
      }
      out += " | " + std::string(line.meaning) + " |\n";
    }
    out += "\n";
  };
  return child;
}

}  // namespace

void check_timing(const Value& table, const Timing& timing, Reading& reading) {
  // ttl x (1 - e) / (1 + e), which is what a holder may count on.
  const std::int64_t e = timing.clock_bound.ppb();
  const std::int64_t lease_us =
      timing.session_ttl.ns() / 1000 * ((Ratio::billion - e) / 1000) / ((Ratio::billion + e) / 1000);
  if (timing.renewal.ns() / 1000 >= lease_us) {
    reading.report(table, place_of_either(table, "renewal", "session_ttl"),
                   "'renewal' (" + to_string(timing.renewal) +
                       ") must be shorter than the lease, which 'session_ttl' and 'clock_bound' make " +
                       to_string(Duration::microseconds(lease_us)));
  }
  if (timing.retry_most < timing.retry_first) {
    reading.report(table, place_of_either(table, "retry_most", "retry_first"),
                   "'retry_most' (" + to_string(timing.retry_most) + ") is shorter than 'retry_first' (" +
                       to_string(timing.retry_first) + ")");
  }
}

void check_member_timing(const Value& table, Duration heartbeat, Duration election, Reading& reading) {
  if (election >= heartbeat * 2) return;
  reading.report(table, place_of_either(table, "election", "heartbeat"),
                 "'election' (" + to_string(election) + ") must be at least twice 'heartbeat' (" +
                     to_string(heartbeat) + "): a leader is not given up for one that is late");
}

Section<Scenario> scenario_section() {
  Section<Scenario> s;
  s.heading = "the scenario";
  s.meaning = "What stands before the first table.";
  s.keys.push_back(key("title", &Scenario::title, "What happens, in one sentence.").must());
  s.keys.push_back(key("duration", &Scenario::duration, "How long the run is, in virtual time.",
                       Limits<Duration>{Duration::milliseconds(1), Duration::seconds(24 * 3600)}));
  s.keys.push_back(
      key("vary", &Scenario::vary,
          "From each of these times on, everything that is drawn is drawn otherwise than the seed says, for "
          "each number in another way. `heir hunt --guided` makes such runs.",
          Limits<std::vector<Variation>>{}));
  s.check = [](const Value& table, const Scenario& scenario, Reading& reading) {
    for (std::size_t i = 1; i < scenario.vary.size(); ++i)
      if (scenario.vary[i].at < scenario.vary[i - 1].at)
        reading.report(table, place_of(table, "vary"),
                       "'vary' goes back in time, from " + to_string(scenario.vary[i - 1].at) + " to " +
                           to_string(scenario.vary[i].at));
  };
  s.children.push_back(table_child("cluster", &Scenario::cluster, cluster_section()));
  s.children.push_back(policy_child());
  s.children.push_back(table_child("store", &Scenario::store, store_section()));
  s.children.push_back(table_child("timing", &Scenario::timing, timing_section()));
  s.children.push_back(table_child("network", &Scenario::network, network_section()));
  s.children.push_back(table_child("clock", &Scenario::clock, clock_section()));
  s.children.push_back(table_child("disk", &Scenario::disk, disk_section()));
  s.children.push_back(table_child("server", &Scenario::server, server_section()));
  s.children.push_back(list_child("workload", &Scenario::workloads, workload_section()));
  s.children.push_back(list_child("fault", &Scenario::faults, fault_section()));
  s.children.push_back(optional_child("swarm", &Scenario::swarm, swarm_section()));
  s.children.push_back(list_child("margin", &Scenario::margins, margin_section()));
  s.children.push_back(table_child("expect", &Scenario::expect, expect_section()));
  return s;
}

}  // namespace heir::scenarios
