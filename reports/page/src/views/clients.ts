import { firstPlace } from "../base/bisect";
import { h, type Child } from "../base/dom";
import { plain, shorten } from "../base/text";
import { FAIL, OK, UNKNOWN } from "../model/operations";
import type { Linearization } from "../model/linearization";
import type { Lane, Rows } from "../model/rows";
import { clipped, grid, TimeCanvas, type Frame } from "./canvas";
import { GUTTER, type Stage } from "./stage";
import { font, theme } from "./theme";

const ROW = { process: 26, key: 44 };
// Browsers lay out nothing that is much taller: more rows than fit are scrolled in proportion.
const TALLEST = 4_000_000;
const HEIGHT = 400;
/** Above the first row, for the mark of a failure. */
const PAD = 8;
const MOST_POINTS = 800;

const COLOURS = ["ok", "fail", "unknown"];

/** Operations as bars from invocation to end, a row per client or per key. */
export class OperationBars extends TimeCanvas {
  private rows: Rows | null = null;
  private readonly scroller: HTMLElement;
  private readonly room = h("div");

  constructor(
    stage: Stage,
    private readonly failing: Set<number>,
  ) {
    const scroller = h("div", { class: "scroller" });
    super(stage, "Operations as bars over time. The chosen operation is described below in words.", HEIGHT, scroller);
    this.scroller = scroller;
    scroller.append(this.room);
    scroller.addEventListener("scroll", () => this.redraw());
  }

  protected override get showsChoice(): boolean {
    return true;
  }

  private get rowHeight(): number {
    return ROW[this.rows?.by ?? "process"];
  }

  show(rows: Rows): void {
    this.rows = rows;
    const tall = rows.count * this.rowHeight;
    this.height = Math.max(60, Math.min(HEIGHT, tall + PAD + 4));
    this.room.style.height = `${Math.min(tall, TALLEST)}px`;
    this.scroller.scrollTop = 0;
    this.redraw();
  }

  /** Scrolls to the row of an operation. */
  reveal(op: number): void {
    const row = this.rows?.rowOf(op) ?? -1;
    if (row < 0) return;
    const y = row * this.rowHeight - this.top + PAD;
    if (y >= 0 && y + this.rowHeight <= this.height) return;
    const hidden = this.rows!.count * this.rowHeight + PAD - this.height;
    const part = Math.min(1, Math.max(0, (row * this.rowHeight - this.height / 2) / Math.max(hidden, 1)));
    this.scroller.scrollTop = part * (this.scroller.scrollHeight - this.scroller.clientHeight);
  }

  /** How many pixels of rows are above the first that is seen. */
  private get top(): number {
    const hidden = (this.rows?.count ?? 0) * this.rowHeight + PAD - this.height;
    const scrollable = this.scroller.scrollHeight - this.scroller.clientHeight;
    if (hidden <= 0 || scrollable <= 0) return 0;
    return (this.scroller.scrollTop / scrollable) * hidden;
  }

  protected paint(frame: Frame): void {
    const { pen } = frame;
    const rows = this.rows;
    if (!rows) return;
    clipped(frame, () => grid(frame, this.stage));
    const tall = this.rowHeight;
    const first = Math.floor(this.top / tall);
    const last = Math.min(rows.count, Math.ceil((this.top + this.height) / tall));
    for (let row = first; row < last; row++) {
      const y = row * tall - this.top + PAD;
      pen.strokeStyle = theme.colour("rule");
      pen.lineWidth = 1;
      pen.beginPath();
      pen.moveTo(0, Math.round(y + tall) - 0.5);
      pen.lineTo(frame.right, Math.round(y + tall) - 0.5);
      pen.stroke();
      pen.font = font(12);
      pen.textBaseline = "middle";
      pen.textAlign = "left";
      pen.fillStyle = theme.colour(rows.fails(row) ? "bad" : "ink");
      pen.fillText(`${shorten(rows.name(row), 18)}${rows.fails(row) ? " ▼" : ""}`, 2, y + tall / 2 - 1, GUTTER - 10);
    }
    clipped(frame, () => {
      for (let row = first; row < last; row++)
        this.paintRow(frame, rows.lanesOf(row), row * tall - this.top + PAD + 3, tall - 7);
      const { op } = this.stage.view;
      for (const failing of this.failing) this.frameOf(frame, failing, "bad", 1);
      if (op !== null) this.frameOf(frame, op, "ink", 4);
    });
  }

  private paintRow(frame: Frame, lanes: Lane[], y: number, height: number): void {
    const { pen } = frame;
    const { operations, view } = this.stage;
    const { invoked, drawn, ended } = operations;
    const tall = height / lanes.length;
    const thick = Math.max(1.5, tall - 1);
    const ordered = operations.columns.order !== null && this.rows!.by === "key";
    const points: number[] = [];
    lanes.forEach((lane, n) => {
      const top = y + n * tall;
      // What went well first: what did not is never hidden under it.
      for (const outcome of [OK, FAIL, UNKNOWN]) {
        const ids = lane[outcome];
        const colour = theme.colour(COLOURS[outcome]);
        pen.fillStyle = outcome === UNKNOWN ? theme.pattern(pen, "rising", colour, theme.colour("ground")) : colour;
        for (
          let i = firstPlace(0, ids.length, (k) => drawn[ids[k]] >= view.from);
          i < ids.length && invoked[ids[i]] <= view.to;
        ) {
          const op = ids[i];
          if (ordered && points.length < MOST_POINTS) points.push(op, top + thick / 2);
          const a = frame.x(invoked[op]);
          const b = Math.max(frame.x(drawn[op]), a + 1);
          if (b - a < 3) {
            pen.fillRect(a, top, b - a, thick);
            if (outcome === FAIL && thick > 6) pen.clearRect(a, top + thick / 2 - 0.5, b - a, 1);
            const until = view.from + ((b - frame.left) / (frame.right - frame.left)) * view.width;
            i = Math.max(
              i + 1,
              firstPlace(i + 1, ids.length, (k) => drawn[ids[k]] > until),
            );
            continue;
          }
          this.bar(frame, op, a, b, top, thick, outcome);
          if (ended[op] === Infinity) {
            pen.beginPath();
            pen.moveTo(b, top);
            pen.lineTo(b + 5, top + thick / 2);
            pen.lineTo(b, top + thick);
            pen.fill();
          }
          i++;
        }
      }
    });
    if (points.length > 0 && points.length < MOST_POINTS) this.paintOrder(frame, points, operations.linearization!);
  }

  private bar(frame: Frame, op: number, a: number, b: number, top: number, thick: number, outcome: number): void {
    const { pen } = frame;
    const { operations } = this.stage;
    pen.fillRect(a, top, b - a - 0.5, thick);
    if (outcome !== OK) {
      // Failed: crossed out by a line; unknown: hatched, with an outline.
      pen.strokeStyle = theme.colour(outcome === FAIL ? "ground" : "unknown");
      pen.lineWidth = 1;
      if (outcome === UNKNOWN) pen.strokeRect(a + 0.5, top + 0.5, Math.max(b - a - 1.5, 1), thick - 1);
    }
    if (thick < 8 || b - a < 24) {
      if (outcome === FAIL && thick > 4) {
        pen.beginPath();
        pen.moveTo(a, top + thick / 2);
        pen.lineTo(b, top + thick / 2);
        pen.stroke();
      }
      return;
    }
    const size = Math.min(11, thick - 1);
    pen.font = font(size);
    const left = Math.max(a, frame.left);
    const space = b - left - 6;
    const { argument, result } = operations.columns;
    const value = plain(result[op] ?? argument[op]);
    const text = [
      operations.words(op, 30),
      `${operations.functionOf(op)} ${shorten(value, 20)}`,
      shorten(value, 12),
    ].find((words) => pen.measureText(words).width <= space);
    if (!text) return;
    const fill = pen.fillStyle;
    if (outcome === UNKNOWN) {
      pen.fillStyle = theme.colour("ground");
      pen.fillRect(left + 1, top + 1, pen.measureText(text).width + 5, thick - 2);
    }
    pen.fillStyle = theme.colour(outcome === OK ? "on-ok" : outcome === FAIL ? "on-fail" : "ink");
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    const middle = top + thick / 2 + 0.5;
    pen.fillText(text, left + 3, middle);
    if (outcome === FAIL) {
      pen.strokeStyle = pen.fillStyle;
      pen.beginPath();
      pen.moveTo(left + 3, middle);
      pen.lineTo(left + 3 + pen.measureText(text).width, middle);
      pen.stroke();
    }
    pen.fillStyle = fill;
  }

  /** Where operations took effect, and the order from one to the next. */
  private paintOrder(frame: Frame, points: number[], { effect, before }: Linearization): void {
    const { pen } = frame;
    const at = new Map<number, number>();
    for (let k = 0; k < points.length; k += 2) at.set(points[k], points[k + 1]);
    pen.strokeStyle = pen.fillStyle = theme.colour("ink");
    pen.lineWidth = 1;
    for (const [op, y] of at) {
      if (Number.isNaN(effect[op])) continue;
      const x = frame.x(effect[op]);
      const from = before[op] >= 0 ? at.get(before[op]) : undefined;
      if (from !== undefined) {
        pen.globalAlpha = 0.55;
        pen.beginPath();
        pen.moveTo(frame.x(effect[before[op]]), from);
        pen.lineTo(x, y);
        pen.stroke();
        pen.globalAlpha = 1;
      }
      pen.beginPath();
      pen.arc(x, y, 2.2, 0, 7);
      pen.fill();
    }
  }

  /** Where an operation's bar is: [left, right, top, height]. */
  private box(frame: Pick<Frame, "x">, op: number): [number, number, number, number] | null {
    const rows = this.rows!;
    const row = rows.rowOf(op);
    if (row < 0) return null;
    const y = row * this.rowHeight - this.top + PAD;
    if (y > this.height || y + this.rowHeight < 0) return null;
    const { operations } = this.stage;
    const lanes = rows.lanesOf(row);
    const outcome = operations.outcome[op];
    const lane = lanes.findIndex((lane) => {
      const place = firstPlace(0, lane[outcome].length, (k) => lane[outcome][k] >= op);
      return lane[outcome][place] === op;
    });
    if (lane < 0) return null;
    const tall = (this.rowHeight - 7) / lanes.length;
    const a = frame.x(operations.invoked[op]);
    return [a, Math.max(frame.x(operations.drawn[op]), a + 2), y + 3 + lane * tall, Math.max(1.5, tall - 1)];
  }

  /** A frame around an operation, so far outside of its bar; that of a failure comes with a mark above. */
  private frameOf(frame: Frame, op: number, colour: string, outside: number): void {
    const { operations, view } = this.stage;
    if (op >= operations.count || operations.invoked[op] > view.to || operations.drawn[op] < view.from) return;
    const box = this.box(frame, op);
    if (!box) return;
    const [a, b, top, height] = box;
    const { pen } = frame;
    for (const [stroke, width] of [
      ["ground", 4],
      [colour, 2],
    ] as const) {
      pen.strokeStyle = theme.colour(stroke);
      pen.lineWidth = width;
      pen.strokeRect(a - outside, top - outside, b - a + 2 * outside, height + 2 * outside);
    }
    if (colour !== "bad") return;
    pen.fillStyle = theme.colour(colour);
    pen.beginPath();
    pen.moveTo(a - 4, top - 7);
    pen.lineTo(a + 5, top - 7);
    pen.lineTo(a + 0.5, top);
    pen.fill();
  }

  private at(x: number, y: number): number | null {
    const rows = this.rows;
    if (!rows || x < GUTTER) return null;
    const row = Math.floor((y - PAD + this.top) / this.rowHeight);
    if (row < 0 || row >= rows.count) return null;
    const lanes = rows.lanesOf(row);
    const inside = y - PAD + this.top - row * this.rowHeight - 3;
    const n = Math.min(lanes.length - 1, Math.max(0, Math.floor((inside / (this.rowHeight - 7)) * lanes.length)));
    const { operations } = this.stage;
    const ns = this.time(x);
    const slack = Math.abs(this.time(x + 3) - ns);
    let best: number | null = null;
    let least = slack;
    for (const ids of lanes[n]) {
      const place = firstPlace(0, ids.length, (k) => operations.drawn[ids[k]] >= ns);
      for (const op of [ids[place - 1], ids[place]]) {
        if (op === undefined) continue;
        const away = Math.max(operations.invoked[op] - ns, ns - operations.drawn[op], 0);
        if (away < least || (away === least && this.failing.has(op))) {
          least = away;
          best = op;
        }
      }
    }
    return best;
  }

  protected hover(x: number, y: number): Child {
    const op = this.at(x, y);
    if (op === null) {
      const row = Math.floor((y - PAD + this.top) / this.rowHeight);
      return x < GUTTER && this.rows && row < this.rows.count
        ? `${this.rows.name(row)}: ${this.rows.size(row)} operations`
        : null;
    }
    const { operations, view } = this.stage;
    const took =
      operations.ended[op] < Infinity
        ? `took ${view.clock.span(operations.ended[op] - operations.invoked[op])}`
        : "never ended";
    return [
      h("strong", {}, operations.words(op)),
      h("div", {}, `operation ${op}, process ${operations.processOf(op)}, ${operations.outcomeWords(op)}`),
      h("div", {}, `invoked at ${view.clock.at(operations.invoked[op])}, ${took}`),
      this.failing.has(op) && h("div", { class: "bad" }, "▼ takes part in a failure"),
    ];
  }

  protected override pick(x: number, y: number): { at: number; op: number | null } | null {
    const op = this.at(x, y);
    return op === null ? null : { at: this.stage.operations.invoked[op], op };
  }
}
