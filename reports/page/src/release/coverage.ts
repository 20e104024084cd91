import { h, type Child } from "../base/dom";
import { count, counted } from "../base/text";
import { outcome } from "../parts/sign";
import type { Coverage, Probe, Release } from "../release";
import { filter } from "./filter";
import { grid } from "./grid";
import { absent, remark } from "./parts";

/** Branches of the protocol: what was missed stands first. */
export function probes({ probes }: Release): Child {
  if (probes.length === 0) return absent("These results have no probes.");
  const groups = [
    { key: "missed", name: "Expected, but never reached", of: (p: Probe) => !p.rare && p.hits === 0 },
    { key: "reached", name: "Expected and reached", of: (p: Probe) => !p.rare && p.hits > 0 },
    { key: "rare", name: "Rare, and reached", of: (p: Probe) => p.rare && p.hits > 0 },
    { key: "rare-missed", name: "Rare, and not reached in these runs", of: (p: Probe) => p.rare && p.hits === 0 },
  ].map((group) => ({ ...group, list: probes.filter(group.of) }));
  const rare = probes.filter((probe) => probe.rare);
  const missed = groups[0].list.length;
  return [
    h(
      "p",
      { "data-key": "missed" },
      missed === 0
        ? outcome("pass", `All ${count(probes.length - rare.length)} expected probes were reached.`)
        : outcome(
            "fail",
            `${count(missed)} of ${counted(probes.length - rare.length, "expected probe")} ${missed === 1 ? "was" : "were"} never reached.`,
          ),
      rare.length > 0 &&
        ` Of ${counted(rare.length, "rare one")}, ${count(groups[2].list.length)} ${groups[2].list.length === 1 ? "was" : "were"}.`,
    ),
    remark(
      "A probe is a branch of the protocol that is worth having gone through; a campaign may go by without the rare ones.",
    ),
    filter("probe-table", "probes", probes.length),
    grid(
      "Probes and how often they were reached",
      ["Probe", "Reached", { name: "Runs", numeric: true }, { name: "Hits", numeric: true }],
      groups
        .filter(({ list }) => list.length > 0)
        .map(({ key, name, list }) => ({
          key,
          name: `${name}: ${count(list.length)}`,
          rows: list.map((probe) => ({
            key: probe.name,
            cells: [h("code", {}, probe.name), reached(probe), count(probe.runs), count(probe.hits)],
          })),
        })),
      "probe-table",
    ),
  ];
}

function reached({ hits, rare }: Probe): Child {
  if (hits > 0) return outcome("pass", "reached");
  return rare ? h("span", { class: "faint" }, "not reached") : outcome("fail", "missed");
}

/** Pairs of family and phase in which no fault struck. */
export function never({ hits }: Coverage): number {
  return hits.flat().filter((n) => n === 0).length;
}

const SHADES = 5;

/** Faults of each family in each phase of the cluster. */
export function coverage({ coverage }: Release): Child {
  if (coverage.families.length === 0 || coverage.phases.length === 0)
    return absent("These results do not say in which phases faults struck.");
  const most = Math.max(1, ...coverage.hits.flat());
  const shade = (n: number) =>
    n === 0 ? "none" : 1 + Math.min(SHADES - 1, Math.floor((SHADES * Math.log1p(n)) / Math.log1p(most)));
  return [
    remark("How often faults of each family struck in each phase of the cluster; the shade grows with the logarithm."),
    h(
      "div",
      { class: "wide", tabindex: 0, role: "region", "aria-label": "Faults by family and phase", "data-key": "heat" },
      h(
        "table",
        { class: "heat", id: "coverage-table" },
        h("caption", { class: "spoken" }, "How often faults of each family struck in each phase"),
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            h("th", { scope: "col" }, "Family"),
            coverage.phases.map((phase) => h("th", { scope: "col" }, phase)),
          ),
        ),
        h(
          "tbody",
          {},
          coverage.families.map((family, i) =>
            h(
              "tr",
              { "data-key": `row ${family}` },
              h("th", { scope: "row" }, family),
              coverage.phases.map((_, j) => {
                const n = coverage.hits[i][j];
                return h("td", { class: `shade-${shade(n)}` }, n === 0 ? "0 – never" : count(n));
              }),
            ),
          ),
        ),
      ),
    ),
  ];
}
