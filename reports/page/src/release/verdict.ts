import { h, type Child } from "../base/dom";
import { count, counted, duration, list } from "../base/text";
import { banner } from "../parts/sign";
import type { Policies, Release, Systems } from "../release";
import { anchors } from "./findings";
import { changes } from "./comparison";
import { never } from "./coverage";
import { foundBy } from "./mutants";
import { nameOf } from "./systems";
import { bound, date, hours, longTime, scenarioName } from "./words";

/** The verdict, what it is about, and how much was run. */
export function top(release: Release): HTMLElement {
  const { campaigns, totals } = release;
  const ends = campaigns.map((campaign) => campaign.began + campaign.seconds);
  const facts = [
    `heir ${release.heir}`,
    campaigns.length > 0 &&
      `${counted(campaigns.length, "campaign")}, ${date(Math.min(...campaigns.map((c) => c.began)))} to ${date(Math.max(...ends))} UTC`,
    counted(release.families.length, "family", "families"),
  ].filter(Boolean);
  const numbers: [string, Child][] = [
    ["Scenarios", count(totals.scenarios)],
    ["Runs", count(totals.runs)],
    ["Passed", count(totals.passed)],
    ["Failed", h("span", { class: totals.failed > 0 && "bad" }, count(totals.failed))],
    ["Unknown", h("span", { class: totals.unknown > 0 && "doubt" }, count(totals.unknown))],
    ["Virtual hours", hours(totals.virtual_ns)],
    ["Real time", longTime(totals.wall_ns)],
    ["Events", count(totals.events)],
    ["Failovers", count(totals.failovers)],
    ["Failure rate below", totals.bound === null ? "no bound" : bound(totals.bound)],
  ];
  return h(
    "header",
    { class: "top" },
    banner(release.verdict, release.summary),
    h("h1", {}, release.title || "Untitled"),
    h("p", { class: "facts" }, facts.join(" · ")),
    h(
      "dl",
      { class: "totals" },
      numbers.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
    ),
    h("p", { class: "remark" }, boundInWords(release)),
  );
}

function boundInWords({ totals }: Release): string {
  if (totals.runs === 0) return "Nothing was run, so nothing is known.";
  if (totals.bound === null)
    return "There is no bound on how often a random seed fails: not all runs passed, or their seeds were chosen.";
  return `With 95 % confidence, a random seed of these scenarios fails with a probability below ${bound(totals.bound)} (1 in ${count(Math.floor(1 / totals.bound))}).`;
}

function failedIn({ rows }: Policies, policy: number): string {
  const run = rows.map((row) => row.results[policy]).filter((result) => result !== null);
  const failed = run.filter((result) => result.failed > 0).length;
  return failed === 0 ? "failed in none" : `failed in ${count(failed)} of ${counted(run.length, "scenario")}`;
}

/** "heir failed in none of 6 scenarios", of each system that ran on real hosts. */
function beside({ scenarios }: Systems): string[] {
  const rows = scenarios.flatMap(({ rows }) => rows).filter((row) => !row.simulated);
  return [...new Set(rows.map(nameOf))].map((name) => {
    const its = rows.filter((row) => nameOf(row) === name);
    const failed = its.filter((row) => row.verdict === "fail").length;
    const unknown = its.filter((row) => row.verdict === "unknown").length;
    const words = [
      failed > 0 && `failed in ${count(failed)}`,
      unknown > 0 && `has no verdict in ${count(unknown)}`,
    ].filter((one) => one !== false);
    return `${name} ${list(words) || "failed in none"} of ${counted(its.length, "scenario")}`;
  });
}

const MOST_FINDINGS = 6;

/** The main results, a line each, with links to where they are told in full. */
export function summary(release: Release): Child {
  const { totals, findings, mutants, probes, comparison, policies, systems } = release;
  const to = (id: string, words: string) => h("a", { href: `#${id}` }, words);
  const ids = anchors(findings);
  const expected = probes.filter((probe) => !probe.rare);
  const missed = expected.filter((probe) => probe.hits === 0);
  const outage = release.phases.find((phase) => phase.name === "unavailable" && phase.count > 0);
  const lines: [string, Child][] = [
    [
      "runs",
      totals.runs === 0
        ? "There was no run."
        : totals.failed === 0
          ? `None of ${counted(totals.runs, "run")} failed.`
          : [
              `${count(totals.failed)} of ${counted(totals.runs, "run")} failed, in `,
              to("findings", counted(findings.length, "way")),
              findings.length > 0 && ": ",
              findings
                .slice(0, MOST_FINDINGS)
                .map((finding, i) => [
                  i > 0 && "; ",
                  to(ids[i], finding.kind),
                  ` in ${scenarioName(finding.scenario)}`,
                ]),
              findings.length > MOST_FINDINGS && `; and ${count(findings.length - MOST_FINDINGS)} more`,
              ".",
            ],
    ],
    [
      "undecided",
      totals.unknown > 0 && [
        to("undecided", counted(totals.unknown, "run")),
        " ended without a verdict, which is no pass.",
      ],
    ],
    [
      "outage",
      outage && [
        `Clients had to do without an acknowledged write for ${duration(outage.p50_ns)} in the median, and ${duration(outage.max_ns)} at most: `,
        to("phases", "times of failovers"),
        ".",
      ],
    ],
    [
      "mutants",
      mutants &&
        mutants.list.length > 0 && [
          "Of ",
          to("mutants", counted(mutants.list.length, "planted bug")),
          ", ",
          list(
            mutants.strategies.map((name, i) => {
              const { found, hunted } = foundBy(mutants, i);
              return `${name} search found ${count(found)} of ${count(hunted)} hunted`;
            }),
          ),
          ".",
        ],
    ],
    [
      "probes",
      expected.length > 0 && [
        to(
          "probes",
          missed.length === 0 ? counted(expected.length, "expected probe") : counted(missed.length, "probe"),
        ),
        missed.length === 0
          ? ` ${expected.length === 1 ? "was" : "were all"} reached.`
          : ` of ${count(expected.length)} expected to be reached ${missed.length === 1 ? "was" : "were"} not.`,
      ],
    ],
    [
      "coverage",
      never(release.coverage) > 0 && [
        "No fault ever struck in ",
        to("coverage", counted(never(release.coverage), "pair")),
        " of fault family and phase.",
      ],
    ],
    ["comparison", comparison && [`Compared with ${comparison.earlier}: `, to("comparison", changes(comparison)), "."]],
    [
      "policies",
      policies &&
        policies.rows.length > 0 && [
          "Under ",
          to("policies", "other policies"),
          `, ${list(policies.policies.map((name, i) => `${name} ${failedIn(policies, i)}`))}.`,
        ],
    ],
    [
      "systems",
      systems &&
        beside(systems).length > 0 && [
          "On real hosts, ",
          to("systems", "beside other systems"),
          `: ${beside(systems).join("; ")}.`,
        ],
    ],
  ];
  return h(
    "ul",
    {},
    lines.filter(([, words]) => Boolean(words)).map(([key, words]) => h("li", { "data-key": key }, words)),
  );
}
