import { h, wideTable, type Child } from "../base/dom";
import type { Failover } from "../report";
import { momentLink, type Context } from "./context";

const PHASES: { name: string; from: keyof Failover; to: keyof Failover; class: string }[] = [
  { name: "noticed", from: "last_write_ns", to: "severed_ns", class: "noticed" },
  { name: "decided", from: "severed_ns", to: "declared_ns", class: "decided" },
  { name: "promoted", from: "declared_ns", to: "promoted_ns", class: "promoted" },
  { name: "gate opened", from: "promoted_ns", to: "opened_ns", class: "opened" },
  { name: "first write", from: "opened_ns", to: "first_write_ns", class: "written" },
];

/** What each failover's time went into. */
export function failovers(context: Context): Child {
  const { report, view } = context;
  if (report.failovers.length === 0) return null;
  const { clock } = view;
  const part = (failover: Failover, phase: (typeof PHASES)[number]) => {
    const [from, to] = [failover[phase.from], failover[phase.to]];
    return typeof from === "number" && typeof to === "number" ? to - from : null;
  };
  const whole = (failover: Failover) =>
    failover.last_write_ns !== null && failover.first_write_ns !== null
      ? failover.first_write_ns - failover.last_write_ns
      : null;
  const longest = Math.max(1, ...report.failovers.map((failover) => whole(failover) ?? 0));
  return [
    h("h3", { id: "failovers" }, "Failovers"),
    h(
      "p",
      { class: "remark" },
      "From the last write that the old primary acknowledged to the first that the new one did, and what the time went into.",
    ),
    wideTable(
      "Failovers and the parts of each",
      ["Generation", "From", "To", "Why", ...PHASES.map(({ name }) => name), "In all"],
      report.failovers.map((failover) => [
        momentLink(context, failover.declared_ns, String(failover.generation)),
        failover.from,
        failover.to,
        failover.why,
        ...PHASES.map((phase): Child => {
          const ns = part(failover, phase);
          // A switchover notices nothing, and cuts nothing off: its time until then is in the whole only.
          if (failover.severed_ns === null && (phase.from === "severed_ns" || phase.to === "severed_ns")) return "–";
          return ns === null ? "never" : h("span", { class: `phase ${phase.class}` }, clock.span(ns));
        }),
        whole(failover) === null ? "no write again" : [clock.span(whole(failover)!), phases(failover)],
      ]),
      { class: "failovers" },
    ),
  ];

  function phases(failover: Failover): Child {
    return h(
      "span",
      { class: "phases", "aria-hidden": "true" },
      PHASES.map((phase) => {
        const piece = h("i", { class: phase.class });
        piece.style.width = `${((part(failover, phase) ?? 0) / longest) * 100}%`;
        return piece;
      }),
    );
  }
}
