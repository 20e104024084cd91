import { firstPlace } from "../base/bisect";
import { plain, shorten } from "../base/text";
import type { Operations as Columns } from "../report";
import { linearization, type Linearization } from "./linearization";

export const OUTCOMES = ["ok", "fail", "unknown"] as const;
export const OK = 0;
export const FAIL = 1;
export const UNKNOWN = 2;

/** A report's operations, as columns of plain numbers that can be walked through and searched a million at a time. */
export class Operations {
  readonly count: number;
  readonly invoked: Float64Array;
  /** Infinity for what never ended. */
  readonly ended: Float64Array;
  /** Where its bar ends: of what never ended, where its process went on, or soon after. */
  readonly drawn: Float64Array;
  readonly outcome: Uint8Array;
  readonly f: Uint16Array;
  readonly key: Uint32Array;
  /** Place in `processes`. */
  readonly process: Uint32Array;
  readonly processes: number[];
  private ordered: Linearization | null | undefined;

  constructor(
    readonly columns: Columns,
    end: number,
  ) {
    const n = (this.count = columns.count);
    this.invoked = new Float64Array(n);
    this.ended = new Float64Array(n);
    this.drawn = new Float64Array(n);
    this.outcome = new Uint8Array(columns.outcome);
    this.f = new Uint16Array(columns.f);
    this.key = new Uint32Array(columns.key);
    this.process = new Uint32Array(n);

    let time = 0;
    for (let i = 0; i < n; i++) {
      time += Math.max(0, columns.invoked_delta_ns[i]);
      this.invoked[i] = time;
      this.ended[i] = columns.took_ns[i] < 0 ? Infinity : time + columns.took_ns[i];
    }

    this.processes = [...new Set(columns.process)].sort((a, b) => a - b);
    const place = new Map(this.processes.map((process, i) => [process, i]));
    for (let i = 0; i < n; i++) this.process[i] = place.get(columns.process[i])!;

    const next = new Float64Array(this.processes.length).fill(Infinity);
    for (let i = n - 1; i >= 0; i--) {
      const process = this.process[i];
      this.drawn[i] =
        this.ended[i] < Infinity
          ? this.ended[i]
          : Math.min(next[process], this.invoked[i] + end / 50, Math.max(end, this.invoked[i]));
      next[process] = this.invoked[i];
    }
  }

  /** The order that explains the answers, made when it is first asked for; null: the report has none. */
  get linearization(): Linearization | null {
    return (this.ordered ??= linearization(this));
  }

  /** The first that was invoked at this time or after it. */
  from(ns: number): number {
    return firstPlace(0, this.count, (i) => this.invoked[i] >= ns);
  }

  functionOf(i: number): string {
    return this.columns.functions[this.f[i]] ?? "?";
  }

  keyOf(i: number): string {
    return plain(this.columns.keys[this.key[i]] ?? "");
  }

  processOf(i: number): number {
    return this.processes[this.process[i]];
  }

  peerOf(i: number): string {
    return this.columns.peers[this.columns.peer[i]] ?? "";
  }

  /** "write x 5", "read x → 5". */
  words(i: number, length = 60): string {
    const { argument, result } = this.columns;
    const parts = [this.functionOf(i), this.keyOf(i)];
    if (argument[i] !== null && argument[i] !== undefined) parts.push(shorten(plain(argument[i]), length));
    if (result[i] !== null && result[i] !== undefined && result[i] !== argument[i])
      parts.push("→", shorten(plain(result[i]), length));
    return parts.filter((part) => part !== "").join(" ");
  }

  outcomeWords(i: number): string {
    if (this.outcome[i] === UNKNOWN) return "outcome unknown";
    return this.outcome[i] === FAIL ? "failed" : "ok";
  }
}

/** Operations grouped by a column: those of group g are ids[starts[g]] to ids[starts[g + 1] - 1], in their order. */
export interface Groups {
  starts: Uint32Array;
  ids: Uint32Array;
}

export function group(column: ArrayLike<number>, groups: number, kept: Uint8Array | null): Groups {
  const starts = new Uint32Array(groups + 1);
  for (let i = 0; i < column.length; i++) if (!kept || kept[i]) starts[column[i] + 1]++;
  for (let g = 0; g < groups; g++) starts[g + 1] += starts[g];
  const next = starts.slice();
  const ids = new Uint32Array(starts[groups]);
  for (let i = 0; i < column.length; i++) if (!kept || kept[i]) ids[next[column[i]]++] = i;
  return { starts, ids };
}
