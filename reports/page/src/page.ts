import { h } from "./base/dom";
import { Clock } from "./base/clock";
import { keepAddress } from "./model/address";
import { Operations } from "./model/operations";
import { View } from "./model/view";
import type { Context } from "./parts/context";
import { failures } from "./parts/failures";
import { help, listenToKeys } from "./parts/keyboard";
import { search } from "./parts/search";
import { WORDS } from "./parts/sign";
import { files, replay } from "./parts/sources";
import { story } from "./parts/story";
import { numbers, tested, verdict } from "./parts/verdict";
import type { Report } from "./report";
import { views } from "./views/section";
import { Stage } from "./views/stage";

/** The page of a report: its parts in the order in which one reads an analysis. */
export function page(report: Report): HTMLElement[] {
  const clock = new Clock(report.timed, report.end_ns);
  const operations = new Operations(report.operations, report.end_ns);
  const last = operations.count > 0 ? operations.invoked[operations.count - 1] : 0;
  const view = new View(clock, Math.max(report.end_ns, last, clock.shortest));
  const context: Context = { report, operations, view };
  const stage = new Stage(report, operations, view);
  document.title = `${WORDS[report.verdict]}: ${report.title}`;

  const toSee = (id: string) => document.getElementById(id)?.scrollIntoView({ block: "start" });
  const box = search(context, (hit) => {
    view.goTo(hit.at, hit.op);
    toSee(hit.op === null && report.hosts.length > 0 ? "cluster" : "operations");
  });
  const nextFailure = (step: 1 | -1) => {
    const known = report.failures.filter((failure) => failure.at_ns !== null).sort((a, b) => a.at_ns! - b.at_ns!);
    if (known.length === 0) return;
    const now = view.at ?? (step > 0 ? -1 : Infinity);
    const later = step > 0 ? known.find((f) => f.at_ns! > now) : [...known].reverse().find((f) => f.at_ns! < now);
    const failure = later ?? (step > 0 ? known[0] : known[known.length - 1]);
    view.goTo(failure.at_ns!, failure.operations[0] ?? null);
    toSee("operations");
  };
  const overlay = help();
  const actions = { failure: nextFailure, find: box.focus, help: () => overlay.showModal() };
  listenToKeys(view, actions);

  const button = (text: string, label: string, act: () => void) => {
    const made = h("button", { type: "button", "aria-label": label, title: label }, text);
    made.addEventListener("click", act);
    return made;
  };
  const windowWords = h("span", { class: "count", id: "window" });
  const sayWindow = () => {
    windowWords.textContent = `${clock.at(view.from, view.width / 1000)} to ${clock.at(view.to, view.width / 1000)}`;
  };
  view.on(sayWindow);
  sayWindow();
  const tools = h(
    "div",
    { class: "tools controls", role: "toolbar", "aria-label": "Time" },
    button("◂", "Pan back", () => view.pan(-0.2)),
    button("▸", "Pan on", () => view.pan(0.2)),
    button("+", "Zoom in", () => view.zoom(1.6)),
    button("−", "Zoom out", () => view.zoom(1 / 1.6)),
    button("All", "Show all", () => view.show(0, view.end)),
    report.failures.some((failure) => failure.at_ns !== null) &&
      button("▼ Next failure", "Next failure", () => nextFailure(1)),
    windowWords,
    box.element,
    button("?", "Help: keys and pointer", actions.help),
  );

  const main = h(
    "main",
    {},
    verdict(context),
    tested(context),
    failures(context),
    story(context),
    views(context, stage, tools),
    numbers(context),
    replay(context),
    files(context),
  );
  requestAnimationFrame(() =>
    keepAddress(
      view,
      (op) => (op < operations.count ? operations.invoked[op] : null),
      (place) => toSee(place.op !== undefined || report.hosts.length === 0 ? "operations" : "cluster"),
    ),
  );
  return [main, overlay];
}
