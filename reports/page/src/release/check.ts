import type { Release } from "../release";

const LISTS = [
  "campaigns",
  "design",
  "method",
  "families",
  "findings",
  "undecided",
  "probes",
  "phases",
  "margins",
  "discussion",
  "limits",
  "reproduce",
  "files",
] as const;
const TOTALS = [
  "scenarios",
  "runs",
  "passed",
  "failed",
  "unknown",
  "virtual_ns",
  "wall_ns",
  "events",
  "failovers",
] as const;
const SUMS = ["acknowledged", "lost", "stale_reads", "split_brains", "undecided", "not_back"] as const;
const OPTIONAL = ["mutants", "comparison", "policies"] as const;

/** What is wrong with a release. Most types are taken on trust; that lists are lists, and tables have their cells, is not. */
export function wrongRelease(release: Release): string | null {
  for (const name of ["heir", "title", "summary"] as const)
    if (typeof release[name] !== "string") return `“${name}” is no text`;
  if (!["pass", "fail", "unknown"].includes(release.verdict)) return "“verdict” is none of pass, fail and unknown";
  if (typeof release.live !== "boolean") return "“live” is neither true nor false";
  for (const name of TOTALS) if (!Number.isFinite(release.totals?.[name])) return `“totals.${name}” is no number`;
  for (const name of LISTS) if (!Array.isArray(release[name])) return `“${name}” is no list`;
  for (const name of OPTIONAL) if (typeof release[name] !== "object") return `“${name}” is neither there nor null`;
  for (const family of release.families)
    if (!Array.isArray(family.scenarios)) return `family “${String(family.name)}” has no scenarios`;
  for (const phase of release.phases)
    if (!Array.isArray(phase.buckets)) return `phase “${String(phase.name)}” has no buckets`;

  const { coverage, mutants, comparison, policies, systems } = release;
  for (const name of ["families", "phases", "hits"] as const)
    if (!Array.isArray(coverage?.[name])) return `“coverage.${name}” is no list`;
  if (!table(coverage.hits, coverage.families.length, coverage.phases.length))
    return "“coverage.hits” has not a number for each family and phase";
  const { list, strategies } = mutants ?? { list: [], strategies: [] };
  if (!Array.isArray(list) || !Array.isArray(strategies)) return "“mutants” has no lists";
  if (
    !table(
      list.map(({ tried }) => tried),
      list.length,
      strategies.length,
    )
  )
    return "“mutants” has not each strategy for each planted bug";
  if (comparison && !Array.isArray(comparison.rows)) return "“comparison.rows” is no list";
  if (policies && !(Array.isArray(policies.policies) && Array.isArray(policies.rows))) return "“policies” has no lists";
  const rows = policies?.rows ?? [];
  if (
    !table(
      rows.map(({ results }) => results),
      rows.length,
      policies?.policies.length ?? 0,
    )
  )
    return "“policies” has not each policy for each scenario";
  if (typeof (systems ?? null) !== "object") return "“systems” is neither there nor null";
  if (systems && !Array.isArray(systems.scenarios)) return "“systems.scenarios” is no list";
  for (const scenario of systems?.scenarios ?? []) {
    if (!Array.isArray(scenario.rows)) return "“systems” has not a list of systems for each scenario";
    for (const row of scenario.rows) {
      if (!Array.isArray(row.problems)) return "“systems” has a system without a list of problems";
      for (const name of SUMS) if (!Number.isFinite(row[name]?.sum)) return `“systems” has a system without “${name}”`;
    }
  }
  return null;
}

function table(rows: unknown[], height: number, width: number): boolean {
  return rows.length === height && rows.every((row) => Array.isArray(row) && row.length === width);
}
