import { firstPlace } from "../base/bisect";
import { h, type Child } from "../base/dom";
import { bytes, counted, duration } from "../base/text";
import type { Series } from "../report";
import { key, plotted, type Line } from "./plot";
import type { Stage } from "./stage";

const HOST_LINES: Omit<Line, "label">[] = [
  { colour: "series-1", width: 2 },
  { colour: "series-2", dash: [8, 3], width: 2 },
  { colour: "series-3", dash: [3, 3], width: 2 },
  { colour: "series-4", dash: [10, 3, 2, 3], width: 2 },
  { colour: "series-5", dash: [1, 2], width: 2 },
];

/** A quantity of every host that has it: replication lag, clock error. */
export function quantity(stage: Stage, name: Series["quantity"]): Child[] | null {
  const all = stage.report.series.filter((series) => series.quantity === name && series.at_ns.length > 0);
  if (all.length === 0) return null;
  const { view } = stage;
  const { clock } = view;
  const format = all[0].unit === "bytes" ? bytes : duration;
  const lines = all.map((series, i): Line => ({ label: series.host, ...HOST_LINES[i % HOST_LINES.length] }));
  const at = (series: Series, ns: number) => firstPlace(0, series.at_ns.length, (i) => series.at_ns[i] > ns) - 1;
  const told = (series: Series, ns: number) => {
    const value = at(series, ns) < 0 ? null : series.values[at(series, ns)];
    return value === null ? "not known" : format(value);
  };
  const plot = plotted(stage, {
    label: `${name} of ${counted(all.length, "host")} over time.`,
    height: 120,
    binary: all[0].unit === "bytes",
    format,
    lines,
    data: () => {
      const times = new Set<number>();
      const columns = Math.max(50, Math.round(stage.plotWidth(stage.root) / 2));
      for (const series of all) {
        const first = Math.max(0, at(series, view.from));
        const last = Math.min(series.at_ns.length - 1, at(series, view.to) + 1);
        const skip = Math.max(1, Math.floor((last - first) / columns));
        // Of samples that share a column, the one farthest from zero: no peak is lost.
        for (let i = first; i <= last; i += skip) {
          let far = i;
          for (let k = i + 1; k < Math.min(i + skip, last + 1); k++)
            if (Math.abs(series.values[k] ?? 0) > Math.abs(series.values[far] ?? 0)) far = k;
          times.add(series.at_ns[far]);
        }
      }
      const xs = [...times].sort((a, b) => a - b);
      return [xs, ...all.map((series) => xs.map((x) => (at(series, x) < 0 ? null : series.values[at(series, x)])))];
    },
    hover: (x, _y, plot) => {
      const ns = stage.time(plot.root.parentElement!, x);
      return `${clock.at(ns, view.width / 1000)}: ${all.map((series) => `${series.host} ${told(series, ns)}`).join(", ")}`;
    },
  });
  return [key(lines, [h("b", {}, name)]), plot];
}
