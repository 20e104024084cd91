import { h, s, wideTable, type Child } from "../base/dom";
import { counted, list } from "../base/text";
import { valueAt } from "../model/spans";
import type { Fault, Host, Report, Span } from "../report";
import { bandWords, paintBand, type Band } from "./band";
import { clipped, grid, TimeCanvas, type Frame } from "./canvas";
import { familyColour, LEGEND, LOOKS } from "./looks";
import { GUTTER, type Stage } from "./stage";
import { font, theme } from "./theme";

const FAULT_ROWS = 5;
const QUANTITIES = ["role", "gate", "lease", "database", "machine"] as const;

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
  private readonly bands: { band: Band; who: string; quantity: string }[] = [];
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
      this.bands.push({ band: this.generations(y), who: "", quantity: "generation" });
      y += 24;
    }
    const rows = Math.min(FAULT_ROWS, stackFaults(report.faults, report.end_ns).rows);
    this.brackets = stackFaults(report.faults, report.end_ns).placed.map(({ fault, row, room }) => ({
      fault,
      y: y + row * 18,
      room,
    }));
    if (rows > 0) this.labels.push({ y: y + 9, text: "faults", strong: false });
    y += rows * 18 + (rows > 0 ? 6 : 0);
    if (report.unavailable.length > 0) {
      this.labels.push({ y: y + 8, text: "no writes", strong: false });
      this.bands.push({ band: this.outages(y), who: "", quantity: "" });
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
        who: host.name,
        quantity,
        band: {
          y: below,
          height,
          spans: host[quantity],
          look: LOOKS[quantity],
          words: ([from, to, value]) =>
            `${host.name}: ${quantity === "role" ? "" : `${quantity} `}${value} from ${clock.at(from)} to ${clock.at(to)}, for ${clock.span(to - from)}`,
        },
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
      for (const { band } of this.bands) paintBand(frame, band, view.from, view.to);
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
        [a + 6, b - 3],
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
    for (const { band } of this.bands)
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

export function describeFault(stage: Stage, fault: Fault): Child[] {
  const { clock } = stage.view;
  const time =
    fault.to_ns === null
      ? `from ${clock.at(fault.from_ns)}, never healed`
      : fault.to_ns === fault.from_ns
        ? `at ${clock.at(fault.from_ns)}`
        : `from ${clock.at(fault.from_ns)} to ${clock.at(fault.to_ns)}, for ${clock.span(fault.to_ns - fault.from_ns)}`;
  return [
    h("strong", {}, fault.what),
    h("div", {}, `${fault.family} fault ${time}${fault.hosts.length > 0 ? `; hit ${list(fault.hosts)}` : ""}`),
    fault.cut && matrix(fault.cut),
  ];
}

/** Who does not hear whom: a row for who hears, a column for who speaks. */
function matrix(cut: [string, string][]): Child {
  const names = [...new Set(cut.flat())].sort();
  const pairs = new Set(cut.map(([from, to]) => `${from}\n${to}`));
  return h(
    "table",
    { class: "matrix" },
    h("caption", {}, "who does not hear whom (×): rows hear, columns speak"),
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        h("td"),
        names.map((name) => h("th", { scope: "col" }, name)),
      ),
    ),
    h(
      "tbody",
      {},
      names.map((to) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, to),
          names.map((from) =>
            from === to
              ? h("td", { class: "same" }, "–")
              : pairs.has(`${from}\n${to}`)
                ? h("td", { class: "deaf" }, "×")
                : h("td", {}, "hears"),
          ),
        ),
      ),
    ),
  );
}

function stackFaults(
  faults: Fault[],
  end: number,
): { rows: number; placed: { fault: Fault; row: number; room: number }[] } {
  const free: number[] = [];
  const last: number[] = [];
  const placed: { fault: Fault; row: number; room: number }[] = [];
  for (const fault of [...faults].sort((a, b) => a.from_ns - b.from_ns)) {
    let row = free.findIndex((ns) => ns <= fault.from_ns);
    if (row < 0) row = free.length < FAULT_ROWS ? free.length : FAULT_ROWS - 1;
    if (last[row] !== undefined) placed[last[row]].room = fault.from_ns;
    last[row] = placed.length;
    free[row] = Math.max(free[row] ?? 0, fault.to_ns ?? end, fault.from_ns + end / 40);
    placed.push({ fault, row, room: end });
  }
  return { rows: free.length, placed };
}

function summary(report: Report): string {
  const peers = report.hosts.filter((host) => host.kind === "peer");
  return `${counted(peers.length, "peer")}, ${counted(report.generations.length, "generation")}, ${counted(report.faults.length, "fault")}, ${counted(report.unavailable.length, "time")} without an acknowledged write.`;
}

/** What colours and patterns mean. */
export function legend(): Child {
  return h(
    "div",
    { class: "legend" },
    LEGEND.map(({ name, values }) =>
      h(
        "span",
        {},
        h("b", {}, name),
        values.map(([value, look]) =>
          h("span", {}, swatch(look.hollow ? "hollow" : (look.pattern ?? "solid"), look.fill), value),
        ),
      ),
    ),
  );
}

function swatch(pattern: string, fill: string): Child {
  const colour = `var(--${fill})`;
  const lines = {
    rising: "M-1 9 9 -1M4 14 19 -1",
    falling: "M-1 3 8 12M4 -2 18 12",
    dots: "M2 3h2M8 3h2M14 3h2M2 8h2M8 8h2M14 8h2",
  }[pattern];
  return s(
    "svg",
    { width: 16, height: 10, viewBox: "0 0 16 10", "aria-hidden": "true" },
    s("rect", { x: 0.5, y: 0.5, width: 15, height: 9, fill: pattern === "solid" ? colour : "none", stroke: colour }),
    lines && s("path", { d: lines, stroke: colour, "stroke-width": 1.5, fill: "none" }),
  );
}

const MOST_ROWS = 400;

/** The timeline in words, for who cannot see it. */
export function timelineTables(stage: Stage): Child[] {
  const { report, view } = stage;
  const { clock } = view;
  const until = (ns: number | null) => (ns === null ? "the end" : clock.at(ns));
  const spans = report.hosts.flatMap((host) =>
    QUANTITIES.flatMap((quantity) =>
      host[quantity].map(([from, to, value]) => [host.name, quantity, value, clock.at(from), clock.at(to)]),
    ),
  );
  return [
    report.generations.length > 0 &&
      wideTable(
        "Generations",
        ["generation", "primary", "sync", "declared", "gate opened", "why"],
        report.generations.map((g) => [
          g.generation,
          g.primary,
          g.sync,
          clock.at(g.from_ns),
          g.opened_ns === null ? "never" : clock.at(g.opened_ns),
          g.why,
        ]),
      ),
    report.faults.length > 0 &&
      wideTable(
        "Faults",
        ["fault", "family", "from", "to", "hosts"],
        report.faults
          .slice(0, MOST_ROWS)
          .map((f) => [f.what, f.family, clock.at(f.from_ns), until(f.to_ns), list(f.hosts)]),
      ),
    report.unavailable.length > 0 &&
      wideTable(
        "Times without an acknowledged write",
        ["from", "to", "for"],
        report.unavailable
          .slice(0, MOST_ROWS)
          .map(([from, to]) => [clock.at(from), clock.at(to), clock.span(to - from)]),
      ),
    spans.length > 0 && wideTable("Hosts", ["host", "what", "value", "from", "to"], spans.slice(0, MOST_ROWS)),
    spans.length > MOST_ROWS && h("p", {}, `${counted(spans.length - MOST_ROWS, "more span")} are in report.json.`),
  ];
}
