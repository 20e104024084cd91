import { h, type Child } from "../base/dom";
import { count } from "../base/text";
import { rates, type Buckets } from "../model/buckets";
import { key, plotted, type Line } from "./plot";
import type { Stage } from "./stage";

const RATES: Line[] = [
  { label: "ok", colour: "ok", width: 2 },
  { label: "fail", colour: "fail", dash: [7, 3] },
  { label: "unknown", colour: "unknown", dash: [2, 3], width: 2 },
];

/** How many operations were invoked per second (or per step of events), by what became of them. */
export function throughput(stage: Stage): Child[] {
  const { operations, view } = stage;
  const { clock } = view;
  let buckets: Buckets = { at: [], counts: [], lines: [], step: 1 };
  const unit = clock.timed ? "/s" : "";
  const plot = plotted(stage, {
    label: "Throughput: operations invoked over time, by outcome.",
    height: 130,
    format: (value) => `${count(Number(value.toPrecision(6)))}${unit}`,
    lines: RATES,
    data: () => {
      buckets = rates(operations, view.from, view.to, clock.step(view.from, view.to, 120), clock.timed);
      return [buckets.at, ...buckets.lines];
    },
    hover: (x, _y, plot) => {
      const at = stage.time(plot.root.parentElement!, x);
      const place = buckets.at.findIndex((center) => Math.abs(center - at) <= buckets.step / 2);
      if (place < 0) return null;
      return `${clock.at(at, view.width / 1000)}: ${RATES.map((line, n) => `${count(Math.round((buckets.lines[n][place] ?? 0) * 10) / 10)}${unit} ${line.label}`).join(", ")}`;
    },
  });
  return [key(RATES, [h("b", {}, clock.timed ? "invoked per second" : "invoked per step")]), plot];
}
