import { brushX, type D3BrushEvent } from "d3-brush";
import { scaleLinear } from "d3-scale";
import { select } from "d3-selection";
import { h, s } from "../base/dom";
import { UNKNOWN, FAIL } from "../model/operations";
import { clipped, TimeCanvas, type Frame } from "./canvas";
import { familyColour } from "./looks";
import { GUTTER, MARGIN, type Stage } from "./stage";
import { font, theme } from "./theme";

const HEIGHT = 40;

/** The whole run in small, with a brush that says which part of it the views show. */
export function overview(stage: Stage): HTMLElement {
  const { report, operations, view } = stage;
  const canvas = h("canvas", { role: "img", "aria-label": "The whole time with the window that is shown" });
  const svg = s("svg", { class: "brush", "aria-hidden": "true" });
  const group = select(svg).append("g");
  const element = h("div", { class: "overview" }, canvas, svg);
  const scale = scaleLinear().domain([0, view.end]);
  let drawn = 0;

  const brush = brushX<unknown>()
    .handleSize(8)
    .on("brush end", (event: D3BrushEvent<unknown>) => {
      if (!event.sourceEvent) return;
      const selected = event.selection as [number, number] | null;
      if (selected) view.show(scale.invert(selected[0]), scale.invert(selected[1]));
      else if (event.type === "end") {
        const [x] = pointer(event.sourceEvent as MouseEvent);
        const at = scale.invert(x);
        if (view.width < view.end) view.show(at - view.width / 2, at + view.width / 2);
        place();
      }
    });
  const pointer = (event: MouseEvent) => [event.clientX - svg.getBoundingClientRect().left];
  const place = () => {
    // d3 draws a brush of no width as none: the window stays visible as a stroke.
    const a = scale(view.from);
    group.call(brush.move, [a, Math.max(scale(view.to), a + 2)]);
  };

  const draw = () => {
    const width = element.clientWidth;
    if (width === 0) return;
    drawn = width;
    const ratio = window.devicePixelRatio || 1;
    canvas.width = width * ratio;
    canvas.height = HEIGHT * ratio;
    const pen = canvas.getContext("2d")!;
    pen.scale(ratio, ratio);
    scale.range([GUTTER, width - MARGIN]);
    const columns = Math.max(1, Math.floor((width - GUTTER - MARGIN) / 2));
    const all = new Uint32Array(columns);
    const bad = new Uint32Array(columns);
    const slope = columns / view.end;
    for (let i = 0; i < operations.count; i++) {
      const column = Math.min(columns - 1, (operations.invoked[i] * slope) | 0);
      all[column]++;
      if (operations.outcome[i] === FAIL || operations.outcome[i] === UNKNOWN) bad[column]++;
    }
    let most = 1;
    for (const n of all) most = Math.max(most, n);
    pen.fillStyle = theme.colour("outage-shade");
    for (const [from, to] of report.unavailable)
      pen.fillRect(scale(from), 0, Math.max(scale(to) - scale(from), 1), HEIGHT);
    for (let column = 0; column < columns; column++) {
      const tall = (all[column] / most) * (HEIGHT - 10);
      const red = (bad[column] / most) * (HEIGHT - 10);
      pen.fillStyle = theme.colour("ok-soft");
      pen.fillRect(GUTTER + column * 2, HEIGHT - tall, 2, tall - red);
      pen.fillStyle = theme.colour("unknown");
      pen.fillRect(GUTTER + column * 2, HEIGHT - red, 2, red);
    }
    for (const fault of report.faults) {
      pen.fillStyle = theme.colour(familyColour(fault.family));
      pen.fillRect(scale(fault.from_ns), 1, Math.max(scale(fault.to_ns ?? report.end_ns) - scale(fault.from_ns), 2), 3);
    }
    pen.fillStyle = theme.colour("bad");
    for (const failure of report.failures) {
      if (failure.at_ns === null) continue;
      const x = scale(failure.at_ns);
      pen.beginPath();
      pen.moveTo(x - 5, 5);
      pen.lineTo(x + 5, 5);
      pen.lineTo(x, 14);
      pen.fill();
    }
    pen.font = font(11);
    pen.fillStyle = theme.colour("soft");
    pen.textAlign = "right";
    pen.textBaseline = "middle";
    pen.fillText(report.kind === "run" ? "whole run" : "whole history", GUTTER - 8, HEIGHT / 2);
    brush.extent([
      [GUTTER, 0],
      [width - MARGIN, HEIGHT],
    ]);
    group.call(brush);
    place();
  };

  // A wheel over this bar zooms: the page has no use for it here.
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) view.pan(event.deltaX / 500);
      else view.zoom(2 ** (-event.deltaY * (event.deltaMode === 1 ? 0.05 : 0.003)), scale.invert(pointer(event)[0]));
    },
    { passive: false },
  );
  view.on((change) => change.window && drawn > 0 && place());
  theme.on(draw);
  new ResizeObserver(() => element.clientWidth !== drawn && draw()).observe(element);
  return element;
}

/** The axis of the window that all views show. */
export class Axis extends TimeCanvas {
  constructor(stage: Stage) {
    super(stage, "Time axis of the views", 22);
    this.canvas.removeAttribute("tabindex");
  }

  protected paint(frame: Frame): void {
    const { pen } = frame;
    const { view } = this.stage;
    const { at, step } = view.clock.ticks(view.from, view.to, (frame.right - frame.left) / 110);
    pen.font = font(11);
    pen.textBaseline = "middle";
    pen.fillStyle = theme.colour("soft");
    pen.textAlign = "right";
    pen.fillText(view.clock.timed ? "time" : "events", GUTTER - 8, 12);
    pen.textAlign = "center";
    pen.strokeStyle = theme.colour("faint");
    pen.lineWidth = 1;
    clipped(frame, () => {
      for (const ns of at) {
        const x = Math.round(frame.x(ns)) + 0.5;
        pen.beginPath();
        pen.moveTo(x, 18);
        pen.lineTo(x, 22);
        pen.stroke();
        const text = view.clock.tick(ns, step);
        const half = pen.measureText(text).width / 2;
        pen.fillText(text, Math.min(Math.max(x, frame.left + half), frame.right - half), 10);
      }
      pen.fillStyle = theme.colour("bad");
      for (const failure of this.stage.report.failures) {
        if (failure.at_ns === null) continue;
        const x = frame.x(failure.at_ns);
        pen.beginPath();
        pen.moveTo(x - 4, 14);
        pen.lineTo(x + 4, 14);
        pen.lineTo(x, 22);
        pen.fill();
      }
    });
  }

  protected hover(x: number): string | null {
    const { view, report } = this.stage;
    const ns = this.time(x);
    const near = report.failures.find((f) => f.at_ns !== null && Math.abs(f.at_ns - ns) < view.width / 150);
    return near ? `${near.kind}: ${near.message}` : view.clock.at(ns, view.width / 2000);
  }
}
