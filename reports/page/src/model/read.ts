import type { Release } from "../release";
import { wrongRelease } from "../release/check";
import type { Report } from "../report";

/** Why a page shows no report, in a sentence for who opened it. */
export class Unreadable extends Error {}

const LISTS = [
  "claims",
  "not_tested",
  "failures",
  "undecided",
  "story",
  "numbers",
  "hosts",
  "generations",
  "faults",
  "unavailable",
  "failovers",
  "series",
  "states",
] as const;
const COLUMNS = [
  "process",
  "f",
  "key",
  "argument",
  "result",
  "outcome",
  "invoked_delta_ns",
  "took_ns",
  "peer",
  "generation",
] as const;

/** What is inside the page. Throws Unreadable. */
export function readPage(text: string): Report | Release {
  const value = parsed(text);
  if (value === null)
    throw new Unreadable("This page has no report inside yet. “heir report --out DIR” writes one that has.");
  switch ((value as { format?: unknown }).format) {
    case "heir report":
      return checked(value as Report, "report", wrong);
    case "heir release":
      return checked(value as Release, "release", wrongRelease);
    default:
      throw new Unreadable("The JSON inside this page is no heir report and no heir release.");
  }
}

/** What a server answers. Throws Unreadable. */
export function readRelease(text: string): Release {
  const value = parsed(text) as Release | null;
  if (value?.format !== "heir release") throw new Unreadable("The JSON is no heir release.");
  return checked(value, "release", wrongRelease);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Unreadable(`This page's report is not JSON: it may have been cut off. (${(error as Error).message})`);
  }
}

function checked<T extends { version: 1 }>(value: T, what: string, faultOf: (value: T) => string | null): T {
  if (value.version !== 1)
    throw new Unreadable(`This ${what} has version ${String(value.version)}; this page reads version 1.`);
  const fault = faultOf(value);
  if (fault) throw new Unreadable(`This ${what} is damaged: ${fault}.`);
  return value;
}

// Types are taken on trust; what every view relies on is not: that lists are lists and columns are equally long.
function wrong(report: Report): string | null {
  for (const name of ["title", "summary"] as const) if (typeof report[name] !== "string") return `“${name}” is no text`;
  if (!["pass", "fail", "unknown"].includes(report.verdict)) return "“verdict” is none of pass, fail and unknown";
  if (!Number.isFinite(report.end_ns) || report.end_ns < 0) return "“end_ns” is no time";
  for (const name of LISTS) if (!Array.isArray(report[name])) return `“${name}” is no list`;
  const operations = report.operations;
  if (!operations || !Number.isInteger(operations.count)) return "it has no operations";
  for (const name of ["functions", "keys", "peers"] as const)
    if (!Array.isArray(operations[name])) return `“operations.${name}” is no list`;
  for (const name of COLUMNS)
    if (!Array.isArray(operations[name]) || operations[name].length !== operations.count)
      return `“operations.${name}” has not ${operations.count} elements`;
  for (let i = 0; i < operations.count; i++) {
    if (!(operations.key[i] < operations.keys.length)) return `operation ${i} has no key`;
    if (!(operations.f[i] < operations.functions.length)) return `operation ${i} has no function`;
  }
  return null;
}
