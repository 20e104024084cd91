import { h, type Child } from "../base/dom";
import { count, duration } from "../base/text";
import { outcome } from "../parts/sign";
import type { Release, Sum, System, Systems } from "../release";
import { grid, rows } from "./grid";
import { absent, remark, small } from "./parts";

/** How heir and other systems fared in the same scenarios on real hosts. */
export function systems({ systems }: Release): Child {
  if (!systems || systems.scenarios.length === 0)
    return absent("No comparison with other systems was given for this page.");
  return [remark(systems.method), systems.scenarios.map((scenario, i) => compared(scenario, `systems-${i + 1}`))];
}

/** "patroni, tuned" */
export function nameOf({ system, tuned, simulated }: System): string {
  return [system, tuned && "tuned", simulated && "simulated"].filter(Boolean).join(", ");
}

function compared(scenario: Systems["scenarios"][number], id: string): Child {
  const problems = scenario.rows.flatMap((row) => row.problems.map((problem) => `${nameOf(row)}, ${problem}`));
  return h(
    "div",
    { class: "systems", "data-key": id },
    h("h4", {}, scenario.title || scenario.path, scenario.title && small(h("code", {}, scenario.path))),
    grid(
      `${scenario.title || scenario.path}: systems compared`,
      [
        "System",
        "Verdict",
        { name: "Runs", numeric: true },
        { name: "No write, median", numeric: true },
        { name: "No write, longest", numeric: true },
        { name: "Acknowledged", numeric: true },
        { name: "Lost", numeric: true },
        { name: "Stale reads", numeric: true },
        { name: "Split brain", numeric: true },
        { name: "Undecided", numeric: true },
        { name: "Hosts not back", numeric: true },
      ],
      rows(scenario.rows.map((row) => ({ key: nameOf(row), cells: cells(row) }))),
      id,
    ),
    problems.length > 0 && [
      h("p", {}, "What could not be done:"),
      h(
        "ul",
        {},
        problems.map((problem) => h("li", {}, problem)),
      ),
    ],
  );
}

function cells(row: System): Child[] {
  const time = (ns: number | null) => (ns === null ? "–" : duration(ns));
  return [
    nameOf(row),
    outcome(row.verdict, row.verdict),
    row.runs === row.asked
      ? count(row.runs)
      : h("span", { class: "doubt" }, `${count(row.runs)} of ${count(row.asked)}`),
    time(row.median_ns),
    time(row.max_ns),
    sum(row, row.acknowledged),
    sum(row, row.lost, "bad"),
    sum(row, row.stale_reads, "bad"),
    sum(row, row.split_brains, "bad"),
    sum(row, row.undecided, "doubt"),
    sum(row, row.not_back, "doubt"),
  ];
}

/** `looks`: of what should be none. What is known of some runs only is said so. */
function sum(row: System, { sum, runs }: Sum, looks?: "bad" | "doubt"): Child {
  if (runs === 0) return "–";
  return [
    h("span", { class: looks && sum > 0 && looks }, count(sum)),
    runs < row.runs && small(`in ${count(runs)} of ${count(row.runs)} runs`),
  ];
}
