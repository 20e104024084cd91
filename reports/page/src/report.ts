// report.json, version 1: everything that a page shows of one run or one history. `heir report --out DIR` writes it
// beside index.html, which has the same text inside.
//
// Times are nanoseconds since the start of the run, numbers below 2^53. Operations are named by their place, from 0, in
// the order in which they were invoked. Texts are what people and histories wrote: never markup.

export interface Report {
  format: "heir report";
  version: 1;
  /** A simulated or real run; or a history alone, which has no `run`, and of `hosts` to `messages` nothing. */
  kind: "run" | "history";
  /** The version of heir that wrote it. */
  heir: string;
  title: string;
  verdict: "pass" | "fail" | "unknown";
  /** The verdict and its reason in one sentence. */
  summary: string;
  /** Where the time axis ends. */
  end_ns: number;
  /** False: the history had no times; they count its events, 1,000,000 ns each. */
  timed: boolean;

  run: Run | null;
  /** What was asked of the run or history, and what came out. */
  claims: Claim[];
  /** What this says nothing about, a sentence each. */
  not_tested: string[];
  failures: Failure[];
  /** How many more there are than `failures` has. */
  more_failures: number;
  /** Why parts of it have no verdict. */
  undecided: string[];
  /** The run in words, in its order. */
  story: StoryLine[];
  /** For the table of numbers, in its order. */
  numbers: { name: string; value: string }[];

  hosts: Host[];
  generations: Generation[];
  faults: Fault[];
  /** Times without an acknowledged write, although clients tried: [from_ns, to_ns]. */
  unavailable: [number, number][];
  failovers: Failover[];
  series: Series[];
  states: StateLog[];
  messages: Messages | null;

  operations: Operations;

  /** What lies beside the page, to be linked to: "history.jsonl.zst", "scenario.toml" …, and what each is. */
  files?: { name: string; what: string }[];
}

export interface Run {
  /** The file, as it was named. */
  scenario: string;
  /** What the file says of itself; "" if nothing. */
  about: string;
  /** The scenario as it was run, as a file. */
  toml: string;
  /** 64 bits, so a text. */
  seed: string;
  trace_hash: string;
  events: number;
  /** The command that does this run again. */
  replay: string;
}

export interface Claim {
  /** "every answer is linearizable" */
  claim: string;
  outcome: "holds" | "violated" | "undecided";
  /** "24,012 operations on 16 keys" */
  detail: string;
}

export interface Failure {
  /** "lost-write", "stale-read", … */
  kind: string;
  message: string;
  at_ns: number | null;
  /** What takes part, most important first. */
  operations: number[];
  /** Why it is one, step by step: "read 5 …", each with the operation that it is about. */
  steps: { operation: number | null; words: string }[];
  /**
   * Of transactions: the anomaly's cycle, edge by edge; the last leads back to the first. `kind`: "ww" (`to` overwrote
   * what `from` wrote), "wr" (`to` read it), "rw" (`to` overwrote what `from` had read); "wwp", "wrp" and "rwp" by way of
   * a predicate; "process" and "real-time" (`from` was answered before `to` was asked for). `words`: the evidence.
   */
  cycle: { from: number; to: number; kind: string; words: string }[] | null;
}

export interface StoryLine {
  at_ns: number;
  kind: "fault" | "heal" | "state" | "role" | "gate" | "command" | "note";
  /** "host1"; "" for the whole world. */
  who: string;
  what: string;
}

/** [from_ns, to_ns, value]; in order, without overlaps; what is in no span is not known, or nothing. */
export type Span = [number, number, string];

export interface Host {
  name: string;
  kind: "peer" | "store" | "client";
  /** "primary", "sync", "async", "deposed", "unassigned"; of a member of the store "leader". */
  role: Span[];
  /** "open", "held", "closed". */
  gate: Span[];
  /** "held": by the host's own clock the lease, with which its gate may answer if it leads, has not run out. */
  lease: Span[];
  /** "primary", "standby", "starting", "promoting", "shutting down", "down". */
  database: Span[];
  /** "off", "paused"; the rest of the time it runs. */
  machine: Span[];
}

export interface Generation {
  generation: number;
  from_ns: number;
  /** When its gate opened first; null: it never did. */
  opened_ns: number | null;
  primary: string;
  sync: string;
  why: string;
}

export interface Fault {
  /** "partition" */
  kind: string;
  family: "network" | "clock" | "disk" | "process" | "store" | "operators";
  from_ns: number;
  /** Null: never healed. Equal to from_ns: it struck once. */
  to_ns: number | null;
  /** "partition host1 (primary) from all others for 4.2s" */
  what: string;
  /** Whom it hit; empty: everybody. */
  hosts: string[];
  /** Of a partition: who does not hear whom, [from, to] by name, what is sent that way being lost; else null. */
  cut: [string, string][] | null;
}

export interface Failover {
  generation: number;
  /** The primary before and after. */
  from: string;
  to: string;
  why: string;
  /** The last write that the old primary acknowledged; null: none. */
  last_write_ns: number | null;
  /** The new primary's replication was cut, so that it could take over; null: it had no need to. */
  severed_ns: number | null;
  /** The new generation was declared. */
  declared_ns: number;
  /** Its database was promoted. */
  promoted_ns: number | null;
  /** Its gate opened. */
  opened_ns: number | null;
  first_write_ns: number | null;
}

/** A measured quantity of one host, sampled. */
export interface Series {
  host: string;
  quantity: "replication lag" | "clock error";
  unit: "bytes" | "ns";
  at_ns: number[];
  /** Null: from then on it is not known. */
  values: (number | null)[];
}

/** What one could ask about, "cluster", "network", "host1" …, and what the answer was from then on: keys that changed. */
export interface StateLog {
  who: string;
  changes: [number, Record<string, string | null>][];
}

export interface Messages {
  /** Of this time all messages are listed. */
  from_ns: number;
  to_ns: number;
  /** Names that `list` counts. */
  hosts: string[];
  /** Kinds that `list` counts: "append-entries", "sql", … */
  kinds: string[];
  /** [sent_ns, arrived_ns or null if it never did, from, to, kind] */
  list: [number, number | null, number, number, number][];
}

/** Columns, each with an element per operation. */
export interface Operations {
  count: number;
  functions: string[];
  /** As in the history's file: `5`, `"x"`; `""` for the key of operations that name none. */
  keys: string[];
  /** Names of who answered: "host1"; the first is "" for not known. */
  peers: string[];
  process: number[];
  /** Place in `functions`. */
  f: number[];
  /** Place in `keys`. */
  key: number[];
  /** What was asked: a number; otherwise as in the history's file; null for none. */
  argument: (number | string | null)[];
  /** What was answered; null for nothing. */
  result: (number | string | null)[];
  /** 0 ok, 1 fail, 2 unknown. */
  outcome: number[];
  /** Since the operation before was invoked; the first: since 0. */
  invoked_delta_ns: number[];
  /** From its invocation to its end; -1: it never ended. */
  took_ns: number[];
  /** Place in `peers`. */
  peer: number[];
  /** 0: not known. */
  generation: number[];
  /**
   * An order of operations, on all keys, that explains their answers and respects real time: without those that failed,
   * that standbys answered, or whose outcome is unknown and no answer tells; of a key that no order explains up to the
   * first answer that none does. Keys for which the search would take too long are not in it. Null: none was found, or
   * none was asked for (transactions, bank, long-fork, set-full, unique ids), or there are more than 200,000 operations.
   */
  order: number[] | null;
}
