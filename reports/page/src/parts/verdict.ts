import { h, table, type Child } from "../base/dom";
import { count, counted } from "../base/text";
import { UNKNOWN } from "../model/operations";
import type { Report } from "../report";
import { section, type Context } from "./context";
import { banner, outcome } from "./sign";

/** The verdict in a sentence, then what it is about. */
export function verdict({ report, operations, view }: Context): HTMLElement {
  const { run } = report;
  const facts = [
    run ? `Scenario ${run.scenario}` : "A history alone, without a run",
    run && `seed ${run.seed}`,
    counted(operations.count, "operation"),
    report.timed ? view.clock.span(report.end_ns) : "no times: events are counted",
    report.hosts.length > 0 && counted(report.hosts.filter((host) => host.kind === "peer").length, "peer"),
    `heir ${report.heir}`,
  ].filter((fact): fact is string => Boolean(fact));
  return h(
    "header",
    { class: "top" },
    banner(report.verdict, report.summary),
    h("h1", {}, report.title || "Untitled"),
    run?.about && h("p", { class: "about" }, run.about),
    h("p", { class: "facts" }, facts.join(" · ")),
  );
}

const OUTCOMES = { holds: "pass", violated: "fail", undecided: "unknown" } as const;

export function tested(context: Context): HTMLElement {
  const { report } = context;
  return section(
    "tested",
    "What was tested",
    report.claims.length === 0
      ? h("p", {}, "Nothing was claimed, so nothing was checked.")
      : table(
          "Claims and what came out",
          ["Claim", "Outcome", "On what"],
          report.claims.map((claim) => [
            claim.claim,
            outcome(OUTCOMES[claim.outcome] ?? "unknown", claim.outcome),
            claim.detail,
          ]),
          { class: "claims" },
        ),
    report.undecided.length > 0 && [
      h("h3", {}, "Without a verdict"),
      h(
        "ul",
        {},
        report.undecided.map((why) => h("li", {}, why)),
      ),
    ],
    h("h3", {}, "What was not tested"),
    report.not_tested.length > 0
      ? h(
          "ul",
          {},
          report.not_tested.map((what) => h("li", {}, what)),
        )
      : h("p", {}, "The report names nothing. That does not mean that all was tested."),
    operationsInWords(context),
  );
}

function operationsInWords({ operations }: Context): Child {
  if (operations.count === 0)
    return h(
      "p",
      { class: "remark" },
      "There was no operation: of what clients would have seen, this report says nothing.",
    );
  if (operations.outcome.every((outcome) => outcome === UNKNOWN))
    return h(
      "p",
      { class: "remark" },
      `Of all ${count(operations.count)} operations the outcome is unknown: no answer is known that could be wrong.`,
    );
  return null;
}

/** The table of numbers. */
export function numbers({ report }: { report: Report }): HTMLElement {
  return section(
    "numbers",
    "Numbers",
    report.numbers.length === 0
      ? h("p", {}, "The report has no numbers.")
      : table(
          "Numbers of this report",
          ["What", "How much"],
          report.numbers.map(({ name, value }) => [name, value]),
          { class: "numbers" },
        ),
  );
}
