import { count, duration, short } from "../base/text";

const HOUR = 3600e9;

export function hours(ns: number): string {
  return short(ns / HOUR);
}

/** Real time, which may be days: in hours once seconds are hard to grasp. */
export function longTime(ns: number): string {
  if (ns >= 2 * HOUR) return `${hours(ns)} h`;
  if (ns >= 120e9) return `${short(ns / 60e9)} min`;
  return ns === 0 ? "0 s" : duration(ns);
}

/** A probability that something stays below: rounded up, so that it holds as it is written. */
export function bound(p: number): string {
  if (p < 1e-6) return `1 in ${count(Math.floor(1 / p))}`;
  const unit = 10 ** (Math.floor(Math.log10(p * 100)) - 1);
  return `${Number((Math.ceil((p * 100) / unit - 1e-9) * unit).toPrecision(2))} %`;
}

/** In UTC, alike for all readers. */
export function date(seconds: number): string {
  const at = new Date(seconds * 1000);
  return Number.isNaN(at.getTime()) ? "unknown" : at.toISOString().slice(0, 16).replace("T", " ");
}

/** For an anchor: letters, digits and hyphens. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}

/** As in sentences: "scenarios/network/isolate.toml" without what all have in common. */
export function scenarioName(path: string): string {
  return path.replace(/^scenarios\//, "").replace(/\.toml$/, "");
}
