import { h, s, type Child } from "../base/dom";
import { LEGEND } from "./looks";

/** What colours and patterns mean. */
export function legend(): Child {
  return h(
    "div",
    { class: "legend" },
    LEGEND.map(({ name, values }) =>
      h(
        "span",
        {},
        h("b", {}, name),
        values.map(([value, look]) =>
          h("span", {}, swatch(look.hollow ? "hollow" : (look.pattern ?? "solid"), look.fill), value),
        ),
      ),
    ),
  );
}

function swatch(pattern: string, fill: string): Child {
  const colour = `var(--${fill})`;
  const lines = {
    rising: "M-1 9 9 -1M4 14 19 -1",
    falling: "M-1 3 8 12M4 -2 18 12",
    dots: "M2 3h2M8 3h2M14 3h2M2 8h2M8 8h2M14 8h2",
  }[pattern];
  return s(
    "svg",
    { width: 16, height: 10, viewBox: "0 0 16 10", "aria-hidden": "true" },
    s("rect", { x: 0.5, y: 0.5, width: 15, height: 9, fill: pattern === "solid" ? colour : "none", stroke: colour }),
    lines && s("path", { d: lines, stroke: colour, "stroke-width": 1.5, fill: "none" }),
  );
}
