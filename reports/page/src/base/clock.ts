import { count, duration } from "./text";

const EVENT_NS = 1_000_000;

/** How the times of a report are said: in seconds, or, of a history without times, in events. */
export class Clock {
  constructor(
    readonly timed: boolean,
    readonly end: number,
  ) {}

  /** The shortest window that shows anything. */
  get shortest(): number {
    return this.timed ? 1_000 : 2 * EVENT_NS;
  }

  /** A moment, to the digits that `step` makes worth reading. */
  at(ns: number, step = 1e6): string {
    if (!this.timed) return `event ${count(Math.round(ns / EVENT_NS))}`;
    return `${(ns / 1e9).toFixed(digits(step))} s`;
  }

  span(ns: number): string {
    if (this.timed) return duration(ns);
    const events = Math.round(ns / EVENT_NS);
    return `${count(events)} event${events === 1 ? "" : "s"}`;
  }

  /** Round moments from one to another, about `wanted` of them, and the step between them. */
  ticks(from: number, to: number, wanted: number): { at: number[]; step: number } {
    const step = this.step(from, to, wanted);
    const at: number[] = [];
    for (let n = Math.ceil(from / step); n * step <= to; n++) at.push(n * step);
    return { at, step };
  }

  /** A round step of 1, 2 or 5 that makes at most `wanted` parts of a window. */
  step(from: number, to: number, wanted: number): number {
    const rough = Math.max((to - from) / Math.max(wanted, 1), this.timed ? 1 : EVENT_NS);
    const power = 10 ** Math.floor(Math.log10(rough));
    for (const factor of [1, 2, 5]) if (factor * power >= rough * 0.999999) return factor * power;
    return 10 * power;
  }

  tick(ns: number, step: number): string {
    if (!this.timed) return count(Math.round(ns / EVENT_NS));
    return `${(ns / 1e9).toFixed(digits(step))} s`;
  }

  /** As in the address: "12.345s", or "12" events. */
  write(ns: number): string {
    if (!this.timed) return String(Number((ns / EVENT_NS).toFixed(3)));
    const whole = Math.round(ns);
    const fraction = String(whole % 1e9)
      .padStart(9, "0")
      .replace(/0+$/, "");
    return `${Math.floor(whole / 1e9)}${fraction && `.${fraction}`}s`;
  }

  read(text: string): number | null {
    const match = /^(\d+(?:\.\d+)?)(s|ms|us|ns)?$/.exec(text.trim());
    if (!match) return null;
    const unit = match[2] ? { s: 1e9, ms: 1e6, us: 1e3, ns: 1 }[match[2]]! : this.timed ? 1e9 : EVENT_NS;
    return Number(match[1]) * unit;
  }
}

function digits(step: number): number {
  return Math.min(9, Math.max(0, 9 - Math.floor(Math.log10(Math.max(step, 1)) + 1e-9)));
}
