import { h, type Child } from "../base/dom";
import { GUTTER, MARGIN, type Stage } from "./stage";
import { theme } from "./theme";

export interface Frame {
  pen: CanvasRenderingContext2D;
  width: number;
  height: number;
  /** Where the time axis begins and ends. */
  left: number;
  right: number;
  x(ns: number): number;
}

/** A view over time that is drawn on a canvas: once, then when the window moves and it can be seen. */
export abstract class TimeCanvas {
  readonly element: HTMLElement;
  protected readonly canvas: HTMLCanvasElement;
  private visible = false;
  private drawn = false;
  private asked = false;

  constructor(
    protected readonly stage: Stage,
    label: string,
    protected height: number,
    /** Lies over the canvas and takes the pointer in its place, so that the view can be scrolled. */
    scroller: HTMLElement | null = null,
  ) {
    this.canvas = h("canvas", { role: "img", "aria-label": label, tabindex: 0 });
    this.element = h("div", { class: "view" }, this.canvas, scroller);
    stage.view.on((change) => (change.window || this.showsChoice) && this.draw());
    theme.on(() => this.draw(true));
    new ResizeObserver(() => this.draw(true)).observe(this.element);
    new IntersectionObserver(
      (entries) => {
        this.visible = entries[entries.length - 1].isIntersecting;
        if (this.visible && !this.drawn) this.draw();
      },
      { rootMargin: "200px" },
    ).observe(this.element);
    stage.attach(this.element, { hover: (x, y) => this.hover(x, y), pick: (x, y) => this.pick(x, y) });
  }

  protected abstract paint(frame: Frame): void;
  protected abstract hover(x: number, y: number): Child;

  protected pick(_x: number, _y: number): { at: number; op: number | null } | null {
    return null;
  }

  /** Whether it looks otherwise when another moment or operation is chosen. */
  protected get showsChoice(): boolean {
    return false;
  }

  protected time(x: number): number {
    return this.stage.time(this.element, x);
  }

  /** Draws in the next frame. */
  redraw(): void {
    if (this.asked) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.draw();
    });
  }

  draw(unseen = false): void {
    this.drawn = this.visible || unseen;
    const { canvas, height } = this;
    canvas.style.height = `${height}px`;
    const width = this.element.clientWidth;
    if (!this.drawn || width === 0) return;
    const scale = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale);
      canvas.height = Math.round(height * scale);
    }
    const pen = canvas.getContext("2d")!;
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const { view } = this.stage;
    const right = width - MARGIN;
    const slope = (right - GUTTER) / view.width;
    this.paint({ pen, width, height, left: GUTTER, right, x: (ns) => GUTTER + (ns - view.from) * slope });
  }
}

/** Everything painted inside is cut off where the time axis ends. */
export function clipped(frame: Frame, paint: () => void): void {
  frame.pen.save();
  frame.pen.beginPath();
  frame.pen.rect(frame.left, 0, frame.right - frame.left, frame.height);
  frame.pen.clip();
  paint();
  frame.pen.restore();
}

export function grid(frame: Frame, stage: Stage): void {
  const { view } = stage;
  frame.pen.strokeStyle = theme.colour("rule");
  frame.pen.lineWidth = 1;
  frame.pen.beginPath();
  for (const at of view.clock.ticks(view.from, view.to, (frame.right - frame.left) / 110).at) {
    const x = Math.round(frame.x(at)) + 0.5;
    frame.pen.moveTo(x, 0);
    frame.pen.lineTo(x, frame.height);
  }
  frame.pen.stroke();
}
