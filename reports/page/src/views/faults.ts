import { h, type Child } from "../base/dom";
import { list } from "../base/text";
import type { Fault } from "../report";
import type { Stage } from "./stage";

/** Rows of brackets: more than these are laid over one another. */
const ROWS = 5;

/** A fault in words, and who does not hear whom. */
export function describeFault(stage: Stage, fault: Fault): Child[] {
  const { clock } = stage.view;
  const time =
    fault.to_ns === null
      ? `from ${clock.at(fault.from_ns)}, never healed`
      : fault.to_ns === fault.from_ns
        ? `at ${clock.at(fault.from_ns)}`
        : `from ${clock.at(fault.from_ns)} to ${clock.at(fault.to_ns)}, for ${clock.span(fault.to_ns - fault.from_ns)}`;
  return [
    h("strong", {}, fault.what),
    h("div", {}, `${fault.family} fault ${time}${fault.hosts.length > 0 ? `; hit ${list(fault.hosts)}` : ""}`),
    fault.cut && matrix(fault.cut),
  ];
}

/** Who does not hear whom: a row for who hears, a column for who speaks. */
function matrix(cut: [string, string][]): Child {
  const names = [...new Set(cut.flat())].sort();
  const pairs = new Set(cut.map(([from, to]) => `${from}\n${to}`));
  return h(
    "table",
    { class: "matrix" },
    h("caption", {}, "who does not hear whom (×): rows hear, columns speak"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("td"),
        names.map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    h(
      "tbody",
      {},
      names.map((to) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, to),
          names.map((from) =>
            from === to
              ? h("td", { class: "same" }, "–")
              : pairs.has(`${from}\n${to}`)
                ? h("td", { class: "deaf" }, "×")
                : h("td", {}, "hears"),
          ),
        ),
      ),
    ),
  );
}

/** Puts faults into rows, so that their brackets do not overlap; `room` is where the next of a row begins. */
export function stackFaults(
  faults: Fault[],
  end: number,
): { rows: number; placed: { fault: Fault; row: number; room: number }[] } {
  const free: number[] = [];
  const last: number[] = [];
  const placed: { fault: Fault; row: number; room: number }[] = [];
  for (const fault of [...faults].sort((a, b) => a.from_ns - b.from_ns)) {
    let row = free.findIndex((ns) => ns <= fault.from_ns);
    if (row < 0) row = free.length < ROWS ? free.length : ROWS - 1;
    if (last[row] !== undefined) placed[last[row]].room = fault.from_ns;
    last[row] = placed.length;
    free[row] = Math.max(free[row] ?? 0, fault.to_ns ?? end, fault.from_ns + end / 40);
    placed.push({ fault, row, room: end });
  }
  return { rows: free.length, placed };
}
