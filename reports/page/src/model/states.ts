import { firstPlace } from "../base/bisect";
import type { StateLog } from "../report";

/** A log of states, key by key, so that what it was at a moment is found without going through all that came before. */
export class States {
  private readonly keys = new Map<string, { at: number[]; values: (string | null)[] }>();
  private readonly moments: number[] = [];

  constructor(log: StateLog) {
    for (const [at, changed] of log.changes) {
      this.moments.push(at);
      for (const [key, value] of Object.entries(changed)) {
        let track = this.keys.get(key);
        if (!track) this.keys.set(key, (track = { at: [], values: [] }));
        track.at.push(at);
        track.values.push(value);
      }
    }
  }

  /** What was known at a moment: each key, its value, and since when. */
  at(ns: number): { key: string; value: string; since: number }[] {
    const known: { key: string; value: string; since: number }[] = [];
    for (const [key, { at, values }] of this.keys) {
      const place = firstPlace(0, at.length, (i) => at[i] > ns) - 1;
      const value = place < 0 ? null : values[place];
      if (value !== null) known.push({ key, value, since: at[place] });
    }
    return known;
  }

  before(ns: number): number | null {
    const place = firstPlace(0, this.moments.length, (i) => this.moments[i] >= ns) - 1;
    return place < 0 ? null : this.moments[place];
  }

  after(ns: number): number | null {
    const place = firstPlace(0, this.moments.length, (i) => this.moments[i] > ns);
    return place < this.moments.length ? this.moments[place] : null;
  }
}
