// Reports to develop and test the page with: the same for the same seed.
//   node sample.mjs [--kind run|crowded|history|untimed|cycle|empty|unknown] [--operations ABOUT] [--keys N] [--seed N] > report.json

import { pathToFileURL } from "node:url";

/** A small generator of random numbers (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    real: next,
    below: (n) => Math.floor(next() * n),
    between: (low, high) => Math.floor(low + next() * (high - low)),
    pick: (list) => list[Math.floor(next() * list.length)],
  };
}

const MS = 1_000_000;
const S = 1000 * MS;
const END = 120 * S;

// Two failovers: host1 is partitioned away at 31 s, host2's machine dies at 78 s.
const OUTAGES = [
  [31.4 * S, 36.9 * S],
  [78.1 * S, 82.6 * S],
];
const PRIMARIES = [
  { from: 0, name: "host1", sync: "host2", async: "host3" },
  { from: 35.2 * S, name: "host2", sync: "host3", async: "host1" },
  { from: 81.0 * S, name: "host3", sync: "host1", async: "" },
];

function primaryAt(ns) {
  return [...PRIMARIES].reverse().find((generation) => ns >= generation.from);
}

/** About so many operations: clients that write and read registers, one operation after the other, of which some wait through an outage. */
function operations(rng, count, keys, clients, withRun) {
  const columns = {
    count,
    functions: ["read", "write", "cas"],
    keys: Array.from({ length: keys }, (_, i) => `"k${i}"`),
    peers: ["", "host1", "host2", "host3"],
    process: [],
    f: [],
    key: [],
    argument: [],
    result: [],
    outcome: [],
    invoked_delta_ns: [],
    took_ns: [],
    peer: [],
    generation: [],
    order: null,
  };
  const list = [];
  const step = ((END - S) / (count / clients)) * (count > 100_000 ? 0.74 : 0.92);
  const values = new Array(keys).fill(null);
  let written = 0;
  const free = Array.from({ length: clients }, (_, i) => ({ process: i, at: rng.between(0, step) }));
  for (;;) {
    const client = free.reduce((a, b) => (a.at <= b.at ? a : b));
    const at = Math.round(client.at);
    if (at > END - 2 * S) break;
    const outage = withRun && OUTAGES.find(([from, to]) => at >= from && at < to);
    let took = Math.max(0.2, rng.real() * rng.real() * 2.4 + 0.4) * Math.min(MS, step / 3);
    if (rng.real() < 0.01) took *= 8;
    let outcome = 0;
    if (outage) {
      const lot = rng.real();
      if (lot < 0.35) [outcome, took] = [1, rng.between(2 * MS, 40 * MS)];
      else if (lot < 0.6) [outcome, took] = [2, rng.real() < 0.5 ? -1 : 1 * S];
      else took = Math.max(outage[1] - at + rng.between(1 * MS, 90 * MS), took);
    }
    took = took < 0 ? -1 : Math.round(took);
    const key = Math.floor(rng.real() * rng.real() * keys);
    const lot = rng.real();
    const f = lot < 0.5 ? 0 : lot < 0.9 ? 1 : 2;
    let argument = null;
    let result = null;
    if (f === 1) {
      argument = ++written;
      if (outcome === 0) values[key] = argument;
    } else if (f === 2) {
      argument = `[${values[key] ?? 0},${++written}]`;
      if (outcome === 0) values[key] = written;
    } else if (outcome === 0) result = values[key];
    const generation = withRun ? primaryAt(at + Math.max(took, 0)) : null;
    list.push({
      process: client.process,
      at,
      took,
      outcome,
      key,
      f,
      argument,
      result,
      peer: outcome === 0 && generation ? Number(generation.name.slice(4)) : 0,
      generation: outcome === 0 && generation ? PRIMARIES.indexOf(generation) + 1 : 0,
    });
    // A process whose operation has an unknown outcome does not go on; the client does, under another number.
    if (outcome === 2) client.process += clients;
    client.at = at + (took < 0 ? S : took) + step * (0.5 + rng.real());
    if (took > step) client.at = at + took + step * rng.real();
  }
  list.sort((a, b) => a.at - b.at);
  columns.count = list.length;
  let before = 0;
  for (const op of list) {
    for (const name of ["process", "f", "key", "argument", "result", "outcome", "peer", "generation"])
      columns[name].push(op[name]);
    columns.invoked_delta_ns.push(op.at - before);
    columns.took_ns.push(op.took);
    before = op.at;
  }
  return columns;
}

function times(columns) {
  let at = 0;
  return columns.invoked_delta_ns.map((delta) => (at += delta));
}

/** By what happened at the same time: an order as a checker would find it for one that is right. */
function order(columns) {
  const at = times(columns);
  return at
    .map((_, i) => i)
    .filter((i) => columns.outcome[i] === 0)
    .sort((a, b) => at[a] + columns.took_ns[a] / 2 - at[b] - columns.took_ns[b] / 2);
}

function lostWrite(columns) {
  const at = times(columns);
  const first = at.findIndex((ns) => ns > 31.3 * S);
  const write = columns.f.findIndex((f, i) => i >= first - 40 && f === 1 && columns.outcome[i] === 0);
  const key = columns.key[write];
  const reads = columns.f
    .map((f, i) => i)
    .filter(
      (i) => i > write && columns.f[i] === 0 && columns.key[i] === key && columns.outcome[i] === 0 && at[i] > 37 * S,
    )
    .slice(0, 2);
  const old = columns.f.findLastIndex(
    (f, i) => i < write && f === 1 && columns.key[i] === key && columns.outcome[i] === 0,
  );
  for (const read of reads) columns.result[read] = columns.argument[old];
  const name = JSON.parse(columns.keys[key]);
  return {
    kind: "lost-write",
    message: `the acknowledged write of ${columns.argument[write]} to ${name} was never read again`,
    at_ns: at[reads[0]],
    operations: [write, reads[0], reads[1], old],
    steps: [
      { operation: old, words: `${columns.argument[old]} was written to ${name}` },
      { operation: write, words: `write ${columns.argument[write]} was acknowledged by host1 after that` },
      { operation: null, words: "host2 became primary at 35.200 s with generation 2" },
      {
        operation: reads[0],
        words: `read ${columns.argument[old]}, although ${columns.argument[write]} had been acknowledged before it began`,
      },
      { operation: reads[1], words: `read ${columns.argument[old]} again` },
    ],
    cycle: null,
  };
}

function empty() {
  return {
    format: "heir report",
    version: 1,
    kind: "history",
    heir: "0.9.0",
    title: "",
    verdict: "pass",
    summary: "",
    end_ns: END,
    timed: true,
    run: null,
    claims: [],
    not_tested: [],
    failures: [],
    more_failures: 0,
    undecided: [],
    story: [],
    numbers: [],
    hosts: [],
    generations: [],
    faults: [],
    unavailable: [],
    failovers: [],
    series: [],
    states: [],
    messages: null,
    operations: {
      count: 0,
      functions: [],
      keys: [],
      peers: [""],
      process: [],
      f: [],
      key: [],
      argument: [],
      result: [],
      outcome: [],
      invoked_delta_ns: [],
      took_ns: [],
      peer: [],
      generation: [],
      order: null,
    },
  };
}

function text(n) {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ",");
}

function counts(columns) {
  const of = [0, 0, 0];
  for (const outcome of columns.outcome) of[outcome]++;
  return of;
}

function run(rng, wanted, keys) {
  const report = empty();
  const columns = operations(rng, wanted, keys, 5, true);
  const { count } = columns;
  const failure = lostWrite(columns);
  const [ok, fail, unknown] = counts(columns);
  Object.assign(report, {
    kind: "run",
    title: "A partition isolates the primary, then its successor's host dies",
    verdict: "fail",
    summary: `Not linearizable: ${failure.message}.`,
    run: {
      scenario: "scenarios/partitions/isolate-then-crash.toml",
      about:
        "The primary is cut off from everybody else for nine seconds; forty seconds later the host that took over loses power.",
      toml: `title = "A partition isolates the primary, then its successor's host dies"\ncluster  = { database = "postgresql", peers = 3, policy = "heir" }\nstore    = { kind = "raft", members = 3 }\nduration = "120s"\n\n[[workload]]\nkind = "register"\nclients = 5\nkeys = ${keys}\nrate = "200/s"\n\n[[fault]]\nat = "31s"\nkind = "partition"\nshape = "isolate-primary"\nfor = "9s"\n\n[expect]\nlinearizable = true\n`,
      seed: "11400714819323198485",
      trace_hash: "5f3c9a1be07d2246",
      events: 1483022,
      replay: "heir replay scenarios/partitions/isolate-then-crash.toml --seed 11400714819323198485",
    },
    claims: [
      {
        claim: "every answer is linearizable",
        outcome: "violated",
        detail: `${text(count)} operations on ${keys} keys; ${JSON.parse(columns.keys[columns.key[failure.operations[0]]])} has no order`,
      },
      {
        claim: "no acknowledged write is lost",
        outcome: "violated",
        detail: `${text(columns.f.filter((f, i) => f === 1 && columns.outcome[i] === 0).length)} acknowledged writes`,
      },
      { claim: "never two primaries in one generation", outcome: "holds", detail: "3 generations, 1,483,022 events" },
      { claim: "writable within 10 s after the last fault heals", outcome: "holds", detail: "after 4.5 s" },
      { claim: "copies are equal at the end", outcome: "undecided", detail: "host2 was still off" },
    ],
    not_tested: [
      "Disks that lose what they had synced: no disk fault was on.",
      "Clocks that step: clocks only drifted, by at most 50 ppm.",
      "Transactions over more than one key.",
    ],
    failures: [failure],
    undecided: ["Whether copies are equal at the end: host2 did not come back before the end of the run."],
    numbers: [
      ["operations", text(count)],
      ["ok", text(ok)],
      ["fail", text(fail)],
      ["unknown", text(unknown)],
      ["failovers", "2"],
      ["longest time without an acknowledged write", "5.5 s"],
      ["total time without an acknowledged write", "10 s"],
      ["messages", "412,006"],
      ["events", "1,483,022"],
    ].map(([name, value]) => ({ name, value })),
    unavailable: OUTAGES,
  });

  const peers = ["host1", "host2", "host3"];
  const members = ["store1", "store2", "store3"];
  const host = (name, kind, rest) => ({
    name,
    kind,
    role: [],
    gate: [],
    lease: [],
    database: [],
    machine: [],
    ...rest,
  });
  report.hosts = [
    host("host1", "peer", {
      role: [
        [0, 35.2 * S, "primary"],
        [35.2 * S, 46 * S, "deposed"],
        [46 * S, 81 * S, "async"],
        [81 * S, END, "sync"],
      ],
      gate: [
        [0.8 * S, 31.2 * S, "open"],
        [31.2 * S, 33 * S, "held"],
        [33 * S, END, "closed"],
      ],
      lease: [[0.7 * S, 33 * S, "held"]],
      database: [
        [0, 0.6 * S, "starting"],
        [0.6 * S, 33.2 * S, "primary"],
        [33.2 * S, 33.9 * S, "shutting down"],
        [33.9 * S, 44 * S, "down"],
        [44 * S, 46 * S, "starting"],
        [46 * S, END, "standby"],
      ],
    }),
    host("host2", "peer", {
      role: [
        [0.4 * S, 35.2 * S, "sync"],
        [35.2 * S, 81 * S, "primary"],
        [81 * S, END, "deposed"],
      ],
      gate: [
        [0, 36.6 * S, "closed"],
        [36.6 * S, 78 * S, "open"],
      ],
      lease: [[36.5 * S, 78 * S, "held"]],
      database: [
        [0.4 * S, 1.2 * S, "starting"],
        [1.2 * S, 35.3 * S, "standby"],
        [35.3 * S, 36.5 * S, "promoting"],
        [36.5 * S, 78 * S, "primary"],
        [78 * S, END, "down"],
      ],
      machine: [[78 * S, END, "off"]],
    }),
    host("host3", "peer", {
      role: [
        [0.5 * S, 35.2 * S, "async"],
        [35.2 * S, 81 * S, "sync"],
        [81 * S, END, "primary"],
      ],
      gate: [
        [0, 82.4 * S, "closed"],
        [82.4 * S, END, "open"],
      ],
      lease: [[82.3 * S, END, "held"]],
      database: [
        [0.5 * S, 1.4 * S, "starting"],
        [1.4 * S, 81.1 * S, "standby"],
        [81.1 * S, 82.3 * S, "promoting"],
        [82.3 * S, END, "primary"],
      ],
      machine: [[58 * S, 60.5 * S, "paused"]],
    }),
    host("store1", "store", { role: [[0.2 * S, 50 * S, "leader"]], machine: [[50 * S, 55 * S, "off"]] }),
    host("store2", "store", { role: [[51.1 * S, END, "leader"]] }),
    host("store3", "store", {}),
    ...Array.from({ length: 5 }, (_, i) => host(`client${i + 1}`, "client", {})),
  ];
  report.generations = [
    {
      generation: 1,
      from_ns: 0.3 * S,
      opened_ns: 0.8 * S,
      primary: "host1",
      sync: "host2",
      why: "The cluster was set up.",
    },
    {
      generation: 2,
      from_ns: 35.2 * S,
      opened_ns: 36.6 * S,
      primary: "host2",
      sync: "host3",
      why: "host1's session in the store had ended.",
    },
    {
      generation: 3,
      from_ns: 81 * S,
      opened_ns: 82.4 * S,
      primary: "host3",
      sync: "host1",
      why: "host2's session in the store had ended.",
    },
  ];
  const others = [...peers.slice(1), ...members];
  report.faults = [
    {
      kind: "slow-link",
      family: "network",
      from_ns: 12 * S,
      to_ns: 18 * S,
      what: "slow link between host2 and host3: 40ms more, for 6s",
      hosts: ["host2", "host3"],
      cut: null,
    },
    {
      kind: "partition",
      family: "network",
      from_ns: 31 * S,
      to_ns: 40 * S,
      what: "partition host1 (primary) from all others for 9s",
      hosts: ["host1"],
      cut: others.flatMap((name) => [
        ["host1", name],
        [name, "host1"],
      ]),
    },
    {
      kind: "clock-rate",
      family: "clock",
      from_ns: 38 * S,
      to_ns: 70 * S,
      what: "host3's clock runs 40 ppm fast",
      hosts: ["host3"],
      cut: null,
    },
    {
      kind: "crash",
      family: "store",
      from_ns: 50 * S,
      to_ns: 55 * S,
      what: "crash store1 (leader) for 5s",
      hosts: ["store1"],
      cut: null,
    },
    {
      kind: "pause",
      family: "process",
      from_ns: 58 * S,
      to_ns: 60.5 * S,
      what: "pause host3 (sync) for 2.5s",
      hosts: ["host3"],
      cut: null,
    },
    {
      kind: "fsync-error",
      family: "disk",
      from_ns: 66 * S,
      to_ns: 66 * S,
      what: "one fsync fails on host1",
      hosts: ["host1"],
      cut: null,
    },
    {
      kind: "crash",
      family: "process",
      from_ns: 78 * S,
      to_ns: null,
      what: "crash host2 (primary)",
      hosts: ["host2"],
      cut: null,
    },
    {
      kind: "switchover",
      family: "operators",
      from_ns: 101 * S,
      to_ns: 101 * S,
      what: "an operator asks for a switchover to host1",
      hosts: [],
      cut: null,
    },
  ];
  report.failovers = [
    {
      generation: 2,
      from: "host1",
      to: "host2",
      why: "host1's session in the store had ended",
      last_write_ns: 31.4 * S,
      severed_ns: 34.9 * S,
      declared_ns: 35.2 * S,
      promoted_ns: 36.5 * S,
      opened_ns: 36.6 * S,
      first_write_ns: 36.9 * S,
    },
    {
      generation: 3,
      from: "host2",
      to: "host3",
      why: "host2's session in the store had ended",
      last_write_ns: 78.1 * S,
      severed_ns: null,
      declared_ns: 81 * S,
      promoted_ns: 82.3 * S,
      opened_ns: 82.4 * S,
      first_write_ns: 82.6 * S,
    },
  ];
  const story = [];
  const tell = (at, kind, who, what) => story.push({ at_ns: Math.round(at), kind, who, what });
  for (const fault of report.faults) {
    tell(fault.from_ns, "fault", fault.hosts[0] ?? "", fault.what);
    if (fault.to_ns !== null && fault.to_ns > fault.from_ns)
      tell(fault.to_ns, "heal", fault.hosts[0] ?? "", `${fault.kind} heals`);
  }
  for (const { name, role, gate, database } of report.hosts) {
    for (const [from, , value] of role) tell(from, "role", name, `becomes ${value}`);
    for (const [from, , value] of gate) tell(from, "gate", name, `its gate is ${value}`);
    for (const [from, , value] of database) tell(from, "state", name, `its database is ${value}`);
  }
  for (const { generation, primary, sync, from_ns, why } of report.generations)
    tell(from_ns, "note", "", `generation ${generation} is declared: primary ${primary}, sync ${sync}. ${why}`);
  tell(35.3 * S, "command", "host2", "pg_ctl promote -D /var/lib/heir/data");
  tell(
    44 * S,
    "command",
    "host1",
    "pg_rewind --target-pgdata=/var/lib/heir/data --source-server='host=host2 port=5432'",
  );
  report.story = story.sort((a, b) => a.at_ns - b.at_ns);

  report.series = peers.flatMap((name, n) => {
    const at = Array.from({ length: 480 }, (_, i) => Math.round((i + 0.5) * 0.25 * S));
    const cutOff = name === "host1" ? [31 * S, 46 * S] : [58 * S, 60.5 * S];
    let lag = 0;
    const lags = at.map(
      (ns) =>
        (lag =
          ns > cutOff[0] && ns < cutOff[1] && name !== "host2"
            ? lag + 42_000
            : Math.max(0, lag / 3 + rng.between(0, 9000))) | 0,
    );
    const errors = at.map((ns) =>
      Math.round(
        (n - 1) * 90_000 +
          Math.max(0, Math.min(ns, 70 * S) - 38 * S) * (name === "host3" ? 4e-5 : 0) +
          rng.between(-20_000, 20_000),
      ),
    );
    return [
      { host: name, quantity: "replication lag", unit: "bytes", at_ns: at, values: lags },
      { host: name, quantity: "clock error", unit: "ns", at_ns: at, values: errors },
    ];
  });

  report.states = [...report.hosts.slice(0, 6), { name: "network" }].map(({ name, role = [], database = [] }) => {
    const changes = [
      ...role.map(([at, , value]) => [
        at,
        { role: value, generation: String(primaryAt(at) ? PRIMARIES.indexOf(primaryAt(at)) + 1 : 1) },
      ]),
      ...database.map(([at, , value]) => [
        at,
        {
          database: value,
          waits_for: value === "starting" ? "pg_ctl start" : value === "promoting" ? "pg_ctl promote" : null,
        },
      ]),
    ];
    let position = 16_777_216;
    for (let at = S; at < END; at += 2 * S)
      changes.push([at, { position: `0/${(position += rng.between(1000, 90000)).toString(16).toUpperCase()}` }]);
    return { who: name, changes: changes.sort((a, b) => a[0] - b[0]) };
  });

  const names = [...peers, ...members];
  const kinds = ["append-entries", "append-answer", "replication", "heartbeat"];
  const list = [];
  for (let at = 30 * S; at < 38 * S; at += rng.between(2 * MS, 9 * MS)) {
    const kind = rng.below(4);
    const from = kind < 2 ? rng.between(3, 6) : rng.below(3);
    let to = kind < 2 ? rng.between(3, 6) : rng.below(3);
    if (to === from) to = kind < 2 ? 3 + ((to - 2) % 3) : (to + 1) % 3;
    const lost = at > 31 * S && (from === 0 || to === 0);
    list.push([at, lost ? null : at + rng.between(0.2 * MS, 2.4 * MS), from, to, kind]);
  }
  report.messages = { from_ns: 30 * S, to_ns: 38 * S, hosts: names, kinds, list };

  report.operations = columns;
  columns.order = order(columns);
  report.files = [
    { name: "history.jsonl.zst", what: "every operation, as it was recorded" },
    { name: "scenario.toml", what: "the scenario as it was run" },
    { name: "report.json", what: "what this page shows, to be read by programs" },
  ];
  return report;
}

function history(rng, wanted, keys, timed) {
  const report = empty();
  const columns = operations(rng, wanted, keys, 5, false);
  const { count } = columns;
  if (!timed) {
    columns.invoked_delta_ns = columns.invoked_delta_ns.map((_, i) => (i === 0 ? 0 : (1 + (i % 2)) * MS));
    columns.took_ns = columns.took_ns.map((took) => (took < 0 ? -1 : rng.between(1, 6) * MS));
  }
  const at = times(columns);
  const [ok, fail, unknown] = counts(columns);
  columns.order = order(columns);
  return Object.assign(report, {
    title: timed ? "A history of registers" : "A history without times",
    summary: "Linearizable: there is an order that explains every answer.",
    timed,
    end_ns: Math.max(
      ...at.slice(-50).map((ns, i, last) => ns + Math.max(0, columns.took_ns[count - last.length + i])),
      0,
    ),
    claims: [
      { claim: "every answer is linearizable", outcome: "holds", detail: `${text(count)} operations on ${keys} keys` },
    ],
    not_tested: ["Who answered, and what failed meanwhile: a history alone does not say."],
    numbers: [
      ["operations", text(count)],
      ["ok", text(ok)],
      ["fail", text(fail)],
      ["unknown", text(unknown)],
    ].map(([name, value]) => ({ name, value })),
    operations: columns,
  });
}

function cycle(rng) {
  const report = history(rng, 400, 4, true);
  const columns = report.operations;
  const [a, b, c] = [120, 123, 126];
  columns.functions = ["txn"];
  columns.f.fill(0);
  columns.keys = [""];
  columns.key.fill(0);
  columns.order = null;
  columns.argument = columns.argument.map((_, i) => `[["r","x",null],["append","y",${i}]]`);
  columns.result = columns.result.map((_, i) => `[["r","x",[${i - 1}]],["append","y",${i}]]`);
  const edges = [
    { from: a, to: b, kind: "ww", words: `operation ${a} appended 1 to x before operation ${b} appended 2` },
    { from: b, to: c, kind: "wr", words: `operation ${c} read 2 from x, which operation ${b} appended` },
    { from: c, to: a, kind: "rw", words: `operation ${c} did not see what operation ${a} appended to y` },
  ];
  return Object.assign(report, {
    title: "Transactions over lists",
    verdict: "fail",
    summary: "Not serializable: three transactions depend on one another in a circle.",
    claims: [
      { claim: "transactions are serializable", outcome: "violated", detail: `${text(columns.count)} transactions` },
    ],
    failures: [
      {
        kind: "G-single",
        message: "a cycle with one anti-dependency",
        at_ns: times(columns)[c],
        operations: [a, b, c],
        steps: [],
        cycle: edges,
      },
    ],
    more_failures: 2,
  });
}

/** A run with much of everything, and with words that are long. */
function crowded(rng) {
  const report = run(rng, 3_000, 16);
  const many = (list, n, change) =>
    Array.from({ length: n }, (_, i) => Object.assign(structuredClone(list[i % list.length]), change(i)));
  report.faults = many(report.faults, 300, (i) => ({
    from_ns: Math.round(i * 0.39 * S),
    to_ns: i % 7 === 0 ? null : Math.round((i * 0.39 + (i % 9) * 0.5) * S),
  }));
  report.generations = many(report.generations, 120, (i) => ({
    generation: i + 1,
    from_ns: Math.round(i * 0.99 * S),
    opened_ns: i % 4 === 0 ? null : Math.round((i * 0.99 + 0.1) * S),
  }));
  report.hosts.splice(3, 0, ...many(report.hosts.slice(0, 3), 6, (i) => ({ name: `host-with-a-long-name-${i + 4}` })));
  report.story = many(report.story, 3_000, (i) => ({ at_ns: Math.round(i * 0.04 * S) }));
  report.failures = many(report.failures, 30, (i) => ({ at_ns: i % 3 === 0 ? null : Math.round(i * 4 * S) }));
  report.claims.push({ claim: "long ".repeat(30), outcome: "holds", detail: "x".repeat(300) });
  report.title = "T".repeat(150);
  report.run.replay += " --option".repeat(30);
  report.run.toml += `# ${"z".repeat(300)}\n`;
  return report;
}

/** The report of a kind. */
export function sample({ kind = "run", operations: count = 24_000, keys = 16, seed = 1 } = {}) {
  const rng = random(seed);
  switch (kind) {
    case "run":
      return run(rng, count, keys);
    case "history":
      return history(rng, count, keys, true);
    case "untimed":
      return history(rng, count, keys, false);
    case "crowded":
      return crowded(rng);
    case "cycle":
      return cycle(rng);
    case "empty":
      return Object.assign(empty(), {
        title: "An empty history",
        verdict: "unknown",
        summary: "There is nothing to check: the history has no operation.",
        end_ns: 0,
      });
    case "unknown": {
      const report = history(rng, 50, 2, true);
      report.operations.outcome.fill(2);
      report.operations.took_ns.fill(-1);
      report.operations.result.fill(null);
      report.operations.order = null;
      report.numbers = [
        { name: "operations", value: text(report.operations.count) },
        { name: "ok", value: "0" },
        { name: "fail", value: "0" },
        { name: "unknown", value: text(report.operations.count) },
      ];
      return Object.assign(report, {
        title: "Only unknown outcomes",
        verdict: "unknown",
        summary: "No verdict: no operation's outcome is known.",
      });
    }
    default:
      throw new Error(`no kind of report: ${kind}`);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const options = {};
  for (let i = 2; i + 1 < process.argv.length; i += 2) {
    const name = process.argv[i].replace(/^--/, "");
    options[name] = name === "kind" ? process.argv[i + 1] : Number(process.argv[i + 1]);
  }
  process.stdout.write(JSON.stringify(sample(options)));
}
