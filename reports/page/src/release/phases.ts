import { h, s, type Child } from "../base/dom";
import { count, counted, duration } from "../base/text";
import type { Phase, Release } from "../release";
import { grid, rows } from "./grid";
import { absent, remark } from "./parts";

const MARKS = [
  { name: "p50", of: "p50_ns" },
  { name: "p95", of: "p95_ns" },
  { name: "p99", of: "p99_ns" },
  { name: "max", of: "max_ns" },
] as const;

/** What the time of failovers goes into: a histogram each, and the same as a table. */
export function phases({ phases }: Release): Child {
  if (phases.length === 0) return absent("These results have no times of failovers.");
  return [
    remark("Simulated time, over all failovers of all runs."),
    h(
      "div",
      { class: "histograms", "data-key": "histograms" },
      phases.map((phase) =>
        h(
          "figure",
          { "data-key": phase.name },
          h("figcaption", {}, h("strong", {}, phase.name), phase.what && `: ${phase.what}`),
          phase.count === 0 || phase.buckets.length === 0 ? absent("It was never measured.") : histogram(phase),
        ),
      ),
    ),
    grid(
      "Times of failovers",
      [
        "Phase",
        "From what to what",
        { name: "Count", numeric: true },
        ...MARKS.map(({ name }) => ({ name, numeric: true })),
      ],
      rows(
        phases.map((phase) => ({
          key: phase.name,
          cells: [
            phase.name,
            phase.what,
            count(phase.count),
            ...MARKS.map(({ of }) => (phase.count === 0 ? "none" : duration(phase[of]))),
          ],
        })),
      ),
      "phase-table",
    ),
  ];
}

const WIDTH = 560;
const HEIGHT = 230;
const LABEL = 14;
// Marks are labelled to their right, each in a line of its own, so no label meets another or another's mark.
const AREA = { left: 46, right: WIDTH - 100, top: 8 + MARKS.length * LABEL, bottom: HEIGHT - 40 };

interface Pile {
  left: number;
  width: number;
  n: number;
}

const PILES = 46;
const PILE = (AREA.right - AREA.left) / PILES;
const NARROW = 4;

/** Buckets as they are, or, where they are too narrow to be seen, what falls on each of equally wide piles. */
function piled({ buckets }: Phase, x: Scale): Pile[] {
  const drawn = buckets.map(([from, to, n]) => ({ left: x.at(from), width: x.at(to) - x.at(from), n }));
  if (drawn.every(({ width }) => width >= NARROW)) return drawn;
  const piles = Array.from({ length: PILES }, (_, i) => ({ left: AREA.left + i * PILE, width: PILE, n: 0 }));
  for (const { left, width, n } of drawn) {
    // Shared among the piles that it reaches over: put into one of them, buckets that are about as wide would beat.
    const first = Math.min(PILES - 1, Math.floor((left - AREA.left) / PILE));
    const last = Math.min(PILES - 1, Math.floor((left + width - AREA.left) / PILE));
    for (let i = first; i <= last; i++) {
      const over = Math.min(left + width, piles[i].left + PILE) - Math.max(left, piles[i].left);
      piles[i].n += first === last ? n : (n * over) / width;
    }
  }
  return piles;
}

function histogram(phase: Phase): Child {
  const x = scale(phase);
  const piles = piled(phase, x);
  const most = Math.max(1, ...piles.map(({ n }) => n));
  const y = (n: number) => AREA.bottom - (n / most) * (AREA.bottom - AREA.top);
  const words = MARKS.map(({ name, of }) => `${name} ${duration(phase[of])}`).join(", ");
  return s(
    "svg",
    {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      class: "histogram",
      role: "img",
      "aria-label": `Histogram of ${phase.name}: ${counted(phase.count, "value")}; ${words}. The table below has the numbers.`,
    },
    [most, most / 2].map((n) => [
      s("path", { class: "line", d: `M${AREA.left} ${y(n)}H${AREA.right}` }),
      (Number.isInteger(n) || n > 10) &&
        s("text", { x: AREA.left - 6, y: y(n), dy: "0.35em", "text-anchor": "end" }, count(Math.round(n))),
    ]),
    piles.map(({ left, width, n }) => {
      if (n === 0) return null;
      // A single value must still be seen beside thousands.
      const height = Math.max(n < 0.5 ? 0 : 1.5, AREA.bottom - y(n));
      return s("rect", { class: "pile", x: left, width: width - 1, y: AREA.bottom - height, height, "data-count": n });
    }),
    s("path", { class: "axis", d: `M${AREA.left} ${AREA.bottom}H${AREA.right}` }),
    x.ticks.map((ns) => [
      s("path", { class: "axis", d: `M${x.at(ns)} ${AREA.bottom}v4` }),
      s("text", { x: x.at(ns), y: AREA.bottom + 18, "text-anchor": "middle" }, duration(ns)),
    ]),
    s(
      "text",
      { x: (AREA.left + AREA.right) / 2, y: HEIGHT - 5, "text-anchor": "middle" },
      x.logarithmic ? "time, logarithmic" : "time, linear",
    ),
    MARKS.map(({ name, of }, i) => {
      const at = x.at(phase[of]);
      const high = 4 + i * LABEL;
      return s(
        "g",
        { class: `mark ${name}` },
        s("path", { d: `M${at} ${high}V${AREA.bottom}` }),
        s("text", { x: at + 4, y: high + 9 }, `${name} ${duration(phase[of])}`),
      );
    }),
  );
}

interface Scale {
  at(ns: number): number;
  ticks: number[];
  logarithmic: boolean;
}

/** Logarithmic where the buckets are: those that grow are meant to be drawn alike wide. */
function scale({ buckets, max_ns }: Phase): Scale {
  const first = buckets[0];
  const last = buckets[buckets.length - 1];
  const high = Math.max(last[1], max_ns, first[0] + 1);
  const low = Math.max(first[0], Math.min(first[1], high) / 2, 1);
  const logarithmic = last[1] - last[0] > 1.5 * (first[1] - first[0]) && high / low >= 2;
  const from = logarithmic ? low : first[0];
  const place = logarithmic
    ? (ns: number) => Math.log(Math.max(ns, from) / from) / Math.log(high / from)
    : (ns: number) => (ns - from) / (high - from);
  const at = (ns: number) => AREA.left + Math.min(1, Math.max(0, place(ns))) * (AREA.right - AREA.left);
  return { at, logarithmic, ticks: logarithmic ? logTicks(from, high, at) : linearTicks(from, high) };
}

const MOST_TICKS = 7;
const TICK_ROOM = 54;

function logTicks(from: number, to: number, at: (ns: number) => number): number[] {
  let ticks: number[] = [];
  for (const steps of [[1, 1.5, 2, 3, 4, 5, 7], [1, 2, 5], [1, 3], [1]]) {
    ticks = [];
    for (let power = 10 ** Math.floor(Math.log10(from)); power <= to; power *= 10)
      for (const step of steps) if (step * power >= from && step * power <= to) ticks.push(step * power);
    if (ticks.every((tick, i) => i === 0 || at(tick) - at(ticks[i - 1]) >= TICK_ROOM)) return ticks;
  }
  const every = Math.ceil(ticks.length / MOST_TICKS);
  return ticks.filter((_, i) => i % every === 0);
}

function linearTicks(from: number, to: number): number[] {
  const rough = Math.max(1, (to - from) / (MOST_TICKS - 1));
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough)! * power;
  const ticks: number[] = [];
  for (let n = Math.ceil(from / step); n * step <= to; n++) ticks.push(n * step);
  return ticks;
}
