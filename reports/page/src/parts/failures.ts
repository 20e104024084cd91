import { h, s, type Child } from "../base/dom";
import { count, counted, shorten } from "../base/text";
import type { Failure } from "../report";
import { momentLink, operationLink, section, type Context } from "./context";

const MOST_LINKS = 40;

export function failures(context: Context): HTMLElement | null {
  const { report } = context;
  if (report.failures.length === 0 && report.more_failures === 0) return null;
  return section(
    "failures",
    report.failures.length === 1 ? "The failure" : "Failures",
    report.failures.map((failure, n) => failureArticle(context, failure, n)),
    report.more_failures > 0 &&
      h(
        "p",
        {},
        `${counted(report.more_failures, "more failure")} of this kind or others ${report.more_failures === 1 ? "is" : "are"} in the history but not on this page.`,
      ),
  );
}

function failureArticle(context: Context, failure: Failure, n: number): HTMLElement {
  const { operations } = failure;
  return h(
    "article",
    { class: "failure", id: `failure-${n + 1}` },
    h("h3", {}, h("span", { class: "kind" }, "✕ ", failure.kind), " ", failure.message),
    h(
      "p",
      { class: "facts" },
      failure.at_ns !== null && ["At ", momentLink(context, failure.at_ns), operations.length > 0 && " · "],
      operations.slice(0, MOST_LINKS).map((op, i) => [i > 0 && ", ", operationLink(context, op)]),
      operations.length > MOST_LINKS && ` and ${count(operations.length - MOST_LINKS)} more`,
    ),
    steps(context, failure),
    failure.cycle && failure.cycle.length > 0 && cycle(context, failure.cycle),
  );
}

/** Why it is a failure, step by step. */
export function steps(context: Context, failure: Failure): Child {
  if (failure.steps.length === 0) return null;
  return h(
    "ol",
    { class: "steps" },
    failure.steps.map(({ operation, words }) =>
      h("li", {}, words, operation !== null && [" ", operationLink(context, operation, `(operation ${operation})`)]),
    ),
  );
}

type Edge = NonNullable<Failure["cycle"]>[number];

/** The anomaly's cycle as a drawing, and each edge of it in words. */
function cycle(context: Context, edges: Edge[]): Child {
  const nodes = [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
  const width = 640;
  const radius = { x: 190, y: Math.min(190, 60 + 18 * nodes.length) };
  const middle = { x: width / 2, y: radius.y + 30 };
  const place = (node: number) => {
    const angle = (nodes.indexOf(node) / nodes.length) * 2 * Math.PI - Math.PI / 2;
    return { x: middle.x + Math.cos(angle) * radius.x, y: middle.y + Math.sin(angle) * radius.y };
  };
  const half = { x: 105, y: 19 };
  const height = Math.max(...nodes.map((node) => place(node).y)) + half.y + (nodes.length < 4 ? 24 : 12);
  const arrow = (edge: Edge) => {
    const [a, b] = [place(edge.from), place(edge.to)];
    // Bowed away from the middle, so that two edges between the same two do not lie on one another.
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const length = Math.hypot(dx, dy) || 1;
    const bow = nodes.length < 3 ? 46 : 22;
    const control = { x: (a.x + b.x) / 2 + (dy / length) * bow, y: (a.y + b.y) / 2 - (dx / length) * bow };
    const edgeOf = (center: { x: number; y: number }, gap: number) => {
      const [ux, uy] = [control.x - center.x, control.y - center.y];
      const part = Math.min(half.x / Math.abs(ux || 1e-9), half.y / Math.abs(uy || 1e-9));
      const size = Math.hypot(ux, uy) || 1;
      return { x: center.x + ux * part + (ux / size) * gap, y: center.y + uy * part + (uy / size) * gap };
    };
    const [start, end] = [edgeOf(a, 2), edgeOf(b, 5)];
    const label = { x: (start.x + end.x) / 4 + control.x / 2, y: (start.y + end.y) / 4 + control.y / 2 };
    return [
      s("path", {
        d: `M${start.x} ${start.y}Q${control.x} ${control.y} ${end.x} ${end.y}`,
        class: "edge",
        "marker-end": "url(#arrow)",
      }),
      s("text", { x: label.x, y: label.y, class: "edge-kind", "text-anchor": "middle", dy: "0.35em" }, edge.kind),
    ];
  };
  return [
    s(
      "svg",
      {
        viewBox: `0 0 ${width} ${height}`,
        class: "cycle",
        role: "img",
        "aria-label": `A cycle of ${counted(edges.length, "dependency", "dependencies")}; its edges are listed below.`,
      },
      s(
        "defs",
        {},
        s(
          "marker",
          { id: "arrow", viewBox: "0 0 10 10", refX: 8, refY: 5, markerWidth: 8, markerHeight: 8, orient: "auto" },
          s("path", { d: "M0 0 10 5 0 10Z" }),
        ),
      ),
      edges.map(arrow),
      nodes.map((node) => {
        const { x, y } = place(node);
        const words = node < context.operations.count ? context.operations.words(node, 40) : "";
        return s(
          "g",
          { class: "node" },
          s("title", {}, words),
          s("rect", { x: x - half.x, y: y - half.y, width: 2 * half.x, height: 2 * half.y, rx: 4 }),
          s("text", { x, y: y - 4, "text-anchor": "middle" }, `operation ${node}`),
          s("text", { x, y: y + 11, "text-anchor": "middle", class: "small" }, shorten(words, 34)),
        );
      }),
    ),
    h(
      "ol",
      { class: "steps" },
      edges.map((edge) =>
        h(
          "li",
          {},
          operationLink(context, edge.from),
          " → ",
          operationLink(context, edge.to),
          " ",
          h("span", { class: "kind plain" }, edge.kind),
          " ",
          edge.words,
        ),
      ),
    ),
  ];
}
