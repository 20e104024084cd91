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

/** The report inside the page. Throws Unreadable. */
export function readReport(text: string): Report {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Unreadable(`This page's report is not JSON: it may have been cut off. (${(error as Error).message})`);
  }
  if (value === null)
    throw new Unreadable("This page has no report inside yet. “heir report --out DIR” writes one that has.");
  const report = value as Report;
  if (typeof value !== "object" || report.format !== "heir report")
    throw new Unreadable("The JSON inside this page is no heir report.");
  if (report.version !== 1)
    throw new Unreadable(`This report has version ${String(report.version)}; this page reads version 1.`);

  const fault = wrong(report);
  if (fault) throw new Unreadable(`This report is damaged: ${fault}.`);
  return report;
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
