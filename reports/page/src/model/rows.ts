import { plain } from "../base/text";
import { group, type Groups, type Operations } from "./operations";

const MOST_LANES = 8;
const KEPT = 256;

/** Operations that do not overlap, of each outcome, in their order. */
export type Lane = [Uint32Array, Uint32Array, Uint32Array];

/** Operations by client or by key, a row each, those that take part in a failure first. Rows are laid out when they are seen. */
export class Rows {
  readonly order: Uint32Array;
  private readonly place: Int32Array;
  private readonly groups: Groups;
  private readonly failing: Uint8Array;
  private readonly lanes = new Map<number, Lane[]>();

  constructor(
    private readonly operations: Operations,
    readonly by: "process" | "key",
    kept: Uint8Array | null,
    failing: Set<number>,
  ) {
    const column = by === "process" ? operations.process : operations.key;
    const size = by === "process" ? operations.processes.length : operations.columns.keys.length;
    this.groups = group(column, size, kept);
    const { starts } = this.groups;

    const bad = (this.failing = new Uint8Array(size));
    for (const op of failing) if (op < operations.count) bad[column[op]] = 1;
    const order = new Uint32Array(size);
    let n = 0;
    for (const first of [1, 0])
      for (let g = 0; g < size; g++) if (bad[g] === first && starts[g + 1] > starts[g]) order[n++] = g;
    this.order = order.subarray(0, n);
    this.place = new Int32Array(size).fill(-1);
    for (let row = 0; row < n; row++) this.place[order[row]] = row;
  }

  get count(): number {
    return this.order.length;
  }

  name(row: number): string {
    const group = this.order[row];
    if (this.by === "process") return `process ${this.operations.processes[group]}`;
    return plain(this.operations.columns.keys[group]) || "no key";
  }

  /** Whether an operation of a failure is of this client or key. */
  fails(row: number): boolean {
    return this.failing[this.order[row]] === 1;
  }

  size(row: number): number {
    const group = this.order[row];
    return this.groups.starts[group + 1] - this.groups.starts[group];
  }

  /** The row of an operation; -1 if it is filtered out. */
  rowOf(op: number): number {
    return this.place[this.by === "process" ? this.operations.process[op] : this.operations.key[op]];
  }

  lanesOf(row: number): Lane[] {
    const group = this.order[row];
    let lanes = this.lanes.get(group);
    if (!lanes) {
      lanes = this.layOut(this.groups.ids.subarray(this.groups.starts[group], this.groups.starts[group + 1]));
      if (this.lanes.size >= KEPT) this.lanes.clear();
      this.lanes.set(group, lanes);
    }
    return lanes;
  }

  private layOut(ids: Uint32Array): Lane[] {
    const { invoked, drawn, outcome } = this.operations;
    const ends: number[] = [];
    const laneOf = new Uint8Array(ids.length);
    const sizes = new Uint32Array(MOST_LANES * 3);
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      let lane = 0;
      while (lane < ends.length && ends[lane] > invoked[id]) lane++;
      if (lane === ends.length && lane < MOST_LANES) ends.push(0);
      else if (lane === ends.length) lane = ends.indexOf(Math.min(...ends));
      ends[lane] = Math.max(ends[lane], drawn[id]);
      laneOf[i] = lane;
      sizes[3 * lane + outcome[id]]++;
    }
    const lanes = ends.map((_, lane) => [0, 1, 2].map((of) => new Uint32Array(sizes[3 * lane + of])) as Lane);
    sizes.fill(0);
    for (let i = 0; i < ids.length; i++)
      lanes[laneOf[i]][outcome[ids[i]]][sizes[3 * laneOf[i] + outcome[ids[i]]]++] = ids[i];
    return lanes;
  }
}
