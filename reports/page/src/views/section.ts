import { folded, h, replace, type Child } from "../base/dom";
import { counted } from "../base/text";
import { Rows } from "../model/rows";
import { section, type Context } from "../parts/context";
import { failovers } from "../parts/failovers";
import { filter } from "../parts/filter";
import { moment } from "../parts/moment";
import { chosenOperation } from "../parts/operation";
import { OperationBars } from "./clients";
import { latency } from "./latency";
import { legend } from "./legend";
import { kindBoxes, MessageDiagram } from "./messages";
import { quantity } from "./series";
import { throughput } from "./throughput";
import type { Stage } from "./stage";
import { timelineTables } from "./tables";
import { Axis, overview } from "./timebar";
import { Timeline } from "./timeline";

/** All views over the one time axis, under the bar that says which part of it they show. */
export function views(context: Context, stage: Stage, tools: Child): HTMLElement {
  const { report, operations } = context;
  const failing = new Set(report.failures.flatMap((failure) => failure.operations));

  const bar = h("div", { class: "timebar" }, tools, overview(stage), new Axis(stage).element);
  const parts: Child[] = [bar];
  if (report.hosts.length > 0) {
    parts.push(
      section(
        "cluster",
        "The cluster",
        legend(),
        new Timeline(stage).element,
        moment(context, stage),
        failovers(context),
        folded("The timeline as tables", () => timelineTables(stage)),
      ),
    );
  }
  if (operations.count > 0) {
    parts.push(
      section(
        "latency",
        report.timed ? "Latency and throughput" : "Throughput",
        report.timed
          ? latency(stage)
          : h(
              "p",
              { class: "remark" },
              "The history has no times: how long operations took is not known. The axis counts events.",
            ),
        throughput(stage),
      ),
    );
  }
  const quantities = (["replication lag", "clock error"] as const)
    .map((name) => quantity(stage, name))
    .filter((one) => one !== null);
  if (quantities.length > 0) parts.push(section("hosts", "Replication lag and clock error", quantities));

  if (operations.count > 0) {
    const bars = new OperationBars(stage, failing);
    const controls = filter(operations, failing, ({ kept, by }) => bars.show(new Rows(operations, by, kept, failing)));
    context.view.on((change) => change.choice && context.view.op !== null && bars.reveal(context.view.op));
    parts.push(
      section(
        "operations",
        "Operations",
        controls,
        h(
          "div",
          { class: "legend" },
          h(
            "span",
            {},
            h("span", {}, h("i", { class: "bar ok" }), "ok"),
            h("span", {}, h("i", { class: "bar fail" }), "fail (struck through)"),
            h("span", {}, h("i", { class: "bar unknown" }), "unknown (hatched)"),
            h("span", {}, h("i", { class: "bar failing" }), "▼ of a failure"),
            operations.columns.order && h("span", {}, "● per key: where it takes effect in the order that was found"),
          ),
        ),
        bars.element,
        chosenOperation(context),
      ),
    );
  } else parts.push(section("operations", "Operations", h("p", { class: "remark" }, "There was no operation.")));

  const { messages } = report;
  if (messages && messages.hosts.length > 0) {
    const diagram = new MessageDiagram(stage, messages);
    parts.push(
      section(
        "messages",
        "Messages",
        h(
          "p",
          { class: "remark" },
          `${counted(messages.list.length, "message")} from ${context.view.clock.at(messages.from_ns)} to ${context.view.clock.at(messages.to_ns)}. A red cross is a message that never arrived.`,
        ),
        kindBoxes(diagram, messages),
        diagram.element,
      ),
    );
  }
  replace(stage.root, parts);
  return stage.root;
}
