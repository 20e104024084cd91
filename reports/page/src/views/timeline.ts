import type { Child } from "../base/dom";
import { counted } from "../base/text";
import { valueAt } from "../model/spans";
import type { Fault, Host, Report, Span } from "../report";
import { bandWords, paintBand, type Band } from "./band";
import { clipped, grid, TimeCanvas, type Frame } from "./canvas";
import { describeFault, stackFaults } from "./faults";
import { familyColour, LOOKS, QUANTITIES } from "./looks";
import { GUTTER, type Stage } from "./stage";
import { font, theme } from "./theme";

interface Label {
  y: number;
  text: string;
  strong: boolean;
}

interface Bracket {
  fault: Fault;
  y: number;
  /** Where the next one of its row begins. */
  room: number;
}

/** A lane per host: roles and what they rest on; above all of them generations, faults, and where nobody could write. */
export class Timeline extends TimeCanvas {
  private readonly labels: Label[] = [];
  private readonly bands: Band[] = [];
  private readonly lanes: { host: Host; y: number; height: number }[] = [];
  private readonly brackets: Bracket[];
  private readonly report: Report;

  constructor(stage: Stage) {
    super(stage, `The cluster's timeline. ${summary(stage.report)} The same as tables is below.`, 0);
    const { report } = stage;
    this.report = report;
    let y = 4;

    if (report.generations.length > 0) {
      this.labels.push({ y: y + 9, text: "generation", strong: false });
      this.bands.push(this.generations(y));
      y += 24;
    }
    const { rows, placed } = stackFaults(report.faults, report.end_ns);
    this.brackets = placed.map(({ fault, row, room }) => ({
      fault,
      y: y + row * 18,
      room,
    }));
    if (rows > 0) this.labels.push({ y: y + 9, text: "faults", strong: false });
    y += rows * 18 + (rows > 0 ? 6 : 0);
    if (report.unavailable.length > 0) {
      this.labels.push({ y: y + 8, text: "no writes", strong: false });
      this.bands.push(this.outages(y));
      y += 22;
    }
    for (const host of report.hosts) y = this.lane(host, y);
    this.height = y + 2;
  }

  private generations(y: number): Band {
    const { generations, end_ns } = this.stage.report;
    const spans = generations.map((generation, i): Span => [
      generation.from_ns,
      i + 1 < generations.length ? generations[i + 1].from_ns : end_ns,
      String(i),
    ]);
    const { clock } = this.stage.view;
    return {
      y,
      height: 18,
      spans,
      look: (value) => {
        const { generation, primary, sync, opened_ns } = generations[Number(value)];
        const label = `${generation}: ${primary}${sync ? `, sync ${sync}` : ""}`;
        return opened_ns === null
          ? { fill: "faint", pattern: "falling", label }
          : { fill: Number(value) % 2 ? "generation-odd" : "generation-even", label };
      },
      words: ([, , value]) => {
        const { generation, primary, sync, from_ns, opened_ns, why } = generations[Number(value)];
        const opened = opened_ns === null ? "its gate never opened" : `its gate opened first at ${clock.at(opened_ns)}`;
        return `Generation ${generation} from ${clock.at(from_ns)}: ${primary} is primary${sync ? `, ${sync} its sync` : ""}; ${opened}. ${why}`;
      },
    };
  }

  private outages(y: number): Band {
    const { clock } = this.stage.view;
    return {
      y,
      height: 16,
      spans: this.stage.report.unavailable.map(([from, to]): Span => [from, to, clock.span(to - from)]),
      look: (value) => ({ fill: "outage", text: "on-outage", label: value }),
      words: ([from, to]) =>
        `No write was acknowledged from ${clock.at(from)} to ${clock.at(to)}, for ${clock.span(to - from)}`,
    };
  }

  private lane(host: Host, y: number): number {
    const { clock } = this.stage.view;
    const shown = QUANTITIES.filter((quantity) => host[quantity].length > 0);
    if (host.kind !== "store" && shown.length === 0) return y;
    const top = y + 4;
    let below = top;
    const quantities = host.kind === "store" ? QUANTITIES.filter((q) => q === "role" || host[q].length > 0) : shown;
    for (const quantity of quantities) {
      const height = quantity === "role" ? 18 : 11;
      this.labels.push({
        y: below + height / 2,
        text: quantity === "role" ? host.name : quantity,
        strong: quantity === "role",
      });
      this.bands.push({
        y: below,
        height,
        spans: host[quantity],
        look: LOOKS[quantity],
        words: ([from, to, value]) =>
          `${host.name}: ${quantity === "role" ? "" : `${quantity} `}${value} from ${clock.at(from)} to ${clock.at(to)}, for ${clock.span(to - from)}`,
      });
      below += height + 2;
    }
    if (!shown.includes("role") && host.kind !== "store")
      this.labels.push({ y: top + 9, text: host.name, strong: true });
    this.lanes.push({ host, y: top, height: below - top });
    return below + 4;
  }

  protected paint(frame: Frame): void {
    const { pen } = frame;
    const { view } = this.stage;
    const { report } = this;
    pen.strokeStyle = theme.colour("rule");
    for (const lane of this.lanes) {
      pen.beginPath();
      pen.moveTo(0, lane.y - 3.5);
      pen.lineTo(frame.right, lane.y - 3.5);
      pen.stroke();
    }
    for (const label of this.labels) {
      pen.font = label.strong ? font(13, 600) : font(10.5);
      pen.fillStyle = theme.colour(label.strong ? "ink" : "soft");
      pen.textBaseline = "middle";
      pen.textAlign = label.strong ? "left" : "right";
      pen.fillText(label.text, label.strong ? 2 : GUTTER - 8, label.y + 0.5, GUTTER - 10);
    }
    pen.textAlign = "left";

    clipped(frame, () => {
      grid(frame, this.stage);
      const bottom = this.height;
      for (const [from, to] of report.unavailable) {
        if (to < view.from || from > view.to) continue;
        const a = frame.x(from);
        pen.fillStyle = theme.colour("outage-shade");
        pen.fillRect(a, this.lanes[0]?.y ?? 0, Math.max(frame.x(to) - a, 1), bottom);
      }
      for (const band of this.bands) paintBand(frame, band, view.from, view.to);
      for (const lane of this.lanes)
        for (const [from, to] of lane.host.machine) {
          if (to < view.from || from > view.to) continue;
          pen.fillStyle = theme.colour("off-shade");
          pen.fillRect(frame.x(from), lane.y - 2, Math.max(frame.x(to) - frame.x(from), 1), lane.height + 2);
        }
      for (const bracket of this.brackets) this.bracket(frame, bracket);
    });
  }

  private bracket(frame: Frame, { fault, y, room }: Bracket): void {
    const { pen } = frame;
    const { view } = this.stage;
    const end = fault.to_ns ?? this.report.end_ns;
    if (fault.from_ns > view.to || Math.max(end, room) < view.from) return;
    const a = frame.x(fault.from_ns);
    const b = frame.x(end);
    const colour = theme.colour(familyColour(fault.family));
    pen.strokeStyle = pen.fillStyle = colour;
    pen.lineWidth = 2;
    pen.beginPath();
    if (end === fault.from_ns) {
      pen.moveTo(a - 4, y + 2);
      pen.lineTo(a + 4, y + 2);
      pen.lineTo(a, y + 15);
      pen.fill();
    } else {
      pen.moveTo(a, y + 16);
      pen.lineTo(a, y + 2);
      pen.lineTo(b, y + 2);
      if (fault.to_ns !== null) pen.lineTo(b, y + 16);
      pen.stroke();
    }
    this.bracketLabel(frame, fault, Math.max(a, frame.left), b, Math.min(frame.x(room), frame.right), y + 10.5);

    // On the hosts that it hit, its bracket is repeated as a stroke.
    pen.fillStyle = colour;
    for (const lane of this.lanes)
      if (fault.hosts.includes(lane.host.name)) pen.fillRect(a, lane.y - 3, Math.max(b - a, 2), 2.5);
  }

  /** Inside the bracket if it fits there, or else after it. */
  private bracketLabel({ pen }: Frame, fault: Fault, a: number, b: number, room: number, y: number): void {
    pen.font = font(11);
    pen.fillStyle = theme.colour("ink");
    pen.textBaseline = "middle";
    for (const text of [fault.what, fault.kind])
      for (const [left, right] of [
        [a + 6, Math.min(b, room) - 3],
        [b + 5, room - 3],
      ])
        if (pen.measureText(text).width <= right - left) {
          pen.fillText(text, left, y);
          return;
        }
  }

  protected hover(x: number, y: number): Child {
    const ns = this.time(x);
    const { view } = this.stage;
    const slack = view.width / 300;
    for (const { fault, y: top } of this.brackets) {
      const end = fault.to_ns ?? this.report.end_ns;
      if (y >= top && y < top + 18 && ns >= fault.from_ns - slack && ns <= end + slack)
        return describeFault(this.stage, fault);
    }
    if (x < GUTTER) return null;
    for (const band of this.bands)
      if (y >= band.y - 1 && y < band.y + band.height + 1) {
        const words = bandWords(band, ns, slack);
        if (words) return words;
      }
    const lane = this.lanes.find((lane) => y >= lane.y && y < lane.y + lane.height);
    return lane ? `${lane.host.name} at ${view.clock.at(ns, view.width / 1000)}: ${stateWords(lane.host, ns)}` : null;
  }
}

/** What a host was at a moment: "primary, gate open, lease held, database primary". */
function stateWords(host: Host, ns: number): string {
  const words = QUANTITIES.map((quantity) => {
    const value = valueAt(host[quantity], ns);
    return value && (quantity === "role" ? value : `${quantity} ${value}`);
  }).filter((word) => word !== "");
  return words.length > 0 ? words.join(", ") : "nothing known";
}

function summary(report: Report): string {
  const peers = report.hosts.filter((host) => host.kind === "peer");
  return `${counted(peers.length, "peer")}, ${counted(report.generations.length, "generation")}, ${counted(report.faults.length, "fault")}, ${counted(report.unavailable.length, "time")} without an acknowledged write.`;
}
