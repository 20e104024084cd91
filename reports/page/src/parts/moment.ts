import { h, replace, table, type Child } from "../base/dom";
import { valueAt } from "../model/spans";
import { States } from "../model/states";
import { describeFault } from "../views/faults";
import type { Stage } from "../views/stage";
import { momentLink, type Context } from "./context";

/** What everything was at the chosen moment: roles, faults that were on, and the whole state of whoever is asked about. */
export function moment(context: Context, stage: Stage): Child {
  const { report, view } = context;
  if (report.hosts.length === 0 && report.states.length === 0) return null;
  const title = h("h3", { id: "moment", "aria-live": "polite" });
  const body = h("div", { class: "moment-now" });
  const inspector = report.states.length > 0 ? stateInspector(context) : null;

  const draw = () => {
    const at = view.at;
    title.textContent = at === null ? "At a moment" : `At ${view.clock.at(at, Math.min(1e6, view.width / 1000))}`;
    if (at === null) {
      replace(
        body,
        h(
          "p",
          { class: "remark hint" },
          "Click anywhere in a view, or follow a link, to see what every host was at that moment.",
        ),
      );
      return;
    }
    const on = report.faults.filter(
      (fault) => at >= fault.from_ns && at <= Math.max(fault.to_ns ?? report.end_ns, fault.from_ns + view.width / 200),
    );
    const generation = [...report.generations].reverse().find((g) => g.from_ns <= at);
    const known = report.hosts.filter((host) => host.kind !== "client" || host.machine.length > 0);
    replace(
      body,
      generation &&
        h(
          "p",
          {},
          `Generation ${generation.generation}: ${generation.primary} is primary${generation.sync ? ` and ${generation.sync} its sync` : ", without a sync"}. ${generation.why}`,
        ),
      known.length > 0 &&
        table(
          "Hosts at this moment",
          ["Host", "role", "gate", "lease", "database", "machine"],
          known.map((host) => [
            host.name,
            valueAt(host.role, at) || (host.kind === "store" ? "follower" : "–"),
            ...(host.kind === "peer"
              ? [host.gate, host.lease, host.database].map((spans) => valueAt(spans, at) || "–")
              : ["", "", ""]),
            valueAt(host.machine, at) || "runs",
          ]),
          { class: "hosts" },
        ),
      on.length > 0
        ? [
            h("h4", {}, on.length === 1 ? "The fault that was on" : "Faults that were on"),
            on.map((fault) => h("div", { class: "fault" }, describeFault(stage, fault))),
          ]
        : h("p", {}, "No fault was on."),
    );
  };
  view.on((change) => change.choice && draw());
  draw();
  return h("div", { class: "moment-parts" }, h("div", {}, title, body), inspector);
}

function stateInspector(context: Context): Child {
  const { report, view } = context;
  const logs = new Map<string, States>();
  const choice = h(
    "select",
    { id: "who" },
    report.states.map((log, i) => h("option", { value: i }, log.who)),
  );
  const before = h("button", { type: "button" }, "◂ previous change");
  const after = h("button", { type: "button" }, "next change ▸");
  const body = h("div", { class: "states" });
  // What the last chosen moment showed: what is new since then is marked.
  let drawn: Map<string, string> | null = null;

  const states = () => {
    const log = report.states[Number(choice.value)];
    let made = logs.get(log.who);
    if (!made) logs.set(log.who, (made = new States(log)));
    return made;
  };
  const draw = () => {
    const at = view.at ?? view.end;
    const known = states().at(at);
    const waits = (key: string) => /wait/i.test(key);
    known.sort((a, b) => Number(waits(b.key)) - Number(waits(a.key)));
    const now = new Map(known.map(({ key, value }) => [key, value]));
    replace(
      body,
      known.length === 0
        ? h("p", {}, "Nothing was known of it yet.")
        : table(
            "The state at this moment",
            ["what", "value", "since"],
            known.map(({ key, value, since }) => [
              waits(key) ? h("b", {}, key) : key,
              h("code", { class: drawn && drawn.get(key) !== value ? "changed" : null }, value),
              momentLink(context, since),
            ]),
          ),
    );
    drawn = view.at === null ? null : now;
    before.disabled = states().before(at) === null;
    after.disabled = states().after(at) === null;
  };
  choice.addEventListener("change", () => {
    drawn = null;
    draw();
  });
  const go = (at: number | null) => at !== null && view.goTo(at, null);
  before.addEventListener("click", () => go(states().before(view.at ?? view.end)));
  after.addEventListener("click", () => go(states().after(view.at ?? view.end)));
  view.on((change) => change.choice && draw());
  draw();
  return h(
    "div",
    { class: "inspector" },
    h("h4", {}, h("label", { for: "who" }, "State of "), choice, h("span", { class: "controls" }, before, after)),
    body,
  );
}
