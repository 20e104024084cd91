import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { h, type Child } from "../base/dom";
import { bytes, count, counted, duration } from "../base/text";
import { firstPlace } from "../base/bisect";
import { FAIL, OK, OUTCOMES, UNKNOWN } from "../model/operations";
import { percentiles, rates, type Buckets } from "../model/buckets";
import type { Series } from "../report";
import { familyColour } from "./looks";
import { lineSample, shapeSample } from "./samples";
import { GUTTER, MARGIN, type Stage } from "./stage";
import { font, theme } from "./theme";

interface Line {
  label: string;
  colour: string;
  dash?: number[];
  width?: number;
}

interface Sketch {
  label: string;
  height: number;
  log?: boolean;
  /** Round numbers are powers of two. */
  binary?: boolean;
  lines: Line[];
  format(value: number): string;
  /** [at, values of the first line, …] for the window. */
  data(): (number | null)[][];
  paint?(plot: uPlot): void;
  hover(x: number, y: number, plot: uPlot): Child;
  pick?(x: number, y: number, plot: uPlot): { at: number; op: number | null } | null;
}

/** Powers of ten; if there are few, also twice and five times them. */
function decades(low: number, high: number): number[] {
  const factors = high / low > 1000 ? [1] : [1, 2, 5];
  const ticks: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10)
    for (const factor of factors) if (factor * power >= low && factor * power <= high) ticks.push(factor * power);
  return ticks;
}

function steps(low: number, high: number, binary: boolean): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = binary
    ? 2 ** Math.ceil(Math.log2(Math.max(rough, 1)))
    : [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough)!;
  const ticks: number[] = [];
  for (let n = Math.ceil(low / step); n * step <= high; n++) ticks.push(n * step);
  return ticks;
}

/** A plot over the shared window: uPlot draws axes and lines, what is particular comes from the sketch. */
function plotted(stage: Stage, sketch: Sketch): HTMLElement {
  const { view, report } = stage;
  const element = h("div", { class: "view plot", role: "img", tabindex: 0, "aria-label": sketch.label });
  element.style.height = `${sketch.height}px`;
  let visible = false;
  let stale = true;

  const shade = (plot: uPlot) => {
    const pen = plot.ctx;
    const { left, top, width, height } = plot.bbox;
    const scale = width / view.width;
    pen.save();
    pen.beginPath();
    pen.rect(left, top, width, height);
    pen.clip();
    pen.fillStyle = theme.colour("outage-shade");
    for (const [from, to] of report.unavailable)
      pen.fillRect(left + (from - view.from) * scale, top, Math.max((to - from) * scale, 1), height);
    for (const fault of report.faults) {
      const a = left + (fault.from_ns - view.from) * scale;
      const b = Math.max(left + ((fault.to_ns ?? report.end_ns) - view.from) * scale, a + 2);
      if (b < left || a > left + width) continue;
      pen.fillStyle = theme.colour(familyColour(fault.family));
      pen.globalAlpha = 0.1;
      pen.fillRect(a, top, b - a, height);
      pen.globalAlpha = 1;
      pen.fillRect(a, top, b - a, 3 * devicePixelRatio);
    }
    pen.restore();
  };

  const axis = (): uPlot.Axis => ({
    stroke: theme.colour("soft"),
    font: font(11),
    grid: { stroke: theme.colour("rule"), width: 1 },
    ticks: { show: false },
  });
  const options: uPlot.Options = {
    width: 600,
    height: sketch.height,
    padding: [8, MARGIN, 4, 0],
    legend: { show: false },
    cursor: { show: false },
    select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    scales: {
      x: { time: false, range: () => [view.from, view.to] },
      y: sketch.log
        ? { distr: 3, range: (_, low, high) => (low > 0 && high > 0 ? [low * 0.8, high * 1.25] : [1e5, 1e9]) }
        : { range: (_, low, high) => [Math.min(0, (low ?? 0) * 1.1), Math.max(high ?? 0, 0) * 1.12 || 1] },
    },
    axes: [
      {
        ...axis(),
        size: 2,
        values: () => [],
        splits: () => view.clock.ticks(view.from, view.to, stage.plotWidth(element) / 110).at,
      },
      {
        ...axis(),
        size: GUTTER,
        gap: 8,
        values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : sketch.format(tick))),
        splits: (_, __, low, high) => (sketch.log ? decades(low, high) : steps(low, high, sketch.binary ?? false)),
      },
    ],
    series: [
      {},
      ...sketch.lines.map((line): uPlot.Series => ({
        label: line.label,
        stroke: () => theme.colour(line.colour),
        width: line.width ?? 1.5,
        dash: line.dash,
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: { drawClear: [shade], draw: [(plot) => sketch.paint?.(plot)] },
  };

  let plot: uPlot | null = null;
  const draw = () => {
    stale = !visible && plot !== null;
    if (stale || element.clientWidth === 0) return;
    const data = sketch.data() as uPlot.AlignedData;
    options.width = element.clientWidth;
    if (!plot) plot = new uPlot(options, data, element);
    else plot.setData(data, true);
    const canvas = plot.root.querySelector("canvas")!;
    canvas.setAttribute("aria-hidden", "true");
  };
  const rebuild = () => {
    if (!plot) return;
    plot.destroy();
    plot = null;
    Object.assign(options.axes![0], axis());
    Object.assign(options.axes![1], axis());
    draw();
  };
  view.on((change) => change.window && draw());
  theme.on(rebuild);
  new ResizeObserver(() => {
    if (plot && plot.width !== element.clientWidth) plot.setSize({ width: element.clientWidth, height: sketch.height });
    else if (!plot) draw();
  }).observe(element);
  new IntersectionObserver(
    (entries) => {
      visible = entries[entries.length - 1].isIntersecting;
      if (visible && stale) draw();
    },
    { rootMargin: "200px" },
  ).observe(element);
  stage.attach(element, {
    hover: (x, y) => (plot && x >= GUTTER ? sketch.hover(x, y, plot) : null),
    pick: (x, y) => (plot && sketch.pick ? sketch.pick(x, y, plot) : null),
  });
  return element;
}

function key(lines: Line[], extra: Child[] = []): Child {
  return h(
    "div",
    { class: "legend" },
    h(
      "span",
      {},
      extra,
      lines.map((line) => h("span", {}, lineSample(line.colour, line.dash, line.width), line.label)),
    ),
  );
}

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
            if (Math.abs(series.values[k]) > Math.abs(series.values[far])) far = k;
          times.add(series.at_ns[far]);
        }
      }
      const xs = [...times].sort((a, b) => a - b);
      return [xs, ...all.map((series) => xs.map((x) => (at(series, x) < 0 ? null : series.values[at(series, x)])))];
    },
    hover: (x, _y, plot) => {
      const ns = stage.time(plot.root.parentElement!, x);
      return `${clock.at(ns, view.width / 1000)}: ${all.map((series) => `${series.host} ${at(series, ns) < 0 ? "not known" : format(series.values[at(series, ns)])}`).join(", ")}`;
    },
  });
  return [key(lines, [h("b", {}, name)]), plot];
}
