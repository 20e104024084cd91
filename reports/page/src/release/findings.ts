import { h, type Child } from "../base/dom";
import { count, counted, duration } from "../base/text";
import { beside, command } from "../parts/command";
import type { Finding, Release, Undecided } from "../release";
import { grid, rows } from "./grid";
import { absent, part, remark } from "./parts";
import { scenarioName, slug } from "./words";

/** The ids of findings: what they are of, so that a link to one holds when others come. */
export function anchors(findings: Finding[]): string[] {
  const seen = new Map<string, number>();
  return findings.map(({ kind, scenario }) => {
    const id = `finding-${slug(kind)}-${slug(scenarioName(scenario))}`;
    const before = seen.get(id) ?? 0;
    seen.set(id, before + 1);
    return before === 0 ? id : `${id}--${before + 1}`;
  });
}

/** A section each. */
export function findings({ findings, totals }: Release): Child {
  if (totals.runs === 0) return absent("Nothing was run, so nothing was found.");
  if (findings.length === 0)
    return absent(totals.failed === 0 ? "No run failed." : "These results do not say how the failed runs failed.");
  const ids = anchors(findings);
  return [
    remark(
      "The runs of one scenario that failed in the same way are one finding. The command repeats the first of them, event by event.",
    ),
    findings.map((finding, i) => section(finding, ids[i])),
  ];
}

function section(finding: Finding, id: string): HTMLElement {
  const made = part(
    4,
    id,
    [h("span", { class: "kind" }, "✕ ", finding.kind), " ", finding.title || finding.scenario],
    h("p", {}, finding.message),
    h(
      "p",
      { class: "facts" },
      h("code", {}, finding.scenario),
      ` · ${count(finding.runs)} of ${counted(finding.of, "run")} · first with seed ${finding.seed}, after ${duration(finding.at_ns)}`,
    ),
    command(finding.replay, `the command that repeats ${finding.kind} in ${scenarioName(finding.scenario)}`),
    finding.page !== null &&
      h(
        "p",
        {},
        h("a", { href: beside(finding.page) }, `The report of seed ${finding.seed}`),
        ": the cluster, its messages and what clients saw.",
      ),
  );
  made.classList.add("failure");
  return made;
}

/** Runs that are neither a pass nor a finding. */
export function undecided({ undecided, totals }: Release): Child {
  if (undecided.length === 0)
    return absent(
      totals.runs === 0
        ? "There was no run."
        : totals.unknown === 0
          ? "Every run has a verdict."
          : `${counted(totals.unknown, "run")} ${totals.unknown === 1 ? "has" : "have"} no verdict; these results do not say why.`,
    );
  return grid(
    "Runs without a verdict",
    ["Scenario", { name: "Runs", numeric: true }, "Why", "One of them again"],
    rows(undecided.map((one) => ({ key: `${one.scenario} ${one.reason}`, cells: cells(one) }))),
    "undecided-table",
  );
}

function cells(one: Undecided): Child[] {
  return [
    h("code", {}, one.scenario),
    count(one.runs),
    one.reason,
    command(one.replay, `the command that repeats a run without a verdict of ${scenarioName(one.scenario)}`),
  ];
}
