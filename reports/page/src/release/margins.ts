import { type Child } from "../base/dom";
import { count } from "../base/text";
import type { Release } from "../release";
import { grid, rows } from "./grid";
import { absent, remark } from "./parts";

/** The hardest that was survived. */
export function margins({ margins }: Release): Child {
  if (margins.length === 0) return absent("These results do not say how hard the faults were that runs survived.");
  return [
    remark("Of runs that passed. What was harder was not tried, or was in runs that did not pass: these are no limits of the design."),
    grid(
      "The hardest that was survived",
      ["What", "Survived", { name: "Runs with such faults", numeric: true }],
      rows(margins.map(({ what, value, runs }) => ({ key: what, cells: [what, value, count(runs)] }))),
      "margin-table",
    ),
  ];
}
