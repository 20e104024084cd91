import type { Operations } from "./operations";

/** Time in steps, and a line of values for each thing counted in them. */
export interface Buckets {
  step: number;
  /** The middle of each step. */
  at: number[];
  counts: number[];
  lines: (number | null)[][];
}

// Latencies are counted in bins, 400 for each factor of ten, so that percentiles of a million operations take no sorting
// and are right to 0.3 %. Bins begin at 1 µs; the longest latency is exact.
const BINS_PER_DECADE = 400;
const LOWEST = 3;
const BINS = 11 * BINS_PER_DECADE;

function steps(from: number, to: number, step: number): { first: number; at: number[] } {
  const first = Math.floor(from / step);
  const last = Math.floor(to / step);
  return { first, at: Array.from({ length: last - first + 1 }, (_, i) => (first + i + 0.5) * step) };
}

/** Percentiles of how long operations took that ended; `log` has their decimal logarithms. */
export function percentiles(
  operations: Operations,
  log: Float32Array,
  from: number,
  to: number,
  step: number,
  parts: number[],
): Buckets {
  const { first, at } = steps(from, to, step);
  const bins = new Uint32Array(BINS);
  const counts = at.map(() => 0);
  const lines: (number | null)[][] = parts.map(() => at.map(() => null));
  let i = operations.from(first * step);
  for (let bucket = 0; bucket < at.length; bucket++) {
    const end = (first + bucket + 1) * step;
    bins.fill(0);
    let most = -Infinity;
    for (; i < operations.count && operations.invoked[i] < end; i++) {
      if (operations.ended[i] === Infinity) continue;
      const value = log[i];
      if (value > most) most = value;
      bins[Math.min(BINS - 1, Math.max(0, ((value - LOWEST) * BINS_PER_DECADE) | 0))]++;
      counts[bucket]++;
    }
    if (counts[bucket] === 0) continue;
    parts.forEach((part, line) => {
      if (part === 1) {
        lines[line][bucket] = 10 ** most;
        return;
      }
      let left = Math.ceil(part * counts[bucket]);
      let bin = 0;
      while (left > bins[bin]) left -= bins[bin++];
      lines[line][bucket] = 10 ** Math.min(most, LOWEST + (bin + 0.5) / BINS_PER_DECADE);
    });
  }
  return { step, at, counts, lines };
}

/** How many operations were invoked in each step, per outcome; per second if they have times. */
export function rates(operations: Operations, from: number, to: number, step: number, perSecond: boolean): Buckets {
  const { first, at } = steps(from, to, step);
  const lines: number[][] = [0, 1, 2].map(() => at.map(() => 0));
  const counts = at.map(() => 0);
  const last = operations.from(to + step);
  for (let i = operations.from(first * step); i < last; i++) {
    const bucket = Math.floor(operations.invoked[i] / step) - first;
    if (bucket < 0 || bucket >= at.length) continue;
    lines[operations.outcome[i]][bucket]++;
    counts[bucket]++;
  }
  const factor = perSecond ? 1e9 / step : 1;
  return { step, at, counts, lines: lines.map((line) => line.map((n) => n * factor)) };
}
