import type uPlot from "uplot";
import { h, type Child } from "../base/dom";
import { count, counted, duration } from "../base/text";
import { percentiles, type Buckets } from "../model/buckets";
import { FAIL, OK, OUTCOMES, UNKNOWN } from "../model/operations";
import { key, plotted, type Line } from "./plot";
import { shapeSample } from "./samples";
import { GUTTER, type Stage } from "./stage";
import { theme } from "./theme";

function mark(outcome: number): Child {
  const shapes = ["M3 3h4v4h-4z", "M1 2h8l-4 7z", "M1 1 9 9M9 1 1 9"];
  return h("span", {}, shapeSample(shapes[outcome], OUTCOMES[outcome], outcome !== UNKNOWN), OUTCOMES[outcome]);
}

const PERCENTILES: Line[] = [
  { label: "max", colour: "max", dash: [1, 3] },
  { label: "p99", colour: "p99", dash: [4, 3] },
  { label: "p95", colour: "p95", dash: [9, 3] },
  { label: "p50", colour: "p50", width: 2 },
];

/** Every operation as a point at its invocation, as high as it took long; and percentiles of those that ended. */
export function latency(stage: Stage): Child[] {
  const { operations, view } = stage;
  const { clock } = view;
  let buckets: Buckets = { at: [], counts: [], lines: [], step: 1 };
  const lowest = 1e3;
  const log = new Float32Array(operations.count);
  for (let i = 0; i < operations.count; i++)
    log[i] = Math.log10(
      Math.max(
        Math.min(operations.ended[i], Math.max(stage.report.end_ns, operations.invoked[i])) - operations.invoked[i],
        lowest,
      ),
    );
  let seen = new Uint8Array(0);
  const points = (plot: uPlot) => {
    const { left, top, width, height } = plot.bbox;
    const { min, max } = plot.scales.y;
    if (min == null || max == null || operations.count === 0) return;
    const pen = plot.ctx;
    const ratio = devicePixelRatio || 1;
    const size = 2 * ratio;
    const columns = Math.ceil(width / size);
    const rows = Math.ceil(height / size);
    const low = Math.log10(min);
    const up = rows / (Math.log10(max) - low);
    const along = columns / view.width;
    if (seen.length !== columns * rows) seen = new Uint8Array(columns * rows);
    seen.fill(0);
    const first = operations.from(view.from);
    const last = operations.from(view.to);
    const sparse = last - first < 1500;
    const odd: number[] = [];
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    pen.fillStyle = theme.colour("ok");
    for (let i = first; i < last; i++) {
      const column = ((operations.invoked[i] - view.from) * along) | 0;
      const row = rows - 1 - (((log[i] - low) * up) | 0);
      if (row < 0 || row >= rows || column >= columns) continue;
      const cell = row * columns + column;
      const bit = 1 << operations.outcome[i];
      if (seen[cell] & bit) continue;
      seen[cell] |= bit;
      const x = left + column * size;
      const y = top + row * size;
      if (operations.outcome[i] === OK) {
        if (sparse) pen.fillRect(x - ratio, y - ratio, 2 * size, 2 * size);
        else pen.fillRect(x, y, size, size);
      } else if (odd.length < 6000) odd.push(x, y, operations.outcome[i]);
    }
    const r = 3.5 * ratio;
    pen.lineWidth = 1.6 * ratio;
    for (let k = 0; k < odd.length; k += 3) {
      const [x, y, outcome] = [odd[k], odd[k + 1], odd[k + 2]];
      pen.beginPath();
      if (outcome === FAIL) {
        pen.fillStyle = theme.colour("fail");
        pen.moveTo(x - r, y - r);
        pen.lineTo(x + r, y - r);
        pen.lineTo(x, y + r);
        pen.fill();
      } else {
        pen.strokeStyle = theme.colour("unknown");
        pen.moveTo(x - r, y - r);
        pen.lineTo(x + r, y + r);
        pen.moveTo(x + r, y - r);
        pen.lineTo(x - r, y + r);
        pen.stroke();
      }
    }
    // The lines are above the points, or they would be lost in them.
    pen.restore();
    lines(plot);
  };
  const lines = (plot: uPlot) => {
    const pen = plot.ctx;
    const ratio = devicePixelRatio || 1;
    PERCENTILES.forEach((line, n) => {
      const values = buckets.lines[n];
      pen.save();
      pen.beginPath();
      pen.rect(plot.bbox.left, plot.bbox.top, plot.bbox.width, plot.bbox.height);
      pen.clip();
      for (const [colour, width] of [
        ["ground", (line.width ?? 1.5) + 2],
        [line.colour, line.width ?? 1.5],
      ] as const) {
        pen.strokeStyle = theme.colour(colour);
        pen.lineWidth = width * ratio;
        pen.setLineDash(colour === "ground" ? [] : (line.dash ?? []).map((d) => d * ratio));
        pen.globalAlpha = colour === "ground" ? 0.55 : 1;
        pen.beginPath();
        let on = false;
        for (let i = 0; i < buckets.at.length; i++) {
          const value = values?.[i] ?? null;
          if (value === null) {
            on = false;
            continue;
          }
          const x = plot.valToPos(buckets.at[i], "x", true);
          const y = plot.valToPos(value, "y", true);
          if (on) pen.lineTo(x, y);
          else pen.moveTo(x, y);
          on = true;
        }
        pen.stroke();
      }
      pen.restore();
    });
  };

  const nearest = (x: number, y: number, plot: uPlot): number | null => {
    const scale = plot.bbox.width / devicePixelRatio / view.width;
    const from = operations.from(stage.view.from + (x - 8 - GUTTER) / scale);
    const to = operations.from(stage.view.from + (x + 8 - GUTTER) / scale);
    let best: number | null = null;
    let least = 100;
    for (let i = from; i < to; i++) {
      const dx = GUTTER + (operations.invoked[i] - view.from) * scale - x;
      const dy = plot.valToPos(10 ** log[i], "y", false) + plot.bbox.top / devicePixelRatio - y;
      if (dx * dx + dy * dy < least) {
        least = dx * dx + dy * dy;
        best = i;
      }
    }
    return best;
  };

  const plot = plotted(stage, {
    label: "Latency of operations over time, on a logarithmic axis.",
    height: 240,
    log: true,
    format: duration,
    lines: PERCENTILES.map((line) => ({ ...line, width: 0 })),
    data: () => {
      buckets = percentiles(
        operations,
        log,
        view.from,
        view.to,
        clock.step(view.from, view.to, 160),
        [1, 0.99, 0.95, 0.5],
      );
      // Lowest and highest, so that the axis has room for every point.
      const first = operations.from(view.from);
      const last = operations.from(view.to);
      let low = Infinity;
      let high = -Infinity;
      for (let i = first; i < last; i++) {
        if (log[i] < low) low = log[i];
        if (log[i] > high) high = log[i];
      }
      if (first === last)
        return [
          [view.from, view.to],
          [null, null],
          [null, null],
          [null, null],
          [null, null],
        ];
      const none = [null, null];
      return [[view.from, view.to], [10 ** low, 10 ** high], none, none, none];
    },
    paint: points,
    hover: (x, y, plot) => {
      const i = nearest(x, y, plot);
      if (i !== null)
        return [
          h("strong", {}, operations.words(i)),
          h(
            "div",
            {},
            `operation ${i}, process ${operations.processOf(i)}, ${operations.outcomeWords(i)}, ${operations.ended[i] < Infinity ? `took ${clock.span(operations.ended[i] - operations.invoked[i])}` : "never ended"}`,
          ),
        ];
      const at = stage.time(plot.root.parentElement!, x);
      const place = buckets.at.findIndex((center) => Math.abs(center - at) <= buckets.step / 2);
      if (place < 0 || !buckets.counts[place]) return clock.at(at, view.width / 1000);
      return `${clock.at(at, view.width / 1000)}: ${counted(buckets.counts[place], "operation")} within ${clock.span(buckets.step)}; ${PERCENTILES.map(
        (line, n) => `${line.label} ${duration(buckets.lines[n][place] ?? 0)}`,
      )
        .reverse()
        .join(", ")}`;
    },
    pick: (x, y, plot) => {
      const i = nearest(x, y, plot);
      return i === null ? null : { at: operations.invoked[i], op: i };
    },
  });
  // Sorting a million latencies would keep the reader waiting: it is done when the page can be seen.
  setTimeout(() => plot.setAttribute("aria-label", `${plot.getAttribute("aria-label")} ${latencyWords(stage)}`));
  return [
    key(PERCENTILES, [h("b", {}, "operations"), [OK, FAIL, UNKNOWN].map(mark), h("b", {}, "of all that ended")]),
    plot,
  ];
}

function latencyWords(stage: Stage): string {
  const { operations, report } = stage;
  const took = new Float64Array(operations.count);
  let n = 0;
  for (let i = 0; i < operations.count; i++)
    if (operations.ended[i] < Infinity) took[n++] = operations.ended[i] - operations.invoked[i];
  if (n === 0) return "No operation ended.";
  const sorted = took.subarray(0, n).sort();
  const at = (part: number) => duration(sorted[Math.ceil(sorted.length * part) - 1]);
  return `Of ${counted(n, "operation")} that ended, of ${count(report.operations.count)} in all: median ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, longest ${at(1)}.`;
}
