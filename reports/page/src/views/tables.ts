import { h, wideTable, type Child } from "../base/dom";
import { counted, list } from "../base/text";
import { QUANTITIES } from "./looks";
import type { Stage } from "./stage";

const MOST_ROWS = 400;

/** The timeline in words, for who cannot see it. */
export function timelineTables(stage: Stage): Child[] {
  const { report, view } = stage;
  const { clock } = view;
  const until = (ns: number | null) => (ns === null ? "the end" : clock.at(ns));
  const spans = report.hosts.flatMap((host) =>
    QUANTITIES.flatMap((quantity) =>
      host[quantity].map(([from, to, value]) => [host.name, quantity, value, clock.at(from), clock.at(to)]),
    ),
  );
  return [
    report.generations.length > 0 &&
      wideTable(
        "Generations",
        ["generation", "primary", "sync", "declared", "gate opened", "why"],
        report.generations.map((g) => [
          g.generation,
          g.primary,
          g.sync,
          clock.at(g.from_ns),
          g.opened_ns === null ? "never" : clock.at(g.opened_ns),
          g.why,
        ]),
      ),
    report.faults.length > 0 &&
      wideTable(
        "Faults",
        ["fault", "family", "from", "to", "hosts"],
        report.faults
          .slice(0, MOST_ROWS)
          .map((f) => [f.what, f.family, clock.at(f.from_ns), until(f.to_ns), list(f.hosts)]),
      ),
    report.unavailable.length > 0 &&
      wideTable(
        "Times without an acknowledged write",
        ["from", "to", "for"],
        report.unavailable
          .slice(0, MOST_ROWS)
          .map(([from, to]) => [clock.at(from), clock.at(to), clock.span(to - from)]),
      ),
    spans.length > 0 && wideTable("Hosts", ["host", "what", "value", "from", "to"], spans.slice(0, MOST_ROWS)),
    spans.length > MOST_ROWS && h("p", {}, `${counted(spans.length - MOST_ROWS, "more span")} are in report.json.`),
  ];
}
