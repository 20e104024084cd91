import { h, replace, type Child } from "../base/dom";
import { plain } from "../base/text";
import { FAIL, OK, UNKNOWN } from "../model/operations";
import type { Linearization } from "../model/linearization";
import { operationLink, type Context } from "./context";
import { steps } from "./failures";

const FAR = 20_000;
const NEAR = 4;
const MOST_DURING = 8;

/** The chosen operation in words, with its neighbours on the same key. */
export function chosenOperation(context: Context): HTMLElement {
  const { view } = context;
  const body = h("div", { class: "chosen-operation", "aria-live": "polite" });
  const draw = () => {
    if (view.op === null)
      replace(
        body,
        context.operations.count > 0 &&
          h(
            "p",
            { class: "remark hint" },
            "Click a bar, or a point of the latencies, to read about an operation and its neighbours.",
          ),
      );
    else replace(body, describe(context, view.op));
  };
  view.on((change) => change.choice && draw());
  draw();
  return body;
}

function describe(context: Context, op: number): Child[] {
  const { operations, view, report } = context;
  const { clock } = view;
  const { columns } = operations;
  const peer = operations.peerOf(op);
  const generation = columns.generation[op];
  const step = Math.min(1e6, view.width / 1000);
  const parts = [
    `Process ${operations.processOf(op)} invoked it at ${clock.at(operations.invoked[op], step)}`,
    ending(context, op),
    peer && `${peer} answered${generation ? `, in generation ${generation}` : ""}`,
  ].filter(Boolean);
  return [
    h("h3", { id: "chosen" }, `Operation ${op}: `, h("code", {}, operations.words(op, 200))),
    h("p", {}, `${parts.join("; ")}.`),
    report.failures
      .filter((failure) => failure.operations.includes(op) || failure.steps.some((step) => step.operation === op))
      .map((failure) =>
        h(
          "div",
          { class: "part-of" },
          h("p", {}, h("span", { class: "kind" }, "✕ ", failure.kind), " ", failure.message),
          steps(context, failure),
        ),
      ),
    neighbours(context, op),
    operations.linearization && inOrder(context, op, operations.linearization),
  ];
}

function ending({ operations, view }: Context, op: number): string {
  const took = operations.ended[op] - operations.invoked[op];
  if (took === Infinity) return "it never ended: whether it took effect is not known";
  const after = view.clock.span(took);
  if (operations.outcome[op] === UNKNOWN)
    return `after ${after} it ended without an answer: whether it took effect is not known`;
  return operations.outcome[op] === FAIL ? `it failed after ${after}` : `it ended ok after ${after}`;
}

function isRead(name: string): boolean {
  return /^(r|read|get|range|scan)/i.test(name);
}

/** Writes and reads of the same key around an operation. */
function neighbours(context: Context, op: number): Child {
  const { operations } = context;
  const { columns, invoked, ended, outcome } = operations;
  const key = operations.key[op];
  if (columns.keys[key] === "") return null;
  const name = operations.keyOf(op);
  const wrote = columns.functions.map((f) => !isRead(f));

  const before: number[] = [];
  const during: number[] = [];
  const after: number[] = [];
  let seen = 0;
  for (let i = op - 1; i >= 0 && seen < FAR && before.length < NEAR; i--, seen++) {
    if (operations.key[i] !== key) continue;
    if (ended[i] > invoked[op]) during.unshift(i);
    else if (outcome[i] !== FAIL) before.unshift(i);
  }
  seen = 0;
  for (let i = op + 1; i < operations.count && seen < FAR && after.length < NEAR; i++, seen++) {
    if (operations.key[i] !== key) continue;
    if (invoked[i] < ended[op]) {
      if (during.length < MOST_DURING) during.push(i);
    } else if (outcome[i] !== FAIL) after.push(i);
  }
  const lines: Child[] = [];
  const item = (i: number, when = ""): Child[] => [
    operationLink(context, i),
    ": ",
    h("code", {}, operations.words(i, 80)),
    `, ${operations.outcomeWords(i)}${when}`,
  ];
  const say = (title: string, ops: number[], when: (i: number) => string) => {
    if (ops.length === 0) return;
    const items = ops.map((i) => h("li", {}, item(i, when(i))));
    lines.push(h("dt", {}, title), h("dd", {}, h("ul", {}, items)));
  };
  const { clock } = context.view;
  say("Ended before it began", before, (i) => `, ended ${clock.span(invoked[op] - ended[i])} before`);
  say("At the same time", during.slice(-MOST_DURING), () => "");
  say(
    "Began after it ended",
    after,
    (i) => `, began ${clock.span(invoked[i] - Math.min(ended[op], invoked[i]))} after`,
  );

  // Where the value that it read came from.
  const value = wrote[operations.f[op]] ? columns.argument[op] : columns.result[op];
  let source: Child = null;
  if (value !== null && outcome[op] === OK && !wrote[operations.f[op]]) {
    const writers: number[] = [];
    for (let i = 0; i < operations.count && writers.length < 2; i++)
      if (operations.key[i] === key && wrote[operations.f[i]] && columns.argument[i] === value) writers.push(i);
    source =
      writers.length === 0
        ? h("p", {}, `No operation of this history wrote ${plain(value)} to ${name}.`)
        : writers.length === 1
          ? h("p", {}, `The value that it read, ${plain(value)}, was written by `, item(writers[0]), ".")
          : null;
  }
  if (lines.length === 0 && !source) return h("p", {}, `It is the only operation on key ${name} nearby.`);
  return [h("h4", {}, `Its neighbours on key ${name}`), source, h("dl", { class: "neighbours" }, lines)];
}

/** Its place in the order that explains the answers, as far as one was found. */
function inOrder(context: Context, op: number, order: Linearization): Child {
  const { operations } = context;
  if (Number.isNaN(order.effect[op]))
    return h(
      "p",
      {},
      "It has no place in the order that was found: it need not have taken effect, or no order was found so far.",
    );
  const around: number[] = [op];
  for (let i = order.before[op], n = 0; i >= 0 && n < NEAR; i = order.before[i], n++) around.unshift(i);
  for (let i = order.after[op], n = 0; i >= 0 && n < NEAR; i = order.after[i], n++) around.push(i);
  return [
    h("h4", {}, "Around it in the order that was found"),
    h(
      "ol",
      { class: "order", start: order.rank[around[0]] },
      around.map((i) =>
        h(
          "li",
          i === op ? { "aria-current": "true" } : {},
          operationLink(context, i),
          ": ",
          h("code", {}, operations.words(i, 80)),
        ),
      ),
    ),
  ];
}
