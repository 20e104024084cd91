import { h, type Child } from "../base/dom";
import { count, counted } from "../base/text";
import { outcome } from "../parts/sign";
import type { Policies, Release } from "../release";
import { grid, rows } from "./grid";
import { absent, remark, small } from "./parts";

type Result = Policies["rows"][number]["results"][number];

/** What the same faults do to other designs. */
export function policies({ policies }: Release): Child {
  if (!policies || policies.policies.length === 0 || policies.rows.length === 0)
    return absent("No other policies were run in these results.");
  return [
    remark(
      "The same scenarios under other rules, with the seeds that the campaigns above name: which kinds of failure there were, each with its number of runs.",
    ),
    grid(
      "Scenarios by policy",
      ["Scenario", ...policies.policies],
      rows(
        policies.rows.map((row) => ({
          key: row.scenario,
          cells: [h("code", {}, row.scenario), ...policies.policies.map((_, i) => cell(row.results[i] ?? null))],
        })),
      ),
      "policy-table",
    ),
  ];
}

function cell(result: Result): Child {
  if (result === null) return h("span", { class: "faint" }, "not run");
  if (result.runs === 0) return h("span", { class: "faint" }, "no run");
  const ofAll = `of ${counted(result.runs, "run")}`;
  if (result.failed === 0)
    return result.unknown === 0
      ? [outcome("pass", "clean"), small(`${counted(result.runs, "run")}`)]
      : [outcome("unknown", `${count(result.unknown)} unknown`), small(ofAll)];
  return [
    outcome("fail", `${count(result.failed)} failed`),
    result.kinds.map(({ kind, runs }) => small(`${kind}: ${count(runs)}`)),
    result.unknown > 0 && small(`${count(result.unknown)} unknown`),
    small(ofAll),
  ];
}
