import { firstPlace } from "../base/bisect";
import { h, type Child } from "../base/dom";
import { counted } from "../base/text";
import type { Messages } from "../report";
import { clipped, grid, TimeCanvas, type Frame } from "./canvas";
import { lineSample } from "./samples";
import { GUTTER, type Stage } from "./stage";
import { font, theme } from "./theme";

const LANE = 34;
const MOST = 2500;
const MOST_LABELLED = 40;
const STYLES = [
  { colour: "series-1", dash: [] },
  { colour: "series-2", dash: [6, 3] },
  { colour: "series-3", dash: [2, 3] },
  { colour: "series-4", dash: [9, 3, 2, 3] },
  { colour: "series-5", dash: [4, 2] },
];

/** A Lamport diagram: a line per host, an arrow per message from where and when it was sent to where and when it arrived. */
export class MessageDiagram extends TimeCanvas {
  private readonly list: Messages["list"];
  private readonly longest: number;
  private readonly hidden = new Set<number>();

  constructor(
    stage: Stage,
    private readonly messages: Messages,
  ) {
    super(
      stage,
      `Messages between ${messages.hosts.join(", ")}: ${counted(messages.list.length, "message")} from ${stage.view.clock.at(messages.from_ns)} to ${stage.view.clock.at(messages.to_ns)}.`,
      messages.hosts.length * LANE + 8,
    );
    this.list = [...messages.list].sort((a, b) => a[0] - b[0]);
    let longest = 0;
    for (const [sent, arrived] of this.list) if (arrived !== null) longest = Math.max(longest, arrived - sent);
    this.longest = longest;
  }

  toggle(kind: number, shown: boolean): void {
    if (shown) this.hidden.delete(kind);
    else this.hidden.add(kind);
    this.redraw();
  }

  private lane(host: number): number {
    return host * LANE + LANE / 2 + 4;
  }

  private bounds(): [number, number] {
    const { view } = this.stage;
    const { list } = this;
    return [
      firstPlace(0, list.length, (i) => list[i][0] >= view.from - this.longest),
      firstPlace(0, list.length, (i) => list[i][0] > view.to),
    ];
  }

  protected paint(frame: Frame): void {
    const { pen } = frame;
    const { messages, list } = this;
    const { view } = this.stage;
    pen.font = font(12, 600);
    pen.textBaseline = "middle";
    pen.textAlign = "left";
    messages.hosts.forEach((name, host) => {
      pen.fillStyle = theme.colour("ink");
      pen.fillText(name, 2, this.lane(host), GUTTER - 10);
    });
    clipped(frame, () => {
      grid(frame, this.stage);
      pen.strokeStyle = theme.colour("faint");
      messages.hosts.forEach((_, host) => {
        pen.beginPath();
        pen.moveTo(frame.left, this.lane(host));
        pen.lineTo(frame.right, this.lane(host));
        pen.stroke();
      });
      const [a, b] = [frame.x(messages.from_ns), frame.x(messages.to_ns)];
      pen.fillStyle = theme.pattern(pen, "rising", theme.colour("rule"));
      pen.fillRect(frame.left, 0, Math.min(a, frame.right) - frame.left, frame.height);
      pen.fillRect(Math.max(b, frame.left), 0, frame.right - Math.max(b, frame.left), frame.height);

      const [first, last] = this.bounds();
      if (b < frame.left || a > frame.right)
        this.note(
          frame,
          `Messages are listed from ${view.clock.at(messages.from_ns)} to ${view.clock.at(messages.to_ns)} only.`,
        );
      else if (last - first > MOST) {
        this.density(frame, first, last);
        this.note(frame, `${counted(last - first, "message")} in this window: zoom in to see each.`);
      } else for (let i = first; i < last; i++) this.arrow(frame, list[i], last - first < MOST_LABELLED);
    });
  }

  private note(frame: Frame, text: string): void {
    const { pen } = frame;
    pen.font = font(13);
    const width = pen.measureText(text).width;
    const x = (frame.left + frame.right - width) / 2;
    const y = frame.height / 2;
    pen.fillStyle = theme.colour("ground");
    pen.fillRect(x - 10, y - 14, width + 20, 28);
    pen.fillStyle = theme.colour("ink");
    pen.fillText(text, x, y);
  }

  private density(frame: Frame, first: number, last: number): void {
    const columns = Math.ceil((frame.right - frame.left) / 3);
    const counts = new Uint32Array(columns * this.messages.hosts.length);
    let most = 1;
    for (let i = first; i < last; i++) {
      const [sent, , from, , kind] = this.list[i];
      const column = Math.floor((frame.x(sent) - frame.left) / 3);
      if (column < 0 || column >= columns || this.hidden.has(kind)) continue;
      most = Math.max(most, ++counts[from * columns + column]);
    }
    frame.pen.fillStyle = theme.colour("series-1");
    this.messages.hosts.forEach((_, host) => {
      for (let column = 0; column < columns; column++) {
        const tall = (counts[host * columns + column] / most) * (LANE - 8);
        if (tall > 0) frame.pen.fillRect(frame.left + column * 3, this.lane(host) - tall, 2.5, tall);
      }
    });
  }

  private arrow(frame: Frame, [sent, arrived, from, to, kind]: Messages["list"][number], labelled: boolean): void {
    if (this.hidden.has(kind)) return;
    const { pen } = frame;
    const style = STYLES[kind % STYLES.length];
    const x1 = frame.x(sent);
    const y1 = this.lane(from);
    const lost = arrived === null;
    // A message that never arrived goes half the way, and ends in a cross.
    const x2 = lost ? x1 + 10 : frame.x(arrived);
    const y2 = lost ? y1 + (this.lane(to) - y1) * 0.5 : this.lane(to);
    pen.strokeStyle = pen.fillStyle = theme.colour(lost ? "bad" : style.colour);
    pen.lineWidth = 1.3;
    pen.setLineDash(style.dash);
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
    pen.stroke();
    pen.setLineDash([]);
    if (lost) {
      pen.lineWidth = 2;
      pen.beginPath();
      pen.moveTo(x2 - 3, y2 - 3);
      pen.lineTo(x2 + 3, y2 + 3);
      pen.moveTo(x2 + 3, y2 - 3);
      pen.lineTo(x2 - 3, y2 + 3);
      pen.stroke();
    } else {
      const angle = Math.atan2(y2 - y1, x2 - x1);
      pen.beginPath();
      pen.moveTo(x2, y2);
      pen.lineTo(x2 - 7 * Math.cos(angle - 0.35), y2 - 7 * Math.sin(angle - 0.35));
      pen.lineTo(x2 - 7 * Math.cos(angle + 0.35), y2 - 7 * Math.sin(angle + 0.35));
      pen.fill();
    }
    if (!labelled) return;
    pen.font = font(10);
    pen.fillText(this.messages.kinds[kind] ?? "", (x1 + x2) / 2 + 6, (y1 + y2) / 2);
  }

  protected hover(x: number, y: number): Child {
    const [first, last] = this.bounds();
    if (x < GUTTER || last - first > MOST) return null;
    let best: Messages["list"][number] | null = null;
    let least = 8;
    for (let i = first; i < last; i++) {
      const message = this.list[i];
      const [sent, arrived, from, to, kind] = message;
      if (this.hidden.has(kind)) continue;
      const x1 = this.stage.x(this.element, sent);
      const x2 = arrived === null ? x1 + 10 : this.stage.x(this.element, arrived);
      const [y1, y2] = [this.lane(from), this.lane(to)];
      const length = (x2 - x1) ** 2 + (y2 - y1) ** 2 || 1;
      const part = Math.max(
        0,
        Math.min(arrived === null ? 0.5 : 1, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length),
      );
      const away = Math.hypot(x - x1 - part * (x2 - x1), y - y1 - part * (y2 - y1));
      if (away < least) {
        least = away;
        best = message;
      }
    }
    if (!best) return null;
    const [sent, arrived, from, to, kind] = best;
    const { clock } = this.stage.view;
    const { hosts, kinds } = this.messages;
    return [
      h("strong", {}, `${kinds[kind]} from ${hosts[from]} to ${hosts[to]}`),
      h(
        "div",
        {},
        `sent at ${clock.at(sent, 1e3)}, ${arrived === null ? "never arrived" : `arrived ${clock.span(arrived - sent)} later`}`,
      ),
    ];
  }
}

/** Which kinds of messages are drawn, and how. */
export function kindBoxes(diagram: MessageDiagram, messages: Messages): Child {
  return h(
    "div",
    { class: "legend controls", role: "group", "aria-label": "Kinds of messages" },
    messages.kinds.map((name, kind) => {
      const style = STYLES[kind % STYLES.length];
      const box = h("input", { type: "checkbox", checked: true });
      box.addEventListener("change", () => diagram.toggle(kind, box.checked));
      return h("label", {}, box, lineSample(style.colour, style.dash, 2), name);
    }),
  );
}
