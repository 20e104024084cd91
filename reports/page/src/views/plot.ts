import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { h, type Child } from "../base/dom";
import { familyColour } from "./looks";
import { lineSample } from "./samples";
import { GUTTER, MARGIN, type Stage } from "./stage";
import { font, theme } from "./theme";

/** How a line is drawn. */
export interface Line {
  label: string;
  colour: string;
  dash?: number[];
  width?: number;
}

/** What is particular of a plot. */
export interface Sketch {
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
export function plotted(stage: Stage, sketch: Sketch): HTMLElement {
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

/** What the lines of a plot are. */
export function key(lines: Line[], extra: Child[] = []): Child {
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
