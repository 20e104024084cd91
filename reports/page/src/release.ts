// release.json, version 1: everything that a release's page shows, from results databases of `heir hunt`. `heir report
// DB… --out DIR` writes it beside index.html, which has the same text inside; `heir serve DB` sends it for as long as a
// campaign runs.
//
// Times are nanoseconds, simulated unless said otherwise; numbers are below 2^53, seeds texts. Texts are what people
// wrote: never markup.

export interface Release {
  format: "heir release";
  version: 1;
  /** The version of heir that wrote it. */
  heir: string;
  title: string;
  /** True: a campaign is under way, and the same address + "release.json" says more in a moment. */
  live: boolean;
  verdict: "pass" | "fail" | "unknown";
  /** The verdict and its reason in one sentence. */
  summary: string;
  /** Of the design under test alone; other policies' runs are in `policies` only. */
  totals: Totals;
  campaigns: Campaign[];
  /** Paragraphs: what was tested. */
  design: string[];
  /** Paragraphs: how. */
  method: string[];
  families: Family[];
  /** A section each: the runs of one scenario that failed in the same way. */
  findings: Finding[];
  /** Why some runs have no verdict. */
  undecided: Undecided[];
  probes: Probe[];
  coverage: Coverage;
  /** Of changes of the primary: "detect", "promote" …, and "unavailable", times without an acknowledged write. */
  phases: Phase[];
  margins: Margin[];
  mutants: Mutants | null;
  comparison: Comparison | null;
  policies: Policies | null;
  /** Files that were written before there was such a comparison lack it. */
  systems?: Systems | null;
  /** Paragraphs: what the results mean, and what they do not. */
  discussion: string[];
  /** Known limits, a sentence each. */
  limits: string[];
  /** How to get each number again. */
  reproduce: { what: string; command: string }[];
  /** What lies beside the page. */
  files: { name: string; what: string }[];
}

export interface Totals {
  scenarios: number;
  runs: number;
  passed: number;
  failed: number;
  unknown: number;
  virtual_ns: number;
  /** Real time of all runs together. */
  wall_ns: number;
  events: number;
  failovers: number;
  /** With 95 % confidence a random seed fails with a probability below this; null: not all passed, or seeds were chosen. */
  bound: number | null;
}

export interface Campaign {
  /** The file of results, as it was named, and the campaign's number in it. */
  database: string;
  campaign: number;
  heir: string;
  /** Seconds since 1970. */
  began: number;
  /** Real time that it has run. */
  seconds: number;
  first_seed: string;
  /** Null: as long as there was time. */
  last_seed: string | null;
  shard: number;
  shards: number;
  guided: boolean;
  /** Values of scenarios that were overridden. */
  overrides: string[];
  /** What became of the known-bad design that must fail; "" if there was none. */
  canary: string;
  /** "complete", "stopped", "interrupted", "out-of-space", "canary-lived"; null: under way, or killed. */
  ended: string | null;
  runs: number;
  runs_per_second: number;
}

export interface Family {
  /** The folder of its scenarios: "first", "network". */
  name: string;
  scenarios: Scenario[];
}

export interface Scenario extends Omit<Totals, "scenarios"> {
  path: string;
  title: string;
  /** What it must hold: "linearizable; a write within 10s of the last fault's end". */
  claim: string;
  verdict: "pass" | "fail" | "unknown";
  longest_outage_ns: number;
}

export interface Finding {
  kind: string;
  scenario: string;
  title: string;
  runs: number;
  of: number;
  /** The first of them. */
  seed: string;
  message: string;
  at_ns: number;
  replay: string;
  /** Its own report, relative to this page; null: there is none. */
  page: string | null;
}

export interface Undecided {
  scenario: string;
  runs: number;
  reason: string;
  replay: string;
}

export interface Probe {
  name: string;
  /** A campaign may go by without it. */
  rare: boolean;
  /** In which it was reached. */
  runs: number;
  hits: number;
}

/** How often faults of each family struck in each phase of the cluster: hits[family][phase]. */
export interface Coverage {
  families: string[];
  phases: string[];
  hits: number[][];
}

/** A distribution of times. */
export interface Phase {
  name: string;
  /** "the last write that the old primary acknowledged, to the declaration of the next generation" */
  what: string;
  count: number;
  p50_ns: number;
  p95_ns: number;
  p99_ns: number;
  max_ns: number;
  /** In order: [from_ns, to_ns, how many]. */
  buckets: [number, number, number][];
}

/** The hardest that was survived: passed runs only. */
export interface Margin {
  /** "the longest pause of a host" */
  what: string;
  /** "41.2s" */
  value: string;
  /** In how many runs faults of this kind struck. */
  runs: number;
}

/** Planted bugs: how many seeds each search needed. */
export interface Mutants {
  strategies: string[];
  list: {
    name: string;
    /** By strategy: how many trials found it, of how many, with how many seeds in the middle; null: not tried. */
    tried: ({ found: number; trials: number; seeds: number; kind: string } | null)[];
  }[];
}

export interface Comparison {
  /** "0.1.0, earlier.db: 4,000 runs, 90 virtual hours" */
  earlier: string;
  rows: {
    /** What is compared: "scenarios/first/mixed.toml", "promote, median", … */
    what: string;
    kind: "verdict" | "time" | "probe" | "mutant";
    before: string;
    now: string;
    change: "better" | "worse" | "new" | "gone" | "same";
  }[];
}

/** The same scenarios and seeds under other rules. */
export interface Policies {
  policies: string[];
  rows: {
    scenario: string;
    /** By policy; null: it was not run. */
    results: ({ runs: number; failed: number; unknown: number; kinds: { kind: string; runs: number }[] } | null)[];
  }[];
}

/** What `heir compare` has measured: the same scenarios with heir and with other systems, on real hosts. */
export interface Systems {
  /** How it was measured, in sentences. */
  method: string;
  scenarios: {
    path: string;
    title: string;
    rows: System[];
  }[];
}

/** All runs of a scenario with one system. */
export interface System {
  /** "heir", "patroni", … */
  system: string;
  tuned: boolean;
  /** It ran in the simulator. */
  simulated: boolean;
  /** "fail": writes were lost, reads stale, or brains split; "unknown": not all could be done, decided, or is known. */
  verdict: "pass" | "fail" | "unknown";
  /** Runs. */
  asked: number;
  /** Of them, that could be done; what follows is of those. */
  runs: number;
  /** Of each run's longest time, real, without an acknowledged write; null: not known. */
  median_ns: number | null;
  max_ns: number | null;
  /** Writes. */
  acknowledged: Sum;
  lost: Sum;
  /** At least so many. */
  stale_reads: Sum;
  /** Runs. */
  split_brains: Sum;
  undecided: Sum;
  /** Hosts, of all runs, that did not follow the primary at the end. */
  not_back: Sum;
  /** Why runs could not be done: "seed 3: …". */
  problems: string[];
}

/** Over the runs of which it is known, which are so many; of no runs: nothing is known, and the sum says nothing. */
export interface Sum {
  sum: number;
  runs: number;
}
