import type { Clock } from "../base/clock";

export interface Change {
  /** The window moved. */
  window: boolean;
  /** Another moment or operation was chosen. */
  choice: boolean;
}

/** What the reader looks at: the one window of time that all views show, the moment chosen in it, the operation chosen. */
export class View {
  from = 0;
  to: number;
  at: number | null = null;
  op: number | null = null;
  private readonly listeners: ((change: Change) => void)[] = [];
  private pending: Change | null = null;

  constructor(
    readonly clock: Clock,
    /** Where the axis ends; more than 0. */
    readonly end: number,
  ) {
    this.to = end;
  }

  /** Called at most once per frame, whatever happened in it. */
  on(listener: (change: Change) => void): void {
    this.listeners.push(listener);
  }

  get width(): number {
    return this.to - this.from;
  }

  show(from: number, to: number): void {
    const width = Math.min(Math.max(to - from, this.clock.shortest), this.end);
    const start = Math.min(Math.max((from + to - width) / 2, 0), this.end - width);
    if (start === this.from && start + width === this.to) return;
    this.from = start;
    this.to = start + width;
    this.changed({ window: true, choice: false });
  }

  pan(part: number): void {
    this.show(this.from + part * this.width, this.to + part * this.width);
  }

  zoom(factor: number, around = this.middle): void {
    const width = Math.max(this.width / factor, this.clock.shortest);
    const from = around - ((around - this.from) / this.width) * width;
    this.show(from, from + width);
  }

  /** Around what one zooms when nothing is pointed at. */
  get middle(): number {
    const inside = this.at !== null && this.at >= this.from && this.at <= this.to;
    return inside ? this.at! : (this.from + this.to) / 2;
  }

  choose(at: number | null, op: number | null = null): void {
    if (at === this.at && op === this.op) return;
    this.at = at === null ? null : Math.min(Math.max(at, 0), this.end);
    this.op = op;
    this.changed({ window: false, choice: true });
  }

  /** Chooses a moment and shows what is around it: not less than asked for, not more than helps. */
  goTo(at: number, op: number | null, least = 0): void {
    const near = Math.max(this.end / 12, least * 1.5, this.clock.shortest);
    const width = Math.max(Math.min(this.width, near), least * 1.5);
    if (width !== this.width || at < this.from + width * 0.05 || at > this.to - width * 0.05)
      this.show(at - width / 2, at + width / 2);
    this.choose(at, op);
  }

  private changed(change: Change): void {
    if (this.pending) {
      this.pending.window ||= change.window;
      this.pending.choice ||= change.choice;
      return;
    }
    this.pending = change;
    requestAnimationFrame(() => {
      const now = this.pending!;
      this.pending = null;
      for (const listener of this.listeners) listener(now);
    });
  }
}
