import { s, type Child } from "../base/dom";

/** A short piece of a line, as legends show it. */
export function lineSample(colour: string, dash: number[] = [], width = 1.5): Child {
  return s(
    "svg",
    { width: 24, height: 10, "aria-hidden": "true" },
    s("path", {
      d: "M0 5h24",
      stroke: `var(--${colour})`,
      "stroke-width": width,
      "stroke-dasharray": dash.length > 0 ? dash.join(" ") : null,
    }),
  );
}

/** A shape, filled or drawn. */
export function shapeSample(path: string, colour: string, filled: boolean): Child {
  return s(
    "svg",
    { width: 10, height: 10, "aria-hidden": "true" },
    s(
      "path",
      filled ? { d: path, fill: `var(--${colour})` } : { d: path, stroke: `var(--${colour})`, "stroke-width": 2 },
    ),
  );
}
