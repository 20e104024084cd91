import type { Operations } from "./operations";

/** When each operation may have taken effect: the earliest times that agree with the order that was found, key by key. */
export interface Linearization {
  /** NaN: not in the order. */
  effect: Float64Array;
  /** The operation before and after in the order of its key; -1: none. */
  before: Int32Array;
  after: Int32Array;
  /** Its place in the order of its key, from 1. */
  rank: Uint32Array;
}

export function linearization(operations: Operations): Linearization | null {
  const { order } = operations.columns;
  if (!order) return null;
  const effect = new Float64Array(operations.count).fill(NaN);
  const before = new Int32Array(operations.count).fill(-1);
  const after = new Int32Array(operations.count).fill(-1);
  const rank = new Uint32Array(operations.count);
  const last = new Int32Array(operations.columns.keys.length).fill(-1);
  for (const op of order) {
    if (!(op >= 0 && op < operations.count)) continue;
    const previous = last[operations.key[op]];
    effect[op] = previous < 0 ? operations.invoked[op] : Math.max(effect[previous], operations.invoked[op]);
    rank[op] = previous < 0 ? 1 : rank[previous] + 1;
    before[op] = previous;
    if (previous >= 0) after[previous] = op;
    last[operations.key[op]] = op;
  }
  return { effect, before, after, rank };
}
