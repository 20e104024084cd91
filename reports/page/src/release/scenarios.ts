import { h, type Child } from "../base/dom";
import { count, counted, duration } from "../base/text";
import { outcome } from "../parts/sign";
import type { Family, Release, Scenario } from "../release";
import { filter } from "./filter";
import { anchors } from "./findings";
import { grid } from "./grid";
import { absent, remark, small } from "./parts";
import { bound, hours } from "./words";

/** Every scenario by its family: what it claims, and what came out. */
export function scenarios(release: Release): Child {
  const all = release.families.flatMap((family) => family.scenarios);
  if (all.length === 0) return absent("No scenario was run.");
  const ids = anchors(release.findings);
  // The first finding of each scenario.
  const finding = new Map<string, string>();
  release.findings.forEach(({ scenario }, i) => finding.has(scenario) || finding.set(scenario, ids[i]));
  return [
    remark(
      "“Fails below”: with 95 % confidence a random seed fails with a probability below this, if all runs passed and their seeds were not chosen.",
    ),
    filter("scenario-table", "scenarios", all.length),
    grid(
      "Scenarios and what came out",
      [
        "Scenario",
        "Claim",
        "Verdict",
        { name: "Seeds run", numeric: true },
        { name: "Failed", numeric: true },
        { name: "Unknown", numeric: true },
        { name: "Virtual hours", numeric: true },
        { name: "Failovers", numeric: true },
        { name: "Longest outage", numeric: true },
        { name: "Fails below", numeric: true },
      ],
      release.families.map((family) => ({
        key: `family ${family.name}`,
        name: [family.name, " ", small(inAll(family))],
        rows: family.scenarios.map((scenario) => ({ key: scenario.path, cells: cells(scenario, finding) })),
      })),
      "scenario-table",
    ),
  ];
}

function inAll({ scenarios }: Family): string {
  const runs = scenarios.reduce((sum, scenario) => sum + scenario.runs, 0);
  const bad = scenarios.filter((scenario) => scenario.verdict === "fail").length;
  const doubtful = scenarios.filter((scenario) => scenario.verdict === "unknown").length;
  return [
    counted(scenarios.length, "scenario"),
    counted(runs, "run"),
    bad > 0 ? `${count(bad)} failed` : doubtful === 0 && scenarios.length > 0 && "all passed",
    doubtful > 0 && `${count(doubtful)} unknown`,
  ]
    .filter(Boolean)
    .join(", ");
}

function cells(scenario: Scenario, finding: Map<string, string>): Child[] {
  const anchor = finding.get(scenario.path);
  const failed = count(scenario.failed);
  return [
    [scenario.title || scenario.path, scenario.title && small(h("code", {}, scenario.path))],
    scenario.claim,
    outcome(scenario.verdict, scenario.verdict),
    count(scenario.runs),
    scenario.failed > 0 && anchor
      ? h("a", { href: `#${anchor}`, class: "bad", "aria-label": `${failed} failed: see the finding` }, failed)
      : failed,
    h("span", { class: scenario.unknown > 0 && "doubt" }, count(scenario.unknown)),
    hours(scenario.virtual_ns),
    count(scenario.failovers),
    scenario.longest_outage_ns > 0 ? duration(scenario.longest_outage_ns) : "none",
    scenario.bound === null ? "no bound" : bound(scenario.bound),
  ];
}
